//! The rules of a stream: pure, without clock or connection.
//!
//! One request, never repeated, never resumed. An `error` event ends it; `chat_completed` does not; an orderly end of
//! the answer is an end, also in the middle of a block, which then counts.

use agent_core::error::ErrorResponse;
use agent_core::sdk::{Broke, Follow, Next, Open, Out, Request, Scene};
use agent_core::sse::Frame;
use agent_core::{End, Error, ErrorKind, ResponseMeta, Sent};
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::events::{AgentStreamEvent, decode};
use crate::ops::AGENTS_STREAM;
use crate::wire;

pub(crate) struct AgentStream {
    request: Request,
    url: String,
    debug: bool,
    /// `chat_completed` was delivered.
    completed: bool,
}

impl AgentStream {
    pub(crate) fn new(request: Request, url: String, debug: bool) -> Self {
        Self {
            request,
            url,
            debug,
            completed: false,
        }
    }

    /// The error about a head that does not begin an event stream.
    fn no_stream(&self, head: &ResponseMeta, message: String) -> Error {
        let response = ErrorResponse {
            method: AGENTS_STREAM.method.clone(),
            url: self.url.clone(),
            status: head.status,
            reason: head
                .status
                .canonical_reason()
                .unwrap_or_default()
                .to_owned(),
            headers: head.headers.clone(),
            body: Bytes::new(),
            truncated: true,
        };
        Error::new(ErrorKind::Protocol, message)
            .with_response(response)
            .with_request_id(head.request_id.clone())
            .with_attempts(head.attempts)
    }

    fn log(&self, what: &str) {
        if self.debug {
            tracing::info!(operation = AGENTS_STREAM.name, "{what}");
        }
    }
}

impl Follow for AgentStream {
    type Item = AgentStreamEvent;

    fn open(&mut self) -> Open {
        self.log("open");
        Open::Sse(self.request.clone())
    }

    fn opened(&mut self, head: &ResponseMeta) -> Next {
        let kinds = head.headers.get_all(CONTENT_TYPE).iter();
        let kinds: Vec<_> = kinds
            .map(|kind| String::from_utf8_lossy(kind.as_bytes()))
            .collect();
        let kind = kinds.join(", ");
        if !kind.to_ascii_lowercase().contains(wire::EVENT_STREAM) {
            let kind = if kind.is_empty() { "(none)" } else { &kind };
            let text = format!("Expected {} but received: {kind}", wire::EVENT_STREAM);
            return Next::Fail(self.no_stream(head, text));
        }
        if matches!(
            head.status,
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT
        ) {
            return Next::Fail(self.no_stream(head, "Stream response has no body".to_owned()));
        }
        Next::Read
    }

    fn frame(&mut self, frame: Frame, _: &Scene<'_>, out: &mut Out<AgentStreamEvent>) -> Next {
        match decode(&frame.event(), &frame.data()) {
            Ok(None) => Next::Read,
            Ok(Some(event)) => {
                let failed = matches!(event, AgentStreamEvent::Error(_));
                self.completed |= matches!(event, AgentStreamEvent::ChatCompleted(_));
                out.item(Ok(event));
                if failed {
                    self.log("ended by an error event");
                    Next::Finish(End::Terminal)
                } else {
                    Next::Read
                }
            }
            Err(error) => Next::Fail(error),
        }
    }

    fn broke(&mut self, broke: Broke, _: &Scene<'_>, _: &mut Out<AgentStreamEvent>) -> Next {
        let error = match broke {
            Broke::Eof => {
                self.log("closed by the server");
                return Next::Finish(if self.completed {
                    End::Terminal
                } else {
                    End::ServerClosed
                });
            }
            Broke::Refused(error) => error,
            Broke::Lost(cause) => {
                let text = format!("Stream interrupted: {}", cause.message());
                Error::new(ErrorKind::Interrupted, text)
                    .with_sent(Sent::Yes)
                    .with_source(cause)
            }
            Broke::Idle(_) => {
                let error = broke.into_error();
                let text = format!("Stream interrupted: {}", error.message());
                error.with_message(text)
            }
        };
        if self.debug {
            tracing::info!(operation = AGENTS_STREAM.name, kind = ?error.kind(), "failed");
        }
        Next::Fail(error)
    }

    fn dispatches_unfinished(&self) -> bool {
        true
    }

    fn counts_bare_names(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
