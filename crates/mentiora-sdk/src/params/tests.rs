use serde_json::json;

use super::*;

fn refusal(params: &AgentRunParams) -> Option<String> {
    params.validate().err().map(|error| {
        assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument);
        error.message().to_owned()
    })
}

#[test]
fn messages_of_white_space_of_any_kind_are_empty() {
    for blank in [
        "",
        " ",
        "\t\r\n",
        "\u{a0}",
        "\u{3000}\u{2003}",
        "\u{feff}",
        "\u{2028}",
    ] {
        let params = AgentRunParams::tag("production", blank);
        assert_eq!(
            refusal(&params).as_deref(),
            Some("message is required and cannot be empty"),
            "{blank:?}"
        );
    }
    for message in ["x", " x ", "\u{200b}"] {
        assert_eq!(
            refusal(&AgentRunParams::tag("production", message)),
            None,
            "{message:?}"
        );
    }
}

#[test]
fn tags_are_checked_whole() {
    for tag in [
        "production",
        "staging-v2",
        "test_env",
        "0-beta",
        "a",
        "9",
        "a-",
        "a_",
    ] {
        assert_eq!(refusal(&AgentRunParams::tag(tag, "x")), None, "{tag}");
    }
    for tag in [
        "Production",
        "-invalid",
        "_x",
        "has spaces",
        "UPPER",
        "x\n",
        " x",
        "é",
        "a.b",
        "a/b",
    ] {
        let expected = format!(
            "Invalid tag format: \"{tag}\". Must start with a lowercase letter or digit and contain only [a-z0-9-_]."
        );
        assert_eq!(refusal(&AgentRunParams::tag(tag, "x")), Some(expected));
    }
}

#[test]
fn numbers_of_the_model_have_their_ranges() {
    let with = |model| AgentRunParams::agent_id("a", "x").model_params(model);
    for t in [0.0, -0.0, 0.5, 1.0, 1.5, 2.0] {
        assert_eq!(
            refusal(&with(ModelParams::new().temperature(t))),
            None,
            "{t}"
        );
    }
    for t in [-1.0, 2.01, 3.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let got = refusal(&with(ModelParams::new().temperature(t)));
        assert_eq!(
            got.as_deref(),
            Some("temperature must be between 0 and 2"),
            "{t}"
        );
    }
    for tokens in [1, 100, 4096, i64::MAX] {
        assert_eq!(refusal(&with(ModelParams::new().max_tokens(tokens))), None);
    }
    for tokens in [0, -5, i64::MIN] {
        let got = refusal(&with(ModelParams::new().max_tokens(tokens)));
        assert_eq!(
            got.as_deref(),
            Some("max_tokens must be a positive integer")
        );
    }
    assert_eq!(refusal(&with(ModelParams::new().seed(i64::MIN))), None);
}

#[test]
fn the_first_broken_rule_is_the_error() {
    let all = || ModelParams::new().temperature(9.0).max_tokens(0);
    let steps = [
        (
            AgentRunParams::from_parts(None, None, "").model_params(all()),
            "message is required",
        ),
        (
            AgentRunParams::from_parts(None, None, "x").model_params(all()),
            "Either tag or agentId",
        ),
        (
            AgentRunParams::from_parts(Some("A".into()), Some("a".into()), "x").model_params(all()),
            "Provide either",
        ),
        (
            AgentRunParams::tag("A", "x").model_params(all()),
            "Invalid tag format",
        ),
        (
            AgentRunParams::tag("a", "x").model_params(all()),
            "temperature must",
        ),
        (
            AgentRunParams::tag("a", "x").model_params(ModelParams::new().max_tokens(0)),
            "max_tokens must",
        ),
    ];
    for (params, expected) in steps {
        assert!(
            refusal(&params).unwrap().starts_with(expected),
            "{expected}"
        );
    }
}

#[test]
fn an_empty_name_beside_the_other_is_none_and_not_sent() {
    for (tag, id, expected) in [
        (
            Some(""),
            Some("a"),
            json!({"message": "x", "stream": true, "agent_id": "a"}),
        ),
        (
            Some("t"),
            Some(""),
            json!({"message": "x", "stream": true, "tag": "t"}),
        ),
    ] {
        let params = AgentRunParams::from_parts(tag.map(Into::into), id.map(Into::into), "x");
        assert_eq!(
            serde_json::to_value(params.into_body(true).unwrap()).unwrap(),
            expected
        );
    }
    let neither = AgentRunParams::from_parts(Some(String::new()), Some(String::new()), "x");
    assert_eq!(
        refusal(&neither).as_deref(),
        Some("Either tag or agentId must be provided")
    );
}

#[test]
fn bodies_hold_what_was_set_and_nothing_else() {
    let params = AgentRunParams::tag("staging-v2", " Tell me ")
        .revision(0)
        .thread_id("")
        .model_id("m")
        .model_params(
            ModelParams::new()
                .temperature(0.7)
                .max_tokens(1000)
                .seed(-42),
        )
        .end_user_id("u")
        .metadata("camelKey", json!({"a": [1, null]}))
        .metadata("null", Value::Null);
    let expected = json!({
        "message": " Tell me ", "stream": false, "tag": "staging-v2", "revision": 0, "thread_id": "", "model_id": "m",
        "model_params": {"temperature": 0.7, "max_tokens": 1000, "seed": -42}, "end_user_id": "u",
        "metadata": {"camelKey": {"a": [1, null]}, "null": null},
    });
    assert_eq!(
        serde_json::to_value(params.into_body(false).unwrap()).unwrap(),
        expected
    );

    let empty = AgentRunParams::agent_id("a", "x")
        .model_params(ModelParams::new())
        .metadata_object(Map::new());
    let expected = json!({"message": "x", "stream": false, "agent_id": "a", "model_params": {}, "metadata": {}});
    assert_eq!(
        serde_json::to_value(empty.into_body(false).unwrap()).unwrap(),
        expected
    );
}

#[test]
fn data_reads_by_the_vendors_names() {
    let data = json!({
        "agentId": "a", "message": "x", "revision": 2, "threadId": "t", "modelId": "m", "endUserId": "u",
        "modelParams": {"maxTokens": 5, "temperature": null}, "metadata": {"k": 1}, "tag": null, "unknown": true,
    });
    let params: AgentRunParams = serde_json::from_value(data).unwrap();
    let expected = AgentRunParams::agent_id("a", "x")
        .revision(2)
        .thread_id("t")
        .model_id("m")
        .end_user_id("u")
        .model_params(ModelParams::new().max_tokens(5))
        .metadata("k", 1);
    assert_eq!(params, expected);
    let both: AgentRunParams =
        serde_json::from_value(json!({"tag": "t", "agentId": "a", "message": "x"})).unwrap();
    assert_eq!(
        refusal(&both).as_deref(),
        Some("Provide either tag or agentId, not both")
    );
    for nothing in [json!({"tag": "t"}), json!({"tag": "t", "message": null})] {
        let params: AgentRunParams = serde_json::from_value(nothing).unwrap();
        assert_eq!(
            refusal(&params).as_deref(),
            Some("message is required and cannot be empty")
        );
    }
    assert!(
        serde_json::from_value::<AgentRunParams>(
            json!({"tag": "t", "message": "x", "revision": "1"})
        )
        .is_err()
    );
    let fraction = json!({"tag": "t", "message": "x", "modelParams": {"maxTokens": 1.5}});
    assert!(serde_json::from_value::<AgentRunParams>(fraction).is_err());
}
