//! Which redirects are followed, and what may travel with them.

use http::header::{self, HeaderMap};
use http::{Method, Request as HttpRequest, Response as HttpResponse, StatusCode};
use url::Url;

use crate::transport::{RequestBody, ResponseBody};
use crate::url::same_origin;

/// Which redirects are followed. What is not followed is an error with the 3xx status, unless it is one too many and
/// [`excess_fails`](Self::excess_fails).
///
/// Whatever the rule, a hop to another origin (scheme, host or port) carries nothing but `accept`, `content-type` and
/// `user-agent`: no credential, in whatever header it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redirects {
    /// Most hops of one request.
    pub max_hops: u8,
    /// Hops to another origin are refused.
    pub same_origin: bool,
    /// 303, and 301 or 302 after a POST, turn into a GET without a body, as browsers do it; otherwise they are
    /// followed for GET and HEAD only.
    pub rewrite_to_get: bool,
    /// One hop too many is a broken connection instead of an answer.
    pub excess_fails: bool,
}

impl Redirects {
    /// None is followed.
    pub const NONE: Self = Self {
        max_hops: 0,
        same_origin: true,
        rewrite_to_get: false,
        excess_fails: false,
    };

    /// At most `max_hops` within the origin.
    pub const fn within_origin(max_hops: u8) -> Self {
        Self {
            max_hops,
            same_origin: true,
            rewrite_to_get: false,
            excess_fails: false,
        }
    }

    /// At most `max_hops`, also to other origins.
    pub const fn anywhere(max_hops: u8) -> Self {
        Self {
            max_hops,
            same_origin: false,
            rewrite_to_get: false,
            excess_fails: false,
        }
    }

    /// The same, but one hop too many is an error of kind `Transport`.
    #[must_use]
    pub const fn excess_fails(mut self) -> Self {
        self.excess_fails = true;
        self
    }

    /// The request to send next, `None` if `response` is to be taken as it is, or why it can not.
    pub(crate) fn follow(
        self,
        request: &HttpRequest<RequestBody>,
        response: &HttpResponse<ResponseBody>,
        hops: u8,
    ) -> Result<Option<HttpRequest<RequestBody>>, &'static str> {
        if hops >= self.max_hops && !self.excess_fails {
            return Ok(None);
        }
        match self.next(request, response) {
            Some(_) if hops >= self.max_hops => Err("too many redirects"),
            next => Ok(next),
        }
    }

    fn next(
        self,
        request: &HttpRequest<RequestBody>,
        response: &HttpResponse<ResponseBody>,
    ) -> Option<HttpRequest<RequestBody>> {
        let method = self.method(request.method(), response.status())?;
        let current = Url::parse(&request.uri().to_string()).ok()?;
        // Not `to_str`: servers write other scripts without encoding them, and every browser follows.
        let location = response.headers().get(header::LOCATION)?.as_bytes();
        let location = std::str::from_utf8(location).ok()?;
        let target = current.join(location).ok()?;
        if !matches!(target.scheme(), "http" | "https")
            || !target.username().is_empty()
            || target.password().is_some()
        {
            return None;
        }
        let same = same_origin(&current, &target);
        if self.same_origin && !same {
            return None;
        }
        let keeps_body = method == *request.method();
        let mut next = HttpRequest::new(if keeps_body {
            request.body().clone()
        } else {
            RequestBody::empty()
        });
        *next.headers_mut() = request.headers().clone();
        *next.method_mut() = method;
        // The fragment never goes on the wire.
        let uri = target.as_str().split('#').next().unwrap_or_default();
        *next.uri_mut() = uri.parse().ok()?;
        if !same {
            retain_harmless(next.headers_mut());
        }
        if !keeps_body {
            next.headers_mut().remove(header::CONTENT_TYPE);
        }
        Some(next)
    }

    fn method(self, method: &Method, status: StatusCode) -> Option<Method> {
        let reads = *method == Method::GET || *method == Method::HEAD;
        match status.as_u16() {
            307 | 308 => Some(method.clone()),
            301..=303 if reads => Some(method.clone()),
            301 | 302 if self.rewrite_to_get && *method == Method::POST => Some(Method::GET),
            303 if self.rewrite_to_get => Some(Method::GET),
            _ => None,
        }
    }
}

fn retain_harmless(headers: &mut HeaderMap) {
    let mut harmless = HeaderMap::with_capacity(3);
    for name in [header::ACCEPT, header::CONTENT_TYPE, header::USER_AGENT] {
        if let Some(value) = headers.remove(&name) {
            harmless.insert(name, value);
        }
    }
    *headers = harmless;
}
