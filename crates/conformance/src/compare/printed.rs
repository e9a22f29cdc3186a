//! Compares messages that quote an answer's body printed again, where a contract leaves open how numbers are written.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// Whether two messages are the same but for the form of the numbers in the JSON that follows their first line.
pub fn same_but_for_numbers(one: &str, other: &str) -> bool {
    one == other || plain(one) == plain(other)
}

/// The message with the numbers of its JSON in one form.
fn plain(message: &str) -> Cow<'_, str> {
    let Some((head, json)) = message.split_once('\n') else {
        return message.into();
    };
    if serde_json::from_str::<IgnoredAny>(json).is_err() {
        return message.into();
    }
    let mut text = format!("{head}\n");
    let mut rest = json;
    while let Some(next) = rest.chars().next() {
        let length = match next {
            '"' => string(rest),
            '-' | '0'..='9' => {
                let number = |c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E');
                rest.find(number).unwrap_or(rest.len())
            }
            other => other.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        match token.parse::<f64>() {
            // Minus zero is zero.
            Ok(number) => text.push_str(&(number + 0.0).to_string()),
            Err(_) => text.push_str(token),
        }
        rest = behind;
    }
    text.into()
}

/// Length of the string that the JSON begins with, quotes included.
fn string(json: &str) -> usize {
    let mut escaped = true;
    for (at, byte) in json.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::same_but_for_numbers;

    #[test]
    fn only_the_form_of_numbers_in_json_is_free() {
        for (one, other, same) in [
            ("a 1.0", "a 1", false),
            (
                "a:\n{\n  \"1.0\": [1.0, -0, 1e3]\n}",
                "a:\n{\n  \"1.0\": [1, 0.0, 1000]\n}",
                true,
            ),
            ("a:\n12345678901234567890", "a:\n12345678901234567000", true),
            ("a:\n[1, 2]", "a:\n[1, 3]", false),
            ("a:\n[1]", "a:\n[\"1\"]", false),
            (r#"a:\n{"k": "1.0"}"#, r#"a:\n{"k": "1"}"#, false),
            ("a:\n\"\\\"1.0\"", "a:\n\"\\\"1\"", false),
            ("a:\n{\"1.0\": 1}", "a:\n{\"1\": 1}", false),
            ("a:\n[1 ]", "a:\n[1]", false),
            ("a 1:\n[1]", "a 2:\n[1]", false),
            ("a:\n1.0 oops", "a:\n1 oops", false),
            ("a:\n\"inf\"", "a:\n\"inf\"", true),
        ] {
            assert_eq!(same_but_for_numbers(one, other), same, "{one} / {other}");
        }
    }
}
