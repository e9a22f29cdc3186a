//! Meistrari's main job: a session of two turns that are followed, reads, a file of the vault, and a turn that is
//! cancelled. Everything is counted on both sides.

use std::time::Duration;

use agent_core::{BoxFuture, Cursor, End, ErrorKind, Sent};
use agent_emulator::{Emulator, MeistrariHandle, SessionView};
use meistrari_agent_sdk::{
    AgentClient, DataTokenAuthStrategy, Error, ExecuteAgentRequest, ExecuteAgentResponse,
    SessionStreamEvent, StreamSessionOptions,
};
use serde_json::Value;

use super::once::{Once, text};
use crate::feed::Feed as _;
use crate::schedules::{self, Tally, http};

pub(crate) struct Job;

impl schedules::Job for Job {
    fn name(&self) -> &'static str {
        "meistrari"
    }

    fn stream(&self) -> (&'static str, &'static str) {
        ("GET", "/v4/sessions/*")
    }

    fn size(&self) -> (usize, usize) {
        (6, 800)
    }

    fn play<'a>(
        &'a self,
        emulator: &'a Emulator,
        seed: u64,
        silence: Duration,
    ) -> BoxFuture<'a, Tally> {
        Box::pin(async move {
            let mut play = Play::new(emulator, silence);
            play.job(seed).await;
            play.tally
        })
    }
}

/// Calls until one lands, and streams until one comes to the end.
const TRIES: usize = 20;

struct Play {
    meistrari: MeistrariHandle,
    client: AgentClient,
    tally: Tally,
}

impl Play {
    fn new(emulator: &Emulator, silence: Duration) -> Self {
        let meistrari = emulator.meistrari();
        let patience = Duration::from_millis(500);
        let http = http(silence)
            .attempt_timeout(patience)
            .headers_timeout(patience);
        let auth = DataTokenAuthStrategy::new(meistrari.data_token());
        let client = AgentClient::builder(meistrari.base_url(), auth)
            .vault_url(meistrari.vault_url())
            .http(http)
            .build();
        Self {
            client: client.unwrap(),
            meistrari,
            tally: Tally::default(),
        }
    }

    fn wrong(&mut self, story: impl Into<String>) {
        self.tally.wrong.push(story.into());
    }

    async fn job(&mut self, seed: u64) {
        let message = match seed % 3 {
            0 => "emulate:standard",
            1 => "emulate:held",
            _ => "emulate:sparse",
        };
        let start = ExecuteAgentRequest::start("acme", "support-bot", message);
        let Some(id) = self.turn(start).await else {
            return;
        };
        let saved = self.follow(&id, None).await;
        self.read(&id).await;
        let next = ExecuteAgentRequest::continue_session(&id, "emulate:sparse");
        if self.turn(next).await.is_none() {
            return;
        }
        self.follow(&id, saved).await;
        let silent = ExecuteAgentRequest::continue_session(&id, "emulate:silent");
        if self.turn(silent).await.is_some() {
            self.cancel(&id).await;
        }
    }

    /// Calls until a turn began, and counts how many there are after each call. What to do about a new session whose id
    /// was lost with the answer is the caller's own business: here, another is started.
    async fn turn(&mut self, request: ExecuteAgentRequest) -> Option<String> {
        for _ in 0..TRIES {
            let (turns, sent) = (self.turns(), self.sent());
            let answer = self.client.execute_agent(request.clone()).await;
            let answer = answer.and_then(ExecuteAgentResponse::into_session_id);
            let made = self.turns() - turns;
            self.unsafe_call(made, self.sent() - sent, answer.as_ref().err());
            match (answer, made) {
                (Ok(id), 1) => return Some(id),
                (Ok(id), _) => {
                    self.wrong(format!("{id} was not begun by this call"));
                    return None;
                }
                (Err(_), 1) if request.session_id.is_some() => return request.session_id,
                (Err(_), _) => {}
            }
        }
        self.wrong("twenty executions failed");
        None
    }

    async fn cancel(&mut self, id: &str) {
        for _ in 0..TRIES {
            let (over, sent) = (self.session(id).over, self.sent());
            let answer = self.client.cancel_session(id).await;
            let made = usize::from(!over && self.session(id).over);
            self.unsafe_call(made, self.sent() - sent, answer.as_ref().err());
            if answer.is_ok() && made != 1 {
                self.wrong("cancelled what was over");
            }
            if self.session(id).over {
                return;
            }
        }
        self.wrong("twenty cancels failed");
    }

    fn unsafe_call(&mut self, made: usize, sent: usize, error: Option<&Error>) {
        self.tally.unsafe_calls += 1;
        if made > 1 || sent > 1 {
            self.wrong(format!(
                "one call was sent {sent} times and did {made} things: {error:?}"
            ));
        }
        if let Some(error) = error {
            self.tally.unsafe_failed += 1;
            if made > 0 && error.sent() == Sent::Never {
                self.wrong(format!("it was done, and never sent: {error}"));
            }
        }
    }

    /// How many turns of whatever session there are.
    fn turns(&self) -> usize {
        let sessions = self.meistrari.sessions();
        sessions.iter().map(|session| session.messages.len()).sum()
    }

    /// How many calls came that are not safe to repeat.
    fn sent(&self) -> usize {
        let requests = self.meistrari.requests();
        let posts = requests.iter().filter(|request| request.method == "POST");
        posts.count()
    }

    fn session(&self, id: &str) -> SessionView {
        self.meistrari.session(id).unwrap()
    }

    /// Reads are safe: with retries they may still fail, but never give something else.
    async fn read(&mut self, id: &str) {
        if let Ok(timeline) = self.client.fetch_timeline(id).await
            && timeline.status.is_none()
        {
            self.wrong(format!("no timeline: {timeline:?}"));
        }
        let reference = self.meistrari.reference().to_owned();
        let stream = self.client.resolve_reference_stream(&reference).await;
        let mut file = Vec::new();
        if let Ok(mut pieces) = stream {
            let mut whole = true;
            while let Some(piece) = pieces.next().await {
                match piece {
                    Ok(piece) => file.extend_from_slice(&piece),
                    Err(_) => whole = false,
                }
            }
            if whole != (file == b"ticket,state\n1,open\n2,closed\n") {
                self.wrong(format!("the file is whole: {whole}, and is {file:?}"));
            }
        }
    }

    /// Follows the turn to its end, with as many streams as it takes; gives the last cursor.
    async fn follow(&mut self, id: &str, saved: Option<i64>) -> Option<i64> {
        let from = place(saved);
        let mut seen: Vec<Value> = Vec::new();
        let mut cursor = saved;
        for _ in 0..TRIES {
            let options =
                StreamSessionOptions::from(cursor).headers_timeout(Duration::from_millis(500));
            let mut stream = Once::new(self.client.stream_session(id, options));
            let mut last = None;
            while let Some(item) = stream.event().await {
                match item {
                    Ok(event) => {
                        cursor = event.next_cursor().or(cursor);
                        last = Some(event.clone());
                        seen.push(serde_json::from_str(&text(&event)).unwrap());
                        self.tally.events += 1;
                    }
                    // What can not be read is an item; a fatal error is the last one.
                    Err(error) if error.kind() == ErrorKind::Decode => {}
                    Err(error) => {
                        // One that could not even be opened is a call that failed.
                        self.tally.gave_up += usize::from(stream.is_open());
                        self.gave_up(&error, cursor, stream.end());
                    }
                }
                if seen.len() >= 3 {
                    self.meistrari.release(id);
                }
            }
            self.tally.reconnects += stream.reconnects();
            self.tally.wrong.append(&mut stream.wrong);
            let all: Vec<Value> = self
                .session(id)
                .events
                .iter()
                .skip(from)
                .map(bare)
                .collect();
            if !all.starts_with(&seen) {
                self.wrong(format!(
                    "not the events in order, each once: {seen:?} of {all:?}"
                ));
                return cursor;
            }
            if stream.end() == Some(End::Terminal) {
                match last {
                    Some(SessionStreamEvent::Result(_)) if seen == all => {
                        self.tally.finished += 1;
                        return cursor;
                    }
                    // By the contract, an end behind the final status is one, if there is nobody to ask any more.
                    Some(SessionStreamEvent::Status(event)) if event.status.is_terminal() => {
                        self.tally.gave_up += 1;
                    }
                    last => self.wrong(format!("ended without a word behind {last:?}")),
                }
            }
            // Another stream brings what is behind the cursor again.
            seen.truncate(place(cursor) - from);
        }
        self.wrong("twenty streams failed");
        cursor
    }

    fn gave_up(&mut self, error: &Error, cursor: Option<i64>, end: Option<End>) {
        let at = error.cursor().and_then(Cursor::as_i64);
        // What can not be opened is an error like that of any call.
        let known = matches!(
            error.kind(),
            ErrorKind::ReconnectsExhausted
                | ErrorKind::Transport
                | ErrorKind::Timeout
                | ErrorKind::Api
        );
        if !known || end.is_some() || at.is_some_and(|at| Some(at) != cursor) {
            self.wrong(format!("an unknown end at {cursor:?}: {error:?}"));
        }
    }
}

/// How many events there are up to a cursor.
fn place(cursor: Option<i64>) -> usize {
    usize::try_from(cursor.unwrap_or(0)).unwrap()
}

/// The event without what says nothing.
fn bare(event: &Value) -> Value {
    let mut event = event.clone();
    if let Value::Object(fields) = &mut event {
        fields.retain(|name, value| name != "nextCursor" || !value.is_null());
    }
    event
}
