//! A small HTTP/1.1 client over one socket per request. It adds no header but `host`, `content-length` and
//! `connection`, and it tells a body that ended from one that broke off.

use std::io;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("no JSON ({error}): {}", String::from_utf8_lossy(&self.body))
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// An answer whose body is read chunk by chunk.
pub(crate) struct Stream {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    socket: BufReader<TcpStream>,
}

/// Sends one request, `url` with its host and path, and reads the head of the answer.
pub(crate) async fn open(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
) -> io::Result<Stream> {
    let (host, path) = split(url);
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head += &[name, ": ", value, "\r\n"].concat();
    }
    if let Some(body) = body {
        head += &["content-length: ", &body.len().to_string(), "\r\n"].concat();
    }
    head += "\r\n";
    let mut socket = TcpStream::connect(host).await?;
    socket.write_all(head.as_bytes()).await?;
    socket.write_all(body.unwrap_or_default()).await?;
    let mut socket = BufReader::new(socket);
    let first = line(&mut socket).await?;
    let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
    let mut headers = Vec::new();
    loop {
        let next = line(&mut socket).await?;
        match next.split_once(':') {
            Some((name, value)) => headers.push((name.to_lowercase(), value.trim().to_owned())),
            None => break,
        }
    }
    Ok(Stream {
        status: status.ok_or_else(|| broken("no status line"))?,
        headers,
        socket,
    })
}

/// Sends one request and reads the whole answer.
pub(crate) async fn send(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
) -> Answer {
    let mut stream = open(method, url, headers, body).await.unwrap();
    let mut whole = Vec::new();
    if stream.is_chunked() {
        while let Some(chunk) = stream.next().await.unwrap() {
            whole.extend(chunk);
        }
    } else {
        stream.socket.read_to_end(&mut whole).await.unwrap();
    }
    Answer {
        status: stream.status,
        headers: stream.headers,
        body: whole,
    }
}

/// The same with JSON, if there is any; its content type is the caller's to name.
pub(crate) async fn send_json(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Answer {
    let body = body.map(ToString::to_string);
    send(method, url, headers, body.as_deref().map(str::as_bytes)).await
}

impl Stream {
    pub(crate) fn is_chunked(&self) -> bool {
        self.headers
            .contains(&("transfer-encoding".to_owned(), "chunked".to_owned()))
    }

    /// The next chunk of a chunked body; `None` at its terminator; an error when it breaks off.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        assert!(self.is_chunked(), "{:?}", self.headers);
        let size = line(&mut self.socket).await?;
        let size = usize::from_str_radix(&size, 16).map_err(|_| broken("no chunk size"))?;
        let mut chunk = vec![0; size + 2];
        self.socket.read_exact(&mut chunk).await?;
        assert_eq!(&chunk[size..], b"\r\n");
        chunk.truncate(size);
        Ok((size > 0).then_some(chunk))
    }
}

async fn line(socket: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut bytes = Vec::new();
    socket.read_until(b'\n', &mut bytes).await?;
    match bytes.strip_suffix(b"\r\n") {
        Some(line) => Ok(String::from_utf8_lossy(line).into_owned()),
        None => Err(broken("the connection ended in a line")),
    }
}

fn broken(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, why)
}

/// Host and path (with query) of `http://host/path`.
fn split(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap();
    match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    }
}
