//! A run's spans as a tree: what `tracing` is told about each call, its attempts and its waits.
//!
//! The layer below prints each span when it closes, with what was recorded and how long it took. An exporter for
//! OpenTelemetry gets the same: the fields have its names.

use std::error::Error;
use std::fmt::{Debug, Write as _};

use agent_emulator::Fault;
use tokio::time::Instant;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, SpanRef};
use tracing_subscriber::util::SubscriberInitExt as _;
use trelent_agents::CreateRunOptions;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::registry().with(Tree).init();
    let service = support::service().await?;
    if let Some(emulator) = &service.emulator {
        // One refusal, so that there is a second attempt to see, and one cut.
        let faults = emulator.faults();
        faults.push(Fault::status(503).on("GET", "/runs/*/status"));
        faults.push(Fault::cut_stream(3));
    }
    let runs = service.client.runs();
    let options = CreateRunOptions::new("my-sandbox:latest", "Say hello");
    let run = runs.create(options).await?;
    println!("(following the run)");
    let mut events = run.subscribe();
    while let Some(event) = events.next().await {
        event?;
    }
    println!("(asking how it stands)");
    runs.get_status(&run.id).await?;
    Ok(())
}

/// Prints each root span once it is over, with all below it.
struct Tree;

/// What is known of an open span.
struct Node {
    begun: Instant,
    fields: String,
    /// The lines of what is below it.
    below: String,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Tree {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id).filter(ours) else {
            return;
        };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(Node {
            begun: Instant::now(),
            fields: fields.0,
            below: String::new(),
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        if let Some(span) = context.span(id)
            && let Some(node) = span.extensions_mut().get_mut::<Node>()
        {
            node.fields += &fields.0;
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if !event.metadata().target().starts_with("agent_core") {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        show(&format!("·{}\n", fields.0), context.event_span(event));
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        let node = span.extensions_mut().remove::<Node>();
        let Some(node) = node else { return };
        let millis = node.begun.elapsed().as_millis();
        let mut text = format!("{} {millis} ms{}\n", span.name(), node.fields);
        for line in node.below.lines() {
            text += &["  ", line, "\n"].concat();
        }
        show(&text, span.parent());
    }
}

/// Spans of the SDK; the HTTP client below it has its own.
fn ours<S: Subscriber + for<'a> LookupSpan<'a>>(span: &SpanRef<'_, S>) -> bool {
    span.metadata().target().starts_with("agent_core")
}

/// Keeps `text` with the span that it is below; prints it if it is below none.
fn show<S: Subscriber + for<'a> LookupSpan<'a>>(text: &str, parent: Option<SpanRef<'_, S>>) {
    let mut parent = parent;
    while let Some(span) = parent {
        if let Some(node) = span.extensions_mut().get_mut::<Node>() {
            node.below += text;
            return;
        }
        parent = span.parent();
    }
    print!("{text}");
}

/// Fields as ` name=value`; what only repeats the span's place is left out.
#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if matches!(
            field.name(),
            "otel.name" | "otel.kind" | "vendor" | "server.address" | "server.port" | "url.scheme"
        ) {
            return;
        }
        // Writing to a text does not fail.
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}
