//! JSON printed again, compact or indented, with the keys in the order in which they came. (A `serde_json::Value` may
//! sort them.)

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, Serialize};

/// Writes `json` again without spaces. None if it is not JSON, or nested deeper than 128.
pub fn compact_json(json: &str) -> Option<String> {
    print(json, None)
}

/// Writes `json` again indented by two spaces, as JavaScript's `JSON.stringify(value, null, 2)` does, numbers aside.
/// None if it is not JSON, or nested deeper than 128.
pub fn pretty_json(json: &str) -> Option<String> {
    print(json, Some(0))
}

fn print(json: &str, indent: Option<usize>) -> Option<String> {
    let mut out = Vec::with_capacity(json.len());
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let printer = Printer {
        out: &mut out,
        indent,
    };
    printer.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    String::from_utf8(out).ok()
}

struct Printer<'a> {
    out: &'a mut Vec<u8>,
    /// How deep this value stands, if it is to be indented.
    indent: Option<usize>,
}

impl Printer<'_> {
    fn write<T: Serialize + ?Sized, E: Error>(self, value: &T) -> Result<(), E> {
        serde_json::to_writer(self.out, value).map_err(E::custom)
    }

    /// For what stands within this value.
    fn inner(&mut self) -> Printer<'_> {
        Printer {
            out: self.out,
            indent: self.indent.map(|indent| indent + 1),
        }
    }

    fn line(&mut self, more: usize) {
        if let Some(indent) = self.indent {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + 2 * (indent + more), b' ');
        }
    }
}

impl<'de> DeserializeSeed<'de> for Printer<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Printer<'_> {
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

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.out.push(b'[');
        let mut empty = true;
        loop {
            let end = self.out.len();
            if !empty {
                self.out.push(b',');
            }
            self.line(1);
            if items.next_element_seed(self.inner())?.is_none() {
                self.out.truncate(end);
                break;
            }
            empty = false;
        }
        if !empty {
            self.line(0);
        }
        self.out.push(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<(), A::Error> {
        self.out.push(b'{');
        let mut empty = true;
        while let Some(key) = fields.next_key::<String>()? {
            if !empty {
                self.out.push(b',');
            }
            empty = false;
            self.line(1);
            self.inner().write(&key)?;
            self.out.push(b':');
            if self.indent.is_some() {
                self.out.push(b' ');
            }
            fields.next_value_seed(self.inner())?;
        }
        if !empty {
            self.line(0);
        }
        self.out.push(b'}');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order_and_text_stays_as_it_is() {
        let json = r#" {"b":[1,{"z":null,"a":"\u00e9\/\n"}],"a":{},"c":[]} "#;
        assert_eq!(
            compact_json(json).unwrap(),
            r#"{"b":[1,{"z":null,"a":"é/\n"}],"a":{},"c":[]}"#
        );
        let lines = [
            "{",
            "  \"b\": [",
            "    1,",
            "    {",
            "      \"z\": null,",
            "      \"a\": \"é/\\n\"",
            "    }",
            "  ],",
            "  \"a\": {},",
            "  \"c\": []",
            "}",
        ];
        assert_eq!(pretty_json(json).unwrap(), lines.join("\n"));
    }

    #[test]
    fn what_is_not_one_json_value_is_nothing() {
        for text in ["", "oops", "{", "[1,]", "1 2", &"[".repeat(200)] {
            assert_eq!(pretty_json(text), None, "{text}");
            assert_eq!(compact_json(text), None, "{text}");
        }
        assert_eq!(pretty_json("\"x\"").as_deref(), Some("\"x\""));
    }
}
