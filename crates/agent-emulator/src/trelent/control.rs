//! `POST /_control/trelent/{action}`: what [`TrelentHandle`](super::TrelentHandle) does, for other languages.

use std::time::Duration;

use hyper::Method;
use serde_json::{Map, Value, json};

use super::Trelent;
use super::script::{Plan, Scenario, Script};
use crate::control::{act, nothing_left};
use crate::http::{Reply, Request};
use crate::scenario;
use crate::sync::lock;

type Input = Map<String, Value>;

/// Does it; `None` when there is no such action.
pub(super) fn answer(trelent: &Trelent, action: &str, request: &Request) -> Option<Reply> {
    if request.method != Method::POST {
        return None;
    }
    match action {
        "release" => Some(act(request, |input| release(trelent, input))),
        "next-run" => Some(act(request, |input| {
            let plan = plan(input)?;
            let mut state = lock(&trelent.state);
            state.next_plans.push_back(plan);
            Ok(json!({"queued": state.next_plans.len()}))
        })),
        _ => None,
    }
}

fn release(trelent: &Trelent, input: &mut Input) -> Result<Value, String> {
    let id = text(input, "run_id")?;
    nothing_left(input)?;
    let world = &trelent.world;
    let mut state = lock(&trelent.state);
    let run = state
        .run(&id, world)
        .map_err(|_| format!("there is no run {id}"))?;
    Ok(json!({"released": run.release(world.clock.now())}))
}

/// `{"scenario": "fail"}`, or `{"steps": […], "ends": {"completed": "output"}}`.
fn plan(input: &mut Input) -> Result<Plan, String> {
    if input.contains_key("scenario") {
        let name = text(input, "scenario")?;
        nothing_left(input)?;
        return scenario::named(&name, &Scenario::ALL).map(Plan::from);
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

fn text(input: &mut Input, key: &str) -> Result<String, String> {
    match input.remove(key) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(format!("{key} must be a text")),
    }
}
