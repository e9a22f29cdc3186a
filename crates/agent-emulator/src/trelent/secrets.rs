//! Secrets: named values that go in and never come out.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::errors::{Answer, Refusal};
use super::validate::{Fields, Loc, Problems};
use crate::clock::{Clock, Moment};
use crate::ids::Ids;

#[derive(Default)]
pub(crate) struct Secrets(BTreeMap<String, Secret>);

struct Secret {
    id: String,
    value: String,
    created: Moment,
    updated: Moment,
}

impl Secrets {
    pub(crate) fn put(&mut self, name: &str, value: &str, now: Moment, ids: &Ids) {
        let secret = Secret {
            id: ids.next("sec"),
            value: value.to_owned(),
            created: now,
            updated: now,
        };
        self.0.insert(name.to_owned(), secret);
    }

    pub(crate) fn create(
        &mut self,
        body: &Map<String, Value>,
        clock: &Clock,
        ids: &Ids,
    ) -> Answer<Value> {
        let mut problems = Problems::default();
        let fields = Fields::new(body, &["name", "value"], Loc::root("body"), &mut problems);
        let name = fields.text("name", &mut problems).unwrap_or_default();
        let value = fields.string("value", &mut problems).unwrap_or_default();
        problems.check()?;
        if self.0.contains_key(name) {
            return Err(Refusal::conflict(format!("Secret {name} already exists")));
        }
        self.put(name, value, clock.now(), ids);
        self.get(name, clock)
    }

    pub(crate) fn list(&self, clock: &Clock) -> Value {
        self.0
            .iter()
            .map(|(name, secret)| secret.show(name, clock))
            .collect()
    }

    pub(crate) fn get(&self, name: &str, clock: &Clock) -> Answer<Value> {
        self.0
            .get(name)
            .map(|secret| secret.show(name, clock))
            .ok_or_else(not_found)
    }

    pub(crate) fn update(
        &mut self,
        name: &str,
        body: &Map<String, Value>,
        clock: &Clock,
    ) -> Answer<Value> {
        let mut problems = Problems::default();
        let fields = Fields::new(body, &["value"], Loc::root("body"), &mut problems);
        let value = fields.string("value", &mut problems).unwrap_or_default();
        problems.check()?;
        let secret = self.0.get_mut(name).ok_or_else(not_found)?;
        value.clone_into(&mut secret.value);
        secret.updated = clock.now();
        self.get(name, clock)
    }

    pub(crate) fn delete(&mut self, name: &str) -> Answer<Value> {
        self.0
            .remove(name)
            .map(|_| json!({"status": "deleted"}))
            .ok_or_else(not_found)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|secret| secret.value.as_str())
    }
}

fn not_found() -> Refusal {
    Refusal::not_found("Secret")
}

impl Secret {
    fn show(&self, name: &str, clock: &Clock) -> Value {
        json!({
            "id": self.id, "name": name, "provider": "aws",
            "created_at": clock.text(self.created), "updated_at": clock.text(self.updated),
        })
    }
}
