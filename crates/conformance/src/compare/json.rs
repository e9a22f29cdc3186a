//! Compares JSON values: exactly, or only in what the vector lists. Places are JSON pointers.

use serde_json::{Map, Number, Value};

use super::{Difference, cut, shown, time};

/// How two values compare.
#[derive(Clone, Copy, Debug)]
pub enum Rule<'a> {
    /// The same keys and values; numbers by value. For request bodies and for what is compared whole.
    Exact,
    /// Keys that are not expected are free, absent is as null, times compare as instants, and markers (`"<now>"`,
    /// `{"between_ms": […]}`) stand for many values. For results and events.
    Listed {
        /// Keys whose text holds JSON that is compared exactly.
        json_text: &'a [String],
    },
}

/// The rule for results where no key holds JSON text.
pub const LISTED: Rule<'static> = Rule::Listed { json_text: &[] };

/// The differences, in the order of the expected value.
pub fn differences(rule: Rule<'_>, expected: &Value, actual: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(rule, expected, actual, "", &mut found);
    found
}

fn compare(
    rule: Rule<'_>,
    expected: &Value,
    actual: &Value,
    at: &str,
    found: &mut Vec<Difference>,
) {
    match (expected, actual) {
        (Value::Object(members), _) if is_range(rule, members) => {
            range(&members["between_ms"], actual, at, found);
        }
        (Value::Object(expected), Value::Object(actual)) => {
            object(rule, expected, actual, at, found);
        }
        (Value::Array(expected), Value::Array(actual)) => array(rule, expected, actual, at, found),
        _ if scalar(rule, expected, actual) => {}
        _ => found.push(Difference::new(at, shown(expected), shown(actual))),
    }
}

fn object(
    rule: Rule<'_>,
    expected: &Map<String, Value>,
    actual: &Map<String, Value>,
    at: &str,
    found: &mut Vec<Difference>,
) {
    for (key, value) in expected {
        let at = format!("{at}/{}", escape(key));
        match (rule, actual.get(key)) {
            (Rule::Exact, None) => found.push(Difference::new(at, shown(value), "no such key")),
            (Rule::Listed { .. }, None) => compare(rule, value, &Value::Null, &at, found),
            (Rule::Listed { json_text }, Some(actual))
                if json_text.iter().any(|name| name == key) =>
            {
                parsed(value, actual, &at, found);
            }
            (_, Some(actual)) => compare(rule, value, actual, &at, found),
        }
    }
    if matches!(rule, Rule::Exact) {
        for (key, value) in actual
            .iter()
            .filter(|(key, _)| !expected.contains_key(*key))
        {
            let at = format!("{at}/{}", escape(key));
            found.push(Difference::new(at, "no such key", shown(value)));
        }
    }
}

fn array(
    rule: Rule<'_>,
    expected: &[Value],
    actual: &[Value],
    at: &str,
    found: &mut Vec<Difference>,
) {
    if expected.len() != actual.len() {
        let many = |values: &[Value]| {
            cut(&format!(
                "{} elements: {}",
                values.len(),
                Value::from(values)
            ))
        };
        found.push(Difference::new(at, many(expected), many(actual)));
    }
    for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
        compare(rule, expected, actual, &format!("{at}/{index}"), found);
    }
}

fn scalar(rule: Rule<'_>, expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Number(expected), Value::Number(actual)) => same_number(expected, actual),
        (Value::String(expected), Value::String(actual)) => {
            expected == actual
                || matches!(rule, Rule::Listed { .. })
                    && if expected == "<now>" {
                        time::is_rfc3339(actual)
                    } else {
                        time::instant(expected)
                            .is_some_and(|expected| Some(expected) == time::instant(actual))
                    }
        }
        _ => expected == actual,
    }
}

fn same_number(one: &Number, other: &Number) -> bool {
    let whole = |number: &Number| {
        number
            .as_i64()
            .map(i128::from)
            .or_else(|| number.as_u64().map(i128::from))
    };
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one.as_f64() == other.as_f64(),
    }
}

/// Both texts hold the same JSON; other values compare as they are.
fn parsed(expected: &Value, actual: &Value, at: &str, found: &mut Vec<Difference>) {
    let parse = |value: &Value| serde_json::from_str::<Value>(value.as_str()?).ok();
    match (parse(expected), parse(actual)) {
        (Some(expected), Some(actual)) => compare(Rule::Exact, &expected, &actual, at, found),
        _ => compare(Rule::Exact, expected, actual, at, found),
    }
}

fn is_range(rule: Rule<'_>, members: &Map<String, Value>) -> bool {
    matches!(rule, Rule::Listed { .. })
        && members.len() == 1
        && members
            .get("between_ms")
            .and_then(Value::as_array)
            .is_some_and(|bounds| bounds.len() == 2)
}

/// One number, or a list of samples with at least one, all within the bounds.
fn range(bounds: &Value, actual: &Value, at: &str, found: &mut Vec<Difference>) {
    let samples = match actual {
        Value::Array(samples) => samples.as_slice(),
        one => std::slice::from_ref(one),
    };
    let inside = |sample: &Value| {
        let (low, high) = (bounds[0].as_f64()?, bounds[1].as_f64()?);
        sample.as_f64().map(|sample| (low..=high).contains(&sample))
    };
    let outside = samples.iter().find(|sample| inside(sample) != Some(true));
    let nothing = Value::String("no sample".to_owned());
    if let Some(sample) = outside.or(samples.is_empty().then_some(&nothing)) {
        let expected = format!("between {} and {} ms", bounds[0], bounds[1]);
        found.push(Difference::new(at, expected, shown(sample)));
    }
}

/// One segment of a JSON pointer.
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Whether every expected element has an actual one of its own, in any order, and none is left over.
pub fn same_in_any_order(rule: Rule<'_>, expected: &[Value], actual: &[Value]) -> bool {
    // Augmenting paths: an actual element may have to give way for an expected one that fits fewer.
    fn place(
        one: usize,
        fits: &dyn Fn(usize, usize) -> bool,
        taken: &mut [Option<usize>],
        tried: &mut [bool],
    ) -> bool {
        for index in 0..taken.len() {
            if tried[index] || !fits(one, index) {
                continue;
            }
            tried[index] = true;
            let free = match taken[index] {
                None => true,
                Some(other) => place(other, fits, taken, tried),
            };
            if free {
                taken[index] = Some(one);
                return true;
            }
        }
        false
    }
    let fits =
        |one: usize, other: usize| differences(rule, &expected[one], &actual[other]).is_empty();
    let mut taken = vec![None; actual.len()];
    expected.len() == actual.len()
        && (0..expected.len())
            .all(|one| place(one, &fits, &mut taken, &mut vec![false; actual.len()]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn listed(expected: &Value, actual: &Value) -> Vec<Difference> {
        differences(LISTED, expected, actual)
    }

    #[test]
    fn a_result_may_have_more_keys_and_lack_null_ones() {
        assert!(listed(&json!({"a": 1, "b": null}), &json!({"a": 1.0, "c": [2]})).is_empty());
        assert!(listed(&json!([{"a": {}}]), &json!([{"a": {"x": 1}}])).is_empty());
    }

    #[test]
    fn a_place_is_a_json_pointer() {
        let found = listed(
            &json!({"a": [{"b/c": 1}, 2]}),
            &json!({"a": [{"b/c": 2}, 2]}),
        );
        assert_eq!(found, [Difference::new("/a/0/b~1c", "1", "2")]);
    }

    #[test]
    fn a_result_differs() {
        for (expected, actual) in [
            (json!({"a": null}), json!({"a": 0})),
            (json!({"a": 1}), json!({})),
            (json!([1]), json!([1, 2])),
            (json!([1, 2]), json!([2, 1])),
            (json!({}), json!(null)),
            (json!("1"), json!(1)),
            (
                json!(9_007_199_254_740_993_u64),
                json!(9_007_199_254_740_992_u64),
            ),
            (json!("2026-01-01T00:00:00Z"), json!("2026-01-01T00:00:01Z")),
            (json!("<now>"), json!("now")),
            (json!({"between_ms": [1, 2]}), json!([1, 3])),
            (json!({"between_ms": [1, 2]}), json!([])),
            (json!({"between_ms": [1, 2]}), json!(null)),
        ] {
            assert!(
                !listed(&expected, &actual).is_empty(),
                "{expected} {actual}"
            );
        }
    }

    #[test]
    fn markers_and_times() {
        for (expected, actual) in [
            (
                json!("2026-01-01T00:00:00Z"),
                json!("2026-01-01T00:00:00.000+00:00"),
            ),
            (
                json!("2026-01-01T00:00:00"),
                json!("2026-01-01T01:00:00+01:00"),
            ),
            (json!("<now>"), json!("2026-11-20T10:00:00.123Z")),
            (json!({"between_ms": [1, 2]}), json!([1, 1.5, 2])),
            (json!({"between_ms": [30, 30]}), json!(30)),
        ] {
            assert!(listed(&expected, &actual).is_empty(), "{expected} {actual}");
        }
    }

    #[test]
    fn a_body_compares_exactly() {
        let exact = |expected, actual| differences(Rule::Exact, &expected, &actual);
        assert!(exact(json!({"a": 1, "b": [null]}), json!({"b": [null], "a": 1.0})).is_empty());
        let found = exact(json!({"a": null}), json!({"b": 1}));
        assert_eq!(found[0], Difference::new("/a", "null", "no such key"));
        assert_eq!(found[1], Difference::new("/b", "no such key", "1"));
        assert!(
            !exact(
                json!("2026-01-01T00:00:00Z"),
                json!("2026-01-01T00:00:00.0Z")
            )
            .is_empty()
        );
    }

    #[test]
    fn text_that_holds_json_compares_parsed() {
        let names = ["args".to_owned()];
        let rule = Rule::Listed { json_text: &names };
        let expected = json!({"x": {"args": r#"{"a":1,"b":2}"#}});
        assert!(
            differences(
                rule,
                &expected,
                &json!({"x": {"args": r#"{"b": 2, "a": 1}"#}})
            )
            .is_empty()
        );
        assert!(!differences(rule, &expected, &json!({"x": {"args": r#"{"b": 2}"#}})).is_empty());
        assert!(!differences(rule, &expected, &json!({"x": {"args": "{"}})).is_empty());
        assert!(!listed(&expected, &json!({"x": {"args": r#"{"b": 2, "a": 1}"#}})).is_empty());
    }

    #[test]
    fn any_order_finds_the_only_assignment() {
        let same = |expected: Value, actual: Value| {
            let elements = |value: &Value| value.as_array().unwrap().clone();
            same_in_any_order(LISTED, &elements(&expected), &elements(&actual))
        };
        assert!(same(json!([{}, {"a": 1}]), json!([{"a": 1}, {"b": 2}])));
        assert!(same(json!([1, 2, 2]), json!([2, 1, 2])));
        assert!(!same(json!([1, 2, 2]), json!([2, 1, 1])));
        assert!(!same(json!([1]), json!([1, 1])));
    }
}
