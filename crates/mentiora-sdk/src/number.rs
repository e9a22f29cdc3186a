//! Numbers as JavaScript has them: whole ones may be written with a fraction of zero.

use serde_json::{Number, Value};

/// The first number that is too large for an `i64`.
const TWO_TO_THE_63: f64 = 9_223_372_036_854_775_808.0;

/// A whole number, also one that is written as `3.0`.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        #[expect(clippy::cast_possible_truncation, reason = "checked: whole, and fits")]
        (number.fract() == 0.0 && (-TWO_TO_THE_63..TWO_TO_THE_63).contains(&number))
            .then_some(number as i64)
    })
}

/// A whole number from zero.
pub(crate) fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64()?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked: whole, not negative, and fits"
        )]
        (number.fract() == 0.0 && (0.0..2.0 * TWO_TO_THE_63).contains(&number))
            .then_some(number as u64)
    })
}

/// A number as JavaScript turns it into text. Whole ones that fit into 64 bits keep all their digits.
pub(crate) fn text(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    // Zero has no sign.
    let float = float + 0.0;
    if float == 0.0 || (1e-6..1e21).contains(&float.abs()) {
        return float.to_string();
    }
    let text = format!("{float:e}");
    if text.contains("e-") {
        text
    } else {
        text.replace('e', "e+")
    }
}
