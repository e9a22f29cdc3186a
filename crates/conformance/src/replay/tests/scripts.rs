//! Every script of the workspace's vectors, played to a client that sends exactly what it lists: all of it must be
//! accepted, and the answers must be the same over the wire and in memory.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_core::transport::{RequestBody, ResponseBody, TransportError};
use agent_core::{BoxFuture, Transport};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::by_hand::ByHand;
use crate::adapter::{Adapter, Env, Failure, Outcome, Session};
use crate::compare::Difference;
use crate::replay::{Mode, replay};
use crate::run::crate_vectors;
use crate::vector::load;
use crate::vector::placeholders::SERVERS;
use crate::vector::{Exchange, Request, Step, Vector};
use crate::vendors::VENDORS;

/// Sends the requests of a vector and notes the answers.
#[derive(Clone, Default)]
struct Parrot(Arc<Mutex<Vec<String>>>);

struct Client {
    transport: Arc<dyn Transport>,
    vector: Vector,
    answers: Arc<Mutex<Vec<String>>>,
}

impl Adapter for Parrot {
    fn open<'a>(
        &'a self,
        vector: &'a Vector,
        env: &'a Env,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, Failure>> {
        Box::pin(async move {
            let client: Box<dyn Session> = Box::new(Client {
                transport: env.transport().unwrap_or_else(|| Arc::new(ByHand)),
                vector: vector.clone(),
                answers: Arc::clone(&self.0),
            });
            Ok(client)
        })
    }

    fn check_body(
        &self,
        _: &str,
        body: &[u8],
        expected: &Request,
        _: &Vector,
    ) -> Result<Vec<Difference>, String> {
        Ok(crate::compare::request::body(&expected.body, body))
    }
}

impl Session for Client {
    fn call<'a>(&'a mut self, _: &'a Step) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            for exchange in &self.vector.exchanges {
                let answer = match self.transport.send(self.request(exchange)).await {
                    Err(error) => told(&error),
                    Ok(response) => {
                        let status = response.status();
                        format!("{status} {}", read(response.into_body()).await)
                    }
                };
                self.answers.lock().unwrap().push(answer);
            }
            Outcome::Ok(Value::Null)
        })
    }
}

impl Client {
    fn request(&self, exchange: &Exchange) -> http::Request<RequestBody> {
        let expected = &exchange.request;
        let base = self.vector.client[&exchange.server].as_str().unwrap();
        let mark = if expected.query.is_empty() { "" } else { "?" };
        let mut request = http::Request::builder()
            .method(expected.method.as_str())
            .uri(format!("{base}{}{mark}{}", expected.path, expected.query));
        for (name, value) in &expected.headers {
            request = request.header(name, value);
        }
        let body = match &expected.body {
            Value::Null => RequestBody::empty(),
            Value::String(text) => text.clone().into_bytes().into(),
            json => json.to_string().into_bytes().into(),
        };
        request.body(body).unwrap()
    }
}

/// The whole body and how it ended. A server that keeps it open is left after a while.
async fn read(mut body: ResponseBody) -> String {
    let mut bytes = Vec::new();
    let end = loop {
        match timeout(Duration::from_secs(1), body.next()).await {
            Err(_) => break "left".to_owned(),
            Ok(None) => break "end".to_owned(),
            Ok(Some(Err(error))) => break told(&error),
            Ok(Some(Ok(piece))) => bytes.extend_from_slice(&piece),
        }
    };
    format!("{:?} {end}", String::from_utf8_lossy(&bytes))
}

fn told(error: &TransportError) -> String {
    format!("broken in {:?}", error.phase())
}

fn played(source: &Value, mode: Mode) -> Vec<String> {
    let parrot = Parrot::default();
    let found = replay(&parrot, source, mode);
    assert_eq!(found, Vec::<Difference>::new(), "{mode:?} {source}");
    parrot.0.lock().unwrap().clone()
}

/// Addresses that do not differ between the ways of playing.
fn without_addresses(answers: &[String]) -> Vec<String> {
    let plain = |answer: &String| {
        let mut parts = answer.split("http://127.0.0.1:");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| {
            text + "{server}" + part.trim_start_matches(|c: char| c.is_ascii_digit())
        })
    };
    answers.iter().map(plain).collect()
}

/// Whether a script has waits that only virtual time can do: over the wire it is not played.
fn waits_long(exchanges: &Value) -> bool {
    let waits = |exchange: &Value| {
        ["stall_ms", "gap_ms"].iter().any(|name| {
            let wait = exchange["response"][*name].as_u64();
            wait.is_some_and(|ms| ms > 1000)
        })
    };
    exchanges
        .as_array()
        .is_some_and(|all| all.iter().any(waits))
}

#[test]
fn every_script_plays_the_same_over_the_wire_and_in_memory() {
    let mut played_scripts = 0;
    for vendor in VENDORS {
        let Ok(mut found) = load::folder(&crate_vectors(vendor)) else {
            continue;
        };
        for source in found.remove(vendor.name).unwrap_or_default() {
            let content = source.content.unwrap();
            let Some(exchanges) = content.get("exchanges") else {
                continue;
            };
            if waits_long(exchanges) {
                continue;
            }
            let client: serde_json::Map<_, _> = SERVERS
                .iter()
                .map(|(name, placeholder)| ((*name).to_owned(), json!(placeholder)))
                .collect();
            let script = json!({
                "name": source.name, "vendor": vendor.name, "operation": "play",
                "client": client, "exchanges": exchanges,
            });
            let wire = without_addresses(&played(&script, Mode::Wire));
            let memory = without_addresses(&played(&script, Mode::Memory));
            assert_eq!(wire, memory, "{}", source.name);
            played_scripts += 1;
        }
    }
    assert!(played_scripts > 100);
}
