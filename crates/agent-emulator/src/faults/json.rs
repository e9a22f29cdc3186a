//! The JSON form of faults, for the control API and the command line: read strictly, written whole.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Break, Fault, FaultKind, RetryAfter, Schedule};

/// What is wrong with the JSON of a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidFault(String);

impl fmt::Display for InvalidFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidFault {}

type Result<T> = std::result::Result<T, InvalidFault>;

fn invalid<T>(message: impl Into<String>) -> Result<T> {
    Err(InvalidFault(message.into()))
}

/// Reads a fault, a list of faults, or a schedule.
pub(super) fn parse(text: &str, vendors: &[&str]) -> Result<(Vec<Fault>, Option<Schedule>)> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| InvalidFault(format!("the faults are no JSON: {error}")))?;
    match value {
        Value::Array(list) => {
            let faults = list.into_iter().map(|item| {
                let mut fields = Fields::new(item)?;
                let fault = fault(&mut fields, vendors)?;
                fields.end()?;
                Ok(fault)
            });
            Ok((faults.collect::<Result<_>>()?, None))
        }
        value => {
            let mut fields = Fields::new(value)?;
            if fields.0.contains_key("schedule") {
                return Ok((Vec::new(), Some(schedule(fields, vendors)?)));
            }
            let fault = fault(&mut fields, vendors)?;
            fields.end()?;
            Ok((vec![fault], None))
        }
    }
}

fn schedule(mut fields: Fields, vendors: &[&str]) -> Result<Schedule> {
    let Some(Value::Array(chances)) = fields.take("schedule") else {
        return invalid("schedule must be a list of faults with a chance");
    };
    let mut schedule = Schedule::seeded(fields.count("seed")?.unwrap_or_default() as u64);
    if let Some(most) = fields.count("at_most")? {
        schedule = schedule.at_most(most);
    }
    fields.end()?;
    for chance in chances {
        let mut fields = Fields::new(chance)?;
        let probability = fields.take("chance").and_then(|chance| chance.as_f64());
        let Some(probability) = probability.filter(|p| (0.0..=1.0).contains(p)) else {
            return invalid("chance must be a number from 0 to 1");
        };
        let within = fields.count("within")?.unwrap_or_default();
        let fault = fault(&mut fields, vendors)?;
        fields.end()?;
        schedule = schedule.chance_within(probability, within, fault);
    }
    Ok(schedule)
}

fn fault(fields: &mut Fields, vendors: &[&str]) -> Result<Fault> {
    let name = fields.text("fault")?.unwrap_or_default();
    let Some((_, read)) = KINDS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<_> = KINDS.iter().map(|(name, _)| *name).collect();
        return invalid(format!("fault must be one of {}", known.join(", ")));
    };
    let mut fault = Fault::new(read(fields)?);
    if let Some(vendor) = fields.text("vendor")? {
        if !vendors.contains(&vendor.as_str()) {
            let known = vendors.join(", ");
            return invalid(format!("vendor must be one of {known}, not {vendor}"));
        }
        fault.filter.vendor = Some(vendor);
    }
    fault.filter.method = fields.text("method")?.filter(|method| method != "*");
    fault.filter.path = fields.text("path")?;
    if fields
        .0
        .get("times")
        .is_some_and(|times| times == "forever")
    {
        fields.take("times");
        fault.times = None;
    } else if let Some(times) = fields.count("times")? {
        fault.times = Some(times);
    }
    fault.landed = fields.flag("landed")?;
    Ok(fault)
}

type Read = fn(&mut Fields) -> Result<FaultKind>;

/// Every kind by its name.
const KINDS: &[(&str, Read)] = &[
    ("delay", |f| {
        Ok(FaultKind::Delay {
            time: f.need("ms", Fields::time)?,
        })
    }),
    ("expire_tokens", |_| Ok(FaultKind::ExpireTokens)),
    ("status", |f| {
        let status = f.need("status", Fields::count)?;
        let Some(status) = u16::try_from(status)
            .ok()
            .filter(|s| (200..600).contains(s))
        else {
            return invalid("status must be a number from 200 to 599");
        };
        let retry_after = f.take("retry_after").map(retry_after).transpose()?;
        let body = f.text("body")?;
        let content_type = f.text("content_type")?;
        let body = body.map(|text| (content_type.unwrap_or_else(|| "text/plain".into()), text));
        Ok(FaultKind::Status {
            status,
            retry_after,
            body,
        })
    }),
    ("disconnect", |f| {
        Ok(FaultKind::Disconnect { how: f.how()? })
    }),
    ("garbage", |f| {
        Ok(FaultKind::Garbage {
            bytes: f.text("bytes")?,
        })
    }),
    ("cut_stream", |f| {
        Ok(FaultKind::CutStream {
            after_events: f.need("after_events", Fields::count)?,
            how: f.how()?,
        })
    }),
    ("stall_stream", |f| {
        Ok(FaultKind::StallStream {
            after_events: f.need("after_events", Fields::count)?,
            time: f.time("ms")?,
        })
    }),
    ("duplicate_events", |f| {
        Ok(FaultKind::DuplicateEvents {
            after_events: f.need("after_events", Fields::count)?,
            events: f.count("events")?.unwrap_or(1),
        })
    }),
    ("skip_events", |f| {
        Ok(FaultKind::SkipEvents {
            after_events: f.need("after_events", Fields::count)?,
            events: f.count("events")?.unwrap_or(1),
        })
    }),
    ("garbage_event", |f| {
        Ok(FaultKind::GarbageEvent {
            after_events: f.need("after_events", Fields::count)?,
            text: f.text("text")?,
        })
    }),
    ("oversized_event", |f| {
        Ok(FaultKind::OversizedEvent {
            after_events: f.need("after_events", Fields::count)?,
            bytes: f.need("bytes", Fields::count)?,
        })
    }),
    ("cut_body", |f| {
        Ok(FaultKind::CutBody {
            after_bytes: f.need("after_bytes", Fields::count)?,
            how: f.how()?,
        })
    }),
    ("stall_body", |f| {
        Ok(FaultKind::StallBody {
            after_bytes: f.need("after_bytes", Fields::count)?,
            time: f.time("ms")?,
        })
    }),
    ("drip", |f| {
        Ok(FaultKind::Drip {
            bytes: f.need("bytes", Fields::count)?,
            every: f.need("ms", Fields::time)?,
        })
    }),
    ("no_terminator", |_| Ok(FaultKind::NoTerminator)),
    ("long_length", |f| {
        Ok(FaultKind::LongLength {
            extra: f.need("extra", Fields::count)?,
        })
    }),
    ("content_type", |f| {
        Ok(FaultKind::ContentType {
            content_type: f.need("content_type", Fields::text)?,
        })
    }),
    ("oversized_body", |f| {
        Ok(FaultKind::OversizedBody {
            bytes: f.need("bytes", Fields::count)?,
            declared: f.flag("declared")?,
        })
    }),
];

fn retry_after(value: Value) -> Result<RetryAfter> {
    if let Some(seconds) = value.as_u64() {
        return Ok(RetryAfter::Seconds(seconds));
    }
    if let Value::String(text) = value {
        return Ok(RetryAfter::Text(text));
    }
    let number = |key: &str| value.get(key).and_then(Value::as_u64);
    match (number("ms"), number("date_in_seconds")) {
        (Some(ms), None) => Ok(RetryAfter::Millis(ms)),
        (None, Some(seconds)) => Ok(RetryAfter::Date(Duration::from_secs(seconds))),
        _ => {
            invalid("retry_after must be seconds, {\"ms\": …}, {\"date_in_seconds\": …}, or a text")
        }
    }
}

/// Writes a fault as [`parse`] reads it.
pub(crate) fn show(fault: &Fault) -> Value {
    let mut shown = show_kind(&fault.kind);
    let times = fault.times.map_or(json!("forever"), |times| json!(times));
    let filter = &fault.filter;
    for (key, value) in [
        ("vendor", json!(filter.vendor)),
        ("method", json!(filter.method)),
        ("path", json!(filter.path)),
        ("times", times),
        ("landed", json!(fault.landed)),
    ] {
        shown[key] = value;
    }
    shown
}

/// Writes a schedule as [`parse`] reads it.
pub(crate) fn show_schedule(schedule: &Schedule) -> Value {
    let chances = schedule.chances.iter().map(|chance| {
        let mut shown = show(&chance.fault);
        shown["chance"] = json!(chance.probability);
        shown["within"] = json!(chance.within);
        shown
    });
    json!({
        "seed": schedule.seed,
        "at_most": schedule.at_most,
        "schedule": chances.collect::<Vec<_>>(),
    })
}

fn show_kind(kind: &FaultKind) -> Value {
    match kind {
        FaultKind::Delay { time } => json!({"fault": "delay", "ms": ms(*time)}),
        FaultKind::ExpireTokens => json!({"fault": "expire_tokens"}),
        FaultKind::Status {
            status,
            retry_after,
            body,
        } => {
            let retry_after = retry_after.as_ref().map(|after| match after {
                RetryAfter::Seconds(seconds) => json!(seconds),
                RetryAfter::Date(wait) => json!({"date_in_seconds": wait.as_secs()}),
                RetryAfter::Millis(millis) => json!({"ms": millis}),
                RetryAfter::Text(text) => json!(text),
            });
            let (content_type, body) = body.clone().unzip();
            json!({
                "fault": "status", "status": status, "retry_after": retry_after,
                "content_type": content_type, "body": body,
            })
        }
        FaultKind::Disconnect { how } => json!({"fault": "disconnect", "how": how_name(*how)}),
        FaultKind::Garbage { bytes } => json!({"fault": "garbage", "bytes": bytes}),
        FaultKind::CutStream { after_events, how } => {
            json!({"fault": "cut_stream", "after_events": after_events, "how": how_name(*how)})
        }
        FaultKind::StallStream { after_events, time } => {
            json!({"fault": "stall_stream", "after_events": after_events, "ms": time.map(ms)})
        }
        FaultKind::DuplicateEvents {
            after_events,
            events,
        } => json!({"fault": "duplicate_events", "after_events": after_events, "events": events}),
        FaultKind::SkipEvents {
            after_events,
            events,
        } => json!({"fault": "skip_events", "after_events": after_events, "events": events}),
        FaultKind::GarbageEvent { after_events, text } => {
            json!({"fault": "garbage_event", "after_events": after_events, "text": text})
        }
        FaultKind::OversizedEvent {
            after_events,
            bytes,
        } => json!({"fault": "oversized_event", "after_events": after_events, "bytes": bytes}),
        FaultKind::CutBody { after_bytes, how } => {
            json!({"fault": "cut_body", "after_bytes": after_bytes, "how": how_name(*how)})
        }
        FaultKind::StallBody { after_bytes, time } => {
            json!({"fault": "stall_body", "after_bytes": after_bytes, "ms": time.map(ms)})
        }
        FaultKind::Drip { bytes, every } => {
            json!({"fault": "drip", "bytes": bytes, "ms": ms(*every)})
        }
        FaultKind::NoTerminator => json!({"fault": "no_terminator"}),
        FaultKind::LongLength { extra } => json!({"fault": "long_length", "extra": extra}),
        FaultKind::ContentType { content_type } => {
            json!({"fault": "content_type", "content_type": content_type})
        }
        FaultKind::OversizedBody { bytes, declared } => {
            json!({"fault": "oversized_body", "bytes": bytes, "declared": declared})
        }
    }
}

fn how_name(how: Break) -> &'static str {
    match how {
        Break::Close => "close",
        Break::Reset => "reset",
        Break::HalfOpen => "half_open",
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The keys of an object that are not read yet. Null is as absent.
struct Fields(Map<String, Value>);

impl Fields {
    fn new(value: Value) -> Result<Self> {
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            other => invalid(format!("a fault must be an object, not {other}")),
        }
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        self.0.remove(key).filter(|value| !value.is_null())
    }

    fn need<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Self, &str) -> Result<Option<T>>,
    ) -> Result<T> {
        read(self, key)?.ok_or_else(|| InvalidFault(format!("{key} is missing")))
    }

    fn count(&mut self, key: &str) -> Result<Option<usize>> {
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        let number = value.as_u64().and_then(|n| usize::try_from(n).ok());
        match number {
            Some(number) => Ok(Some(number)),
            None => invalid(format!("{key} must be a whole number from 0, not {value}")),
        }
    }

    fn text(&mut self, key: &str) -> Result<Option<String>> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => invalid(format!("{key} must be a text, not {other}")),
        }
    }

    fn time(&mut self, key: &str) -> Result<Option<Duration>> {
        let millis = self.count(key)?;
        Ok(millis.map(|millis| Duration::from_millis(millis as u64)))
    }

    fn flag(&mut self, key: &str) -> Result<bool> {
        match self.take(key) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(other) => invalid(format!("{key} must be true or false, not {other}")),
        }
    }

    fn how(&mut self) -> Result<Break> {
        match self.text("how")?.as_deref() {
            None | Some("close") => Ok(Break::Close),
            Some("reset") => Ok(Break::Reset),
            Some("half_open") => Ok(Break::HalfOpen),
            Some(other) => invalid(format!(
                "how must be close, reset or half_open, not {other}"
            )),
        }
    }

    fn end(self) -> Result<()> {
        match self.0.keys().next() {
            Some(unknown) => invalid(format!("unknown key {unknown}")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_as_it_is_written() {
        let time = Duration::from_millis(5);
        let after = |after| Fault::status(429).retry_after(after);
        let faults = [
            Fault::delay(time),
            Fault::expire_tokens(),
            Fault::status(503).body("text/html", "<html>"),
            after(RetryAfter::Seconds(2)),
            after(RetryAfter::Date(Duration::from_secs(2))),
            after(RetryAfter::Millis(2)),
            after(RetryAfter::Text("soon".into())),
            Fault::close().landed(),
            Fault::reset(),
            Fault::no_answer(),
            Fault::garbage(),
            Fault::cut_stream(1),
            Fault::reset_stream(1),
            Fault::stall_stream(1).lasting(time),
            Fault::duplicate_event(1),
            Fault::skip_event(1),
            Fault::garbage_event(1),
            Fault::oversized_event(1, 2),
            Fault::cut_body(1),
            Fault::reset_body(1),
            Fault::stall_body(1),
            Fault::drip(1, time),
            Fault::no_terminator(),
            Fault::long_length(1),
            Fault::content_type("text/html"),
            Fault::oversized_body(1),
        ];
        let named: std::collections::BTreeSet<_> = faults
            .iter()
            .map(|fault| show(fault)["fault"].as_str().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(named.len(), KINDS.len(), "one of each");
        for fault in faults {
            let fault = fault.vendor("x").on("GET", "/a/*").forever();
            let text = show(&fault).to_string();
            assert_eq!(parse(&text, &["x"]), Ok((vec![fault], None)), "{text}");
        }
        let schedule = Schedule::seeded(7)
            .chance_within(0.25, 3, Fault::cut_stream(0))
            .at_most(2);
        let text = show_schedule(&schedule).to_string();
        assert_eq!(parse(&text, &[]), Ok((Vec::new(), Some(schedule))));
    }
}
