//! A vendor's event stream without its type: events as the JSON that was received.

use agent_core::{BoxFuture, Cursor, End, Error, EventStream};

/// What is read of a stream.
pub(crate) trait Feed: Send {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<String, Error>>>;
    fn cursor(&self) -> Option<Cursor>;
    fn end(&self) -> Option<End>;
}

/// A stream, and how to write one of its events.
pub(crate) struct Events<E> {
    pub(crate) stream: EventStream<E>,
    pub(crate) text: fn(&E) -> String,
}

impl<E: Send> Feed for Events<E> {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<String, Error>>> {
        Box::pin(async {
            let item = self.stream.next().await?;
            Some(item.map(|event| (self.text)(&event)))
        })
    }

    fn cursor(&self) -> Option<Cursor> {
        self.stream.cursor()
    }

    fn end(&self) -> Option<End> {
        self.stream.end()
    }
}
