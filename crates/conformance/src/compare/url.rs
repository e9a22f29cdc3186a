//! Compares paths and queries: as raw text, or decoded.

use std::borrow::Cow;

/// How a vendor's paths and queries compare. A query is a multiset of pairs either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlRule {
    /// As raw text; an apostrophe in a query may be `%27`.
    Raw,
    /// Percent-decoded, a path segment by segment; `+` in a query is a space.
    Decoded,
}

impl UrlRule {
    /// Whether two paths are the same.
    pub fn same_path(self, one: &str, other: &str) -> bool {
        match self {
            Self::Raw => one == other,
            Self::Decoded => one.split('/').map(decode).eq(other.split('/').map(decode)),
        }
    }

    /// Whether two queries have the same pairs.
    pub fn same_query(self, one: &str, other: &str) -> bool {
        self.pairs(one) == self.pairs(other)
    }

    fn pairs(self, query: &str) -> Vec<[Cow<'_, [u8]>; 2]> {
        let mut pairs: Vec<_> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| match self {
                // The parsers of HTTP clients, and fetch's, write an apostrophe in a query as `%27`.
                Self::Raw => [
                    Cow::Owned(pair.replace('\'', "%27").into_bytes()),
                    Cow::Owned(Vec::new()),
                ],
                Self::Decoded => {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    [form(name), form(value)]
                }
            })
            .collect();
        pairs.sort();
        pairs
    }
}

fn form(text: &str) -> Cow<'_, [u8]> {
    decode(&text.replace('+', " ")).into_owned().into()
}

fn decode(text: &str) -> Cow<'_, [u8]> {
    if !text.contains('%') {
        return Cow::Borrowed(text.as_bytes());
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
        let byte = (bytes[at] == b'%')
            .then(|| u8::try_from(hex(at + 1)? * 16 + hex(at + 2)?).ok())
            .flatten();
        decoded.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests {
    use super::UrlRule::{Decoded, Raw};

    #[test]
    fn a_path_compares_segment_by_segment() {
        assert!(Decoded.same_path("/runs/a%3ab", "/runs/a:b"));
        assert!(Decoded.same_path("/runs/%C3%A9", "/runs/é"));
        assert!(!Decoded.same_path("/runs/a%2Fb", "/runs/a/b"));
        assert!(!Decoded.same_path("/runs/", "/runs"));
        assert!(!Raw.same_path("/runs/a%3Ab", "/runs/a:b"));
        assert!(Decoded.same_path("/a%2", "/a%2"));
        assert!(Decoded.same_path("/a%zz", "/a%zz"));
    }

    #[test]
    fn a_query_is_a_multiset_of_pairs() {
        for rule in [Raw, Decoded] {
            assert!(rule.same_query("b=2&a=1", "a=1&b=2"));
            assert!(rule.same_query("", ""));
            assert!(!rule.same_query("a=1", "a=1&a=1"));
            assert!(!rule.same_query("a=1", ""));
            assert!(!rule.same_query("a=1", "a=2"));
        }
        assert!(Decoded.same_query("q=a+b", "q=a%20b"));
        assert!(!Decoded.same_query("q=a%2Bb", "q=a+b"));
        assert!(Decoded.same_query("q=", "q"));
        assert!(!Raw.same_query("q=a+b", "q=a%20b"));
        assert!(Raw.same_query("q=it's", "q=it%27s"));
    }
}
