//! Time limits.

use std::time::Duration;

use crate::error::{Error, Result};

/// A time limit, or its explicit absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// No limit.
    Off,
    /// At most this long. Zero is refused when the client is built or the call is made.
    After(Duration),
}

impl Limit {
    /// The duration, if there is a limit.
    pub fn duration(self) -> Option<Duration> {
        match self {
            Self::Off => None,
            Self::After(limit) => Some(limit),
        }
    }

    fn is_zero(self) -> bool {
        self == Self::After(Duration::ZERO)
    }
}

impl From<Duration> for Limit {
    fn from(limit: Duration) -> Self {
        Self::After(limit)
    }
}

/// The time limits of a client's calls; how long a stream may be silent is beside them, as it depends on whether the
/// stream can resume. A limit that expires is an error of kind
/// [`Timeout`](crate::ErrorKind::Timeout) that names its phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Address look-up, TCP and TLS. A transport of your own keeps its own.
    pub connect: Limit,
    /// From sending a request to the response head; for streams and downloads this bounds their opening.
    pub headers: Limit,
    /// One attempt of a call, from connecting to the last byte of the answer. Never applies to a stream's body.
    pub attempt: Limit,
    /// A whole call with its retries, waits and token exchanges. Never applies to a stream's body.
    pub total: Limit,
}

impl Default for Timeouts {
    /// Connect 10 s, headers 60 s, attempt 60 s, no total limit.
    fn default() -> Self {
        Self {
            connect: Limit::After(Duration::from_secs(10)),
            headers: Limit::After(Duration::from_secs(60)),
            attempt: Limit::After(Duration::from_secs(60)),
            total: Limit::Off,
        }
    }
}

impl Timeouts {
    /// Refuses limits of zero, which nothing can keep.
    pub fn validate(&self) -> Result<()> {
        for (name, limit) in [
            ("connect timeout", self.connect),
            ("headers timeout", self.headers),
            ("attempt timeout", self.attempt),
            ("total timeout", self.total),
        ] {
            refuse_zero(name, limit).map_err(Error::config)?;
        }
        Ok(())
    }
}

/// The text of the refusal, if `limit` is zero.
pub(crate) fn refuse_zero(name: &str, limit: Limit) -> Result<(), String> {
    if limit.is_zero() {
        Err(format!(
            "{name} must not be zero; Limit::Off means no limit"
        ))
    } else {
        Ok(())
    }
}
