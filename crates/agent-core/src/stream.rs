//! Event streams: the driver that turns a vendor's rules into items.
//!
//! Here lives everything about a stream that is not a vendor's: connections, timers, the idle guard. It pulls: nothing
//! runs while the caller does not poll, so back-pressure reaches the server, and no task is left behind.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use futures_core::stream::FusedStream;
use tokio::time::{Instant, Sleep};

use crate::ambient::now;
use crate::byte_stream::Idle;
use crate::call::Caller;
use crate::config::CallOptions;
use crate::cursor::Cursor;
use crate::error::{Error, ErrorKind, Result, Sent};
use crate::follow::{Broke, End, Follow, Next, Open, Out, Resume, Scene, Since};
use crate::pipeline::{Opened, Pipeline};
use crate::request::Request;
use crate::response::Response;
use crate::sse::{Decoder, Frame, TooLarge};
use crate::timeouts::{Limit, refuse_zero};
use crate::transport::BoxFuture;

mod connection;

use connection::{Chunk, Connection, refuse_encoding};

/// The events of a run, in order, each once.
///
/// Connects when it is first polled. Dropping or [closing](Self::close) it closes the connection and **does not
/// cancel the run**. An `Err` item in the middle, such as an event that can not be read, does not end the stream;
/// after the end or a fatal error [`next`](Self::next) gives `None` for ever.
pub struct EventStream<E> {
    driver: Box<dyn Drive<E>>,
}

trait Drive<E>: Send {
    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<E>>>;
    fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>>;
    fn close(&mut self);
    fn cursor(&self) -> Option<Cursor>;
    fn end(&self) -> Option<End>;
    fn reconnects(&self) -> u64;
    fn is_over(&self) -> bool;
}

impl<E> EventStream<E> {
    /// The next item, or `None` after the end. Cancel-safe: dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<E>> {
        std::future::poll_fn(|cx| self.driver.poll_item(cx)).await
    }

    /// Ends the stream and closes its connection; the run goes on. May be called any number of times.
    pub fn close(&mut self) {
        self.driver.close();
    }

    /// The position of the last event that was delivered, where the vendor numbers events; before the first, where the
    /// stream was asked to begin.
    pub fn cursor(&self) -> Option<Cursor> {
        self.driver.cursor()
    }

    /// How the stream ended: `None` while it has not, and after a fatal error.
    pub fn end(&self) -> Option<End> {
        self.driver.end()
    }

    /// How many times the stream was begun again after a break. It need not trouble anyone: no event is lost or
    /// repeated by it.
    pub fn reconnects(&self) -> u64 {
        self.driver.reconnects()
    }

    /// Connects now instead of at the first poll, and fails if that fails.
    pub async fn connect(mut self) -> Result<Self> {
        std::future::poll_fn(|cx| self.driver.poll_connected(cx)).await?;
        Ok(self)
    }
}

impl<E> Stream for EventStream<E> {
    type Item = Result<E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.driver.poll_item(cx)
    }
}

impl<E> FusedStream for EventStream<E> {
    fn is_terminated(&self) -> bool {
        self.driver.is_over()
    }
}

impl<E> fmt::Debug for EventStream<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("cursor", &self.cursor())
            .field("end", &self.end())
            .finish_non_exhaustive()
    }
}

/// Options of one stream; they win over the client's.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct StreamOptions {
    resume: Option<Resume>,
    idle: Option<Limit>,
    call: CallOptions,
}

impl StreamOptions {
    /// The client's settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether and how the stream resumes after a break.
    pub fn resume(mut self, resume: Resume) -> Self {
        self.resume = Some(resume);
        self
    }

    /// Longest silence; comments count as life.
    pub fn idle_timeout(mut self, limit: impl Into<Limit>) -> Self {
        self.idle = Some(limit.into());
        self
    }

    /// Time until the response head when it is opened.
    pub fn headers_timeout(mut self, limit: impl Into<Limit>) -> Self {
        self.call.attempt = Some(limit.into());
        self
    }

    /// One more header for every request of the stream.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.call.headers.push(name, value);
        self
    }

    /// The resume policy in force on a stream of `pipeline`.
    #[doc(hidden)]
    pub fn resume_on(&self, pipeline: &Pipeline) -> Resume {
        self.resume
            .clone()
            .unwrap_or_else(|| pipeline.resume().clone())
    }
}

impl Pipeline {
    /// A stream by the rules of `follow`.
    pub fn follow<F: Follow>(
        &self,
        operation: &'static str,
        follow: F,
        options: StreamOptions,
    ) -> EventStream<F::Item> {
        let idle = options.idle.or(self.idle()).unwrap_or(follow.idle());
        let refused = [Some(idle), options.call.attempt]
            .into_iter()
            .flatten()
            .find_map(|limit| refuse_zero("a stream's timeout", limit).err());
        let caller = Caller::new(self.clone(), options.call, None);
        let start = follow.start();
        let mut out = Out::default();
        if let Some(start) = start {
            out.position(start);
        }
        EventStream {
            driver: Box::new(Driver {
                operation,
                decoder: Decoder::new()
                    .max_event_bytes(self.max_event_bytes())
                    .dispatch_unfinished(follow.dispatches_unfinished())
                    .bare_names(follow.counts_bare_names()),
                follow,
                caller,
                idle: idle.duration(),
                out,
                task: match refused {
                    None => Task::Start,
                    Some(text) => Task::Failed(Error::invalid_argument(text)),
                },
                connection: None,
                started: None,
                reached: false,
                opened: 0,
                age: None,
                end: None,
            }),
        }
    }
}

struct Driver<F: Follow> {
    operation: &'static str,
    follow: F,
    caller: Caller,
    idle: Option<Duration>,
    decoder: Decoder,
    out: Out<F::Item>,
    task: Task,
    connection: Option<Connection>,
    started: Option<Instant>,
    /// The server has answered to how the stream begins.
    reached: bool,
    /// How often a connection was opened.
    opened: u64,
    /// Age of the connection when it was lost.
    age: Option<Duration>,
    end: Option<End>,
}

/// What the driver is about.
enum Task {
    Start,
    Opening(BoxFuture<'static, Result<Opened>>),
    Asking(Asked, BoxFuture<'static, Result<Response>>),
    Waiting(Pin<Box<Sleep>>),
    Reading,
    Failed(Error),
    Over,
}

/// Why something is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// It is how the stream begins.
    ToBegin,
    /// The rules want to know something on the way.
    OnTheWay,
}

impl<F: Follow> Driver<F> {
    /// Tells the rules what happened and does what they say.
    fn tell(&mut self, event: impl FnOnce(&mut F, &Scene<'_>, &mut Out<F::Item>) -> Next) {
        let scene = Scene {
            started: self.started.map(Since::Instant),
            connected: match &self.connection {
                Some(connection) => Some(Since::Instant(connection.opened)),
                None => self.age.map(Since::Age),
            },
            idle: self.idle,
            ambient: &**self.caller.pipeline().ambient(),
        };
        let next = event(&mut self.follow, &scene, &mut self.out);
        self.proceed(next);
    }

    fn proceed(&mut self, next: Next) {
        self.task = match next {
            // What nearly every frame means.
            Next::Read if matches!(self.task, Task::Reading) => return,
            Next::Read if self.connection.is_some() => Task::Reading,
            Next::Read => Task::Start,
            Next::Reopen(wait) => {
                self.disconnect();
                if wait.is_zero() {
                    Task::Start
                } else {
                    Task::Waiting(Box::pin(tokio::time::sleep(wait)))
                }
            }
            Next::Ask(request) => self.ask(Asked::OnTheWay, *request),
            Next::Finish(end) => {
                self.connection = None;
                self.end = Some(end);
                Task::Over
            }
            Next::Fail(error) => {
                self.connection = None;
                Task::Failed(error)
            }
        };
    }

    fn ask(&self, asked: Asked, request: Request) -> Task {
        let caller = self.caller.clone();
        Task::Asking(asked, Box::pin(async move { caller.send(&request).await }))
    }

    fn disconnect(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.age = Some(now() - connection.opened);
        }
        self.decoder.reset();
    }

    /// Does one step. Ready when there may be an item, or the state has changed.
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.task {
            Task::Start => {
                self.started.get_or_insert_with(now);
                let caller = self.caller.clone();
                self.task = match self.follow.open() {
                    Open::Ask(request) => self.ask(Asked::ToBegin, request),
                    Open::Sse(request) => {
                        Task::Opening(Box::pin(async move { caller.open(&request).await }))
                    }
                };
            }
            Task::Opening(opening) => match ready!(opening.as_mut().poll(cx)) {
                Ok(opened) => {
                    self.decoder.reset();
                    self.reached = true;
                    self.opened += 1;
                    self.age = None;
                    self.connection = Some(Connection {
                        body: opened.body,
                        opened: now(),
                        idle: Idle::new(self.idle),
                    });
                    let next = match refuse_encoding(&opened.meta) {
                        None => self.follow.opened(&opened.meta),
                        Some(error) => Next::Fail(error),
                    };
                    self.proceed(next);
                }
                Err(error) => {
                    self.age = None;
                    self.tell(|follow, scene, out| follow.broke(Broke::Refused(error), scene, out));
                }
            },
            Task::Asking(asked, asking) => {
                let answer = ready!(asking.as_mut().poll(cx));
                self.reached |= *asked == Asked::ToBegin && answer.is_ok();
                self.tell(|follow, scene, out| follow.answer(answer, scene, out));
            }
            Task::Waiting(sleep) => {
                ready!(sleep.as_mut().poll(cx));
                self.task = Task::Start;
            }
            Task::Reading => ready!(self.read(cx)),
            Task::Failed(_) | Task::Over => {}
        }
        Poll::Ready(())
    }

    fn read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let frame = self.decoder.next_frame();
        if self.take_frame(frame) {
            return Poll::Ready(());
        }
        let Some(connection) = &mut self.connection else {
            self.task = Task::Start;
            return Poll::Ready(());
        };
        match ready!(connection.poll_chunk(cx)) {
            Chunk::Bytes(bytes) => {
                self.decoder.feed(bytes);
                let frame = self.decoder.next_frame();
                self.take_frame(frame);
            }
            Chunk::Eof => {
                let frame = self.decoder.finish();
                if !self.take_frame(frame) || matches!(self.task, Task::Reading) {
                    self.lost(Broke::Eof);
                }
            }
            Chunk::Lost(error) => self.lost(Broke::Lost(error)),
            Chunk::Silent(silence) => {
                self.tell(|follow, scene, out| follow.broke(Broke::Idle(silence), scene, out));
            }
        }
        Poll::Ready(())
    }

    /// Tells the rules about a frame; `false` if there is none.
    fn take_frame(&mut self, frame: Result<Option<Frame>, TooLarge>) -> bool {
        match frame {
            Ok(None) => return false,
            Ok(Some(frame)) => self.tell(|follow, scene, out| follow.frame(frame, scene, out)),
            Err(too_large) => {
                let error = Error::new(ErrorKind::TooLarge, too_large.to_string());
                self.proceed(Next::Fail(error.with_sent(Sent::Yes)));
            }
        }
        true
    }

    fn lost(&mut self, broke: Broke) {
        self.disconnect();
        self.tell(|follow, scene, out| follow.broke(broke, scene, out));
    }

    fn pop(&mut self) -> Option<Result<F::Item>> {
        let (item, _) = self.out.pop()?;
        Some(item.map_err(|error| self.sign(error)))
    }

    /// The fatal error, if there is one; the stream is over then.
    fn failure(&mut self) -> Option<Error> {
        if !matches!(self.task, Task::Failed(_)) {
            return None;
        }
        match std::mem::replace(&mut self.task, Task::Over) {
            Task::Failed(error) => Some(self.sign(error)),
            _ => None,
        }
    }

    /// Puts onto an error what the stream knows.
    fn sign(&self, error: Error) -> Error {
        let cursor = error.cursor().or(self.out.last());
        let error = error.with_cursor(cursor);
        if error.operation().is_empty() {
            error.with_operation(self.operation)
        } else {
            error
        }
    }
}

impl<F: Follow> Drive<F::Item> for Driver<F> {
    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<F::Item>>> {
        for _ in 0..STEPS {
            if let Some(item) = self.pop() {
                return Poll::Ready(Some(item));
            }
            if let Some(error) = self.failure() {
                return Poll::Ready(Some(Err(error)));
            }
            if matches!(self.task, Task::Over) {
                return Poll::Ready(None);
            }
            ready!(self.step(cx));
        }
        pause(cx)
    }

    fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        for _ in 0..STEPS {
            if !self.out.is_empty() {
                return Poll::Ready(Ok(()));
            }
            if let Some(error) = self.failure() {
                return Poll::Ready(Err(error));
            }
            if self.reached || matches!(self.task, Task::Over) {
                return Poll::Ready(Ok(()));
            }
            ready!(self.step(cx));
        }
        pause(cx)
    }

    fn close(&mut self) {
        if !self.is_over() {
            self.end = Some(End::ClosedByCaller);
        }
        self.task = Task::Over;
        self.connection = None;
        self.out.clear();
        self.decoder.reset();
    }

    fn cursor(&self) -> Option<Cursor> {
        self.out.last()
    }

    fn end(&self) -> Option<End> {
        self.end.filter(|_| self.is_over())
    }

    fn reconnects(&self) -> u64 {
        self.opened.saturating_sub(1)
    }

    fn is_over(&self) -> bool {
        matches!(self.task, Task::Over) && self.out.is_empty()
    }
}

/// Most steps of one poll. A server that sends without end what means nothing must not hold the caller's thread.
const STEPS: u32 = 256;

/// Lets others have their turn.
fn pause<T>(cx: &mut Context<'_>) -> Poll<T> {
    cx.waker().wake_by_ref();
    Poll::Pending
}
