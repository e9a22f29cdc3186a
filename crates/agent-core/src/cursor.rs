//! Positions in an event stream.

use std::fmt;

/// A position in an event stream: the number that the vendor gives an event (`seq`, `sequence`, `nextCursor`).
///
/// It holds every 64-bit number, signed or not.
// Not an `i128`: an `Option` of that has a discriminant of 16 bytes, which costs in a queue of small items.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    // First, because negative numbers are the smaller ones.
    positive: bool,
    /// Two's complement, which keeps the order among numbers of one sign.
    bits: u64,
}

impl Cursor {
    /// The number, if it is not negative and fits.
    pub fn as_u64(self) -> Option<u64> {
        self.positive.then_some(self.bits)
    }

    /// The number, if it fits.
    pub fn as_i64(self) -> Option<i64> {
        let number = self.bits.cast_signed();
        (self.positive == (number >= 0)).then_some(number)
    }
}

impl From<u64> for Cursor {
    fn from(position: u64) -> Self {
        Self {
            positive: true,
            bits: position,
        }
    }
}

impl From<i64> for Cursor {
    fn from(position: i64) -> Self {
        Self {
            positive: position >= 0,
            bits: position.cast_unsigned(),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.positive {
            self.bits.fmt(f)
        } else {
            self.bits.cast_signed().fmt(f)
        }
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cursor({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;

    #[test]
    fn a_cursor_holds_every_number_of_64_bits_and_keeps_their_order() {
        let signed = [i64::MIN, -2, -1, 0, 1, i64::MAX];
        let unsigned = [0, 1, i64::MAX.unsigned_abs(), 1 << 63, u64::MAX];
        let numbers: Vec<(i128, Cursor)> = signed
            .map(|number| (number.into(), number.into()))
            .into_iter()
            .chain(unsigned.map(|number| (number.into(), number.into())))
            .collect();
        for (number, cursor) in &numbers {
            assert_eq!(cursor.to_string(), number.to_string());
            assert_eq!(format!("{cursor:?}"), format!("Cursor({number})"));
            assert_eq!(cursor.as_i64(), i64::try_from(*number).ok(), "{number}");
            assert_eq!(cursor.as_u64(), u64::try_from(*number).ok(), "{number}");
            for (other, at) in &numbers {
                assert_eq!(cursor.cmp(at), number.cmp(other), "{number} and {other}");
            }
        }
    }
}
