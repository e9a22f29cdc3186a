//! Inboxes of the customer's Chatwoot.
//!
//! Here live the calls. What a credential means is in `chatwoot/config.rs`, which trigger belongs to an agent in
//! `chatwoot/trigger.rs`, errors in `chatwoot/error.rs`.
//!
//! Two hosts are spoken to: Agent OS for credential and triggers, and the customer's Chatwoot. To that one go its own
//! token and nothing of Agent OS: neither its token nor headers of the client or of the call.

use std::fmt;

use agent_core::sdk::{BaseUrl, Op, Pipeline, Request, Response, read_json};
use agent_core::{Call, Caller, Error, Result, SecretString, WithResponse};
use serde::Serialize;
use serde_json::Value;

use crate::credentials::get_request;
use crate::decode::misfit;
use crate::events::truthy;
use crate::ops;
use crate::triggers::list_request;
use crate::wire::chatwoot::TOKEN_HEADER;

pub(crate) mod config;
mod error;
pub(crate) mod trigger;

pub use config::{ChatwootConfig, ChatwootInboxUrlResponse};
pub use error::ChatwootErrorCode;
pub(crate) use error::{finish, is_direct, read_error};

/// Inboxes of the customer's Chatwoot: [`AgentOsClient::chatwoot`](crate::AgentOsClient::chatwoot).
///
/// Every call first reads the credential with its secret values, for which the caller needs the right; nothing is kept.
/// Inboxes are JSON as Chatwoot writes it; null where it says nothing. Errors carry a
/// [`chatwoot_code`](crate::ErrorExt::chatwoot_code). Source: package, 0.9.3.
#[derive(Clone, Debug)]
pub struct Chatwoot {
    pipeline: Pipeline,
}

/// Id of an inbox: a text or a number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InboxId(String);

impl fmt::Display for InboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for InboxId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl From<String> for InboxId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

macro_rules! from_numbers {
    ($($number:ty),+) => {
        $( impl From<$number> for InboxId {
            fn from(id: $number) -> Self {
                Self(id.to_string())
            }
        } )+
    };
}

from_numbers!(u64, i64, u32, i32);

impl Chatwoot {
    pub(crate) fn new(pipeline: Pipeline) -> Self {
        Self { pipeline }
    }

    /// Where a credential leads: the original's `ChatwootConfig`.
    pub fn get_config(&self, credential: impl Into<String>) -> Call<ChatwootConfig> {
        let credential = credential.into();
        Call::new(
            self.pipeline.clone(),
            "chatwoot.get_config",
            move |caller| async move {
                let (config, answer) = resolve(&caller, credential).await?;
                Ok(WithResponse::new(config, answer.meta))
            },
        )
    }

    /// The address of the inbox page for people. It asks Chatwoot only if the credential does not name the account.
    pub fn get_inbox_url(&self, credential: impl Into<String>) -> Call<ChatwootInboxUrlResponse> {
        let credential = credential.into();
        Call::new(
            self.pipeline.clone(),
            "chatwoot.get_inbox_url",
            move |caller| async move {
                let (config, answer) = resolve(&caller, credential).await?;
                Ok(WithResponse::new(config.inbox_url(), answer.meta))
            },
        )
    }

    /// The address of the inbox page that belongs to an agent: that of the first of its triggers which leads to Chatwoot.
    /// Only the first page of triggers is looked at.
    pub fn get_agent_inbox_url(
        &self,
        agent_id: impl Into<String>,
    ) -> Call<ChatwootInboxUrlResponse> {
        let agent_id = agent_id.into();
        Call::new(
            self.pipeline.clone(),
            "chatwoot.get_agent_inbox_url",
            move |caller| async move {
                let triggers = caller.send(&list_request(Some(agent_id))).await?;
                let credential = trigger::credential(&crate::decode::untyped(&triggers)?)?;
                let (config, answer) = resolve(&caller, credential).await?;
                Ok(WithResponse::new(config.inbox_url(), answer.meta))
            },
        )
    }

    /// All inboxes of the account.
    pub fn list_inboxes(&self, credential: impl Into<String>) -> Call<Vec<Value>> {
        self.direct(
            &ops::CHATWOOT_LIST_INBOXES,
            credential.into(),
            None,
            None,
            inboxes,
        )
    }

    /// Makes an inbox. Never repeated by itself.
    pub fn create_inbox(
        &self,
        credential: impl Into<String>,
        data: &(impl Serialize + ?Sized),
    ) -> Call<Value> {
        let data = Some(serde_json::to_value(data));
        let op = &ops::CHATWOOT_CREATE_INBOX;
        self.direct(op, credential.into(), None, data, |answer| {
            Ok(data_of(answer))
        })
    }

    /// One inbox.
    pub fn get_inbox(
        &self,
        credential: impl Into<String>,
        inbox: impl Into<InboxId>,
    ) -> Call<Value> {
        let op = &ops::CHATWOOT_GET_INBOX;
        self.direct(op, credential.into(), Some(inbox.into()), None, |answer| {
            Ok(data_of(answer))
        })
    }

    /// Changes an inbox. Never repeated by itself.
    pub fn update_inbox(
        &self,
        credential: impl Into<String>,
        inbox: impl Into<InboxId>,
        data: &(impl Serialize + ?Sized),
    ) -> Call<Value> {
        let data = Some(serde_json::to_value(data));
        let op = &ops::CHATWOOT_UPDATE_INBOX;
        self.direct(op, credential.into(), Some(inbox.into()), data, |answer| {
            Ok(data_of(answer))
        })
    }

    /// Deletes an inbox.
    pub fn delete_inbox(
        &self,
        credential: impl Into<String>,
        inbox: impl Into<InboxId>,
    ) -> Call<Value> {
        let op = &ops::CHATWOOT_DELETE_INBOX;
        self.direct(op, credential.into(), Some(inbox.into()), None, |answer| {
            Ok(data_of(answer))
        })
    }

    /// Figures of an inbox. Chatwoot's own reference does not list this path: expect 404 from stock servers.
    pub fn get_inbox_metrics(
        &self,
        credential: impl Into<String>,
        inbox: impl Into<InboxId>,
    ) -> Call<Value> {
        let op = &ops::CHATWOOT_GET_INBOX_METRICS;
        self.direct(op, credential.into(), Some(inbox.into()), None, |answer| {
            Ok(data_of(answer))
        })
    }

    fn direct<T: Send + 'static>(
        &self,
        op: &'static Op,
        credential: String,
        inbox: Option<InboxId>,
        data: Option<serde_json::Result<Value>>,
        read: fn(&Response) -> Result<T>,
    ) -> Call<T> {
        Call::new(self.pipeline.clone(), op.name, move |caller| async move {
            if inbox
                .as_ref()
                .is_some_and(|InboxId(id)| matches!(id.as_str(), "" | "." | ".."))
            {
                return Err(Error::invalid_argument(
                    "inbox must not be empty or a dot segment",
                ));
            }
            let data = data
                .transpose()
                .map_err(|_| Error::invalid_argument("the body can not be written as JSON"))?;
            let (config, _) = resolve(&caller, credential).await?;
            let mut request = request_at(op, config.base, &config.api_access_token)
                .param("account", config.account_id);
            if let Some(InboxId(inbox)) = inbox {
                request = request.param("inbox", inbox);
            }
            request = match data.filter(truthy) {
                Some(data) => request.json(&data),
                // Also without a body.
                None => request.header("content-type", "application/json"),
            };
            // Headers of the call are for Agent OS.
            let answer = caller.nested().send(&request).await?;
            let value = read(&answer)?;
            Ok(WithResponse::new(value, answer.meta))
        })
    }
}

/// A request to Chatwoot with its token.
fn request_at(op: &'static Op, base: BaseUrl, token: &SecretString) -> Request {
    Request::new(op).at(base).secret_header(TOKEN_HEADER, token)
}

/// Reads a credential anew, and asks Chatwoot for the account if the credential does not name it.
async fn resolve(caller: &Caller, credential: String) -> Result<(ChatwootConfig, Response)> {
    let answer = caller.send(&get_request(credential, true)).await?;
    let found = config::Found::in_credential(&crate::decode::untyped(&answer)?)?;
    caller.pipeline().check_plain_http(&found.base)?;
    let account = match &found.account {
        Some(account) => account.clone(),
        None => discover(caller, &found).await.map_err(|cause| {
            let error = ChatwootErrorCode::AccountIdMissing.error();
            match cause {
                Some(cause) => error.with_source(cause),
                None => error,
            }
        })?,
    };
    Ok((found.with_account(account)?, answer))
}

/// The first account of the token's owner; the error is what stood in the way, if anything did.
async fn discover(caller: &Caller, found: &config::Found) -> Result<String, Option<Error>> {
    let request = request_at(&ops::CHATWOOT_PROFILE, found.base.clone(), &found.token);
    let answer = caller.nested().send(&request).await?;
    let profile: Value = answer.json()?;
    let account = profile
        .get("accounts")
        .and_then(|accounts| accounts.get(0)?.get("id"));
    account.and_then(config::account_text).ok_or(None)
}

/// What an answer holds: null unless it is said to be JSON and is.
fn data_of(answer: &Response) -> Value {
    let json = answer
        .content_type()
        .is_some_and(|kind| kind.to_ascii_lowercase().contains("application/json"));
    let data = json.then(|| read_json(&answer.body).ok());
    data.flatten().unwrap_or_default()
}

/// Inboxes come in an envelope; a bare array is understood as well.
fn inboxes(answer: &Response) -> Result<Vec<Value>> {
    let mut data = data_of(answer);
    let list = match &mut data {
        Value::Object(envelope) => envelope.remove("payload"),
        _ => Some(data),
    };
    match list {
        Some(Value::Array(inboxes)) => Ok(inboxes),
        _ => Err(misfit(
            answer,
            Error::decode("the answer is not a list of inboxes")
                .with_operation(answer.operation)
                .with_request_id(answer.meta.request_id.clone())
                .with_attempts(answer.meta.attempts),
        )),
    }
}
