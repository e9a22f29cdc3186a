//! Numbers as JavaScript has them: whole ones may be written with a fraction of zero, none is too large to be read.

use serde::de::IgnoredAny;
use serde_json::{Number, Value};

/// The first number that is too large for an `i64`.
const TWO_TO_THE_63: f64 = 9_223_372_036_854_775_808.0;

/// A whole number, also one that is written as `3.0`.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        #[expect(clippy::cast_possible_truncation, reason = "checked: whole, and fits")]
        (number.fract() == 0.0 && (-TWO_TO_THE_63..TWO_TO_THE_63).contains(&number))
            .then_some(number as i64)
    })
}

/// A whole number from zero.
pub(crate) fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64()?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked: whole, not negative, and fits"
        )]
        (number.fract() == 0.0 && (0.0..2.0 * TWO_TO_THE_63).contains(&number))
            .then_some(number as u64)
    })
}

/// A number as JavaScript turns it into text. Whole ones that fit into 64 bits keep all their digits.
pub(crate) fn text(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    // Zero has no sign.
    let float = float + 0.0;
    if float == 0.0 || (1e-6..1e21).contains(&float.abs()) {
        return float.to_string();
    }
    let text = format!("{float:e}");
    if text.contains("e-") {
        text
    } else {
        text.replace('e', "e+")
    }
}

/// Replaces numbers that are too large for an `f64` by null, which is how JavaScript writes its infinity. None if there
/// are none.
pub(crate) fn mend(json: &str) -> Option<String> {
    let mut mended = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(rest) = json.as_bytes().get(at..).filter(|rest| !rest.is_empty()) {
        let end = at + token(rest);
        let text = json.get(at..end).unwrap_or_default();
        let is_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        let is_json = || serde_json::from_str::<IgnoredAny>(text).is_ok();
        if is_number && serde_json::from_str::<f64>(text).is_err() && is_json() {
            mended.push_str(json.get(copied..at)?);
            mended.push_str("null");
            copied = end;
        }
        at = end;
    }
    if copied == 0 {
        return None;
    }
    mended.push_str(json.get(copied..)?);
    Some(mended)
}

/// Length of the string or number that `bytes` begin with, or 1.
fn token(bytes: &[u8]) -> usize {
    match bytes {
        [b'"', inside @ ..] => {
            let mut escaped = false;
            let length = inside.iter().take_while(|byte| {
                let ends = **byte == b'"' && !escaped;
                escaped = **byte == b'\\' && !escaped;
                !ends
            });
            (length.count() + 2).min(bytes.len())
        }
        [b'-' | b'0'..=b'9', ..] => bytes
            .iter()
            .take_while(|byte| matches!(byte, b'+' | b'-' | b'.' | b'0'..=b'9' | b'e' | b'E'))
            .count(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_beyond_all_numbers_are_replaced() {
        for (json, expected) in [
            ("1e308", None),
            ("1e-999", None),
            ("[123456789012345678901234567890]", None),
            (r#"{"1e999":"-1e999","a":"\"1e999"}"#, None),
            ("1e999", Some("null")),
            (
                r#"{"é\\":-1E+999,"b":[1e999]}"#,
                Some(r#"{"é\\":null,"b":[null]}"#),
            ),
            // What was no JSON stays none.
            ("01e999", None),
            ("1.e999", None),
            ("1e999-", None),
            (r#""1e999"#, None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(mend(json).as_deref(), expected, "{json}");
        }
    }
}
