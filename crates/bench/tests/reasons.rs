//! Why the SDKs do not build on `reqwest-eventsource` or `sse-stream`: one test per reason. A test that fails here means
//! that upstream has mended something: look at the decision again (`docs/decisions/sse.md`).
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::convert::Infallible;
use std::panic::catch_unwind;

use bytes::Bytes;
use cpu_time::ThreadTime;
use eventsource_stream::{Event, Eventsource as _};
use futures_util::{FutureExt as _, StreamExt as _, stream};

/// What `reqwest-eventsource` makes of a body, up to the first error.
fn eventsource(chunks: Vec<Bytes>) -> Vec<Event> {
    let source = stream::iter(chunks.into_iter().map(Ok::<_, Infallible>));
    source
        .eventsource()
        .filter_map(|event| std::future::ready(event.ok()))
        .collect()
        .now_or_never()
        .unwrap()
}

/// What `sse-stream` makes of a body; `false` at the end if it gave up with an error.
fn sse_stream(chunks: Vec<Bytes>) -> (Vec<sse_stream::Sse>, bool) {
    let source = stream::iter(chunks.into_iter().map(Ok::<_, Infallible>));
    let items: Vec<_> = sse_stream::SseByteStream::new(source)
        .collect()
        .now_or_never()
        .unwrap();
    let whole = items.iter().all(Result::is_ok);
    (items.into_iter().filter_map(Result::ok).collect(), whole)
}

mod reqwest_eventsource {
    use super::*;

    #[test]
    fn it_takes_requests_of_reqwest_0_12_only() {
        let _: fn(reqwest_012::RequestBuilder) -> _ = ::reqwest_eventsource::EventSource::new;
    }

    #[test]
    fn it_panics_on_a_byte_order_mark() {
        let body = vec![Bytes::from_static(b"\xEF\xBB\xBFdata: one\n\n")];
        assert!(catch_unwind(|| eventsource(body)).is_err());
    }

    #[test]
    fn its_time_grows_with_the_square_of_the_chunk_size() {
        let time = |size: usize| {
            let body = Bytes::from("data: 0123456789\n\n".repeat(size / 18));
            let start = ThreadTime::now();
            assert!(!eventsource(vec![body]).is_empty());
            start.elapsed().as_secs_f64()
        };
        time(16 << 10);
        let ratio = time(512 << 10) / time(32 << 10);
        assert!(
            ratio > 40.0,
            "16 times the size takes {ratio:.0} times as long"
        );
    }

    #[test]
    fn it_has_no_limit_on_the_size_of_an_event() {
        let mib = Bytes::from(vec![b'x'; 1 << 20]);
        let mut body = vec![Bytes::from_static(b"data: ")];
        body.extend(std::iter::repeat_n(mib, 20));
        body.push(Bytes::from_static(b"\n\n"));
        let events = eventsource(body);
        assert_eq!(events.first().map(|event| event.data.len()), Some(20 << 20));
    }

    #[test]
    fn it_drops_an_unfinished_block_at_the_end() {
        assert!(eventsource(vec![Bytes::from_static(b"data: last\n")]).is_empty());
    }

    #[test]
    fn it_hides_whether_an_event_had_an_id_of_its_own() {
        let events = eventsource(vec![Bytes::from_static(b"id: 7\ndata: a\n\ndata: b\n\n")]);
        assert_eq!(
            events.iter().map(|e| e.id.as_str()).collect::<Vec<_>>(),
            ["7", "7"]
        );
    }
}

mod sse_stream_crate {
    use super::*;

    #[test]
    fn it_ends_on_invalid_utf_8_instead_of_replacing_it() {
        let body = vec![Bytes::from_static(b"data: \xFF\n\ndata: next\n\n")];
        assert!(!sse_stream(body).1);
    }

    #[test]
    fn it_has_no_limit_on_the_size_of_an_event() {
        let mib = Bytes::from(vec![b'x'; 1 << 20]);
        let mut body = vec![Bytes::from_static(b"data: ")];
        body.extend(std::iter::repeat_n(mib, 20));
        body.push(Bytes::from_static(b"\n\n"));
        let (events, whole) = sse_stream(body);
        assert!(whole);
        assert_eq!(
            events
                .first()
                .and_then(|e| e.data.as_ref())
                .map(String::len),
            Some(20 << 20)
        );
    }

    #[test]
    fn it_drops_an_unfinished_block_at_the_end() {
        let (events, _) = sse_stream(vec![Bytes::from_static(b"data: last\n")]);
        assert!(events.is_empty());
    }
}
