//! Compares the requests that arrived with those of a vector.

use std::fmt::Write as _;

use serde_json::Value;

use super::json::{Rule, differences};
use super::url::UrlRule;
use super::{Difference, cut};
use crate::vector::{Exchange, Request};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// Name of the server that it reached, or `host:port` of one that no vector names.
    pub server: String,
    /// HTTP method.
    pub method: String,
    /// Raw path.
    pub path: String,
    /// Raw query without the question mark.
    pub query: String,
    /// Headers in order; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; empty if there was none.
    pub body: bytes::Bytes,
}

impl Received {
    fn line(&self) -> String {
        line(&self.server, &self.method, &self.path, &self.query)
    }

    /// The values of a header, joined.
    fn header(&self, name: &str) -> Option<String> {
        let values = self.headers.iter().filter(|(own, _)| own == name);
        let values: Vec<_> = values.map(|(_, value)| value.trim()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

/// A named rule for a body: its name, the body, and the expected request.
pub type BodyCheck<'a> = &'a dyn Fn(&str, &[u8], &Request) -> Result<Vec<Difference>, String>;

/// The differences between the exchanges of a vector and the requests that arrived, in order.
pub fn compare(
    exchanges: &[Exchange],
    received: &[Received],
    rule: UrlRule,
    check: BodyCheck<'_>,
) -> Vec<Difference> {
    let mut found = Vec::new();
    if exchanges.len() != received.len() {
        let expected = exchanges.iter().map(expected_line);
        let actual = received.iter().map(Received::line);
        found.push(Difference::new(
            "requests",
            listed(exchanges.len(), expected),
            listed(received.len(), actual),
        ));
    }
    for (index, (exchange, received)) in exchanges.iter().zip(received).enumerate() {
        let at = format!("request {} ({})", index + 1, expected_line(exchange));
        let here = one(exchange, received, rule, check);
        found.extend(here.into_iter().map(|difference| difference.within(&at)));
    }
    found
}

fn one(
    exchange: &Exchange,
    received: &Received,
    rule: UrlRule,
    check: BodyCheck<'_>,
) -> Vec<Difference> {
    let expected = &exchange.request;
    let mut found = Vec::new();
    let same = exchange.server == received.server
        && expected.method == received.method
        && rule.same_path(&expected.path, &received.path)
        && rule.same_query(&expected.query, &received.query);
    if !same {
        found.push(Difference::new(
            "request line",
            expected_line(exchange),
            received.line(),
        ));
    }
    for (name, value) in &expected.headers {
        let actual = received.header(&name.to_ascii_lowercase());
        if actual.as_deref() != Some(value.trim()) {
            let actual = actual.unwrap_or_else(|| "no such header".to_owned());
            found.push(Difference::new(format!("header {name}"), value, actual));
        }
    }
    for name in &expected.absent_headers {
        if let Some(actual) = received.header(&name.to_ascii_lowercase()) {
            found.push(Difference::new(
                format!("header {name}"),
                "no such header",
                actual,
            ));
        }
    }
    let body = match &expected.body_check {
        None => body(&expected.body, &received.body),
        Some(name) => check(name, &received.body, expected)
            .unwrap_or_else(|reason| vec![Difference::new("", format!("rule {name}"), reason)]),
    };
    found.extend(body.into_iter().map(|difference| difference.within("body")));
    found
}

/// JSON compares structurally, text as it is, and null is no body.
pub fn body(expected: &Value, actual: &[u8]) -> Vec<Difference> {
    let text = String::from_utf8_lossy(actual);
    let differs = |expected: &str| vec![Difference::new("", cut(expected), cut(&text))];
    match expected {
        Value::Null if actual.is_empty() => Vec::new(),
        Value::Null => differs("no body"),
        Value::String(expected) if *expected == text => Vec::new(),
        Value::String(expected) => differs(expected),
        json => match serde_json::from_slice(actual) {
            Ok(actual) => differences(Rule::Exact, json, &actual),
            Err(_) if actual.is_empty() => {
                vec![Difference::new("", cut(&json.to_string()), "no body")]
            }
            Err(_) => differs(&json.to_string()),
        },
    }
}

fn expected_line(exchange: &Exchange) -> String {
    let request = &exchange.request;
    line(
        &exchange.server,
        &request.method,
        &request.path,
        &request.query,
    )
}

fn line(server: &str, method: &str, path: &str, query: &str) -> String {
    let server = if server == "api" {
        String::new()
    } else {
        format!(" [{server}]")
    };
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{method}{server} {path}{mark}{query}")
}

fn listed(count: usize, lines: impl Iterator<Item = String>) -> String {
    let mut text = format!("{count} in all");
    for (index, line) in lines.enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{:3}  {line}", index + 1);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn exchange(request: &Value) -> Exchange {
        serde_json::from_value(json!({"server": "api", "request": request, "response": null}))
            .unwrap()
    }

    fn received() -> Received {
        Received {
            server: "api".into(),
            method: "POST".into(),
            path: "/runs/a%3Ab".into(),
            query: "b=2&a=1".into(),
            headers: vec![
                ("content-type".into(), "application/json".into()),
                ("x-two".into(), "1".into()),
                ("x-two".into(), "2".into()),
            ],
            body: r#"{"a": 1, "b": null}"#.into(),
        }
    }

    fn places(request: &Value, rule: UrlRule) -> Vec<String> {
        let check: BodyCheck<'_> = &|rule, _, _| match rule {
            "good" => Ok(vec![]),
            "bad" => Ok(vec![Difference::new("/x", "1", "2")]),
            _ => Err("no such rule".into()),
        };
        compare(&[exchange(request)], &[received()], rule, check)
            .into_iter()
            .map(|difference| difference.at.split(") ").last().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn a_request_fits() {
        let request = json!({
            "method": "POST", "path": "/runs/a%3Ab", "query": "a=1&b=2",
            "headers": {"content-type": "application/json", "x-two": "1, 2"},
            "absent_headers": ["authorization"], "body": {"b": null, "a": 1},
        });
        assert!(places(&request, UrlRule::Raw).is_empty());
    }

    #[test]
    fn each_part_of_a_request_counts() {
        let with = |key: &str, value: Value| {
            let mut request = json!({
                "method": "POST", "path": "/runs/a:b", "query": "a=1&b=2", "body": {"a": 1, "b": null},
            });
            request[key] = value;
            places(&request, UrlRule::Decoded)
        };
        assert!(with("headers", json!({})).is_empty());
        assert_eq!(with("method", json!("GET")), ["request line"]);
        assert_eq!(with("path", json!("/runs/a%2Fb")), ["request line"]);
        assert_eq!(with("query", json!("a=1")), ["request line"]);
        assert_eq!(with("headers", json!({"accept": "*/*"})), ["header accept"]);
        assert_eq!(
            with("headers", json!({"content-type": "text/plain"})),
            ["header content-type"]
        );
        assert_eq!(
            with("absent_headers", json!(["content-type"])),
            ["header content-type"]
        );
        assert_eq!(with("body", json!(null)), ["body"]);
        assert_eq!(with("body", json!("text")), ["body"]);
        assert_eq!(with("body", json!({"a": 1})), ["body/b"]);
        assert_eq!(with("body", json!({"a": 2, "b": null})), ["body/a"]);
        assert!(with("body_check", json!("good")).is_empty());
        assert_eq!(with("body_check", json!("bad")), ["body/x"]);
        assert_eq!(with("body_check", json!("unknown")), ["body"]);
    }

    #[test]
    fn a_body_is_json_text_or_nothing() {
        assert!(body(&json!(null), b"").is_empty());
        assert!(body(&json!("a b"), b"a b").is_empty());
        assert!(body(&json!([1]), b"[1.0]").is_empty());
        assert!(!body(&json!(null), b"null").is_empty());
        assert!(!body(&json!({}), b"").is_empty());
        assert!(!body(&json!("{}"), b"{ }").is_empty());
    }

    #[test]
    fn too_many_and_too_few_are_listed() {
        let check: BodyCheck<'_> = &|_, _, _| Ok(vec![]);
        let found = compare(&[], &[received()], UrlRule::Raw, check);
        assert_eq!(found[0].expected, "0 in all");
        assert_eq!(found[0].actual, "1 in all\n  1  POST /runs/a%3Ab?b=2&a=1");
        let missing = exchange(&json!({"method": "GET", "path": "/x"}));
        let found = compare(&[missing], &[], UrlRule::Raw, check);
        assert_eq!(found[0].expected, "1 in all\n  1  GET /x");
    }
}
