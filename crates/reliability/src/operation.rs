//! One operation of a client, whatever its vendor and type: what it gives is text, what it fails with is the error.

use std::fmt::{self, Debug};
use std::future::IntoFuture;

use agent_core::{BoxFuture, ByteStream, Error, EventStream};

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

/// One operation of a client, ready to be called again and again.
pub struct Operation {
    /// Its name in the vendor's table of operations.
    pub name: &'static str,
    /// What it gives.
    pub kind: Kind,
    run: Run,
}

impl Operation {
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
        self.add(name, Kind::Events, move |client| {
            let open = open(client).into_future();
            Box::pin(async move {
                let mut events = open.await?;
                let mut text = format!("{events:?}");
                while let Some(event) = events.next().await {
                    text = format!("{:?}", event?);
                }
                Ok(text)
            })
        })
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
        self.all.push(Operation { name, kind, run });
        self
    }

    pub(crate) fn all(self) -> Vec<Operation> {
        self.all
    }
}
