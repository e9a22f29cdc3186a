//! Operations that need no client.

use agent_core::sse::{Decoder, Frame};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use mentiora_sdk::{
    AgentStreamEvent, CreateStreamResponseOptions, Error, ErrorKind, create_stream_response,
    format_sse_event,
};
use serde_json::{Map, Value, json};

use super::errors::failure;
use crate::adapter::{Outcome, Streamed};
use crate::vector::Step;

/// Makes a call, if it is one of these.
pub(super) async fn call(step: &Step) -> Option<Outcome> {
    Some(match step.operation.as_str() {
        "sse.parse" => match frames(&step.args) {
            Ok(items) => Outcome::Stream(Streamed {
                items: items.into_iter().map(Ok).collect(),
                cursor: None,
            }),
            Err(reason) => Outcome::Unusable(reason),
        },
        "streaming.create_stream_response" => {
            respond(&step.args).await.unwrap_or_else(Outcome::Unusable)
        }
        "streaming.format_sse_event" => {
            let data = step.args.get("data").unwrap_or(&Value::Null);
            Outcome::from_result(format_sse_event(data), |error| failure(&error))
        }
        _ => return None,
    })
}

/// Decodes as the SDK's streams do.
fn frames(args: &Map<String, Value>) -> Result<Vec<Value>, String> {
    let mut decoder = Decoder::new().dispatch_unfinished(true).bare_names(false);
    let mut events = Vec::new();
    for chunk in chunks(args)? {
        decoder.feed(chunk);
        while let Some(frame) = decoder.next_frame().map_err(|error| error.to_string())? {
            events.push(shown(&frame));
        }
    }
    while let Some(frame) = decoder.finish().map_err(|error| error.to_string())? {
        events.push(shown(&frame));
    }
    Ok(events)
}

fn shown(frame: &Frame) -> Value {
    json!({"event": frame.event(), "data": frame.data(), "id": frame.id()})
}

fn chunks(args: &Map<String, Value>) -> Result<Vec<Bytes>, String> {
    let list = |key| args.get(key).and_then(Value::as_array);
    if let Some(chunks) = list("chunks") {
        let texts = chunks.iter().filter_map(Value::as_str);
        return Ok(texts.map(|text| Bytes::from(text.to_owned())).collect());
    }
    let chunks = list("chunks_base64").ok_or("there are no chunks")?;
    let texts = chunks.iter().filter_map(Value::as_str);
    texts
        .map(|text| STANDARD.decode(text).map(Bytes::from))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

async fn respond(args: &Map<String, Value>) -> Result<Outcome, String> {
    let events = args.get("events").cloned().unwrap_or_default();
    let events: Vec<AgentStreamEvent> =
        serde_json::from_value(events).map_err(|error| error.to_string())?;
    let mut source: Vec<Result<_, Error>> = events.into_iter().map(Ok).collect();
    if let Some(after) = args.get("fail_after").and_then(Value::as_u64) {
        source.truncate(usize::try_from(after).map_err(|error| error.to_string())?);
        source.push(Err(Error::new(ErrorKind::Transport, fail_message(args))));
    }
    let response = create_stream_response(stream::iter(source), options(args)?);
    let headers: Map<String, Value> = response
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str().into()))
        .collect();
    let status = response.status;
    let body: Vec<Bytes> = response
        .body
        .map(|chunk| chunk.unwrap_or_else(|never| match never {}))
        .collect()
        .await;
    let body = String::from_utf8_lossy(&body.concat()).into_owned();
    Ok(Outcome::Ok(
        json!({"status": status, "headers": headers, "body": body}),
    ))
}

fn fail_message(args: &Map<String, Value>) -> String {
    let text = args.get("fail_message").and_then(Value::as_str);
    text.unwrap_or("failed").to_owned()
}

fn options(args: &Map<String, Value>) -> Result<CreateStreamResponseOptions, String> {
    let mut options = CreateStreamResponseOptions::new();
    let headers = args.get("headers").and_then(Value::as_object);
    for (name, value) in headers.into_iter().flatten() {
        options = options.header(name, value.as_str().unwrap_or_default());
    }
    let message = fail_message(args);
    Ok(match args.get("transform").and_then(Value::as_str) {
        None => options,
        Some("text_only") => options.transform(|event| {
            let text = event.text_delta().map(|text| json!({"text": text}));
            Ok::<_, Error>(text)
        }),
        Some("identity") => options.transform(|event| Ok::<_, Error>(Some(event.clone()))),
        Some("fail_on_custom") => options.transform(move |event| match event {
            AgentStreamEvent::Custom(_) => Err(message.clone()),
            other => Ok(Some(other.clone())),
        }),
        Some(other) => return Err(format!("an unknown transform: {other}")),
    })
}
