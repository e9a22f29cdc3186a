//! Times as the API writes them, and ids that begin with the time. The clock itself comes from `Ambient`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use agent_core::Ambient;

/// ISO 8601 in UTC with milliseconds: `2025-01-01T00:00:00.000Z`. Times before 1970 are written as its beginning,
/// times after 9999 as its end.
pub(crate) fn iso(time: SystemTime) -> String {
    /// The last second of 9999.
    const END: Duration = Duration::new(253_402_300_799, 999_000_000);
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default().min(END);
    let (days, rest) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = date(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        rest / 3600,
        rest / 60 % 60,
        rest % 60,
        since.subsec_millis()
    )
}

/// The date of a day counted from 1970-01-01.
fn date(mut days: u64) -> (u64, u64, u64) {
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

/// A UUID of version 7: the milliseconds since 1970, and random bits.
pub(crate) fn uuid_v7(ambient: &dyn Ambient) -> String {
    let now = ambient.wall_clock();
    let millis = now
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    let (a, b) = (ambient.random(), ambient.random());
    format!(
        "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
        (millis >> 16) & 0xffff_ffff,
        millis & 0xffff,
        a & 0xfff,
        0x8000 | (a >> 12) & 0x3fff,
        b & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use agent_core::SeededAmbient;

    use super::*;

    #[test]
    fn times_are_written_with_milliseconds_in_utc() {
        for (seconds, millis, text) in [
            (0, 0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, 7, "2000-02-29T00:00:00.007Z"),
            (1_735_689_600, 0, "2025-01-01T00:00:00.000Z"),
            (1_749_988_800, 999, "2025-06-15T12:00:00.999Z"),
            (4_107_542_399, 0, "2100-02-28T23:59:59.000Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00.000Z"),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_millis(millis);
            assert_eq!(iso(time), text);
        }
        assert_eq!(
            iso(UNIX_EPOCH - Duration::from_secs(1)),
            "1970-01-01T00:00:00.000Z"
        );
        assert_eq!(
            iso(UNIX_EPOCH + Duration::from_secs(1 << 40)),
            "9999-12-31T23:59:59.999Z"
        );
    }

    #[tokio::test]
    async fn ids_have_the_form_of_version_7_and_begin_with_the_time() {
        let ambient = SeededAmbient::new(1, UNIX_EPOCH + Duration::from_millis(0x0195_ABCD_EF01));
        for _ in 0..100 {
            let id = uuid_v7(&ambient);
            let parts: Vec<_> = id.split('-').collect();
            let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
            assert_eq!((parts[0], parts[1]), ("0195abcd", "ef01"), "{id}");
            assert!(
                parts[2].starts_with('7') && "89ab".contains(&parts[3][..1]),
                "{id}"
            );
        }
        assert_ne!(uuid_v7(&ambient), uuid_v7(&ambient));
    }
}
