//! Halves of characters: servers that cut text by UTF-16 units send escapes such as `\ud83d` alone. That is JSON by the
//! grammar, but no text. As invalid bytes of a stream do, they become U+FFFD, so that no event is lost.

/// Replaces escaped surrogates without a partner. None if there are none. `json` must be JSON by the grammar.
pub fn mend_surrogates(json: &str) -> Option<String> {
    let mut rest = json;
    let mut mended = String::new();
    while let Some(at) = next_half(rest) {
        mended.push_str(rest.get(..at)?);
        mended.push_str("\\ufffd");
        rest = rest.get(at + 6..)?;
    }
    if mended.is_empty() {
        return None;
    }
    mended.push_str(rest);
    Some(mended)
}

/// Where the first escaped surrogate without a partner begins.
pub(crate) fn next_half(json: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(offset) = json.get(at..).and_then(|rest| rest.find('\\')) {
        at += offset;
        match escaped_unit(json, at) {
            Some(0xD800..0xDC00) if matches!(escaped_unit(json, at + 6), Some(0xDC00..0xE000)) => {
                at += 12;
            }
            Some(0xD800..0xE000) => return Some(at),
            _ => at += 2,
        }
    }
    None
}

/// The UTF-16 unit that is written as `\uXXXX` at this place.
fn escaped_unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::mend_surrogates;

    #[test]
    fn only_halves_without_a_partner_are_replaced() {
        for (json, expected) in [
            (r#""plain""#, None),
            (r#""\ud83d\ude80""#, None),
            (r#""\\ud83d""#, None),
            (r#""\u00e9 \n \" é""#, None),
            (r#""\ud83d""#, Some(r#""\ufffd""#)),
            (r#""a\uDE80b""#, Some(r#""a\ufffdb""#)),
            (r#""\ud83d\ud83d\ude80""#, Some(r#""\ufffd\ud83d\ude80""#)),
            (r#""\\\ud83dé\\ude80""#, Some(r#""\\\ufffdé\\ude80""#)),
            (r#""\ud83d\n\ude80""#, Some(r#""\ufffd\n\ufffd""#)),
            (r#""\ud83"#, None),
        ] {
            assert_eq!(mend_surrogates(json).as_deref(), expected, "{json}");
        }
    }
}
