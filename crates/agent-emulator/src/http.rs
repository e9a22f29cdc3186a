//! Requests as the vendors see them, and small helpers to build answers. No vendor's shapes, no sockets.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use hyper::header::{
    AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHORIZATION,
};
use hyper::{Method, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::wire::WireControl;

/// The body of every answer.
pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;
/// Every answer.
pub(crate) type Reply = Response<Body>;

/// One request, its body read.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The path below the vendor's prefix, as it was sent.
    pub(crate) path: String,
    /// Its segments, each percent-decoded. `None`: one of them is not UTF-8 and can not name anything.
    pub(crate) segments: Option<Vec<String>>,
    /// The decoded pairs of the query; empty when there is none.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) wire: WireControl,
}

impl Request {
    /// A header's value as text; `None` when it is absent or not text.
    pub(crate) fn header(&self, name: impl hyper::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether the content type is JSON, parameters aside.
    pub(crate) fn is_json(&self) -> bool {
        self.header(CONTENT_TYPE)
            .and_then(|value| value.split(';').next())
            .is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"))
    }
}

/// Whether a header is made for credentials, by its name.
pub(crate) fn is_credential(name: &HeaderName) -> bool {
    let ends = ["api-key", "apikey", "token", "secret"];
    [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(name)
        || ends.iter().any(|end| name.as_str().ends_with(end))
}

/// The segments of a path that begins with `/`, each percent-decoded.
pub(crate) fn segments(path: &str) -> Option<Vec<String>> {
    path.strip_prefix('/')
        .unwrap_or(path)
        .split('/')
        .map(|segment| {
            percent_decode_str(segment)
                .decode_utf8()
                .ok()
                .map(Into::into)
        })
        .collect()
}

/// The pairs of a form-urlencoded query.
pub(crate) fn query_pairs(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
        .collect()
}

/// An answer with a JSON body.
pub(crate) fn json(status: StatusCode, value: &Value) -> Reply {
    bytes(status, "application/json", Bytes::from(value.to_string()))
}

/// An answer with a whole body.
pub(crate) fn bytes(status: StatusCode, content_type: &'static str, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body).boxed_unsync());
    *reply.status_mut() = status;
    set_header(&mut reply, CONTENT_TYPE, content_type);
    reply
}

/// A 200 whose body is one HTTP chunk per item.
pub(crate) fn stream(
    content_type: &'static str,
    items: impl Stream<Item = Bytes> + Send + 'static,
) -> Reply {
    let frames = items.map(|item| Ok(Frame::data(item)));
    let mut reply = Response::new(BodyExt::boxed_unsync(StreamBody::new(frames)));
    set_header(&mut reply, CONTENT_TYPE, content_type);
    reply
}

pub(crate) fn set_header(reply: &mut Reply, name: HeaderName, value: &'static str) {
    reply
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_decoded_one_by_one() {
        assert_eq!(
            segments("/runs/a%2Fb%20c"),
            Some(vec!["runs".into(), "a/b c".into()])
        );
        assert_eq!(segments("/"), Some(vec![String::new()]));
        assert_eq!(segments("/runs/%FF"), None);
    }

    #[test]
    fn queries_are_form_urlencoded() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            query_pairs("sandbox=a+b%2Fc&x"),
            [pair("sandbox", "a b/c"), pair("x", "")]
        );
        assert_eq!(query_pairs("sandbox="), [pair("sandbox", "")]);
        assert!(query_pairs("").is_empty());
    }
}
