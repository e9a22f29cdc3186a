//! Agents, their bundles, credentials, triggers, and the idempotency keys that were used.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::check;
use super::errors::{Answer, Refusal};
use super::run::Run;
use crate::http::Request;
use crate::vendors::World;

/// The header of an idempotency key.
const KEY: &str = "idempotency-key";

#[derive(Debug, Default)]
pub(super) struct Store {
    /// In the order in which they were made, as ids count up.
    agents: BTreeMap<String, Map<String, Value>>,
    bundles: BTreeMap<String, Value>,
    credentials: BTreeMap<String, Map<String, Value>>,
    triggers: BTreeMap<String, Map<String, Value>>,
    /// What was made with a key, by the name of its id and the key.
    keys: HashMap<(&'static str, String), String>,
}

type Object = Map<String, Value>;

fn key(request: &Request) -> Option<&str> {
    request.header(KEY).filter(|key| !key.is_empty())
}

impl Store {
    /// Refuses a key that was used before for the same kind of thing.
    pub(super) fn check_key(&self, kind: &'static str, request: &Request) -> Answer<()> {
        let used = key(request).and_then(|key| self.keys.get(&(kind, key.to_owned())));
        match used {
            Some(id) => Err(Refusal::duplicate(kind, id)),
            None => Ok(()),
        }
    }

    pub(super) fn keep_key(&mut self, kind: &'static str, request: &Request, id: &str) {
        if let Some(key) = key(request) {
            self.keys.insert((kind, key.to_owned()), id.to_owned());
        }
    }

    pub(super) fn check_agent(&self, id: &str) -> Answer<()> {
        if self.agents.contains_key(id) {
            Ok(())
        } else {
            Err(Refusal::not_found("agent"))
        }
    }

    pub(super) fn create_agent(&mut self, request: &Request, world: &World) -> Answer<Value> {
        let mut agent = check::object(request, &["name", "metadata"])?;
        check::text(&agent, "name")?;
        self.check_key("agent_id", request)?;
        let id = world.ids.next("ag");
        agent.insert("id".to_owned(), id.clone().into());
        agent.insert("live_bundle_id".to_owned(), Value::Null);
        agent.entry("metadata").or_insert(Value::Null);
        self.keep_key("agent_id", request, &id);
        self.agents.insert(id.clone(), agent);
        self.agent(&id, &[], world)
    }

    pub(super) fn update_agent(&mut self, id: &str, request: &Request) -> Answer<()> {
        let change = check::object(request, &["name", "live_bundle_id", "metadata"])?;
        check::optional_text(&change, "name")?;
        if let Some(bundle) = check::optional_text(&change, "live_bundle_id")? {
            let known = self.bundles.get(&bundle);
            if known.is_none_or(|bundle| bundle["agent_id"] != id) {
                return Err(Refusal::invalid(
                    "live_bundle_id names no bundle of this agent",
                ));
            }
        }
        let agent = self.agents.get_mut(id);
        agent
            .ok_or_else(|| Refusal::not_found("agent"))?
            .extend(change);
        Ok(())
    }

    /// An agent with what its last run says.
    pub(super) fn agent(&self, id: &str, runs: &[Run], world: &World) -> Answer<Value> {
        let agent = self
            .agents
            .get(id)
            .ok_or_else(|| Refusal::not_found("agent"))?;
        let mut agent = agent.clone();
        let last = runs.iter().rev().find(|run| run.agent_id == id);
        agent.insert("last_run_id".to_owned(), json!(last.map(|run| &run.id)));
        agent.insert(
            "last_run_status".to_owned(),
            json!(last.map(|run| run.status)),
        );
        let at = last.map(|run| world.clock.text(run.created));
        agent.insert("last_run_at".to_owned(), json!(at));
        Ok(agent.into())
    }

    pub(super) fn agents(&self, runs: &[Run], world: &World) -> Vec<Value> {
        let agents = self.agents.keys();
        agents
            .filter_map(|id| self.agent(id, runs, world).ok())
            .collect()
    }

    pub(super) fn delete_agent(&mut self, id: &str) -> Answer<()> {
        remove(&mut self.agents, id, "agent")
    }

    /// Any JSON object becomes a bundle.
    pub(super) fn create_bundle(
        &mut self,
        agent: &str,
        request: &Request,
        world: &World,
    ) -> Answer<Value> {
        self.check_agent(agent)?;
        let content: Value = serde_json::from_slice(&request.body)
            .map_err(|_| Refusal::bad_request("the body is no JSON"))?;
        let id = world.ids.next("bun");
        let bundle = json!({"id": id, "agent_id": agent, "content": content});
        self.bundles.insert(id, bundle.clone());
        Ok(bundle)
    }

    pub(super) fn bundles(&self, agent: &str) -> Answer<Value> {
        self.check_agent(agent)?;
        let bundles = self.bundles.values();
        let items: Vec<_> = bundles
            .filter(|bundle| bundle["agent_id"] == agent)
            .collect();
        Ok(json!({"items": items}))
    }

    pub(super) fn bundle(&self, agent: &str, id: &str) -> Answer<Value> {
        let bundle = self
            .bundles
            .get(id)
            .filter(|bundle| bundle["agent_id"] == agent);
        bundle.cloned().ok_or_else(|| Refusal::not_found("bundle"))
    }

    pub(super) fn create_credential(&mut self, request: &Request, world: &World) -> Answer<Value> {
        let body = check::object(request, CREDENTIAL)?;
        self.check_key("credential_id", request)?;
        let id = world.ids.next("cr");
        self.keep_key("credential_id", request, &id);
        self.put_credential(&id, body);
        self.credential(&id, false)
    }

    pub(super) fn put_credential(&mut self, id: &str, mut credential: Object) {
        credential.insert("id".to_owned(), id.into());
        self.credentials.insert(id.to_owned(), credential);
    }

    /// A credential, with its secret values if they are wanted.
    pub(super) fn credential(&self, id: &str, include_values: bool) -> Answer<Value> {
        let credential = self.credentials.get(id);
        let credential = credential.ok_or_else(|| Refusal::not_found("credential"))?;
        let shown = |name: &String| include_values || !matches!(name.as_str(), "values" | "Values");
        let shown = credential.iter().filter(|(name, _)| shown(name));
        Ok(shown
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect())
    }

    pub(super) fn credentials(&self) -> Value {
        let ids = self.credentials.keys();
        let items: Vec<_> = ids
            .filter_map(|id| self.credential(id, false).ok())
            .collect();
        json!({"items": items})
    }

    pub(super) fn update_credential(&mut self, id: &str, request: &Request) -> Answer<Value> {
        let change = check::object(request, CREDENTIAL)?;
        let credential = self.credentials.get_mut(id);
        credential
            .ok_or_else(|| Refusal::not_found("credential"))?
            .extend(change);
        self.credential(id, false)
    }

    pub(super) fn delete_credential(&mut self, id: &str) -> Answer<()> {
        remove(&mut self.credentials, id, "credential")
    }

    pub(super) fn create_trigger(&mut self, request: &Request, world: &World) -> Answer<Value> {
        let trigger = check::object(request, TRIGGER)?;
        check::text(&trigger, "type")?;
        self.check_agent(&check::text(&trigger, "agent_id")?)?;
        self.check_key("trigger_id", request)?;
        let id = world.ids.next("tr");
        self.keep_key("trigger_id", request, &id);
        self.put_trigger(&id, trigger);
        self.trigger(&id)
    }

    pub(super) fn put_trigger(&mut self, id: &str, mut trigger: Object) {
        trigger.insert("id".to_owned(), id.into());
        self.triggers.insert(id.to_owned(), trigger);
    }

    pub(super) fn trigger(&self, id: &str) -> Answer<Value> {
        let trigger = self.triggers.get(id).cloned().map(Value::Object);
        trigger.ok_or_else(|| Refusal::not_found("trigger"))
    }

    pub(super) fn triggers(&self, agent: Option<&str>) -> Value {
        let triggers = self.triggers.values();
        let items: Vec<_> = triggers
            .filter(|trigger| {
                agent.is_none_or(|agent| trigger.get("agent_id") == Some(&agent.into()))
            })
            .collect();
        json!({"items": items})
    }

    pub(super) fn update_trigger(&mut self, id: &str, request: &Request) -> Answer<Value> {
        let change = check::object(request, TRIGGER)?;
        let trigger = self.triggers.get_mut(id);
        trigger
            .ok_or_else(|| Refusal::not_found("trigger"))?
            .extend(change);
        self.trigger(id)
    }

    pub(super) fn delete_trigger(&mut self, id: &str) -> Answer<()> {
        remove(&mut self.triggers, id, "trigger")
    }
}

const CREDENTIAL: &[&str] = &[
    "name",
    "type",
    "values",
    "Values",
    "publicConfig",
    "PublicConfig",
    "data",
];

const TRIGGER: &[&str] = &["agent_id", "type", "config", "name"];

fn remove<T>(things: &mut BTreeMap<String, T>, id: &str, what: &str) -> Answer<()> {
    things
        .remove(id)
        .map(drop)
        .ok_or_else(|| Refusal::not_found(what))
}
