//! Faults: what goes wrong, for whom, and how often.
//!
//! Here is what a user says. Which request a fault strikes is decided in `faults/queue.rs` and, by chance, in
//! `faults/schedule.rs`; the JSON form is in `faults/json.rs`. How a fault is carried out is in `strike.rs`.

use std::time::Duration;

mod filter;
mod json;
mod kind;
mod queue;
mod schedule;

pub use json::InvalidFault;
pub(crate) use json::{show, show_schedule};
pub use kind::{Break, FaultKind, RetryAfter};
pub(crate) use kind::{Group, Shape};
pub(crate) use queue::Target;
pub use queue::{Faults, Strike};
pub use schedule::Schedule;

use filter::Filter;

/// What goes wrong on purpose, waiting for its victim.
///
/// It strikes once, whatever request comes first that it can strike; [`vendor`](Self::vendor), [`on`](Self::on),
/// [`times`](Self::times) and [`forever`](Self::forever) say otherwise.
///
/// ```
/// use agent_emulator::Fault;
///
/// let fault = Fault::status(503).vendor("trelent").on("POST", "/runs").times(2);
/// # let _ = fault;
/// ```
///
#[doc = include_str!("../FAULTS.md")]
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a fault does nothing until it is queued"]
pub struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) filter: Filter,
    /// `None`: for ever.
    pub(crate) times: Option<usize>,
    pub(crate) landed: bool,
}

impl Fault {
    /// A fault that strikes once, whichever vendor comes first.
    pub fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            filter: Filter::default(),
            times: Some(1),
            landed: false,
        }
    }

    /// The answer begins so much later; the vendor gets the request after the wait.
    pub fn delay(time: Duration) -> Self {
        Self::new(FaultKind::Delay { time })
    }

    /// Before the request is looked at, all tokens of its vendor expire, where the vendor has any.
    pub fn expire_tokens() -> Self {
        Self::new(FaultKind::ExpireTokens)
    }

    /// This status instead of an answer, in the vendor's own form of errors.
    pub fn status(status: u16) -> Self {
        Self::new(FaultKind::Status {
            status,
            retry_after: None,
            body: None,
        })
    }

    /// The connection is closed (FIN) instead of an answer.
    pub fn close() -> Self {
        let how = Break::Close;
        Self::new(FaultKind::Disconnect { how })
    }

    /// The connection is reset (RST) instead of an answer.
    pub fn reset() -> Self {
        let how = Break::Reset;
        Self::new(FaultKind::Disconnect { how })
    }

    /// The request is read and never answered; the connection stays open.
    pub fn no_answer() -> Self {
        let how = Break::HalfOpen;
        Self::new(FaultKind::Disconnect { how })
    }

    /// Bytes that are not HTTP instead of an answer, then the end of the connection.
    pub fn garbage() -> Self {
        Self::new(FaultKind::Garbage { bytes: None })
    }

    /// The next event stream is closed after `after_events` events, without its end: [`Break::Close`].
    pub fn cut_stream(after_events: usize) -> Self {
        let how = Break::Close;
        Self::new(FaultKind::CutStream { after_events, how })
    }

    /// The next event stream is reset after `after_events` events: [`Break::Reset`].
    pub fn reset_stream(after_events: usize) -> Self {
        let how = Break::Reset;
        Self::new(FaultKind::CutStream { after_events, how })
    }

    /// The next event stream sends nothing more after `after_events` events, heartbeats neither, and stays open;
    /// [`lasting`](Self::lasting) makes it go on after a while.
    pub fn stall_stream(after_events: usize) -> Self {
        let time = None;
        Self::new(FaultKind::StallStream { after_events, time })
    }

    /// After `after_events` events, the next event is sent twice.
    pub fn duplicate_event(after_events: usize) -> Self {
        let events = 1;
        Self::new(FaultKind::DuplicateEvents {
            after_events,
            events,
        })
    }

    /// After `after_events` events, the next event is left out.
    pub fn skip_event(after_events: usize) -> Self {
        let events = 1;
        Self::new(FaultKind::SkipEvents {
            after_events,
            events,
        })
    }

    /// After `after_events` events, something that is no event of any vendor.
    pub fn garbage_event(after_events: usize) -> Self {
        let text = None;
        Self::new(FaultKind::GarbageEvent { after_events, text })
    }

    /// After `after_events` events, an event with so many bytes of data, which are not JSON.
    pub fn oversized_event(after_events: usize, bytes: usize) -> Self {
        Self::new(FaultKind::OversizedEvent {
            after_events,
            bytes,
        })
    }

    /// The next answer is closed after so many bytes of its body: [`Break::Close`].
    pub fn cut_body(after_bytes: usize) -> Self {
        let how = Break::Close;
        Self::new(FaultKind::CutBody { after_bytes, how })
    }

    /// The next answer is reset after so many bytes of its body: [`Break::Reset`].
    pub fn reset_body(after_bytes: usize) -> Self {
        let how = Break::Reset;
        Self::new(FaultKind::CutBody { after_bytes, how })
    }

    /// The next answer sends nothing more after so many bytes of its body, and stays open;
    /// [`lasting`](Self::lasting) makes it go on after a while.
    pub fn stall_body(after_bytes: usize) -> Self {
        let time = None;
        Self::new(FaultKind::StallBody { after_bytes, time })
    }

    /// The next answer's body comes `bytes` at a time (at least one), with a wait of `every` between the pieces.
    pub fn drip(bytes: usize, every: Duration) -> Self {
        Self::new(FaultKind::Drip { bytes, every })
    }

    /// The next answer's body is chunked, and the connection ends before the terminator.
    pub fn no_terminator() -> Self {
        Self::new(FaultKind::NoTerminator)
    }

    /// The next answer declares `extra` bytes more than its body has, and the connection ends behind the body.
    pub fn long_length(extra: usize) -> Self {
        Self::new(FaultKind::LongLength { extra })
    }

    /// The next answer has this content type; none at all if it is empty.
    pub fn content_type(content_type: impl Into<String>) -> Self {
        let content_type = content_type.into();
        Self::new(FaultKind::ContentType { content_type })
    }

    /// The next answer's body is filled up with spaces to so many bytes, which leaves JSON valid; chunked, so that the
    /// length is not told beforehand.
    pub fn oversized_body(bytes: usize) -> Self {
        let declared = false;
        Self::new(FaultKind::OversizedBody { bytes, declared })
    }

    /// Adds a `Retry-After` to a [`status`](Self::status). Other kinds ignore it.
    pub fn retry_after(mut self, after: RetryAfter) -> Self {
        if let FaultKind::Status { retry_after, .. } = &mut self.kind {
            *retry_after = Some(after);
        }
        self
    }

    /// Replaces the vendor's form of errors in a [`status`](Self::status), say by a proxy's page. Other kinds ignore
    /// it.
    pub fn body(mut self, content_type: impl Into<String>, text: impl Into<String>) -> Self {
        if let FaultKind::Status { body, .. } = &mut self.kind {
            *body = Some((content_type.into(), text.into()));
        }
        self
    }

    /// How long a stall lasts; without it, for ever. Other kinds ignore it.
    pub fn lasting(mut self, lasts: Duration) -> Self {
        if let FaultKind::StallStream { time, .. } | FaultKind::StallBody { time, .. } =
            &mut self.kind
        {
            *time = Some(lasts);
        }
        self
    }

    /// The vendor carries the request out before a [`status`](Self::status), a disconnection or
    /// [`garbage`](Self::garbage) takes the place of its answer. By default the vendor never sees the request. Other
    /// kinds ignore it.
    pub fn landed(mut self) -> Self {
        self.landed = true;
        self
    }

    /// Limits the fault to one vendor, by its name in the table of vendors, or to the files behind presigned URLs, by
    /// the name `storage`. All of them by default.
    pub fn vendor(mut self, name: impl Into<String>) -> Self {
        self.filter.vendor = Some(name.into());
        self
    }

    /// Limits the fault to requests with this method (`*` for any) and a path, below the vendor's prefix, that is like
    /// this one: `*` stands for one segment, `**` at the end for any number. Queries do not count.
    pub fn on(mut self, method: impl Into<String>, path: impl Into<String>) -> Self {
        self.filter.method = Some(method.into()).filter(|method| method != "*");
        self.filter.path = Some(path.into());
        self
    }

    /// Sets how many requests it strikes; 1 by default, 0 is none. A [`Schedule`] does not look at it.
    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }

    /// Strikes until it is forgotten: [`Faults::clear`].
    pub fn forever(mut self) -> Self {
        self.times = None;
        self
    }

    /// What goes wrong.
    pub fn kind(&self) -> &FaultKind {
        &self.kind
    }
}
