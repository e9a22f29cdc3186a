//! Streams without end: an error or nothing, but never memory without bound.

use agent_core::sse::{Decoder, TooLarge};
use bytes::Bytes;

const LIMIT: usize = 10_000;

/// Feeds `start` and then `more` again and again; tells after how many bytes the decoder failed, if it did so within
/// a hundred times the limit.
fn endless(start: &str, more: &str) -> Option<usize> {
    let mut decoder = Decoder::new().max_event_bytes(LIMIT);
    let mut fed = 0;
    let chunks = std::iter::once(start).chain(std::iter::repeat(more));
    for chunk in chunks {
        decoder.feed(Bytes::copy_from_slice(chunk.as_bytes()));
        fed += chunk.len();
        match decoder.next_frame() {
            Ok(None) => assert!(
                held_bytes(&decoder) <= LIMIT,
                "{decoder:?} after {fed} bytes"
            ),
            Ok(Some(frame)) => panic!("no block has ended, but there is {frame:?}"),
            Err(TooLarge { limit, .. }) => {
                assert_eq!(limit, LIMIT);
                return Some(fed);
            }
        }
        if fed > 100 * LIMIT {
            return None;
        }
    }
    None
}

/// What the decoder says it holds.
fn held_bytes(decoder: &Decoder) -> usize {
    let text = format!("{decoder:?}");
    let (_, after) = text.split_once("held_bytes: ").unwrap();
    after.split([',', ' ']).next().unwrap().parse().unwrap()
}

#[test]
fn an_endless_line_or_block_is_an_error_once_the_limit_is_passed() {
    let x = "x".repeat(100);
    for (start, more) in [
        ("data: ", x.as_str()),
        ("event: ", &x),
        ("id: ", &x),
        ("id: \0", &x),
        ("retry: ", &"0".repeat(100)),
        ("id: 1\nevent: e\n", "data: 0123456789\n"),
        ("data\n", "data\ndata:\ndata: \n"),
    ] {
        let failed = endless(start, more)
            .unwrap_or_else(|| panic!("{start:?}, {more:?}… was never refused"));
        // A `data` line costs one byte at least, of seven that arrive at most.
        assert!(
            failed <= 7 * LIMIT,
            "{start:?}, {more:?}… was refused only after {failed} bytes"
        );
    }
}

#[test]
fn what_takes_no_memory_is_never_too_large() {
    let x = "x".repeat(100);
    for (start, more) in [
        (": ", x.as_str()),
        ("", ": comment\n"),
        ("unknown: ", &x),
        ("dat", &x),
        ("\u{FEFF}\u{FEFF}data: ", &x),
        ("data: held\n:", &x),
        ("", "unknown: field\n"),
        ("", "event: the last one wins\n"),
        ("", "id: the last one wins\n"),
        ("", "retry: 100\n"),
        ("", "event: a block without data\n\n"),
    ] {
        assert_eq!(endless(start, more), None, "{start:?}, {more:?}…");
    }
}

#[test]
fn the_limit_counts_data_event_and_id_and_not_their_names() {
    let fits = |limit, stream: &'static str| {
        let mut decoder = Decoder::new().max_event_bytes(limit);
        decoder.feed(Bytes::from_static(stream.as_bytes()));
        decoder
            .next_frame()
            .map(|frame| assert!(frame.is_some(), "{stream:?}"))
            .is_ok()
    };
    for (bytes, stream) in [
        (5, "data: 12345\n\n"),
        (5, "data:12345\r\n\r\n"),
        (5, "data: 12\ndata: 45\n\n"),
        (5, "event: 1\nid: 2\ndata: 345\n\n"),
        (5, "data: 345\nevent: 1\nid: 2\n\n"),
        (2, ": a comment of any length\nunknown: field\ndata: 12\n\n"),
        (0, "data\n\n"),
    ] {
        assert!(fits(bytes, stream), "{stream:?} has {bytes} bytes");
        assert!(
            bytes == 0 || !fits(bytes - 1, stream),
            "{stream:?} has {bytes} bytes"
        );
    }
}

#[test]
fn the_frames_before_a_large_event_are_given_and_nothing_after_it() {
    let mut decoder = Decoder::new().max_event_bytes(4).dispatch_unfinished(true);
    decoder.feed(Bytes::from_static(
        b"id: 1\ndata: a\n\ndata: too large\n\ndata: b\n\n",
    ));
    assert_eq!(decoder.next_frame().unwrap().unwrap().data(), "a");
    for _ in 0..2 {
        let error = decoder.next_frame().unwrap_err();
        assert_eq!(
            error.to_string(),
            "event is larger than the limit of 4 bytes"
        );
        decoder.feed(Bytes::from_static(b"data: c\n\n"));
    }
    assert!(decoder.finish().is_err());

    decoder.reset();
    decoder.feed(Bytes::from_static(b"data: d\n\n"));
    let frame = decoder.next_frame().unwrap().unwrap();
    assert_eq!(
        (frame.data(), frame.last_event_id()),
        ("d".into(), "1".into())
    );
}

#[test]
fn the_default_limit_is_16_mib() {
    let event = |bytes: usize| Bytes::from(format!("data: {}\n\n", "x".repeat(bytes)));
    for (bytes, fits) in [(16 << 20, true), ((16 << 20) + 1, false)] {
        let mut decoder = Decoder::new();
        decoder.feed(event(bytes));
        assert_eq!(decoder.next_frame().is_ok(), fits, "{bytes} bytes");
    }
}
