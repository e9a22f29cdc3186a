//! Reading the server's timestamps. They stay text in the types: this is the help for who needs a time.

use std::time::{Duration, SystemTime};

use agent_core::{Error, Result};

/// Reads an ISO 8601 timestamp as the API writes them, such as `2026-04-16T12:00:03.250000Z`.
///
/// The zone may be `Z`, an offset (`+02:00`, `+0200`, `+02`) or missing, which means UTC. Fractions count to the
/// nanosecond; further digits are dropped. A leap second is read as the second after it.
///
/// Fails with kind `Decode` if the text is anything else.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// let time = trelent_agents::parse_timestamp("1970-01-01T01:00:00.5+01:00")?;
/// assert_eq!(time, SystemTime::UNIX_EPOCH + Duration::from_millis(500));
/// # Ok::<(), trelent_agents::Error>(())
/// ```
pub fn parse_timestamp(text: &str) -> Result<SystemTime> {
    read(text).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Error::decode(format!("not a timestamp: {shown:?}"))
    })
}

fn read(text: &str) -> Option<SystemTime> {
    let mut rest = text.as_bytes();
    let year = number(&mut rest, 4)?;
    literal(&mut rest, b"-")?;
    let month = number(&mut rest, 2)?;
    literal(&mut rest, b"-")?;
    let day = number(&mut rest, 2)?;
    literal(&mut rest, b"Tt ")?;
    let hour = number(&mut rest, 2)?;
    literal(&mut rest, b":")?;
    let minute = number(&mut rest, 2)?;
    let mut second = 0;
    let mut nanos = 0;
    if literal(&mut rest, b":").is_some() {
        second = number(&mut rest, 2)?;
        if literal(&mut rest, b".,").is_some() {
            nanos = fraction(&mut rest)?;
        }
    }
    let offset = zone(rest)?;
    if !(1..=12).contains(&month)
        || !(1..=days_of_month(year, month)).contains(&day)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    let seconds =
        days_from_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(whole)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(whole)
    };
    time?.checked_add(Duration::from_nanos(nanos))
}

/// Takes exactly `digits` digits.
fn number(rest: &mut &[u8], digits: usize) -> Option<i64> {
    let (head, tail) = rest.split_at_checked(digits)?;
    *rest = tail;
    head.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit()
            .then(|| value * 10 + i64::from(byte - b'0'))
    })
}

/// Takes one byte out of `choice`.
fn literal(rest: &mut &[u8], choice: &[u8]) -> Option<()> {
    let (first, tail) = rest.split_first()?;
    choice.contains(first).then(|| *rest = tail)
}

/// Takes all digits, at least one, and gives nanoseconds.
fn fraction(rest: &mut &[u8]) -> Option<u64> {
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    let nanos = digits
        .iter()
        .chain(std::iter::repeat(&b'0'))
        .take(9)
        .fold(0, |value, byte| value * 10 + u64::from(byte - b'0'));
    (length > 0).then_some(nanos)
}

/// The zone's offset from UTC in seconds; all of `rest` must belong to it.
fn zone(mut rest: &[u8]) -> Option<i64> {
    let sign = match rest.split_first() {
        None | Some((b'Z' | b'z', [])) => return Some(0),
        Some((b'+', tail)) => {
            rest = tail;
            1
        }
        Some((b'-', tail)) => {
            rest = tail;
            -1
        }
        Some(_) => return None,
    };
    let hours = number(&mut rest, 2)?;
    let mut minutes = 0;
    if !rest.is_empty() {
        let _ = literal(&mut rest, b":");
        minutes = number(&mut rest, 2)?;
    }
    (rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days between 1970-01-01 and a date of the Gregorian calendar.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    // Days of the whole years before: every fourth is a leap year, but of those divisible by 100 only every fourth.
    let before = |year: i64| {
        let last = year - 1;
        year * 365 + last.div_euclid(4) - last.div_euclid(100) + last.div_euclid(400)
    };
    let months: i64 = (1..month).map(|month| days_of_month(year, month)).sum();
    before(year) - before(1970) + months + day - 1
}

#[cfg(test)]
mod tests {
    use super::parse_timestamp;
    use std::time::{Duration, SystemTime};

    #[test]
    fn every_form_the_api_writes_is_read() {
        // Seconds since the epoch and nanoseconds, from the system's `date`.
        for (text, seconds, nanos) in [
            ("1970-01-01T00:00:00Z", 0, 0),
            ("2026-04-16T12:00:00Z", 1_776_340_800, 0),
            ("2026-04-16T12:00:00", 1_776_340_800, 0),
            ("2026-04-16 12:00", 1_776_340_800, 0),
            ("2026-04-16T12:00:00.5Z", 1_776_340_800, 500_000_000),
            ("2026-04-16T12:00:00.250000", 1_776_340_800, 250_000_000),
            ("2026-04-16T12:00:00.123456789Z", 1_776_340_800, 123_456_789),
            (
                "2026-04-16T12:00:00.1234567891Z",
                1_776_340_800,
                123_456_789,
            ),
            ("2026-04-16T14:00:00+02:00", 1_776_340_800, 0),
            ("2026-04-16T06:30:00-0530", 1_776_340_800, 0),
            ("2026-04-16T14:00:00.000001+02", 1_776_340_800, 1_000),
            ("2024-02-29T23:59:59z", 1_709_251_199, 0),
            ("2000-02-29T00:00:00Z", 951_782_400, 0),
            ("2016-12-31T23:59:60Z", 1_483_228_800, 0),
            ("1969-12-31T23:59:59.25Z", -1, 250_000_000),
            ("1900-03-01T00:00:00Z", -2_203_891_200, 0),
            ("0001-01-01T00:00:00Z", -62_135_596_800, 0),
            ("9999-12-31T23:59:59Z", 253_402_300_799, 0),
        ] {
            let seconds: i64 = seconds;
            let whole = Duration::from_secs(seconds.unsigned_abs());
            let expected = if seconds < 0 {
                SystemTime::UNIX_EPOCH - whole
            } else {
                SystemTime::UNIX_EPOCH + whole
            } + Duration::from_nanos(nanos);
            assert_eq!(parse_timestamp(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn anything_else_is_a_decode_error() {
        for text in [
            "",
            "2026",
            "2026-04-16",
            "2026-4-16T12:00:00Z",
            "2026-04-16T12",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-04-16T24:00:00Z",
            "2026-04-16T12:60:00Z",
            "2026-04-16T12:00:61Z",
            "2026-04-16T12:00:00.Z",
            "2026-04-16T12:00:00ZZ",
            "2026-04-16T12:00:00+2",
            "2026-04-16T12:00:00+24:00",
            "2026-04-16T12:00:00+02:00x",
            "2026-04-16T12:00:00 UTC",
            "+026-04-16T12:00:00Z",
            "２０２６-04-16T12:00:00Z",
        ] {
            let error = parse_timestamp(text).unwrap_err();
            assert_eq!(error.kind(), agent_core::ErrorKind::Decode, "{text}");
        }
    }
}
