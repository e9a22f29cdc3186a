//! What the events of a stream mean for the stream: where it stands, and whether it is over. Pure rules, for streams of
//! the client's and for bytes of the caller's own.

use agent_core::sse::Frame;
use agent_core::{Error, ErrorKind, Sent};

use super::{SessionStreamEvent, decode};
use crate::types::SessionStatus;
use crate::wire;

/// What is known of a stream.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The latest position.
    pub(crate) cursor: Option<i64>,
    /// Something was delivered behind that position.
    pub(crate) beyond: bool,
    /// The status says that the turn is over.
    terminal: bool,
}

/// What a frame means.
pub(crate) enum Step {
    /// Nothing.
    Skip,
    /// An item.
    Item(Result<SessionStreamEvent, Error>),
    /// The last event.
    Last(SessionStreamEvent),
}

impl Progress {
    /// Begins at `cursor`.
    pub(crate) fn new(cursor: Option<i64>) -> Self {
        Self {
            cursor,
            ..Self::default()
        }
    }

    /// Takes a frame.
    pub(crate) fn frame(&mut self, frame: &Frame) -> Step {
        let data = frame.data();
        if data.trim().is_empty() || data == wire::DONE {
            return Step::Skip;
        }
        let event = match decode::from_text(&data, &frame.event()) {
            Ok(event) => event,
            Err(error) => {
                self.beyond = true;
                return Step::Item(Err(error));
            }
        };
        match event.next_cursor() {
            Some(cursor) => {
                self.cursor = Some(cursor);
                self.beyond = false;
            }
            None => self.beyond = true,
        }
        match &event {
            SessionStreamEvent::Error(_) => return Step::Last(event),
            SessionStreamEvent::Result(result) if result.is_final() => return Step::Last(event),
            SessionStreamEvent::Result(_) => self.terminal = false,
            SessionStreamEvent::Status(status) => self.status(&status.status),
            _ => {}
        }
        Step::Item(Ok(event))
    }

    fn status(&mut self, status: &SessionStatus) {
        if status.is_terminal() {
            self.terminal = true;
        } else if status.is_active() {
            self.terminal = false;
        }
    }

    /// Whether an end now is the end, and not a cut.
    pub(crate) fn may_end(&self) -> bool {
        self.terminal
    }

    /// The error of a stream that is cut now.
    pub(crate) fn interrupted(&self, cause: Option<Error>) -> Error {
        let error = Error::new(
            ErrorKind::Interrupted,
            "the session's stream was cut before its end",
        )
        .with_sent(Sent::Yes)
        .with_cursor(self.cursor.map(Into::into));
        match cause {
            Some(cause) => error.with_source(cause),
            None => error,
        }
    }
}
