//! Waiting for a run to be over.

use std::fmt;
use std::future::IntoFuture;
use std::time::Duration;

use agent_core::sdk::now;
use agent_core::{BoxFuture, Error, Limit, Result, Sent, TimeoutPhase};

use crate::run::Run;
use crate::runs::Runs;
use crate::types::RunStatusResponse;
use crate::wire;

/// Waits until a run is over and gives the run: [`Run::wait`].
///
/// Asks for the status every 2 seconds; the API has nothing to wait on. A run that failed is a value, not an error:
/// look at [`RunStatus::terminal`](crate::RunStatus::terminal). Dropping it ends the waiting, not the run.
///
/// ```no_run
/// # use std::time::Duration;
/// # async fn demo(run: trelent_agents::Run) -> trelent_agents::Result<()> {
/// let done = run
///     .wait()
///     .timeout(Duration::from_secs(600))
///     .on_progress(|now| println!("{}", now.status))
///     .await?;
/// println!("{:?}", done.result);
/// # Ok(()) }
/// ```
#[must_use = "nothing is waited for until it is awaited"]
pub struct Wait {
    runs: Runs,
    run_id: String,
    interval: Duration,
    limit: Limit,
    on_progress: Option<OnProgress>,
}

/// Its name in errors.
const OPERATION: &str = "run.wait";

type OnProgress = Box<dyn FnMut(&RunStatusResponse) + Send>;

impl Wait {
    pub(crate) fn new(runs: Runs, run_id: String) -> Self {
        Self {
            runs,
            run_id,
            interval: wire::WAIT_INTERVAL,
            limit: Limit::Off,
            on_progress: None,
        }
    }

    /// Time between two questions. Default 2 s; zero is refused.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Longest wait; then an error of kind [`Timeout`](crate::ErrorKind::Timeout), while the run goes on. Default: no
    /// limit; zero is refused.
    pub fn timeout(mut self, limit: impl Into<Limit>) -> Self {
        self.limit = limit.into();
        self
    }

    /// Called with every status that is read, the last one included.
    pub fn on_progress(mut self, f: impl FnMut(&RunStatusResponse) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(f));
        self
    }

    async fn perform(self) -> Result<Run> {
        let Self {
            runs,
            run_id,
            interval,
            limit,
            mut on_progress,
        } = self;
        if interval.is_zero() || limit.duration().is_some_and(|limit| limit.is_zero()) {
            let text = "neither timeout nor poll interval may be zero";
            return Err(Error::invalid_argument(text).with_operation(OPERATION));
        }
        let mut last = None;
        let deadline = limit
            .duration()
            .and_then(|limit| Some((now().checked_add(limit)?, limit)));
        let done = async {
            loop {
                let answer = runs.get_status(&run_id).await?;
                if let Some(on_progress) = &mut on_progress {
                    on_progress(&answer);
                }
                if answer.status.is_terminal() {
                    return runs.get(&run_id).await;
                }
                last = Some(answer.status);
                tokio::time::sleep(interval).await;
            }
        };
        let Some((at, limit)) = deadline else {
            return done.await;
        };
        if let Ok(done) = tokio::time::timeout_at(at, done).await {
            return done;
        }
        let known = match last {
            Some(status) => format!("its last status was {status}"),
            None => "its status was never read".to_owned(),
        };
        let message = format!(
            "the run was not over within {} ms, {known}",
            limit.as_millis()
        );
        Err(Error::timeout(TimeoutPhase::Total, limit)
            .with_message(message)
            .with_sent(Sent::Yes)
            .with_operation(OPERATION))
    }
}

impl IntoFuture for Wait {
    type Output = Result<Run>;
    type IntoFuture = BoxFuture<'static, Result<Run>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.perform())
    }
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("run_id", &self.run_id)
            .field("interval", &self.interval)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
