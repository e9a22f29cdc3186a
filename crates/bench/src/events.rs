//! What it costs to decode typed events.

use std::hint::black_box;
use std::time::Instant;

use agentrouter_sdk::{AgentStreamPart, RunEvent};
use serde_json::Value;
use trelent_agents::CommonEvent;

use crate::allocated;
use crate::report::{Report, Want, median};

/// The events of a run as a server sends them: mostly deltas.
fn trelent() -> Vec<String> {
    let envelope = |seq: usize, data: &str| {
        format!(
            r#"{{"version":"v1","event_id":"ev_{seq}","run_id":"run_1","harness_session_id":"hs_1","harness":{{"kind":"claude_code","model":"claude-sonnet-4-6"}},"seq":{seq},"ts":"2026-04-16T12:00:01.500000Z","data":{data},"raw":null}}"#
        )
    };
    let mut events = Vec::new();
    for turn in 0..20 {
        for data in [
            r#"{"type":"turn.started","turn_id":"t1"}"#.to_owned(),
            r#"{"type":"message.started","message_id":"m1","role":"assistant"}"#.to_owned(),
        ] {
            events.push(envelope(events.len(), &data));
        }
        for word in 0..40 {
            let data = format!(
                r#"{{"type":"message.delta","message_id":"m1","content_index":0,"delta":{{"type":"text","text":"word {turn}-{word} "}}}}"#
            );
            events.push(envelope(events.len(), &data));
        }
        for data in [
            r#"{"type":"message.completed","message_id":"m1","content":[{"type":"text","text":"All of it, and then some."}]}"#,
            r#"{"type":"tool_call.started","tool_call_id":"c1","name":"Bash","kind":"command_execution"}"#,
            r#"{"type":"tool_call.input_complete","tool_call_id":"c1","input":{"command":"ls -la","timeout":30}}"#,
            r#"{"type":"tool_call.output_delta","tool_call_id":"c1","text":"total 4\n-rw-r--r-- 1 a\n"}"#,
            r#"{"type":"tool_call.completed","tool_call_id":"c1","output":"total 4","exit_code":0}"#,
            r#"{"type":"turn.completed","turn_id":"t1","usage":{"input_tokens":10,"output_tokens":20,"cached_input_tokens":3,"cost_usd":0.0125}}"#,
        ] {
            events.push(envelope(events.len(), data));
        }
    }
    events
}

fn mentiora() -> Vec<String> {
    let mut events = Vec::new();
    for turn in 0..20 {
        events.push(r#"{"agent_id":"agt_1","agent_revision":3,"agent_tag":"production","thread_id":"thr_1"}"#.to_owned());
        for part in [r#"{\"city\":"#, r#"\"Kraków\"}"#] {
            events.push(format!(
                r#"{{"tool_call_id":"tc_1","name":"weather","arguments_delta":"{part}"}}"#
            ));
        }
        events.push(r#"{"tool_call_id":"tc_1","name":"weather","arguments":{"city":"Kraków"},"result":{"celsius":21.5}}"#.to_owned());
        for word in 0..40 {
            events.push(format!(r#"{{"delta":"word {turn}-{word} "}}"#));
        }
        events.push(r#"{"chat":{"thread_id":"thr_1","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"All of it, and then some."}]}]}}"#.to_owned());
        events.push(r#"{"suggestions":[{"label":"Go on","message":"Please go on."},{"label":"Shorter","message":"Say it shorter."}]}"#.to_owned());
    }
    events
}

/// The name that comes beside the data of one of those events.
fn mentiora_name(data: &str) -> &'static str {
    match data {
        data if data.starts_with(r#"{"delta"#) => "chat.output_text.delta",
        data if data.contains("arguments_delta") => "chat.tool_call.delta",
        data if data.starts_with(r#"{"tool_call_id"#) => "chat.tool_call.result",
        data if data.starts_with(r#"{"chat"#) => "chat.completed",
        data if data.starts_with(r#"{"suggestions"#) => "chat.suggestions",
        _ => "agent.resolved",
    }
}

/// The events of a run as a server sends them: mostly progress and messages, and some actions.
fn agentrouter() -> Vec<String> {
    let mut events = Vec::new();
    let mut push = |kind: &str, payload: &str| {
        let sequence = events.len() + 1;
        events.push(format!(
            r#"{{"runId":"run_1","sequence":{sequence},"type":"{kind}","source":"codex","visibility":"public","payload":{payload},"isTruncated":false,"createdAt":"2026-06-13T10:00:05.250Z"}}"#
        ));
    };
    let action = r#""actionId":"action_1","actionDigest":"sha256:0a1b","argsDigest":"sha256:2c3d""#;
    for step in 0..100 {
        push(
            "action.proposed",
            &format!(
                r#"{{{action},"actor":"agent","actionName":"codex.launch","action":{{"type":"runtime_command","name":"codex.launch","args":{{"command":"make test"}}}}}}"#
            ),
        );
        push(
            "execution.started",
            &format!(r#"{{{action},"actor":"runtime","status":"started"}}"#),
        );
        for part in 0..6 {
            push(
                "agent.progress",
                &format!(r#"{{"provider":"codex","summary":"step {step}-{part}"}}"#),
            );
            push(
                "agent.message",
                r#"{"provider":"codex","text":"I look at the test that fails."}"#,
            );
        }
        push(
            "execution.completed",
            &format!(r#"{{{action},"actor":"runtime","status":"completed","exitCode":0}}"#),
        );
    }
    push(
        "agent.response",
        r#"{"text":"Done","parts":[{"type":"text","text":"Done"}],"provider":"codex"}"#,
    );
    push("run.completed", r#"{"message":"completed"}"#);
    events
}

/// One vendor's events: their texts, and what decodes one.
type Vendor = (&'static str, fn() -> Vec<String>, fn(&str), f64);

/// A vendor joins by a row; the last figure is the most allocations per event that are let pass.
const VENDORS: &[Vendor] = &[
    (
        "trelent",
        trelent,
        |text| {
            black_box(CommonEvent::from_json(text).expect("an event"));
        },
        16.0,
    ),
    (
        "mentiora",
        mentiora,
        |text| {
            let event = mentiora_sdk::events::decode(mentiora_name(text), text);
            black_box(event.expect("an event"));
        },
        4.0,
    ),
    (
        "agentrouter",
        agentrouter,
        |text| {
            let event = RunEvent::from_json(text).expect("an event");
            black_box(AgentStreamPart::from_event(event));
        },
        16.0,
    ),
];

fn allocations(events: &[String], decode: fn(&str)) -> f64 {
    let before = allocated();
    for event in events {
        decode(event);
    }
    (allocated().count - before.count) as f64 / events.len() as f64
}

fn as_value(text: &str) {
    black_box(serde_json::from_str::<Value>(text).expect("JSON"));
}

/// Allocations per event.
pub fn counts(report: &mut Report, _: bool) {
    report.section(
        "Typed events: allocations",
        "Allocations per event, text to typed form, against a parse into `serde_json::Value`.",
        &["vendor", "typed", "as Value"],
    );
    for (name, events, decode, most) in VENDORS {
        let events = events();
        let count = allocations(&events, *decode);
        let value = allocations(&events, as_value);
        report.row(vec![
            (*name).into(),
            format!("{count:.1}"),
            format!("{value:.1}"),
        ]);
        report.goal(
            format!("{name}: allocations per event"),
            count,
            Want::AtMost(*most),
        );
    }
}

/// Speed of decoding.
pub fn run(report: &mut Report, quick: bool) {
    report.section(
        "Typed events",
        "Text of an event to its typed form, a mix of events as a run sends them, against a parse into `serde_json::Value`.",
        &["vendor", "MB/s", "MB/s as Value"],
    );
    let repeats = if quick { 10 } else { 100 };
    for (name, events, decode, _) in VENDORS {
        let events = events();
        let bytes: usize = events.iter().map(String::len).sum();
        let (mut typed, mut value) = (Vec::new(), Vec::new());
        for _ in 0..repeats {
            for (seconds, decode) in [(&mut typed, *decode), (&mut value, as_value as fn(&str))] {
                let start = Instant::now();
                for event in &events {
                    decode(event);
                }
                seconds.push(start.elapsed().as_secs_f64());
            }
        }
        let speed = |seconds: &mut [f64]| bytes as f64 / 1e6 / median(seconds);
        let (typed, value) = (speed(&mut typed), speed(&mut value));
        report.row(vec![
            (*name).into(),
            format!("{typed:.0}"),
            format!("{value:.0}"),
        ]);
        report.goal(
            format!("{name}: speed × Value"),
            typed / value,
            Want::AtLeast(1.0),
        );
    }
}
