//! One session: its state, and how the script of a turn carries it as time passes.
//!
//! Whoever looks at a session first settles it: every step that is due by now is taken, each at the moment it was due.
//! A turn may begin only when the result of the last one was sent: before that, and while a turn is under way, 409.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::State;
use super::body::Execute;
use super::errors::{Answer, Refusal};
use super::script::{Ending, Step, TurnScenario, TurnScript};
use super::webhooks::{Notice, Webhook};
use crate::clock::{Clock, Moment};
use crate::scenario;
use crate::vendors::World;

/// A session's status, as the wire names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Pending,
    Running,
    Completed,
    Failed,
    WaitingMessages,
    Cancelled,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::WaitingMessages => "waiting_messages",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What is still to come in the current turn.
#[derive(Debug)]
struct Timeline {
    steps: VecDeque<Step>,
    ending: Ending,
    /// When the last step was taken.
    at: Moment,
    held: bool,
    /// The subagent at work.
    subagent: Option<String>,
    /// The status says that the turn is over, its result is still to come.
    closing: bool,
    over: bool,
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) organization: String,
    pub(crate) repository: String,
    pub(crate) messages: Vec<String>,
    pub(crate) inputs: Vec<(String, String)>,
    pub(crate) environment: Vec<String>,
    pub(crate) status: Status,
    pub(crate) run: String,
    created: Moment,
    turns: usize,
    /// Fields of each event, and whether it has a cursor: that is its number, from 1.
    pub(crate) events: Vec<(Map<String, Value>, bool)>,
    files: BTreeMap<String, Bytes>,
    /// The files when the last turn was over.
    captured: BTreeMap<String, Bytes>,
    pub(crate) webhooks: Vec<Webhook>,
    pub(crate) notices: Vec<Notice>,
    timeline: Timeline,
    pace: Duration,
    /// Wakes followers when something happens that no clock foresaw.
    pub(crate) wake: watch::Sender<()>,
}

impl State {
    /// Starts, continues or recovers.
    pub(crate) fn execute(&mut self, wanted: Execute, world: &World) -> Answer<Value> {
        let blank =
            |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
        match &wanted.session {
            None if wanted.recover => return Err(Refusal::invalid("sessionId", "is required")),
            None => {
                for (name, value) in [
                    ("organizationName", &wanted.organization),
                    ("repository", &wanted.repository),
                    ("message", &wanted.message),
                ] {
                    if blank(value) {
                        return Err(Refusal::invalid(name, "is required"));
                    }
                }
            }
            Some(_) if !wanted.recover && blank(&wanted.message) => {
                return Err(Refusal::invalid("message", "is required"));
            }
            Some(id) => self.session(id, world)?.may_begin(wanted.recover)?,
        }
        let message = wanted.message.clone().unwrap_or_default();
        let asked = scenario::asked_by(&message, &TurnScenario::ALL);
        let asked = asked.map_err(|why| Refusal::invalid("message", &why))?;
        let turn = match asked {
            Some(scenario) => scenario.into(),
            None => self
                .next_turns
                .pop_front()
                .unwrap_or_else(|| self.default_turn.clone()),
        };
        let script = turn.script(&message);
        if let Ending::Refused(error) = script.ending {
            return Ok(json!({"success": false, "error": error}));
        }
        let id = wanted.session.clone().unwrap_or_else(|| {
            let session = Session::new(&wanted, world);
            let id = session.id.clone();
            self.sessions.push(session);
            id
        });
        let run = world.ids.next("run");
        let session = self.session(&id, world)?;
        session.begin(wanted, script, run, world);
        Ok(json!({"success": true, "sessionId": id}))
    }
}

impl Session {
    fn new(wanted: &Execute, world: &World) -> Self {
        let now = world.clock.now();
        Self {
            id: world.ids.next("ses"),
            organization: wanted.organization.clone().unwrap_or_default(),
            repository: wanted.repository.clone().unwrap_or_default(),
            messages: Vec::new(),
            inputs: Vec::new(),
            environment: Vec::new(),
            status: Status::Pending,
            run: String::new(),
            created: now,
            turns: 0,
            events: Vec::new(),
            files: BTreeMap::new(),
            captured: BTreeMap::new(),
            webhooks: Vec::new(),
            notices: Vec::new(),
            timeline: Timeline::of(TurnScript::new(), now, true),
            pace: world.pace,
            wake: watch::Sender::new(()),
        }
    }

    /// Whether another turn may begin now.
    fn may_begin(&self, recover: bool) -> Answer<()> {
        let line = &self.timeline;
        match self.status {
            _ if !line.over => Err(Refusal::conflict("Session is running")),
            _ if recover => Ok(()),
            Status::WaitingMessages => Ok(()),
            status => Err(Refusal::conflict(format!("Session is {}", status.name()))),
        }
    }

    fn begin(&mut self, wanted: Execute, script: TurnScript, run: String, world: &World) {
        self.messages.extend(wanted.message);
        self.inputs = wanted.inputs;
        self.environment = wanted.environment;
        if let Some(webhooks) = wanted.webhooks {
            self.webhooks = webhooks;
        }
        self.run = run;
        self.turns += 1;
        self.status = Status::Pending;
        self.timeline = Timeline::of(script, world.clock.now(), false);
        self.push(status_event(Status::Pending), false);
        self.wake.send_replace(());
    }

    /// Takes every step that is due.
    pub(crate) fn settle(&mut self, now: Moment) {
        while let Some(due) = self.next_due().filter(|due| *due <= now) {
            self.timeline.at = due;
            self.take_step();
        }
    }

    /// When something will happen by itself next.
    pub(crate) fn next_due(&self) -> Option<Moment> {
        let line = &self.timeline;
        if line.over || line.held {
            return None;
        }
        let paced = line.at.saturating_add(self.pace);
        if self.status == Status::Pending || line.closing || line.subagent.is_some() {
            return Some(paced);
        }
        match (line.steps.front(), &line.ending) {
            (Some(Step::Wait(time)), _) => Some(line.at.saturating_add(*time)),
            (Some(Step::Hold | Step::Write(..)), _) => Some(line.at),
            (None, Ending::Never) => None,
            _ => Some(paced),
        }
    }

    fn take_step(&mut self) {
        if self.status == Status::Pending {
            self.change(Status::Running);
            if self.turns == 1 {
                self.tell("session.started", None, None);
            }
            return;
        }
        if let Some(name) = self.timeline.subagent.take() {
            self.tell("subagent.completed", Some(name), None);
            return;
        }
        match self.timeline.steps.pop_front() {
            Some(Step::Event(fields, cursor)) => self.push(fields, cursor),
            Some(Step::Wait(_)) => {}
            Some(Step::Hold) => self.timeline.held = true,
            Some(Step::Write(path, content)) => {
                self.files.insert(path, content);
            }
            Some(Step::Subagent(name)) => {
                self.tell("subagent.started", Some(name.clone()), None);
                self.timeline.subagent = Some(name);
            }
            None => self.end(),
        }
    }

    fn end(&mut self) {
        let (status, result) = match &self.timeline.ending {
            Ending::Waits(result) => (Status::WaitingMessages, result.clone()),
            Ending::Completes(result) => (Status::Completed, result.clone()),
            Ending::Fails(error) => {
                let error = error.clone();
                if !self.timeline.closing {
                    self.timeline.closing = true;
                    self.change(Status::Failed);
                    return;
                }
                self.push(fields(json!({"kind": "error", "error": error})), true);
                self.finish(Some(error));
                return;
            }
            Ending::Never | Ending::Refused(_) => return,
        };
        if self.timeline.closing {
            self.result(result);
            self.finish(None);
        } else {
            self.timeline.closing = true;
            self.change(status);
        }
    }

    /// Aborts the turn: a session of several turns waits for messages again, a run of one is cancelled.
    pub(crate) fn cancel(&mut self, now: Moment) -> Answer<()> {
        let line = &mut self.timeline;
        if line.over || line.closing {
            return Err(Refusal::conflict("Session is not running"));
        }
        line.at = now;
        line.steps.clear();
        let single = matches!(line.ending, Ending::Completes(_));
        self.change(if single {
            Status::Cancelled
        } else {
            Status::WaitingMessages
        });
        self.result(Value::Null);
        self.finish(None);
        self.wake.send_replace(());
        Ok(())
    }

    /// Lets a held turn go on. False when it was not held.
    pub(crate) fn release(&mut self, at: Moment) -> bool {
        let held = std::mem::take(&mut self.timeline.held);
        if held {
            self.timeline.at = at;
            self.wake.send_replace(());
        }
        held
    }

    pub(crate) fn is_held(&self) -> bool {
        self.timeline.held
    }

    /// Whether nothing comes any more until another turn begins.
    pub(crate) fn is_over(&self) -> bool {
        self.timeline.over
    }

    fn change(&mut self, status: Status) {
        self.status = status;
        self.push(status_event(status), true);
    }

    fn result(&mut self, result: Value) {
        let mut event = fields(json!({"kind": "result", "status": self.status.name()}));
        event.insert("result".into(), result);
        self.push(event, true);
    }

    fn finish(&mut self, error: Option<String>) {
        self.timeline.over = true;
        self.timeline.held = false;
        self.captured.clone_from(&self.files);
        let event = match self.status {
            Status::Completed => "session.completed",
            Status::Failed => "session.failed",
            Status::Cancelled => "session.cancelled",
            _ => "session.waiting_messages",
        };
        self.tell(event, None, error);
    }

    fn push(&mut self, event: Map<String, Value>, cursor: bool) {
        self.events.push((event, cursor));
    }

    fn tell(&mut self, event: &'static str, subagent: Option<String>, error: Option<String>) {
        self.notices.push(Notice {
            event,
            status: self.status.name(),
            run: self.run.clone(),
            subagent,
            error,
            steps: self.events.len(),
        });
    }

    /// The event at `index` as it is sent.
    pub(crate) fn event(&self, index: usize) -> Option<Value> {
        let (fields, cursor) = self.events.get(index)?;
        let mut fields = fields.clone();
        let cursor = if *cursor { Some(index + 1) } else { None };
        fields.insert("nextCursor".into(), cursor.into());
        Some(Value::Object(fields))
    }

    pub(crate) fn timeline(&self, clock: &Clock) -> Value {
        let spans: Vec<_> = self
            .events
            .iter()
            .filter(|(event, _)| event.get("kind").is_some_and(|kind| kind == "steps"))
            .enumerate()
            .map(|(index, _)| json!({"id": format!("span_{}", index + 1), "name": "steps"}))
            .collect();
        json!({
            "status": self.status.name(),
            "metrics": {"turns": self.turns, "events": self.events.len(), "createdAt": clock.text(self.created)},
            "prompt": self.messages.last(),
            "spans": spans,
        })
    }

    pub(crate) fn tree(&self) -> Value {
        let files = self.captured.iter();
        let tree: Vec<_> = files
            .map(|(path, content)| json!({"path": path, "size": content.len()}))
            .collect();
        json!({"tree": tree})
    }

    pub(crate) fn file(&self, path: &str) -> Answer<Value> {
        let content = self.captured.get(path);
        let content = content.ok_or_else(|| Refusal::not_found("File"))?;
        let (encoding, text) = match std::str::from_utf8(content) {
            Ok(text) => ("raw", text.to_owned()),
            Err(_) => ("base64", STANDARD.encode(content)),
        };
        Ok(json!({"path": path, "encoding": encoding, "content": text, "size": content.len()}))
    }
}

impl Timeline {
    fn of(script: TurnScript, at: Moment, over: bool) -> Self {
        Self {
            steps: script.steps.into(),
            ending: script.ending,
            at,
            held: false,
            subagent: None,
            closing: false,
            over,
        }
    }
}

fn status_event(status: Status) -> Map<String, Value> {
    fields(json!({"kind": "status", "status": status.name()}))
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
