//! Scripts: what an agent does with one message, step by step. The ready-made ones are in `standard.rs`.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::standard;
use crate::scenario::plan;

/// One step of a script.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// After one pace, a frame with this name and data.
    Frame(String, Value),
    /// After one pace, these bytes.
    Raw(Bytes),
    /// Some more time passes.
    Wait(Duration),
    /// Nothing goes on until the run is released.
    Hold,
    /// The frame that says that the answer is complete.
    Completed,
}

/// What an agent does with one message: the frames of its stream, pauses, and how it ends.
///
/// The frame `agent.resolved` comes first by itself. The output of the run is the text of all deltas. Without an
/// explicit [`complete`](Self::complete) or [`fail`](Self::fail) the answer is completed at the end.
///
/// ```
/// use agent_emulator::MentioraScript;
/// use serde_json::json;
///
/// let script = MentioraScript::new()
///     .tool_call("search", json!({"q": "x"}), json!({"hits": 3}))
///     .text("Hello ")
///     .hold()
///     .text("there")
///     .complete()
///     .suggest([("More", "Tell me more")]);
/// # let _ = script;
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a script does nothing until a run gets it"]
pub struct MentioraScript {
    pub(crate) steps: Vec<Step>,
    pub(crate) tool_calls: Vec<Value>,
    pub(crate) output: String,
    pub(crate) failed: bool,
    /// The end is written down, or there is to be none.
    ended: bool,
}

impl MentioraScript {
    /// Says nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds text, as one delta.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        self.output.push_str(&text);
        self.frame("chat.output_text.delta", json!({"delta": text}))
    }

    /// Adds a tool call: its arguments in two pieces, then its result.
    pub fn tool_call(
        mut self,
        name: &str,
        arguments: impl Into<Value>,
        result: impl Into<Value>,
    ) -> Self {
        let (arguments, result): (Value, Value) = (arguments.into(), result.into());
        let id = format!("tc_{}", self.tool_calls.len() + 1);
        let text = arguments.to_string();
        let half = (0..=text.len() / 2)
            .rev()
            .find(|at| text.is_char_boundary(*at));
        let (first, second) = text.split_at(half.unwrap_or_default());
        for part in [first, second] {
            let data = json!({"tool_call_id": id, "name": name, "arguments_delta": part});
            self = self.frame("chat.tool_call.delta", data);
        }
        let call =
            json!({"tool_call_id": id, "name": name, "arguments": arguments, "result": result});
        self.tool_calls.push(call.clone());
        self.frame("chat.tool_call.result", call)
    }

    /// Adds suggestions: labels and messages. Also such as clients must leave out.
    pub fn suggest<'a>(self, items: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let items: Vec<_> = items
            .into_iter()
            .map(|(label, message)| json!({"label": label, "message": message}))
            .collect();
        self.frame("chat.suggestions", json!({"suggestions": items}))
    }

    /// Adds a frame of any name, with any data.
    pub fn frame(mut self, name: impl Into<String>, data: Value) -> Self {
        self.steps.push(Step::Frame(name.into(), data));
        self
    }

    /// Adds bytes as they are, such as a block that is never finished.
    pub fn raw(mut self, bytes: impl Into<Bytes>) -> Self {
        self.steps.push(Step::Raw(bytes.into()));
        self
    }

    /// Adds a pause, besides the pace.
    pub fn wait(mut self, time: Duration) -> Self {
        self.steps.push(Step::Wait(time));
        self
    }

    /// Adds a stop that lasts until [`MentioraHandle::release`](crate::MentioraHandle::release).
    pub fn hold(mut self) -> Self {
        self.steps.push(Step::Hold);
        self
    }

    /// Says here that the answer is complete; more frames can follow.
    pub fn complete(mut self) -> Self {
        self.steps.push(Step::Completed);
        self.ended = true;
        self
    }

    /// Adds an `error` frame, behind which nothing comes; the result of the run has the status `failed`.
    pub fn fail(mut self, code: &str, message: &str) -> Self {
        self.failed = true;
        self.ended = true;
        self.frame("error", json!({"code": code, "message": message}))
    }

    /// The stream ends without saying that the answer is complete.
    pub fn ends_without_completion(mut self) -> Self {
        self.ended = true;
        self
    }

    /// With its end.
    pub(crate) fn finished(self) -> Self {
        if self.ended { self } else { self.complete() }
    }
}

/// A ready-made script. A message asks for one by beginning with `emulate:` and its name, such as `emulate:fail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MentioraScenario {
    /// `emulate:standard`, and every message that asks for nothing: an event of each type but `error`.
    #[default]
    Standard,
    /// `emulate:fail`: some text, then an `error` event.
    Fail,
    /// `emulate:held`: as `Standard`, but stops in the middle of the text until it is released.
    Held,
    /// `emulate:silent`: nothing but `agent.resolved`, until it is released.
    Silent,
    /// `emulate:empty`: an empty answer.
    Empty,
    /// `emulate:unfinished`: the last block lacks its blank line.
    Unfinished,
    /// `emulate:incomplete`: the stream ends without `chat.completed`.
    Incomplete,
    /// `emulate:malformed`: some text, then a frame without what its type must have.
    Malformed,
}

impl MentioraScenario {
    pub(crate) const ALL: [(&'static str, Self); 8] = [
        ("standard", Self::Standard),
        ("fail", Self::Fail),
        ("held", Self::Held),
        ("silent", Self::Silent),
        ("empty", Self::Empty),
        ("unfinished", Self::Unfinished),
        ("incomplete", Self::Incomplete),
        ("malformed", Self::Malformed),
    ];
}

plan! {
    /// What a run does: a [`MentioraScript`] or a [`MentioraScenario`].
    MentioraPlan = MentioraScript | MentioraScenario
}

impl MentioraPlan {
    /// The script for a message; `earlier` are those before it in its thread.
    pub(crate) fn script(self, message: &str, earlier: &[String]) -> MentioraScript {
        match self {
            Self::Script(script) => script,
            Self::Scenario(scenario) => standard::script(scenario, message, earlier),
        }
    }
}
