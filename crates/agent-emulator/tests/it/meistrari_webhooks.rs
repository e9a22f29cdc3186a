//! Meistrari's webhooks: what is delivered, in which order, signed how, and how often.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use agent_emulator::{DeliveryState, MeistrariOptions, TurnScript};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::client::send;
use crate::meistrari::{Api, first, start, start_with};

type Seen = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A receiver that answers with these statuses, then 200, and keeps head and body of each delivery.
async fn receiver(statuses: &[u16]) -> (SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Seen::default();
    let kept = Arc::clone(&seen);
    let mut statuses: VecDeque<u16> = statuses.iter().copied().collect();
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            let (head, body) = loop {
                socket.read_buf(&mut bytes).await.unwrap();
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let Some((head, _)) = text.split_once("\r\n\r\n") else {
                    continue;
                };
                let head = head.to_lowercase();
                let length = head.split("content-length: ").nth(1).unwrap();
                let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
                if bytes.len() >= head.len() + 4 + length {
                    break (head.clone(), bytes.split_off(head.len() + 4));
                }
            };
            kept.lock().unwrap().push((head, body));
            let status = statuses.pop_front().unwrap_or(200);
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (address, seen)
}

async fn register(api: &Api, webhook: Value, message: &str) -> u16 {
    let mut body = first(message);
    body["webhooks"] = json!([webhook]);
    api.execute(body).await.status
}

fn names(seen: &Seen) -> Vec<String> {
    let seen = seen.lock().unwrap();
    let payloads = seen
        .iter()
        .map(|(_, body)| serde_json::from_slice::<Value>(body).unwrap());
    payloads
        .map(|payload| payload["eventType"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn deliveries_come_in_order_signed_over_the_raw_body() {
    let (address, seen) = receiver(&[]).await;
    let api = start_with(MeistrariOptions::new().webhook_host("Hooks.example.com", address)).await;
    // What the signature must be was made with OpenSSL for this text.
    let webhook = json!({"url": "https://hooks.example.com/in?a=1", "secret": "key"});
    assert_eq!(register(&api, webhook, "hi").await, 200);
    let deliveries = api.meistrari.settled_deliveries(2).await;
    assert!(
        deliveries
            .iter()
            .all(|own| own.state == DeliveryState::Delivered && own.attempts == 1)
    );
    assert_eq!(
        names(&seen),
        ["session.started", "session.waiting_messages"]
    );
    let (head, body) = seen.lock().unwrap()[1].clone();
    assert!(head.starts_with("post /in?a=1 http/1.1"), "{head}");
    assert!(head.contains("host: hooks.example.com"), "{head}");
    let signature = head
        .split("x-tela-agent-webhook-signature: ")
        .nth(1)
        .unwrap();
    assert_eq!(signature.split("\r\n").next().unwrap(), hmac("key", &body));
    let payload: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(payload["status"], "waiting_messages");
    assert_eq!(payload["deliveryId"], deliveries[1].id);
    assert_eq!(payload["sessionId"], deliveries[1].session_id);
}

/// HMAC-SHA256, written out: the emulator's own helper is what is tested.
fn hmac(key: &str, body: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key.as_bytes());
    let inner = Sha256::new()
        .chain_update(block.map(|b| b ^ 0x36))
        .chain_update(body)
        .finalize();
    let outer = Sha256::new()
        .chain_update(block.map(|b| b ^ 0x5c))
        .chain_update(inner)
        .finalize();
    outer
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat()
}

#[tokio::test]
async fn a_delivery_is_repeated_with_its_id_until_it_is_taken_or_given_up() {
    let (address, seen) = receiver(&[500, 404, 200, 500, 500, 500, 500, 500]).await;
    let api = start_with(MeistrariOptions::new().webhook_host("example.com", address)).await;
    register(&api, json!({"url": "https://example.com/"}), "hi").await;
    let deliveries = api.meistrari.settled_deliveries(2).await;
    assert_eq!(
        (deliveries[0].attempts, deliveries[0].state),
        (3, DeliveryState::Delivered)
    );
    assert_eq!(
        (deliveries[1].attempts, deliveries[1].state),
        (5, DeliveryState::GivenUp)
    );
    assert_eq!(deliveries[1].status, Some(500));
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 8);
    assert_eq!(seen[0].1, seen[2].1, "the same bytes, the same id");
    assert!(
        !seen[0].0.contains("signature"),
        "not signed without a secret"
    );
}

#[tokio::test]
async fn only_what_is_listed_is_delivered_and_subagents_only_then() {
    let (address, seen) = receiver(&[]).await;
    let api = start().await;
    let hosts = format!("{}/_control/meistrari/webhook-hosts", api.emulator.url());
    let body = json!({"host": "example.com", "address": address.to_string()}).to_string();
    let json = [("content-type", "application/json")];
    assert_eq!(
        send("POST", &hosts, &[], Some(body.as_bytes()))
            .await
            .status,
        415
    );
    assert_eq!(
        send("POST", &hosts, &json, Some(body.as_bytes()))
            .await
            .status,
        201
    );
    let far = br#"{"host": "example.com", "address": "192.0.2.1:80"}"#;
    assert_eq!(send("POST", &hosts, &json, Some(far)).await.status, 400);

    let events = json!(["subagent.started", "subagent.completed", "session.failed"]);
    let webhook = json!({"url": "https://example.com/", "events": events});
    api.meistrari
        .next_turn(TurnScript::new().subagent("researcher").fails("boom"));
    register(&api, webhook, "hi").await;
    api.meistrari.settled_deliveries(3).await;
    assert_eq!(
        names(&seen),
        ["subagent.started", "subagent.completed", "session.failed"]
    );
    let last: Value = serde_json::from_slice(&seen.lock().unwrap()[2].1).unwrap();
    assert_eq!(
        (last["error"].as_str(), last["status"].as_str()),
        (Some("boom"), Some("failed"))
    );
}

#[tokio::test]
async fn a_host_without_a_receiver_gets_nothing() {
    let api = start().await;
    register(&api, json!({"url": "https://example.com/"}), "hi").await;
    let deliveries = api.meistrari.settled_deliveries(2).await;
    assert!(
        deliveries
            .iter()
            .all(|own| own.state == DeliveryState::NoReceiver && own.attempts == 0)
    );
}

#[tokio::test]
async fn registrations_that_must_not_be_are_refused() {
    let api = start().await;
    for url in [
        "http://example.com/",
        "https://localhost/",
        "https://10.1.2.3/x",
        "https://[::1]/",
        "https://a.internal./",
        "x",
    ] {
        assert_eq!(
            register(&api, json!({"url": url}), "hi").await,
            422,
            "{url}"
        );
    }
    assert_eq!(
        register(
            &api,
            json!({"url": "https://example.com", "secret": ""}),
            "hi"
        )
        .await,
        422
    );
    assert_eq!(
        register(&api, json!({"url": "https://example.com", "x": 1}), "hi").await,
        400
    );
    let mut six = first("hi");
    six["webhooks"] = vec![json!({"url": "https://example.com/"}); 6].into();
    assert_eq!(api.execute(six).await.status, 422);
    assert!(api.meistrari.sessions().is_empty());
}

#[tokio::test]
async fn a_later_turn_keeps_the_webhooks_or_replaces_them() {
    let (address, seen) = receiver(&[]).await;
    let api = start_with(MeistrariOptions::new().webhook_host("example.com", address)).await;
    register(&api, json!({"url": "https://example.com/"}), "hi").await;
    let id = api.meistrari.settled_deliveries(2).await[0]
        .session_id
        .clone();
    api.execute(json!({"sessionId": id, "message": "two"}))
        .await;
    api.meistrari.settled_deliveries(3).await;
    api.execute(json!({"sessionId": id, "message": "three", "webhooks": []}))
        .await;
    assert!(api.meistrari.session(&id).unwrap().webhooks.is_empty());
    assert_eq!(
        names(&seen),
        [
            "session.started",
            "session.waiting_messages",
            "session.waiting_messages"
        ]
    );
}
