//! The attacks, a row each.

use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use reliability::operation::Kind;

use crate::server::{Answer, Out};

const GIB: u64 = 1 << 30;

/// How much a server sends that wants to send without end: far more than any limit.
fn endless() -> u64 {
    if crate::every() { GIB } else { GIB / 12 }
}

/// What an attack is for.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Target {
    Any,
    Events,
    /// Calls, and streams where they are opened; a download is as long as it is.
    NotBytes,
    /// One call of each vendor, and only in the long form: it lasts until the call's own limit.
    Slow,
}

pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) target: Target,
    pub(crate) answer: Answer,
}

impl Attack {
    /// Whether it is for a vendor's operation of this kind and number.
    pub(crate) fn is_for(&self, kind: Kind, nth: usize) -> bool {
        match self.target {
            Target::Any => true,
            Target::Events => kind == Kind::Events,
            Target::NotBytes => kind != Kind::Bytes,
            Target::Slow => nth == 0 && crate::every(),
        }
    }
}

pub(crate) const CALM: Answer =
    |out| head(out, "404 Not Found", JSON, "content-length: 2\r\n\r\n{}");

/// Not an attack: for warming up.
pub(crate) const CALM_ATTACK: Attack = Attack {
    name: "none",
    target: Target::Any,
    answer: CALM,
};

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

fn head(out: &mut Out, status: &str, content_type: &str, rest: &str) -> io::Result<()> {
    out.text(&format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\nconnection: close\r\n{rest}"
    ))
}

pub(crate) const ATTACKS: &[Attack] = &[
    Attack {
        name: "an endless body, length told",
        target: Target::NotBytes,
        answer: |out| {
            head(
                out,
                "200 OK",
                JSON,
                &format!("content-length: {GIB}\r\n\r\n\""),
            )?;
            out.flood(b"a", endless())
        },
    },
    Attack {
        name: "an endless body, length not told",
        target: Target::NotBytes,
        answer: |out| {
            head(out, "200 OK", JSON, "\r\n\"")?;
            out.flood(b"a", endless())
        },
    },
    Attack {
        name: "an endless body in chunks of a byte",
        target: Target::Slow,
        answer: |out| {
            head(out, "200 OK", JSON, "transfer-encoding: chunked\r\n\r\n")?;
            out.flood(b"1\r\n \r\n", endless())
        },
    },
    Attack {
        name: "an endless body of an error",
        target: Target::Any,
        answer: |out| {
            head(out, "400 Bad Request", JSON, "\r\n{\"message\":\"")?;
            out.flood(b"a", endless())
        },
    },
    Attack {
        name: "an endless line",
        target: Target::Events,
        answer: |out| {
            head(out, "200 OK", EVENTS, "\r\ndata: ")?;
            out.flood(b"a", endless())
        },
    },
    Attack {
        name: "an event of endless lines",
        target: Target::Events,
        answer: |out| {
            head(out, "200 OK", EVENTS, "\r\n")?;
            out.flood(format!("data: {}\n", "a".repeat(200)).as_bytes(), endless())
        },
    },
    Attack {
        name: "an endless line without a field",
        target: Target::Events,
        answer: |out| {
            head(out, "200 OK", EVENTS, "\r\n")?;
            out.flood(b"a", endless())
        },
    },
    Attack {
        name: "an endless id",
        target: Target::Events,
        answer: |out| {
            head(out, "200 OK", EVENTS, "\r\nid: ")?;
            out.flood(b"1", endless())
        },
    },
    Attack {
        name: "an event nested a million deep",
        target: Target::Events,
        answer: |out| {
            head(out, "200 OK", EVENTS, "\r\ndata: ")?;
            out.flood(b"[", 1_000_000)?;
            out.text("\n\n")
        },
    },
    Attack {
        name: "a body nested a million deep",
        target: Target::NotBytes,
        answer: |out| {
            head(out, "200 OK", JSON, "\r\n")?;
            out.flood(b"{\"a\":", 5_000_000)
        },
    },
    Attack {
        name: "an error nested a million deep",
        target: Target::Any,
        answer: |out| {
            head(out, "400 Bad Request", JSON, "\r\n")?;
            out.flood(b"{\"error\":", 5_000_000)
        },
    },
    Attack {
        name: "a gzip bomb of 1 GiB",
        target: Target::NotBytes,
        answer: |out| {
            let bomb = bomb()?;
            let encoded = format!(
                "content-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
                bomb.len()
            );
            head(out, "200 OK", JSON, &encoded)?;
            out.bytes(&bomb)
        },
    },
    Attack {
        name: "a gzip bomb as an error",
        target: Target::Any,
        answer: |out| {
            head(
                out,
                "400 Bad Request",
                JSON,
                "content-encoding: gzip\r\n\r\n",
            )?;
            out.bytes(&bomb()?)
        },
    },
    Attack {
        name: "headers without end",
        target: Target::Any,
        answer: |out| {
            out.text("HTTP/1.1 200 OK\r\n")?;
            out.flood(b"x-flood: aaaaaaaaaaaaaaaa\r\n", endless())
        },
    },
    Attack {
        name: "one header without end",
        target: Target::Any,
        answer: |out| {
            out.text("HTTP/1.1 200 OK\r\nx-flood: ")?;
            out.flood(b"a", endless())
        },
    },
    Attack {
        name: "a reason phrase without end",
        target: Target::Any,
        answer: |out| {
            out.text("HTTP/1.1 400 ")?;
            out.flood(b"a", endless())
        },
    },
    Attack {
        name: "chunk extensions without end",
        target: Target::NotBytes,
        answer: |out| {
            head(out, "200 OK", JSON, "transfer-encoding: chunked\r\n\r\n1;")?;
            out.flood(b"a", endless())
        },
    },
    Attack {
        name: "trailers without end",
        target: Target::NotBytes,
        answer: |out| {
            head(
                out,
                "200 OK",
                JSON,
                "transfer-encoding: chunked\r\n\r\n0\r\n",
            )?;
            out.flood(b"x-flood: aaaaaaaaaaaaaaaa\r\n", endless())
        },
    },
];

/// 1 GiB of spaces, compressed: a thousand members, one after the other.
fn bomb() -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&vec![b' '; 1 << 20])?;
    Ok(encoder.finish()?.repeat(1 << 10))
}
