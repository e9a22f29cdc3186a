//! What a socket hears: every byte of an answer, when it came, and how the connection ended.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::support::Api;

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The server closed it.
    Fin,
    /// The server reset it.
    Reset,
    /// It did not: nothing came for as long as there was patience.
    Silence,
}

/// What was heard.
#[derive(Debug)]
pub(crate) struct Heard {
    /// Status line and headers, in lower case; everything, if it is not HTTP.
    pub(crate) head: String,
    /// Every byte behind the head.
    pub(crate) body: Vec<u8>,
    pub(crate) end: End,
    /// When which bytes came, counted from the request.
    pub(crate) pieces: Vec<(Duration, usize)>,
}

impl Heard {
    pub(crate) fn status(&self) -> u16 {
        let status = self.head.split(' ').nth(1).unwrap_or_default();
        status.parse().unwrap_or_else(|_| panic!("{}", self.head))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The content of the chunks that are whole, and whether the terminator came.
    pub(crate) fn chunks(&self) -> (Vec<Vec<u8>>, bool) {
        assert_eq!(self.header("transfer-encoding"), Some("chunked"));
        let (mut rest, mut chunks) = (&self.body[..], Vec::new());
        while let Some(at) = rest.windows(2).position(|pair| pair == b"\r\n") {
            let size = std::str::from_utf8(&rest[..at]).unwrap();
            let size = usize::from_str_radix(size, 16).unwrap();
            let Some(chunk) = rest.get(at + 2..at + 2 + size) else {
                break;
            };
            if size == 0 {
                return (chunks, true);
            }
            chunks.push(chunk.to_vec());
            rest = &rest[at + 2 + size + 2..];
        }
        (chunks, false)
    }
}

/// A connection with a request on it.
pub(crate) struct Ear {
    pub(crate) socket: TcpStream,
    asked: Instant,
}

/// Sends an authorized request that asks for the connection to be closed afterwards.
pub(crate) async fn ask(api: &Api, method: &str, path: &str, body: Option<&str>) -> Ear {
    let url = format!("{}{path}", api.trelent.base_url());
    ask_url(&url, method, &api.token, body).await
}

pub(crate) async fn ask_url(url: &str, method: &str, token: &str, body: Option<&str>) -> Ear {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut head = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\naccept: */*, text/event-stream\r\n"
    );
    if !token.is_empty() {
        head += &["authorization: Bearer ", token, "\r\n"].concat();
    }
    if let Some(body) = body {
        let length = body.len().to_string();
        head += &[
            "content-type: application/json\r\ncontent-length: ",
            &length,
            "\r\n",
        ]
        .concat();
    }
    let mut socket = TcpStream::connect(host).await.unwrap();
    let request = format!("{head}\r\n{}", body.unwrap_or_default());
    socket.write_all(request.as_bytes()).await.unwrap();
    let asked = Instant::now();
    Ear { socket, asked }
}

impl Ear {
    /// Listens until the connection ends or nothing comes for ten minutes of tokio's time.
    pub(crate) async fn hear(&mut self) -> Heard {
        let mut bytes = vec![0; 1 << 20];
        let (mut all, mut pieces) = (Vec::new(), Vec::new());
        let end = loop {
            match timeout(Duration::from_secs(600), self.socket.read(&mut bytes)).await {
                Ok(Ok(0)) => break End::Fin,
                Ok(Ok(n)) => {
                    pieces.push((self.asked.elapsed(), n));
                    all.extend_from_slice(&bytes[..n]);
                }
                Ok(Err(error)) if error.kind() == ErrorKind::ConnectionReset => break End::Reset,
                Ok(Err(error)) => panic!("{error}"),
                Err(_) => break End::Silence,
            }
        };
        let at = all.windows(4).position(|four| four == b"\r\n\r\n");
        let body = at.map_or(all.len(), |at| at + 4);
        Heard {
            head: String::from_utf8_lossy(&all[..body]).to_lowercase(),
            body: all.split_off(body),
            end,
            pieces,
        }
    }
}

/// Asks and listens.
pub(crate) async fn get(api: &Api, path: &str) -> Heard {
    ask(api, "GET", path, None).await.hear().await
}
