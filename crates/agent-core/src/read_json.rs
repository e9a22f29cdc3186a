//! JSON read as the web reads it: nothing is lost over bytes that are no text.

use std::borrow::Cow;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny};
use serde_json::Value;

use crate::numbers::plain_numbers;
use crate::surrogates::mend_surrogates;

/// `body` as JSON. A byte order mark is skipped; invalid bytes and halves of characters become U+FFFD; of a key that
/// comes twice the last counts, if both have the form; whole numbers may be written as `1.0` or `1e3`, and one that is too large for a double
/// is null.
pub fn read_json<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(body).or_else(|error| match mend(body) {
        Some(text) => serde_json::from_str(&text).or_else(|error| read_by_value(&text, error)),
        None => match std::str::from_utf8(body) {
            Ok(text) => read_by_value(text, error),
            Err(_) => Err(error),
        },
    })
}

/// `text` as JSON, in the same way.
pub fn read_json_text<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_str(text).or_else(|error| match mend_surrogates(text) {
        Some(mended) => {
            serde_json::from_str(&mended).or_else(|error| read_by_value(&mended, error))
        }
        None => read_by_value(text, error),
    })
}

/// What the decoder says of JSON that is good by the grammar, but not written to the letter of a Rust type.
const SPELLING: [&str; 3] = ["duplicate field", "floating point", "number out of range"];

/// Reads by what it means what is only written in another way. Otherwise the error stays.
fn read_by_value<T: DeserializeOwned>(
    text: &str,
    error: serde_json::Error,
) -> serde_json::Result<T> {
    // Values cost memory: they are made only where they help.
    let told = error.to_string();
    if !SPELLING.iter().any(|spelling| told.contains(spelling))
        || serde_json::from_str::<IgnoredAny>(text).is_err()
    {
        return Err(error);
    }
    let plain = plain_numbers(text);
    // A map keeps the last of two values.
    let value = serde_json::from_str::<Value>(plain.as_deref().unwrap_or(text));
    let read = value.and_then(|value| serde_json::from_str(&value.to_string()));
    read.map_err(|_| error)
}

/// The text of `body`, if that is something else than its bytes.
fn mend(body: &[u8]) -> Option<String> {
    let bare = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let text = String::from_utf8_lossy(bare);
    match (mend_surrogates(&text), text) {
        (Some(mended), _) | (None, Cow::Owned(mended)) => Some(mended),
        (None, Cow::Borrowed(text)) => (bare.len() < body.len()).then(|| text.to_owned()),
    }
}

/// For fields that may be absent or null, both of which mean their default.
///
/// # Errors
/// If what is there does not have the form.
pub fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::{read_json, read_json_text};

    #[test]
    fn what_is_no_text_costs_no_more_than_itself() {
        for (body, expected) in [
            (b"{\"a\":1}".as_slice(), json!({"a": 1})),
            (b"\xEF\xBB\xBF {\"a\":1}", json!({"a": 1})),
            (b"\"a\xFFb\xF0\x9F\"", json!("a\u{FFFD}b\u{FFFD}")),
            (
                br#"["\ud83d","\ud83d\ude80"]"#,
                json!(["\u{FFFD}", "\u{1F680}"]),
            ),
            (b"\xEF\xBB\xBF\"\\ude80\xFF\"", json!("\u{FFFD}\u{FFFD}")),
        ] {
            assert_eq!(read_json::<Value>(body).unwrap(), expected);
        }
        for body in [
            b"".as_slice(),
            b"\xEF\xBB\xBF",
            b"\xEF\xBB\xBF\xEF\xBB\xBF1",
            b"\xFF",
            b"{",
            br#""\ud83"#,
        ] {
            assert!(read_json::<Value>(body).is_err(), "{body:?}");
        }
        assert_eq!(
            read_json::<u8>(b"\n-1").unwrap_err().line(),
            2,
            "the place in what came"
        );
    }

    #[derive(Debug, Deserialize)]
    struct Row {
        id: u64,
        #[serde(flatten)]
        extra: BTreeMap<String, Value>,
    }

    #[test]
    fn json_is_read_by_what_it_means_and_not_by_how_it_is_written() {
        for (json, id, extra) in [
            (r#"{"id":1,"id":2,"x":1,"x":[2]}"#, 2, json!({"x": [2]})),
            (r#"{"id":1.0}"#, 1, json!({})),
            (r#"{"id":1E+3,"s":"1.0"}"#, 1000, json!({"s": "1.0"})),
            (
                r#"{"id":-0,"x":-0.0,"y":0.5}"#,
                0,
                json!({"x": 0, "y": 0.5}),
            ),
            (
                r#"{"id":18446744073709549568.0}"#,
                18_446_744_073_709_549_568,
                json!({}),
            ),
            (
                r#"{"id":7,"x":1e999,"y":-1e999,"z":1e-999}"#,
                7,
                json!({"x": null, "y": null, "z": 0}),
            ),
            (
                r#"{"id":1.0,"s":"\ud83d\"1.0"}"#,
                1,
                json!({"s": "\u{FFFD}\"1.0"}),
            ),
        ] {
            for bom in ["", "\u{FEFF}"] {
                let row: Row = read_json(format!("{bom}{json}").as_bytes()).unwrap();
                assert_eq!((row.id, json!(row.extra)), (id, extra.clone()), "{json}");
            }
            let row: Row = read_json_text(json).unwrap();
            assert_eq!((row.id, json!(row.extra)), (id, extra), "{json}");
        }
        for json in [
            r#"{"id":1.5}"#,
            r#"{"id":-1.0}"#,
            r#"{"id":18446744073709551616.0}"#,
            r#"{"id":1e999}"#,
            r#"{"id":"1.0"}"#,
            r#"{"id":1.}"#,
            r#"{"id":01.0}"#,
            r#"{"id":1,"id":1.5}"#,
            r#"{"id":1.0}}"#,
            r#"{"id":NaN}"#,
            r#"{"x":1e999}"#,
        ] {
            let error = read_json::<Row>(json.as_bytes()).unwrap_err().to_string();
            assert_eq!(
                error,
                serde_json::from_str::<Row>(json).unwrap_err().to_string()
            );
            assert_eq!(error, read_json_text::<Row>(json).unwrap_err().to_string());
        }
    }
}
