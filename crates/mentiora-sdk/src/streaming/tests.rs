use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use agent_core::ErrorKind;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::*;

fn event(json: Value) -> AgentStreamEvent {
    serde_json::from_value(json).unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "it is an item of a stream")]
fn delta(text: &str) -> Result<AgentStreamEvent> {
    Ok(event(json!({"type": "output_text_delta", "delta": text})))
}

async fn text(response: StreamResponse) -> String {
    let body = response.into_http().unwrap().into_body();
    String::from_utf8(BodyExt::collect(body).await.unwrap().to_bytes().to_vec()).unwrap()
}

async fn body(
    events: Vec<Result<AgentStreamEvent>>,
    options: CreateStreamResponseOptions,
) -> String {
    text(create_stream_response(stream::iter(events), options)).await
}

#[tokio::test]
async fn the_default_frames_are_exact_to_the_byte() {
    let events = vec![
        Ok(event(
            json!({"type": "agent_resolved", "agentId": "a", "agentRevision": 1, "threadId": "t"}),
        )),
        delta("Zażółć 🙂 \"q\" \\ \n\r\t\u{8}\u{c}\u{1}\u{7f}\u{2028}/</script>"),
        Ok(event(
            json!({"type": "tool_call_delta", "toolCallId": "c", "name": "n", "argumentsDelta": ""}),
        )),
        Ok(event(
            json!({"type": "tool_call_result", "toolCallId": "c", "name": "n", "arguments": 1, "result": 2}),
        )),
        Ok(event(json!({"type": "custom", "event": "x", "data": {}}))),
        Ok(event(
            json!({"type": "error", "code": "c", "message": "not the end"}),
        )),
        Ok(event(
            json!({"type": "chat_completed", "threadId": "t", "status": "failed", "output": "o"}),
        )),
        Ok(event(json!({"type": "suggestions", "suggestions": []}))),
        delta(""),
    ];
    let expected = concat!(
        "data: {\"type\":\"delta\",\"delta\":\"Zażółć 🙂 \\\"q\\\" \\\\ \\n\\r\\t\\b\\f\\u0001\u{7f}\u{2028}/</script>\"}\n\n",
        "data: {\"type\":\"error\",\"message\":\"not the end\"}\n\n",
        "data: {\"type\":\"done\",\"threadId\":\"t\",\"output\":\"o\",\"status\":\"failed\"}\n\n",
        "data: {\"type\":\"delta\",\"delta\":\"\"}\n\n",
    );
    assert_eq!(
        body(events, CreateStreamResponseOptions::new()).await,
        expected
    );
}

#[tokio::test]
async fn a_failure_of_source_or_transform_is_the_last_frame() {
    let failed = || {
        let error = Error::new(ErrorKind::Interrupted, "Stream interrupted: \"reset\"");
        Err(error.with_code("not shown"))
    };
    let got = body(
        vec![delta("a"), failed(), delta("b")],
        CreateStreamResponseOptions::new(),
    )
    .await;
    let expected = "data: {\"type\":\"delta\",\"delta\":\"a\"}\n\n\
                    data: {\"type\":\"error\",\"message\":\"Stream interrupted: \\\"reset\\\"\"}\n\n";
    assert_eq!(got, expected);

    let picky = CreateStreamResponseOptions::new().transform(|event| match event.text_delta() {
        Some("b") => Err("no b"),
        text => Ok(text.map(str::to_owned)),
    });
    let got = body(vec![delta("a"), delta("b"), delta("c")], picky).await;
    assert_eq!(
        got,
        "data: \"a\"\n\ndata: {\"type\":\"error\",\"message\":\"no b\"}\n\n"
    );

    // What can not be written as JSON is a failure of the transform too.
    let odd = CreateStreamResponseOptions::new()
        .transform(|_| Ok::<_, Error>(Some(std::collections::BTreeMap::from([((1, 2), 3)]))));
    let got = body(vec![delta("a")], odd).await;
    assert_eq!(
        got,
        "data: {\"type\":\"error\",\"message\":\"the data can not be written as JSON\"}\n\n"
    );
}

#[tokio::test]
async fn a_transform_leaves_out_what_it_gives_nothing_for() {
    let only_b = |event: &AgentStreamEvent| {
        let text = event.text_delta().filter(|text| *text == "b");
        Ok::<_, Error>(text.map(|text| json!({"text": text})))
    };
    let frames = stream_events(stream::iter([delta("a"), delta("b"), delta("c")]), only_b);
    assert_eq!(
        frames.collect::<Vec<_>>().await,
        ["data: {\"text\":\"b\"}\n\n"]
    );
}

#[test]
fn headers_of_the_options_win_whatever_their_case() {
    let options = CreateStreamResponseOptions::new()
        .header("content-TYPE", "text/plain")
        .header("Set-Cookie", "a=1")
        .header("set-cookie", "b=2");
    let response = create_stream_response(stream::empty(), options);
    assert_eq!(response.status, 200);
    let shown = format!("{response:?}");
    assert!(
        shown.contains("Set-Cookie") && !shown.contains("a=1"),
        "{shown}"
    );
    let http = response.into_http().unwrap();
    let all = |name: &str| -> Vec<_> {
        http.headers()
            .get_all(name)
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect()
    };
    assert_eq!(all("content-type"), ["text/plain"]);
    assert_eq!(all("set-cookie"), ["a=1", "b=2"]);
    assert_eq!(all("cache-control"), ["no-cache, no-transform"]);
    assert_eq!(all("connection"), ["keep-alive"]);
    assert_eq!(all("x-accel-buffering"), ["no"]);

    for (name, value) in [("bad name", "x"), ("x-name", "bad\nvalue")] {
        let options = CreateStreamResponseOptions::new().header(name, value);
        let error = create_stream_response(stream::empty(), options)
            .into_http()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(!error.to_string().contains("bad\nvalue"));
    }
}

/// Counts how often it is polled, and whether it is dropped.
struct Watched(Arc<AtomicUsize>, Arc<AtomicUsize>);

impl Drop for Watched {
    fn drop(&mut self) {
        self.1.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn the_source_is_read_as_the_body_is_and_dropped_with_it() {
    let (polled, dropped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let watched = Watched(Arc::clone(&polled), Arc::clone(&dropped));
    let source = stream::poll_fn(move |_| {
        watched.0.fetch_add(1, Ordering::SeqCst);
        std::task::Poll::Ready(Some(delta("x")))
    });
    let mut response = create_stream_response(source, CreateStreamResponseOptions::new());
    assert_eq!(
        polled.load(Ordering::SeqCst),
        0,
        "nothing is read before the body is"
    );
    for n in 1..=3 {
        assert!(response.body.next().now_or_never().flatten().is_some());
        assert_eq!(polled.load(Ordering::SeqCst), n, "and nothing ahead of it");
    }
    drop(response);
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
    assert_eq!(polled.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn the_source_is_gone_with_the_last_frame_not_with_the_body() {
    let (polled, dropped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let watched = Watched(polled, Arc::clone(&dropped));
    let source = stream::poll_fn(move |_| {
        let _kept = &watched;
        std::task::Poll::Ready(Some(Err(Error::new(ErrorKind::Transport, "over"))))
    });
    let mut response = create_stream_response(source, CreateStreamResponseOptions::new());
    assert!(response.body.next().await.is_some());
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
    assert!(response.body.next().await.is_none());
    assert!(response.body.next().await.is_none());
}
