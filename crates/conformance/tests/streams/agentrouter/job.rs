//! AgentRouter's main job, with everything counted on both sides.

use std::time::Duration;

use agent_core::{BoxFuture, Cursor, End, ErrorKind, Sent};
use agent_emulator::{AgentRouterHandle, Emulator};
use agentrouter_sdk::{
    ActionApprovalMode, AgentRouterClient, AgentRouterOptions, AgentRunStream, AgentStreamPart,
    ConversationId, Error, EventStream, Polling, RunEvent, StreamAgentCreateRequest,
    StreamAgentResumeRequest, StreamRunOptions, stream_agent,
};

use crate::schedules::{self, Tally, http};

pub(crate) struct Job;

impl schedules::Job for Job {
    fn name(&self) -> &'static str {
        "agentrouter"
    }

    fn stream(&self) -> (&'static str, &'static str) {
        ("GET", "/v1/runs/*/stream")
    }

    fn size(&self) -> (usize, usize) {
        (26, 9_000)
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

struct Play {
    router: AgentRouterHandle,
    client: AgentRouterClient,
    manual: bool,
    polling: Polling,
    tally: Tally,
}

impl Play {
    fn new(emulator: &Emulator, seed: u64, silence: Duration) -> Self {
        let router = emulator.agentrouter();
        let http = http(silence)
            .attempt_timeout(Duration::from_millis(500))
            .headers_timeout(Duration::from_millis(500));
        let options = AgentRouterOptions::new(router.api_key())
            .base_url(router.base_url())
            .http(http);
        let exact = Polling::every(Duration::from_millis(1));
        let adaptive = Polling::adaptive().between(Duration::ZERO, Duration::from_millis(4));
        Self {
            client: AgentRouterClient::new(options).unwrap(),
            router,
            manual: seed.is_multiple_of(2),
            polling: if seed.is_multiple_of(3) {
                adaptive
            } else {
                exact
            },
            tally: Tally::default(),
        }
    }

    fn wrong(&mut self, story: impl Into<String>) {
        self.tally.wrong.push(story.into());
    }

    async fn job(&mut self) {
        let Some(first) = self.create().await else {
            return;
        };
        self.watch(&first).await;
        self.read_again(&first).await;
        let Some(second) = self.next_turn(&first.conversation_id).await else {
            return;
        };
        self.watch(&second).await;
    }

    /// Starts a run, with a key of the SDK's own: it may be sent again, and makes one run all the same.
    async fn create(&mut self) -> Option<AgentRunStream> {
        let mode = if self.manual {
            ActionApprovalMode::Manual
        } else {
            ActionApprovalMode::Auto
        };
        for _ in 0..20 {
            let before = self.router.runs().len();
            let request = StreamAgentCreateRequest::new("emulate:standard")
                .approval_mode(mode.clone())
                .polling(self.polling);
            let started = stream_agent(&self.client, request).await;
            let created = self.router.runs().len() - before;
            if created > 1 {
                self.wrong(format!("one call created {created} runs"));
            }
            match started {
                Ok(run) => return Some(run),
                Err(error) if created > 0 && error.sent() == Sent::Never => {
                    self.wrong(format!("a run was created, and never sent: {error}"));
                }
                Err(_) => {}
            }
        }
        self.wrong("twenty creations failed");
        None
    }

    /// Starts the next turn. It has no key: what may have arrived is not sent again.
    async fn next_turn(&mut self, conversation: &ConversationId) -> Option<AgentRunStream> {
        for _ in 0..20 {
            let (before, sent) = (self.router.runs().len(), self.messages());
            let request = StreamAgentResumeRequest::new(conversation, "emulate:standard")
                .polling(self.polling);
            let started = stream_agent(&self.client, request).await;
            let made = self.router.runs().len() - before;
            let sent = self.messages() - sent;
            self.tally.unsafe_calls += 1;
            if made > 1 || sent > 1 {
                self.wrong(format!("one turn was sent {sent} times, made {made} runs"));
            }
            match started {
                Ok(turn) if made == 1 => return Some(turn),
                Ok(turn) => {
                    self.wrong(format!("{} was not made by this call", turn.run.id));
                    return None;
                }
                Err(error) => {
                    self.tally.unsafe_failed += 1;
                    if made > 0 && error.sent() == Sent::Never {
                        self.wrong(format!("a turn was made, and never sent: {error}"));
                    }
                }
            }
            self.let_all_end().await;
        }
        self.wrong("twenty turns failed");
        None
    }

    /// How often a turn was sent and not refused for what the conversation is: such a call may be sent again.
    fn messages(&self) -> usize {
        let requests = self.router.requests();
        let turns = requests
            .iter()
            .filter(|request| request.path.ends_with("/messages") && request.status != Some(409));
        turns.count()
    }

    /// A turn whose start was not heard of is in the way of the next until it is over.
    async fn let_all_end(&mut self) {
        for _ in 0..200 {
            let runs = self.router.runs();
            let Some(run) = runs.iter().find(|run| run.status != "completed") else {
                return;
            };
            if let Some(asked) = run
                .events
                .iter()
                .rfind(|e| e["type"] == "approval.requested")
                && let Some(AgentStreamPart::ApprovalRequest(part)) =
                    AgentStreamPart::from_event(RunEvent::from_json(&asked.to_string()).unwrap())
            {
                // It may fail like any other call; it is asked again.
                let _ = self.client.approve_run_action(&part).await;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.wrong("a run does not end");
    }

    /// Watches a run to its end by polling, and approves what it asks for.
    async fn watch(&mut self, run: &AgentRunStream) {
        let mut stream = run.events();
        let mut sequences = Vec::new();
        let mut error = None;
        while let Some(item) = stream.next().await {
            match item {
                Ok(event) => {
                    sequences.push(event.sequence);
                    if let Some(AgentStreamPart::ApprovalRequest(part)) =
                        AgentStreamPart::from_event(event)
                    {
                        self.approve(&part).await;
                    }
                }
                Err(failure) => error = Some(failure),
            }
        }
        self.followed(
            &stream,
            &sequences,
            error,
            run.run.id.as_str(),
            End::Terminal,
        );
        self.let_all_end().await;
        if let Ok(result) = run.final_result().await
            && (result.status.as_str() != "completed" || result.text.is_empty())
        {
            self.wrong(format!("a result without an answer: {}", result.status));
        }
    }

    /// Deciding is safe to repeat, so that it ends well unless everything fails.
    async fn approve(&mut self, part: &agentrouter_sdk::ApprovalRequestPart) {
        for _ in 0..20 {
            if self.client.approve_run_action(part).await.is_ok() {
                return;
            }
        }
        self.wrong("twenty approvals failed");
    }

    /// Reads the whole run once more as a snapshot.
    async fn read_again(&mut self, run: &AgentRunStream) {
        let mut stream = self.client.stream_run(&run.run.id, StreamRunOptions::new());
        let mut sequences = Vec::new();
        let mut error = None;
        while let Some(item) = stream.next().await {
            match item {
                Ok(event) => sequences.push(event.sequence),
                Err(failure) => error = Some(failure),
            }
        }
        self.tally.reconnects += stream.reconnects();
        self.followed(
            &stream,
            &sequences,
            error,
            run.run.id.as_str(),
            End::ServerClosed,
        );
    }

    fn followed(
        &mut self,
        stream: &EventStream<RunEvent>,
        sequences: &[u64],
        error: Option<Error>,
        id: &str,
        end: End,
    ) {
        self.tally.events += sequences.len();
        let all = self.router.run(id).map_or(0, |run| run.events.len());
        let expected: Vec<u64> = (1..=all as u64).collect();
        if !expected.starts_with(sequences) {
            self.wrong(format!("not the events in order, each once: {sequences:?}"));
        }
        let last = sequences.last().map(|last| Cursor::from(*last));
        if let Some(error) = error {
            self.tally.gave_up += 1;
            self.gave_up(&error, last);
            return;
        }
        self.tally.finished += 1;
        if stream.end() != Some(end) {
            self.wrong(format!("ended as {:?}", stream.end()));
        }
        if sequences != expected {
            self.wrong(format!(
                "ended without a word at {last:?} of {all}: events are lost"
            ));
        }
    }

    fn gave_up(&mut self, error: &Error, last: Option<Cursor>) {
        if error.cursor() != last {
            self.wrong(format!("{error} is at {:?}, not {last:?}", error.cursor()));
        }
        let known = match error.kind() {
            // The latter: an answer or an event that is no JSON.
            ErrorKind::ReconnectsExhausted | ErrorKind::Decode => true,
            // Who asks for a longer wait than a minute is not waited for.
            ErrorKind::Api if error.retry_after() > Some(Duration::from_secs(60)) => true,
            // What can not be opened the first time is an error like that of any call.
            ErrorKind::Transport | ErrorKind::Timeout | ErrorKind::Api => last.is_none(),
            _ => false,
        };
        if !known {
            self.wrong(format!("an unknown end: {error:?}"));
        }
    }
}
