//! Times as instants: RFC 3339, also with a space for the `T` and without a zone (read as UTC).

/// Nanoseconds since 1970 of a text that is a time; none if it is not one.
pub fn instant(text: &str) -> Option<i128> {
    let (clock, offset) = split_zone(text);
    let offset = offset?;
    let digits = |from: usize, to: usize| number(clock.get(from..to)?);
    let separators = clock.is_char_boundary(19)
        && clock.as_bytes().get(4) == Some(&b'-')
        && clock.as_bytes().get(7) == Some(&b'-')
        && matches!(clock.as_bytes().get(10), Some(b'T' | b't' | b' '))
        && clock.as_bytes().get(13) == Some(&b':')
        && clock.as_bytes().get(16) == Some(&b':');
    if !separators {
        return None;
    }
    let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
    let (hour, minute, second) = (digits(11, 13)?, digits(14, 16)?, digits(17, 19)?);
    if !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
        || hour > 24
        || minute > 59
        || second > 60
    {
        return None;
    }
    let nanoseconds = fraction(clock.get(19..)?)?;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds))
}

/// Whether the text is a time with a zone, as RFC 3339 wants it.
pub fn is_rfc3339(text: &str) -> bool {
    let zoned = split_zone(text).0.len() < text.len();
    zoned && instant(text).is_some()
}

/// The part before the zone, and the zone's seconds east of UTC; none if the zone is not one.
fn split_zone(text: &str) -> (&str, Option<i64>) {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return (clock, Some(0));
    }
    let Some(at) = text.len().checked_sub(6).filter(|at| *at >= 19) else {
        return (text, Some(0));
    };
    let Some((clock, zone)) = text.split_at_checked(at) else {
        return (text, Some(0));
    };
    let sign = match zone.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return (text, Some(0)),
    };
    let offset = || {
        let (hours, minutes) = zone.get(1..)?.split_once(':')?;
        (hours.len() == 2 && minutes.len() == 2)
            .then(|| Some(sign * (number(hours)? * 3600 + number(minutes)? * 60)))?
    };
    (clock, offset())
}

fn number(digits: &str) -> Option<i64> {
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

/// Nanoseconds of a fraction with its point; an empty one is zero. Beyond nanoseconds only zeros count as a time.
fn fraction(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let digits = text.strip_prefix('.')?;
    let significant = digits.trim_end_matches('0');
    if digits.is_empty() || significant.len() > 9 {
        return None;
    }
    if significant.is_empty() {
        return number(digits).map(|_| 0);
    }
    let scale = 10_i64.pow(u32::try_from(9 - significant.len()).ok()?);
    Some(number(significant)? * scale)
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_instant_in_many_spellings() {
        let expected = Some(1_776_340_801_500_000_000);
        for text in [
            "2026-04-16T12:00:01.500000Z",
            "2026-04-16T12:00:01.5Z",
            "2026-04-16T12:00:01.5+00:00",
            "2026-04-16T14:00:01.500+02:00",
            "2026-04-16T06:30:01.5-05:30",
            "2026-04-16 12:00:01.5",
            "2026-04-16t12:00:01.50000000000z",
        ] {
            assert_eq!(instant(text), expected, "{text}");
        }
        assert_eq!(instant("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(
            instant("2000-02-29T00:00:00"),
            Some(951_782_400_000_000_000)
        );
    }

    #[test]
    fn other_texts_are_no_times() {
        for text in [
            "",
            "2026-04-16",
            "2026-04-16T12:00",
            "2026-13-16T12:00:01Z",
            "2026-04-16T12:00:01.Z",
            "2026-04-16T12:00:01.1234567891Z",
            "2026-04-16T12:00:01+2:00",
            "+026-04-16T12:00:01Z",
            "2026-04-16T12:00:01Z and more",
            "2026-04-16T12:00:0é",
            "ééééééééééééééé",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn rfc3339_needs_a_zone() {
        assert!(is_rfc3339("2026-04-16T12:00:01Z"));
        assert!(is_rfc3339("2026-04-16T12:00:01.25+02:00"));
        assert!(!is_rfc3339("2026-04-16T12:00:01"));
        assert!(!is_rfc3339("yesterday"));
    }
}
