//! The socket under each connection, with a handle by which a fault takes hold of it.
//!
//! What a fault is and when it strikes is in `faults.rs`; here is only how bytes stop flowing, or others flow instead.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
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
pub(crate) struct WireControl(Arc<Mutex<Orders>>);

#[derive(Debug, Default)]
struct Orders {
    end: Option<Break>,
    /// What is left to be sent in place of everything else.
    instead: Option<Bytes>,
}

impl WireControl {
    /// Breaks the connection as soon as everything written so far has been handed to the kernel.
    pub(crate) fn break_when_flushed(&self, how: Break) {
        lock(&self.0).end = Some(how);
    }

    /// From now on, what is written is thrown away; `bytes` are sent in its place, then the connection is closed.
    pub(crate) fn send_instead(&self, bytes: Bytes) {
        let mut orders = lock(&self.0);
        orders.instead = Some(bytes);
        orders.end = Some(Break::Close);
    }

    fn end(&self) -> Option<Break> {
        lock(&self.0).end
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

    /// Carries out an order to end the connection, once it may be carried out. Half open, nothing wakes it again.
    fn poll_end(&self) -> Poll<io::Result<()>> {
        match self.control.end() {
            None => Poll::Ready(Ok(())),
            Some(Break::HalfOpen) => Poll::Pending,
            Some(Break::Close | Break::Reset) => Poll::Ready(Err(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "broken by a scripted fault",
            ))),
        }
    }

    /// Sends what goes in place of everything else. Ready with false when there is no such order.
    fn poll_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let control = self.control.clone();
        let mut orders = lock(&control.0);
        let Some(bytes) = &mut orders.instead else {
            return Poll::Ready(Ok(false));
        };
        while !bytes.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
            bytes.advance(written);
        }
        Poll::Ready(Ok(true))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.control.end() == Some(Break::Reset) {
            // Without lingering, closing the socket sends RST; should that fail, FIN breaks the body just as well.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.control.end() == Some(Break::HalfOpen) {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if ready!(self.poll_instead(cx))? {
            return Poll::Ready(Ok(buf.len()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if ready!(self.poll_instead(cx))? {
            return Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()));
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called by hyper once its own buffer is empty, so nothing that was sent before the break is lost.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(cx))?;
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.poll_end()
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_end())?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
