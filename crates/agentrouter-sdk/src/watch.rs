//! The rules for following a run by polling: pure, without clock or connection.
//!
//! A poll is a page of events behind the cursor, then the run's status. It is over when the run is terminal *and* the
//! cursor has reached the run's last sequence: events may come after the one that ends the run. Streams use these
//! rules through [`Following`], calls that wait through `wait.rs`.

use std::time::Duration;

use agent_core::sdk::{
    Broke, Follow, Next, Open, Out, Reconnects, Request, Response, Scene, now, reconnects_exhausted,
};
use agent_core::sse::Frame;
use agent_core::{Cursor, End, Error, Limit, Result, Resume, TimeoutPhase};
use tokio::time::Instant;

use crate::error::wait_timeout;
use crate::ops::{GET_RUN, LIST_RUN_EVENTS};
use crate::polling::Polling;
use crate::types::{Run, RunEvent, RunEventPage, RunId, RunStatus};
use crate::wire;

/// The rules for one run.
#[derive(Debug)]
pub(crate) struct Watch {
    run_id: RunId,
    /// Sequence of the last event that was taken.
    cursor: u64,
    polling: Polling,
    max_wait: Limit,
    /// When the wait began, if not with the first poll.
    since: Option<Instant>,
    reconnects: Reconnects,
    /// The page that was just taken.
    page: PageFacts,
    /// Polls in a row that brought nothing.
    quiet: u32,
    status: RunStatus,
    /// The sequence that is enough, once the time is up: the last one known then.
    enough: Option<u64>,
}

/// What matters of a page once its events are gone.
#[derive(Debug, Default)]
struct PageFacts {
    brought_events: bool,
    ended_run: bool,
    full: bool,
}

/// What to do next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Poll again after this wait.
    Again(Duration),
    /// The run is over and every event was taken.
    Over,
    /// It is over with this error.
    Fail(Error),
}

impl Watch {
    pub(crate) fn new(run_id: RunId, resume: Resume) -> Self {
        Self {
            run_id,
            cursor: 0,
            polling: Polling::default(),
            max_wait: Limit::After(wire::DEFAULT_MAX_WAIT),
            since: None,
            reconnects: Reconnects::new(resume),
            page: PageFacts::default(),
            quiet: 0,
            status: RunStatus::Queued,
            enough: None,
        }
    }

    /// Begins behind this event.
    pub(crate) fn after_seq(mut self, after_seq: u64) -> Self {
        self.cursor = after_seq;
        self
    }

    pub(crate) fn polling(mut self, polling: Polling) -> Self {
        self.polling = polling;
        self
    }

    pub(crate) fn max_wait(mut self, max_wait: Limit) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// Counts the longest wait from here.
    pub(crate) fn since(mut self, start: Instant) -> Self {
        self.since = Some(start);
        self
    }

    pub(crate) fn run_id(&self) -> &RunId {
        &self.run_id
    }

    /// The next page of events.
    pub(crate) fn page_request(&self) -> Request {
        Request::new(&LIST_RUN_EVENTS)
            .param("run_id", &self.run_id)
            .query("afterSeq", self.cursor)
            .query("limit", wire::PAGE_LIMIT)
    }

    /// The run's status.
    pub(crate) fn run_request(&self) -> Request {
        Request::new(&GET_RUN).param("run_id", &self.run_id)
    }

    /// Takes a page and gives the events that are new, in order. What the server sends again is dropped.
    pub(crate) fn take_page(&mut self, page: RunEventPage) -> Vec<RunEvent> {
        let asked = self.cursor;
        let full = page.items.len() >= wire::PAGE_LIMIT as usize;
        let mut events = page.items;
        events.retain(|event| event.sequence > asked);
        events.sort_by_key(|event| event.sequence);
        events.dedup_by_key(|event| event.sequence);
        self.cursor = events.last().map_or(asked, |event| event.sequence);
        self.page = PageFacts {
            brought_events: !events.is_empty(),
            ended_run: events.iter().any(|event| event.event_type.ends_run()),
            full,
        };
        if self.page.brought_events {
            self.quiet = 0;
            self.reconnects.progress();
        } else {
            self.quiet = self.quiet.saturating_add(1);
        }
        events
    }

    /// After a page: the wait until the next one, if its events say enough; otherwise the status is asked for.
    pub(crate) fn without_status(&self, elapsed: Duration) -> Option<Duration> {
        let says_enough = self.page.brought_events && !self.page.ended_run;
        if !self.polling.is_adaptive() || !says_enough || self.is_late(elapsed) {
            return None;
        }
        Some(if self.page.full {
            Duration::ZERO
        } else {
            self.polling.wait(0)
        })
    }

    /// Takes the answer about the run that followed a page.
    pub(crate) fn take_run(&mut self, run: &Run, elapsed: Duration) -> Step {
        self.status = run.status.clone();
        self.reconnects.progress();
        let late = self.is_late(elapsed);
        if !run.status.is_terminal() {
            return if late {
                self.timed_out()
            } else {
                Step::Again(self.polling.wait(self.quiet))
            };
        }
        let last = run.last_event_seq;
        if self.cursor >= last {
            Step::Over
        } else if late {
            // A full page says that there is more now: it is taken, up to what was known when the time was up.
            let known = *self.enough.get_or_insert(last);
            let more = self.page.full && self.page.brought_events && self.cursor < known;
            if more {
                Step::Again(Duration::ZERO)
            } else {
                self.timed_out()
            }
        } else if self.page.brought_events {
            Step::Again(Duration::ZERO)
        } else {
            Step::Again(self.polling.wait(self.quiet))
        }
    }

    /// Takes a poll that failed.
    pub(crate) fn failed(&mut self, error: Error, scene: &Scene<'_>) -> Step {
        let elapsed = self.elapsed(scene.elapsed());
        if !is_passing(&error) || !self.reconnects.policy().is_on() || self.is_late(elapsed) {
            return Step::Fail(self.signed(error));
        }
        if let Some(wait) = self.reconnects.failed(scene, error.retry_after()) {
            return Step::Again(wait);
        }
        let exhausted = reconnects_exhausted(self.reconnects.failures(), error);
        Step::Fail(self.signed(exhausted))
    }

    /// Time since the wait began, if `first_poll` is the time since the first poll.
    pub(crate) fn elapsed(&self, first_poll: Duration) -> Duration {
        self.since.map_or(first_poll, |start| now() - start)
    }

    /// Names the run on an error.
    pub(crate) fn signed(&self, error: Error) -> Error {
        error.with_view(self.run_id.clone())
    }

    fn is_late(&self, elapsed: Duration) -> bool {
        self.max_wait
            .duration()
            .is_some_and(|limit| elapsed >= limit)
    }

    fn timed_out(&self) -> Step {
        Step::Fail(self.signed(wait_timeout(&self.run_id, &self.status)))
    }
}

/// Whether a failure may pass while one waits no longer than a minute.
pub(crate) fn is_passing(error: &Error) -> bool {
    error.is_retryable()
        && error.timeout_phase() != Some(TimeoutPhase::Total)
        && error
            .retry_after()
            .is_none_or(|after| after <= wire::MAX_RETRY_AFTER)
}

/// A stream of what the events of a run mean to its reader.
pub(crate) struct Following<T> {
    watch: Watch,
    meaning: fn(RunEvent) -> Option<T>,
    asked: Asked,
}

#[derive(Clone, Copy)]
enum Asked {
    Page,
    Run,
}

impl<T> Following<T> {
    pub(crate) fn new(watch: Watch, meaning: fn(RunEvent) -> Option<T>) -> Self {
        Self {
            watch,
            meaning,
            asked: Asked::Page,
        }
    }

    fn page(&mut self, page: RunEventPage, scene: &Scene<'_>, out: &mut Out<T>) -> Next {
        for event in self.watch.take_page(page) {
            let at = Cursor::from(event.sequence);
            match (self.meaning)(event) {
                Some(item) => out.item_at(Ok(item), at),
                None => out.position(at),
            }
        }
        let elapsed = self.watch.elapsed(scene.elapsed());
        if let Some(wait) = self.watch.without_status(elapsed) {
            return Next::Reopen(wait);
        }
        self.asked = Asked::Run;
        Next::Ask(Box::new(self.watch.run_request()))
    }
}

impl<T: Send + 'static> Follow for Following<T> {
    type Item = T;

    fn open(&mut self) -> Open {
        self.asked = Asked::Page;
        Open::Ask(self.watch.page_request())
    }

    fn frame(&mut self, _: Frame, _: &Scene<'_>, _: &mut Out<T>) -> Next {
        Next::Read
    }

    fn answer(&mut self, answer: Result<Response>, scene: &Scene<'_>, out: &mut Out<T>) -> Next {
        let step = match (answer, self.asked) {
            (Err(error), _) => self.watch.failed(error, scene),
            (Ok(response), Asked::Page) => match response.json() {
                Ok(page) => return self.page(page, scene, out),
                Err(error) => self.watch.failed(error, scene),
            },
            (Ok(response), Asked::Run) => match response.json() {
                Ok(run) => {
                    let elapsed = self.watch.elapsed(scene.elapsed());
                    self.watch.take_run(&run, elapsed)
                }
                Err(error) => self.watch.failed(error, scene),
            },
        };
        match step {
            Step::Again(wait) => Next::Reopen(wait),
            Step::Over => Next::Finish(End::Terminal),
            Step::Fail(error) => Next::Fail(error),
        }
    }

    fn broke(&mut self, broke: Broke, _: &Scene<'_>, _: &mut Out<T>) -> Next {
        // There is no connection that could break: every request is a call of its own.
        Next::Fail(broke.into_error())
    }
}

#[cfg(test)]
mod tests;
