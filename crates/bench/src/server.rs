//! The other side: a server in a process of its own, so that its work is not counted.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A running server; it ends with this value.
pub(crate) struct Server {
    child: Child,
    /// Its base URL.
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start() -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut child = Command::new(program)
            .arg("serve")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped"))
            .read_line(&mut line)
            .expect("it tells its address");
        Self {
            child,
            url: line.trim().to_owned(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server's own process: `bench serve`.
pub fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        println!("http://{address}");
        std::io::stdout().flush().expect("it is read");
        loop {
            if let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream));
            }
        }
    });
}

/// Answers requests on one connection: JSON, or an event stream as its path says
/// (`/runs/{events}-{batch}-{idle}/events`).
async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
        buffer.drain(..end);
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        if let Some(id) = path
            .strip_prefix("/runs/")
            .and_then(|p| p.strip_suffix("/events"))
        {
            let mut numbers = id.split('-').map(|n| n.parse().unwrap_or(0_usize));
            let (events, batch, idle) = (
                numbers.next().unwrap_or(0),
                numbers.next().unwrap_or(1),
                numbers.next().unwrap_or(0),
            );
            return send_events(stream, events, batch.max(1), idle > 0).await;
        }
        let body = r#"{"run_id":"run_1","status":"running"}"#;
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await?;
    }
}

async fn send_events(
    mut stream: TcpStream,
    events: usize,
    batch: usize,
    idle: bool,
) -> std::io::Result<()> {
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        .await?;
    let event = format!("data: {}\n\n", "x".repeat(92));
    let frame = event.repeat(batch);
    let chunk = format!("{:x}\r\n{frame}\r\n", frame.len());
    // As many HTTP chunks per write as a busy server would send.
    let per_write = (16_384 / chunk.len()).max(1);
    let mut left = events.div_ceil(batch);
    while left > 0 {
        let now = left.min(per_write);
        stream.write_all(chunk.repeat(now).as_bytes()).await?;
        left -= now;
    }
    if idle {
        // Until the client has enough.
        let _ = stream.read(&mut [0; 1]).await;
        return Ok(());
    }
    stream.write_all(b"0\r\n\r\n").await
}
