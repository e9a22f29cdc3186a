//! Faults that look at events: what an event is, whatever the vendor, and what may happen to it.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use hyper::header::CONTENT_TYPE;

use super::body::{FILLING, from_pieces, read, sever, stall};
use crate::faults::FaultKind;
use crate::http::{Body, Reply};
use crate::wire::WireControl;

static FILLER: [u8; FILLING] = [b'x'; FILLING];

/// How a stream is divided into events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// Server-sent events: a block that ends with a blank line is an event if it has data.
    Sse,
    /// One JSON text per line.
    Lines,
}

impl Framing {
    /// That of an answer, by its content type; `None` when it is no event stream.
    pub(super) fn of(reply: &Reply) -> Option<Self> {
        let value = reply.headers().get(CONTENT_TYPE)?.to_str().ok()?;
        match value.split(';').next()?.trim() {
            "text/event-stream" => Some(Self::Sse),
            "application/x-ndjson" | "application/jsonl" => Some(Self::Lines),
            _ => None,
        }
    }

    /// The length of the first whole block, looking from `from` on.
    fn block(self, bytes: &[u8], from: usize) -> Option<usize> {
        let mut line_ends = (from..bytes.len()).filter(|at| bytes[*at] == b'\n');
        match self {
            Self::Lines => line_ends.next().map(|at| at + 1),
            Self::Sse => line_ends.find_map(|at| {
                let rest = &bytes[at + 1..];
                [&b"\n"[..], b"\r\n"]
                    .iter()
                    .find(|blank| rest.starts_with(blank))
                    .map(|blank| at + 1 + blank.len())
            }),
        }
    }

    fn is_event(self, block: &[u8]) -> bool {
        match self {
            Self::Lines => !block.trim_ascii().is_empty(),
            Self::Sse => block
                .split(|byte| *byte == b'\n')
                .any(|line| line.starts_with(b"data")),
        }
    }

    /// Something that is no event.
    fn garbage(self) -> Bytes {
        Bytes::from_static(match self {
            Self::Sse => b"!! no field of an event\ndata: {no JSON either\n\n",
            Self::Lines => b"{no JSON\n",
        })
    }

    /// What is before and behind the filling of an event.
    fn around(self) -> (&'static [u8], &'static [u8]) {
        match self {
            Self::Sse => (b"data: ", b"\n\n"),
            Self::Lines => (b"", b"\n"),
        }
    }
}

/// `whole` as `kind` makes it.
pub(super) fn change(whole: Body, framing: Framing, kind: FaultKind, wire: WireControl) -> Body {
    let state = Change {
        source: Some(whole),
        framing,
        buffer: BytesMut::new(),
        seen: 0,
        ended: false,
        out: VecDeque::new(),
        filling: 0,
        events: 0,
        done: false,
        kind,
        wire,
    };
    from_pieces(state, |mut state| async {
        let piece = state.next().await?;
        Some((piece, state))
    })
}

struct Change {
    /// Let go of when the connection breaks, so that the vendor does not go on for nobody.
    source: Option<Body>,
    framing: Framing,
    buffer: BytesMut,
    /// How much of the buffer has no end of a block in it.
    seen: usize,
    ended: bool,
    /// What is to be sent next.
    out: VecDeque<Bytes>,
    /// Behind that, how much of an event that is too large.
    filling: usize,
    /// Events of the vendor's so far.
    events: usize,
    done: bool,
    kind: FaultKind,
    wire: WireControl,
}

impl Change {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(piece) = self.out.pop_front() {
                return Some(piece);
            }
            if self.filling > 0 {
                let piece = self.filling.min(FILLING);
                self.filling -= piece;
                if self.filling == 0 {
                    self.out.push_back(self.framing.around().1.into());
                }
                return Some(Bytes::from_static(&FILLER[..piece]));
            }
            let place = self.kind.place_mut().map_or(0, |place| *place);
            if self.events == place && !self.done {
                self.done = true;
                self.strike().await;
                continue;
            }
            let block = self.block().await?;
            if !self.framing.is_event(&block) {
                return Some(block);
            }
            let before = self.events;
            self.events += 1;
            let hit = |events| before >= place && before - place < events;
            match self.kind {
                FaultKind::SkipEvents { events, .. } if hit(events) => {}
                FaultKind::DuplicateEvents { events, .. } if hit(events) => {
                    self.out.push_back(block.clone());
                    return Some(block);
                }
                _ => return Some(block),
            }
        }
    }

    /// What happens once, after so many events.
    async fn strike(&mut self) {
        match &self.kind {
            FaultKind::CutStream { how, .. } => {
                self.source = None;
                sever(&self.wire, *how).await;
            }
            FaultKind::StallStream { time, .. } => stall(*time).await,
            FaultKind::GarbageEvent { text, .. } => {
                let text = text.clone().map_or(self.framing.garbage(), Bytes::from);
                self.out.push_back(text);
            }
            FaultKind::OversizedEvent { bytes, .. } => {
                self.filling = *bytes;
                self.out.push_back(self.framing.around().0.into());
            }
            _ => {}
        }
    }

    /// The next whole block; at the end what there is.
    async fn block(&mut self) -> Option<Bytes> {
        loop {
            if let Some(end) = self.framing.block(&self.buffer, self.seen) {
                self.seen = 0;
                return Some(self.buffer.split_to(end).freeze());
            }
            // A blank line may be divided between what is there and what comes.
            self.seen = self.buffer.len().saturating_sub(2);
            if self.ended {
                self.seen = 0;
                let rest = self.buffer.split().freeze();
                return (!rest.is_empty()).then_some(rest);
            }
            match read(self.source.as_mut()?).await {
                Some(piece) => self.buffer.extend_from_slice(&piece),
                None => self.ended = true,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_end_with_a_blank_line_and_are_events_if_they_have_data() {
        let sse = Framing::Sse;
        assert_eq!(sse.block(b"data: 1\n\ndata: 2\n\n", 0), Some(9));
        assert_eq!(sse.block(b"data: 1\r\n\r\n", 0), Some(11));
        assert_eq!(sse.block(b"data: 1\ndata: 2\n", 0), None);
        assert!(sse.is_event(b"id: 1\ndata: 2\n\n"));
        assert!(!sse.is_event(b": data\n\n"));
        assert!(!sse.is_event(b"retry: 5\n\n"));
        let lines = Framing::Lines;
        assert_eq!(lines.block(b"{}\n{}\n", 0), Some(3));
        assert!(lines.is_event(b"{}\n"));
        assert!(!lines.is_event(b"\n"));
    }
}
