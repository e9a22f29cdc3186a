//! JSON without spaces, with the keys in the order in which they came. (A `serde_json::Value` sorts them.)

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, Serialize};

/// Writes `json` again without spaces. None if it is not JSON.
pub(super) fn compact(json: &str) -> Option<String> {
    let mut out = Vec::with_capacity(json.len());
    let mut deserializer = serde_json::Deserializer::from_str(json);
    Compact(&mut out).deserialize(&mut deserializer).ok()?;
    String::from_utf8(out).ok()
}

struct Compact<'a>(&'a mut Vec<u8>);

impl Compact<'_> {
    fn write<T: Serialize + ?Sized, E: Error>(self, value: &T) -> Result<(), E> {
        serde_json::to_writer(self.0, value).map_err(E::custom)
    }
}

impl<'de> DeserializeSeed<'de> for Compact<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Compact<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.write(&())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.write(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.0.push(b'[');
        let mut comma = false;
        loop {
            let end = self.0.len();
            if comma {
                self.0.push(b',');
            }
            if items.next_element_seed(Compact(self.0))?.is_none() {
                self.0.truncate(end);
                break;
            }
            comma = true;
        }
        self.0.push(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        self.0.push(b'{');
        let mut first = true;
        while let Some(key) = fields.next_key::<String>()? {
            if !first {
                self.0.push(b',');
            }
            first = false;
            Compact(self.0).write(&key)?;
            self.0.push(b':');
            fields.next_value_seed(Compact(self.0))?;
        }
        self.0.push(b'}');
        Ok(())
    }
}
