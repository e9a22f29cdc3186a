//! Traces, files, knowledge.

use serde_json::{Value, json};

use super::start;

#[tokio::test]
async fn traces_need_every_member() {
    let api = start().await;
    let whole = json!({
        "trace_id": "t", "span_id": "s", "parent_span_id": null, "name": "n", "type": "llm", "input": null,
        "output": null, "start_time": "2025-01-01T00:00:00.000Z", "end_time": null, "duration_ms": null,
        "metadata": null, "tags": [], "error": null, "usage": null, "model": null, "provider": null,
        "thread_id": "th",
    });
    api.expect(201, "POST", "/api/v1/traces", Some(&whole))
        .await;
    assert_eq!(api.mentiora.traces(), std::slice::from_ref(&whole));
    for key in whole.as_object().unwrap().keys() {
        let mut less = whole.clone();
        less.as_object_mut().unwrap().remove(key);
        api.expect(400, "POST", "/api/v1/traces", Some(&less)).await;
    }
    for own in [
        json!({"extra": 1}),
        json!({"type": "span"}),
        json!({"tags": null}),
        json!({"name": null}),
    ] {
        let mut other = whole.clone();
        other
            .as_object_mut()
            .unwrap()
            .extend(own.as_object().unwrap().clone());
        api.expect(400, "POST", "/api/v1/traces", Some(&other))
            .await;
    }
    assert_eq!(api.mentiora.traces().len(), 1);
}

#[tokio::test]
async fn files_and_knowledge_keep_their_state() {
    let api = start().await;
    let files = "/api/v1/files";
    let upload = json!({"filename": "a.txt", "content": "aGk=", "mime_type": "text/plain"});
    let id = api.expect(201, "POST", files, Some(&upload)).await["file_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut bad = upload.clone();
    bad["content"] = "aGk".into();
    api.expect(400, "POST", files, Some(&bad)).await;
    let file = format!("{files}/{id}");
    let metadata = api.expect(200, "GET", &file, None).await;
    assert_eq!(
        (&metadata["size"], &metadata["description"]),
        (&json!(2), &Value::Null)
    );
    let content = api.call("GET", &format!("{file}/content"), None).await;
    assert_eq!(
        (content.body.as_slice(), content.header("content-type")),
        (&b"hi"[..], Some("text/plain"))
    );
    let list = api
        .expect(200, "GET", "/api/v1/files?query=none", None)
        .await;
    assert_eq!(
        list,
        json!({"object": "list", "data": [], "total_count": 0})
    );
    let list = api
        .expect(200, "GET", "/api/v1/files?offset=0&count=1", None)
        .await;
    assert_eq!(
        (&list["data"][0], &list["total_count"]),
        (&metadata, &json!(1))
    );
    api.expect(400, "GET", "/api/v1/files?count=501", None)
        .await;
    api.expect(400, "GET", "/api/v1/files?limit=1", None).await;

    let bases = "/api/v1/knowledge";
    let base = api
        .expect(201, "POST", bases, Some(&json!({"name": "n"})))
        .await;
    let base = format!("{bases}/{}", base["knowledge_id"].as_str().unwrap());
    let documents = format!("{base}/documents");
    api.expect(
        404,
        "POST",
        &documents,
        Some(&json!({"file_ids": ["file_x"]})),
    )
    .await;
    let added = api
        .expect(201, "POST", &documents, Some(&json!({"file_ids": [id]})))
        .await;
    let document = format!(
        "{documents}/{}",
        added["documents"][0]["document_id"].as_str().unwrap()
    );
    assert_eq!(
        api.expect(200, "GET", &document, None).await["status"],
        "READY"
    );
    let details = api.expect(200, "GET", &base, None).await;
    assert_eq!(
        (
            &details["document_count"],
            &details["status_counts"]["READY"]
        ),
        (&json!(1), &json!(1))
    );
    let renamed = api
        .expect(
            200,
            "PUT",
            &base,
            Some(&json!({"name": "m", "description": "d"})),
        )
        .await;
    assert_eq!(
        (&renamed["name"], &renamed["description"]),
        (&json!("m"), &json!("d"))
    );
    assert_eq!(
        api.expect(409, "DELETE", &file, None).await["error"]["code"],
        "conflict"
    );
    api.expect(200, "DELETE", &document, None).await;
    api.expect(404, "DELETE", &document, None).await;
    assert_eq!(
        api.expect(200, "DELETE", &file, None).await,
        json!({"deleted": true})
    );
    api.expect(404, "GET", &file, None).await;
    api.expect(200, "DELETE", &base, None).await;
    api.expect(404, "GET", &base, None).await;
}
