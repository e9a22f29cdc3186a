//! JSON printed again, compact or indented, with the keys in the order in which they came. (A `serde_json::Value` may
//! sort them.)

use serde::de::IgnoredAny;
use serde_json::Number;

use crate::surrogates::next_half;

/// As deep as `serde_json` reads, and what an indented text stays within bounds for.
const DEEPEST: usize = 127;

/// Writes `json` again without spaces. None if it is not JSON, or nested deeper than 127.
pub fn compact_json(json: &str) -> Option<String> {
    print(json, false)
}

/// Writes `json` again indented by two spaces, as JavaScript's `JSON.stringify(value, null, 2)` does, numbers and
/// repeated keys aside. None if it is not JSON, or nested deeper than 127.
pub fn pretty_json(json: &str) -> Option<String> {
    print(json, true)
}

/// By tokens and not by values: a half of a character, or a number that no `f64` can hold, is JSON as well.
fn print(json: &str, indented: bool) -> Option<String> {
    serde_json::from_str::<IgnoredAny>(json).ok()?;
    let mut out = Printed {
        text: String::with_capacity(json.len()),
        depth: 0,
        indented,
    };
    let mut rest = json.trim_start_matches(SPACE);
    while let Some(first) = rest.chars().next() {
        let (token, behind) = rest.split_at(token_length(rest, first));
        rest = behind.trim_start_matches(SPACE);
        match first {
            '{' | '[' => {
                out.text.push(first);
                out.depth += 1;
                if out.depth > DEEPEST {
                    return None;
                }
                if !rest.starts_with(['}', ']']) {
                    out.line();
                }
            }
            '}' | ']' => {
                out.depth -= 1;
                if !out.text.ends_with(['{', '[']) {
                    out.line();
                }
                out.text.push(first);
            }
            ',' => {
                out.text.push(first);
                out.line();
            }
            ':' if indented => out.text.push_str(": "),
            '"' => out.string(token)?,
            '-' | '0'..='9' => match token.parse::<Number>() {
                Ok(number) => out.text.push_str(&number.to_string()),
                Err(_) => out.text.push_str(token),
            },
            _ => out.text.push_str(token),
        }
    }
    Some(out.text)
}

/// What JSON calls white space.
const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Length of the token that begins with `first`.
pub(crate) fn token_length(json: &str, first: char) -> usize {
    match first {
        '{' | '}' | '[' | ']' | ',' | ':' => 1,
        '"' => {
            let mut escaped = true;
            let end = json.bytes().position(|byte| {
                let ends = byte == b'"' && !escaped;
                escaped = byte == b'\\' && !escaped;
                ends
            });
            end.map_or(json.len(), |end| end + 1)
        }
        _ => {
            let end = json.find(|c: char| SPACE.contains(&c) || matches!(c, ',' | ']' | '}'));
            end.unwrap_or(json.len())
        }
    }
}

struct Printed {
    text: String,
    depth: usize,
    indented: bool,
}

impl Printed {
    fn line(&mut self) {
        if self.indented {
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n("  ", self.depth));
        }
    }

    /// A string, quotes included. Halves of characters stay escaped.
    fn string(&mut self, token: &str) -> Option<()> {
        let mut rest = token.get(1..token.len() - 1)?;
        self.text.push('"');
        while let Some(half) = next_half(rest) {
            let (before, behind) = rest.split_at(half);
            self.characters(before)?;
            let (half, behind) = behind.split_at_checked(6)?;
            self.text.push_str(&half.to_ascii_lowercase());
            rest = behind;
        }
        self.characters(rest)?;
        self.text.push('"');
        Some(())
    }

    /// What stands between the quotes of a string.
    fn characters(&mut self, escaped: &str) -> Option<()> {
        if !escaped.contains('\\') {
            self.text.push_str(escaped);
            return Some(());
        }
        let text: String = serde_json::from_str(&format!("\"{escaped}\"")).ok()?;
        let quoted = serde_json::to_string(&text).ok()?;
        self.text.push_str(quoted.get(1..quoted.len() - 1)?);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order_and_text_stays_as_it_is() {
        let json = r#" {"b":[1,{"z":null,"a":"\u00e9\/\n"}],"a":{},"c":[]} "#;
        assert_eq!(
            compact_json(json).unwrap(),
            r#"{"b":[1,{"z":null,"a":"é/\n"}],"a":{},"c":[]}"#
        );
        let lines = [
            "{",
            "  \"b\": [",
            "    1,",
            "    {",
            "      \"z\": null,",
            "      \"a\": \"é/\\n\"",
            "    }",
            "  ],",
            "  \"a\": {},",
            "  \"c\": []",
            "}",
        ];
        assert_eq!(pretty_json(json).unwrap(), lines.join("\n"));
    }

    #[test]
    fn what_is_json_but_no_text_or_number_of_ours_is_printed_as_well() {
        for (json, expected) in [
            (r#""\uD83Da""#, r#""\ud83da""#),
            (
                r#""\\ud83d\ude80\ud83d\ude80""#,
                "\"\\\\ud83d\\ude80\u{1F680}\"",
            ),
            (
                r#"{"\udc00" : [ "\"\\" , ""]}"#,
                r#"{"\udc00":["\"\\",""]}"#,
            ),
            ("\t[1e400 ,-1E+999,1e3, 7 ]\r", "[1e400,-1E+999,1000.0,7]"),
            ("\"a\u{7f}\u{2028}\\u001f\"", "\"a\u{7f}\u{2028}\\u001f\""),
            ("[true,false,null,{},[]]", "[true,false,null,{},[]]"),
            ("[[ ],{ }, \"[\" ,\"{}\"]", "[[],{},\"[\",\"{}\"]"),
        ] {
            assert_eq!(compact_json(json).as_deref(), Some(expected), "{json}");
        }
        assert_eq!(pretty_json("[\"[\"]").as_deref(), Some("[\n  \"[\"\n]"));
    }

    #[test]
    fn what_is_not_one_json_value_is_nothing() {
        for text in ["", "oops", "{", "[1,]", "1 2", &"[".repeat(200)] {
            assert_eq!(pretty_json(text), None, "{text}");
            assert_eq!(compact_json(text), None, "{text}");
        }
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(compact_json(&nested(127)), Some(nested(127)));
        assert_eq!(compact_json(&nested(128)), None);
        assert_eq!(pretty_json("\"x\"").as_deref(), Some("\"x\""));
    }
}
