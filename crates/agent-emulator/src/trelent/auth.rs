//! Clients, scopes and tokens: who may do what, and until when. Which operation needs which scope is in `routes.rs`.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use hyper::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::errors::{Answer, Refusal};
use super::routes;
use super::validate::{self, Fields, Loc, Problems};
use crate::clock::Moment;
use crate::http::Request;
use crate::ids::Ids;

/// Exchanges kept for inspection; the oldest go first.
const MAX_EXCHANGES: usize = 10_000;

/// What happened at the token end point, once.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenExchange {
    /// The client id that was sent.
    pub client_id: String,
    /// The scope that was asked for.
    pub scope: String,
    /// The status of the answer: 200, 400 (no such scope), 401 (wrong credentials) or 403 (scope not granted).
    pub status: u16,
    /// The token, when there was one.
    pub access_token: Option<String>,
}

impl fmt::Debug for TokenExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenExchange")
            .field("client_id", &self.client_id)
            .field("scope", &self.scope)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// The one client, what it is granted, and the tokens that live.
pub(crate) struct Auth {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) granted: Vec<String>,
    pub(crate) anonymous: bool,
    pub(crate) token_life: Duration,
    pub(crate) exchanges: Vec<TokenExchange>,
    tokens: BTreeMap<String, Token>,
}

struct Token {
    scope: String,
    expires: Moment,
}

impl Auth {
    pub(crate) fn new(
        client: (String, String),
        granted: Vec<String>,
        anonymous: bool,
        token_life: Duration,
    ) -> Self {
        Self {
            client_id: client.0,
            client_secret: client.1,
            granted,
            anonymous,
            token_life,
            exchanges: Vec::new(),
            tokens: BTreeMap::new(),
        }
    }

    /// POST /token. The second part of the answer is the new token.
    pub(crate) fn exchange(
        &mut self,
        request: &Request,
        ids: &Ids,
        now: Moment,
    ) -> Answer<(Value, String)> {
        let body = validate::json_object(request)?;
        let mut problems = Problems::default();
        let fields = Fields::new(
            &body,
            &["client_id", "client_secret", "scope"],
            Loc::root("body"),
            &mut problems,
        );
        let client_id = fields
            .string("client_id", &mut problems)
            .unwrap_or_default();
        let client_secret = fields
            .string("client_secret", &mut problems)
            .unwrap_or_default();
        let scope = fields.string("scope", &mut problems).unwrap_or_default();
        problems.check()?;
        let verdict = self.judge(client_id, client_secret, scope);
        let granted = verdict.is_ok().then(|| ids.opaque("tok"));
        if self.exchanges.len() == MAX_EXCHANGES {
            self.exchanges.remove(0);
        }
        self.exchanges.push(TokenExchange {
            client_id: client_id.to_owned(),
            scope: scope.to_owned(),
            status: verdict
                .as_ref()
                .err()
                .map_or(200, |refusal| refusal.status().as_u16()),
            access_token: granted.clone(),
        });
        verdict?;
        let token = granted.unwrap_or_default();
        self.tokens.retain(|_, token| token.expires > now);
        self.tokens.insert(
            token.clone(),
            Token {
                scope: scope.to_owned(),
                expires: now.saturating_add(self.token_life),
            },
        );
        let answer = json!({
            "access_token": token, "token_type": "Bearer", "expires_in": self.token_life.as_secs(), "scope": scope,
        });
        Ok((answer, token))
    }

    fn judge(&self, client_id: &str, client_secret: &str, scope: &str) -> Answer<()> {
        if client_id != self.client_id || client_secret != self.client_secret {
            return Err(Refusal::unauthorized("invalid client"));
        }
        if !routes::scopes().any(|known| covers(scope, known)) {
            return Err(Refusal::bad_request("unknown scope"));
        }
        if !self.granted.iter().any(|granted| covers(granted, scope)) {
            return Err(Refusal::forbidden("scope not allowed"));
        }
        Ok(())
    }

    /// Whether `request` carries a token whose scope covers `scope`.
    pub(crate) fn check(&self, request: &Request, scope: &str, now: Moment) -> Answer<()> {
        if !request.headers.contains_key(AUTHORIZATION) {
            return if self.anonymous {
                Ok(())
            } else {
                Err(Refusal::unauthorized("Not authenticated"))
            };
        }
        let token = request
            .header(AUTHORIZATION)
            .and_then(|value| value.strip_prefix("Bearer "))
            .and_then(|token| self.tokens.get(token))
            .filter(|token| token.expires > now)
            .ok_or_else(|| Refusal::unauthorized("Invalid or expired token"))?;
        if covers(&token.scope, scope) {
            Ok(())
        } else {
            Err(Refusal::forbidden(format!("Scope {scope} is required")))
        }
    }

    /// Ends the life of every token, and says how many that were.
    pub(crate) fn expire_all(&mut self) -> usize {
        std::mem::take(&mut self.tokens).len()
    }
}

/// Whether scope `wide` includes scope `narrow`: they are equal, or `wide` ends in `:*` and `narrow` lies below it.
fn covers(wide: &str, narrow: &str) -> bool {
    match wide.strip_suffix('*') {
        Some(below) if below.ends_with(':') => narrow.starts_with(below),
        _ => wide == narrow,
    }
}

/// Refuses credentials on an operation that takes none.
pub(crate) fn no_credentials(request: &Request) -> Answer<()> {
    if request.headers.contains_key(AUTHORIZATION) {
        return Err(Refusal::bad_request(
            "This operation takes no Authorization header",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_scope_covers_itself_and_what_lies_below_its_star() {
        let exact = "AgentOrchestrator:runs:list";
        for (wide, narrow, expected) in [
            ("AgentOrchestrator:*", exact, true),
            ("AgentOrchestrator:*", "AgentOrchestrator:runs:*", true),
            ("AgentOrchestrator:runs:*", exact, true),
            (exact, exact, true),
            ("AgentOrchestrator:runs:*", "AgentOrchestrator:*", false),
            ("AgentOrchestrator:secrets:*", exact, false),
            ("AgentOrchestrator:runs:li*", exact, false),
            ("*", exact, false),
            ("", exact, false),
        ] {
            assert_eq!(covers(wide, narrow), expected, "{wide} over {narrow}");
        }
    }
}
