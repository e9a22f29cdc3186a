//! Mentiora's main job, with everything counted on both sides.

use std::time::Duration;

use agent_core::{BoxFuture, End, ErrorKind, Sent};
use agent_emulator::{Emulator, MentioraHandle};
use mentiora_sdk::{
    AgentRunParams, AgentRunResult, AgentStreamEvent, Error, HttpConfig, MentioraClient,
    MentioraConfig, TraceEvent, TraceType, UploadFileParams,
};

use crate::schedules::{self, Tally, retry};

pub(crate) struct Job;

impl schedules::Job for Job {
    fn name(&self) -> &'static str {
        "mentiora"
    }

    fn stream(&self) -> (&'static str, &'static str) {
        ("POST", RUN)
    }

    fn size(&self) -> (usize, usize) {
        (18, 2_300)
    }

    fn resumes(&self) -> bool {
        false
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

/// Runs and streams are asked for by the same request.
const RUN: &str = "/api/v1/agents/run";

/// Calls after which something should have worked.
const PATIENCE: usize = 200;

struct Play {
    mentiora: MentioraHandle,
    client: MentioraClient,
    held: bool,
    tally: Tally,
}

impl Play {
    fn new(emulator: &Emulator, seed: u64, silence: Duration) -> Self {
        let mentiora = emulator.mentiora();
        let config = MentioraConfig::server(mentiora.api_key())
            .base_url(mentiora.base_url())
            .timeout(Duration::from_millis(500))
            .http(HttpConfig::new().retry(retry()).idle_timeout(silence));
        Self {
            client: MentioraClient::new(config).unwrap(),
            mentiora,
            held: seed.is_multiple_of(2),
            tally: Tally::default(),
        }
    }

    fn wrong(&mut self, story: impl Into<String>) {
        self.tally.wrong.push(story.into());
    }

    async fn job(&mut self) {
        self.run().await;
        self.stream().await;
        self.file().await;
        let trace = TraceEvent::new("t", "s", "n", TraceType::Tool, "2025-01-01T00:00:00Z");
        if let Err(error) = self.client.tracing().unwrap().send_trace(trace).await {
            self.wrong(format!("a trace failed its caller: {error}"));
        }
    }

    /// How often something came that was not turned away: such a call may be sent again.
    fn sent(&self, path: &str) -> usize {
        let requests = self.mentiora.requests();
        let came = requests.iter().filter(|request| {
            request.method == "POST" && request.path == path && request.status != Some(429)
        });
        came.count()
    }

    /// Makes a call that is not safe to repeat, and counts what it did.
    async fn once<T>(
        &mut self,
        path: &'static str,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let (runs, sent) = (self.mentiora.runs().len(), self.sent(path));
        let result = call.await;
        let (runs, sent) = (self.mentiora.runs().len() - runs, self.sent(path) - sent);
        self.tally.unsafe_calls += 1;
        if runs > 1 || sent > 1 {
            self.wrong(format!(
                "one call of {path} was sent {sent} times, and made {runs} runs"
            ));
        }
        match &result {
            Ok(_) if path == RUN && runs == 0 => self.wrong("an answer without a run"),
            Ok(_) => {}
            Err(error) => {
                self.tally.unsafe_failed += 1;
                if (runs > 0 || sent > 0) && error.sent() == Sent::Never {
                    self.wrong(format!("it came, and was never sent: {error}"));
                }
            }
        }
        result
    }

    async fn run(&mut self) {
        for n in 0..PATIENCE {
            let question = format!("Question {n}");
            let asked = self.client.agents().run(ask(&question));
            if let Ok(answer) = self.once(RUN, asked.into_future()).await {
                return self.answered(&question, &answer);
            }
        }
        self.wrong("no run came to its end");
    }

    fn answered(&mut self, question: &str, answer: &AgentRunResult) {
        if answer.output != said(question).concat() {
            self.wrong(format!("asked {question}, and got {}", answer.output));
        }
    }

    /// Asks again until an answer comes whole, as nothing resumes.
    async fn stream(&mut self) {
        for n in 0..PATIENCE {
            let question = if self.held {
                "emulate:held".to_owned()
            } else {
                format!("Question {n} of a stream")
            };
            if self.follow(&question).await {
                return;
            }
        }
        self.wrong("no stream came to its end");
    }

    /// Follows one stream; whether it came to its end.
    async fn follow(&mut self, question: &str) -> bool {
        let mut stream = self.client.agents().stream(ask(question));
        let mut seen: Vec<String> = Vec::new();
        let mentiora = self.mentiora.clone();
        let read = async {
            while let Some(item) = stream.next().await {
                seen.push(shown(&item?));
                if seen.len() == 6 {
                    let run = mentiora.runs().pop();
                    run.map(|run| mentiora.release(&run.id));
                }
            }
            Ok(())
        };
        let read = self.once(RUN, read).await;
        self.tally.events += seen.len();
        self.tally.reconnects += stream.reconnects();
        let expected = expected(question);
        if !expected.starts_with(&seen) {
            self.wrong(format!("not the events in order, each once: {seen:?}"));
        }
        let Err(error) = read else {
            self.tally.finished += 1;
            if seen != expected {
                self.wrong(format!("ended without a word: events are lost: {seen:?}"));
            }
            if stream.end() != Some(End::Terminal) {
                self.wrong(format!("ended as {:?}", stream.end()));
            }
            return true;
        };
        self.tally.gave_up += 1;
        let known = match error.kind() {
            // The latter: bytes that are no event.
            ErrorKind::Interrupted | ErrorKind::Timeout | ErrorKind::Decode => true,
            // What was not opened.
            ErrorKind::Transport | ErrorKind::Api | ErrorKind::Protocol => seen.is_empty(),
            _ => false,
        };
        if !known {
            self.wrong(format!("an unknown end: {error:?}"));
        }
        false
    }

    async fn file(&mut self) {
        const FILES: &str = "/api/v1/files";
        let files = self.client.files();
        for _ in 0..PATIENCE {
            let params = UploadFileParams::new("n.txt", "what is in it", "text/plain");
            let upload = files.upload(params).into_future();
            let Ok(file) = self.once(FILES, upload).await else {
                continue;
            };
            // With retries these may still fail, but never give something else.
            if let Ok(found) = files.get(&file.file_id).await
                && found.file_id != file.file_id
            {
                self.wrong(format!(
                    "asked for {} and got {}",
                    file.file_id, found.file_id
                ));
            }
            if let Ok(bytes) = files.download(&file.file_id).await
                && bytes.trim_ascii_end() != b"what is in it"
            {
                self.wrong(format!("a download of {} bytes", bytes.len()));
            }
            if let Ok(answer) = files.delete(&file.file_id).await
                && !answer.deleted
            {
                self.wrong("deleted, and not deleted");
            }
            return;
        }
        self.wrong("no file was uploaded");
    }
}

fn ask(question: &str) -> AgentRunParams {
    AgentRunParams::tag("production", question)
}

/// The words with which a thread's first question is answered.
fn said(question: &str) -> Vec<String> {
    let text = format!("You said “{question}”. That is the first message of this thread.");
    text.split_inclusive(' ').map(str::to_owned).collect()
}

/// An event's type, and its text if it has one.
fn shown(event: &AgentStreamEvent) -> String {
    format!(
        "{} {}",
        event.event_type(),
        event.text_delta().unwrap_or_default()
    )
}

/// The events of an answer to a thread's first question.
fn expected(question: &str) -> Vec<String> {
    let named = |name: &&str| format!("{name} ");
    let before = [
        "agent_resolved",
        "custom",
        "tool_call_delta",
        "tool_call_delta",
        "tool_call_result",
    ];
    let words = said(question)
        .into_iter()
        .map(|word| format!("output_text_delta {word}"));
    let after = ["chat_completed", "suggestions"];
    before
        .iter()
        .map(named)
        .chain(words)
        .chain(after.iter().map(named))
        .collect()
}
