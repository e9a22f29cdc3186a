//! What an SDK has no method for is reached by its raw door, with the client's own credentials.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{HttpConfig, Raw};
use serde_json::{Value, json};

/// A vendor's client, the header of its credentials and what that says.
struct Row {
    name: &'static str,
    raw: fn(HttpConfig) -> Raw,
    header: &'static str,
    credentials: &'static str,
}

const BASE: &str = "https://vendor.test/v1";

const ROWS: [Row; 4] = [
    Row {
        name: "trelent",
        raw: |http| {
            let options = trelent_agents::ClientOptions::new().credentials("id", "secret");
            let client = trelent_agents::Client::with_options(BASE, options.http(http));
            client.unwrap().raw()
        },
        header: "authorization",
        credentials: "Bearer token",
    },
    Row {
        name: "agentrouter",
        raw: |http| {
            let options = agentrouter_sdk::AgentRouterOptions::new("key").base_url(BASE);
            agentrouter_sdk::agentrouter(options.http(http))
                .unwrap()
                .raw()
        },
        header: "authorization",
        credentials: "Bearer key",
    },
    Row {
        name: "meistrari",
        raw: |http| {
            let auth = meistrari_agent_sdk::DataTokenAuthStrategy::new("key");
            let client = meistrari_agent_sdk::AgentClient::builder(BASE, auth).http(http);
            client.build().unwrap().raw()
        },
        header: "x-data-token",
        credentials: "key",
    },
    Row {
        name: "mentiora",
        raw: |http| {
            let config = mentiora_sdk::MentioraConfig::server("key").base_url(BASE);
            mentiora_sdk::MentioraClient::new(config.http(http))
                .unwrap()
                .raw()
        },
        header: "authorization",
        credentials: "Bearer key",
    },
];

#[tokio::test(start_paused = true)]
async fn a_raw_request_goes_out_as_the_client_sends_its_own() {
    for row in ROWS {
        let wire = ScriptedTransport::new();
        wire.reply_with(|request| {
            let token = request.uri.path().ends_with("/token");
            Reply::json(&if token {
                json!({"access_token": "token", "expires_in": 3600, "token_type": "Bearer"})
            } else {
                json!({"new": true})
            })
        });
        let raw = (row.raw)(HttpConfig::new().transport(wire.shared()));
        let request = raw.get("/new/{id}").param("id", "a/b").query("n", 1);
        let value: Value = request.json().await.unwrap();
        assert_eq!(value, json!({"new": true}), "{}", row.name);
        let requests = wire.requests();
        let sent = requests.last().unwrap();
        assert_eq!(
            sent.uri, "https://vendor.test/v1/new/a%2Fb?n=1",
            "{}",
            row.name
        );
        assert_eq!(sent.headers[row.header], row.credentials, "{}", row.name);
    }
}
