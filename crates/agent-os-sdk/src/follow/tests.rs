//! Tables of the rules; `tests/schedules.rs` plays them.

use std::time::{Duration, UNIX_EPOCH};

use agent_core::SeededAmbient;

use super::*;

mod schedules;

#[test]
fn waits_double_and_have_a_random_part_of_up_to_three_tenths() {
    let ambient = SeededAmbient::new(5, UNIX_EPOCH);
    let (base, max) = (Duration::from_millis(100), Duration::from_secs(10));
    for attempt in 1..=6 {
        let whole = base * 2_u32.pow(attempt - 1);
        let waits: Vec<_> = (0..500)
            .map(|_| calculate_backoff(attempt, base, max, &ambient))
            .collect();
        assert!(
            waits
                .iter()
                .all(|wait| (whole..whole.mul_f64(1.3)).contains(wait))
        );
        assert!(waits.iter().max().unwrap() > &whole.mul_f64(1.25), "spread");
        assert!(waits.iter().min().unwrap() < &whole.mul_f64(1.05), "spread");
    }
    assert_eq!(calculate_backoff(u32::MAX, base, max, &ambient), max);
    let longest = calculate_backoff(u32::MAX, Duration::MAX, Duration::MAX, &ambient);
    assert_eq!(longest, Duration::MAX);
    assert_eq!(calculate_backoff(0, base, base, &ambient), base);
}

#[test]
fn the_first_event_wanted_becomes_the_position_before_it() {
    assert_eq!(FollowOptions::new().start_seq.checked_sub(1), None);
    assert_eq!(FollowOptions::after(0).start_seq, 1);
    assert_eq!(FollowOptions::after(u64::MAX).start_seq, u64::MAX);
}
