//! A small toy vendor, and what the tests of several topics share.
//!
//! Each test file compiles this on its own and uses a part of it.
#![allow(dead_code, unreachable_pub)]

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use agent_core::error::ErrorResponse;
use agent_core::sdk::{
    Auth, BaseUrl, Dialect, Encoding, Op, OpKind, Pipeline, Redirects, Request, Response, Safety,
    Setup, now,
};
use agent_core::testing::ScriptedTransport;
use agent_core::{
    ByteStream, Call, Error, HttpConfig, ResponseMeta, Resume, RetryPolicy, SeededAmbient, Timeouts,
};
use serde_json::{Value, json};

pub mod broker;
pub mod recorder;
pub mod rules;
pub mod server;

/// Wednesday, 20 November 2024, 12:00:00 UTC: where the wall clock of every test begins.
pub const NOON: Duration = Duration::from_secs(1_732_104_000);

pub static GET: Op = Op::get("things.get", "/things/{id}");
pub static CREATE: Op = Op::post("things.create", "/things");
pub static RUN: Op = Op::post("runs.create", "/runs").safety(Safety::Keyed);
pub static EVENTS: Op = Op::get("runs.events", "/runs/1/events").kind(OpKind::Sse);
pub static PROMPT: Op = Op::post("runs.prompt", "/runs/1/prompt").kind(OpKind::Sse);
pub static STATUS: Op = Op::get("runs.status", "/runs/1");
pub static PAGE: Op = Op::get("runs.page", "/runs/1/page").kind(OpKind::Page);
pub static FILE: Op = Op::get("files.get", "/files/{+path}").kind(OpKind::Download);
pub static TOKEN: Op = Op::post("tokens.create", "/tokens").safety(Safety::Safe);

/// Every operation of the toy vendor.
pub static OPS: &[&Op] = &[
    &GET, &CREATE, &RUN, &EVENTS, &PROMPT, &STATUS, &PAGE, &FILE, &TOKEN,
];

/// The toy vendor's ways. Its errors look like `{"error": {"code": …, "message": …}}`.
#[derive(Debug)]
pub struct Toy {
    pub mints: bool,
    pub redirects: Redirects,
    pub path_encoding: Encoding,
    pub query_encoding: Encoding,
    pub resend_unsafe: fn(&Error) -> bool,
    pub is_retryable: fn(&Error) -> bool,
}

impl Toy {
    pub const PLAIN: Self = Self {
        mints: false,
        redirects: Redirects::within_origin(5),
        path_encoding: Encoding::Unreserved,
        query_encoding: Encoding::Form,
        resend_unsafe: |_| false,
        is_retryable: Error::is_retryable,
    };
}

pub static PLAIN: Toy = Toy::PLAIN;
pub static MINTING: Toy = Toy {
    mints: true,
    ..Toy::PLAIN
};

impl Dialect for Toy {
    fn vendor(&self) -> &'static str {
        "toy"
    }

    fn user_agent(&self) -> &'static str {
        "toy-sdk/1.0"
    }

    fn read_error(&self, _: &'static str, response: &ErrorResponse, error: Error) -> Error {
        let Some(body) = response.json() else {
            return error;
        };
        let text = |name: &str| body["error"][name].as_str().map(str::to_owned);
        let error = match text("message") {
            Some(message) => error.with_message(message),
            None => error,
        };
        match text("code") {
            Some(code) => error.with_code(code),
            None => error,
        }
    }

    fn path_encoding(&self) -> Encoding {
        self.path_encoding
    }

    fn query_encoding(&self) -> Encoding {
        self.query_encoding
    }

    fn redirects(&self) -> Redirects {
        self.redirects
    }

    fn is_retryable(&self, error: &Error) -> bool {
        (self.is_retryable)(error)
    }

    fn resend_unsafe(&self, error: &Error) -> bool {
        (self.resend_unsafe)(error)
    }

    fn mints_idempotency_keys(&self) -> bool {
        self.mints
    }
}

/// A client of the toy vendor before it is built: without credentials, with a seeded clock, waits without jitter.
pub fn setup(wire: &ScriptedTransport) -> Setup<'static> {
    Setup {
        dialect: &PLAIN,
        base: BaseUrl::parse("base_url", "https://toy.test/v1").unwrap(),
        auth: Auth::None,
        timeouts: Timeouts::default(),
        retry: RetryPolicy::default().jitter(false),
        resume: Resume::auto(),
        operations: OPS,
        http: HttpConfig::new()
            .transport(wire.shared())
            .ambient(Arc::new(SeededAmbient::new(
                7,
                SystemTime::UNIX_EPOCH + NOON,
            ))),
    }
}

/// A client of the toy vendor with its defaults.
pub fn client(wire: &ScriptedTransport) -> Pipeline {
    Pipeline::new(setup(wire)).unwrap()
}

/// A client whose settings `change` has changed.
pub fn client_with(
    wire: &ScriptedTransport,
    change: impl FnOnce(HttpConfig) -> HttpConfig,
) -> Pipeline {
    let mut setup = setup(wire);
    setup.http = change(setup.http);
    Pipeline::new(setup).unwrap()
}

/// A client that speaks another dialect of the toy's language.
pub fn client_of(wire: &ScriptedTransport, dialect: &'static Toy) -> Pipeline {
    Pipeline::new(Setup {
        dialect,
        ..setup(wire)
    })
    .unwrap()
}

/// A client with credentials.
pub fn client_auth(wire: &ScriptedTransport, auth: Auth) -> Pipeline {
    Pipeline::new(Setup {
        auth,
        ..setup(wire)
    })
    .unwrap()
}

pub fn get(client: &Pipeline) -> Call<Value> {
    client.call(Request::new(&GET).param("id", "1"), Response::json)
}

pub fn create(client: &Pipeline) -> Call<Value> {
    client.call(
        Request::new(&CREATE).json(&json!({"name": "x"})),
        Response::json,
    )
}

pub fn run(client: &Pipeline) -> Call<Value> {
    client.call(Request::new(&RUN).json(&json!({})), Response::json)
}

pub fn download(client: &Pipeline) -> Call<ByteStream> {
    client.download(Request::new(&FILE).param("path", "a/b.txt"))
}

/// Seconds of tokio's clock that `future` takes, and what it gives.
pub async fn timed<F: IntoFuture>(future: F) -> (f64, F::Output) {
    let start = now();
    let output = future.await;
    (seconds_since(start), output)
}

pub fn seconds_since(start: tokio::time::Instant) -> f64 {
    (now() - start).as_secs_f64()
}

pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// When the requests of `wire` came, in milliseconds after the first.
pub fn arrivals(wire: &ScriptedTransport) -> Vec<u128> {
    let requests = wire.requests();
    let first = requests.first().map(|request| request.at);
    requests
        .iter()
        .map(|request| (request.at - first.unwrap()).as_millis())
        .collect()
}

/// The values of one header over all requests; `-` where there is none.
pub fn header_of(wire: &ScriptedTransport, name: &str) -> Vec<String> {
    wire.requests()
        .iter()
        .map(|request| match request.headers.get(name) {
            Some(value) => value.to_str().unwrap().to_owned(),
            None => "-".to_owned(),
        })
        .collect()
}

/// Method and path of every request, such as `POST /tokens`.
pub fn log(wire: &ScriptedTransport) -> Vec<String> {
    wire.requests()
        .iter()
        .map(|request| {
            let path = request.uri.path();
            format!(
                "{} {}",
                request.method,
                path.strip_prefix("/v1").unwrap_or(path)
            )
        })
        .collect()
}

/// A head as rules see it.
pub fn status_of(meta: &ResponseMeta) -> u16 {
    meta.status.as_u16()
}
