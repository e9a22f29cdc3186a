//! Listeners and connections: from a TCP socket to a [`Request`] and back. Knows no vendors, and of faults only that
//! there may be no answer.

use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::http::{self, Reply, Request};
use crate::strike::Dropped;
use crate::sync::lock;
use crate::wire::{Wire, WireControl};

/// The longest request body that is read.
pub(crate) const MAX_BODY: usize = 256 << 20;

/// What answers the requests of one listener.
pub(crate) trait Site: Send + Sync + 'static {
    /// Answers one request.
    fn answer(self: Arc<Self>, request: Request) -> BoxFuture<'static, Reply>;
    /// Answers a request at `path` whose body is longer than [`MAX_BODY`].
    fn too_large(&self, path: &str) -> Reply;
}

/// A running listener. Dropping it frees the port at once and ends its tasks.
#[derive(Debug)]
pub(crate) struct Server {
    /// Outside the task that accepts, so that dropping closes the socket now and not when the runtime gets to it.
    listener: Arc<Mutex<Option<TcpListener>>>,
    stop: watch::Sender<bool>,
    accept: JoinHandle<()>,
}

/// A bound socket that does not serve yet.
pub(crate) struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

impl Bound {
    pub(crate) async fn bind(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn serve(self, site: Arc<dyn Site>) -> Server {
        let listener = Arc::new(Mutex::new(Some(self.listener)));
        let (stop, stopped) = watch::channel(false);
        let accept = tokio::spawn(accept_all(Arc::clone(&listener), site, stopped));
        Server {
            listener,
            stop,
            accept,
        }
    }
}

impl Server {
    fn close(&self) {
        lock(&self.listener).take();
        self.stop.send_replace(true);
    }

    /// Ends every task of this listener and waits until the last one is gone.
    pub(crate) async fn shutdown(mut self) {
        self.close();
        // An error would mean that the task was cancelled or panicked: over in any case.
        let _ = (&mut self.accept).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.close();
        self.accept.abort();
    }
}

async fn accept_all(
    listener: Arc<Mutex<Option<TcpListener>>>,
    site: Arc<dyn Site>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = poll_fn(|cx| poll_accept(&listener, cx)) => accepted,
            _ = stopped.wait_for(|stop| *stop) => break,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            None => break,
            Some(Ok(stream)) => {
                connections.spawn(serve_connection(stream, Arc::clone(&site)));
            }
            // Out of file descriptors, or a client that left before it was accepted: both pass.
            Some(Err(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    connections.shutdown().await;
}

fn poll_accept(
    listener: &Mutex<Option<TcpListener>>,
    cx: &mut Context<'_>,
) -> Poll<Option<io::Result<TcpStream>>> {
    match lock(listener).as_ref() {
        Some(listener) => listener
            .poll_accept(cx)
            .map(|accepted| Some(accepted.map(|(stream, _)| stream))),
        None => Poll::Ready(None),
    }
}

async fn serve_connection(stream: TcpStream, site: Arc<dyn Site>) {
    // One write per event should be one segment; without it, only slower.
    let _ = stream.set_nodelay(true);
    let (wire, control) = Wire::new(stream);
    let service = service_fn(move |incoming| answer(incoming, Arc::clone(&site), control.clone()));
    // Errors are the client's leaving or a scripted break; there is nobody to tell.
    let _ = http1::Builder::new()
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(wire), service)
        .await;
}

async fn answer(
    incoming: hyper::Request<Incoming>,
    site: Arc<dyn Site>,
    wire: WireControl,
) -> Result<Reply, Box<dyn std::error::Error + Send + Sync>> {
    let (head, body) = incoming.into_parts();
    let Some(body) = read(body).await? else {
        return Ok(site.too_large(head.uri.path()));
    };
    let request = Request {
        method: head.method,
        segments: http::segments(head.uri.path()),
        path: head.uri.path().to_owned(),
        query: http::query_pairs(head.uri.query().unwrap_or_default()),
        headers: head.headers,
        body,
        wire,
    };
    let reply = site.answer(request).await;
    if Dropped::is(&reply) {
        return Err(Dropped.into());
    }
    Ok(reply)
}

/// The whole body; `None` when it is too long.
async fn read(body: Incoming) -> Result<Option<Bytes>, Box<dyn std::error::Error + Send + Sync>> {
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Ok(None);
    }
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(whole) => Ok(Some(whole.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Ok(None),
        Err(error) => Err(error),
    }
}
