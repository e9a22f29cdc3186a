//! Writes a scripted answer to a connection byte by byte: framing, waits, and every way to end.

use std::fmt::Write as _;
use std::future::pending;
use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::script::Turn;
use crate::script::plan::{Framing, Plan};
use crate::vector::End;

/// A reset may overtake bytes that the client has not read yet. Client and server share one thread, so the client
/// reads as soon as the server sleeps; this is a margin, not a race that is hoped to be won.
const BEFORE_RESET: Duration = Duration::from_millis(20);

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It takes the next request.
    Request,
    /// It is closed.
    Close,
}

/// Plays one exchange. An error means that the client left.
pub async fn play(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
    turn: &Turn,
    head_only: bool,
) -> io::Result<Next> {
    let Some(plan) = turn.plan() else {
        turn.finish();
        return Ok(Next::Close);
    };
    wait(stream, buffer, plan.stall).await?;
    stream.write_all(head(&plan).as_bytes()).await?;
    if plan.framing != Framing::Nothing && !head_only {
        for (index, piece) in plan.chunks.iter().enumerate() {
            if index > 0 {
                wait(stream, buffer, plan.gap).await?;
            }
            if plan.framing == Framing::Chunked {
                let size = format!("{:x}\r\n", piece.len());
                let framed = [size.as_bytes(), piece, b"\r\n"].concat();
                stream.write_all(&framed).await?;
            } else {
                stream.write_all(piece).await?;
            }
        }
    }
    match plan.end {
        End::Close => {
            if plan.framing == Framing::Chunked && !head_only {
                stream.write_all(b"0\r\n\r\n").await?;
            }
            turn.finish();
            return Ok(Next::Request);
        }
        End::Open => match plan.open {
            None => until_gone(stream, buffer).await?,
            Some(open) => wait(stream, buffer, open).await?,
        },
        End::Truncate => {}
        End::Reset => {
            sleep(BEFORE_RESET).await;
            stream.set_zero_linger()?;
        }
    }
    turn.finish();
    Ok(Next::Close)
}

/// Answers a request for which the script has nothing.
pub async fn beyond(stream: &mut TcpStream) -> io::Result<()> {
    let text = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 17\r\n\r\nnot in the script";
    stream.write_all(text.as_bytes()).await
}

fn head(plan: &Plan) -> String {
    let mut head = format!("HTTP/1.1 {} {}\r\n", plan.status, plan.reason());
    for (name, value) in &plan.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    match plan.framing {
        Framing::Nothing => {}
        Framing::Length(length) => {
            let _ = write!(head, "content-length: {length}\r\n");
        }
        Framing::Chunked => head.push_str("transfer-encoding: chunked\r\n"),
    }
    head.push_str("\r\n");
    head
}

/// Waits, unless the client leaves meanwhile.
async fn wait(stream: &mut TcpStream, buffer: &mut BytesMut, time: Duration) -> io::Result<()> {
    if time.is_zero() {
        return Ok(());
    }
    tokio::select! {
        () = sleep(time) => Ok(()),
        gone = until_gone(stream, buffer) => gone,
    }
}

/// Reads until the client closes the connection. That is always an error: it left before the server was done.
async fn until_gone(stream: &mut TcpStream, buffer: &mut BytesMut) -> io::Result<()> {
    loop {
        if buffer.len() > 1 << 20 {
            return pending().await;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
    }
}
