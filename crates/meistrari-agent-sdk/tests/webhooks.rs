//! Webhooks from registration to delivery, against the emulator and a receiver on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_push_string,
    reason = "a test that can not go on should stop, and its texts are for people"
)]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use meistrari_agent_sdk::{
    Error, ErrorKind, SessionWebhookConfig, SessionWebhookEventPayload, SessionWebhookEventType,
    WEBHOOK_SIGNATURE_HEADER, sign_webhook, verify_webhook_signature,
};
use tokio::net::TcpListener;

mod support;

use support::{emulated, start};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<(String, Bytes)>>>);

async fn receive(State(kept): State<Kept>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers
        .get(WEBHOOK_SIGNATURE_HEADER)
        .and_then(|value| value.to_str().ok());
    if !verify_webhook_signature(&body, signature, "whsec_test") {
        return StatusCode::UNAUTHORIZED;
    }
    let mut kept = kept.0.lock().unwrap();
    kept.push((signature.unwrap_or_default().to_owned(), body));
    // The first delivery is answered as if something had gone wrong: it comes again.
    if kept.len() == 1 {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::OK
    }
}

#[tokio::test]
async fn a_registered_webhook_is_delivered_verified_and_told_apart_from_its_repeats() {
    let (_emulator, meistrari, client) = emulated().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    assert!(meistrari.webhook_host("hooks.example.com", listener.local_addr().unwrap()));
    let kept = Kept::default();
    let app = Router::new()
        .route("/in", post(receive))
        .with_state(kept.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });

    let webhook = SessionWebhookConfig::new("https://hooks.example.com/in").secret("whsec_test");
    client
        .execute_agent(start("hi").webhook(webhook))
        .await
        .unwrap()
        .into_session_id()
        .unwrap();
    let deliveries = meistrari.settled_deliveries(2).await;
    assert_eq!(
        deliveries.iter().map(|d| d.attempts).collect::<Vec<_>>(),
        [2, 1]
    );
    let kept = kept.0.lock().unwrap();
    let payloads: Vec<_> = kept
        .iter()
        .map(|(_, body)| SessionWebhookEventPayload::from_slice(body).unwrap())
        .collect();
    let types: Vec<_> = payloads.iter().map(|p| p.event_type.as_str()).collect();
    assert_eq!(
        types,
        [
            "session.started",
            "session.started",
            "session.waiting_messages"
        ]
    );
    assert_eq!(
        payloads[0].delivery_id, payloads[1].delivery_id,
        "the same delivery again"
    );
    assert_ne!(payloads[1].delivery_id, payloads[2].delivery_id);
    assert_eq!(
        payloads[2].event_type,
        SessionWebhookEventType::SessionWaitingMessages
    );
    assert!(payloads[2].usage.as_ref().unwrap().input_tokens().is_some());
    // The signer for users' tests makes what the service sends.
    for (signature, body) in kept.iter() {
        assert_eq!(*signature, sign_webhook(body, "whsec_test"));
    }
}

#[test]
fn a_signature_is_checked_over_the_raw_bytes_in_two_forms_and_never_panics() {
    let body = br#"{"eventType":"session.completed"}"#;
    let hex = "7bd0cf0d706139a9b23f597bc2f50b684a58f8c679fb6482a2659060ad98e284";
    let base64 = "e9DPDXBhOamyP1l7wvULaEpY+MZ5+2SComWQYK2Y4oQ=";
    let ok = |signature: &str| verify_webhook_signature(body, Some(signature), "whsec_test");
    for good in [
        hex,
        base64,
        &hex.to_uppercase(),
        &format!("sha256={hex}"),
        &format!(" SHA256={base64}\t"),
    ] {
        assert!(ok(good), "{good}");
        // One changed byte of the body, or of the secret, is enough.
        for at in 0..body.len() {
            let mut other = body.to_vec();
            other[at] ^= 1;
            assert!(!verify_webhook_signature(other, Some(good), "whsec_test"));
        }
        assert!(!verify_webhook_signature(body, Some(good), "whsec_tesu"));
        assert!(!verify_webhook_signature(body, Some(good), ""));
    }
    for bad in [
        "",
        " ",
        "sha256=",
        "é",
        &hex[..63],
        &format!("{hex}0"),
        &format!("sha256=sha256={hex}"),
        &format!("{hex},{hex}"),
        &format!("v1={hex}"),
        base64.trim_end_matches('='),
        &base64.replace('+', "-"),
        &"g".repeat(64),
        &"é".repeat(32),
        "sha25é=",
        "\u{a0}",
    ] {
        assert!(!ok(bad), "{bad}");
    }
    assert!(!verify_webhook_signature(body, None, "whsec_test"));
    // Empty secrets sign, so that tests can, but verify nothing.
    assert!(!verify_webhook_signature(
        b"",
        Some(&sign_webhook(b"", "")),
        ""
    ));
}

#[test]
fn a_payload_is_read_liberally_and_written_back_whole() {
    let read = |text: &str| SessionWebhookEventPayload::from_slice(text.as_bytes());
    let text = r#"{"deliveryId":"d","error":{"message":"m"},"eventType":"session.paused","extra1":[1],"sessionId":"s","usage":5}"#;
    let payload = read(text).unwrap();
    assert_eq!(
        payload.event_type,
        SessionWebhookEventType::Other("session.paused".into())
    );
    assert_eq!(
        (payload.error.as_deref(), payload.usage.is_none()),
        (Some("m"), true)
    );
    let back: serde_json::Value = serde_json::to_value(&payload).unwrap();
    assert_eq!(back["extra1"][0], 1);
    assert_eq!(back["usage"], 5, "what could not be read is kept");
    for bad in [
        "",
        "[]",
        "null",
        "{",
        r#"{"eventType":"x"}"#,
        r#"{"sessionId":"x"}"#,
        r#"{"eventType":1,"sessionId":"x"}"#,
    ] {
        let error: Error = read(bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{bad}");
    }
    assert!(SessionWebhookEventPayload::from_slice(&[0xff]).is_err());
}
