#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod ambient;
mod auth;
mod byte_stream;
mod call;
mod config;
mod cursor;
mod dialect;
pub mod error;
mod follow;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod json_text;
mod numbers;
mod op;
mod open_enum;
mod pages;
mod pipeline;
#[cfg(test)]
mod properties;
mod raw;
mod read_json;
mod redirect;
mod request;
mod response;
mod retry;
mod save;
mod secret;
pub mod sse;
mod stream;
mod surrogates;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod timeouts;
mod trace;
pub mod transport;
mod url;
#[cfg(feature = "webhooks")]
pub mod webhook;

pub use ambient::{Ambient, SeededAmbient, SystemAmbient};
pub use auth::{Authenticate, Credentials};
pub use byte_stream::ByteStream;
pub use call::{Call, Caller};
pub use config::{HttpConfig, PlainHttp};
pub use cursor::Cursor;
pub use error::{Error, ErrorKind, Result, Sent, TimeoutPhase};
pub use follow::{End, Resume};
pub use pages::{ByPage, Page, Pages};
pub use raw::{Raw, RawRequest};
pub use response::{ResponseMeta, WithResponse};
pub use retry::{RetryBudget, RetryPolicy};
pub use save::{Progress, SaveOptions};
pub use secret::SecretString;
pub use stream::{EventStream, StreamOptions};
pub use timeouts::{Limit, Timeouts};
pub use transport::{BoxFuture, ReqwestTransport, Transport};

/// What the SDK crates build on. Not for users, and without any promise of stability.
#[doc(hidden)]
pub mod sdk {
    pub use serde;

    pub use crate::ambient::{now, random_part, unit};
    pub use crate::auth::{Auth, ClientCredentials, Exchanged, Token, TokenExchange};
    pub use crate::dialect::Dialect;
    pub use crate::follow::{
        Broke, Follow, Next, Open, Out, Reconnects, SILENCE, SILENCE_RESUMING, Scene,
        reconnects_exhausted,
    };
    pub use crate::json_text::{compact_json, pretty_json};
    pub use crate::op::{Op, OpKind, Safety};
    pub use crate::pages::{After, Paging};
    pub use crate::pipeline::{Opened, Pipeline, Setup};
    pub use crate::read_json::{or_default, read_json, read_json_text};
    pub use crate::redirect::Redirects;
    pub use crate::request::Request;
    pub use crate::response::Response;
    pub use crate::retry::backoff;
    pub use crate::secret::secret_header;
    pub use crate::surrogates::mend_surrogates;
    pub use crate::time::rfc3339_ms;
    pub use crate::url::{BaseUrl, Encoding, is_loopback, same_origin};
}
