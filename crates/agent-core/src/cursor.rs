//! Positions in an event stream.

use std::fmt;

/// A position in an event stream: the number that the vendor gives an event (`seq`, `sequence`, `nextCursor`).
///
/// It holds every 64-bit number, signed or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor(i128);

impl Cursor {
    /// The number, if it is not negative and fits.
    pub fn as_u64(self) -> Option<u64> {
        u64::try_from(self.0).ok()
    }

    /// The number, if it fits.
    pub fn as_i64(self) -> Option<i64> {
        i64::try_from(self.0).ok()
    }
}

impl From<u64> for Cursor {
    fn from(position: u64) -> Self {
        Self(position.into())
    }
}

impl From<i64> for Cursor {
    fn from(position: i64) -> Self {
        Self(position.into())
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
