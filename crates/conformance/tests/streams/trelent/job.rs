//! Trelent's main job, with everything counted on both sides.

use std::time::Duration;

use agent_core::{BoxFuture, Cursor, End, ErrorKind, Sent};
use agent_emulator::{Emulator, TrelentHandle};
use std::future::IntoFuture;
use trelent_agents::{
    Client, ClientOptions, CommonEvent, CreateRunOptions, Error, EventStream, ResumeRunOptions, Run,
};

use crate::schedules::{self, Tally, http};

pub(crate) struct Job;

impl schedules::Job for Job {
    fn name(&self) -> &'static str {
        "trelent"
    }

    fn stream(&self) -> (&'static str, &'static str) {
        ("GET", "/runs/*/events")
    }

    fn size(&self) -> (usize, usize) {
        (35, 15_000)
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

struct Play<'a> {
    emulator: &'a Emulator,
    trelent: TrelentHandle,
    client: Client,
    held: bool,
    tally: Tally,
}

impl<'a> Play<'a> {
    fn new(emulator: &'a Emulator, seed: u64, silence: Duration) -> Self {
        let trelent = emulator.trelent();
        let options = ClientOptions::new()
            .credentials(trelent.client_id(), trelent.client_secret())
            .timeout(Duration::from_millis(500))
            .http(http(silence));
        Self {
            client: Client::with_options(trelent.base_url(), options).unwrap(),
            emulator,
            trelent,
            held: seed.is_multiple_of(2),
            tally: Tally::default(),
        }
    }

    fn wrong(&mut self, story: impl Into<String>) {
        self.tally.wrong.push(story.into());
    }

    async fn job(&mut self) {
        let prompt = if self.held {
            "emulate:held"
        } else {
            "emulate:standard"
        };
        let client = self.client.clone();
        let create = || {
            let options = CreateRunOptions::new("my-sandbox", prompt);
            client.runs().create(options).into_future()
        };
        let Some(run) = self.until_created(create).await else {
            return;
        };
        // Reads are safe: with retries they may still fail, but never give something else.
        if let Ok(found) = self.client.runs().get(&run.id).await
            && found.id != run.id
        {
            self.wrong(format!("asked for {} and got {}", run.id, found.id));
        }
        self.follow(&run).await;
        // Where the stream gave up before: only what is over can be forked.
        self.trelent.release(&run.id);
        let fork = || {
            let options = ResumeRunOptions::new();
            run.fork("emulate:standard", options).into_future()
        };
        if let Some(child) = self.until_created(fork).await {
            self.follow(&child).await;
        }
    }

    /// Calls until a run was made, and counts how many the emulator has after each call.
    async fn until_created<F>(&mut self, create: impl Fn() -> F) -> Option<Run>
    where
        F: Future<Output = Result<Run, Error>>,
    {
        for _ in 0..20 {
            let before = self.trelent.runs().len();
            let sent = self.sent();
            let created = create().await;
            let (made, sent) = (self.trelent.runs().len() - before, self.sent() - sent);
            self.tally.unsafe_calls += 1;
            if made > 1 {
                self.wrong(format!("one call made {made} runs"));
            }
            if sent > 1 {
                self.wrong(format!("one call was sent {sent} times: {created:?}"));
            }
            match created {
                Ok(run) if made == 1 => return Some(run),
                Ok(run) => {
                    self.wrong(format!("{} was not made by this call", run.id));
                    return None;
                }
                Err(error) => {
                    self.tally.unsafe_failed += 1;
                    if made > 0 && error.sent() == Sent::Never {
                        self.wrong(format!("a run was made, and never sent: {error}"));
                    }
                }
            }
        }
        self.wrong("twenty calls failed");
        None
    }

    /// How often a call that makes a run came and was not turned away for its token: such a call may be sent again.
    fn sent(&self) -> usize {
        let requests = self.trelent.requests();
        let makes = requests.iter().filter(|request| {
            request.method == "POST"
                && (request.path == "/runs" || request.path.ends_with("/resume"))
                && request.status != Some(401)
        });
        makes.count()
    }

    async fn follow(&mut self, run: &Run) {
        let mut stream = run.subscribe();
        let mut seqs: Vec<u64> = Vec::new();
        let mut error = None;
        while let Some(item) = stream.next().await {
            match item {
                Ok(event) => seqs.push(event.seq),
                Err(failure) => error = Some(failure),
            }
            if seqs.len() == 10 {
                self.trelent.release(&run.id);
            }
        }
        self.tally.events += seqs.len();
        self.tally.reconnects += stream.reconnects();
        let all = self.trelent.run(&run.id).map_or(0, |run| run.events.len());
        // On one connection, events are passed on as they come: what is sent twice comes twice.
        let lies = schedules::lies(self.emulator);
        let rises = seqs.is_sorted();
        let count = seqs.len();
        seqs.dedup();
        let last = usize::try_from(seqs.last().copied().unwrap_or_default()).unwrap();
        let missing = last.saturating_sub(seqs.len());
        let twice = count - seqs.len();
        if !rises || last > all || missing > lies.left_out || twice > lies.sent_twice {
            self.wrong(format!("not the events in order, each once: {seqs:?}"));
        }
        match error {
            None => self.finished(&stream, last == all),
            Some(error) => self.gave_up(&error, seqs.last()),
        }
    }

    fn finished(&mut self, stream: &EventStream<CommonEvent>, whole: bool) {
        self.tally.finished += 1;
        if !whole {
            let at = stream.cursor();
            self.wrong(format!("ended without a word at {at:?}: events are lost"));
        }
        if stream.end() != Some(End::Terminal) {
            self.wrong(format!("ended as {:?}", stream.end()));
        }
    }

    fn gave_up(&mut self, error: &Error, last: Option<&u64>) {
        self.tally.gave_up += 1;
        if error.cursor() != last.map(|seq| Cursor::from(*seq)) {
            self.wrong(format!("{error} is at {:?}, not {last:?}", error.cursor()));
        }
        let known = match error.kind() {
            // The last is an answer that is not called an event stream.
            ErrorKind::ReconnectsExhausted | ErrorKind::Decode => true,
            // Numbers that do not rise are no positions.
            ErrorKind::Interrupted => schedules::lies(self.emulator).sent_twice > 0,
            // A token that expires while it is renewed.
            ErrorKind::Api if error.status() == Some(401) => true,
            // A server that asks for a longer wait than anybody's.
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
