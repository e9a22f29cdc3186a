//! The settings of the vendor Agent OS.

use super::script::AgentOsPlan;

/// Which of the two positions that a client sends an event stream begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Positions {
    /// Events with a greater number than `afterSeq`. The default.
    #[default]
    AfterSeq,
    /// Events from `afterSeq` on.
    AfterSeqInclusive,
    /// Events with a greater number than `Last-Event-ID`.
    LastEventId,
    /// Events from `Last-Event-ID` on.
    LastEventIdInclusive,
    /// Events with a greater number than the larger of both.
    Larger,
    /// All events, whatever the client sends.
    Ignored,
}

impl Positions {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::AfterSeq,
        Self::AfterSeqInclusive,
        Self::LastEventId,
        Self::LastEventIdInclusive,
        Self::Larger,
        Self::Ignored,
    ];

    /// The first number that is sent.
    pub(super) fn first(self, after_seq: Option<u64>, last_event_id: Option<u64>) -> u64 {
        let beyond = |position: Option<u64>| position.map_or(0, |at| at.saturating_add(1));
        // Before any event clients send 0, which asks for the first event, numbered 1.
        match self {
            Self::AfterSeq => beyond(after_seq),
            Self::AfterSeqInclusive => after_seq.unwrap_or(0),
            Self::LastEventId => beyond(last_event_id),
            Self::LastEventIdInclusive => last_event_id.unwrap_or(0),
            Self::Larger => beyond(after_seq).max(beyond(last_event_id)),
            Self::Ignored => 0,
        }
    }
}

/// Settings for Agent OS: its token, how it numbers events, what runs do.
///
/// ```
/// use agent_emulator::{AgentOsOptions, Emulator, Positions};
///
/// let agent_os = AgentOsOptions::new().positions(Positions::Ignored).first_seq(0);
/// let builder = Emulator::builder().agent_os(agent_os);
/// # let _ = builder;
/// ```
#[derive(Debug, Clone)]
#[must_use = "settings do nothing until the builder gets them"]
pub struct AgentOsOptions {
    pub(super) token: Option<String>,
    pub(super) anonymous: bool,
    pub(super) positions: Positions,
    pub(super) first_seq: u64,
    pub(super) server_close: bool,
    pub(super) plan: AgentOsPlan,
}

impl Default for AgentOsOptions {
    fn default() -> Self {
        Self {
            token: None,
            anonymous: false,
            positions: Positions::default(),
            first_seq: 1,
            server_close: false,
            plan: AgentOsPlan::default(),
        }
    }
}

impl AgentOsOptions {
    /// The defaults: a token made from the seed, events numbered from 1, standard runs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the token that is known.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sets whether calls without a token are allowed; not by default. Wrong ones never are.
    pub fn anonymous(mut self, allowed: bool) -> Self {
        self.anonymous = allowed;
        self
    }

    /// Sets which position of the client's event streams begin with.
    pub fn positions(mut self, positions: Positions) -> Self {
        self.positions = positions;
        self
    }

    /// Sets the number of an attempt's first event; 1 by default. With 0, a stream that begins behind `afterSeq=0`
    /// hides event 0.
    pub fn first_seq(mut self, seq: u64) -> Self {
        self.first_seq = seq;
        self
    }

    /// Sets whether the server sends a `close` of its own at the end of an attempt; not by default.
    pub fn server_close(mut self, close: bool) -> Self {
        self.server_close = close;
        self
    }

    /// Sets what runs do when neither their input nor [`next_run`](crate::AgentOsHandle::next_run) says otherwise.
    pub fn plan(mut self, plan: impl Into<AgentOsPlan>) -> Self {
        self.plan = plan.into();
        self
    }
}
