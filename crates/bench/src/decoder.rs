//! Decoder throughput, and that it is linear.

use std::convert::Infallible;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use agent_core::sse::Decoder;
use bytes::Bytes;
use eventsource_stream::Eventsource as _;
use futures_util::{Stream, stream};

use crate::load::{cut, events, mix};
use crate::report::{Report, Want, median};

/// Events and bytes of data, to see that all read the same.
type Count = (usize, usize);
type Stack = (&'static str, fn(&[Bytes]) -> Count);

const STACKS: &[Stack] = &[
    ("agent-core", ours),
    ("sse-stream", sse_stream),
    ("sseer", sseer),
    ("eventsource-stream", eventsource_stream),
    ("memchr scan", scan),
];

const HOW: &str = "MB/s, chunks handed over as `Bytes`, `data` of every event looked at. `memchr scan` finds line ends and does nothing else. \
                   `eventsource-stream` is what `reqwest-eventsource` decodes with; a stack that is 20 times slower than ours is measured in three rounds instead of 25.";

/// Throughput and linearity of decoders.
pub fn run(report: &mut Report, quick: bool) {
    let mib = 1 << 20;
    let (total, repeats) = if quick { (mib, 3) } else { (8 * mib, 25) };
    let loads = [
        ("100 B", events(total, 100)),
        ("1 KiB", events(total, 1024)),
        ("64 KiB", events(total, 65_536)),
        ("mix", mix(total)),
        ("10 MiB", events(10 * mib, 10 * mib)),
    ];
    let mut columns = vec!["events", "chunk"];
    columns.extend(STACKS.iter().map(|(name, _)| *name));
    report.section("Decoder", HOW, &columns);
    let mut goals = Vec::new();
    for (name, bytes) in &loads {
        for size in [64, 1400, 16_384, 262_144] {
            let speeds = measure(name, bytes, size, repeats);
            let mut row = vec![(*name).to_owned(), size.to_string()];
            row.extend(
                speeds
                    .iter()
                    .map(|speed| speed.map_or("–".to_owned(), |s| format!("{s:.0}"))),
            );
            report.row(row);
            if size >= 1400 {
                goals.push((*name, size, speeds));
            }
        }
    }
    for (name, size, speeds) in goals {
        let ours = speeds[0].unwrap_or(0.0);
        let against = |index: usize| speeds.get(index).copied().flatten().map(|s| ours / s);
        let least = match name {
            "100 B" => 1.25,
            "1 KiB" => 1.2,
            "64 KiB" => 1.15,
            "10 MiB" => 0.9,
            _ => 1.0,
        };
        if let Some(ratio) = against(1) {
            report.goal(
                format!("{name}, {size} B chunks, × sse-stream"),
                ratio,
                Want::AtLeast(least),
            );
        }
        if let Some(ratio) = against(3) {
            report.goal(
                format!("{name}, {size} B chunks, × eventsource-stream"),
                ratio,
                Want::AtLeast(5.0),
            );
        }
        let share = match name {
            "100 B" => Some(0.45),
            "1 KiB" => Some(0.55),
            _ => None,
        };
        if let (Some(share), Some(ratio)) = (share, against(4)) {
            report.goal(
                format!("{name}, {size} B chunks, share of memchr"),
                ratio,
                Want::AtLeast(share),
            );
        }
    }
    linear(report, repeats);
}

/// A stack that took this many times as long as ours in the first round is measured in a few rounds only: how slow it
/// is shows in them, and the other rounds would be spent on it.
const SLOW: f64 = 20.0;
const ROUNDS_OF_SLOW: usize = 3;

/// Median MB/s of each stack, interleaved: each round begins with another stack, so that none always comes after the
/// same one. A stack that is quadratic on this load is left out.
fn measure(name: &str, bytes: &[u8], size: usize, repeats: usize) -> Vec<Option<f64>> {
    let chunks = cut(bytes, size);
    let hopeless = |stack: &str| {
        stack == "eventsource-stream" && (name == "10 MiB" || (name == "64 KiB" && size < 1400))
    };
    let expected = ours(&chunks);
    let mut seconds = vec![Vec::new(); STACKS.len()];
    // The first round warms the allocator.
    let mut first = vec![0.0; STACKS.len()];
    for round in 0..=repeats {
        for turn in 0..STACKS.len() {
            let index = (round + turn) % STACKS.len();
            let (stack, run) = STACKS[index];
            let slow = first[index] > SLOW * first[0];
            if hopeless(stack) || (slow && round > ROUNDS_OF_SLOW) {
                continue;
            }
            let start = Instant::now();
            let count = black_box(run(black_box(&chunks)));
            let took = start.elapsed().as_secs_f64();
            if stack != "memchr scan" {
                assert_eq!(
                    count, expected,
                    "{stack} reads {name} in chunks of {size} otherwise"
                );
            }
            if round == 0 {
                first[index] = took;
            } else {
                seconds[index].push(took);
            }
        }
    }
    let megabytes = bytes.len() as f64 / 1e6;
    seconds
        .iter_mut()
        .map(|seconds| (!seconds.is_empty()).then(|| megabytes / median(seconds)))
        .collect()
}

fn linear(report: &mut Report, repeats: usize) {
    report.section(
        "Linearity",
        "Time for one event of twice the size, and for one chunk of twice the size full of 100 B events, divided by the time for the \
         single size. The fastest of many rounds is taken, as a pause of the machine must not look like growth; the worst doubling counts. \
         `copy and check` puts the same bytes into one buffer and checks that they are UTF-8: what memory itself makes of a doubling.",
        &["what", "doubling", "agent-core", "copy and check"],
    );
    let one_event: Vec<_> = (0..5).map(|power| one_event((1 << 20) << power)).collect();
    let one_chunk: Vec<_> = (0..7)
        .map(|power| vec![Bytes::from(events((16 << 10) << power, 100))])
        .collect();
    for (what, loads) in [
        ("event size, 1 to 16 MiB", one_event),
        ("chunk size, 16 KiB to 1 MiB", one_chunk),
    ] {
        let [ours, copy] =
            fastest(&loads, [ours, copy_and_check], repeats * 2).map(|seconds| doublings(&seconds));
        for (index, (ours, copy)) in ours.iter().zip(&copy).enumerate() {
            report.row(vec![
                what.to_owned(),
                format!("{}", index + 1),
                format!("{ours:.2}"),
                format!("{copy:.2}"),
            ]);
        }
        let worst = ours.into_iter().fold(0.0, f64::max);
        report.goal(
            format!("time(2n)/time(n), {what}"),
            worst,
            Want::AtMost(2.5),
        );
    }
}

/// Seconds of the fastest round of each stack, per load.
fn fastest(
    loads: &[Vec<Bytes>],
    stacks: [fn(&[Bytes]) -> Count; 2],
    rounds: usize,
) -> [Vec<f64>; 2] {
    let mut seconds = stacks.map(|_| vec![f64::INFINITY; loads.len()]);
    for _ in 0..rounds {
        for (index, chunks) in loads.iter().enumerate() {
            for (run, seconds) in stacks.iter().zip(&mut seconds) {
                let start = Instant::now();
                black_box(run(black_box(chunks)));
                seconds[index] = seconds[index].min(start.elapsed().as_secs_f64());
            }
        }
    }
    seconds
}

fn doublings(seconds: &[f64]) -> Vec<f64> {
    seconds.windows(2).map(|pair| pair[1] / pair[0]).collect()
}

/// One event in chunks of 1,400 B. They are all the same memory, as a connection's are the same few buffers: else it
/// would show from which size on the input no longer fits into the processor's cache.
fn one_event(size: usize) -> Vec<Bytes> {
    let piece = Bytes::from(vec![b'x'; 1400]);
    let mut chunks = vec![Bytes::from_static(b"data: ")];
    chunks.resize(1 + size / piece.len(), piece);
    chunks.push(Bytes::from_static(b"\n\n"));
    chunks
}

fn drive<S: Stream>(stream: S, mut each: impl FnMut(S::Item)) {
    let mut stream = pin!(stream);
    let mut cx = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(item)) = stream.as_mut().poll_next(&mut cx) {
        each(item);
    }
}

fn source(chunks: &[Bytes]) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::iter(chunks.iter().cloned().map(Ok))
}

fn ours(chunks: &[Bytes]) -> Count {
    let mut decoder = Decoder::new().max_event_bytes(64 << 20);
    let mut count = (0, 0);
    for chunk in chunks {
        decoder.feed(chunk.clone());
        while let Some(frame) = decoder.next_frame().expect("below the cap") {
            count.0 += 1;
            count.1 += black_box(&*frame.data()).len();
        }
    }
    count
}

fn sse_stream(chunks: &[Bytes]) -> Count {
    let mut count = (0, 0);
    drive(sse_stream::SseByteStream::new(source(chunks)), |event| {
        if let Some(data) = event.expect("it is an event stream").data {
            count.0 += 1;
            count.1 += black_box(data.as_str()).len();
        }
    });
    count
}

fn sseer(chunks: &[Bytes]) -> Count {
    let mut count = (0, 0);
    drive(
        sseer::event_stream::EventStream::new(source(chunks)),
        |event| {
            count.0 += 1;
            count.1 += black_box(&*event.expect("it is an event stream").data).len();
        },
    );
    count
}

fn eventsource_stream(chunks: &[Bytes]) -> Count {
    let mut count = (0, 0);
    drive(source(chunks).eventsource(), |event| {
        count.0 += 1;
        count.1 += black_box(event.expect("it is an event stream").data.as_str()).len();
    });
    count
}

fn copy_and_check(chunks: &[Bytes]) -> Count {
    let mut all = Vec::new();
    for chunk in chunks {
        all.extend_from_slice(chunk);
    }
    (1, black_box(std::str::from_utf8(&all)).map_or(0, str::len))
}

fn scan(chunks: &[Bytes]) -> Count {
    let mut lines = 0;
    for chunk in chunks {
        let chunk = chunk.clone();
        let mut rest = &*chunk;
        // One search per line end, as a decoder does it.
        while let Some(at) = memchr::memchr2(b'\n', b'\r', rest) {
            rest = &rest[at + 1..];
            lines += 1;
        }
    }
    (black_box(lines), 0)
}
