//! How the vendor's error bodies are read, and the vendor's view of the shared error.
//!
//! Here live the texts of refusals and [`ErrorExt`]. When a call fails, and whether it is tried again, is decided
//! elsewhere; the texts of broken connections and time limits are in `dialect.rs`.

use std::fmt;

use agent_core::error::ErrorResponse;
use agent_core::sdk::read_json;
use agent_core::{Error, ErrorKind};

use crate::ops::{AGENTS_STREAM, FILES_DOWNLOAD};

/// The vendor's name for the one error type of this crate. What its classes carry is in [`ErrorExt`].
pub type MentioraError = Error;

/// The vendor's error classes. Source: the vendor's reference, "Errors".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The client can not be built from what it was given (there `ConfigurationError`).
    Configuration,
    /// Arguments that were refused before anything was sent, or data of a stream that is not JSON (there
    /// `ValidationError`).
    Validation,
    /// Everything else: answers, connections, time limits (there `NetworkError`).
    Network,
}

impl ErrorClass {
    /// The vendor's code of the class, such as `NETWORK_ERROR`. The server's own code, such as `agent_not_found`, is
    /// [`ErrorExt::server_code`].
    pub fn code(self) -> &'static str {
        match self {
            Self::Configuration => "CONFIGURATION_ERROR",
            Self::Validation => "VALIDATION_ERROR",
            Self::Network => "NETWORK_ERROR",
        }
    }
}

macro_rules! view {
    ($(#[$meta:meta])* $name:ident $class:ident { $( $(#[$fmeta:meta])* $field:ident: $type:ty, )* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name<'a> {
            /// What happened. `Display` shows this and nothing else.
            pub message: &'a str,
            $( $(#[$fmeta])* pub $field: $type, )*
        }

        impl $name<'_> {
            /// The vendor's code of the class.
            pub fn code(&self) -> &'static str {
                ErrorClass::$class.code()
            }
        }

        impl fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.message)
            }
        }
    };
}

view! {
    /// An [`Error`] seen as the vendor's `ConfigurationError`: [`ErrorExt::configuration_error`].
    ConfigurationError Configuration {}
}

view! {
    /// An [`Error`] seen as the vendor's `ValidationError`: [`ErrorExt::validation_error`].
    ValidationError Validation {}
}

view! {
    /// An [`Error`] seen as the vendor's `NetworkError`: [`ErrorExt::network_error`].
    NetworkError Network {
        /// HTTP status, if the server answered.
        status_code: Option<u16>,
        /// The server's code, such as `agent_not_found`.
        server_code: Option<&'a str>,
        /// The server's words.
        server_message: Option<&'a str>,
    }
}

/// What the vendor's errors say, on the shared [`Error`]. Bring it into scope to use it.
///
/// ```
/// use mentiora_sdk::{Error, ErrorExt};
///
/// fn report(error: &Error) {
///     match error.network_error() {
///         Some(network) if network.server_code == Some("agent_not_found") => println!("no such agent"),
///         Some(network) => println!("{:?}: {network}", network.status_code),
///         None => println!("{} {}", error.class().code(), error.message()),
///     }
/// }
/// ```
pub trait ErrorExt {
    /// Which of the vendor's classes it is.
    fn class(&self) -> ErrorClass;

    /// It as a `NetworkError`, if it is one.
    fn network_error(&self) -> Option<NetworkError<'_>>;

    /// It as a `ValidationError`, if it is one.
    fn validation_error(&self) -> Option<ValidationError<'_>>;

    /// It as a `ConfigurationError`, if it is one.
    fn configuration_error(&self) -> Option<ConfigurationError<'_>>;

    /// The server's code, such as `agent_not_found`. None on a 429 whose retries are used up, as in the vendor's
    /// client; [`Error::response`] has the body.
    fn server_code(&self) -> Option<&str>;

    /// The server's words; None where [`server_code`](Self::server_code) says so.
    fn server_message(&self) -> Option<&str>;
}

impl ErrorExt for Error {
    fn class(&self) -> ErrorClass {
        match self.kind() {
            ErrorKind::Config => ErrorClass::Configuration,
            ErrorKind::InvalidArgument => ErrorClass::Validation,
            _ if self.view::<NotJson>().is_some() => ErrorClass::Validation,
            _ => ErrorClass::Network,
        }
    }

    fn network_error(&self) -> Option<NetworkError<'_>> {
        (self.class() == ErrorClass::Network).then(|| NetworkError {
            message: self.message(),
            status_code: self.status(),
            server_code: self.server_code(),
            server_message: self.server_message(),
        })
    }

    fn validation_error(&self) -> Option<ValidationError<'_>> {
        (self.class() == ErrorClass::Validation).then(|| ValidationError {
            message: self.message(),
        })
    }

    fn configuration_error(&self) -> Option<ConfigurationError<'_>> {
        (self.class() == ErrorClass::Configuration).then(|| ConfigurationError {
            message: self.message(),
        })
    }

    fn server_code(&self) -> Option<&str> {
        self.view::<ServerError>()?.code.as_deref()
    }

    fn server_message(&self) -> Option<&str> {
        self.view::<ServerError>()?.message.as_deref()
    }
}

/// Marks errors about data of a stream that is not JSON.
pub(crate) struct NotJson;

/// What an error body says. Attached to errors as their view.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ServerError {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
}

impl ServerError {
    fn of(body: &[u8]) -> Self {
        let body: serde_json::Value = read_json(body).unwrap_or_default();
        let text = |key| body["error"][key].as_str().map(str::to_owned);
        match text("message").filter(|message| !message.is_empty()) {
            None => Self::default(),
            message => Self {
                code: text("code"),
                message,
            },
        }
    }

    /// What comes behind the reason phrase.
    fn suffix(&self) -> String {
        match (self.code.as_deref(), &self.message) {
            (Some(code), Some(message)) if !code.is_empty() => format!(": [{code}] {message}"),
            (_, Some(message)) => format!(": {message}"),
            _ => String::new(),
        }
    }
}

/// An answer outside 200 to 299, in the vendor's words.
pub(crate) struct Refusal {
    pub(crate) message: String,
    pub(crate) server: ServerError,
}

impl Refusal {
    pub(crate) fn read(operation: &str, response: &ErrorResponse) -> Self {
        let status = response.status;
        let reason = match response.reason.as_str() {
            "" => status.canonical_reason().unwrap_or_default(),
            sent => sent,
        };
        let server = ServerError::of(&response.body);
        let suffix = server.suffix();
        let (what, suffix) = match status.as_u16() {
            _ if operation == AGENTS_STREAM.name => ("Stream request failed", suffix),
            429 if operation != FILES_DOWNLOAD.name => {
                return Self {
                    message: "Rate limited: too many requests".to_owned(),
                    server: ServerError::default(),
                };
            }
            400..=499 => ("Client error", suffix),
            500..=599 => ("Server error", suffix),
            _ => {
                return Self {
                    message: format!("Unexpected response: {reason}"),
                    server: ServerError::default(),
                };
            }
        };
        Self {
            message: format!("{what}: {reason}{suffix}"),
            server,
        }
    }
}

#[cfg(test)]
mod tests;
