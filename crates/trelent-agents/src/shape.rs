//! Reading where serde's own way is too lax or too strict.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A struct that comes as an object and as nothing else: what serde derives reads arrays too, field by field.
pub(crate) struct Fields<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Fields<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor(PhantomData))
    }
}

struct FieldsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FieldsVisitor<T> {
    type Value = Fields<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Fields<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Fields)
    }
}

/// A field with a struct that comes as an object.
pub(crate) fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Fields::deserialize(deserializer)?.0)
}

/// As [`object`], for one that may be absent or null.
pub(crate) fn optional_object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let object: Option<Fields<T>> = Option::deserialize(deserializer)?;
    Ok(object.map(|object| object.0))
}

/// The second name of a field of text. A server that uses the first one may call something else by it, which is then
/// none of our business.
pub(crate) fn second_name<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

/// A whole number. JSON has one kind of numbers: `3.0`, `3e0` and `-0` are whole. Where text is read, a second reading
/// of it sees to that; this is for fields that may have been collected before they are decoded.
struct Whole<T>(T);

impl<'de, T: TryFrom<i128>> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WholeVisitor(PhantomData))
    }
}

struct WholeVisitor<T>(PhantomData<T>);

impl<T: TryFrom<i128>> Visitor<'_> for WholeVisitor<T> {
    type Value = Whole<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number in range")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Whole<T>, E> {
        let whole = T::try_from(value.into()).map(Whole);
        whole.map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Whole<T>, E> {
        let whole = T::try_from(value.into()).map(Whole);
        whole.map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Whole<T>, E> {
        // The decimal text of a fraction has a point.
        let whole = value.to_string().parse().ok();
        whole
            .and_then(|whole: i128| T::try_from(whole).ok())
            .map(Whole)
            .ok_or_else(|| E::invalid_value(Unexpected::Float(value), &self))
    }
}

/// A field with a whole number.
pub(crate) fn whole<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128>,
{
    Ok(Whole::deserialize(deserializer)?.0)
}

/// As [`whole`], for one that may be absent or null.
pub(crate) fn optional_whole<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128>,
{
    let whole: Option<Whole<T>> = Option::deserialize(deserializer)?;
    Ok(whole.map(|whole| whole.0))
}

/// As [`optional_whole`], with 0 for its default.
pub(crate) fn whole_or_zero<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128> + Default,
{
    Ok(optional_whole(deserializer)?.unwrap_or_default())
}
