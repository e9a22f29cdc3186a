//! Faults that look at nothing but bytes.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::unfold;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;

use crate::faults::{Break, FaultKind};
use crate::http::Body;
use crate::wire::WireControl;

/// The pieces in which a body or an event is filled up.
pub(super) const FILLING: usize = 64 << 10;

static SPACES: [u8; FILLING] = [b' '; FILLING];

/// A body from something that gives one piece after the other.
pub(super) fn from_pieces<S: Send + 'static, F>(
    state: S,
    next: impl Fn(S) -> F + Send + 'static,
) -> Body
where
    F: Future<Output = Option<(Bytes, S)>> + Send + 'static,
{
    let frames = unfold((state, next), |(state, next)| async move {
        let (piece, state) = next(state).await?;
        Some((Ok::<_, Infallible>(Frame::data(piece)), (state, next)))
    });
    BodyExt::boxed_unsync(StreamBody::new(frames))
}

/// The next piece of a body that is not empty.
pub(super) async fn read(body: &mut Body) -> Option<Bytes> {
    loop {
        let frame = body.frame().await?;
        let Ok(frame) = frame;
        match frame.into_data() {
            Ok(data) if !data.is_empty() => return Some(data),
            _ => {}
        }
    }
}

/// Orders the connection to break. The body it is called in ends with it: this never returns.
pub(super) async fn sever(wire: &WireControl, how: Break) {
    wire.break_when_flushed(how);
    std::future::pending::<()>().await;
}

/// Waits for so long, or for ever.
pub(super) async fn stall(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// `whole` as `kind` makes it.
pub(super) fn change(whole: Body, kind: FaultKind, wire: WireControl) -> Body {
    let state = Change {
        source: Some(whole),
        rest: Bytes::new(),
        sent: 0,
        done: false,
        kind,
        wire,
    };
    from_pieces(state, |mut state| async {
        let piece = state.next().await?;
        state.sent += piece.len();
        Some((piece, state))
    })
}

struct Change {
    /// Let go of when the connection breaks, so that the vendor does not go on for nobody.
    source: Option<Body>,
    /// Read, and not yet passed on.
    rest: Bytes,
    sent: usize,
    done: bool,
    kind: FaultKind,
    wire: WireControl,
}

impl Change {
    async fn next(&mut self) -> Option<Bytes> {
        match self.kind {
            FaultKind::CutBody { after_bytes, how } => {
                if self.sent == after_bytes {
                    self.sever(how).await;
                }
                self.up_to(after_bytes).await
            }
            FaultKind::StallBody { after_bytes, time } => {
                if self.sent == after_bytes && !self.done {
                    self.done = true;
                    stall(time).await;
                }
                self.up_to(after_bytes).await
            }
            FaultKind::Drip { bytes, every } => {
                if self.sent > 0 {
                    // Before reading on, so that the end also comes late.
                    tokio::time::sleep(every).await;
                }
                self.at_most(bytes.max(1)).await
            }
            FaultKind::NoTerminator | FaultKind::LongLength { .. } => {
                let piece = self.at_most(usize::MAX).await;
                if piece.is_none() {
                    self.sever(Break::Close).await;
                }
                piece
            }
            FaultKind::OversizedBody { bytes, .. } => {
                if let Some(piece) = self.at_most(usize::MAX).await {
                    return Some(piece);
                }
                let missing = bytes.saturating_sub(self.sent).min(FILLING);
                (missing > 0).then(|| Bytes::from_static(&SPACES[..missing]))
            }
            _ => self.at_most(usize::MAX).await,
        }
    }

    /// The next piece, divided where `place` bytes have been sent.
    async fn up_to(&mut self, place: usize) -> Option<Bytes> {
        let left = place.saturating_sub(self.sent);
        self.at_most(if left == 0 { usize::MAX } else { left })
            .await
    }

    async fn at_most(&mut self, bytes: usize) -> Option<Bytes> {
        if self.rest.is_empty() {
            let Some(piece) = read(self.source.as_mut()?).await else {
                // Not every body can be asked again behind its end.
                self.source = None;
                return None;
            };
            self.rest = piece;
        }
        Some(self.rest.split_to(bytes.min(self.rest.len())))
    }

    async fn sever(&mut self, how: Break) {
        self.source = None;
        sever(&self.wire, how).await;
    }
}
