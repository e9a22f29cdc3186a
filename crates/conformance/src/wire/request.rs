//! Reads one HTTP/1.1 request from a connection, raw: path, query, headers and body as they came.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::compare::request::Received;

const MOST_HEADERS: usize = 256;

/// The next request; none if the client closed the connection before one began.
pub async fn read(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
    server: &str,
) -> io::Result<Option<Received>> {
    let mut request = loop {
        if let Some(request) = head(buffer, server)? {
            break request;
        }
        if stream.read_buf(buffer).await? == 0 {
            return if buffer.is_empty() {
                Ok(None)
            } else {
                Err(io::ErrorKind::UnexpectedEof.into())
            };
        }
    };
    let header = |name: &str| {
        let header = request.headers.iter().find(|(own, _)| own == name);
        header.map(|(_, value)| value.as_str())
    };
    request.body = if header("transfer-encoding").is_some() {
        chunked(stream, buffer).await?
    } else {
        let length = header("content-length").unwrap_or("0");
        let length = length.parse().map_err(invalid)?;
        exactly(stream, buffer, length).await?
    };
    Ok(Some(request))
}

/// Takes a whole request head from the buffer, if it has one.
fn head(buffer: &mut BytesMut, server: &str) -> io::Result<Option<Received>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let length = match parsed.parse(buffer).map_err(invalid)? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial => return Ok(None),
    };
    let target = origin_form(parsed.path.unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let received = Received {
        server: server.to_owned(),
        method: parsed.method.unwrap_or_default().to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: parsed
            .headers
            .iter()
            .map(|header| {
                let value = String::from_utf8_lossy(header.value).into_owned();
                (header.name.to_ascii_lowercase(), value)
            })
            .collect(),
        body: Bytes::new(),
    };
    buffer.advance(length);
    Ok(Some(received))
}

/// The target without scheme and host, which clients write only to proxies.
fn origin_form(target: &str) -> &str {
    let Some((_, rest)) = target
        .split_once("://")
        .filter(|_| !target.starts_with('/'))
    else {
        return target;
    };
    rest.find(['/', '?']).map_or("/", |at| &rest[at..])
}

async fn exactly(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
    length: usize,
) -> io::Result<Bytes> {
    while buffer.len() < length {
        more(stream, buffer).await?;
    }
    Ok(buffer.split_to(length).freeze())
}

async fn chunked(stream: &mut TcpStream, buffer: &mut BytesMut) -> io::Result<Bytes> {
    let mut body = BytesMut::new();
    loop {
        let size = line(stream, buffer).await?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(invalid)?;
        if size == 0 {
            // Trailers, up to the empty line.
            while !line(stream, buffer).await?.is_empty() {}
            return Ok(body.freeze());
        }
        body.extend_from_slice(&exactly(stream, buffer, size).await?);
        line(stream, buffer).await?;
    }
}

async fn line(stream: &mut TcpStream, buffer: &mut BytesMut) -> io::Result<String> {
    let end = loop {
        match buffer.windows(2).position(|pair| pair == b"\r\n") {
            Some(end) => break end,
            None => more(stream, buffer).await?,
        }
    };
    let line = buffer.split_to(end);
    buffer.advance(2);
    Ok(String::from_utf8_lossy(&line).into_owned())
}

async fn more(stream: &mut TcpStream, buffer: &mut BytesMut) -> io::Result<()> {
    if stream.read_buf(buffer).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

fn invalid(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_taken_raw() {
        let text = "POST /a%2Fb?x=%20&y HTTP/1.1\r\nHost: h\r\nX-A:  v \r\n\r\nrest";
        for cut in 0..text.len() - 4 {
            let mut part = BytesMut::from(&text[..cut]);
            assert!(head(&mut part, "api").unwrap().is_none(), "{cut}");
        }
        let mut buffer = BytesMut::from(text);
        let request = head(&mut buffer, "vault").unwrap().unwrap();
        assert_eq!(request.method, "POST");
        assert_eq!(request.server, "vault");
        assert_eq!(request.path, "/a%2Fb");
        assert_eq!(request.query, "x=%20&y");
        assert_eq!(request.headers[1], ("x-a".to_owned(), "v".to_owned()));
        assert_eq!(&buffer[..], b"rest");
    }

    #[test]
    fn the_absolute_form_loses_its_origin() {
        assert_eq!(origin_form("http://h:1/p?q"), "/p?q");
        assert_eq!(origin_form("http://h:1"), "/");
        assert_eq!(origin_form("/p?u=http://h/"), "/p?u=http://h/");
    }
}
