//! What is refused, and which keys are good.

use agent_emulator::MentioraOptions;
use serde_json::{Value, json};

use super::{RUN, ask, start, start_with};

#[tokio::test]
async fn what_is_wrong_with_a_request_is_refused_in_the_vendors_envelope() {
    let api = start().await;
    let with = |own: Value| {
        let mut body = ask("x");
        body.as_object_mut()
            .unwrap()
            .extend(own.as_object().unwrap().clone());
        body
    };
    let without = |key: &str| {
        let mut body = ask("x");
        body.as_object_mut().unwrap().remove(key);
        body
    };
    for (body, status, code) in [
        (without("message"), 400, "invalid_request"),
        (with(json!({"message": " "})), 400, "invalid_request"),
        (with(json!({"message": 7})), 400, "invalid_request"),
        (without("tag"), 400, "invalid_request"),
        (without("stream"), 400, "invalid_request"),
        (
            with(json!({"agent_id": "agt_emulator"})),
            400,
            "invalid_request",
        ),
        (with(json!({"tag": "Production"})), 400, "invalid_request"),
        (with(json!({"tag": ""})), 400, "invalid_request"),
        (with(json!({"thread_id": null})), 400, "invalid_request"),
        (with(json!({"revision": 1.5})), 400, "invalid_request"),
        (with(json!({"metadata": []})), 400, "invalid_request"),
        (with(json!({"threadId": "x"})), 400, "invalid_request"),
        (
            with(json!({"model_params": {"temperature": 2.1}})),
            400,
            "invalid_request",
        ),
        (
            with(json!({"model_params": {"max_tokens": 0}})),
            400,
            "invalid_request",
        ),
        (
            with(json!({"model_params": {"maxTokens": 1}})),
            400,
            "invalid_request",
        ),
        (with(json!({"stream": true})), 400, "invalid_request"),
        (
            with(json!({"message": "emulate:nonsense"})),
            400,
            "invalid_request",
        ),
        (with(json!({"tag": "nobody"})), 404, "agent_not_found"),
        (with(json!({"revision": 9})), 404, "revision_not_found"),
        (
            with(json!({"thread_id": "thr_nowhere"})),
            404,
            "thread_not_found",
        ),
    ] {
        let refusal = api.expect(status, "POST", RUN, Some(&body)).await;
        assert_eq!(refusal["error"]["code"], code, "{body}: {refusal}");
        assert!(refusal["error"]["message"].is_string());
        assert_eq!(refusal.as_object().unwrap().len(), 1);
    }
    assert!(api.mentiora.runs().is_empty());
    let whole = with(json!({
        "revision": 1, "thread_id": "", "model_id": "", "end_user_id": "", "metadata": {"a": null},
        "model_params": {"temperature": 0, "max_tokens": 1, "seed": -1},
    }));
    api.expect(200, "POST", RUN, Some(&whole)).await;
    assert_eq!(api.mentiora.runs()[0].agent_revision, 1);
    for (method, path, status) in [
        ("GET", RUN, 405),
        ("POST", "/api/v2/agents/run", 404),
        ("GET", "/", 404),
    ] {
        let refusal = api.expect(status, method, path, None).await;
        assert!(refusal["error"]["code"].is_string());
    }
}

#[tokio::test]
async fn exactly_one_good_key_is_needed() {
    let options = MentioraOptions::new()
        .api_key("sk")
        .publishable_key("pk")
        .identity_tokens(["jwt"]);
    let api = start_with(options).await;
    let json = ("content-type", "application/json");
    for (headers, status, code) in [
        (vec![], 401, "missing_api_key"),
        (vec![("authorization", "Bearer no")], 401, "invalid_api_key"),
        (vec![("authorization", "sk")], 401, "invalid_api_key"),
        (
            vec![("authorization", "Bearer sk"), ("x-publishable-key", "pk")],
            400,
            "invalid_request",
        ),
        (
            vec![("authorization", "Bearer sk"), ("x-identity-token", "jwt")],
            400,
            "invalid_request",
        ),
        (
            vec![("x-publishable-key", "no"), ("x-identity-token", "jwt")],
            401,
            "invalid_publishable_key",
        ),
        (vec![("x-publishable-key", "pk")], 401, "token_expired"),
        (
            vec![("x-publishable-key", "pk"), ("x-identity-token", "old")],
            401,
            "token_expired",
        ),
        (vec![("authorization", "Bearer sk")], 200, ""),
        (
            vec![("x-publishable-key", "pk"), ("x-identity-token", "jwt")],
            200,
            "",
        ),
    ] {
        let mut headers = headers;
        headers.push(json);
        let answer = api.raw("POST", RUN, &headers, Some(&ask("x"))).await;
        assert_eq!(answer.status, status, "{headers:?}: {}", answer.text());
        if status != 200 {
            assert_eq!(answer.json()["error"]["code"], code, "{headers:?}");
        }
    }
    let traces = [
        json,
        ("x-publishable-key", "pk"),
        ("x-identity-token", "jwt"),
    ];
    let answer = api
        .raw("POST", "/api/v1/traces", &traces, Some(&json!({})))
        .await;
    assert_eq!(answer.status, 401, "traces are for servers");
}
