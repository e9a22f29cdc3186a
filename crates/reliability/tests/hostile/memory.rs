//! The most memory that this process had since a moment, as Linux tells.

use std::fs;

/// A moment from which on the peak counts.
pub(crate) struct Peak {
    start: Option<u64>,
}

impl Peak {
    pub(crate) fn begin() -> Self {
        // "5" sets the highest so far to what is there now.
        let reset = fs::write("/proc/self/clear_refs", "5").is_ok();
        Self {
            start: reset.then(highest).flatten(),
        }
    }

    /// Bytes above the start; `None` where the system does not tell.
    pub(crate) fn grew(&self) -> Option<u64> {
        Some(highest()?.saturating_sub(self.start?))
    }
}

fn highest() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}
