//! Compares the waits between requests with `sleeps_ms`.

use std::time::Duration;

use serde_json::{Map, Value};

use super::Difference;

/// Waits are measured between the end of one exchange and the next request; a millisecond more or less is rounding.
const TOLERANCE_MS: f64 = 1.0;

/// The waits that a vector lists, in milliseconds: the port's own where it differs from the recording.
pub fn expected(extra: &Map<String, Value>) -> Option<Vec<f64>> {
    let listed = extra
        .get("port_sleeps_ms")
        .or_else(|| extra.get("sleeps_ms"))?;
    Some(
        listed
            .as_array()?
            .iter()
            .filter_map(Value::as_f64)
            .collect(),
    )
}

/// Compares the waits, those of zero left out on both sides: they do not show between requests.
pub fn compare(expected: &[f64], actual: &[Duration]) -> Vec<Difference> {
    let expected: Vec<f64> = expected
        .iter()
        .copied()
        .filter(|wait| *wait > 0.0)
        .collect();
    let actual: Vec<f64> = actual
        .iter()
        .map(|wait| wait.as_secs_f64() * 1000.0)
        .filter(|wait| *wait > 0.0)
        .collect();
    let same = expected.len() == actual.len()
        && expected
            .iter()
            .zip(&actual)
            .all(|(expected, actual)| (expected - actual).abs() <= TOLERANCE_MS);
    if same {
        return Vec::new();
    }
    vec![Difference::new(
        "waits between requests, in ms",
        format!("{expected:?}"),
        format!("{actual:?}"),
    )]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn waits_of_zero_do_not_count() {
        let ms = Duration::from_millis;
        assert!(compare(&[0.0, 250.0], &[ms(250), ms(0), ms(0)]).is_empty());
        assert!(compare(&[0.0], &[]).is_empty());
        assert!(compare(&[487.5], &[ms(488)]).is_empty());
        assert!(!compare(&[250.0, 500.0], &[ms(250)]).is_empty());
        assert!(!compare(&[250.0], &[ms(500)]).is_empty());
        assert!(!compare(&[], &[ms(5)]).is_empty());
    }

    #[test]
    fn the_ports_own_waits_win() {
        let extra = json!({"sleeps_ms": [1], "port_sleeps_ms": [2.5]});
        assert_eq!(expected(extra.as_object().unwrap()), Some(vec![2.5]));
        assert_eq!(expected(&Map::new()), None);
    }
}
