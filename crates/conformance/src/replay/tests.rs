//! The runner itself: what must pass passes, and what must fail fails at its place, over the wire and in memory.
#![expect(
    clippy::needless_pass_by_value,
    reason = "vectors are put together from JSON literals, which read best by value"
)]

use serde_json::{Value, json};

use super::*;

pub(crate) mod by_hand;
pub(crate) mod fake;
mod scripts;

use fake::Fake;

const BOTH: [Mode; 2] = [Mode::Wire, Mode::Memory];

/// A vector of the fake SDK, with `changes` put in at these JSON pointers.
fn vector(operation: &str, args: Value, exchanges: Value, expect: Value) -> Value {
    json!({
        "name": "n", "vendor": "acme", "operation": operation, "source": "composed",
        "client": {"base": "{{BASE}}", "token": "t"},
        "args": args, "exchanges": exchanges, "expect": expect,
    })
}

fn changed(mut vector: Value, pointer: &str, value: Value) -> Value {
    *vector.pointer_mut(pointer).unwrap() = value;
    vector
}

fn get(path: &str, response: Value) -> Value {
    json!({
        "server": "api",
        "request": {
            "method": "GET", "path": path, "query": "b=2&a=1", "headers": {"authorization": "Bearer t"},
            "absent_headers": ["content-type"], "body": null,
        },
        "response": response,
    })
}

fn ok(body: Value) -> Value {
    json!({"status": 200, "headers": {"content-type": "application/json"}, "body": body})
}

/// Reads one thing: the plainest vector.
fn plain() -> Value {
    vector(
        "things.get",
        json!({"id": "x"}),
        json!([get(
            "/things/x",
            ok(json!({"id": "x", "n": 1.0, "more": 1}))
        )]),
        json!({"ok": {"id": "x", "n": 1}}),
    )
}

fn create() -> Value {
    vector(
        "things.create",
        json!({"body": {"a": [1, null]}}),
        json!([{
            "server": "api",
            "request": {
                "method": "POST", "path": "/things", "query": "",
                "headers": {"content-type": "application/json"}, "body": {"a": [1, null]},
            },
            "response": {"status": 201, "headers": {}, "body": {"id": "y"}},
        }]),
        json!({"ok": {"id": "y"}}),
    )
}

/// A stream of the lines `1`, `2`; `answer` has the rest of the response.
fn stream(answer: Value, expect: Value) -> Value {
    let mut response =
        json!({"status": 200, "headers": {}, "chunks": ["{\"n\":1}\n{\"n\"", ":2}\n"]});
    for (key, value) in answer.as_object().unwrap() {
        response[key] = value.clone();
    }
    let exchanges = json!([get("/things/events", response)]);
    vector("things.follow", json!({}), exchanges, expect)
}

fn places(vector: &Value, mode: Mode) -> Vec<String> {
    let found = replay(&Fake, vector, mode);
    found.into_iter().map(|difference| difference.at).collect()
}

fn passes(vector: &Value) {
    for mode in BOTH {
        let found = replay(&Fake, vector, mode);
        assert_eq!(found, Vec::<Difference>::new(), "{mode:?} {vector}");
    }
}

fn fails_at(vector: &Value, expected: &[&str]) {
    for mode in BOTH {
        assert_eq!(places(vector, mode), expected, "{mode:?} {vector}");
    }
}

const REQUEST: &str = "request 1 (GET /things/x?b=2&a=1)";

#[test]
fn what_must_pass_passes_both_ways() {
    let two = json!([{"n": 1}, {"n": 2}]);
    passes(&plain());
    passes(&create());
    let missing = json!([get("/things/x", json!({"status": 404, "body": "gone"}))]);
    let missing = changed(plain(), "/exchanges", missing);
    let error = json!({"error": {"kind": "api", "status": 404, "message": "gone", "code": null}});
    passes(&changed(missing, "/expect", error));
    for answer in [
        json!({}),
        json!({"chunks": null, "chunks_base64": ["eyJuIjoxfQp7Im4iOjJ9Cg=="]}),
        json!({"chunks": null, "body_base64": "eyJuIjoxfQp7Im4iOjJ9Cg=="}),
        json!({"headers": {"content-length": "16"}}),
    ] {
        passes(&stream(answer, json!({"events": two})));
    }
}

#[test]
fn a_stream_breaks_in_every_way_after_what_was_sent() {
    let expect = json!({"events": [{"n": 1}, {"n": 2}], "error": {"kind": "transport"}});
    for answer in [
        json!({"end": "reset"}),
        json!({"end": "truncate"}),
        json!({"headers": {"content-length": "100"}, "end": "truncate"}),
        json!({"declared_length": 100}),
        json!({"chunks": null, "body": "{\"n\":1}\n{\"n\":2}\n", "end": "truncate"}),
        json!({"chunks": null, "body": "{\"n\":1}\n{\"n\":2}\n", "end": "reset"}),
        json!({"end": "open", "open_ms": 30}),
    ] {
        passes(&stream(answer, expect.clone()));
    }
}

#[test]
fn an_error_in_the_middle_does_not_end_the_stream() {
    let answer = json!({"chunks": ["{\"n\":1}\n{bad\n", "{\"n\":2}\n"]});
    let events = json!([{"n": 1}, {"error": {"kind": "decode"}}, {"n": 2}]);
    passes(&stream(answer.clone(), json!({"events": events})));
    let expect = json!({"events": [{"n": 1}, {"n": 2}]});
    fails_at(&stream(answer, expect), &["events", "events/1", "events/2"]);
}

#[test]
fn a_server_may_not_answer_or_not_be_there() {
    let closed = changed(plain(), "/exchanges/0/response", json!(null));
    let transport = |phase: &str| json!({"error": {"kind": "transport", "phase": phase}});
    passes(&changed(closed, "/expect", transport("Request")));
    let refused = changed(plain(), "/client/base", json!("{{CLOSED}}"));
    let refused = changed(refused, "/exchanges", json!([]));
    passes(&changed(refused, "/expect", transport("Connect")));
}

#[test]
fn every_server_has_an_address_of_its_own() {
    let at_vault = changed(plain(), "/client/base", json!("{{VAULT}}"));
    fails_at(&at_vault, &[&format!("{REQUEST} request line")]);
    let vault = changed(at_vault, "/exchanges/0/server", json!("vault"));
    let vault = changed(vault, "/exchanges/0/response/body/id", json!("{{VAULT}}/f"));
    passes(&changed(vault, "/expect/ok/id", json!("{{VAULT}}/f")));
}

#[test]
fn a_missing_request_fails() {
    let exchange = plain()["exchanges"][0].clone();
    let twice = changed(plain(), "/exchanges", json!([exchange.clone(), exchange]));
    fails_at(&twice, &["requests"]);
}

#[test]
fn an_extra_request_fails() {
    let nothing = changed(plain(), "/exchanges", json!([]));
    let nothing = changed(nothing, "/expect", json!({"error": {"kind": "api"}}));
    fails_at(&nothing, &["requests"]);
}

#[test]
fn an_endless_loop_of_requests_comes_to_an_end() {
    let forever = changed(plain(), "/operation", json!("things.hammer"));
    let found = replay(&Fake, &forever, Mode::Memory);
    assert_eq!(found[0].expected, "an end");
    assert_eq!(found[1].at, "requests");
}

#[test]
fn each_part_of_a_request_is_compared() {
    for (pointer, value, place) in [
        ("/method", json!("PUT"), "request line"),
        ("/path", json!("/things/y"), "request line"),
        ("/query", json!("a=1&b=3"), "request line"),
        (
            "/headers/authorization",
            json!("Bearer u"),
            "header authorization",
        ),
        ("/headers", json!({"x-more": "1"}), "header x-more"),
        (
            "/absent_headers",
            json!(["authorization"]),
            "header authorization",
        ),
        ("/body", json!({}), "body"),
    ] {
        let other = changed(plain(), &format!("/exchanges/0/request{pointer}"), value);
        for mode in BOTH {
            let found = places(&other, mode);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].ends_with(&format!(") {place}")), "{found:?}");
        }
    }
    let body = changed(create(), "/exchanges/0/request/body/a/1", json!(2));
    fails_at(&body, &["request 1 (POST /things) body/a/1"]);
}

#[test]
fn a_result_is_compared() {
    fails_at(
        &changed(plain(), "/expect/ok/id", json!("y")),
        &["result/id"],
    );
    let error = json!({"error": {"kind": "api"}});
    fails_at(&changed(plain(), "/expect", error), &["result"]);
    let missing = changed(
        plain(),
        "/exchanges/0/response",
        json!({"status": 404, "body": "gone"}),
    );
    let wrong = json!({"error": {"kind": "api", "status": 500}});
    fails_at(
        &changed(missing, "/expect", wrong),
        &["error/status", "error as a whole"],
    );
}

#[test]
fn events_are_compared_in_order() {
    let swapped = stream(json!({}), json!({"events": [{"n": 2}, {"n": 1}]}));
    fails_at(&swapped, &["events/0/n", "events/1/n"]);
    let more = stream(json!({}), json!({"events": [{"n": 1}, {"n": 2}, {"n": 3}]}));
    fails_at(&more, &["events", "events/2"]);
    let fewer = stream(json!({}), json!({"events": [{"n": 1}]}));
    fails_at(&fewer, &["events", "events/1"]);
    let cut = json!({"events": [{"n": 1}, {"n": 2}], "error": {"kind": "transport"}});
    fails_at(&stream(json!({}), cut), &["events", "final error"]);
}

#[test]
fn a_caller_that_leaves_closes_the_connection() {
    let mut leaves = stream(json!({"end": "open"}), json!({"events": [{"n": 1}]}));
    leaves["take"] = json!(1);
    leaves["args"] = json!({"take": 1});
    passes(&leaves);
    leaves["args"] = json!({"take": 1, "keep": true});
    fails_at(&leaves, &["exchange 1"]);
}

#[test]
fn a_call_that_never_ends_is_told() {
    let hangs = stream(
        json!({"end": "open"}),
        json!({"events": [{"n": 1}, {"n": 2}]}),
    );
    assert_eq!(replay(&Fake, &hangs, Mode::Memory)[0].expected, "an end");
}

#[test]
fn steps_share_one_client() {
    let mut steps = plain();
    let exchange = steps["exchanges"][0].clone();
    steps["exchanges"] = json!([exchange.clone(), exchange]);
    let step = |count: u64| json!({"operation": "things.get", "args": {"id": "x"}, "expect": {"ok": {"calls": count}}});
    steps["steps"] = json!([step(1), step(2)]);
    passes(&steps);
    steps["steps"] = json!([step(1), step(1)]);
    fails_at(&steps, &["step 2 (things.get): result/calls"]);
}

#[test]
fn a_client_that_cannot_be_built_says_so() {
    let broken = changed(plain(), "/client", json!({"base": "{{BASE}}"}));
    let broken = changed(broken, "/exchanges", json!([]));
    let expect = json!({"error": {"kind": "config", "when": "construction"}});
    passes(&changed(broken, "/expect", expect));
}

#[test]
fn what_the_session_saw_is_compared() {
    let mut seen = plain();
    seen["refresh_calls"] = json!(1);
    passes(&seen);
    seen["refresh_calls"] = json!(2);
    fails_at(&seen, &["refresh_calls"]);
    seen["refresh_calls"] = json!(1);
    seen["on_event_sequences"] = json!([]);
    fails_at(&seen, &["on_event_sequences"]);
}

#[test]
fn an_adapter_that_gives_up_or_panics_fails_the_vector() {
    fails_at(
        &changed(plain(), "/operation", json!("things.unknown")),
        &["result", "requests"],
    );
    let found = replay(
        &Fake,
        &changed(plain(), "/operation", json!("things.panic")),
        Mode::Memory,
    );
    assert_eq!(found[0].actual, "a panic: as asked");
}

#[test]
fn waits_are_those_between_exchanges_on_virtual_time() {
    let pending = || {
        get(
            "/things/x",
            json!({"status": 202, "body": null, "stall_ms": 3000}),
        )
    };
    let exchanges = json!([
        pending(),
        pending(),
        get("/things/x", ok(json!({"id": "x"})))
    ]);
    let mut polls = vector(
        "things.poll",
        json!({"id": "x"}),
        exchanges,
        json!({"ok": {"id": "x"}}),
    );
    polls["sleeps_ms"] = json!([250, 250]);
    let parsed: Vector = serde_json::from_value(polls.clone()).unwrap();
    assert_eq!(Mode::of(&parsed, &Fake), Mode::Memory);
    assert_eq!(places(&polls, Mode::Memory), Vec::<String>::new());
    polls["sleeps_ms"] = json!([250]);
    assert_eq!(
        places(&polls, Mode::Memory),
        ["waits between requests, in ms"]
    );
    polls["port_sleeps_ms"] = json!([250, 250]);
    assert_eq!(places(&polls, Mode::Memory), Vec::<String>::new());
}

#[test]
fn a_server_that_stalls_runs_into_the_time_limit() {
    let mut slow = plain();
    slow["exchanges"][0]["response"]["stall_ms"] = json!(120);
    slow["args"]["limit_ms"] = json!(40);
    slow["expect"] = json!({"error": {"kind": "timeout"}});
    passes(&slow);
    let mut gaps = stream(
        json!({"gap_ms": 120}),
        json!({"events": [{"n": 1}, {"n": 2}]}),
    );
    passes(&gaps);
    gaps["args"]["limit_ms"] = json!(40);
    fails_at(&gaps, &["events", "events/1"]);
}

#[test]
fn a_vector_that_is_none_fails() {
    for broken in [
        json!({"name": "n"}),
        changed(
            plain(),
            "/exchanges/0/response",
            json!({"status": 200, "body_base64": "?"}),
        ),
    ] {
        fails_at(&broken, &["replaying"]);
    }
}
