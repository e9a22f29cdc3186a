//! A receiver of webhooks with axum: raw body, signature, each delivery once.
//!
//! Without the service's variables it starts an emulator, lets it deliver to this receiver, and ends after the turn.

use std::collections::HashSet;
use std::error::Error;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use meistrari_agent_sdk::{
    ExecuteAgentRequest, SessionWebhookConfig, SessionWebhookEventPayload,
    SessionWebhookEventType as Event, WEBHOOK_SIGNATURE_HEADER, verify_webhook_signature,
};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

mod support;

#[derive(Clone)]
struct Receiver {
    secret: Arc<str>,
    /// Ids of the deliveries that were handled. In earnest: a table with a unique key.
    seen: Arc<Mutex<HashSet<String>>>,
    events: UnboundedSender<SessionWebhookEventPayload>,
}

/// Takes the raw body: JSON that was parsed and written again has another signature.
async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers
        .get(WEBHOOK_SIGNATURE_HEADER)
        .and_then(|value| value.to_str().ok());
    if !verify_webhook_signature(&body, signature, &receiver.secret) {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(payload) = SessionWebhookEventPayload::from_slice(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    let new = match (&payload.delivery_id, receiver.seen.lock()) {
        (Some(id), Ok(mut seen)) => seen.insert(id.clone()),
        _ => true,
    };
    // Answer soon, work later: whoever waits too long is told again.
    if new && receiver.events.send(payload).is_err() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    StatusCode::NO_CONTENT
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;
    let secret =
        std::env::var("MEISTRARI_WEBHOOK_SECRET").unwrap_or_else(|_| "whsec_example".to_owned());
    let host =
        std::env::var("MEISTRARI_WEBHOOK_HOST").unwrap_or_else(|_| "hooks.example.com".to_owned());

    let (events, mut arrived) = unbounded_channel();
    let receiver = Receiver {
        secret: secret.as_str().into(),
        seen: Arc::default(),
        events,
    };
    let app = Router::new()
        .route("/hooks/agent-session", post(receive))
        .with_state(receiver);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    if let Some(emulator) = &service.emulator {
        // What is registered for this host comes here instead.
        emulator.meistrari().webhook_host(&host, address);
    } else {
        println!("let https://{host}/ lead to {address}");
    }

    let (organization, repository) = support::agent();
    let webhook = SessionWebhookConfig::new(format!("https://{host}/hooks/agent-session"))
        .events([
            Event::SessionStarted,
            Event::SessionWaitingMessages,
            Event::SessionFailed,
        ])
        .secret(secret);
    let request =
        ExecuteAgentRequest::start(organization, repository, "Summarize the latest tickets")
            .webhook(webhook);
    let session_id = service
        .client
        .execute_agent(request)
        .await?
        .into_session_id()?;
    println!("session {session_id}");

    while let Some(payload) = arrived.recv().await {
        println!(
            "{} of {}, delivery {:?}",
            payload.event_type, payload.session_id, payload.delivery_id
        );
        if payload.event_type != Event::SessionStarted {
            break;
        }
    }
    server.abort();
    Ok(())
}
