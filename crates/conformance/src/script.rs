//! The script of one vector while it is played: which exchange is next, what arrived, and when.
//!
//! The wire server and the in-memory transport both play from here. Nothing is judged while it runs: an exchange is
//! answered by its place in the script, whatever was asked, and `compare` looks at what arrived afterwards.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::compare::request::Received;
use crate::vector::Vector;

pub mod plan;

use plan::Plan;

/// So many requests beyond the script get an answer; those that follow hang, so that a loop comes to an end.
const ANSWERED_BEYOND: usize = 50;

/// The script and its state.
#[derive(Debug)]
pub struct Script {
    plans: Vec<Option<Arc<Plan>>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    received: Vec<Received>,
    marks: Vec<Mark>,
}

/// When an exchange began and ended.
#[derive(Clone, Copy, Debug)]
struct Mark {
    arrived: Instant,
    left: Option<Instant>,
    by_client: bool,
}

/// What to do with a request.
#[derive(Debug)]
pub enum Reply {
    /// Play this exchange.
    Play(Turn),
    /// The script is over: answer with an error that nobody retries.
    Beyond,
    /// Far too many requests: do nothing any more.
    Hang,
}

/// One exchange being played. Dropped before [`finish`](Self::finish), it was the client that left.
#[derive(Debug)]
pub struct Turn {
    script: Arc<Script>,
    index: usize,
    plan: Option<Arc<Plan>>,
}

impl Script {
    /// The script of a vector.
    pub fn new(vector: &Vector) -> Result<Arc<Self>, String> {
        let plans = vector
            .exchanges
            .iter()
            .map(|exchange| exchange.response.as_ref().map(Plan::new).transpose())
            .map(|plan| plan.map(|plan| plan.map(Arc::new)))
            .collect::<Result<_, _>>()?;
        Ok(Arc::new(Self {
            plans,
            state: Mutex::default(),
        }))
    }

    /// Notes a request and says what to do with it.
    pub fn arrive(self: &Arc<Self>, request: Received) -> Reply {
        let mut state = self.state();
        let index = state.received.len();
        state.received.push(request);
        match self.plans.get(index) {
            Some(plan) => {
                state.marks.push(Mark {
                    arrived: now(),
                    left: None,
                    by_client: false,
                });
                Reply::Play(Turn {
                    script: Arc::clone(self),
                    index,
                    plan: plan.clone(),
                })
            }
            None if index < self.plans.len() + ANSWERED_BEYOND => Reply::Beyond,
            None => Reply::Hang,
        }
    }

    /// What has arrived, in order.
    pub fn received(&self) -> Vec<Received> {
        self.state().received.clone()
    }

    /// Whether the client left this exchange before the server was done. None if it was not reached.
    pub fn left_by_client(&self, index: usize) -> Option<bool> {
        let mark = self.state().marks.get(index).copied()?;
        Some(mark.left.is_some() && mark.by_client)
    }

    /// How long the client took from the end of each exchange to the next request, or to the end of the call.
    pub fn waits(&self, finished: Instant) -> Vec<Duration> {
        let state = self.state();
        let ends = state.marks.iter().map(|mark| mark.left.unwrap_or(finished));
        let begins = state.marks.iter().skip(1).map(|mark| mark.arrived);
        ends.zip(begins.chain([finished]))
            .map(|(end, begin)| begin.saturating_duration_since(end))
            .collect()
    }

    fn leave(&self, index: usize, by_client: bool) {
        if let Some(mark) = self.state().marks.get_mut(index)
            && mark.left.is_none()
        {
            mark.left = Some(now());
            mark.by_client = by_client;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// How to answer; none closes the connection without an answer.
    pub fn plan(&self) -> Option<Arc<Plan>> {
        self.plan.clone()
    }

    /// The server is done with the exchange.
    pub fn finish(&self) {
        self.script.leave(self.index, false);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.script.leave(self.index, true);
    }
}

/// The instant on tokio's clock, paused or not.
pub fn now() -> Instant {
    Instant::now()
}
