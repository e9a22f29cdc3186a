//! The kinds of faults, and what of an answer each of them concerns.

use std::time::Duration;

/// How a connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Break {
    /// The socket is closed (FIN): everything sent so far arrives, the rest does not.
    #[default]
    Close,
    /// The socket is reset (RST): bytes that the reader has not yet taken may be lost.
    Reset,
    /// Nothing more is sent or read, and the socket stays open, also when the client closes its side.
    HalfOpen,
}

/// How a `Retry-After` is written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// `retry-after` in seconds.
    Seconds(u64),
    /// `retry-after` as an HTTP date so long after the emulator's clock; the answer's `date` is from the same clock.
    /// Dates have whole seconds.
    Date(Duration),
    /// `retry-after-ms` in milliseconds.
    Millis(u64),
    /// `retry-after` with this text, which need not make sense. What no header can hold is left out.
    Text(String),
}

/// What goes wrong. [`Fault`](crate::Fault) has a function for each.
///
/// Kinds come in three groups, and one request is struck by at most one queued fault of each: those before the vendor
/// sees the request, those instead of an answer, those to the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// Before: the request waits.
    Delay {
        /// How long.
        time: Duration,
    },
    /// Before: all tokens of the vendor expire.
    ExpireTokens,
    /// Instead: another status.
    Status {
        /// The status, 200 to 599. Others become 500.
        status: u16,
        /// The header by which clients are told when to come again.
        retry_after: Option<RetryAfter>,
        /// Content type and text; the vendor's own form of errors by default.
        body: Option<(String, String)>,
    },
    /// Instead: no answer at all.
    Disconnect {
        /// How the connection ends, if it does.
        how: Break,
    },
    /// Instead: bytes that are not HTTP, then the end of the connection.
    Garbage {
        /// The bytes; some of the emulator's choice by default.
        bytes: Option<String>,
    },
    /// To an event stream: it breaks after so many events (heartbeats do not count). With 0, only the head arrives.
    CutStream {
        /// Events delivered before the break.
        after_events: usize,
        /// How the connection breaks.
        how: Break,
    },
    /// To an event stream: it falls silent.
    StallStream {
        /// Events delivered before.
        after_events: usize,
        /// For how long; for ever by default.
        time: Option<Duration>,
    },
    /// To an event stream: events come twice.
    DuplicateEvents {
        /// Events delivered before.
        after_events: usize,
        /// How many come twice, each right after itself.
        events: usize,
    },
    /// To an event stream: events are left out.
    SkipEvents {
        /// Events delivered before.
        after_events: usize,
        /// How many are left out.
        events: usize,
    },
    /// To an event stream: something that is no event.
    GarbageEvent {
        /// Events delivered before.
        after_events: usize,
        /// What; by default a line that is no field, and data that is not JSON.
        text: Option<String>,
    },
    /// To an event stream: an event that is too large.
    OversizedEvent {
        /// Events delivered before.
        after_events: usize,
        /// How many bytes of data it has.
        bytes: usize,
    },
    /// To any body: it breaks after so many bytes. A shorter body stays whole.
    CutBody {
        /// Bytes delivered before the break.
        after_bytes: usize,
        /// How the connection breaks.
        how: Break,
    },
    /// To any body: it stops. A shorter body stays as it is.
    StallBody {
        /// Bytes delivered before.
        after_bytes: usize,
        /// For how long; for ever by default.
        time: Option<Duration>,
    },
    /// To any body: it comes in small pieces.
    Drip {
        /// The size of a piece, at least 1.
        bytes: usize,
        /// The wait between two pieces.
        every: Duration,
    },
    /// To any body: chunked, without the terminator.
    NoTerminator,
    /// To a body of known length: a `content-length` that is too large.
    LongLength {
        /// How much too large.
        extra: usize,
    },
    /// To any body: another content type.
    ContentType {
        /// Which; none if it is empty.
        content_type: String,
    },
    /// To any body: spaces behind it.
    OversizedBody {
        /// The whole length.
        bytes: usize,
        /// Whether the length is told beforehand by `content-length`.
        declared: bool,
    },
}

/// When a kind strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Before,
    Instead,
    Answer,
}

/// What an answer is like, as far as faults care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// A successful event stream.
    pub(crate) stream: bool,
    /// There is a body.
    pub(crate) body: bool,
    /// Its length is known.
    pub(crate) sized: bool,
}

impl FaultKind {
    pub(crate) fn group(&self) -> Group {
        match self {
            Self::Delay { .. } | Self::ExpireTokens => Group::Before,
            Self::Status { .. } | Self::Disconnect { .. } | Self::Garbage { .. } => Group::Instead,
            _ => Group::Answer,
        }
    }

    /// Whether it is about the events of a stream.
    pub(crate) fn is_about_events(&self) -> bool {
        matches!(
            self,
            Self::CutStream { .. }
                | Self::StallStream { .. }
                | Self::DuplicateEvents { .. }
                | Self::SkipEvents { .. }
                | Self::GarbageEvent { .. }
                | Self::OversizedEvent { .. }
        )
    }

    /// Whether it can strike an answer like this one.
    pub(crate) fn fits(&self, shape: Shape) -> bool {
        match self {
            Self::LongLength { .. } => shape.body && shape.sized,
            kind if kind.is_about_events() => shape.stream,
            _ => shape.body,
        }
    }

    /// The number of events or bytes before it strikes.
    pub(crate) fn place_mut(&mut self) -> Option<&mut usize> {
        match self {
            Self::CutStream { after_events, .. }
            | Self::StallStream { after_events, .. }
            | Self::DuplicateEvents { after_events, .. }
            | Self::SkipEvents { after_events, .. }
            | Self::GarbageEvent { after_events, .. }
            | Self::OversizedEvent { after_events, .. } => Some(after_events),
            Self::CutBody { after_bytes, .. } | Self::StallBody { after_bytes, .. } => {
                Some(after_bytes)
            }
            _ => None,
        }
    }
}
