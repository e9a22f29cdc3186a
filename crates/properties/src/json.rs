//! JSON of any shape.

use proptest::prelude::*;
use serde_json::{Map, Value};

/// Any JSON value, not deep.
pub fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (0..10_u8).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        crate::text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(crate::text(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Any JSON object, not deep.
pub fn object() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(crate::text(), json(), 0..4)
        .prop_map(|fields| fields.into_iter().collect())
}
