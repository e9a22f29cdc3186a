//! How a script is told: as an event stream, one HTTP chunk per frame, or by waiting for its end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::unfold;

use super::Mentiora;
use super::runs::Run;
use super::script::Step;
use crate::http::{self, Reply};
use crate::live::{EVENT_STREAM, HEARTBEAT, OpenStream, frame};
use crate::vendors::World;

/// Waits until a run is over.
pub(crate) async fn play(world: &World, run: &Run) {
    for step in &run.script.steps {
        match step {
            Step::Frame(..) | Step::Raw(_) | Step::Completed => {
                tokio::time::sleep(world.pace).await;
            }
            Step::Wait(time) => tokio::time::sleep(*time).await,
            Step::Hold => pass(run).await,
        }
    }
}

/// Waits for a release. Releases that came early count.
async fn pass(run: &Run) {
    if let Ok(permit) = run.released.acquire().await {
        permit.forget();
    }
}

/// One run and its only listener.
struct Follower {
    world: Arc<World>,
    run: Arc<Run>,
    steps: VecDeque<Step>,
    _open: OpenStream,
}

/// The stream of a run.
pub(crate) fn follow(mentiora: &Arc<Mentiora>, run: Arc<Run>) -> Reply {
    let first = Step::Frame("agent.resolved".to_owned(), run.resolved());
    let mut steps = VecDeque::from([first]);
    steps.extend(run.script.steps.iter().cloned());
    let follower = Follower {
        world: Arc::clone(&mentiora.world),
        run,
        steps,
        _open: mentiora.open_streams.open(),
    };
    let chunks = unfold(follower, |mut follower| async {
        let chunk = follower.next().await?;
        Some((chunk, follower))
    });
    http::stream(EVENT_STREAM, chunks)
}

impl Follower {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let chunk = match self.steps.front()? {
                Step::Wait(time) => {
                    let time = *time;
                    self.steps.pop_front();
                    self.silence(time).await;
                    continue;
                }
                Step::Hold => {
                    let beat = tokio::time::sleep(self.world.heartbeat);
                    tokio::select! {
                        () = pass(&self.run) => {
                            self.steps.pop_front();
                            continue;
                        }
                        () = beat => return Some(HEARTBEAT),
                    }
                }
                Step::Frame(name, data) => frame(None, name, data),
                Step::Raw(bytes) => bytes.clone(),
                Step::Completed => frame(None, "chat.completed", &self.run.completed()),
            };
            self.silence(self.world.pace).await;
            self.steps.pop_front();
            return Some(chunk);
        }
    }

    async fn silence(&self, time: Duration) {
        if !time.is_zero() {
            tokio::time::sleep(time).await;
        }
    }
}
