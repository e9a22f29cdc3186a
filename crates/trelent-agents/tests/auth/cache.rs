//! How long a token is used, and by whom.

use std::time::Duration;

use agent_core::testing::Reply;
use serde_json::{Value, json};
use trelent_agents::{ErrorKind, Sent};

use crate::rig::{CLIENT_ID, CLIENT_SECRET, OPERATIONS, authenticated, lines};
use crate::server::{ALL, asked, bearers, granted, numbered, server};

#[tokio::test(start_paused = true)]
async fn n_calls_cost_n_plus_one_requests() {
    let transport = server(|_| granted());
    let client = authenticated(&transport);
    let mut calls = 0;
    for op in OPERATIONS {
        (op.call)(client.clone()).await.unwrap();
        // The fork takes two.
        calls += if op.name == "run.fork" { 2 } else { 1 };
    }
    let exchanges = asked(&transport);
    // One of them is `tokens.create`, which a user called.
    assert_eq!(exchanges, [ALL, ALL]);
    assert_eq!(transport.requests().len(), calls + 1);
    let without = ["/health", "/token"];
    for request in transport.requests() {
        let bearer = request
            .headers
            .get("authorization")
            .map(|v| v.to_str().unwrap());
        if without.contains(&request.uri.path()) {
            assert_eq!(bearer, None, "{}", request.uri);
        } else {
            assert_eq!(bearer, Some("Bearer planted-token"), "{}", request.uri);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_exchange_sends_exactly_id_secret_and_scope() {
    let transport = server(|_| granted());
    authenticated(&transport).sandboxes().list().await.unwrap();
    let request = &transport.requests()[0];
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        body,
        json!({"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "scope": ALL})
    );
    assert_eq!(request.headers["content-type"], "application/json");
    assert!(!request.headers.contains_key("authorization"));
}

#[tokio::test(start_paused = true)]
async fn many_first_calls_at_once_cost_one_exchange() {
    let transport = server(|_| granted().delay(Duration::from_secs(1)));
    let client = authenticated(&transport);
    let calls: Vec<_> = (0..50)
        .map(|_| tokio::spawn(client.runs().get_status("run_1").into_future()))
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(asked(&transport), [ALL]);
    assert_eq!(transport.requests().len(), 51);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_it_waits_for_a_token_holds_up_nobody() {
    let transport = server(|_| granted().delay(Duration::from_secs(5)));
    let client = authenticated(&transport);
    // The first holds the lock and is dropped in the exchange; the second waits for the lock and is dropped.
    for _ in 0..2 {
        let call = client.runs().get_status("run_1").into_future();
        assert!(
            tokio::time::timeout(Duration::from_secs(1), call)
                .await
                .is_err()
        );
    }
    let (first, second) = (
        tokio::spawn(client.runs().get_status("run_1").into_future()),
        tokio::spawn(client.runs().get_status("run_1").into_future()),
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    first.abort();
    second.await.unwrap().unwrap();
    client.runs().get_status("run_1").await.unwrap();
    assert_eq!(transport.open_exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_used_until_shortly_before_it_expires() {
    // (life, still used after, no longer used after), all in seconds: the last 30 s, or half of a short life.
    for (life, used, unused) in [(3600, 3569, 3570), (100, 69, 70), (60, 29, 30), (10, 4, 5)] {
        let transport = numbered(life);
        let client = authenticated(&transport);
        let status = || client.runs().get_status("run_1").into_future();
        status().await.unwrap();
        tokio::time::sleep(Duration::from_secs(used)).await;
        status().await.unwrap();
        assert_eq!(asked(&transport).len(), 1, "life {life}");
        tokio::time::sleep(Duration::from_secs(unused - used)).await;
        status().await.unwrap();
        assert_eq!(asked(&transport).len(), 2, "life {life}");
        assert_eq!(bearers(&transport), ["Bearer t0", "Bearer t0", "Bearer t1"]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_life_of_a_token_counts_from_when_the_exchange_was_started() {
    let transport = server(|_| {
        Reply::json(&json!({"access_token": "t", "expires_in": 100})).delay(Duration::from_secs(9))
    });
    let client = authenticated(&transport);
    client.runs().get_status("run_1").await.unwrap();
    tokio::time::sleep(Duration::from_secs(61)).await;
    client.runs().get_status("run_1").await.unwrap();
    assert_eq!(
        asked(&transport).len(),
        2,
        "70 s after the start only 30 are left"
    );
}

#[tokio::test(start_paused = true)]
async fn odd_token_bodies_are_a_token_for_one_call_or_a_decode_error() {
    let cached = [
        json!({"access_token": "t", "expires_in": 3600}),
        json!({"access_token": "t", "expires_in": "3600"}),
        json!({"access_token": "t", "expires_in": " 3600 "}),
        json!({"access_token": "t", "expires_in": 3600.5, "token_type": "mac", "x": [1]}),
    ];
    let once = [
        json!({"access_token": "t"}),
        json!({"access_token": "t", "expires_in": null}),
        json!({"access_token": "t", "expires_in": 0}),
        json!({"access_token": "t", "expires_in": -5}),
        json!({"access_token": "t", "expires_in": "-5"}),
        json!({"access_token": "t", "expires_in": "soon"}),
        json!({"access_token": "t", "expires_in": "NaN"}),
        json!({"access_token": "t", "expires_in": "inf"}),
        json!({"access_token": "t", "expires_in": 1e300}),
        json!({"access_token": "t", "expires_in": {}}),
        json!({"access_token": "t", "expires_in": true}),
    ];
    for (bodies, exchanges) in [(&cached[..], 1), (&once[..], 2)] {
        for body in bodies {
            let reply = Reply::json(body);
            let transport = server(move |_| reply.clone());
            let client = authenticated(&transport);
            for _ in 0..2 {
                client.runs().get_status("run_1").await.unwrap();
            }
            assert_eq!(asked(&transport).len(), exchanges, "{body}");
            assert_eq!(bearers(&transport), ["Bearer t", "Bearer t"], "{body}");
        }
    }
    for body in [
        "{}",
        r#"{"access_token":null,"expires_in":3600}"#,
        r#"{"access_token":7}"#,
        r#"["planted-token",3600]"#,
        r#""planted-token""#,
        r#"{"access_token":"planted\ntoken"}"#,
        "planted-token",
        "<html></html>",
        "",
    ] {
        let transport = server(move |_| Reply::status(200).chunk(body));
        let client = authenticated(&transport);
        let error = client.runs().get_status("run_1").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}: {error}");
        assert_eq!(error.operation(), "token", "{body}");
        assert_eq!(error.sent(), Sent::Never, "{body}");
        assert!(
            !format!("{error} {error:?}").contains("planted"),
            "{error:?}"
        );
        assert_eq!(lines(&transport), ["POST /token"], "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn clones_and_runs_share_tokens_and_other_clients_do_not() {
    let transport = numbered(3600);
    let client = authenticated(&transport);
    let mut run = client.clone().runs().get("run_1").await.unwrap();
    run.refresh().await.unwrap();
    run.get_status().await.unwrap();
    assert_eq!(asked(&transport).len(), 1);
    authenticated(&transport).runs().get("run_1").await.unwrap();
    assert_eq!(asked(&transport).len(), 2);
}
