//! Requests: what an SDK crate, or a user of the raw door, builds before anything is sent.

use std::borrow::Cow;
use std::fmt;

use http::header::{
    ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use serde::Serialize;
use url::Url;

use crate::error::{Error, Result};
use crate::op::{Op, OpKind};
use crate::redirect::Redirects;
use crate::secret::{SecretString, secret_header};
use crate::transport::RequestBody;
use crate::url::BaseUrl;

/// One request, not yet sent. What can not be sent is remembered and comes as the error of the call.
///
/// `Debug` shows the operation and the size of the body.
#[derive(Clone)]
pub struct Request {
    pub(crate) op: &'static Op,
    pub(crate) params: Vec<(Cow<'static, str>, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: RequestBody,
    pub(crate) url: Option<Url>,
    pub(crate) base: Option<Box<BaseUrl>>,
    pub(crate) path: Option<Box<str>>,
    pub(crate) idempotency_key: Option<SecretString>,
    pub(crate) secrets: Vec<SecretString>,
    pub(crate) authenticate: bool,
    pub(crate) redirects: Option<Redirects>,
    pub(crate) once: bool,
    pub(crate) refused: Option<String>,
}

impl Request {
    /// A request for `op` without parameters, query and body.
    pub fn new(op: &'static Op) -> Self {
        let accept = match op.kind {
            OpKind::Unary | OpKind::Page => "application/json",
            OpKind::Sse => "text/event-stream",
            OpKind::Download => "*/*",
        };
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        Self {
            op,
            params: Vec::new(),
            query: Vec::new(),
            headers,
            body: RequestBody::empty(),
            url: None,
            base: None,
            path: None,
            idempotency_key: None,
            secrets: Vec::new(),
            authenticate: true,
            redirects: None,
            once: false,
            refused: None,
        }
    }

    /// The operation.
    pub fn op(&self) -> &'static Op {
        self.op
    }

    /// Fills in a parameter of the path template.
    #[must_use]
    pub fn param(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// Appends a pair to the query.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.query.push((name.into(), value.to_string()));
        self
    }

    /// Appends a pair to the query if there is a value.
    #[must_use]
    pub fn query_opt(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Sends `value` as a JSON body.
    #[must_use]
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => self.json_body(bytes.into()),
            Err(_) => self.refuse("the body can not be written as JSON"),
        }
    }

    /// Sends a body that is JSON already.
    #[must_use]
    pub fn json_body(self, body: RequestBody) -> Self {
        self.body("application/json", body)
    }

    /// Sends a body of any content type.
    #[must_use]
    pub fn body(mut self, content_type: &'static str, body: RequestBody) -> Self {
        self.headers
            .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        self.body = body;
        self
    }

    /// Sets a header. The client's own header of that name replaces it, but for the content type of a body,
    /// unless the vendor has it otherwise.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match parse_header(name, value) {
            Ok((name, value)) => {
                self.headers.insert(name, value);
                self
            }
            Err(refused) => self.refuse(refused),
        }
    }

    /// Sends it to an absolute URL instead of a path below the base URL, with the request's own headers and nothing
    /// else: no credentials, no header of the client's or the call's, no user agent.
    #[must_use]
    pub fn absolute(mut self, url: Url) -> Self {
        self.url = Some(url);
        self.without_auth()
    }

    /// Sends it below another base URL, such as that of a service of the caller's own: without credentials and without
    /// the client's headers. Its path template can still be overridden.
    #[must_use]
    pub fn at(mut self, base: BaseUrl) -> Self {
        self.base = Some(Box::new(base));
        self.without_auth()
    }

    /// Uses this path template instead of the operation's, for raw requests.
    #[must_use]
    pub fn path(mut self, template: impl Into<String>) -> Self {
        self.path = Some(template.into().into());
        self
    }

    /// Sets a header that is never shown.
    #[must_use]
    pub fn secret_header(mut self, name: &'static str, value: &SecretString) -> Self {
        match secret_header(value.expose()) {
            Some(value) => {
                self.headers.insert(name, value);
                self
            }
            None => self.refuse(format!(
                "the value of header {name} can not be sent in a header"
            )),
        }
    }

    /// Names a text of the body that must not be shown, should the server repeat it.
    #[must_use]
    pub fn secret(mut self, secret: impl Into<SecretString>) -> Self {
        self.secrets.push(secret.into());
        self
    }

    /// Whether it goes elsewhere than below the client's base URL.
    pub(crate) fn is_foreign(&self) -> bool {
        self.url.is_some() || self.base.is_some()
    }

    /// Sends no credentials.
    #[must_use]
    pub fn without_auth(mut self) -> Self {
        self.authenticate = false;
        self
    }

    /// Sends an idempotency key: with it, a [`Keyed`](crate::sdk::Safety::Keyed) operation may be repeated. An empty
    /// key is none.
    #[must_use]
    pub fn idempotency_key(mut self, key: Option<String>) -> Self {
        self.idempotency_key = key.filter(|key| !key.is_empty()).map(SecretString::from);
        self
    }

    /// Follows redirects by other rules than the vendor's usual ones.
    #[must_use]
    pub fn redirects(mut self, redirects: Redirects) -> Self {
        self.redirects = Some(redirects);
        self
    }

    /// Sends it once, whatever the retry policy and the vendor's ruling; the one repeat after a 401 is no retry and
    /// shares the time for the response head, without the time that credentials take. For streams, whose own rules say
    /// what happens when one can not be opened, and for what must not be repeated at all.
    #[must_use]
    pub fn open_once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Remembers why it can not be sent; the first reason counts.
    #[must_use]
    pub fn refuse(mut self, reason: impl Into<String>) -> Self {
        self.refused.get_or_insert(reason.into());
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("operation", &self.op.name)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// A header's name, or why it can not be sent.
pub(crate) fn parse_header_name(name: &str) -> Result<HeaderName, String> {
    let name: HeaderName = name.parse().map_err(|_| {
        // A slip of the pen may have put the value behind the name.
        let shown: String = name
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            .take(40)
            .collect();
        format!("a header name that begins with {shown:?} is not valid")
    })?;
    if matches!(name, CONTENT_LENGTH | TRANSFER_ENCODING) {
        return Err(format!("header {name} follows from the body"));
    }
    Ok(name)
}

/// A header's name and value, or why they can not be sent. The value is not shown.
pub(crate) fn parse_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let name = parse_header_name(name)?;
    let value = HeaderValue::from_str(value)
        .map_err(|_| format!("the value of header {name} can not be sent in a header"))?;
    Ok((name, value))
}

/// Headers from name and value pairs; the last of a name wins.
pub(crate) fn parse_headers<'a>(
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let (name, mut value) = parse_header(name, value).map_err(Error::config)?;
        // A header of the user's may well be a credential.
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}
