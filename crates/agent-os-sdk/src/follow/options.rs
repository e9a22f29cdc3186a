//! What following can be told.

use std::time::Duration;

use agent_core::sdk::Pipeline;
use agent_core::{Limit, Resume, StreamOptions};

use super::Following;

/// Options of one followed run; what is not set is the client's ([`HttpConfig::resume`](crate::HttpConfig::resume)).
///
/// To cancel, drop the stream or [close](crate::EventStream::close) it.
///
/// ```
/// use std::time::Duration;
/// use agent_os_sdk::FollowOptions;
///
/// // Everything behind event 41, giving up after 3 reconnects in a row that brought nothing new.
/// let options = FollowOptions::after(41).max_reconnects(3).idle_timeout(Duration::from_secs(60));
/// assert_eq!(options.start_seq, 42);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
#[must_use]
pub struct FollowOptions {
    /// Reconnects in a row without a new event, 0 for none; those after silence do not count. Default 10.
    pub max_reconnects: Option<u32>,
    /// First wait before a reconnect; it doubles each time, plus up to 30 %. Default 1 s.
    pub base_delay: Option<Duration>,
    /// Longest wait. Default 30 s.
    pub max_delay: Option<Duration>,
    /// The first event wanted. Default 0: all.
    pub start_seq: u64,
    /// Idle guard, limit for the head, and headers: what is not the vendor's own.
    pub stream: StreamOptions,
}

impl FollowOptions {
    /// The client's settings, from the first event on.
    pub fn new() -> Self {
        Self::default()
    }

    /// From the event behind `seq` on: for a position that [`next_after`](crate::RunEventsPollResponse::next_after)
    /// gave.
    pub fn after(seq: u64) -> Self {
        Self::new().start_seq(seq.saturating_add(1))
    }

    /// Sets the reconnects in a row without a new event.
    pub fn max_reconnects(mut self, reconnects: u32) -> Self {
        self.max_reconnects = Some(reconnects);
        self
    }

    /// Sets the first wait before a reconnect.
    pub fn base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = Some(delay);
        self
    }

    /// Sets the longest wait before a reconnect.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = Some(delay);
        self
    }

    /// Sets the first event wanted.
    pub fn start_seq(mut self, seq: u64) -> Self {
        self.start_seq = seq;
        self
    }

    /// Longest silence before a reconnect; comments and heartbeats are life. Default 120 s; [`Limit::Off`] waits for
    /// ever.
    pub fn idle_timeout(mut self, limit: impl Into<Limit>) -> Self {
        self.stream = self.stream.idle_timeout(limit);
        self
    }

    /// Time until the response head of each connection. Default 30 s.
    pub fn headers_timeout(mut self, limit: impl Into<Limit>) -> Self {
        self.stream = self.stream.headers_timeout(limit);
        self
    }

    /// One more header for every request of the stream.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.stream = self.stream.header(name, value);
        self
    }

    /// The rules that follow from it.
    pub(crate) fn rules(
        &self,
        pipeline: &Pipeline,
        run_id: String,
        attempt_id: String,
    ) -> Following {
        Following::new(
            run_id,
            attempt_id,
            self.resume(pipeline),
            self.start_seq.checked_sub(1),
        )
    }

    pub(crate) fn resume(&self, pipeline: &Pipeline) -> Resume {
        let mut resume = self.stream.resume_on(pipeline);
        resume.max_reconnects = self.max_reconnects.unwrap_or(resume.max_reconnects);
        resume.base = self.base_delay.unwrap_or(resume.base);
        resume.cap = self.max_delay.unwrap_or(resume.cap);
        resume
    }
}
