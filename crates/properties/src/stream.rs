//! Event streams, and their chunks.

use proptest::prelude::*;

/// Pieces of event streams that meet in all orders; bytes alone would hardly ever make a field.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let fixed: &[&[u8]] = &[
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\r\n\r\n",
        b":",
        b" ",
        b"data",
        b"data:",
        b"data: ",
        b"event",
        b"event: ",
        b"id",
        b"id:",
        b"id: ",
        b"retry: ",
        b"retry: 15",
        b"dat",
        b"ev",
        b"\xEF\xBB\xBF",
        b"\xEF\xBB",
        b"\xEF",
        b"\0",
        b"7",
        b"99999999999999999999999",
        b"\xF0\x9F\x92\xA1",
        b"\xF0\x9F",
        b"\xFF",
        b"\xE2\x80\xA8",
        b"\xC2\x85",
        b"x",
    ];
    prop_oneof![
        12 => prop::sample::select(fixed).prop_map(<[u8]>::to_vec),
        2 => prop::collection::vec(any::<u8>(), 0..8),
        // Larger than what is copied out of a chunk, and than what is copied out of the decoder's buffer.
        1 => (0..6_000_usize).prop_map(|len| vec![b'y'; len]),
    ]
}

/// Lines that make events: whole fields with values that are text, unless a byte of them is damaged.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    const NAMES: &[&str] = &[
        "data",
        "data",
        "data",
        "data",
        "event",
        "event",
        "id",
        "id",
        "retry",
        "",
        "other",
        "\u{FEFF}data",
        " data",
    ];
    const COLONS: &[&str] = &[": ", ": ", ":", ":  ", ""];
    const VALUES: &[&str] = &[
        "",
        "a",
        "b c",
        "7",
        "15",
        "+15",
        "15 ",
        "99999999999999999999999",
        "a:b",
        ": a",
        "\0",
        "7\u{0}",
        "\u{1F4A1}é",
        "\u{2028}",
        "\u{85}",
        "\u{FEFF}",
        "\u{FFFD}",
        "{\"a\":1}",
        "message",
    ];
    let pick = |choice: &'static [&'static str]| prop::sample::select(choice);
    // A stream mostly has one kind of line end.
    (prop::sample::select(&["\n", "\r", "\r\n"][..]), 0..8_u8).prop_flat_map(move |(end, mixed)| {
        let end = if mixed == 0 {
            pick(&["\n", "\r", "\r\n"]).boxed()
        } else {
            Just(end).boxed()
        };
        let field = (pick(NAMES), pick(COLONS), pick(VALUES), end.clone())
            .prop_map(|(name, colon, value, end)| format!("{name}{colon}{value}{end}"));
        let line = prop_oneof![2 => field, 1 => end.prop_map(str::to_owned)];
        let damage = prop::option::weighted(0.1, (any::<prop::sample::Index>(), any::<u8>()));
        let mark = prop::bool::weighted(0.05);
        (prop::collection::vec(line, 0..40), damage, mark).prop_map(|(lines, damage, mark)| {
            let mut stream = lines.concat().into_bytes();
            if mark {
                stream.splice(0..0, *b"\xEF\xBB\xBF");
            }
            if let Some((at, byte)) = damage
                && !stream.is_empty()
            {
                let at = at.index(stream.len());
                stream[at] = byte;
            }
            stream
        })
    })
}

/// Any event stream, valid and not: all line ends, fields whole and broken, byte order marks, NUL, invalid UTF-8.
pub fn event_stream() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => lines(),
        2 => prop::collection::vec(piece(), 0..40).prop_map(|pieces| pieces.concat()),
    ]
}

/// Cuts `stream` into chunks by the lengths given, in turn.
pub fn cut<'a>(mut stream: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut chunks = Vec::new();
    for length in lengths.iter().cycle() {
        if stream.is_empty() {
            break;
        }
        let (chunk, rest) = stream.split_at((*length).min(stream.len()));
        chunks.push(chunk);
        stream = rest;
    }
    chunks
}
