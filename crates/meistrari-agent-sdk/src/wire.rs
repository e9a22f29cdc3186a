//! Every path, name and constant of the vendor's API, in one place, with how sure it is.
//!
//! The vendor's readme names fields, headers and rules, but no paths. What is marked *guess* here was chosen by its
//! neighbours; what is marked *sister package* is named in the public documentation of `@meistrari/tela-sdk-js`, which
//! delegates to the package this crate mirrors. [`Endpoints`] overrides them, so a wrong guess needs no new release.

use std::time::Duration;

use agent_core::HttpConfig;

use crate::ops;

/// Header that carries the signature of a webhook delivery. Source: package readme.
pub const WEBHOOK_SIGNATURE_HEADER: &str = "x-tela-agent-webhook-signature";

/// Most webhooks of one session. Source: package readme.
pub const MAX_WEBHOOKS: usize = 5;

/// Header of a data token. Source: package readme.
pub(crate) const DATA_TOKEN_HEADER: &str = "x-data-token";

/// Header of the vault's API version, sent to the vault only. Source: seen in `@meistrari/vault-sdk`.
pub(crate) const VAULT_COMPATIBILITY_HEADER: &str = "x-compatibility-date";

/// Scheme of vault references. Source: package readme.
pub(crate) const VAULT_SCHEME: &str = "vault://";

/// Longest file id of a vault reference, in characters. Source: decided here; real ones have 36 or 64.
pub(crate) const MAX_FILE_ID: usize = 512;

/// Limit of connecting, 30 s. Source: decided here; the vendor's client has none.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Limit of one attempt, 60 s; for streams and downloads, until the response head. Source: decided here; the vendor's
/// client has none.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// Most redirects of an authenticated request, all within its origin. Source: decided here.
pub(crate) const MAX_REDIRECTS: u8 = 5;

/// Most redirects of a download. Source: decided here.
pub(crate) const MAX_DOWNLOAD_REDIRECTS: u8 = 10;

/// Longest `Retry-After` that a reconnect waits for, 60 s.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// Longest body of a refusal that is printed into the error's message, in bytes. Source: decided here.
pub(crate) const MAX_ERROR_TEXT: usize = 64 * 1024;

/// The mark that some servers end an event stream with. Source: decided here, from common practice.
pub(crate) const DONE: &str = "[DONE]";

/// What a refused execution says when the server gives no reason. Source: decided here.
pub(crate) const NOT_ACCEPTED: &str = "Agent execution was not accepted";

/// The paths and names that are not certain, with their defaults. Give changed ones to
/// [`AgentClientConfig::endpoints`](crate::AgentClientConfig::endpoints).
///
/// A path is a template below the base URL: `{name}` inserts a value as one percent-encoded segment, `{+name}` keeps
/// its `/`. It may have a query, such as `/v4/sessions/{sessionId}/file?path={path}`. The HTTP method is fixed.
///
/// ```
/// use meistrari_agent_sdk::Endpoints;
///
/// let endpoints = Endpoints::default()
///     .fetch_file("/v4/sessions/{sessionId}/file?path={path}")
///     .cursor_query("after");
/// assert_eq!(endpoints.execute, "/v4/agents/execute");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Endpoints {
    /// `POST`, default `/v4/agents/execute`. The last segment is a **guess**; the prefix is the sister package's.
    pub execute: String,
    /// `GET`, default `/v4/sessions/{sessionId}`. Source: sister package.
    pub stream: String,
    /// `POST`, default `/v4/sessions/{sessionId}/cancel`. Source: sister package.
    pub cancel: String,
    /// `GET`, default `/v4/sessions/{sessionId}/timeline`. Source: sister package.
    pub timeline: String,
    /// `PUT`, default `/v4/agents/{repository}/model`. Source: sister package.
    pub update_model: String,
    /// `GET`, default `/v4/sessions/{sessionId}/files`. A **guess**.
    pub list_files: String,
    /// `GET`, default `/v4/sessions/{sessionId}/files/{+path}`. A **guess**.
    pub fetch_file: String,
    /// `GET` below the vault's URL, default `/files/{fileId}`. Source: seen in `@meistrari/vault-sdk`.
    pub vault_file: String,
    /// Name of the cursor in the query of `stream`, default `cursor`. A **guess**, after the option's name.
    pub cursor_query: String,
    /// Value of the header `x-compatibility-date` of requests to the vault, default `2025-05-19`. Source: seen in
    /// `@meistrari/vault-sdk`.
    pub vault_compatibility_date: String,
}

impl Default for Endpoints {
    fn default() -> Self {
        let path = |op: &agent_core::sdk::Op| op.path.to_owned();
        Self {
            execute: path(&ops::EXECUTE_AGENT),
            stream: path(&ops::STREAM_SESSION),
            cancel: path(&ops::CANCEL_SESSION),
            timeline: path(&ops::FETCH_TIMELINE),
            update_model: path(&ops::UPDATE_AGENT_MODEL),
            list_files: path(&ops::LIST_SESSION_FILES),
            fetch_file: path(&ops::FETCH_SESSION_FILE),
            vault_file: path(&ops::RESOLVE_REFERENCE),
            cursor_query: "cursor".to_owned(),
            vault_compatibility_date: "2025-05-19".to_owned(),
        }
    }
}

macro_rules! setters {
    ($($name:ident)+) => {
        impl Endpoints {
            $(
                #[doc = concat!("Sets [`", stringify!($name), "`](Self#structfield.", stringify!($name), ").")]
                pub fn $name(mut self, value: impl Into<String>) -> Self {
                    self.$name = value.into();
                    self
                }
            )+
        }
    };
}

setters! {
    execute stream cancel timeline update_model list_files fetch_file vault_file cursor_query vault_compatibility_date
}

impl Endpoints {
    /// Puts the templates that differ from the default into `http`, whose own overrides stay otherwise.
    pub(crate) fn apply(&self, mut http: HttpConfig) -> HttpConfig {
        for (op, template) in [
            (&ops::EXECUTE_AGENT, &self.execute),
            (&ops::STREAM_SESSION, &self.stream),
            (&ops::CANCEL_SESSION, &self.cancel),
            (&ops::FETCH_TIMELINE, &self.timeline),
            (&ops::UPDATE_AGENT_MODEL, &self.update_model),
            (&ops::LIST_SESSION_FILES, &self.list_files),
            (&ops::FETCH_SESSION_FILE, &self.fetch_file),
            (&ops::RESOLVE_REFERENCE, &self.vault_file),
        ] {
            if template != op.path {
                http = http.path(op.name, template);
            }
        }
        http
    }
}
