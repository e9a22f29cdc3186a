//! Runs: what an agent is asked, read strictly, and what comes of it.

use std::sync::Arc;

use hyper::StatusCode;
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use super::State;
use super::agents::{Resolved, Wanted, resolve};
use super::errors::{Answer, Refusal};
use super::read::{Members, accepts_events};
use super::script::{MentioraScenario, MentioraScript};
use crate::http::Request;
use crate::scenario;
use crate::vendors::World;

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) message: String,
    pub(crate) wanted: Wanted,
    pub(crate) revision: Option<i64>,
    pub(crate) thread_id: Option<String>,
    pub(crate) model_id: Option<String>,
    pub(crate) end_user_id: Option<String>,
    pub(crate) metadata: Option<Map<String, Value>>,
    streams: bool,
}

impl Asked {
    pub(crate) fn read(request: &Request) -> Answer<Self> {
        let mut body = Members::of(request)?;
        let message = body.required_text("message")?;
        if message.trim().is_empty() {
            return Err(Refusal::invalid("message must not be empty"));
        }
        let wanted = match (body.text("tag")?, body.text("agent_id")?) {
            (Some(tag), None) if is_tag(&tag) => Wanted::Tag(tag),
            (Some(tag), None) => {
                return Err(Refusal::invalid(format!("Invalid tag format: \"{tag}\"")));
            }
            (None, Some(id)) if !id.is_empty() => Wanted::Id(id),
            (None, Some(_)) => return Err(Refusal::invalid("agent_id must not be empty")),
            _ => {
                return Err(Refusal::invalid(
                    "Exactly one of tag and agent_id is required",
                ));
            }
        };
        if let Some(mut model) = body.members("model_params", "model_params.")? {
            if model
                .number("temperature")?
                .is_some_and(|t| !(0.0..=2.0).contains(&t))
            {
                return Err(Refusal::invalid(
                    "model_params.temperature must be from 0 to 2",
                ));
            }
            if model
                .integer("max_tokens")?
                .is_some_and(|tokens| tokens < 1)
            {
                return Err(Refusal::invalid("model_params.max_tokens must be positive"));
            }
            model.integer("seed")?;
            model.end()?;
        }
        let asked = Self {
            message,
            wanted,
            revision: body.integer("revision")?,
            thread_id: body.text("thread_id")?,
            model_id: body.text("model_id")?,
            end_user_id: body.text("end_user_id")?,
            metadata: body.object("metadata")?,
            streams: body.boolean("stream")?,
        };
        body.end()?;
        if asked.streams {
            accepts_events(request)?;
        }
        Ok(asked)
    }
}

fn is_tag(tag: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    tag.starts_with(plain) && tag.chars().all(|c| plain(c) || c == '-' || c == '_')
}

/// One message and what the agent does with it.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) asked: Asked,
    pub(crate) agent: Resolved,
    pub(crate) thread_id: String,
    pub(crate) script: MentioraScript,
    pub(crate) streams: bool,
    /// Permits to pass a hold.
    pub(crate) released: Semaphore,
    trace_id: String,
}

impl State {
    /// Takes a message: from here on it is part of its thread.
    pub(crate) fn accept(&mut self, asked: Asked, world: &World) -> Answer<Arc<Run>> {
        let agent = resolve(&self.agents, &asked.wanted, asked.revision)?;
        let thread_id = match asked.thread_id.as_deref() {
            None | Some("") => world.ids.next("thr"),
            Some(id) if self.threads.contains_key(id) => id.to_owned(),
            Some(id) => {
                let text = format!("Thread \"{id}\" not found");
                return Err(Refusal::not_found("thread_not_found", text));
            }
        };
        let scenario =
            scenario::asked_by(&asked.message, &MentioraScenario::ALL).map_err(Refusal::invalid)?;
        let messages = self.threads.entry(thread_id.clone()).or_default();
        let plan = match scenario {
            Some(scenario) => scenario.into(),
            None => self.next_plans.pop_front().unwrap_or_default(),
        };
        let script = plan.script(&asked.message, messages);
        messages.push(asked.message.clone());
        let run = Arc::new(Run {
            id: world.ids.next("run"),
            trace_id: world.ids.next("trc"),
            streams: asked.streams,
            script: script.finished(),
            released: Semaphore::new(0),
            agent,
            asked,
            thread_id,
        });
        self.runs.push(Arc::clone(&run));
        Ok(run)
    }
}

impl Run {
    fn status(&self) -> &'static str {
        if self.script.failed {
            "failed"
        } else {
            "completed"
        }
    }

    /// The data of the frame that comes first.
    pub(crate) fn resolved(&self) -> Value {
        json!({
            "agent_id": self.agent.id,
            "agent_revision": self.agent.revision,
            "agent_tag": self.agent.tag,
            "thread_id": self.thread_id,
        })
    }

    /// The data of the frame that says that the answer is complete.
    pub(crate) fn completed(&self) -> Value {
        json!({"chat": {
            "thread_id": self.thread_id,
            "status": self.status(),
            "output": [
                {"type": "reasoning", "summary": []},
                {"type": "message", "content": [{"type": "output_text", "text": self.script.output}]},
            ],
        }})
    }

    /// The answer to a run that is not streamed.
    pub(crate) fn result(&self) -> Value {
        let words = |text: &str| text.split_whitespace().count();
        json!({
            "thread_id": self.thread_id,
            "trace_id": self.trace_id,
            "agent_id": self.agent.id,
            "agent_revision": self.agent.revision,
            "agent_tag": self.agent.tag,
            "output": self.script.output,
            "tool_calls": self.script.tool_calls,
            "status": self.status(),
            "usage": {
                "prompt_tokens": words(&self.asked.message),
                "completion_tokens": words(&self.script.output),
            },
        })
    }
}

/// The refusal of a call by a test's wish.
pub(crate) fn scripted(
    status: u16,
    code: &str,
    message: &str,
    retry_after: Option<&str>,
) -> Refusal {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Refusal::new(status, code, message).retry_after(retry_after.map(str::to_owned))
}
