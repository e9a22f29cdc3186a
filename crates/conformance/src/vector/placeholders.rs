//! The scripted servers' names, and their addresses in the place of `{{BASE}}` and its like.

use serde_json::{Map, Value};

/// The servers a vector may name, each with its placeholder. Nothing listens at the last one.
pub const SERVERS: [(&str, &str); 6] = [
    ("api", "{{BASE}}"),
    ("vault", "{{VAULT}}"),
    ("storage", "{{STORAGE}}"),
    ("chatwoot", "{{CHATWOOT}}"),
    ("other", "{{OTHER}}"),
    (CLOSED, "{{CLOSED}}"),
];

/// Name of the address at which nothing listens.
pub const CLOSED: &str = "closed";

/// Where each of [`SERVERS`] is: `host:port`, in the same order.
#[derive(Clone, Debug)]
pub struct Servers {
    authorities: [String; SERVERS.len()],
}

impl Servers {
    /// Servers at these addresses, in the order of [`SERVERS`].
    pub fn new(authorities: [String; SERVERS.len()]) -> Self {
        Self { authorities }
    }

    /// The base URL of a server, without a slash at its end.
    pub fn url(&self, name: &str) -> Option<String> {
        let index = SERVERS.iter().position(|(server, _)| *server == name)?;
        Some(format!("http://{}", self.authorities[index]))
    }

    /// The server at `host:port`.
    pub fn at(&self, authority: &str) -> Option<&'static str> {
        let index = self.authorities.iter().position(|own| own == authority)?;
        Some(SERVERS[index].0)
    }

    /// Replaces the placeholders in every string and key.
    pub fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill_text(text)),
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(key, value)| (self.fill_text(key), self.fill(value)))
                    .collect::<Map<_, _>>(),
            ),
            other => other.clone(),
        }
    }

    fn fill_text(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        if text.contains("{{") {
            for ((_, placeholder), authority) in SERVERS.iter().zip(&self.authorities) {
                filled = filled.replace(placeholder, &format!("http://{authority}"));
            }
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_string_and_key_is_filled() {
        let servers = Servers::new(["a:1", "b:2", "c:3", "d:4", "e:5", "f:6"].map(str::to_owned));
        let filled = servers.fill(&json!({
            "{{BASE}}/k": ["{{VAULT}}/x {{STORAGE}}", 1, null],
            "o": {"c": "{{CHATWOOT}}", "e": "{{OTHER}}", "f": "{{CLOSED}}/{{other}}"},
        }));
        let expected = json!({
            "http://a:1/k": ["http://b:2/x http://c:3", 1, null],
            "o": {"c": "http://d:4", "e": "http://e:5", "f": "http://f:6/{{other}}"},
        });
        assert_eq!(filled, expected);
        assert_eq!(servers.at("c:3"), Some("storage"));
        assert_eq!(servers.at("x:3"), None);
        assert_eq!(servers.url("api").as_deref(), Some("http://a:1"));
    }
}
