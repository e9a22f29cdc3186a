//! The server behind the page: one route for the page, one that relays an agent's events.

use axum::Router;
use axum::body::Body;
use axum::extract::{Json, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use mentiora_sdk::{
    AgentRunParams, AgentStreamEvent, CreateStreamResponseOptions, Error, MentioraClient,
    SuggestionItem, create_stream_response,
};
use serde::{Deserialize, Serialize};

/// What the page sends. Which agent answers is not the page's choice.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Question {
    message: String,
    thread_id: Option<String>,
}

/// What the page gets to see.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Shown {
    Delta {
        delta: String,
    },
    Tool {
        name: String,
    },
    Done {
        #[serde(rename = "threadId")]
        thread_id: String,
    },
    Suggestions {
        suggestions: Vec<SuggestionItem>,
    },
    Error {
        message: String,
    },
}

pub(crate) fn app(client: MentioraClient) -> Router {
    Router::new()
        .route("/", get(async || Html(include_str!("page.html"))))
        .route("/page.js", get(script))
        .route("/chat", post(chat))
        .with_state(client)
}

async fn script() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/javascript")];
    (kind, include_str!("page.js"))
}

async fn chat(
    State(client): State<MentioraClient>,
    Json(question): Json<Question>,
) -> Result<Response, (StatusCode, String)> {
    let refuse = |error: Error| (StatusCode::BAD_REQUEST, error.message().to_owned());
    let mut params = AgentRunParams::tag("production", question.message);
    if let Some(thread) = question.thread_id {
        params = params.thread_id(thread);
    }
    // Checked here already, so that the page gets a plain 400 instead of a stream with one error.
    params.validate().map_err(refuse)?;
    let events = client.agents().stream(params);
    let options = CreateStreamResponseOptions::new().transform(|event| Ok::<_, Error>(show(event)));
    let response = create_stream_response(events, options);
    Ok(response.into_http().map_err(refuse)?.map(Body::new))
}

fn show(event: &AgentStreamEvent) -> Option<Shown> {
    Some(match event.clone() {
        AgentStreamEvent::OutputTextDelta(event) => Shown::Delta { delta: event.delta },
        AgentStreamEvent::ToolCallResult(event) => Shown::Tool { name: event.name },
        AgentStreamEvent::ChatCompleted(event) => Shown::Done {
            thread_id: event.thread_id,
        },
        AgentStreamEvent::Suggestions(event) => Shown::Suggestions {
            suggestions: event.suggestions,
        },
        AgentStreamEvent::Error(event) => Shown::Error {
            message: event.message,
        },
        _ => return None,
    })
}
