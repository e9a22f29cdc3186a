//! Agent OS' main job, with everything counted on both sides.

use std::time::Duration;

use agent_core::{BoxFuture, Cursor, End, ErrorKind, Sent};
use agent_emulator::{
    AgentOsHandle, AgentOsOptions, AgentOsScript, Emulator, EmulatorBuilder, Positions,
};
use agent_os_sdk::{
    AgentOsClient, ClientOptions, CreateAgent, CreateRun, Error, ErrorExt as _, FollowEvent,
    FollowEventType, FollowOptions, PaginationParams, PollEvents, WaitForOptions,
};
use futures_util::{Stream, StreamExt as _};
use serde_json::json;

use crate::schedules::{self, Tally, http};

pub(crate) struct Job;

impl schedules::Job for Job {
    fn name(&self) -> &'static str {
        "agent-os"
    }

    fn emulator(&self, builder: EmulatorBuilder) -> EmulatorBuilder {
        builder.agent_os(AgentOsOptions::new().plan(script()))
    }

    fn stream(&self) -> (&'static str, &'static str) {
        ("GET", "/v1/api/runs/*/events/stream")
    }

    fn size(&self) -> (usize, usize) {
        (20, 4_500)
    }

    fn counts_lies(&self) -> bool {
        true
    }

    fn play<'a>(
        &'a self,
        emulator: &'a Emulator,
        seed: u64,
        silence: Duration,
    ) -> BoxFuture<'a, Tally> {
        Box::pin(async move {
            let mut play = Play::new(emulator, seed, silence);
            play.job().await;
            play.tally
        })
    }
}

/// Events before the run is held until it is released.
const HELD_AT: usize = 6;

/// Calls after which something should have worked.
const PATIENCE: usize = 50;

/// Events, error frames whose ids are those of events that are yet to come, and a stop in the middle.
fn script() -> AgentOsScript {
    let events = |script: AgentOsScript, count: usize| {
        (0..count).fold(script, |script, n| {
            let script = script.event(
                "TOKEN",
                json!({"node": "answer", "text": "é".repeat(n * 9)}),
            );
            if n.is_multiple_of(3) {
                script.trouble(json!({"message": "hiccup"}))
            } else {
                script
            }
        })
    };
    let script = events(AgentOsScript::new(), HELD_AT).wait_for_human();
    events(script, 8).completes(json!({"ok": true}))
}

struct Play<'a> {
    emulator: &'a Emulator,
    agent_os: AgentOsHandle,
    client: AgentOsClient,
    seed: u64,
    tally: Tally,
}

/// What a followed stream gave.
#[derive(Default)]
struct Seen {
    seqs: Vec<u64>,
    last: Option<FollowEventType>,
    error: Option<Error>,
}

impl<'a> Play<'a> {
    fn new(emulator: &'a Emulator, seed: u64, silence: Duration) -> Self {
        let agent_os = emulator.agent_os();
        let positions = Positions::ALL;
        agent_os.set_positions(positions[usize::try_from(seed).unwrap() % positions.len()]);
        let options = ClientOptions::new()
            .token(agent_os.token())
            .timeout(Duration::from_millis(500))
            .http(http(silence));
        Self {
            client: AgentOsClient::with_options(agent_os.base_url(), options).unwrap(),
            emulator,
            agent_os,
            seed,
            tally: Tally::default(),
        }
    }

    fn wrong(&mut self, story: impl Into<String>) {
        self.tally.wrong.push(story.into());
    }

    async fn job(&mut self) {
        let Some(agent) = self.agent().await else {
            return;
        };
        self.started_and_followed(&agent).await;
        if let Some(run) = self.started_with_a_key(&agent).await {
            self.followed(&run).await;
        }
        let agents = self.client.agents().list(PaginationParams::new()).await;
        if let Ok(agents) = agents
            && agents.items.len() != 1
        {
            self.wrong(format!("one key made {} agents", agents.items.len()));
        }
    }

    /// Makes an agent with one key, however often that takes.
    async fn agent(&mut self) -> Option<String> {
        for _ in 0..PATIENCE {
            let agent = CreateAgent::new("a").idempotency_key("agent");
            match self.client.agents().create(agent).await {
                Ok(agent) => return Some(agent.id),
                Err(error) if error.is_conflict() => return text(&error, "agent_id"),
                Err(_) => {}
            }
        }
        self.wrong("no agent was made");
        None
    }

    /// Starts a run with one key, however often that takes.
    async fn started_with_a_key(&mut self, agent: &str) -> Option<String> {
        let before = self.agent_os.runs().len();
        for _ in 0..PATIENCE {
            let already = self.agent_os.runs().len() > before;
            let run = CreateRun::new(agent).idempotency_key("run");
            let started = self.client.runs().create(run).await;
            let made = self.agent_os.runs().len() - before;
            if made > 1 {
                self.wrong(format!("one key made {made} runs"));
            }
            match started {
                Ok(run) => return Some(run.run_id),
                Err(error) if error.is_conflict() => {
                    if !already && !error.may_be_own_duplicate() {
                        self.wrong(format!("whose conflict is that? {error:?}"));
                    }
                    return text(&error, "run_id");
                }
                Err(error) if error.sent() == Sent::Never && made == 1 && !already => {
                    self.wrong(format!("a run was made, and never sent: {error}"));
                }
                Err(_) => {}
            }
        }
        self.wrong("no run was started");
        None
    }

    /// Starts runs without a key, which is not safe to repeat, until there is one to follow.
    async fn started_and_followed(&mut self, agent: &str) {
        for _ in 0..PATIENCE {
            let (before, sent) = (self.agent_os.runs().len(), self.creates());
            let create = CreateRun::new(agent);
            let options = FollowOptions::new();
            let started = self.client.runs().create_and_stream(create, options).await;
            let made = self.agent_os.runs().len() - before;
            let sent = self.creates() - sent;
            self.tally.unsafe_calls += 1;
            if made > 1 || sent > 1 {
                self.wrong(format!(
                    "one call was sent {sent} times, and made {made} runs"
                ));
            }
            match started {
                Ok(mut stream) => {
                    let run = stream.run_id().to_owned();
                    let seen = self.read(&mut stream, &run).await;
                    if let Some(error) = &seen.error
                        && error.run_id() != Some(&run)
                    {
                        self.wrong(format!("the run is not named: {error:?}"));
                    }
                    let (end, reconnects) = (stream.end(), stream.reconnects());
                    self.judge(&run, seen, end, reconnects);
                    return;
                }
                Err(error) => {
                    self.tally.unsafe_failed += 1;
                    if made > 0 && error.sent() == Sent::Never {
                        self.wrong(format!("a run was made, and never sent: {error}"));
                    }
                }
            }
        }
        self.wrong("no run was started and followed");
    }

    /// How many requests to start a run came.
    fn creates(&self) -> usize {
        let requests = self.agent_os.requests();
        let creates = requests
            .iter()
            .filter(|request| request.method == "POST" && request.path == "/v1/api/runs");
        creates.count()
    }

    /// Follows a run by its attempt, reads its ledger, and waits for its end.
    async fn followed(&mut self, run: &str) {
        let attempt = self.agent_os.run(run).unwrap().attempts[0].0.clone();
        let runs = self.client.runs();
        let mut stream = runs.follow(run, &attempt, FollowOptions::new());
        let seen = self.read(&mut stream, run).await;
        let over = seen.error.is_none();
        self.judge(run, seen, stream.end(), stream.reconnects());
        let all = self.ledger(run);
        if !over {
            return;
        }
        let poll = PollEvents::new(&attempt).limit(1 + self.seed % 9);
        if let Ok(events) = runs.poll_all(run, poll).all().await {
            let seqs = events.iter().map(|event| event.seq.unsigned_abs());
            if !seqs.eq(1..=all) {
                self.wrong(format!("the ledger is not what it is: {events:?}"));
            }
        }
        let options = WaitForOptions::new().timeout(Duration::from_secs(20));
        let is_close = |event: &FollowEvent| event.kind == FollowEventType::Close;
        match runs.wait_for(run, &attempt, is_close, options).await {
            Ok(close) if close.seq.unsigned_abs() == all => {}
            Ok(close) => self.wrong(format!("waited for another event: {close:?}")),
            Err(error) => self.gave_up(&error),
        }
    }

    async fn read(
        &self,
        stream: &mut (impl Stream<Item = Result<FollowEvent, Error>> + Unpin),
        run: &str,
    ) -> Seen {
        let mut seen = Seen::default();
        while let Some(item) = stream.next().await {
            match item {
                Ok(event) => {
                    if event.kind == FollowEventType::RunEvent {
                        seen.seqs.push(event.seq.unsigned_abs());
                    }
                    seen.last = Some(event.kind);
                }
                Err(error) => seen.error = Some(error),
            }
            // Events may have been left out before.
            if seen.seqs.last() >= Some(&(HELD_AT as u64 - 2)) {
                self.agent_os.release(run);
            }
        }
        self.agent_os.release(run);
        seen
    }

    /// How many events the run's only attempt has.
    fn ledger(&self, run: &str) -> u64 {
        self.agent_os.run(run).unwrap().attempts[0].1.len() as u64
    }

    fn judge(&mut self, run: &str, seen: Seen, end: Option<End>, reconnects: u64) {
        let Seen { seqs, last, error } = seen;
        self.tally.events += seqs.len();
        self.tally.reconnects += reconnects;
        let all = self.ledger(run);
        let at = seqs.last().copied().unwrap_or_default();
        let lost = usize::try_from(at).unwrap() - seqs.len().min(usize::try_from(at).unwrap());
        let left_out = schedules::lies(self.emulator).left_out;
        if !seqs.is_sorted_by(|a, b| a < b) || at > all || lost > left_out {
            self.wrong(format!("not the events in order, each once: {seqs:?}"));
        }
        if let Some(error) = error {
            self.tally.gave_up += 1;
            let at = seqs.last().copied().map(Cursor::from);
            if error.cursor() != at {
                self.wrong(format!("{error} is at {:?}, not {at:?}", error.cursor()));
            }
            self.gave_up(&error);
        } else {
            self.tally.finished += 1;
            let ended = (at, last, end);
            let wanted = (all, Some(FollowEventType::Close), Some(End::Terminal));
            if ended != wanted {
                self.wrong(format!("ended as {ended:?} and not as {wanted:?}"));
            }
        }
    }

    fn gave_up(&mut self, error: &Error) {
        let known = match error.kind() {
            // The latter: an answer that is not called an event stream.
            ErrorKind::ReconnectsExhausted | ErrorKind::Protocol => true,
            // A server that asks for a longer wait than anybody's.
            ErrorKind::Api if error.retry_after() > Some(Duration::from_secs(60)) => true,
            // Which attempt is at work is asked like anything else.
            ErrorKind::Transport | ErrorKind::Timeout | ErrorKind::Api | ErrorKind::Decode => {
                error.operation() == "runs.get"
            }
            _ => false,
        };
        if !known {
            self.wrong(format!("an unknown end: {error:?}"));
        }
    }
}

/// A text of an error's body.
fn text(error: &Error, name: &str) -> Option<String> {
    Some(error.details()?[name].as_str()?.to_owned())
}
