//! Base URLs, path templates and their overrides, parameters and queries.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use agent_core::sdk::{
    BaseUrl, Encoding, Pipeline, Request, Response, Setup, is_loopback, same_origin,
};
use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{Error, ErrorKind, Sent};
use serde_json::{Value, json};
use support::{FILE, GET, Toy, client, client_with, get, setup};

static UNRESERVED: Toy = Toy::PLAIN;
static COMPONENT: Toy = Toy {
    path_encoding: Encoding::UriComponent,
    query_encoding: Encoding::UriComponent,
    ..Toy::PLAIN
};
static FORM: Toy = Toy {
    path_encoding: Encoding::Form,
    query_encoding: Encoding::Form,
    ..Toy::PLAIN
};
static STRICT_QUERY: Toy = Toy {
    query_encoding: Encoding::Unreserved,
    ..Toy::PLAIN
};

fn answering() -> ScriptedTransport {
    let wire = ScriptedTransport::new();
    wire.reply_with(|_| Reply::json(&json!({})));
    wire
}

/// The URL that `request` is sent to.
async fn url_of(request: Request, change: impl FnOnce(&mut Setup<'_>)) -> Result<String, Error> {
    let wire = answering();
    let mut setup = setup(&wire);
    change(&mut setup);
    let client = Pipeline::new(setup)?;
    let result = client.call(request, Response::json::<Value>).await;
    let requests = wire.requests();
    if let Err(error) = result {
        assert!(requests.is_empty(), "an error after sending: {error}");
        assert_eq!(
            (error.sent(), error.attempts()),
            (Sent::Never, 0),
            "{error}"
        );
        return Err(error);
    }
    Ok(requests[0].uri.to_string())
}

fn thing(id: &str) -> Request {
    Request::new(&GET).param("id", id)
}

#[tokio::test(start_paused = true)]
async fn a_base_url_keeps_its_prefix_and_loses_its_slashes() {
    let rows = [
        ("https://toy.test", "https://toy.test/things/1"),
        ("https://toy.test/", "https://toy.test/things/1"),
        ("https://toy.test///", "https://toy.test/things/1"),
        ("https://toy.test/a/b", "https://toy.test/a/b/things/1"),
        ("https://toy.test/a/b//", "https://toy.test/a/b/things/1"),
        ("https://toy.test/a//b", "https://toy.test/a//b/things/1"),
        ("https://toy.test/a/../b", "https://toy.test/b/things/1"),
        (
            "https://toy.test/{id}",
            "https://toy.test/%7Bid%7D/things/1",
        ),
        (
            "https://toy.test:8443/a",
            "https://toy.test:8443/a/things/1",
        ),
        ("https://toy.test:443", "https://toy.test/things/1"),
        ("http://127.0.0.1:80", "http://127.0.0.1/things/1"),
        ("http://[::1]:3000/v1", "http://[::1]:3000/v1/things/1"),
        ("  https://toy.test\n", "https://toy.test/things/1"),
        ("HTTPS://TOY.TEST/A", "https://toy.test/A/things/1"),
        ("https://bücher.test", "https://xn--bcher-kva.test/things/1"),
    ];
    for (base, expected) in rows {
        let base = BaseUrl::parse("base_url", base).unwrap_or_else(|e| panic!("{base}: {e}"));
        assert!(!base.as_str().ends_with('/'), "{base:?}");
        let url = url_of(thing("1"), |setup| setup.base = base.clone()).await;
        assert_eq!(url.unwrap(), expected, "{base:?}");
    }
}

#[test]
fn a_base_url_that_is_none_is_refused_without_being_shown() {
    let bad = [
        "",
        " ",
        "planted",
        "/planted",
        "//planted.test",
        "planted.test/v1",
        "planted.test:8080",
        "ftp://planted.test",
        "file:///planted",
        "ws://planted.test",
        "unix:/planted",
        "https://",
        "https://planted.test:99999",
        "https://[::1/planted",
        "https://planted.test?key=planted",
        "https://planted.test?",
        "https://planted.test/#planted",
        "https://planted.test#",
        "https://planted@toy.test",
        "https://user:planted@toy.test",
        "https://:planted@toy.test",
        // What a lenient parser would mend.
        "https:planted.test",
        "https:/planted.test",
        "https:///planted.test",
        "https:\\\\planted.test",
        "https://planted.test\\v1",
        "https://plan\nted.test",
        "https://planted.test/v1\t/v2",
        "https://planted.test/v\u{0}1",
    ];
    for text in bad {
        let error = BaseUrl::parse("base_url", text).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Config, "{text}");
        assert!(error.to_string().contains("base_url"), "{text}: {error}");
        assert!(
            !format!("{error}{error:?}").contains("planted"),
            "{error:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_parameter_is_one_segment_in_every_encoding() {
    // The value, and how it is encoded by each of the three.
    let rows = [
        ("a", "a", "a", "a"),
        ("a/b", "a%2Fb", "a%2Fb", "a%2Fb"),
        ("/", "%2F", "%2F", "%2F"),
        ("../x", "..%2Fx", "..%2Fx", "..%2Fx"),
        ("...", "...", "...", "..."),
        ("%2e%2e", "%252e%252e", "%252e%252e", "%252e%252e"),
        ("%2E", "%252E", "%252E", "%252E"),
        ("a?b=c", "a%3Fb%3Dc", "a%3Fb%3Dc", "a%3Fb%3Dc"),
        ("a#b", "a%23b", "a%23b", "a%23b"),
        ("a\\..\\b", "a%5C..%5Cb", "a%5C..%5Cb", "a%5C..%5Cb"),
        ("a\r\nb", "a%0D%0Ab", "a%0D%0Ab", "a%0D%0Ab"),
        ("\0", "%00", "%00", "%00"),
        ("\u{7f}", "%7F", "%7F", "%7F"),
        ("a b", "a%20b", "a%20b", "a+b"),
        ("a+b", "a%2Bb", "a%2Bb", "a%2Bb"),
        (
            "é✓",
            "%C3%A9%E2%9C%93",
            "%C3%A9%E2%9C%93",
            "%C3%A9%E2%9C%93",
        ),
        ("!*'()", "%21%2A%27%28%29", "!*'()", "%21*%27%28%29"),
        ("~-_.", "~-_.", "~-_.", "%7E-_."),
        (
            ";@:&=$,",
            "%3B%40%3A%26%3D%24%2C",
            "%3B%40%3A%26%3D%24%2C",
            "%3B%40%3A%26%3D%24%2C",
        ),
        ("{id}", "%7Bid%7D", "%7Bid%7D", "%7Bid%7D"),
    ];
    for (value, plain, component, form) in rows {
        for (dialect, expected) in [(&UNRESERVED, plain), (&COMPONENT, component), (&FORM, form)] {
            let url = url_of(thing(value), |setup| setup.dialect = dialect).await;
            let expected = format!("https://toy.test/v1/things/{expected}");
            assert_eq!(
                url.unwrap(),
                expected,
                "{value:?}, {:?}",
                dialect.path_encoding
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_parameter_that_would_reach_another_route_is_refused() {
    for value in ["", ".", ".."] {
        for dialect in [&UNRESERVED, &COMPONENT, &FORM] {
            let error = url_of(thing(value), |setup| setup.dialect = dialect).await;
            let error = error.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{value:?}");
            assert!(error.to_string().contains("id"), "{error}");
            assert_eq!(error.operation(), "things.get");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_parameter_of_several_segments_keeps_its_slashes_only() {
    let file = |path: &str| Request::new(&FILE).param("path", path);
    let rows = [
        ("a.txt", "a.txt"),
        ("a/b c/d?.txt", "a/b%20c/d%3F.txt"),
        ("a//b", "a//b"),
        ("a/%2e%2e/b", "a/%252e%252e/b"),
        ("a/.../b", "a/.../b"),
        ("a\\..\\b", "a%5C..%5Cb"),
    ];
    for (path, expected) in rows {
        let url = url_of(file(path), |_| {}).await.unwrap();
        assert_eq!(
            url,
            format!("https://toy.test/v1/files/{expected}"),
            "{path:?}"
        );
    }
    for path in [
        "",
        ".",
        "..",
        "../secrets",
        "a/..",
        "a/./b",
        "a/../../b",
        "/..",
    ] {
        let error = url_of(file(path), |_| {}).await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::InvalidArgument,
            "{path:?}: {error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_too_long_to_be_sent_is_an_error() {
    let error = url_of(thing(&"x".repeat(70_000)), |_| {})
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().len() < 300, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_path_can_be_overridden() {
    let rows = [
        ("/other/{id}", "https://toy.test/v1/other/a%2Fb"),
        ("/{id}", "https://toy.test/v1/a%2Fb"),
        ("/x/{id}/y/{id}", "https://toy.test/v1/x/a%2Fb/y/a%2Fb"),
        ("/x/{+id}", "https://toy.test/v1/x/a/b"),
        ("/fixed", "https://toy.test/v1/fixed"),
        ("/", "https://toy.test/v1/"),
        (
            "/things/{id}?version=2",
            "https://toy.test/v1/things/a%2Fb?version=2",
        ),
    ];
    for (template, expected) in rows {
        let url = url_of(thing("a/b"), |setup| {
            setup.http = setup.http.clone().path("things.get", template);
        });
        assert_eq!(url.await.unwrap(), expected, "{template}");
    }
    let url = url_of(thing("1").query("a", "b"), |setup| {
        setup.http = setup.http.clone().path("things.get", "/t/{id}?version=2");
    });
    assert_eq!(url.await.unwrap(), "https://toy.test/v1/t/1?version=2&a=b");
}

#[test]
fn an_override_that_can_not_work_is_refused_when_the_client_is_built() {
    let rows = [
        ("things.got", "/x", "things.got"),
        ("", "/x", "\"\""),
        ("things.get", "", "begin with one /"),
        ("things.get", "x/{id}", "begin with one /"),
        ("things.get", "//evil.test/{id}", "begin with one /"),
        ("things.get", "https://evil.test/{id}", "begin with one /"),
        ("things.get", "/x/{name}", "name"),
        ("things.get", "/x/{}", "parameter"),
        ("things.get", "/x/{id", "brace"),
        ("things.get", "/x/id}", "brace"),
        ("things.get", "/x/{id}}", "brace"),
        ("things.get", "/x#{id}", "#"),
        ("things.get", "/x y/{id}", "visible ASCII"),
        ("things.get", "/x\n/{id}", "visible ASCII"),
        ("things.get", "/é/{id}", "visible ASCII"),
        ("things.get", "/\\evil.test/{id}", "visible ASCII"),
        ("things.get", "/../{id}", "dot segments"),
        ("things.get", "/./{id}", "dot segments"),
        ("things.get", "/%2E./{id}", "dot segments"),
        ("things.get", "/x/%2e?{id}", "dot segments"),
    ];
    for (operation, template, expected) in rows {
        let mut setup = setup(&ScriptedTransport::new());
        setup.http = setup.http.path(operation, template);
        let error = Pipeline::new(setup).expect_err(template);
        assert_eq!(error.kind(), ErrorKind::Config, "{template}");
        assert!(error.to_string().contains(expected), "{template}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn parts_of_an_overridden_segment_can_not_make_a_dot_segment() {
    for (template, id) in [("/.{id}", "."), ("/{id}{id}", "."), ("/x/{id}./y", ".")] {
        let error = url_of(thing(id), |setup| {
            setup.http = setup.http.clone().path("things.get", template);
        });
        let error = error.await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::InvalidArgument,
            "{template}: {error}"
        );
    }
    let url = url_of(thing("a"), |setup| {
        setup.http = setup.http.clone().path("things.get", "/.{id}");
    });
    assert_eq!(url.await.unwrap(), "https://toy.test/v1/.a");
}

#[tokio::test(start_paused = true)]
async fn queries_are_encoded_by_the_dialects_rule() {
    let request = || {
        thing("1")
            .query("a b", "c&d=e f+g/é~*'")
            .query("n", 5)
            .query("a b", "")
            .query_opt("none", None::<u8>)
    };
    let rows = [
        (&FORM, "a+b=c%26d%3De+f%2Bg%2F%C3%A9%7E*%27&n=5&a+b="),
        (&COMPONENT, "a%20b=c%26d%3De%20f%2Bg%2F%C3%A9~*'&n=5&a%20b="),
        (
            &STRICT_QUERY,
            "a%20b=c%26d%3De%20f%2Bg%2F%C3%A9~%2A%27&n=5&a%20b=",
        ),
    ];
    for (dialect, expected) in rows {
        let url = url_of(request(), |setup| setup.dialect = dialect)
            .await
            .unwrap();
        assert_eq!(url, format!("https://toy.test/v1/things/1?{expected}"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_absolute_url_is_used_as_it_is_and_must_be_one_that_can_be() {
    let rows = [
        (
            "https://s.test/a?sig=%2B&x=1",
            "https://s.test/a?sig=%2B&x=1",
        ),
        ("https://s.test/a#part", "https://s.test/a"),
        ("http://s.test", "http://s.test/"),
    ];
    for (text, expected) in rows {
        let url = url_of(Request::new(&GET).absolute(text.parse().unwrap()), |_| {}).await;
        assert_eq!(url.unwrap(), expected);
    }
    for text in [
        "ftp://s.test/a",
        "file:///etc/passwd",
        "data:,x",
        "https://u:planted@s.test/",
    ] {
        let error = url_of(Request::new(&GET).absolute(text.parse().unwrap()), |_| {}).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{text}");
        assert!(!error.to_string().contains("planted"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn overrides_are_the_clients_own() {
    let wire = answering();
    get(&client_with(&wire, |http| {
        http.path("things.get", "/other/{id}")
    }))
    .await
    .unwrap();
    get(&client(&wire)).await.unwrap();
    assert_eq!(support::log(&wire), ["GET /other/1", "GET /things/1"]);
}

#[test]
fn origins_are_scheme_host_and_port() {
    let rows = [
        ("https://a.test", "https://a.test:443/x", true),
        ("https://a.test", "https://A.TEST", true),
        ("https://a.test", "http://a.test", false),
        ("https://a.test", "https://a.test:8443", false),
        ("https://a.test", "https://b.a.test", false),
        ("https://a.test", "https://a.test.", false),
        ("http://127.0.0.1", "http://localhost", false),
        ("http://[::1]", "http://[0:0:0:0:0:0:0:1]:80", true),
        ("http://127.0.0.1", "http://127.1", true),
    ];
    for (a, b, same) in rows {
        let (left, right) = (a.parse().unwrap(), b.parse().unwrap());
        assert_eq!(same_origin(&left, &right), same, "{a} and {b}");
        assert_eq!(same_origin(&right, &left), same, "{b} and {a}");
    }
}

#[test]
fn only_this_machine_is_loopback() {
    let here = [
        "http://localhost",
        "http://LOCALHOST:3000",
        "http://localhost.",
        "http://api.localhost",
        "http://127.0.0.1",
        "http://127.9.9.9",
        "http://127.1",
        "http://[::1]:8080",
        "http://[::ffff:127.0.0.1]",
    ];
    let elsewhere = [
        "http://0.0.0.0",
        "http://10.0.0.1",
        "http://128.0.0.1",
        "http://[::]",
        "http://[fe80::1]",
        "http://localhost.evil.test",
        "http://127.0.0.1.evil.test",
        "http://notlocalhost",
        "http://xlocalhost",
    ];
    for text in here {
        assert!(
            is_loopback(&text.parse().unwrap()),
            "{text} is this machine"
        );
    }
    for text in elsewhere {
        assert!(
            !is_loopback(&text.parse().unwrap()),
            "{text} is another machine"
        );
    }
}
