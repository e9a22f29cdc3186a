//! The API listener: which vendor, or which page of the emulator itself, answers a path.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::control;
use crate::faults::Faults;
use crate::http::{self, Reply, Request};
use crate::server::Site;
use crate::strike;
use crate::vendors::Row;

pub(crate) struct Api {
    pub(crate) table: Vec<Row>,
    pub(crate) faults: Faults,
    pub(crate) clock: Arc<Clock>,
}

impl Api {
    /// The vendor that owns `path`, and the path below its prefix.
    fn owner<'a>(&self, path: &'a str) -> Option<(&Row, &'a str)> {
        self.table
            .iter()
            .find_map(|row| match path.strip_prefix(row.prefix)? {
                "" => Some((row, "/")),
                rest => rest.starts_with('/').then_some((row, rest)),
            })
    }

    fn own_page(&self, request: &Request) -> Reply {
        let get = request.method == Method::GET;
        match request.path.as_str() {
            "/" if get => http::json(StatusCode::OK, &self.index()),
            "/health" if get => http::json(StatusCode::OK, &json!({"status": "ok"})),
            "/" | "/health" => refuse(StatusCode::METHOD_NOT_ALLOWED, "only GET"),
            path if path.starts_with(control::PREFIX) => {
                control::answer(request, &self.faults, &self.table)
            }
            path => refuse(
                StatusCode::NOT_FOUND,
                &format!("nothing is at {path}; GET / lists the vendors"),
            ),
        }
    }

    fn index(&self) -> Value {
        let vendors: Vec<_> = self
            .table
            .iter()
            .map(|row| json!({"name": row.name, "url": row.vendor.base_url()}))
            .collect();
        json!({"name": "agent-emulator", "version": env!("CARGO_PKG_VERSION"), "vendors": vendors})
    }
}

impl Site for Api {
    fn answer(self: Arc<Self>, mut request: Request) -> BoxFuture<'static, Reply> {
        Box::pin(async move {
            let path = request.path.clone();
            let Some((row, below)) = self.owner(&path) else {
                return self.own_page(&request);
            };
            request.segments = http::segments(below);
            below.clone_into(&mut request.path);
            let vendor = Arc::clone(&row.vendor);
            let answer = |request| vendor.answer(request);
            strike::answer(&self.faults, row, &self.clock, request, answer).await
        })
    }

    fn too_large(&self, path: &str) -> Reply {
        match self.owner(path) {
            Some((row, _)) => row.vendor.too_large(),
            None => refuse(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long"),
        }
    }
}

/// An error of the emulator itself, in no vendor's shape.
pub(crate) fn refuse(status: StatusCode, message: &str) -> Reply {
    http::json(status, &json!({"error": message}))
}
