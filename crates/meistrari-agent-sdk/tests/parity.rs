//! Every symbol of the vendor's package by its Rust item: a missing one does not compile.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_push_string,
    reason = "a test that can not go on should stop, and its texts are for people"
)]

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use meistrari_agent_sdk as sdk;
use sdk::{ErrorExt, *};

fn symbol<T: ?Sized>() {}

fn cloneable<T: Clone + Send + Sync + 'static>() {}

#[test]
fn every_symbol_of_the_vendors_package_has_its_counterpart() -> Result<()> {
    // agentClient(config) with baseUrl, authStrategy, vaultUrl.
    let mut config = AgentClientConfig::new(
        "https://agent-api.example.com",
        DataTokenAuthStrategy::new("dt"),
    );
    config.base_url = "https://agent-api.example.com".to_owned();
    config.auth_strategy = Arc::new(ApiKeyAuthStrategy::new("key"));
    config.vault_url = Some("https://vault.example.com".to_owned());
    let client: AgentClient = agent_client(config)?;
    AgentClient::builder("https://a.example", DataTokenAuthStrategy::new("dt")).build()?;
    cloneable::<AgentClient>();
    symbol::<dyn AuthStrategy>();

    // The methods of the client.
    drop(client.execute_agent(ExecuteAgentRequest::start("o", "r", "m")));
    drop(client.execute_agent(ExecuteAgentRequest::continue_session("s", "m")));
    drop(client.execute_agent(ExecuteAgentRequest::recover("s")));
    drop(client.stream_session("s", StreamSessionOptions::new().cursor(0)));
    drop(client.cancel_session("s"));
    drop(client.update_agent_model(UpdateAgentModelRequest::new("r", "m").commit_message("c")));
    drop(client.fetch_timeline("s"));
    drop(client.list_session_files("s"));
    drop(client.fetch_session_file("s", "p"));
    drop(client.resolve_reference("vault://x"));
    drop(client.resolve_reference_stream("vault://x"));
    drop(client.resolve_reference_json::<Vec<u8>>("vault://x"));
    drop(client.resolve_reference_as("vault://x", ReferenceFormat::Json));

    // Types.
    symbol::<AgentInput>();
    symbol::<ExecuteAgentResponse>();
    symbol::<SessionStream>();
    symbol::<SessionStreamEvent>();
    symbol::<(
        StatusEvent,
        StepsEvent,
        ResultEvent,
        ErrorEvent,
        UnknownEvent,
    )>();
    symbol::<SessionStatus>();
    symbol::<CancelSessionResponse>();
    symbol::<UpdateAgentModelResponse>();
    symbol::<SessionTimelineResponse>();
    symbol::<(SessionFiles, SessionFileEntry, SessionFile, FileEncoding)>();
    symbol::<ResolvedReference>();
    symbol::<FetchError<'_>>();
    symbol::<(
        SessionWebhookConfig,
        SessionWebhookEventType,
        SessionWebhookEventPayload,
    )>();
    symbol::<(SessionWebhookUsage, SessionWebhookSubagent)>();
    symbol::<Endpoints>();

    // parseSessionStream, isFetchError, verifyWebhookSignature, vault helpers.
    drop(parse_session_stream(stream::empty::<
        std::result::Result<Bytes, std::io::Error>,
    >()));
    let error = SessionWebhookEventPayload::from_slice(b"").unwrap_err();
    assert!(!is_fetch_error(&error) && error.as_fetch_error().is_none());
    assert!(!verify_webhook_signature("body", None, "secret"));
    assert_eq!(sign_webhook("hello", "key").len(), 64);
    assert_eq!(WEBHOOK_SIGNATURE_HEADER, "x-tela-agent-webhook-signature");
    assert!(!is_vault_reference("x") && extract_vault_references("x").is_empty());
    SessionWebhookConfig::new("https://example.com").validate()
}
