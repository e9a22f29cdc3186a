//! What a vendor knows about following a run: pure rules, without clock, socket or chance.
//!
//! A [`Follow`] is told what happened (a frame, an answer, an end) and says what to do next. One driver
//! (`stream.rs`) does it. Rules are tested by calling them.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use crate::ambient::{Ambient, now, random_part};
use crate::cursor::Cursor;
use crate::error::{Error, ErrorKind, Result};
use crate::request::Request;
use crate::response::{Response, ResponseMeta};
use crate::retry::backoff;
use crate::sse::Frame;
use crate::timeouts::Limit;

/// Longest silence of what can not resume: 10 minutes.
pub const SILENCE: Limit = Limit::After(Duration::from_secs(600));

/// Longest silence of a stream that resumes by itself: 120 s.
pub const SILENCE_RESUMING: Limit = Limit::After(Duration::from_secs(120));

/// A longer wait that a server asks for is the caller's to wait for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// A vendor's rules for one stream.
pub trait Follow: Send + 'static {
    /// What the caller gets.
    type Item: Send + 'static;

    /// How to begin, and how to begin again after [`Next::Reopen`].
    fn open(&mut self) -> Open;

    /// The head of an event stream is there. [`Next::Read`] reads it.
    fn opened(&mut self, _head: &ResponseMeta) -> Next {
        Next::Read
    }

    /// A frame came. What it means for the caller goes into `out`.
    fn frame(&mut self, frame: Frame, scene: &Scene<'_>, out: &mut Out<Self::Item>) -> Next;

    /// The answer to [`Next::Ask`] or [`Open::Ask`] came.
    fn answer(
        &mut self,
        answer: Result<Response>,
        _scene: &Scene<'_>,
        _out: &mut Out<Self::Item>,
    ) -> Next {
        match answer {
            Ok(_) => Next::Read,
            Err(error) => Next::Fail(error),
        }
    }

    /// The connection is over, or silent for too long. After [`Broke::Idle`], [`Next::Read`] goes on waiting on the
    /// same connection.
    fn broke(&mut self, broke: Broke, scene: &Scene<'_>, out: &mut Out<Self::Item>) -> Next;

    /// Where the caller begins: the stream's position until an item moves it.
    fn start(&self) -> Option<Cursor> {
        None
    }

    /// Longest silence, where the user sets none. The default is for streams that can not resume.
    fn idle(&self) -> Limit {
        SILENCE
    }

    /// Whether a line that is a field's name without a colon counts, as the standard has it.
    fn counts_bare_names(&self) -> bool {
        true
    }

    /// Whether a block that lacks its blank line counts at an orderly end.
    fn dispatches_unfinished(&self) -> bool {
        false
    }
}

/// How a stream begins.
#[derive(Debug)]
pub enum Open {
    /// Open an event stream.
    Sse(Request),
    /// Ask for one answer.
    Ask(Request),
}

/// What to do next.
#[derive(Debug)]
pub enum Next {
    /// Go on reading.
    Read,
    /// Drop the connection, wait, and begin again.
    Reopen(Duration),
    /// Ask something else first; a connection is kept meanwhile.
    Ask(Box<Request>),
    /// It is over.
    Finish(End),
    /// It is over, with this error as the last item.
    Fail(Error),
}

/// How an event stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// The run is over, by an event or by the server's word.
    Terminal,
    /// The server closed the stream in an orderly way; whether the run is over, it did not say.
    ServerClosed,
    /// The caller closed it.
    ClosedByCaller,
}

/// Why there is no more to read for now.
#[derive(Debug)]
pub enum Broke {
    /// An orderly end of file.
    Eof,
    /// The connection broke.
    Lost(Error),
    /// Nothing came for so long. The connection is still there.
    Idle(Duration),
    /// The stream could not be opened.
    Refused(Error),
}

impl Broke {
    /// The failure behind it.
    pub fn into_error(self) -> Error {
        match self {
            Self::Eof => Error::new(ErrorKind::Interrupted, "the stream ended before its end")
                .with_sent(crate::error::Sent::Yes),
            Self::Idle(silence) => Error::timeout(crate::error::TimeoutPhase::Idle, silence),
            Self::Lost(error) | Self::Refused(error) => error,
        }
    }
}

/// What the rules may know of time and chance.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    pub(crate) started: Option<Since>,
    pub(crate) connected: Option<Since>,
    /// The limit of silence in force.
    pub idle: Option<Duration>,
    /// Randomness and the wall clock.
    pub ambient: &'a dyn Ambient,
}

/// A moment of the past: reading the clock costs, so it is read only by rules that want to know.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Since {
    Instant(Instant),
    Age(Duration),
}

impl Since {
    fn age(self) -> Duration {
        match self {
            Self::Instant(instant) => now() - instant,
            Self::Age(age) => age,
        }
    }
}

impl<'a> Scene<'a> {
    /// A scene in which no time passes, for tests of rules.
    pub fn fixed(
        elapsed: Duration,
        connected: Option<Duration>,
        idle: Option<Duration>,
        ambient: &'a dyn Ambient,
    ) -> Self {
        Self {
            started: Some(Since::Age(elapsed)),
            connected: connected.map(Since::Age),
            idle,
            ambient,
        }
    }

    /// Time since the stream was first polled.
    pub fn elapsed(&self) -> Duration {
        self.started.map_or(Duration::ZERO, Since::age)
    }

    /// Age of the connection, if there is or just was one.
    pub fn connected(&self) -> Option<Duration> {
        self.connected.map(Since::age)
    }
}

/// Items on their way to the caller.
pub struct Out<T> {
    queue: VecDeque<(Result<T>, Option<Cursor>)>,
    last: Option<Cursor>,
}

impl<T> Default for Out<T> {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            last: None,
        }
    }
}

impl<T> fmt::Debug for Out<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Out")
            .field("waiting", &self.queue.len())
            .field("last", &self.last)
            .finish()
    }
}

impl<T> Out<T> {
    /// An item that does not move the position.
    pub fn item(&mut self, item: Result<T>) {
        self.queue.push_back((item, None));
    }

    /// An item at a position: once it is delivered, the stream's cursor is there.
    pub fn item_at(&mut self, item: Result<T>, cursor: Cursor) {
        self.queue.push_back((item, Some(cursor)));
    }

    /// Moves the position without an item: the stream's cursor is there once the items before it are delivered.
    pub fn position(&mut self, cursor: Cursor) {
        match self.queue.back_mut() {
            Some((_, at)) => *at = Some(cursor),
            None => self.last = Some(cursor),
        }
    }

    /// Delivers the next item, with its position.
    pub fn pop(&mut self) -> Option<(Result<T>, Option<Cursor>)> {
        let (item, cursor) = self.queue.pop_front()?;
        self.last = cursor.or(self.last);
        Some((item, cursor))
    }

    /// Drops what is waiting.
    pub(crate) fn clear(&mut self) {
        self.queue = VecDeque::new();
    }

    /// Whether nothing is waiting.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// The position behind the last item that was delivered.
    pub fn last(&self) -> Option<Cursor> {
        self.last
    }
}

/// Whether and how a stream is resumed after a break. What a break is, is the vendor's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resume {
    /// Reconnects in a row without a new event; 0 never resumes.
    pub max_reconnects: u32,
    /// The first wait.
    pub base: Duration,
    /// The longest wait.
    pub cap: Duration,
    /// A connection that was open this long makes the count start again.
    pub healthy_after: Duration,
}

impl Default for Resume {
    /// [`Resume::auto`].
    fn default() -> Self {
        Self::auto()
    }
}

impl Resume {
    /// Resumes: at most 10 reconnects in a row without a new event, waits of 500 ms doubling to 8 s with full
    /// jitter; a connection that was open for 30 s makes the count start again.
    pub fn auto() -> Self {
        Self {
            max_reconnects: 10,
            base: Duration::from_millis(500),
            cap: Duration::from_secs(8),
            healthy_after: Duration::from_secs(30),
        }
    }

    /// Never resumes: what the vendor's own client does.
    pub fn never() -> Self {
        Self::auto().max_reconnects(0)
    }

    /// Sets the number of reconnects in a row without a new event.
    pub fn max_reconnects(mut self, reconnects: u32) -> Self {
        self.max_reconnects = reconnects;
        self
    }

    /// Sets the first and the longest wait.
    pub fn backoff(mut self, base: Duration, cap: Duration) -> Self {
        self.base = base;
        self.cap = cap;
        self
    }

    /// Whether it resumes at all.
    pub fn is_on(&self) -> bool {
        self.max_reconnects > 0
    }
}

/// Counts the reconnects of one stream against its [`Resume`] policy.
#[derive(Clone, Debug)]
pub struct Reconnects {
    resume: Resume,
    failures: u32,
}

impl Reconnects {
    /// None so far.
    pub fn new(resume: Resume) -> Self {
        Self {
            resume,
            failures: 0,
        }
    }

    /// The policy.
    pub fn policy(&self) -> &Resume {
        &self.resume
    }

    /// Reconnects in a row without a new event.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// A new event came.
    pub fn progress(&mut self) {
        self.failures = 0;
    }

    /// One more failure: how long to wait before the next try, or `None` when they are used up, or the server asks
    /// for a longer wait than a minute.
    pub fn failed(&mut self, scene: &Scene<'_>, retry_after: Option<Duration>) -> Option<Duration> {
        if scene
            .connected()
            .is_some_and(|age| age >= self.resume.healthy_after)
        {
            self.failures = 0;
        }
        let too_long = retry_after.is_some_and(|after| after > LONGEST_RETRY_AFTER);
        if too_long || self.failures >= self.resume.max_reconnects {
            return None;
        }
        let whole = backoff(self.resume.base, self.resume.cap, self.failures);
        self.failures += 1;
        let wait = random_part(scene.ambient, whole);
        Some(retry_after.map_or(wait, |after| after.max(wait)))
    }
}

/// The error of a stream whose reconnects are used up, with the last failure as its cause.
pub fn reconnects_exhausted(reconnects: u32, last: Error) -> Error {
    Error::new(
        ErrorKind::ReconnectsExhausted,
        format!("gave up after {reconnects} reconnects without a new event: {last}"),
    )
    .with_sent(last.sent())
    .with_retry_after(last.retry_after())
    .with_request_id(last.request_id().map(str::to_owned))
    .with_source(last)
}
