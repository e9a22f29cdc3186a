//! The smallest HTTP/1.1 client that tells a finished answer from a broken one: one connection per request.

use std::fmt::Write as _;

use agent_core::transport::{RequestBody, ResponseBody, TransportError, TransportPhase};
use agent_core::{BoxFuture, Transport};
use bytes::{Buf, Bytes, BytesMut};
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A transport over a socket.
#[derive(Debug)]
pub(crate) struct ByHand;

impl Transport for ByHand {
    fn send(
        &self,
        request: http::Request<RequestBody>,
    ) -> BoxFuture<'static, Result<http::Response<ResponseBody>, TransportError>> {
        Box::pin(async move {
            let authority = request.uri().authority().unwrap().as_str().to_owned();
            let mut stream = TcpStream::connect(authority)
                .await
                .map_err(|error| broken(TransportPhase::Connect, &error))?;
            stream
                .write_all(&written(&request))
                .await
                .map_err(|error| broken(TransportPhase::Request, &error))?;
            answer(stream).await
        })
    }
}

fn broken(phase: TransportPhase, error: &dyn std::fmt::Display) -> TransportError {
    TransportError::new(phase, error.to_string())
}

fn written(request: &http::Request<RequestBody>) -> Vec<u8> {
    let target = request.uri().path_and_query().unwrap();
    let mut head = format!("{} {target} HTTP/1.1\r\nHost: h\r\n", request.method());
    for (name, value) in request.headers() {
        write!(head, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
    }
    // Both ways of framing a body are used, so that the server reads both.
    let body = request.body().to_bytes();
    if body.is_empty() {
        head += "\r\n";
        return head.into_bytes();
    }
    write!(
        head,
        "Transfer-Encoding: chunked\r\n\r\n{:x}\r\n",
        body.len()
    )
    .unwrap();
    [head.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat()
}

async fn answer(mut stream: TcpStream) -> Result<http::Response<ResponseBody>, TransportError> {
    let mut buffer = BytesMut::new();
    let (status, length, chunked) = loop {
        match stream.read_buf(&mut buffer).await {
            Ok(0) => return Err(broken(TransportPhase::Request, &"closed")),
            Ok(_) => {}
            Err(error) => return Err(broken(TransportPhase::Request, &error)),
        }
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(end) = head.parse(&buffer).unwrap() else {
            continue;
        };
        let find = |name: &str| head.headers.iter().find(|header| header.name == name);
        let length = find("content-length")
            .map(|header| std::str::from_utf8(header.value).unwrap().parse().unwrap());
        let chunked = find("transfer-encoding").is_some();
        let status = head.code.unwrap();
        buffer.advance(end);
        break (status, length.unwrap_or(0), chunked);
    };
    let body = Body {
        stream,
        buffer,
        left: length,
        chunked,
        over: false,
    };
    let pieces = stream::unfold(body, |mut body| async move {
        let piece = body.piece().await?;
        Some((piece, body))
    });
    let response = http::Response::builder().status(status);
    Ok(response.body(ResponseBody::from_stream(pieces)).unwrap())
}

struct Body {
    stream: TcpStream,
    buffer: BytesMut,
    left: usize,
    chunked: bool,
    over: bool,
}

impl Body {
    async fn piece(&mut self) -> Option<Result<Bytes, TransportError>> {
        loop {
            if self.over || !self.chunked && self.left == 0 {
                return None;
            }
            let ready = if self.chunked {
                self.chunk()
            } else {
                let most = self.buffer.len().min(self.left);
                self.left -= most;
                (most > 0).then(|| self.buffer.split_to(most).freeze())
            };
            if self.over {
                return None;
            }
            if let Some(piece) = ready {
                return Some(Ok(piece));
            }
            let error = match self.stream.read_buf(&mut self.buffer).await {
                Ok(0) => broken(TransportPhase::Body, &"closed"),
                Ok(_) => continue,
                Err(error) => broken(TransportPhase::Body, &error),
            };
            self.over = true;
            return Some(Err(error));
        }
    }

    /// A whole chunk, if the buffer has one.
    fn chunk(&mut self) -> Option<Bytes> {
        let end = self.buffer.windows(2).position(|pair| pair == b"\r\n")?;
        let size = std::str::from_utf8(&self.buffer[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if self.buffer.len() < end + size + 4 {
            return None;
        }
        self.over = size == 0;
        self.buffer.advance(end + 2);
        let piece = self.buffer.split_to(size).freeze();
        self.buffer.advance(2);
        Some(piece)
    }
}
