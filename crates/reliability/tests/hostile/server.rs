//! A server that answers every request with the same attack, from threads and with hardly any memory of its own.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reliability::vendors::Vendor;

/// Writes an answer, until it is done or the other side hangs up.
pub(crate) type Answer = fn(&mut Out) -> io::Result<()>;

pub(crate) struct Server {
    address: SocketAddr,
    sent: Arc<AtomicU64>,
}

impl Server {
    /// Answers everything so, but requests for a token.
    pub(crate) fn start(vendor: &'static Vendor, answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let sent = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&sent);
        // They live as long as the process: a thread that waits costs nothing.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let sent = Arc::clone(&count);
                std::thread::spawn(move || connection(stream, vendor, answer, &sent));
            }
        });
        Self { address, sent }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Bytes of the longest answer so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

/// One answer on its way.
pub(crate) struct Out {
    stream: TcpStream,
    count: u64,
}

impl Out {
    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        self.bytes(text.as_bytes())
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.count += bytes.len() as u64;
        Ok(())
    }

    /// `piece` again and again, `total` bytes or a little more.
    pub(crate) fn flood(&mut self, piece: &[u8], total: u64) -> io::Result<()> {
        let block = piece.repeat((64 << 10) / piece.len() + 1);
        let end = self.count + total;
        while self.count < end {
            self.bytes(&block)?;
        }
        Ok(())
    }
}

fn connection(mut stream: TcpStream, vendor: &Vendor, answer: Answer, sent: &AtomicU64) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.ends_with(b"\r\n\r\n") && !request.windows(4).any(|w| w == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(1..) => request.extend_from_slice(&buffer),
            _ => return,
        }
    }
    let mut out = Out { stream, count: 0 };
    let head = String::from_utf8_lossy(&request);
    let path = head.split(' ').nth(1).unwrap_or_default();
    let given = vendor.token(path).map(|token| token.to_string());
    if let Some(token) = given {
        let length = token.len();
        let head =
            format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
        let _ = out.text(&(head + &token));
        return;
    }
    // An error is the other side's leaving.
    let _ = answer(&mut out);
    sent.fetch_max(out.count, Ordering::SeqCst);
    // What is left of the request is taken, so that closing does not reset what was sent.
    let _ = out.stream.shutdown(std::net::Shutdown::Write);
    while matches!(out.stream.read(&mut buffer), Ok(1..)) {}
}
