//! One operation of a client, whatever its vendor and type: what it gives is text, what it fails with is the error.

use std::fmt::{self, Debug};
use std::future::IntoFuture;
use std::sync::Arc;

use agent_core::{BoxFuture, ByteStream, End, Error, EventStream};

/// What an operation gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One answer, read whole.
    Call,
    /// Events until the end.
    Events,
    /// Bytes as they come, as many as there are.
    Bytes,
}

/// Calls it once, from the beginning.
type Run = Box<dyn Fn() -> BoxFuture<'static, Result<String, Error>> + Send + Sync>;

/// A vendor's event stream without its type.
pub trait Feed: Send {
    /// The `Debug` of the next event.
    fn next(&mut self) -> BoxFuture<'_, Option<Result<String, Error>>>;
    /// How the stream ended, once it has.
    fn end(&self) -> Option<End>;
}

impl<E: Debug + Send> Feed for EventStream<E> {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<String, Error>>> {
        Box::pin(async {
            let item = EventStream::next(self).await?;
            Some(item.map(|event| format!("{event:?}")))
        })
    }

    fn end(&self) -> Option<End> {
        EventStream::end(self)
    }
}

/// Opens a stream, as far as that is done before its first event is asked for.
type Open = Arc<dyn Fn() -> BoxFuture<'static, Result<Box<dyn Feed>, Error>> + Send + Sync>;

/// One operation of a client, ready to be called again and again.
pub struct Operation {
    /// Its name in the vendor's table of operations.
    pub name: &'static str,
    /// What it gives.
    pub kind: Kind,
    run: Run,
    open: Option<Open>,
}

impl Operation {
    /// Opens its event stream; `None` if it has none.
    pub fn open(&self) -> Option<BoxFuture<'static, Result<Box<dyn Feed>, Error>>> {
        self.open.as_ref().map(|open| open())
    }

    /// Calls it. A stream is read to its end or its first error; the text is the `Debug` of what came.
    pub fn run(&self) -> BoxFuture<'static, Result<String, Error>> {
        (self.run)()
    }
}

impl Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The operations of one client, as they are listed.
pub(crate) struct Operations<C> {
    client: C,
    all: Vec<Operation>,
}

impl<C: Clone + Send + Sync + 'static> Operations<C> {
    pub(crate) fn of(client: C) -> Self {
        Self {
            client,
            all: Vec::new(),
        }
    }

    /// Adds a call.
    pub(crate) fn call<T, F>(
        self,
        name: &'static str,
        call: impl Fn(&C) -> F + Send + Sync + 'static,
    ) -> Self
    where
        T: Debug,
        F: IntoFuture<Output = Result<T, Error>, IntoFuture: Send + 'static>,
    {
        self.add(name, Kind::Call, move |client| {
            let future = call(client).into_future();
            Box::pin(async move { future.await.map(|value| format!("{value:?}")) })
        })
    }

    /// Adds an event stream, which `open` gives at once or after a call.
    pub(crate) fn events<E, F>(
        self,
        name: &'static str,
        open: impl Fn(&C) -> F + Send + Sync + 'static,
    ) -> Self
    where
        E: Debug + Send + 'static,
        F: IntoFuture<Output = Result<EventStream<E>, Error>, IntoFuture: Send + 'static>,
    {
        let client = self.client.clone();
        let open: Open = Arc::new(move || {
            let open = open(&client).into_future();
            Box::pin(async move { Ok(Box::new(open.await?) as Box<dyn Feed>) })
        });
        let opening = Arc::clone(&open);
        let mut operations = self.add(name, Kind::Events, move |_| {
            let open = opening();
            Box::pin(async move {
                let mut events = open.await?;
                let mut text = String::new();
                while let Some(event) = events.next().await {
                    text = event?;
                }
                Ok(text)
            })
        });
        if let Some(last) = operations.all.last_mut() {
            last.open = Some(open);
        }
        operations
    }

    /// Adds a download.
    pub(crate) fn bytes<F>(
        self,
        name: &'static str,
        open: impl Fn(&C) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: IntoFuture<Output = Result<ByteStream, Error>, IntoFuture: Send + 'static>,
    {
        self.add(name, Kind::Bytes, move |client| {
            let open = open(client).into_future();
            Box::pin(async move {
                let mut bytes = open.await?;
                let mut count = 0;
                while let Some(piece) = bytes.next().await {
                    count += piece?.len();
                }
                Ok(format!("{bytes:?} {count}"))
            })
        })
    }

    fn add(
        mut self,
        name: &'static str,
        kind: Kind,
        run: impl Fn(&C) -> BoxFuture<'static, Result<String, Error>> + Send + Sync + 'static,
    ) -> Self {
        let client = self.client.clone();
        let run = Box::new(move || run(&client));
        self.all.push(Operation {
            name,
            kind,
            run,
            open: None,
        });
        self
    }

    pub(crate) fn all(self) -> Vec<Operation> {
        self.all
    }
}
