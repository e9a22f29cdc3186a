//! The raw door: any path of a vendor's API, with the client's credentials, retries, limits and errors.
//!
//! For what an SDK crate has no method for yet. The vendor's own shapes are not known here: the caller names the
//! method, the path and the type of the answer.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::byte_stream::ByteStream;
use crate::call::Call;
use crate::op::Op;
use crate::pipeline::Pipeline;
use crate::request::Request;
use crate::response::Response;
use crate::url::has_dot_segment;

static GET: Op = Op::get("raw.get", "/");
static POST: Op = Op::post("raw.post", "/");
static PATCH: Op = Op::patch("raw.patch", "/");
static PUT: Op = Op::put("raw.put", "/");
static DELETE: Op = Op::delete("raw.delete", "/");

/// Any path of the API: what a client's `raw()` gives.
///
/// GET, PUT and DELETE are repeated after a failure as the client's retry policy says; POST and PATCH are not, unless
/// the client's documentation says otherwise.
///
/// ```no_run
/// # use agent_core::{Raw, Result};
/// # async fn demo(raw: Raw) -> Result<()> {
/// #[derive(serde::Deserialize)]
/// struct Note {
///     text: String,
/// }
///
/// let notes: Vec<Note> = raw
///     .get("/runs/{run_id}/notes")
///     .param("run_id", "run 1/2")
///     .query("limit", 5)
///     .json()
///     .await?;
/// for note in notes {
///     println!("{}", note.text);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Raw {
    pipeline: Pipeline,
}

impl Raw {
    #[doc(hidden)]
    pub fn new(pipeline: Pipeline) -> Self {
        Self { pipeline }
    }

    /// GET.
    pub fn get(&self, path: impl Into<String>) -> RawRequest {
        self.request(&GET, path)
    }

    /// POST.
    pub fn post(&self, path: impl Into<String>) -> RawRequest {
        self.request(&POST, path)
    }

    /// PATCH.
    pub fn patch(&self, path: impl Into<String>) -> RawRequest {
        self.request(&PATCH, path)
    }

    /// PUT.
    pub fn put(&self, path: impl Into<String>) -> RawRequest {
        self.request(&PUT, path)
    }

    /// DELETE.
    pub fn delete(&self, path: impl Into<String>) -> RawRequest {
        self.request(&DELETE, path)
    }

    fn request(&self, op: &'static Op, path: impl Into<String>) -> RawRequest {
        RawRequest {
            pipeline: self.pipeline.clone(),
            request: Request::new(op),
            path: path.into(),
        }
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raw").finish_non_exhaustive()
    }
}

/// A raw request that is being put together; [`json`](Self::json), [`bytes`](Self::bytes) or [`stream`](Self::stream)
/// make a [`Call`] of it, which takes headers, limits and a retry policy as every call does.
///
/// What can not be sent (a path that leaves the API, a body that is not JSON) is the error of the call.
#[must_use]
pub struct RawRequest {
    pipeline: Pipeline,
    request: Request,
    path: String,
}

impl RawRequest {
    /// Fills in `{name}` in the path, as one segment. Empty, `.` and `..` are refused.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request = self.request.param(name.into(), value);
        self
    }

    /// Appends a pair to the query; a name may come several times.
    pub fn query(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.request = self.request.query(name, value);
        self
    }

    /// Sends `body` as JSON.
    pub fn body(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        self.request = self.request.json(body);
        self
    }

    /// Sends bytes of any content type.
    pub fn body_bytes(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.request = self
            .request
            .body("application/octet-stream", body.into().into())
            .header(CONTENT_TYPE.as_str(), content_type);
        self
    }

    /// Reads the answer as JSON. What does not fit is an error of kind [`Decode`](crate::ErrorKind::Decode).
    pub fn json<T: DeserializeOwned + Send + 'static>(self) -> Call<T> {
        let (pipeline, request) = self.checked();
        pipeline.call(request, Response::json)
    }

    /// Reads the answer whole, whatever it is; empty if it has no body.
    pub fn bytes(self) -> Call<Bytes> {
        let (pipeline, request) = self.accepting_anything().checked();
        pipeline.call(request, |response| Ok(response.body.clone()))
    }

    /// Opens the answer as a stream of bytes; resolves once its head is there. For server-sent events, a
    /// [`Decoder`](crate::sse::Decoder) reads them; they are asked for with `.header("accept", "text/event-stream")`.
    pub fn stream(self) -> Call<ByteStream> {
        let (pipeline, request) = self.accepting_anything().checked();
        pipeline.download(request)
    }

    fn accepting_anything(mut self) -> Self {
        self.request = self.request.header(ACCEPT.as_str(), "*/*");
        self
    }

    fn checked(self) -> (Pipeline, Request) {
        (self.pipeline, self.request.raw_path(self.path))
    }
}

impl fmt::Debug for RawRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRequest")
            .field("method", &self.request.op().method.as_str())
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Request {
    /// Uses this path instead of the operation's, one that its caller made up: what would leave the API, or needs a
    /// parameter that is not there, is refused.
    #[must_use]
    pub fn raw_path(self, path: impl Into<String>) -> Self {
        let path = path.into();
        let refused = refuse(&path, &self.params);
        let request = self.path(path);
        match refused {
            Some(reason) => request.refuse(reason),
            None => request,
        }
    }
}

/// Why a path can not be sent, if it can not.
fn refuse(path: &str, params: &[(Cow<'static, str>, String)]) -> Option<String> {
    if !path.starts_with('/') || path.starts_with("//") {
        return Some("path must begin with exactly one /".to_owned());
    }
    if !path
        .bytes()
        .all(|b| b.is_ascii_graphic() && !matches!(b, b'#' | b'\\'))
    {
        return Some("path must be visible ASCII without # and \\; use parameters".to_owned());
    }
    if has_dot_segment(path) {
        return Some("path must not have dot segments".to_owned());
    }
    let mut rest = path;
    while let Some((_, tail)) = rest.split_once('{') {
        let Some((name, after)) = tail.split_once('}') else {
            return Some("path has a { without its }".to_owned());
        };
        if name.starts_with('+') || !params.iter().any(|(known, _)| known == name) {
            return Some(format!(
                "path needs {name:?}, and no such parameter was given"
            ));
        }
        rest = after;
    }
    None
}
