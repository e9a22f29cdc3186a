//! JSON read as the web reads it: nothing is lost over bytes that are no text.

use std::borrow::Cow;

use serde::de::{Deserialize, DeserializeOwned, Deserializer};

use crate::surrogates::mend_surrogates;

/// `body` as JSON. A byte order mark is skipped; invalid bytes and halves of characters become U+FFFD.
pub fn read_json<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(body).or_else(|error| match mend(body) {
        Some(text) => serde_json::from_str(&text),
        None => Err(error),
    })
}

/// `text` as JSON. Halves of characters become U+FFFD.
pub fn read_json_text<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_str(text).or_else(|error| match mend_surrogates(text) {
        Some(mended) => serde_json::from_str(&mended),
        None => Err(error),
    })
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

    use super::read_json;

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
}
