//! Every form of `expect` against outcomes that fit and outcomes that do not.

use serde_json::json;

use super::*;

fn streamed(items: Vec<Result<Value, Failure>>, cursor: Option<Value>) -> Outcome {
    Outcome::Stream(Streamed { items, cursor })
}

fn places(expect: &Value, outcome: &Outcome) -> Vec<String> {
    compare(expect, outcome, &Options::default())
        .into_iter()
        .map(|difference| difference.at)
        .collect()
}

fn fits(expect: &Value, outcome: &Outcome) {
    assert_eq!(places(expect, outcome), Vec::<String>::new(), "{expect}");
}

#[test]
fn a_value() {
    let expect = json!({"ok": {"a": [1]}});
    fits(&expect, &Outcome::Ok(json!({"a": [1], "b": 2})));
    assert_eq!(
        places(&expect, &Outcome::Ok(json!({"a": [2]}))),
        ["result/a/0"]
    );
    for other in [
        Outcome::Error(Failure::new("api")),
        Outcome::Unusable("x".into()),
        streamed(vec![], None),
    ] {
        assert_eq!(places(&expect, &other), ["result"]);
    }
}

#[test]
fn a_value_in_any_order_if_the_vector_says_so() {
    let outcome = Outcome::Ok(json!([2, 1]));
    let extra = json!({"any_order": true});
    let options = Options::of(&[extra.as_object().unwrap()]);
    let expect = json!({"ok": [1, 2]});
    assert!(compare(&expect, &outcome, &options).is_empty());
    assert!(!compare(&expect, &outcome, &Options::default()).is_empty());
    assert!(!compare(&json!({"ok": [1, 3]}), &outcome, &options).is_empty());
}

#[test]
fn only_the_keys_of_an_error_that_are_given_count() {
    let outcome = Outcome::Error(
        Failure::new("api")
            .with("status", 404)
            .with("message", "gone")
            .with("code", Value::Null)
            .with("details", json!({"a": 1})),
    );
    fits(&json!({"error": {"kind": "api"}}), &outcome);
    fits(
        &json!({"error": {"kind": "api", "status": 404, "code": null, "x": null}}),
        &outcome,
    );
    fits(
        &json!({"error": {"message_prefix": "go", "details": {"a": 1}}}),
        &outcome,
    );
    for (expected, at) in [
        (json!({"kind": "decode"}), "error/kind"),
        (json!({"kind": "api", "status": 500}), "error/status"),
        (json!({"message": null}), "error/message"),
        (json!({"message_prefix": "on"}), "error/message"),
        (json!({"code": "x"}), "error/code"),
        (json!({"details": {}}), "error/details/a"),
    ] {
        assert_eq!(
            places(&json!({"error": expected}), &outcome),
            [at, "error as a whole"]
        );
    }
    assert_eq!(
        places(&json!({"error": {"kind": "api"}}), &Outcome::Ok(json!(1))),
        ["result"]
    );
}

#[test]
fn events_in_order_with_errors_between() {
    let expect = json!({"events": [{"a": 1}, {"error": {"kind": "decode"}}, {"streamError": "Decode"}, {"a": 2}]});
    let good = vec![
        Ok(json!({"a": 1, "x": 0})),
        Err(Failure::new("decode").with("message", "m")),
        Err(Failure::new("Decode")),
        Ok(json!({"a": 2})),
    ];
    fits(&expect, &streamed(good.clone(), None));

    let mut swapped = good.clone();
    swapped.swap(0, 3);
    assert_eq!(
        places(&expect, &streamed(swapped, None)),
        ["events/0/a", "events/3/a"]
    );

    let mut missing = good.clone();
    missing.pop();
    assert_eq!(
        places(&expect, &streamed(missing, None)),
        ["events", "events/3"]
    );

    let mut more = good.clone();
    more.push(Ok(json!({"a": 3})));
    assert_eq!(
        places(&expect, &streamed(more, None)),
        ["events", "events/4"]
    );

    let mut no_error = good.clone();
    no_error[1] = Ok(json!({"error": {"kind": "decode"}}));
    assert_eq!(places(&expect, &streamed(no_error, None)), ["events/1"]);

    let mut an_error = good;
    an_error[0] = Err(Failure::new("decode"));
    assert_eq!(places(&expect, &streamed(an_error, None)), ["events/0"]);
}

#[test]
fn an_event_of_type_error_is_an_event() {
    let event = json!({"error": {"code": 1}, "type": "error"});
    fits(
        &json!({"events": [event.clone()]}),
        &streamed(vec![Ok(event)], None),
    );
}

#[test]
fn a_stream_that_ends_with_an_error() {
    let expect = json!({"events": [{"a": 1}], "error": {"kind": "transport"}});
    fits(
        &expect,
        &streamed(
            vec![Ok(json!({"a": 1})), Err(Failure::new("transport"))],
            None,
        ),
    );
    assert_eq!(
        places(&expect, &streamed(vec![Ok(json!({"a": 1}))], None)),
        ["events", "final error"]
    );
    let other = streamed(vec![Ok(json!({"a": 1})), Err(Failure::new("api"))], None);
    assert_eq!(
        places(&expect, &other),
        ["final error/kind", "final error as a whole"]
    );
}

#[test]
fn a_stream_that_cannot_be_opened_fails_in_its_call_or_in_its_first_item() {
    let as_item = streamed(vec![Err(Failure::new("api"))], None);
    let as_call = Outcome::Error(Failure::new("api"));
    for expect in [
        json!({"events": [], "error": {"kind": "api"}}),
        json!({"error": {"kind": "api"}}),
    ] {
        fits(&expect, &as_item);
        fits(&expect, &as_call);
    }
}

#[test]
fn the_cursor_counts_if_it_is_given() {
    let outcome = |cursor: Option<Value>| streamed(vec![], cursor);
    fits(&json!({"events": []}), &outcome(Some(json!(3))));
    fits(
        &json!({"events": [], "cursor": 3}),
        &outcome(Some(json!(3))),
    );
    fits(&json!({"events": [], "cursor": null}), &outcome(None));
    assert_eq!(
        places(&json!({"events": [], "cursor": 3}), &outcome(None)),
        ["cursor"]
    );
    assert_eq!(
        places(
            &json!({"events": [], "cursor": null}),
            &outcome(Some(json!(0)))
        ),
        ["cursor"]
    );
}

#[test]
fn another_outcome_may_be_as_good() {
    let also = json!([{"error": {"kind": "decode"}}, {"ok": 2}]);
    let options = Options::default().accepting(Some(&also));
    let expect = json!({"ok": 1});
    assert!(compare(&expect, &Outcome::Ok(json!(2)), &options).is_empty());
    assert!(compare(&expect, &Outcome::Error(Failure::new("decode")), &options).is_empty());
    let found = compare(&expect, &Outcome::Ok(json!(3)), &options);
    assert_eq!(found, [Difference::new("result", "1", "3")]);
}

#[test]
fn json_in_a_field_of_an_event_compares_parsed() {
    let extra = json!({"json_text": ["data.arguments"]});
    let options = Options::of(&[extra.as_object().unwrap()]);
    let expect = json!({"events": [{"arguments": "{\"a\":1,\"b\":2}"}]});
    let outcome = streamed(vec![Ok(json!({"arguments": "{\"b\":2,\"a\":1}"}))], None);
    assert!(compare(&expect, &outcome, &options).is_empty());
    assert!(!compare(&expect, &outcome, &Options::default()).is_empty());
}

#[test]
fn an_expectation_of_no_known_form_fails() {
    for expect in [
        json!({}),
        json!({"ok": 1, "error": {}}),
        json!({"events": 1}),
    ] {
        assert_eq!(places(&expect, &Outcome::Ok(json!(1))), ["expect"]);
    }
}

#[test]
fn numbers_in_the_json_of_a_message_are_free_where_the_contract_says_so() {
    let expect = json!({"error": {"kind": "FetchError", "message": "Failed:\n[\n  1000\n]"}});
    let with = |message: &str| Outcome::Error(Failure::new("FetchError").with("message", message));
    let same = with("Failed:\n[\n  1e3\n]");
    assert!(!places(&expect, &same).is_empty());
    let free = Options::default().free_numbers(true);
    assert!(compare(&expect, &same, &free).is_empty());
    assert!(!compare(&expect, &with("Failed:\n[\n  1001\n]"), &free).is_empty());
    assert!(!compare(&json!({"error": {"message": null}}), &same, &free).is_empty());
}
