//! Time: tokio's clock counted from the start of the emulator, and its text form.
//!
//! Everything that has to do with time asks here, so a paused tokio clock moves runs, tokens and heartbeats, and an
//! injected start time makes every timestamp predictable. No timers live here.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// A point in time: how long after the start of the emulator.
pub(crate) type Moment = Duration;

/// The emulator's clock.
#[derive(Debug)]
pub(crate) struct Clock {
    wall: Duration,
    started: Instant,
}

impl Clock {
    /// Starts at `wall`, or at the machine's time when it is `None`.
    pub(crate) fn start(wall: Option<SystemTime>) -> Self {
        let wall = wall.unwrap_or_else(wall_clock);
        Self {
            wall: wall.duration_since(UNIX_EPOCH).unwrap_or_default(),
            started: instant(),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        instant().saturating_duration_since(self.started)
    }

    /// The instant to sleep until for `moment`.
    pub(crate) fn instant(&self, moment: Moment) -> Instant {
        // An absurdly late moment is as good as a day that no test waits for.
        self.started
            .checked_add(moment)
            .unwrap_or(self.started + Duration::from_secs(86_400 * 365))
    }

    /// `moment` as RFC 3339 in UTC with microseconds, such as `2026-04-16T12:00:03.250000Z`.
    pub(crate) fn text(&self, moment: Moment) -> String {
        rfc3339(self.wall.saturating_add(moment))
    }

    /// `moment` as HTTP writes it, such as `Thu, 16 Apr 2026 12:00:03 GMT`.
    pub(crate) fn http_date(&self, moment: Moment) -> String {
        imf_fixdate(self.wall.saturating_add(moment))
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the one place where the wall clock is read, and only when no start time was injected"
)]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}

#[allow(
    clippy::disallowed_methods,
    reason = "the one place where tokio's clock is read; this crate does not depend on agent-core"
)]
fn instant() -> Instant {
    Instant::now()
}

fn rfc3339(since_epoch: Duration) -> String {
    let seconds = since_epoch.as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:06}Z",
        rest / 3600,
        rest / 60 % 60,
        rest % 60,
        since_epoch.subsec_micros()
    )
}

fn imf_fixdate(since_epoch: Duration) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let seconds = since_epoch.as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let name = |names: &[&'static str], index: u64| {
        let index = usize::try_from(index).unwrap_or_default();
        names.get(index).copied().unwrap_or_default()
    };
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        name(&DAYS, days % 7),
        name(&MONTHS, month - 1),
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// The Gregorian date of a day counted from 1970-01-01, in eras of 400 years that begin on 1 March.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_rfc_3339_also_around_leap_days() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399, "2000-02-28T23:59:59.000000Z"),
            (951_782_400, "2000-02-29T00:00:00.000000Z"),
            (1_776_340_800, "2026-04-16T12:00:00.000000Z"),
            (4_107_542_399, "2100-02-28T23:59:59.000000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000000Z"),
        ] {
            assert_eq!(rfc3339(Duration::from_secs(seconds)), text);
        }
        assert_eq!(
            rfc3339(Duration::new(1, 250_000_999)),
            "1970-01-01T00:00:01.250000Z"
        );
    }

    #[test]
    fn http_dates_name_the_day_of_the_week() {
        for (seconds, text) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (1_776_340_800, "Thu, 16 Apr 2026 12:00:00 GMT"),
        ] {
            assert_eq!(imf_fixdate(Duration::from_secs(seconds)), text);
        }
    }
}
