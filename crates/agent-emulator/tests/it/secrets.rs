//! Secrets go in and never come out.

use std::time::Duration;

use serde_json::json;

use crate::shapes::{SECRET, check};
use crate::support::start;

#[tokio::test(start_paused = true)]
async fn secrets_are_created_read_changed_and_deleted() {
    let api = start().await;
    let created = api
        .call(
            "POST",
            "/secrets",
            Some(&json!({"name": "db", "value": "sk-1"})),
        )
        .await;
    assert_eq!(created.status, 201);
    let created = created.json();
    check(&created, SECRET);
    assert_eq!(
        (&created["name"], &created["provider"]),
        (&json!("db"), &json!("aws"))
    );
    assert_eq!(api.ok("GET", "/secrets/db", None).await, created);
    tokio::time::advance(Duration::from_secs(1)).await;
    let updated = api
        .ok("PUT", "/secrets/db", Some(&json!({"value": "sk-2"})))
        .await;
    check(&updated, SECRET);
    assert_eq!(
        (&updated["id"], &updated["created_at"]),
        (&created["id"], &created["created_at"])
    );
    assert_ne!(updated["updated_at"], created["updated_at"]);
    assert_eq!(api.trelent.secret_value("db").as_deref(), Some("sk-2"));
    assert_eq!(api.ok("GET", "/secrets", None).await, json!([updated]));
    assert_eq!(
        api.ok("DELETE", "/secrets/db", None).await,
        json!({"status": "deleted"})
    );
    assert_eq!(api.ok("GET", "/secrets", None).await, json!([]));
}

#[tokio::test]
async fn refusals_have_the_right_status() {
    let api = start().await;
    let body = json!({"name": "a b/c", "value": ""});
    assert_eq!(api.call("POST", "/secrets", Some(&body)).await.status, 201);
    let again = api.call("POST", "/secrets", Some(&body)).await;
    assert_eq!(
        (again.status, again.json()),
        (409, json!({"detail": "Secret a b/c already exists"}))
    );
    assert_eq!(api.get("/secrets/a%20b%2Fc").await.status, 200);
    for (method, body) in [
        ("GET", None),
        ("PUT", Some(json!({"value": "x"}))),
        ("DELETE", None),
    ] {
        let answer = api.call(method, "/secrets/none", body.as_ref()).await;
        assert_eq!(
            (answer.status, answer.json()),
            (404, json!({"detail": "Secret not found"})),
            "{method}"
        );
    }
    for (method, path, body) in [
        ("POST", "/secrets", json!({"name": "x"})),
        ("POST", "/secrets", json!({"name": "", "value": "x"})),
        ("POST", "/secrets", json!({"name": "x", "value": 1})),
        (
            "POST",
            "/secrets",
            json!({"name": "x", "value": "x", "provider": "aws"}),
        ),
        ("PUT", "/secrets/a%20b%2Fc", json!({})),
        (
            "PUT",
            "/secrets/a%20b%2Fc",
            json!({"value": "x", "name": "y"}),
        ),
    ] {
        assert_eq!(
            api.call(method, path, Some(&body)).await.status,
            422,
            "{method} {body}"
        );
    }
}
