//! What a test logs, kept for it to look at.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::format::FmtSpan;

pub use tracing::level_filters::LevelFilter;

/// What is logged on one thread. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Keeps the events and spans of this thread, as far as `level` lets them through, until the guard is dropped. Of a
    /// span there is a line for each time that it begins, is entered, is left or ends.
    #[must_use]
    pub fn listen(level: LevelFilter) -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_span_events(FmtSpan::FULL)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// What was logged so far.
    #[must_use]
    pub fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_and_spans_of_the_level_are_kept_until_the_guard_is_dropped() {
        let (log, guard) = Log::listen(LevelFilter::INFO);
        tracing::info_span!("outer", field = 7).in_scope(|| tracing::info!("a word"));
        tracing::debug!("a secret of the developers");
        drop(guard);
        tracing::info!("too late");

        let text = log.text();
        for part in ["outer{field=7}", "a word", "close"] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        for part in ["developers", "too late"] {
            assert!(!text.contains(part), "{part} is in {text}");
        }
    }
}
