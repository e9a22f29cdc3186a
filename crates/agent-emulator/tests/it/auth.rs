//! The token end point, scopes, expiry.

use std::time::Duration;

use agent_emulator::TrelentOptions;
use serde_json::json;

use crate::shapes::{PROBLEM, TOKEN, check};
use crate::support::{ALL, builder, create, fork, start, start_with};

/// Every operation that needs a scope: method, path, resource and action.
const OPERATIONS: &[(&str, &str, &str, &str)] = &[
    ("GET", "/sandboxes", "sandboxes", "list"),
    ("POST", "/runs", "runs", "create"),
    ("GET", "/runs", "runs", "list"),
    ("GET", "/runs/{run}", "runs", "get"),
    ("GET", "/runs/{run}/status", "runs", "get_status"),
    ("POST", "/runs/{run}/cancel", "runs", "cancel"),
    (
        "GET",
        "/runs/{run}/checkpoint-chain",
        "runs",
        "get_checkpoint_chain",
    ),
    (
        "GET",
        "/runs/{run}/checkpoints/{checkpoint}",
        "runs",
        "get_checkpoint",
    ),
    ("POST", "/runs/{run}/resume", "runs", "resume"),
    ("GET", "/runs/{run}/events", "runs", "subscribe"),
    ("POST", "/secrets", "secrets", "create"),
    ("GET", "/secrets", "secrets", "list"),
    ("GET", "/secrets/db", "secrets", "get"),
    ("PUT", "/secrets/db", "secrets", "update"),
    ("DELETE", "/secrets/db", "secrets", "delete"),
];

#[tokio::test]
async fn every_operation_wants_its_scope_and_takes_the_wider_ones() {
    let mut api = start_with(builder().trelent(TrelentOptions::new().secret("db", "v"))).await;
    let run = api.run("hi").await;
    let chain = api
        .ok("GET", &format!("/runs/{run}/checkpoint-chain"), None)
        .await;
    let checkpoint = chain[0]["checkpoint_id"].as_str().unwrap().to_owned();
    for (method, path, resource, action) in OPERATIONS {
        let path = path
            .replace("{run}", &run)
            .replace("{checkpoint}", &checkpoint);
        let body = match (*resource, *action) {
            ("runs", "create") => Some(create(json!({}))),
            ("runs", "resume") => Some(fork(json!({}))),
            ("secrets", "create") => Some(json!({"name": "db", "value": "w"})),
            ("secrets", "update") => Some(json!({"value": "w"})),
            _ => None,
        };
        let exact = format!("AgentOrchestrator:{resource}:{action}");
        let wrong_action = if *action == "list" { "get" } else { "list" };
        let wrong_action = if *resource == "sandboxes" {
            "AgentOrchestrator:runs:list".into()
        } else {
            format!("AgentOrchestrator:{resource}:{wrong_action}")
        };
        let wrong_resource = if *resource == "runs" {
            "secrets"
        } else {
            "runs"
        };
        for (scope, granted) in [
            (wrong_action, false),
            (format!("AgentOrchestrator:{wrong_resource}:*"), false),
            (exact.clone(), true),
            (format!("AgentOrchestrator:{resource}:*"), true),
            (ALL.to_owned(), true),
        ] {
            api.token = api.token_for(&scope).await;
            assert!(!api.token.is_empty(), "{scope} exists");
            let bearer = api.bearer();
            let mut headers = vec![
                ("authorization", bearer.as_str()),
                ("accept", "text/event-stream"),
            ];
            if body.is_some() {
                headers.push(("content-type", "application/json"));
            }
            let answer = api.raw(method, &path, &headers, body.as_ref()).await;
            // Granted calls may find other things to refuse, such as cancelling a run that is over.
            assert_eq!(
                answer.status != 403,
                granted,
                "{method} {path} with {scope}: {}",
                answer.status
            );
            if !granted {
                assert_eq!(
                    answer.json(),
                    json!({"detail": format!("Scope {exact} is required")})
                );
            }
        }
        let anonymous = api.raw(method, &path, &[], body.as_ref()).await;
        assert_eq!(anonymous.status, 401, "{method} {path}");
        assert_eq!(anonymous.json(), json!({"detail": "Not authenticated"}));
        assert_eq!(anonymous.header("www-authenticate"), Some("Bearer"));
    }
}

#[tokio::test]
async fn an_exchange_gives_a_token_for_the_scope() {
    let api = start().await;
    let answer = api.exchange("AgentOrchestrator:runs:list").await;
    assert_eq!(answer.status, 200);
    let token = answer.json();
    check(&token, TOKEN);
    assert_eq!(
        (&token["token_type"], &token["expires_in"], &token["scope"]),
        (
            &json!("Bearer"),
            &json!(3600),
            &json!("AgentOrchestrator:runs:list")
        )
    );
    let seen = api.trelent.token_exchanges();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].scope, "AgentOrchestrator:runs:list");
    assert_eq!(
        seen[1].access_token.as_deref(),
        token["access_token"].as_str()
    );
}

#[tokio::test]
async fn what_is_not_granted_is_refused_along_the_ladder() {
    let api =
        start_with(builder().trelent(TrelentOptions::new().grant(["AgentOrchestrator:runs:*"])))
            .await;
    for (scope, status, detail) in [
        (ALL, 403, "scope not allowed"),
        ("AgentOrchestrator:secrets:*", 403, "scope not allowed"),
        ("AgentOrchestrator:secrets:list", 403, "scope not allowed"),
        ("AgentOrchestrator:nothing:*", 400, "unknown scope"),
        ("AgentOrchestrator:runs:fly", 400, "unknown scope"),
        ("custom", 400, "unknown scope"),
        ("", 400, "unknown scope"),
    ] {
        let answer = api.exchange(scope).await;
        assert_eq!(
            (answer.status, answer.json()),
            (status, json!({"detail": detail})),
            "{scope}"
        );
    }
    for scope in ["AgentOrchestrator:runs:*", "AgentOrchestrator:runs:list"] {
        assert_eq!(api.exchange(scope).await.status, 200, "{scope}");
    }
    api.trelent.grant([ALL]);
    assert_eq!(api.exchange(ALL).await.status, 200);
    let statuses: Vec<_> = api
        .trelent
        .token_exchanges()
        .iter()
        .map(|exchange| exchange.status)
        .collect();
    assert_eq!(
        statuses,
        [403, 403, 403, 403, 400, 400, 400, 400, 200, 200, 200],
        "the first is the start's own"
    );
}

#[tokio::test]
async fn exchanges_are_read_strictly() {
    let api = start().await;
    let (id, secret) = (api.trelent.client_id(), api.trelent.client_secret());
    let json_type = [("content-type", "application/json; charset=utf-8")];
    for (id, secret) in [("x", secret), (id, "x"), ("", "")] {
        let body = json!({"client_id": id, "client_secret": secret, "scope": ALL});
        let answer = api.raw("POST", "/token", &json_type, Some(&body)).await;
        assert_eq!(
            (answer.status, answer.json()),
            (401, json!({"detail": "invalid client"}))
        );
    }
    for (body, loc) in [
        (
            json!({"client_id": id, "client_secret": secret}),
            json!(["body", "scope"]),
        ),
        (
            json!({"client_id": id, "client_secret": secret, "scope": 1}),
            json!(["body", "scope"]),
        ),
        (
            json!({"client_id": id, "client_secret": secret, "scope": ALL, "grant_type": "x"}),
            json!(["body", "grant_type"]),
        ),
        (json!([]), json!(["body"])),
    ] {
        let answer = api.raw("POST", "/token", &json_type, Some(&body)).await;
        assert_eq!(answer.status, 422, "{body}");
        let detail = answer.json();
        check(&detail["detail"][0], PROBLEM);
        assert_eq!(detail["detail"][0]["loc"], loc);
    }
    let body = json!({"client_id": id, "client_secret": secret, "scope": ALL});
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(
        api.raw("POST", "/token", &form, Some(&body)).await.status,
        422
    );
    let bearer = api.bearer();
    let with_bearer = [
        ("content-type", "application/json"),
        ("authorization", bearer.as_str()),
    ];
    assert_eq!(
        api.raw("POST", "/token", &with_bearer, Some(&body))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn health_takes_no_credentials() {
    let api = start().await;
    let answer = api.raw("GET", "/health", &[], None).await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({"status": "ok"}))
    );
    assert_eq!(api.get("/health").await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn tokens_expire_when_their_time_is_over() {
    let api =
        start_with(builder().trelent(TrelentOptions::new().token_life(Duration::from_secs(60))))
            .await;
    assert_eq!(api.exchange(ALL).await.json()["expires_in"], 60);
    assert_eq!(api.get("/runs").await.status, 200);
    tokio::time::advance(Duration::from_millis(59_999)).await;
    assert_eq!(api.get("/runs").await.status, 200);
    tokio::time::advance(Duration::from_millis(1)).await;
    let answer = api.get("/runs").await;
    assert_eq!(
        (answer.status, answer.json()),
        (401, json!({"detail": "Invalid or expired token"}))
    );
}

#[tokio::test]
async fn all_tokens_can_be_expired_now() {
    let mut api = start().await;
    assert_eq!(api.trelent.expire_tokens(), 1);
    assert_eq!(api.get("/runs").await.status, 401);
    api.token = api.token_for(ALL).await;
    assert_eq!(api.get("/runs").await.status, 200);
}

#[tokio::test]
async fn other_credentials_are_refused_even_where_none_are_needed() {
    let mut api = start_with(builder().trelent(TrelentOptions::new().anonymous(true))).await;
    assert_eq!(api.raw("GET", "/runs", &[], None).await.status, 200);
    for header in ["Bearer nope", "Bearer ", "Basic eDp5", "bearer"] {
        let answer = api
            .raw("GET", "/runs", &[("authorization", header)], None)
            .await;
        assert_eq!(answer.status, 401, "{header}");
    }
    api.token.push('x');
    assert_eq!(api.get("/runs").await.status, 401);
}

#[tokio::test]
async fn credentials_can_be_chosen() {
    let api = start_with(builder().trelent(TrelentOptions::new().client("me", "p\"\\☃/+="))).await;
    assert_eq!(
        (api.trelent.client_id(), api.trelent.client_secret()),
        ("me", "p\"\\☃/+=")
    );
    assert!(!api.token.is_empty());
}
