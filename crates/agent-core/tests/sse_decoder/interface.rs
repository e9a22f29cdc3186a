//! The decoder's and the frames' interface, beyond what is decoded.

use agent_core::sse::{Decoder, Frame};
use bytes::Bytes;

use crate::decode;

fn frames(decoder: &mut Decoder, stream: &'static str) -> Vec<Frame> {
    decoder.feed(Bytes::from_static(stream.as_bytes()));
    std::iter::from_fn(|| decoder.next_frame().unwrap()).collect()
}

#[test]
fn a_frame_tells_its_own_id_apart_from_the_sticky_one() {
    let mut decoder = Decoder::new();
    let stream = "data: a\n\nid: 1\ndata: b\n\ndata: c\n\nevent: e\ndata: d\n\nid: x\0y\ndata: e\n\nid\ndata: f\n\nid: 2\n\ndata: g\n\n";
    let ids: Vec<_> = frames(&mut decoder, stream)
        .iter()
        .map(|frame| {
            (
                frame.id().map(String::from),
                frame.last_event_id().into_owned(),
            )
        })
        .collect();
    let some = |id: &str| Some(id.to_owned());
    let expected = [
        (None, ""),
        (some("1"), "1"),
        (None, "1"),
        (None, "1"),
        (None, "1"),
        (some(""), ""),
        (None, "2"),
    ];
    assert_eq!(ids, expected.map(|(own, last)| (own, last.to_owned())));
}

#[test]
fn the_last_event_id_of_a_frame_does_not_change_later() {
    let mut decoder = Decoder::new();
    let frames = frames(&mut decoder, "id: 1\n\ndata: a\n\nid: 2\n\ndata: b\n\n");
    assert_eq!(frames[0].last_event_id(), "1");
    assert_eq!(frames[1].last_event_id(), "2");
}

#[test]
fn a_block_without_data_sets_the_last_event_id_at_its_end() {
    let mut decoder = Decoder::new();
    assert!(frames(&mut decoder, "id: 5\n").is_empty());
    assert_eq!(decoder.last_event_id(), "");
    assert!(frames(&mut decoder, "\n").is_empty());
    assert_eq!(decoder.last_event_id(), "5");
}

#[test]
fn an_unfinished_block_is_given_at_the_end_only_if_asked_for() {
    for (stream, data) in [
        ("data: a\n", Some("a")),
        ("data: a", Some("a")),
        ("data: a\r", Some("a")),
        ("data: a\ndata", Some("a\n")),
        ("data: a\ndata: ", Some("a\n")),
        ("data", Some("")),
        ("dat", None),
        ("data: a\n\n", None),
        ("event: e\nid: 9\n", None),
        ("event: e\nid: 9", None),
        (": comment", None),
        ("\u{FEFF}", None),
        ("", None),
    ] {
        for size in [1, 100] {
            let chunks = || stream.as_bytes().chunks(size);
            let complete = usize::from(stream.ends_with("\n\n"));
            let outcome = decode(Decoder::new(), chunks());
            assert_eq!(outcome.frames.len(), complete, "{stream:?} is not finished");
            let outcome = decode(Decoder::new().dispatch_unfinished(true), chunks());
            let last = outcome
                .frames
                .get(complete)
                .map(|frame| frame.data.as_str());
            assert_eq!(last, data, "{stream:?} in chunks of {size}");
            assert_eq!(
                outcome.last_event_id, "",
                "{stream:?}: a dropped block has no effect"
            );
        }
    }
}

#[test]
fn an_unfinished_block_has_its_fields() {
    let decoder = Decoder::new().dispatch_unfinished(true);
    let outcome = decode(decoder, [&b"id: 1\ndata: {}\nevent: sn"[..], b"apshot"]);
    let [frame] = &outcome.frames[..] else {
        panic!("one frame, not {:?}", outcome.frames)
    };
    assert_eq!(
        (
            frame.event.as_str(),
            frame.data.as_str(),
            frame.id.as_deref()
        ),
        ("snapshot", "{}", Some("1"))
    );
    assert_eq!(outcome.last_event_id, "1");
}

#[test]
fn there_is_no_frame_after_the_end() {
    let mut decoder = Decoder::new().dispatch_unfinished(true);
    assert_eq!(frames(&mut decoder, "data: a\n\ndata: b").len(), 1);
    assert_eq!(decoder.finish().unwrap().unwrap().data(), "b");
    assert!(decoder.finish().unwrap().is_none());
    assert!(frames(&mut decoder, "data: c\n\n").is_empty());
    assert!(decoder.finish().unwrap().is_none());
}

#[test]
fn the_end_gives_what_was_not_pulled() {
    let mut decoder = Decoder::new();
    decoder.feed(Bytes::from_static(b"data: a\n\nevent: e\nda"));
    decoder.feed(Bytes::from_static(b"ta: b\n\n"));
    let data: Vec<_> = std::iter::from_fn(|| decoder.finish().unwrap())
        .map(|frame| frame.data().into_owned())
        .collect();
    assert_eq!(data, ["a", "b"]);
}

#[test]
fn a_chunk_that_comes_too_early_loses_nothing() {
    let mut decoder = Decoder::new();
    decoder.feed(Bytes::from_static(
        b"data: a\n\nevent: e\ndata: b\n\nid: 1\nda",
    ));
    assert_eq!(decoder.next_frame().unwrap().unwrap().data(), "a");
    let rest = frames(&mut decoder, "ta: c\n\n");
    assert_eq!(rest.iter().map(Frame::data).collect::<Vec<_>>(), ["b", "c"]);
}

#[test]
fn a_reset_keeps_the_last_event_id_and_forgets_the_rest() {
    let mut decoder = Decoder::new();
    assert!(
        frames(
            &mut decoder,
            "id: 7\nretry: 20\n\nid: 8\nevent: e\ndata: lost\nda"
        )
        .is_empty()
    );
    decoder.reset();
    let frames = frames(&mut decoder, "\u{FEFF}data: x\n\n");
    let [frame] = &frames[..] else {
        panic!("one frame, not {frames:?}")
    };
    assert_eq!(
        (frame.event(), frame.data()),
        ("message".into(), "x".into())
    );
    assert_eq!((frame.id(), frame.last_event_id()), (None, "7".into()));
    assert_eq!(decoder.retry().unwrap().as_millis(), 20);
}

#[test]
fn a_frame_comes_with_the_byte_that_completes_it() {
    for end in ["\n\n", "\r\r", "\r\n\r", "\n\r"] {
        let stream = format!("data: x{end}");
        let mut decoder = Decoder::new();
        for (at, byte) in stream.bytes().enumerate() {
            decoder.feed(Bytes::copy_from_slice(&[byte]));
            let complete = at + 1 == stream.len();
            assert_eq!(
                decoder.next_frame().unwrap().is_some(),
                complete,
                "{stream:?} at {at}"
            );
        }
    }
}

#[test]
fn a_large_event_in_one_chunk_is_not_copied() {
    let chunk = Bytes::from(format!(
        ": comment\nevent: e\ndata: {}\n\ndata: next\n\n",
        "x".repeat(5_000)
    ));
    let memory = chunk.as_ptr_range();
    let mut decoder = Decoder::new();
    decoder.feed(chunk);
    let frame = decoder.next_frame().unwrap().unwrap();
    assert_eq!(frame.event(), "e");
    assert!(memory.contains(&frame.data_bytes().as_ptr()));
    let data = frame.into_data();
    assert_eq!(data.len(), 5_000);
    assert!(memory.contains(&data.as_ptr()));
}

#[test]
fn a_read_chunk_is_given_back_before_the_next_one_comes() {
    for stream in ["data: a\n\n", "data: a", ": a\n", "id: 1\ndata: a\n\n"] {
        let chunk = Bytes::from(stream.as_bytes().to_vec());
        let mut decoder = Decoder::new();
        decoder.feed(chunk.clone());
        while decoder.next_frame().unwrap().is_some() {}
        assert!(chunk.is_unique(), "{stream:?} is still held");
    }
}

#[test]
fn debug_shows_names_and_sizes_and_no_content() {
    let mut decoder = Decoder::new();
    let frame = frames(
        &mut decoder,
        "event: token\nid: secret-id\ndata: secret\n\ndata: secret",
    )
    .remove(0);
    let shown = format!("{frame:?} {decoder:?}");
    assert!(!shown.contains("secret"), "{shown}");
    assert!(
        shown.contains(r#"event: "token", data_bytes: 6, id_bytes: Some(9)"#),
        "{shown}"
    );
    assert!(shown.contains("held_bytes: 6"), "{shown}");
}

#[test]
fn names_of_any_length_are_shown_short() {
    let decoder = &mut Decoder::new();
    decoder.feed(Bytes::from(format!(
        "event: {}\ndata\n\n",
        "n".repeat(10_000)
    )));
    let frame = decoder.next_frame().unwrap().unwrap();
    assert_eq!(frame.event().len(), 10_000);
    assert!(format!("{frame:?}").len() < 200);
}
