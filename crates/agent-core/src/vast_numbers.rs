//! Numbers too large for an `f64`, such as `1e400`: JSON by the grammar, and infinity to JavaScript, which writes that as
//! null. So do we, so that nothing around them is lost.

use serde::de::IgnoredAny;

use crate::json_text::{SPACE, token_length};

/// Replaces numbers that are too large for an `f64` by null. None if there are none.
pub fn mend_numbers(json: &str) -> Option<String> {
    let mut mended = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(rest) = json.get(at..)
        && let Some(first) = rest.chars().next()
    {
        let length = if SPACE.contains(&first) {
            1
        } else {
            token_length(rest, first)
        };
        if matches!(first, '-' | '0'..='9') && is_vast(rest.get(..length)?) {
            mended.push_str(json.get(copied..at)?);
            mended.push_str("null");
            copied = at + length;
        }
        at += length;
    }
    if copied == 0 {
        return None;
    }
    mended.push_str(json.get(copied..)?);
    Some(mended)
}

fn is_vast(token: &str) -> bool {
    token.parse().is_ok_and(f64::is_infinite) && serde_json::from_str::<IgnoredAny>(token).is_ok()
}

#[cfg(test)]
mod tests {
    use super::mend_numbers;

    #[test]
    fn only_numbers_beyond_all_numbers_are_replaced() {
        for (json, expected) in [
            ("1e308", None),
            ("1e-999", None),
            ("[123456789012345678901234567890]", None),
            (r#"{"1e999":"-1e999","a":"\"1e999"}"#, None),
            ("1e999", Some("null")),
            ("\t[1, -1e400 ,\n2E+999]", Some("\t[1, null ,\nnull]")),
            (
                r#"{"é\\":-1E+999,"b":[1e999]}"#,
                Some(r#"{"é\\":null,"b":[null]}"#),
            ),
            // What was no JSON stays none.
            ("01e999", None),
            ("1.e999", None),
            ("1e999-", None),
            (r#""1e999"#, None),
            ("é1e999", None),
            ("infinity", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(mend_numbers(json).as_deref(), expected, "{json}");
        }
    }
}
