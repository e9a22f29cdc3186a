//! Our decoder beside `sse-stream` and `eventsource-stream`, on generated streams in any chunks: they agree, or differ
//! in a way that is listed and explained here. Any other difference fails.
//!
//! All known differences have one form: some bytes of the stream do not count for the peer. So a row of the lists tells
//! from the bytes alone how many do count, and what the peer then makes of the whole stream must be exactly what ours
//! makes of these. Times for reconnecting are not compared: each of the three tells them for another moment.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::cell::Cell;
use std::convert::Infallible;
use std::panic::catch_unwind;

use agent_core::sse::Decoder;
use bytes::Bytes;
use eventsource_stream::Eventsource as _;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use properties::{check, cut, event_stream};
use proptest::prelude::*;

const CASES: u32 = 2_000;

/// An event as a peer can tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Event {
    name: String,
    data: String,
    /// The block's own id; `eventsource-stream` does not tell it.
    own_id: Option<String>,
    last_id: String,
}

/// What a decoder made of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// The events, and whether it gave up with an error after them.
    Events(Vec<Event>, bool),
    Panic,
}

/// How a peer ends when it meets a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Quiet,
    Error,
    Panic,
}

/// One known difference of a peer.
struct Difference {
    why: &'static str,
    /// A stream in which it shows.
    example: &'static [u8],
    /// How many bytes of the stream count for the peer, and how it ends, if the difference shows.
    counts: fn(&[u8]) -> Option<(usize, End)>,
}

/// A peer, and all that is known to be different.
struct Peer {
    decode: fn(&[Bytes]) -> Outcome,
    /// Whether it tells a block's own id.
    own_ids: bool,
    /// In the order in which they show.
    differences: &'static [Difference],
}

const SSE_STREAM: Peer = Peer {
    decode: sse_stream,
    own_ids: true,
    differences: &[Difference {
        why: "a value of data, event, id or retry that is not UTF-8 ends the stream with an error; the standard replaces the bytes",
        example: b"data: \xFF\n\ndata: next\n\n",
        counts: first_invalid_line,
    }],
};

const EVENTSOURCE: Peer = Peer {
    decode: eventsource,
    own_ids: false,
    differences: &[
        Difference {
            why: "it panics on a leading byte order mark, of which it cuts off one byte of three",
            example: b"\xEF\xBB\xBFdata: a\n\n",
            counts: |stream| {
                let marked = stream.starts_with(b"\xEF\xBB\xBF");
                marked.then_some((0, End::Panic))
            },
        },
        Difference {
            why: "what follows the first byte that is not UTF-8 is held back to the end, which is an error; the standard replaces it",
            example: b"data: a\n\ndata: \xFF\n\ndata: next\n\n",
            counts: |stream| {
                let error = std::str::from_utf8(stream).err()?;
                Some((error.valid_up_to(), End::Error))
            },
        },
        Difference {
            why: "it waits for the byte behind a CR, so that one at the very end ends no line",
            example: b"data: a\r\r",
            counts: |stream| {
                let (last, rest) = stream.split_last()?;
                (*last == b'\r').then_some((rest.len(), End::Quiet))
            },
        },
    ],
};

/// Where the first finished line begins whose value `sse-stream` reads and that is not UTF-8.
fn first_invalid_line(stream: &[u8]) -> Option<(usize, End)> {
    let mut start = 0;
    while let Some(length) = stream[start..]
        .iter()
        .position(|byte| matches!(byte, b'\r' | b'\n'))
    {
        let line = &stream[start..start + length];
        let text = if start == 0 {
            line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line)
        } else {
            line
        };
        let mut parts = text.splitn(2, |byte| *byte == b':');
        let (name, value) = (parts.next(), parts.next().unwrap_or_default());
        let read = match name {
            Some(b"data" | b"event" | b"retry") => true,
            Some(b"id") => !value.contains(&0),
            _ => false,
        };
        if read && std::str::from_utf8(value).is_err() {
            return Some((start, End::Error));
        }
        start += length + 1;
    }
    None
}

/// What the peer has to make of `stream` by what ours makes of it; calls `shows` with the rows that explain a
/// difference.
fn expected(peer: &Peer, stream: &[u8], chunks: &[&[u8]], mut shows: impl FnMut(usize)) -> Outcome {
    let mut counted = stream.len();
    let mut end = End::Quiet;
    for (row, difference) in peer.differences.iter().enumerate() {
        if let Some((bytes, how)) = (difference.counts)(&stream[..counted]) {
            shows(row);
            counted = bytes;
            if end == End::Quiet {
                end = how;
            }
        }
    }
    if end == End::Panic {
        return Outcome::Panic;
    }
    // The chunks matter to none of the decoders; ours gets other ones than the peer where bytes do not count.
    let mut events = if counted == stream.len() {
        ours(chunks)
    } else {
        ours(&[&stream[..counted]])
    };
    if !peer.own_ids {
        for event in &mut events {
            event.own_id = None;
        }
    }
    Outcome::Events(events, end == End::Error)
}

fn owned(chunks: &[&[u8]]) -> Vec<Bytes> {
    chunks
        .iter()
        .map(|chunk| Bytes::copy_from_slice(chunk))
        .collect()
}

fn agree_or_differ_as_explained(peer: &Peer) {
    let explained: Vec<Cell<u32>> = peer.differences.iter().map(|_| Cell::new(0)).collect();
    let (all, events) = (Cell::new(0), Cell::new(0));
    let lengths = prop::collection::vec(prop_oneof![1..4_usize, 1..40_usize, 1..4_000_usize], 1..6);
    check(CASES, &(event_stream(), lengths), |(stream, lengths)| {
        let chunks = cut(&stream, &lengths);
        let expected = expected(peer, &stream, &chunks, |row| {
            explained[row].update(|n| n + 1);
        });
        let got = (peer.decode)(&owned(&chunks));
        assert_eq!(
            got,
            expected,
            "a new difference in {:?}",
            Bytes::from(stream)
        );
        all.update(|n| n + 1);
        if let Outcome::Events(list, _) = got {
            events.update(|n| n + list.len());
        }
    });
    println!("{} streams, {} events", all.get(), events.get());
    for (difference, count) in peer.differences.iter().zip(&explained) {
        println!("{} times: {}", count.get(), difference.why);
        assert!(count.get() > 0, "never generated: {}", difference.why);
    }
}

fn still_differs(peer: &Peer) {
    for difference in peer.differences {
        let stream = difference.example;
        let got = (peer.decode)(&owned(&[stream]));
        assert_eq!(
            got,
            expected(peer, stream, &[stream], |_| {}),
            "{}",
            difference.why
        );
        let same = Peer {
            differences: &[],
            ..*peer
        };
        assert_ne!(
            got,
            expected(&same, stream, &[stream], |_| {}),
            "mended upstream, remove the row: {}",
            difference.why
        );
    }
}

#[test]
fn sse_stream_agrees_or_differs_as_explained() {
    agree_or_differ_as_explained(&SSE_STREAM);
}

#[test]
fn eventsource_stream_agrees_or_differs_as_explained() {
    agree_or_differ_as_explained(&EVENTSOURCE);
}

#[test]
fn each_known_difference_is_still_there() {
    still_differs(&SSE_STREAM);
    still_differs(&EVENTSOURCE);
}

fn ours(chunks: &[&[u8]]) -> Vec<Event> {
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.feed(Bytes::copy_from_slice(chunk));
        while let Some(frame) = decoder.next_frame().unwrap() {
            events.push(Event {
                name: frame.event().into_owned(),
                data: frame.data().into_owned(),
                own_id: frame.id().map(Into::into),
                last_id: frame.last_event_id().into_owned(),
            });
        }
    }
    assert!(decoder.finish().unwrap().is_none());
    events
}

/// It gives raw blocks: those with data are events; default name and sticky id are left to its caller.
fn sse_stream(chunks: &[Bytes]) -> Outcome {
    let source = stream::iter(chunks.iter().cloned().map(Ok::<_, Infallible>));
    let items: Vec<_> = sse_stream::SseByteStream::new(source)
        .collect()
        .now_or_never()
        .unwrap();
    let gave_up = items.iter().any(Result::is_err);
    let mut last_id = String::new();
    let mut events = Vec::new();
    for block in items.into_iter().flatten() {
        if let Some(id) = &block.id {
            last_id.clone_from(id);
        }
        if let Some(data) = block.data {
            let named = block.event.filter(|name| !name.is_empty());
            events.push(Event {
                name: named.unwrap_or_else(|| "message".to_owned()),
                data,
                own_id: block.id,
                last_id: last_id.clone(),
            });
        }
    }
    Outcome::Events(events, gave_up)
}

fn eventsource(chunks: &[Bytes]) -> Outcome {
    let chunks = chunks.to_vec();
    let items = catch_unwind(move || {
        let source = stream::iter(chunks.into_iter().map(Ok::<_, Infallible>));
        source
            .eventsource()
            .collect::<Vec<_>>()
            .now_or_never()
            .unwrap()
    });
    let Ok(items) = items else {
        return Outcome::Panic;
    };
    let gave_up = items.iter().any(Result::is_err);
    let events = items.into_iter().flatten().map(|event| Event {
        name: event.event,
        data: event.data,
        own_id: None,
        last_id: event.id,
    });
    Outcome::Events(events.collect(), gave_up)
}
