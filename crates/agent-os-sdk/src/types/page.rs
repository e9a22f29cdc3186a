//! Lists in pages.

use std::fmt;
use std::marker::PhantomData;

use agent_core::Page;
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::Extra;

/// One page of a list. A server that answers with a bare array is understood as well.
///
/// Source: package, 0.9.3, for `items`; `total` is decided here.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PaginatedResponse<T> {
    /// The items.
    pub items: Vec<T>,
    /// How many there are in all pages, if the server says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl<T: Send + 'static> Page for PaginatedResponse<T> {
    type Item = T;

    fn into_items(self) -> Vec<T> {
        self.items
    }
}

impl<T> PaginatedResponse<T> {
    /// The same page with other items.
    pub(crate) fn with_items<U>(self, items: Vec<U>) -> PaginatedResponse<U> {
        PaginatedResponse {
            items,
            total: self.total,
            extra: self.extra,
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for PaginatedResponse<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either(PhantomData))
    }
}

struct Either<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for Either<T> {
    type Value = PaginatedResponse<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page or an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(PaginatedResponse {
            items,
            total: None,
            extra: Extra::new(),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut items = None;
        let mut total = None;
        let mut extra = Extra::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "items" => items = Some(map.next_value()?),
                "total" => match map.next_value::<Value>()? {
                    Value::Number(number) if number.is_i64() => total = number.as_i64(),
                    Value::Null => {}
                    // Not a count that can be used; kept nevertheless.
                    other => {
                        extra.insert(key, other);
                    }
                },
                _ => {
                    extra.insert(key, map.next_value()?);
                }
            }
        }
        Ok(PaginatedResponse {
            items: items.ok_or_else(|| serde::de::Error::missing_field("items"))?,
            total,
            extra,
        })
    }
}

/// Which part of a list is asked for. What is not given is not sent. Names decided here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct PaginationParams {
    /// Most items of a page; 0 is sent as 0.
    pub limit: Option<u64>,
    /// How many items to skip.
    pub offset: Option<u64>,
}

impl PaginationParams {
    /// The server's own defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the most items of a page.
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Sets how many items to skip.
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }
}
