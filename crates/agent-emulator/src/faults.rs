//! Faults: what goes wrong, for whom, and how often.
//!
//! A fault is queued here and taken by the part of the emulator that it concerns, at the moment it concerns it. How a
//! connection is broken is in `wire.rs`; the HTTP form of this queue is in `control.rs`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use crate::sync::lock;

/// How a connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Break {
    /// The socket is closed (FIN) in the middle of the chunked body: everything sent so far arrives, the end does not.
    #[default]
    Close,
    /// The socket is reset (RST): bytes that the reader has not yet taken may be lost.
    Reset,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// An event stream breaks after so many events (heartbeats do not count). With 0, only the headers arrive.
    CutStream {
        /// Events delivered before the break.
        after_events: usize,
        /// How the connection breaks.
        how: Break,
    },
}

/// A fault that waits for its victim.
///
/// ```
/// use agent_emulator::Fault;
///
/// let fault = Fault::cut_stream(3).vendor("trelent").times(2);
/// # let _ = fault;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) vendor: Option<String>,
    pub(crate) times: usize,
}

impl Fault {
    /// A fault that strikes once, whichever vendor comes first.
    pub fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            vendor: None,
            times: 1,
        }
    }

    /// The next event stream is closed after `after_events` events, without its end: [`Break::Close`].
    pub fn cut_stream(after_events: usize) -> Self {
        let how = Break::Close;
        Self::new(FaultKind::CutStream { after_events, how })
    }

    /// The next event stream is reset after `after_events` events: [`Break::Reset`].
    pub fn reset_stream(after_events: usize) -> Self {
        let how = Break::Reset;
        Self::new(FaultKind::CutStream { after_events, how })
    }

    /// Limits the fault to one vendor, by its name in the table of vendors; all vendors by default.
    pub fn vendor(mut self, name: impl Into<String>) -> Self {
        self.vendor = Some(name.into());
        self
    }

    /// Sets how many streams or calls it strikes; 1 by default.
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// What goes wrong.
    pub fn kind(&self) -> &FaultKind {
        &self.kind
    }
}

/// The queue of faults of one emulator. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<VecDeque<Fault>>>);

impl Faults {
    /// Queues a fault.
    pub fn push(&self, fault: Fault) {
        if fault.times > 0 {
            lock(&self.0).push_back(fault);
        }
    }

    /// Breaks the next event stream, of any vendor, after `events` events: `push(Fault::cut_stream(events))`.
    pub fn cut_stream_after(&self, events: usize) {
        self.push(Fault::cut_stream(events));
    }

    /// The faults that have not struck yet, in the order they will.
    pub fn pending(&self) -> Vec<Fault> {
        lock(&self.0).iter().cloned().collect()
    }

    /// Forgets all pending faults.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }

    /// For an event stream of `vendor` that opens now: where it breaks, if it does.
    pub(crate) fn take_cut(&self, vendor: &str) -> Option<(usize, Break)> {
        self.take(vendor, |kind| match kind {
            FaultKind::CutStream { after_events, how } => Some((*after_events, *how)),
        })
    }

    /// Takes the first fault for `vendor` that `pick` wants, and lowers its count.
    fn take<T>(&self, vendor: &str, pick: impl Fn(&FaultKind) -> Option<T>) -> Option<T> {
        let mut queue = lock(&self.0);
        for (index, fault) in queue.iter_mut().enumerate() {
            if fault.vendor.as_deref().is_some_and(|name| name != vendor) {
                continue;
            }
            if let Some(picked) = pick(&fault.kind) {
                fault.times -= 1;
                if fault.times == 0 {
                    queue.remove(index);
                }
                return Some(picked);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_its_vendor_as_often_as_it_says() {
        let faults = Faults::default();
        faults.push(Fault::cut_stream(1).vendor("other"));
        faults.push(Fault::cut_stream(2).times(2));
        faults.push(Fault::cut_stream(3).times(0));
        assert_eq!(faults.take_cut("trelent"), Some((2, Break::Close)));
        assert_eq!(faults.take_cut("trelent"), Some((2, Break::Close)));
        assert_eq!(faults.take_cut("trelent"), None);
        assert_eq!(faults.pending().len(), 1);
        assert_eq!(faults.take_cut("other"), Some((1, Break::Close)));
        assert!(faults.pending().is_empty());
    }
}
