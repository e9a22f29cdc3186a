//! What may travel with a redirect, and how far.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use trelent_agents::ErrorKind;

use crate::rig::{self, OPERATIONS, authenticated, healthy, lines, without_retries};
use crate::secrets::with_planted_headers;

const CONFINED: &[&str] = &["tokens.create", "secrets.create", "secrets.update"];

fn credentials_of(request: &RecordedRequest) -> Vec<String> {
    request
        .headers
        .iter()
        .filter(|(_, value)| value.to_str().is_ok_and(|value| value.contains("planted")))
        .map(|(name, _)| name.to_string())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_another_origin_carries_no_credential() {
    for op in OPERATIONS {
        for status in [301, 302, 303, 307, 308] {
            for target in [
                "http://elsewhere.test/x",
                "https://localhost:1/x",
                "http://localhost:2/x",
                "//elsewhere.test/x",
            ] {
                let name = format!("{}, {status} to {target}", op.name);
                let transport =
                    op.failing(move |_| Reply::status(status).header("location", target));
                let result = (op.call)(with_planted_headers(&transport)).await;
                let away: Vec<RecordedRequest> = transport
                    .requests()
                    .into_iter()
                    .filter(|request| {
                        request.uri.authority().unwrap() != "localhost:1"
                            || request.uri.scheme_str() != Some("http")
                    })
                    .collect();
                let followed =
                    (status >= 307 || op.method == "GET") && !CONFINED.contains(&op.name);
                assert_eq!(away.len(), usize::from(followed), "{name}");
                for request in &away {
                    assert_eq!(credentials_of(request), Vec::<String>::new(), "{name}");
                    assert_eq!(request.method.as_str(), op.method, "{name}");
                }
                if !followed {
                    let error = result.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Api, "{name}");
                    assert_eq!(error.status(), Some(status), "{name}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_clients_own_exchange_is_not_redirected_to_another_origin() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|request| {
        assert_eq!(request.uri.authority().unwrap(), "localhost:1");
        Reply::status(307).header("location", "http://elsewhere.test/token")
    });
    let error = authenticated(&transport)
        .runs()
        .get("run_1")
        .await
        .unwrap_err();
    assert_eq!(error.status(), Some(307));
    assert_eq!(lines(&transport), ["POST /token"]);
    // Within the origin it is followed, with its body.
    let transport = ScriptedTransport::new();
    transport.reply_with(|request| match request.uri.path() {
        "/token" => Reply::status(308).header("location", "/v2/new-token"),
        "/v2/new-token" => {
            assert!(!request.body.is_empty());
            Reply::json(&rig::token_json())
        }
        _ => healthy(request),
    });
    authenticated(&transport).runs().get("run_1").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_redirect_within_the_origin_keeps_method_body_and_credentials_for_ten_hops() {
    for op in OPERATIONS {
        if op.is_stream() || op.name == "run.fork" {
            continue;
        }
        let hops = Arc::new(AtomicUsize::new(0));
        let transport = ScriptedTransport::new();
        let (counter, good) = (Arc::clone(&hops), (op.answer)());
        let (method, path) = (op.method, op.path);
        transport.reply_with(move |request| {
            if request.uri.path() == "/token" && path != "/token" {
                return healthy(request);
            }
            assert_eq!(request.method.as_str(), method);
            if counter.fetch_add(1, Ordering::SeqCst) < 10 {
                Reply::status(307).header("location", &format!("{path}?hop=1#fragment"))
            } else {
                Reply::json(&good)
            }
        });
        (op.call)(authenticated(&transport)).await.unwrap();
        let all = op.requests(&transport);
        let all: Vec<_> = all
            .iter()
            .filter(|r| method != "POST" || path != "/token" || !r.body.is_empty())
            .collect();
        let (first, last) = (all.first().unwrap(), all.last().unwrap());
        assert_eq!(first.body, last.body, "{}", op.name);
        assert_eq!(
            first.headers.get("authorization"),
            last.headers.get("authorization"),
            "{}",
            op.name
        );

        // Eleven are too many.
        let transport = op.failing(|_| Reply::status(307).header("location", "?"));
        let error = (op.call)(without_retries(&transport)).await.unwrap_err();
        assert_eq!(error.status(), Some(307), "{}", op.name);
        assert_eq!(op.requests(&transport).len(), 11, "{}", op.name);
    }
}
