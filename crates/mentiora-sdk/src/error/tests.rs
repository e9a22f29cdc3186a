use http::{HeaderMap, Method, StatusCode};

use super::*;

fn answer(status: u16, reason: &str, body: &str) -> ErrorResponse {
    ErrorResponse {
        method: Method::POST,
        url: "https://example.com/".to_owned(),
        status: StatusCode::from_u16(status).unwrap(),
        reason: reason.to_owned(),
        headers: HeaderMap::new(),
        body: body.to_owned().into(),
        truncated: false,
    }
}

#[test]
fn a_body_counts_only_as_far_as_it_has_the_vendors_form() {
    let said = |code: Option<&str>, message: Option<&str>| ServerError {
        code: code.map(str::to_owned),
        message: message.map(str::to_owned),
    };
    for (body, expected, suffix) in [
        (
            r#"{"error":{"code":"c","message":"m"}}"#,
            said(Some("c"), Some("m")),
            ": [c] m",
        ),
        (
            r#"{"error":{"code":"","message":"m"}}"#,
            said(Some(""), Some("m")),
            ": m",
        ),
        (
            r#"{"error":{"code":7,"message":"m"}}"#,
            said(None, Some("m")),
            ": m",
        ),
        (r#"{"error":{"message":"m"}}"#, said(None, Some("m")), ": m"),
        (
            r#"{"error":{"code":"c","message":""}}"#,
            said(None, None),
            "",
        ),
        (r#"{"error":{"code":"c"}}"#, said(None, None), ""),
        (
            r#"{"error":{"code":"c","message":null}}"#,
            said(None, None),
            "",
        ),
        (
            "\u{feff}{\"error\":{\"code\":\"c\",\"message\":\"m\"}}",
            said(Some("c"), Some("m")),
            ": [c] m",
        ),
        (
            r#"{"error":{"code":"c","message":"m","left":1e999}}"#,
            said(Some("c"), Some("m")),
            ": [c] m",
        ),
        (r#"{"error":"m"}"#, said(None, None), ""),
        (
            r#"{"error":[{"code":"c","message":"m"}]}"#,
            said(None, None),
            "",
        ),
        (r#"{"code":"c","message":"m"}"#, said(None, None), ""),
        ("null", said(None, None), ""),
        ("<h1>no</h1>", said(None, None), ""),
        ("", said(None, None), ""),
    ] {
        let server = ServerError::of(body.as_bytes());
        assert_eq!(server, expected, "{body}");
        assert_eq!(server.suffix(), suffix, "{body}");
    }
}

#[test]
fn every_status_has_its_text() {
    let body = r#"{"error":{"code":"c","message":"m"}}"#;
    for (operation, status, reason, expected) in [
        (
            "agents.run",
            404,
            "Not Found",
            "Client error: Not Found: [c] m",
        ),
        ("agents.run", 404, "", "Client error: Not Found: [c] m"),
        ("agents.run", 404, "Nope", "Client error: Nope: [c] m"),
        (
            "agents.run",
            429,
            "Too Many Requests",
            "Rate limited: too many requests",
        ),
        (
            "agents.run",
            503,
            "Service Unavailable",
            "Server error: Service Unavailable: [c] m",
        ),
        (
            "agents.run",
            307,
            "Temporary Redirect",
            "Unexpected response: Temporary Redirect",
        ),
        ("agents.run", 499, "", "Client error: : [c] m"),
        (
            "agents.stream",
            429,
            "Too Many Requests",
            "Stream request failed: Too Many Requests: [c] m",
        ),
        (
            "agents.stream",
            302,
            "Found",
            "Stream request failed: Found: [c] m",
        ),
        (
            "files.download",
            429,
            "Too Many Requests",
            "Client error: Too Many Requests: [c] m",
        ),
        (
            "files.download",
            500,
            "Internal Server Error",
            "Server error: Internal Server Error: [c] m",
        ),
    ] {
        let refusal = Refusal::read(operation, &answer(status, reason, body));
        assert_eq!(refusal.message, expected, "{operation} {status}");
    }
}

#[test]
fn each_error_belongs_to_one_class() {
    let class = |kind| Error::new(kind, "text").class();
    assert_eq!(class(ErrorKind::Config), ErrorClass::Configuration);
    assert_eq!(class(ErrorKind::InvalidArgument), ErrorClass::Validation);
    for kind in [
        ErrorKind::Transport,
        ErrorKind::Timeout,
        ErrorKind::Api,
        ErrorKind::Decode,
        ErrorKind::TooLarge,
        ErrorKind::Protocol,
        ErrorKind::Interrupted,
    ] {
        assert_eq!(class(kind), ErrorClass::Network);
    }
    let error = Error::decode("Failed to parse stream event: no").with_view(NotJson);
    let view = error.validation_error().unwrap();
    assert_eq!(
        (view.code(), view.to_string().as_str()),
        ("VALIDATION_ERROR", "Failed to parse stream event: no")
    );
    assert!(error.network_error().is_none() && error.configuration_error().is_none());
}
