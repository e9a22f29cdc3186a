//! What a run is to do, read from the JSON of a program in another language.

use std::time::Duration;

use serde_json::Value;

use super::script::{Plan, Scenario, Script};
use crate::control::{Input, nothing_left};
use crate::scenario;

/// `{"scenario": "fail"}`, or `{"steps": […], "ends": {"completed": "output"}}`.
pub(super) fn plan(input: &mut Input) -> Result<Plan, String> {
    if input.contains_key("scenario") {
        return scenario::read(input, &Scenario::ALL).map(Plan::from);
    }
    let Some(Value::Array(steps)) = input.remove("steps") else {
        return Err("steps must be a list, or scenario a name".to_owned());
    };
    let mut script = Script::new();
    for step in steps {
        script = add(script, &step).ok_or_else(|| {
            format!(
                "a step is {{\"event\": {{…}}}}, {{\"wait_ms\": 5}}, \"hold\" or \
                 {{\"write_file\": {{\"path\": …, \"content\": …}}}}, not {step}"
            )
        })?;
    }
    let ends = input.remove("ends").unwrap_or_else(|| "completed".into());
    nothing_left(input)?;
    end(script, &ends).map(Plan::from).ok_or_else(|| {
        format!(
            "ends is \"completed\", \"failed\", \"timeout\", \"cancelled\" or \"never\", the first three also as \
             {{\"completed\": text}}, not {ends}"
        )
    })
}

fn add(script: Script, step: &Value) -> Option<Script> {
    if step == "hold" {
        return Some(script.hold());
    }
    let (key, value) = only(step)?;
    match key {
        "event" if value.is_object() => Some(script.event(value.clone())),
        "wait_ms" => Some(script.wait(Duration::from_millis(value.as_u64()?))),
        "write_file" => {
            let (path, content) = (value.get("path")?, value.get("content")?);
            Some(script.write_file(path.as_str()?, content.as_str()?.to_owned()))
        }
        _ => None,
    }
}

fn end(script: Script, ends: &Value) -> Option<Script> {
    let (how, text) = if let Some(how) = ends.as_str() {
        (how, "")
    } else {
        let (how, text) = only(ends)?;
        (how, text.as_str()?)
    };
    match how {
        "completed" => Some(script.completes(text)),
        "failed" => Some(script.fails(text)),
        "timeout" => Some(script.times_out(text)),
        "cancelled" => Some(script.cancelled()),
        "never" => Some(script.never_ends()),
        _ => None,
    }
}

/// The key and value of an object with one.
fn only(value: &Value) -> Option<(&str, &Value)> {
    let mut entries = value.as_object()?.iter();
    let (key, value) = entries.next()?;
    entries.next().is_none().then_some((key.as_str(), value))
}
