//! Decoding of objects that name their own kind in `type`, without a detour over a generic value.
//!
//! The vendor writes `type` first. Then the rest is decoded straight into the struct of that kind, in one pass. When it
//! comes later, the object is collected first.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// The key that names the kind.
pub(super) const TYPE: &str = "type";

/// Something that comes in kinds.
pub(super) trait Tagged: Sized {
    /// Whether this version knows the kind.
    fn knows(tag: &str) -> bool;

    /// Decodes the fields of a known kind.
    fn decode<'de, D: Deserializer<'de>>(tag: &str, fields: D) -> Result<Self, D::Error>;
}

/// What an object turned out to be.
pub(super) enum Object<T> {
    /// Of a kind this version knows.
    Known(T),
    /// Of a kind it does not know, or of none. All fields are there, `type` included.
    Other {
        tag: Option<String>,
        fields: Map<String, Value>,
    },
}

impl<'de, T: Tagged> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Tagged> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<T>, A::Error> {
        let mut fields = Map::new();
        match map.next_key_seed(Text)? {
            None => {}
            Some(key) if key == TYPE => {
                match map.next_value_seed(OptionalText)?.as_deref() {
                    Some(text) if T::knows(text) => {
                        return T::decode(text, MapAccessDeserializer::new(map)).map(Object::Known);
                    }
                    Some(text) => fields.insert(TYPE.to_owned(), Value::from(text)),
                    None => None,
                };
            }
            Some(key) => {
                let value = map.next_value()?;
                fields.insert(key.into_owned(), value);
            }
        }
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            fields.insert(key, value);
        }
        let tag = match fields.get(TYPE) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => return Err(A::Error::custom("type is not a string")),
        };
        resolve(tag, fields).map_err(A::Error::custom)
    }
}

/// Decodes collected fields, if `tag` names a known kind.
pub(super) fn resolve<T: Tagged>(
    tag: Option<String>,
    fields: Map<String, Value>,
) -> serde_json::Result<Object<T>> {
    match tag.as_deref() {
        Some(text) if T::knows(text) => T::decode(text, Value::Object(fields)).map(Object::Known),
        _ => Ok(Object::Other { tag, fields }),
    }
}

/// A string, borrowed where it holds no escapes. (`Cow`'s own decoding always copies.)
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text))
    }
}

/// A string as [`Text`], or null.
struct OptionalText;

impl<'de> DeserializeSeed<'de> for OptionalText {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for OptionalText {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or null")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Text.deserialize(deserializer).map(Some)
    }
}
