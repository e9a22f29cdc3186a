//! Server-sent events: from bytes to frames.
//!
//! Here lives the decoder of the event stream format, as the WHATWG HTML standard defines it in [section 9.2]: lines,
//! fields, the leading byte order mark, and when an event is dispatched. It does no I/O, knows no clock and starts no
//! task: bytes are handed to a [`Decoder`], [`Frame`]s are pulled out of it.
//!
//! Not here: connections, reconnecting, idle limits, `Last-Event-ID` headers, and what a vendor's events mean.
//!
//! Work is linear in the bytes, whatever the chunks: each byte is searched for line ends once. Memory is bounded: an
//! event larger than the limit is the error [`TooLarge`], comments and unknown fields are dropped as they arrive.
//!
//! [section 9.2]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

mod block;
mod decoder;
mod frame;
mod input;
mod last_id;
mod line;
mod reader;
#[cfg(test)]
mod work;

pub use decoder::{Decoder, TooLarge};
pub use frame::Frame;
