//! Replays one vector against one adapter and says what differs.

use std::any::Any;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use agent_core::Transport;
use futures_util::FutureExt;
use serde_json::Value;
use tokio::runtime::Builder;
use tokio::time::{Instant, sleep, timeout};

use crate::adapter::{Adapter, Env, Outcome, Session};
use crate::compare::json::{LISTED, differences};
use crate::compare::{Difference, outcome, request, waits};
use crate::memory::Memory;
use crate::script::{Script, now};
use crate::vector::placeholders::Servers;
use crate::vector::{End, Vector};
use crate::wire::Listeners;

/// How the SDK reaches the scripted servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// HTTP over loopback, on the real clock.
    Wire,
    /// A transport in memory, on a paused clock.
    Memory,
}

impl Mode {
    /// The way for a vector that nobody forces: in memory if anything waits.
    pub fn of(vector: &Vector, adapter: &dyn Adapter) -> Self {
        if vector.waits() || adapter.needs_virtual_time(vector) {
            Self::Memory
        } else {
            Self::Wire
        }
    }

    /// A vector that takes longer hangs. In memory the time is virtual.
    fn limit(self) -> Duration {
        match self {
            Self::Wire => Duration::from_secs(30),
            Self::Memory => Duration::from_secs(30 * 24 * 3600),
        }
    }

    /// How long to look for what must not come any more.
    fn settle(self) -> Duration {
        match self {
            Self::Wire => Duration::from_millis(50),
            Self::Memory => Duration::from_secs(60),
        }
    }

    /// How long a client may take to close a connection that it does not need any more.
    fn grace(self) -> Duration {
        match self {
            Self::Wire => Duration::from_secs(2),
            Self::Memory => Duration::from_millis(10),
        }
    }
}

/// Keys of a vector that ask the session what it saw beside the results.
const OBSERVED: [&str; 3] = ["on_event_sequences", "refresh_calls", "next_after"];

/// Replays a vector as it stands in its file. No difference means that it passed.
pub fn replay(adapter: &dyn Adapter, source: &Value, mode: Mode) -> Vec<Difference> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(mode == Mode::Memory)
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return trouble("a runtime", &error),
    };
    let found = runtime.block_on(Box::pin(play(adapter, source, mode)));
    // What the SDK left behind goes with the runtime; nothing of it may reach the next vector.
    runtime.shutdown_background();
    found
}

async fn play(adapter: &dyn Adapter, source: &Value, mode: Mode) -> Vec<Difference> {
    match mode {
        Mode::Wire => {
            let listeners = match Listeners::bind().await {
                Ok(listeners) => listeners,
                Err(error) => return trouble("ports on loopback", &error),
            };
            let (vector, script) = match read(source, listeners.servers()) {
                Ok(read) => read,
                Err(reason) => return trouble("a vector in schema 1", &reason),
            };
            let _serving = listeners.serve(&script);
            converse(adapter, &vector, None, &script, mode).await
        }
        Mode::Memory => {
            let servers = Memory::servers();
            let (vector, script) = match read(source, &servers) {
                Ok(read) => read,
                Err(reason) => return trouble("a vector in schema 1", &reason),
            };
            let transport = Arc::new(Memory::new(Arc::clone(&script), servers));
            converse(adapter, &vector, Some(transport), &script, mode).await
        }
    }
}

fn read(source: &Value, servers: &Servers) -> Result<(Vector, Arc<Script>), String> {
    let vector: Vector =
        serde_json::from_value(servers.fill(source)).map_err(|error| error.to_string())?;
    let script = Script::new(&vector)?;
    Ok((vector, script))
}

async fn converse(
    adapter: &dyn Adapter,
    vector: &Vector,
    transport: Option<Arc<dyn Transport>>,
    script: &Arc<Script>,
    mode: Mode,
) -> Vec<Difference> {
    let env = Env::new(transport);
    let calls = AssertUnwindSafe(calls(adapter, vector, &env, script, mode)).catch_unwind();
    let (mut found, finished) = match timeout(mode.limit(), Box::pin(calls)).await {
        Ok(Ok((found, finished))) => (found, Some(finished)),
        Ok(Err(panic)) => (trouble("no panic", &panic_text(&*panic)), None),
        Err(_) => (trouble("an end", &"the calls were not done in time"), None),
    };
    let check: request::BodyCheck<'_> =
        &|rule, body, expected| adapter.check_body(rule, body, expected, vector);
    found.extend(request::compare(
        &vector.exchanges,
        &script.received(),
        adapter.url_rule(),
        check,
    ));
    if let (Mode::Memory, Some(finished), Some(expected)) =
        (mode, finished, waits::expected(&vector.extra))
    {
        found.extend(waits::compare(&expected, &script.waits(finished)));
    }
    found
}

/// Makes the calls. Returns the differences in their results, and when the last one was done.
async fn calls(
    adapter: &dyn Adapter,
    vector: &Vector,
    env: &Env,
    script: &Script,
    mode: Mode,
) -> (Vec<Difference>, Instant) {
    let mut session = adapter
        .open(vector, env)
        .await
        .map_err(|failure| failure.with("when", "construction"));
    let mut found = Vec::new();
    let steps = vector.calls();
    for (index, step) in steps.iter().enumerate() {
        let result = match &mut session {
            Ok(session) => session.call(step).await,
            Err(failure) => Outcome::Error(failure.clone()),
        };
        let mut places = vec![&step.extra, &vector.extra];
        places.extend(step.expect.as_object());
        let options = outcome::Options::of(&places)
            .accepting(step.extra.get("also_accept"))
            .free_numbers(adapter.numbers_in_messages_are_free());
        let here = outcome::compare(&step.expect, &result, &options);
        let place = if steps.len() > 1 {
            format!("step {} ({}):", index + 1, step.operation)
        } else {
            String::new()
        };
        found.extend(here.into_iter().map(|difference| {
            if place.is_empty() {
                difference
            } else {
                difference.within(&place)
            }
        }));
    }
    let finished = now();
    if let Ok(session) = &session {
        found.extend(observed(vector, session.as_ref()));
    }
    found.extend(left_alone(vector, script, mode).await);
    (found, finished)
}

fn observed(vector: &Vector, session: &dyn Session) -> Vec<Difference> {
    let mut found = Vec::new();
    for key in OBSERVED {
        if let Some(expected) = vector.extra.get(key) {
            let actual = session
                .observed(key)
                .unwrap_or_else(|| "the adapter does not tell".into());
            let here = differences(LISTED, expected, &actual).into_iter();
            found.extend(here.map(|difference| difference.within(key)));
        }
    }
    found
}

/// The calls are over while the client still lives: it must have closed what the server keeps open, and where the
/// caller left early, nothing more may be sent.
async fn left_alone(vector: &Vector, script: &Script, mode: Mode) -> Vec<Difference> {
    let early = vector.flag("client_closed_early");
    let took = ["take", "close_after"]
        .iter()
        .any(|key| vector.extra.contains_key(*key) || vector.args.contains_key(*key));
    if early || took {
        sleep(mode.settle()).await;
    }
    let mut found = Vec::new();
    for (index, exchange) in vector.exchanges.iter().enumerate() {
        let held = exchange
            .response
            .as_ref()
            .is_some_and(|answer| answer.end == End::Open && (early || answer.open_ms.is_none()));
        if held && !left(script, index, mode.grace()).await {
            found.push(Difference::new(
                format!("exchange {}", index + 1),
                "the client closes the connection that the server keeps open",
                "it was still open when the call was over",
            ));
        }
    }
    found
}

/// Whether the client leaves the exchange within `grace`, or never began it.
async fn left(script: &Script, index: usize, grace: Duration) -> bool {
    const STEPS: u32 = 100;
    for _ in 0..STEPS {
        if script.left_by_client(index) != Some(false) {
            return true;
        }
        sleep(grace / STEPS).await;
    }
    false
}

fn trouble(wanted: &str, reason: &dyn fmt::Display) -> Vec<Difference> {
    vec![Difference::new("replaying", wanted, reason.to_string())]
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    format!("a panic: {}", text.unwrap_or("without a text"))
}

#[cfg(test)]
pub(crate) mod tests;
