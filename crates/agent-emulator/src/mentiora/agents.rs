//! Who can be asked: agents with revisions, and tags that stand for one revision each.

use std::collections::BTreeMap;

use super::errors::{Answer, Refusal};

/// An agent of the emulator: an id, revisions counted from 1, and tags that stand for one of them.
///
/// ```
/// use agent_emulator::EmulatedAgent;
///
/// let agent = EmulatedAgent::new("agt_support").revisions(4).tag("production", 3).tag("staging", 4);
/// # let _ = agent;
/// ```
#[derive(Debug, Clone)]
pub struct EmulatedAgent {
    pub(crate) id: String,
    revisions: i64,
    tags: BTreeMap<String, i64>,
}

impl EmulatedAgent {
    /// An agent with one revision and no tag.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            revisions: 1,
            tags: BTreeMap::new(),
        }
    }

    /// Sets how many revisions there are.
    #[must_use]
    pub fn revisions(mut self, count: i64) -> Self {
        self.revisions = count;
        self
    }

    /// Lets `tag` stand for a revision.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>, revision: i64) -> Self {
        self.tags.insert(tag.into(), revision);
        self
    }
}

/// Which agent a request means.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    Tag(String),
    Id(String),
}

/// The agent that answers.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) id: String,
    pub(crate) revision: i64,
    pub(crate) tag: Option<String>,
}

/// Finds an agent and a revision of it.
pub(crate) fn resolve(
    agents: &[EmulatedAgent],
    wanted: &Wanted,
    revision: Option<i64>,
) -> Answer<Resolved> {
    let (agent, usual, tag) = match wanted {
        Wanted::Tag(tag) => {
            let found = agents
                .iter()
                .find_map(|agent| Some((agent, *agent.tags.get(tag)?)));
            let (agent, usual) = found.ok_or_else(|| {
                Refusal::not_found("agent_not_found", format!("Tag \"{tag}\" not found"))
            })?;
            (agent, usual, Some(tag.clone()))
        }
        Wanted::Id(id) => {
            let found = agents.iter().find(|agent| agent.id == *id);
            let agent = found.ok_or_else(|| {
                Refusal::not_found("agent_not_found", format!("Agent \"{id}\" not found"))
            })?;
            (agent, agent.revisions, None)
        }
    };
    let revision = revision.unwrap_or(usual);
    if !(1..=agent.revisions).contains(&revision) {
        let text = format!("Agent \"{}\" has no revision {revision}", agent.id);
        return Err(Refusal::not_found("revision_not_found", text));
    }
    Ok(Resolved {
        id: agent.id.clone(),
        revision,
        tag,
    })
}
