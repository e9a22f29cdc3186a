//! A server that gives every request the same event stream: half of it, a wait for [`Server::go_on`], and the rest. It
//! runs on a thread of its own, so that its tasks are not the client's.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reliability::vendors::Vendor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

pub(crate) struct Server {
    address: SocketAddr,
    open: Arc<AtomicUsize>,
    go: watch::Sender<u64>,
    closed: mpsc::UnboundedReceiver<()>,
}

/// What every connection needs.
#[derive(Clone)]
struct Part {
    vendor: &'static Vendor,
    events: u64,
    open: Arc<AtomicUsize>,
    go: watch::Receiver<u64>,
    closed: mpsc::UnboundedSender<()>,
}

impl Server {
    /// Serves a vendor's stream with so many events before the wait and behind it.
    pub(crate) fn start(vendor: &'static Vendor, events: u64) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let open = Arc::new(AtomicUsize::new(0));
        let (go, going) = watch::channel(0);
        let (tell, closed) = mpsc::unbounded_channel();
        let part = Part {
            vendor,
            events,
            open: Arc::clone(&open),
            go: going,
            closed: tell,
        };
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    let part = part.clone();
                    // An error is the other side's leaving.
                    tokio::spawn(async move { drop(part.connection(stream).await) });
                }
            });
        });
        Self {
            address,
            open,
            go,
            closed,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Streams that were begun and have not gone on from their wait.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// Lets every stream that waits go on.
    pub(crate) fn go_on(&self) {
        self.go.send_modify(|round| *round += 1);
    }

    /// Ends when so many streams were closed by the client before their end.
    pub(crate) async fn closed(&mut self, count: usize) {
        for _ in 0..count {
            self.closed.recv().await.unwrap();
        }
    }
}

impl Part {
    async fn connection(mut self, mut stream: TcpStream) -> io::Result<()> {
        let mut buffer = Vec::with_capacity(512);
        loop {
            buffer.clear();
            while !buffer.windows(4).any(|four| four == b"\r\n\r\n") {
                if stream.read_buf(&mut buffer).await? == 0 {
                    return Ok(());
                }
            }
            let head = String::from_utf8_lossy(&buffer);
            let path = head.split(' ').nth(1).unwrap_or_default();
            match self.vendor.token(path) {
                Some(token) => {
                    let token = token.to_string();
                    let length = token.len();
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
                    stream.write_all((head + &token).as_bytes()).await?;
                }
                None => return self.events(stream).await,
            }
        }
    }

    async fn events(&mut self, mut stream: TcpStream) -> io::Result<()> {
        // Before anything is sent: the client may have read it all before this thread does another step.
        self.open.fetch_add(1, Ordering::SeqCst);
        let left = self.first_half(&mut stream).await;
        self.open.fetch_sub(1, Ordering::SeqCst);
        if left? {
            let _ = self.closed.send(());
            return Ok(());
        }
        self.rest(&mut stream).await
    }

    /// Sends events and waits; `true` if the client leaves before it may go on.
    async fn first_half(&mut self, stream: &mut TcpStream) -> io::Result<bool> {
        let round = *self.go.borrow_and_update();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).await?;
        let event = self.vendor.event;
        for number in 1..=self.events {
            chunk(stream, &event(number)).await?;
        }
        let mut byte = [0];
        Ok(tokio::select! {
            _ = self.go.wait_for(|now| *now > round) => false,
            _ = stream.read(&mut byte) => true,
        })
    }

    async fn rest(&self, stream: &mut TcpStream) -> io::Result<()> {
        for number in self.events + 1..=2 * self.events {
            chunk(stream, &(self.vendor.event)(number)).await?;
        }
        chunk(stream, &(self.vendor.last)(2 * self.events + 1)).await?;
        stream.write_all(b"0\r\n\r\n").await
    }
}

async fn chunk(stream: &mut TcpStream, text: &str) -> io::Result<()> {
    let piece = format!("{:x}\r\n{text}\r\n", text.len());
    stream.write_all(piece.as_bytes()).await
}
