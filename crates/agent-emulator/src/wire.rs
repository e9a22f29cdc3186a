//! The socket under each connection, with a handle by which a fault takes hold of it.
//!
//! What a fault is and when it strikes is in `faults.rs`; here is only how bytes stop flowing.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::faults::Break;
use crate::sync::lock;

/// A TCP connection that can be told to break.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    control: WireControl,
}

/// Reaches the [`Wire`] of the connection that a request came in on.
#[derive(Debug, Clone, Default)]
pub(crate) struct WireControl(Arc<Mutex<Option<Break>>>);

impl WireControl {
    /// Breaks the connection as soon as everything written so far has been handed to the kernel.
    pub(crate) fn break_when_flushed(&self, how: Break) {
        *lock(&self.0) = Some(how);
    }

    fn armed(&self) -> Option<Break> {
        *lock(&self.0)
    }
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> (Self, WireControl) {
        let control = WireControl::default();
        let wire = Self {
            stream,
            control: control.clone(),
        };
        (wire, control)
    }

    fn snap(&self, how: Break) -> io::Error {
        if how == Break::Reset {
            // Without lingering, closing the socket sends RST; should that fail, FIN breaks the body just as well.
            let _ = self.stream.set_zero_linger();
        }
        io::Error::new(
            io::ErrorKind::ConnectionAborted,
            "broken by a scripted fault",
        )
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called by hyper once its own buffer is empty, so nothing that was sent before the break is lost.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_flush(cx) {
            Poll::Ready(Ok(())) => match self.control.armed() {
                Some(how) => Poll::Ready(Err(self.snap(how))),
                None => Poll::Ready(Ok(())),
            },
            other => other,
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
