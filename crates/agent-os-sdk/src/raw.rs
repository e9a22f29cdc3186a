//! The raw client: any path of the API, with the same credentials, retries, limits and errors.

use std::fmt;

use agent_core::sdk::{Op, Pipeline, Request, Response};
use agent_core::{ByteStream, Call, Result, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::decode::{typed, untyped};
use crate::ops;
use crate::sse::{SseOptions, SseStream, parse_sse};

/// Any path of the API: [`AgentOsClient::raw`](crate::AgentOsClient::raw). The original's `RawClient`.
///
/// Values are JSON: null for no body, a text for a body that is not JSON. [`typed`](Self::typed) reads them into types
/// of your own.
///
/// ```no_run
/// use agent_os_sdk::{AgentOsClient, RequestOptions};
///
/// # async fn demo(client: AgentOsClient) -> agent_os_sdk::Result<()> {
/// let messages = client
///     .raw()
///     .get(
///         "/v1/api/threads/{id}/messages",
///         RequestOptions::new().path_param("id", "th 1/2").query("limit", 5),
///     )
///     .await?;
/// println!("{messages}");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Raw {
    pipeline: Pipeline,
}

/// What a raw request is made of besides its path.
///
/// `Debug` shows neither headers nor the body.
#[derive(Clone, Default)]
#[must_use]
pub struct RequestOptions {
    path_params: Vec<(String, String)>,
    query: Vec<(String, String)>,
    headers: Vec<(String, SecretString)>,
    body: Option<Result<Vec<u8>, String>>,
}

impl RequestOptions {
    /// Nothing but the path.
    pub fn new() -> Self {
        Self::default()
    }

    /// Fills in `{name}` in the path, as one segment; of a name given twice the last value counts. Empty, `.` and `..`
    /// are refused. Names that the path does not have are ignored.
    pub fn path_param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.path_params.retain(|(known, _)| *known != name);
        self.path_params.push((name, value.into()));
        self
    }

    /// Appends a pair to the query; a name may come several times.
    pub fn query(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.query.push((name.into(), value.to_string()));
        self
    }

    /// Appends a pair to the query if there is a value.
    pub fn query_opt(self, name: impl Into<String>, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Sets a header. It wins over the client's of that name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers
            .push((name.into(), SecretString::from(value.into())));
        self
    }

    /// Sends `body` as JSON. Refused for `get`.
    pub fn body(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        let text = serde_json::to_vec(body);
        self.body = Some(text.map_err(|_| "the body can not be written as JSON".to_owned()));
        self
    }
}

impl fmt::Debug for RequestOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("RequestOptions")
            .field("path_params", &self.path_params)
            .field("query", &self.query)
            .field("headers", &headers)
            .field("body", &self.body.is_some())
            .finish()
    }
}

/// The method of a raw request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawMethod {
    /// Repeated after a failure.
    Get,
    /// Repeated after a failure only with an idempotency key.
    Post,
    /// Never repeated by itself.
    Patch,
    /// Repeated after a failure.
    Put,
    /// Repeated after a failure.
    Delete,
}

impl RawMethod {
    fn op(self) -> &'static Op {
        match self {
            Self::Get => &ops::RAW_GET,
            Self::Post => &ops::RAW_POST,
            Self::Patch => &ops::RAW_PATCH,
            Self::Put => &ops::RAW_PUT,
            Self::Delete => &ops::RAW_DELETE,
        }
    }
}

impl Raw {
    pub(crate) fn new(pipeline: Pipeline) -> Self {
        Self { pipeline }
    }

    /// GET.
    pub fn get(&self, path: impl Into<String>, options: RequestOptions) -> Call<Value> {
        self.any(RawMethod::Get, path, options)
    }

    /// POST.
    pub fn post(&self, path: impl Into<String>, options: RequestOptions) -> Call<Value> {
        self.any(RawMethod::Post, path, options)
    }

    /// PATCH.
    pub fn patch(&self, path: impl Into<String>, options: RequestOptions) -> Call<Value> {
        self.any(RawMethod::Patch, path, options)
    }

    /// PUT. Not in the original: nothing of the API may be out of reach.
    pub fn put(&self, path: impl Into<String>, options: RequestOptions) -> Call<Value> {
        self.any(RawMethod::Put, path, options)
    }

    /// DELETE. Not in the original: nothing of the API may be out of reach.
    pub fn delete(&self, path: impl Into<String>, options: RequestOptions) -> Call<Value> {
        self.any(RawMethod::Delete, path, options)
    }

    /// Any method, with a value of your own type; an answer that is not JSON is an error of kind `Decode`.
    pub fn typed<T: DeserializeOwned + Send + 'static>(
        &self,
        method: RawMethod,
        path: impl Into<String>,
        options: RequestOptions,
    ) -> Call<T> {
        self.send(method, path.into(), options, typed)
    }

    /// Opens a stream of bytes that is asked for as server-sent events; [`parse_sse`] reads it. Resolves once the head of
    /// the answer is there.
    pub fn stream_get(
        &self,
        path: impl Into<String>,
        mut options: RequestOptions,
    ) -> Call<ByteStream> {
        let headers = std::mem::take(&mut options.headers);
        let request = request(&ops::RAW_STREAM_GET, path.into(), options);
        with_headers(self.pipeline.download(request), headers)
    }

    /// Opens a stream of server-sent events: [`stream_get`](Self::stream_get) and [`parse_sse`] in one. It does not
    /// reconnect.
    pub fn stream_sse(
        &self,
        path: impl Into<String>,
        mut options: RequestOptions,
        mut sse: SseOptions,
    ) -> Call<SseStream<ByteStream>> {
        for (name, value) in std::mem::take(&mut sse.headers) {
            options = options.header(name, value);
        }
        self.stream_get(path, options)
            .map(move |body| parse_sse(body, sse))
    }

    fn any(
        &self,
        method: RawMethod,
        path: impl Into<String>,
        options: RequestOptions,
    ) -> Call<Value> {
        self.send(method, path.into(), options, untyped)
    }

    fn send<T: Send + 'static>(
        &self,
        method: RawMethod,
        path: String,
        mut options: RequestOptions,
        read: impl FnOnce(&Response) -> Result<T> + Send + 'static,
    ) -> Call<T> {
        let headers = std::mem::take(&mut options.headers);
        let request = request(method.op(), path, options);
        with_headers(self.pipeline.call(request, read), headers)
    }
}

/// Headers of a call win over the client's.
fn with_headers<T: Send + 'static>(call: Call<T>, headers: Vec<(String, SecretString)>) -> Call<T> {
    headers.into_iter().fold(call, |call, (name, value)| {
        call.header(name, value.expose())
    })
}

fn request(op: &'static Op, path: String, options: RequestOptions) -> Request {
    let mut request = Request::new(op);
    for (name, value) in options.path_params {
        request = request.param(name, value);
    }
    request = request.raw_path(path);
    for (name, value) in options.query {
        request = request.query(name, value);
    }
    match options.body {
        Some(_) if op.method == "GET" => request.refuse("GET sends no body"),
        Some(Ok(body)) => request.json_body(body.into()),
        Some(Err(reason)) => request.refuse(reason),
        None => request,
    }
}
