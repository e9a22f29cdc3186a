//! An SDK in miniature and its adapter, for a vendor that does not exist.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_core::transport::{RequestBody, ResponseBody, TransportError};
use agent_core::{BoxFuture, Transport};
use futures_util::StreamExt;
use serde_json::{Map, Value, json};
use tokio::time::{sleep, timeout};

use super::by_hand::ByHand;
use crate::adapter::{Adapter, Env, Failure, Outcome, Session, Streamed};
use crate::vector::{Step, Vector};

/// The adapter.
pub(crate) struct Fake;

struct Client {
    transport: Arc<dyn Transport>,
    base: String,
    token: String,
    calls: u64,
    kept: Mutex<Option<ResponseBody>>,
}

impl Adapter for Fake {
    fn open<'a>(
        &'a self,
        vector: &'a Vector,
        env: &'a Env,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, Failure>> {
        Box::pin(async move {
            let text = |key: &str| vector.client.get(key)?.as_str().map(str::to_owned);
            let client = Client {
                transport: env.transport().unwrap_or_else(|| Arc::new(ByHand)),
                base: text("base").unwrap_or_default(),
                token: text("token").ok_or_else(|| Failure::new("config"))?,
                calls: 0,
                kept: Mutex::default(),
            };
            let client: Box<dyn Session> = Box::new(client);
            Ok(client)
        })
    }
}

impl Session for Client {
    fn call<'a>(&'a mut self, step: &'a Step) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            self.calls += 1;
            let limit = step.args.get("limit_ms").and_then(Value::as_u64);
            let limit = Duration::from_millis(limit.unwrap_or(3_600_000_000));
            match step.operation.as_str() {
                "things.follow" => self.follow(&step.args, limit).await,
                "things.create" => self.send("POST", "/things", step.args.get("body")).await,
                "things.get" => timeout(limit, self.get(&step.args))
                    .await
                    .unwrap_or_else(|_| Outcome::Error(Failure::new("timeout"))),
                "things.poll" => loop {
                    match self.get(&step.args).await {
                        Outcome::Ok(Value::Null) => sleep(Duration::from_millis(250)).await,
                        other => return other,
                    }
                },
                "things.hammer" => loop {
                    self.get(&step.args).await;
                },
                "things.panic" => panic!("as asked"),
                _ => Outcome::unknown(step),
            }
        })
    }

    fn observed(&self, key: &str) -> Option<Value> {
        (key == "refresh_calls").then(|| self.calls.into())
    }
}

impl Client {
    async fn get(&self, args: &Map<String, Value>) -> Outcome {
        let path = format!("/things/{}?a=1&b=2", args["id"].as_str().unwrap());
        self.send("GET", &path, None).await
    }

    async fn exchange(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<http::Response<ResponseBody>, TransportError> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token));
        let body = match body {
            None => RequestBody::empty(),
            Some(body) => {
                request = request.header("content-type", "application/json");
                body.to_string().into_bytes().into()
            }
        };
        self.transport.send(request.body(body).unwrap()).await
    }

    async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Outcome {
        let response = match self.exchange(method, path, body).await {
            Ok(response) => response,
            Err(error) => return Outcome::Error(transport(&error)),
        };
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        let mut pieces = response.into_body();
        while let Some(piece) = pieces.next().await {
            match piece {
                Ok(piece) => bytes.extend_from_slice(&piece),
                Err(error) => return Outcome::Error(transport(&error)),
            }
        }
        if status >= 400 {
            let text = String::from_utf8(bytes).unwrap();
            let failure = Failure::new("api").with("status", status);
            return Outcome::Error(failure.with("message", text));
        }
        let mut value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if value.is_object() {
            value["calls"] = self.calls.into();
        }
        Outcome::Ok(value)
    }

    /// One event per line of JSON.
    async fn follow(&mut self, args: &Map<String, Value>, limit: Duration) -> Outcome {
        let response = self.exchange("GET", "/things/events?a=1&b=2", None).await;
        let mut body = match response {
            Ok(response) => response.into_body(),
            Err(error) => return Outcome::Error(transport(&error)),
        };
        let take = args.get("take").and_then(Value::as_u64);
        let mut streamed = Streamed::default();
        let mut rest = Vec::new();
        while let Ok(Some(piece)) = timeout(limit, body.next()).await {
            match piece {
                Ok(piece) => rest.extend_from_slice(&piece),
                Err(error) => {
                    streamed.items.push(Err(transport(&error)));
                    break;
                }
            }
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                let event = serde_json::from_slice(&line);
                let event = event.map_err(|_| Failure::new("decode"));
                streamed.items.push(event);
                if take == Some(streamed.items.len() as u64) {
                    if args.get("keep") == Some(&json!(true)) {
                        *self.kept.get_mut().unwrap() = Some(body);
                    }
                    return Outcome::Stream(streamed);
                }
            }
        }
        Outcome::Stream(streamed)
    }
}

fn transport(error: &TransportError) -> Failure {
    Failure::new("transport").with("phase", format!("{:?}", error.phase()))
}
