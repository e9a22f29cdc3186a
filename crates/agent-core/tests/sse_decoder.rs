//! The decoder of server-sent events, from outside.
//!
//! What it decodes is in `vectors` (cases) and `properties` (any bytes, against a reference); what it refuses is in
//! `limits`; the rest of its interface is in `interface`.

// Clippy allows these in tests, but not in what tests call.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "sse_decoder/interface.rs"]
mod interface;
#[path = "sse_decoder/limits.rs"]
mod limits;
#[path = "sse_decoder/outcome.rs"]
mod outcome;
#[path = "sse_decoder/properties.rs"]
mod properties;
#[path = "sse_decoder/reference.rs"]
mod reference;
#[path = "sse_decoder/vectors.rs"]
mod vectors;

use outcome::{Outcome, Seen, decode};
