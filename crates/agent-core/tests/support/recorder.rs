//! Records everything that goes through `tracing` on this thread.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// What was recorded. Clones share it.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Vec<Entry>>>);

/// A span or an event.
#[derive(Clone)]
pub struct Entry {
    id: Option<u64>,
    pub parent: Option<u64>,
    pub level: Level,
    pub name: String,
    pub fields: BTreeMap<String, String>,
}

impl Recorder {
    /// Records until the guard is dropped.
    pub fn start() -> (Self, DefaultGuard) {
        let recorder = Self::default();
        let subscriber = tracing_subscriber::registry().with(recorder.clone());
        (recorder, tracing::subscriber::set_default(subscriber))
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.0.lock().unwrap().clone()
    }

    /// Entries of `level`, events and spans.
    pub fn of_level(&self, level: Level) -> Vec<Entry> {
        let mut entries = self.entries();
        entries.retain(|entry| entry.level == level);
        entries
    }

    /// Every span and event in order, indented below its span, with its fields sorted by name.
    pub fn tree(&self) -> String {
        let entries = self.entries();
        let mut text = String::new();
        for entry in &entries {
            let mut depth = 0;
            let mut parent = entry.parent;
            while let Some(id) = parent {
                depth += 1;
                parent = entries
                    .iter()
                    .find(|span| span.id == Some(id))
                    .and_then(|span| span.parent);
            }
            let kind = if entry.id.is_some() { "span" } else { "event" };
            let indent = "  ".repeat(depth);
            writeln!(text, "{indent}{kind} {} {}", entry.level, entry.name).unwrap();
            for (name, value) in &entry.fields {
                writeln!(text, "{indent}    {name} = {value}").unwrap();
            }
        }
        text
    }

    fn push(&self, entry: Entry) {
        self.0.lock().unwrap().push(entry);
    }
}

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = BTreeMap::new();
        attributes.record(&mut Fields(&mut fields));
        let parent = context
            .span(id)
            .and_then(|span| span.parent().map(|span| span.id().into_u64()));
        self.push(Entry {
            id: Some(id.into_u64()),
            parent,
            level: *attributes.metadata().level(),
            name: attributes.metadata().name().to_owned(),
            fields,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut entries = self.0.lock().unwrap();
        // Ids are used again once a span is closed: the last is meant.
        if let Some(span) = entries
            .iter_mut()
            .rev()
            .find(|span| span.id == Some(id.into_u64()))
        {
            values.record(&mut Fields(&mut span.fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        self.push(Entry {
            id: None,
            parent: context.event_span(event).map(|span| span.id().into_u64()),
            level: *event.metadata().level(),
            name: fields.remove("message").unwrap_or_default(),
            fields,
        });
    }
}
