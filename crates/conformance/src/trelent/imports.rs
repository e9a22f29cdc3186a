//! The body rule `trelent_imports`: the body as usual, but each inline archive by what it unpacks to.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::archive::{Entry, plain_name, unpack};
use super::fixture::octal;
use crate::compare::json::{Rule, differences};
use crate::compare::{Difference, cut, shown};

/// The rule's name in vectors.
pub const RULE: &str = "trelent_imports";

const CONNECTORS: &str = "import_connectors";

/// Compares a body with the expected one, and its archives with the vector's `decoded_imports`.
pub fn check(
    body: &[u8],
    expected: &Value,
    decoded: Option<&Value>,
) -> Result<Vec<Difference>, String> {
    let decoded = decoded
        .and_then(Value::as_array)
        .ok_or("the vector has no decoded_imports")?;
    let Ok(mut actual) = serde_json::from_slice::<Value>(body) else {
        let text = String::from_utf8_lossy(body);
        return Ok(vec![Difference::new("", "JSON", cut(&text))]);
    };
    let mut expected = expected.clone();
    let mut found = Vec::new();
    for (index, entries) in decoded.iter().enumerate() {
        let Some(entries) = entries.as_array() else {
            continue;
        };
        let at = format!("/{CONNECTORS}/{index}/source/data");
        take(&mut expected, &at);
        let data = take(&mut actual, &at);
        match data.as_str().map(unpack) {
            None => found.push(Difference::new(at, "an archive", shown(&data))),
            Some(Err(reason)) => found.push(Difference::new(at, "an archive", reason)),
            Some(Ok(unpacked)) => {
                let here = archive(entries, &unpacked).into_iter();
                found.extend(here.map(|difference| difference.within(&at)));
            }
        }
    }
    found.extend(differences(Rule::Exact, &expected, &actual));
    Ok(found)
}

/// What the archives of an expected body unpack to, in the form of `decoded_imports`: that key is about a vector's last
/// request only.
pub fn decoded(expected: &Value) -> Result<Value, String> {
    let connectors = expected.get(CONNECTORS).and_then(Value::as_array);
    let entries = connectors.into_iter().flatten().map(|connector| {
        let data = connector.pointer("/source/data").and_then(Value::as_str);
        match data {
            Some(data) => Ok(unpack(data)?.iter().map(listed).collect()),
            None => Ok(Value::Null),
        }
    });
    entries.collect()
}

/// An entry as vectors list it.
fn listed(entry: &Entry) -> Value {
    json!({
        "name": entry.name,
        "type": entry.kind,
        "mode": format!("{:#o}", entry.mode),
        "linkname": entry.linkname,
        "content_base64": STANDARD.encode(&entry.content),
    })
}

/// Takes the value at a JSON pointer and leaves null.
fn take(value: &mut Value, pointer: &str) -> Value {
    value
        .pointer_mut(pointer)
        .map(Value::take)
        .unwrap_or_default()
}

fn archive(expected: &[Value], actual: &[Entry]) -> Vec<Difference> {
    let name = |entry: &Value| plain_name(entry["name"].as_str().unwrap_or_default()).to_owned();
    let expected_names: Vec<_> = expected.iter().map(name).collect();
    let actual_names: Vec<_> = actual.iter().map(|entry| entry.name.clone()).collect();
    if expected_names != actual_names {
        return vec![Difference::new(
            "entries",
            expected_names.join("\n"),
            actual_names.join("\n"),
        )];
    }
    expected
        .iter()
        .zip(actual)
        .flat_map(|(one, actual)| {
            let at = format!("entry {}:", actual.name);
            let here = entry(one, actual, expected).into_iter();
            here.map(move |difference| difference.within(&at))
        })
        .collect()
}

/// One entry by what the vector lists of it; `all` are its neighbours, among which a hard link has its target.
fn entry(expected: &Value, actual: &Entry, all: &[Value]) -> Vec<Difference> {
    let mut found = Vec::new();
    let text = |key: &str| expected.get(key).and_then(Value::as_str);
    let kind = text("type").unwrap_or("file");
    // A hard link may be stored as a file of its own, with the content of its target.
    let copied = kind == "hardlink" && actual.kind == "file";
    let content_of = if copied {
        let target = plain_name(text("linkname").unwrap_or_default());
        all.iter()
            .find(|other| other["name"].as_str().map(plain_name) == Some(target))
            .unwrap_or(expected)
    } else {
        expected
    };
    if kind != actual.kind && !copied {
        found.push(Difference::new("type", kind, &actual.kind));
    }
    if let Some(mode) = text("mode")
        && octal(mode).ok() != Some(actual.mode)
    {
        found.push(Difference::new("mode", mode, format!("{:#o}", actual.mode)));
    }
    if let (Some(linkname), false) = (text("linkname"), copied)
        && Some(linkname) != actual.linkname.as_deref()
    {
        let actual = actual.linkname.as_deref().unwrap_or("none");
        found.push(Difference::new("linkname", linkname, actual));
    }
    found.extend(content(content_of, &actual.content));
    found
}

fn content(expected: &Value, actual: &[u8]) -> Option<Difference> {
    let text = |key: &str| expected.get(key).and_then(Value::as_str);
    let same = if let Some(content) = text("content") {
        content.as_bytes() == actual
    } else if let Some(content) = text("content_base64") {
        STANDARD
            .decode(content)
            .is_ok_and(|content| content == actual)
    } else if let Some(sum) = text("content_sha256") {
        sum.eq_ignore_ascii_case(&sha256(actual))
    } else {
        true
    };
    let expected = ["content", "content_base64", "content_sha256"];
    let expected = expected.into_iter().find_map(text).unwrap_or_default();
    let shown = match std::str::from_utf8(actual) {
        Ok(actual) if text("content").is_some() => cut(actual),
        _ => format!("{} bytes, sha256 {}", actual.len(), sha256(actual)),
    };
    (!same).then(|| Difference::new("content", cut(expected), shown))
}

fn sha256(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests;
