//! A client from a vector's options, with everything that is seen beside its results.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use agent_core::Ambient;
use mentiora_sdk::{Error, HttpConfig, MentioraClient, MentioraConfig, RetryPolicy};
use serde_json::{Map, Value};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::adapter::Env;
use crate::vector::Vector;

/// What the vendor's client does by default.
const RETRIES: u32 = 3;

/// A client under test.
pub(super) struct Built {
    pub(super) client: MentioraClient,
    /// Warnings while it was built.
    pub(super) warnings: usize,
    /// Calls of the callback for identity tokens.
    pub(super) refreshes: Arc<AtomicUsize>,
}

pub(super) fn build(vector: &Vector, env: &Env) -> Result<Built, Error> {
    let options = &vector.client;
    let refreshes = Arc::default();
    let config = config(options, &refreshes).http(http(vector, env));
    let warnings = Warnings::default();
    let client =
        tracing::subscriber::with_default(warnings.clone(), || MentioraClient::new(config))?;
    Ok(Built {
        client,
        warnings: warnings.0.load(Ordering::SeqCst),
        refreshes,
    })
}

fn config(options: &Map<String, Value>, refreshes: &Arc<AtomicUsize>) -> MentioraConfig {
    let text = |key: &str| options.get(key).and_then(Value::as_str);
    let number = |key: &str| options.get(key).and_then(Value::as_u64);
    let mut config = MentioraConfig::new();
    if let Some(key) = text("apiKey") {
        config = config.api_key(key);
    }
    if let Some(key) = text("publishableKey") {
        config = config.publishable_key(key);
    }
    if let Some(token) = text("identityToken") {
        config = config.identity_token(token);
    }
    if let Some(url) = text("baseUrl") {
        config = config.base_url(url);
    }
    if let Some(timeout) = number("timeout") {
        config = config.timeout(Duration::from_millis(timeout));
    }
    // The vendor's policy: the SDK's own default repeats less.
    let retries = number("retries").and_then(|retries| u32::try_from(retries).ok());
    config = config.retries(retries.unwrap_or(RETRIES));
    if let Some(debug) = options.get("debug").and_then(Value::as_bool) {
        config = config.debug(debug);
    }
    match options.get("getIdentityToken") {
        None | Some(Value::Null) => config,
        Some(source) => with_tokens(config, source, refreshes),
    }
}

fn with_tokens(
    config: MentioraConfig,
    source: &Value,
    refreshes: &Arc<AtomicUsize>,
) -> MentioraConfig {
    let fails = source["fails"].as_str().map(str::to_owned);
    let tokens: VecDeque<_> = source["returns"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let tokens = Mutex::new(tokens);
    let calls = Arc::clone(refreshes);
    config.get_identity_token(move || {
        calls.fetch_add(1, Ordering::SeqCst);
        let mut tokens = tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let given = match &fails {
            Some(text) => Err(io::Error::other(text.clone())),
            None => tokens
                .pop_front()
                .ok_or_else(|| io::Error::other("the vector has no further token")),
        };
        async move { given }
    })
}

fn http(vector: &Vector, env: &Env) -> HttpConfig {
    let mut http = HttpConfig::new();
    if let Some(transport) = env.transport() {
        http = http.transport(transport);
    }
    if let Some(random) = vector.extra.get("random").and_then(Value::as_f64) {
        return http.ambient(Arc::new(Fixed(random)));
    }
    // Without a fixed random source the delays are whole.
    let retries = vector.client.get("retries").and_then(Value::as_u64);
    let retries = retries.and_then(|retries| u32::try_from(retries).ok());
    let policy = RetryPolicy::default()
        .max_retries(retries.unwrap_or(RETRIES))
        .backoff(Duration::from_secs(1), Duration::from_secs(10))
        .jitter(false)
        .resend_unsafe(true);
    http.retry(policy)
}

/// Randomness that is always the same part of the whole.
#[derive(Debug)]
struct Fixed(f64);

impl Ambient for Fixed {
    fn wall_clock(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn random(&self) -> u64 {
        const BITS: u32 = 53;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a part of one, in the bits that a double holds"
        )]
        let part = (self.0 * (1_u64 << BITS) as f64) as u64;
        part << (u64::BITS - BITS)
    }
}

/// Counts warnings.
#[derive(Clone, Default)]
struct Warnings(Arc<AtomicUsize>);

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() == Level::WARN
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_of_null_is_as_absent() {
        let options = [
            "apiKey",
            "identityToken",
            "getIdentityToken",
            "baseUrl",
            "timeout",
        ];
        let mut options: Map<_, _> = options
            .iter()
            .map(|key| ((*key).to_owned(), Value::Null))
            .collect();
        options.insert("publishableKey".to_owned(), "pk".into());
        let config = format!("{:?}", config(&options, &Arc::default()));
        let absent = MentioraConfig::browser("pk").retries(RETRIES);
        assert_eq!(config, format!("{absent:?}"));
    }

    #[test]
    fn fixed_randomness_is_the_part_that_was_asked_for() {
        for part in [0.0, 0.25, 0.5, 0.75] {
            let unit = agent_core::sdk::unit(Fixed(part).random());
            assert!((unit - part).abs() < 1e-9, "{part} {unit}");
        }
    }
}
