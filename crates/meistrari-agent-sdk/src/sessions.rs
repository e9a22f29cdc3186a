//! Sessions: follow, cancel, look back. Starting and continuing them is in `execute.rs`, the rules for following in
//! `follow.rs`.

use agent_core::{BoxFuture, Call, Cursor, Limit, Result, Resume, StreamOptions};

use crate::client::AgentClient;
use crate::error::check_segment;
use crate::events::SessionStream;
use crate::fields::{decode, decode_or_empty};
use crate::follow::Following;
use crate::ops::{CANCEL_SESSION, FETCH_TIMELINE, STREAM_SESSION};
use crate::types::{CancelSessionResponse, SessionTimelineResponse};

/// Where a stream begins and how it is followed. Source of `cursor`: package readme. The readme's `signal` is dropping
/// the stream.
///
/// An optional cursor alone will do as well: `client.stream_session(id, saved)` with `saved: Option<i64>`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
#[must_use]
pub struct StreamSessionOptions {
    /// Only what is newer than this `nextCursor`; 0 is a cursor too. Default: from the beginning.
    pub cursor: Option<i64>,
    /// What is not Meistrari's own: limits, headers, resuming.
    pub stream: StreamOptions,
}

impl StreamSessionOptions {
    /// From the beginning, with the client's settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the cursor.
    pub fn cursor(mut self, cursor: i64) -> Self {
        self.cursor = Some(cursor);
        self
    }

    /// Whether and how the stream resumes after a break. Default: never, as the vendor's client.
    ///
    /// One that resumes also asks once more when the server ends behind a status that ends the turn and without the
    /// result, which may still come.
    pub fn resume(mut self, resume: Resume) -> Self {
        self.stream = self.stream.resume(resume);
        self
    }

    /// Longest silence; comments count as life. Default: 10 minutes, 120 s if the stream resumes.
    pub fn idle_timeout(mut self, limit: impl Into<Limit>) -> Self {
        self.stream = self.stream.idle_timeout(limit);
        self
    }

    /// Time until the response head. Default 60 s.
    pub fn headers_timeout(mut self, limit: impl Into<Limit>) -> Self {
        self.stream = self.stream.headers_timeout(limit);
        self
    }

    /// One more header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.stream = self.stream.header(name, value);
        self
    }
}

impl From<Option<i64>> for StreamSessionOptions {
    fn from(cursor: Option<i64>) -> Self {
        Self {
            cursor,
            ..Self::default()
        }
    }
}

impl From<Option<Cursor>> for StreamSessionOptions {
    fn from(cursor: Option<Cursor>) -> Self {
        cursor.and_then(Cursor::as_i64).into()
    }
}

impl AgentClient {
    /// Opens the events of a session (`streamSession`): resolves once the server has answered, so that a refusal is an
    /// error here and not of the stream.
    ///
    /// The stream ends after an `error` event and after a `result` event that is final, even if the server keeps the
    /// connection. If it is cut before its end, the last item is an error of kind
    /// [`Interrupted`](crate::ErrorKind::Interrupted) that carries the cursor: open it again with that one, or let it
    /// resume by itself: [`StreamSessionOptions::resume`]. Dropping it closes the connection and does not cancel the
    /// turn.
    ///
    /// Keep [`cursor`](crate::EventStream::cursor) across turns: the stream of the next one then brings only what is
    /// newer.
    ///
    /// ```no_run
    /// # use meistrari_agent_sdk::{AgentClient, Result, SessionStatus, SessionStreamEvent};
    /// # async fn demo(client: AgentClient, session_id: &str, saved: Option<i64>) -> Result<()> {
    /// let mut stream = client.stream_session(session_id, saved).await?;
    /// while let Some(event) = stream.next().await {
    ///     if let SessionStreamEvent::Result(result) = event? {
    ///         println!("{}", result.result);
    ///     }
    /// }
    /// let saved = stream.cursor();
    /// # Ok(()) }
    /// ```
    pub fn stream_session(
        &self,
        session_id: impl Into<String>,
        options: impl Into<StreamSessionOptions>,
    ) -> BoxFuture<'static, Result<SessionStream>> {
        let (session_id, options) = (session_id.into(), options.into());
        let resume = options.stream.resume_on(&self.pipeline);
        let name = self.endpoints.cursor_query.clone();
        let client = self.clone();
        Box::pin(async move {
            check_segment("sessionId", &session_id)
                .map_err(|error| error.with_operation(STREAM_SESSION.name))?;
            let rules = Following::new(session_id, options.cursor, name, resume);
            let stream = client
                .pipeline
                .follow(STREAM_SESSION.name, rules, options.stream);
            stream.connect().await
        })
    }

    /// Aborts the turn of a session (`cancelSession`): a session of several turns waits for messages afterwards, a run
    /// of one is cancelled. One that is not running is a 409.
    ///
    /// Not repeated when it may have arrived.
    pub fn cancel_session(&self, session_id: impl Into<String>) -> Call<CancelSessionResponse> {
        self.about_session(&CANCEL_SESSION, session_id.into(), decode_or_empty)
    }

    /// The persisted summary of a session (`fetchTimeline`).
    pub fn fetch_timeline(&self, session_id: impl Into<String>) -> Call<SessionTimelineResponse> {
        self.about_session(&FETCH_TIMELINE, session_id.into(), decode)
    }
}
