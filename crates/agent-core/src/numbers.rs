//! Numbers as the web means them: `1`, `1.0` and `1e0` are the same, and one that no double holds is infinity to JavaScript,
//! which writes that as null. So do we, so that nothing around it is lost.

use crate::json_text::token_length;

/// The first number that 64 bits can not count to.
const BEYOND: f64 = 18_446_744_073_709_551_616.0;

/// What has fewer digits fits into a double.
const LONG: usize = 309;

/// Writes whole numbers plainly, and those beyond the largest double as null. None if there is nothing to rewrite.
/// `json` must be JSON by the grammar.
pub(crate) fn plain_numbers(json: &str) -> Option<String> {
    let bytes = json.as_bytes();
    let mut plain = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'"' => token_length(json.get(at..)?, '"'),
            b'-' | b'0'..=b'9' => {
                let in_number =
                    |b: &&u8| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                let length = bytes.get(at..)?.iter().take_while(in_number).count();
                if let Some(other) = plain_number(json.get(at..at + length)?) {
                    plain.push_str(json.get(copied..at)?);
                    plain.push_str(&other);
                    copied = at + length;
                }
                length
            }
            _ => 1,
        };
    }
    if copied == 0 {
        return None;
    }
    plain.push_str(json.get(copied..)?);
    Some(plain)
}

/// Another spelling of a number, if it needs one.
fn plain_number(number: &str) -> Option<String> {
    let digits = number.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if digits && number != "-0" && number.len() < LONG {
        return None;
    }
    let value: f64 = number.parse().ok()?;
    if value.is_infinite() {
        return Some("null".to_owned());
    }
    if value == 0.0 {
        return Some("0".to_owned());
    }
    (value.fract() == 0.0 && value.abs() < BEYOND).then(|| format!("{value:.0}"))
}

#[cfg(test)]
mod tests {
    use super::plain_numbers;

    #[test]
    fn only_numbers_that_need_it_are_rewritten() {
        for (json, expected) in [
            ("[1,-2,0.5,1e-3,18446744073709551616,1e30]", None),
            (r#"{"1.0":"-0 1e3 \" 2.0"}"#, None),
            ("1.0", Some("1")),
            ("[-0,0.0,-0e5,1e-999]", Some("[0,0,0,0]")),
            ("[1e3,-2.50E1,100e-2]", Some("[1000,-25,1]")),
            (r#"{"é\\":1.0,"\\\"":2.0}"#, Some(r#"{"é\\":1,"\\\"":2}"#)),
            ("[1e999,-1e999]", Some("[null,null]")),
            (&"9".repeat(400), Some("null")),
            (&format!("-{}", "9".repeat(308)), None),
        ] {
            assert_eq!(plain_numbers(json).as_deref(), expected, "{json}");
        }
    }
}
