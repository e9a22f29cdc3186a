//! Each event once: what a careful caller makes of a stream that marks what may be repeats.

use agent_core::{BoxFuture, Cursor, End, Error, ErrorKind};
use meistrari_agent_sdk::{Result, SessionStream, SessionStreamEvent};

use crate::feed::Feed;

/// A stream that leaves out what came again after a resume: of the events behind the last cursor those that are the
/// same, in order.
pub(crate) struct Once {
    opening: Option<BoxFuture<'static, Result<SessionStream>>>,
    stream: Option<SessionStream>,
    /// What came behind the last cursor.
    tail: Vec<Told>,
    /// After a resume: how much of the tail has come again.
    again: Option<usize>,
    reconnects: u64,
    /// Whether the next event must be marked, if it is the first after a resume.
    due: Option<bool>,
    /// What was wrong with the marks.
    pub(crate) wrong: Vec<String>,
}

/// An item that can be compared.
#[derive(Debug, PartialEq)]
enum Told {
    Event(String),
    Error(ErrorKind),
}

impl Once {
    pub(crate) fn new(opening: BoxFuture<'static, Result<SessionStream>>) -> Self {
        Self {
            opening: Some(opening),
            stream: None,
            tail: Vec::new(),
            again: None,
            reconnects: 0,
            due: None,
            wrong: Vec::new(),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.stream.is_some()
    }

    pub(crate) fn reconnects(&self) -> u64 {
        self.reconnects
    }

    /// The next event that has not come before.
    pub(crate) async fn event(&mut self) -> Option<Result<SessionStreamEvent>> {
        if let Some(opening) = self.opening.take() {
            match opening.await {
                Ok(stream) => self.stream = Some(stream),
                Err(error) => return Some(Err(error)),
            }
        }
        loop {
            let stream = self.stream.as_mut()?;
            let item = stream.next().await?;
            if stream.reconnects() != self.reconnects {
                self.reconnects = stream.reconnects();
                self.again = Some(0);
                self.due = Some(!self.tail.is_empty());
            }
            if let Ok(event) = &item {
                self.check_mark(event);
            }
            let told = match &item {
                Ok(event) => Told::Event(text(event)),
                Err(error) => Told::Error(error.kind()),
            };
            if let Some(at) = self.again.take() {
                self.again = self.repeats(at, &told);
                match (self.again, &item) {
                    (Some(_), _) => continue,
                    // What can not be read says nothing about what comes behind it.
                    (None, Err(_)) => {
                        self.tail.insert(at, told);
                        self.again = Some(at + 1);
                        return Some(item);
                    }
                    (None, Ok(_)) => {}
                }
            }
            match &item {
                Ok(event) if event.next_cursor().is_some() => self.tail.clear(),
                _ => self.tail.push(told),
            }
            return Some(item);
        }
    }

    /// Whether `told` came before, at this place of the tail or behind what could not be read there, which need not come
    /// again: then the place behind it.
    fn repeats(&self, at: usize, told: &Told) -> Option<usize> {
        let is_error = |told: &Told| matches!(told, Told::Error(_));
        let errors = self.tail.get(at..)?.iter();
        let errors = errors.take_while(|known| is_error(known) && !is_error(told));
        let at = at + errors.count();
        (self.tail.get(at)? == told).then_some(at + 1)
    }

    /// The first event after a resume is marked if something had come behind the cursor, and no other is.
    fn check_mark(&mut self, event: &SessionStreamEvent) {
        let due = self.due.take().unwrap_or_default();
        if event.may_repeat() != due {
            let tail = &self.tail;
            let story = format!("due to be marked: {due}, behind {tail:?}: {event:?}");
            self.wrong.push(story);
        }
    }
}

/// The event as JSON.
pub(crate) fn text(event: &SessionStreamEvent) -> String {
    serde_json::to_string(event).unwrap()
}

impl Feed for Once {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<String, Error>>> {
        Box::pin(async {
            let item = self.event().await?;
            assert_eq!(self.wrong, [""; 0]);
            Some(item.map(|event| text(&event)))
        })
    }

    fn cursor(&self) -> Option<Cursor> {
        self.stream.as_ref()?.cursor()
    }

    fn end(&self) -> Option<End> {
        self.stream.as_ref()?.end()
    }
}
