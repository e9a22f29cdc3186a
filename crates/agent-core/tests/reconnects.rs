//! How often and after which wait a stream begins again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use agent_core::sdk::{Reconnects, Scene, reconnects_exhausted};
use agent_core::{Error, ErrorKind, Resume, SeededAmbient, Sent};
use support::{millis, secs};

fn scene(ambient: &SeededAmbient, connected: Option<Duration>) -> Scene<'_> {
    Scene::fixed(secs(0), connected, None, ambient)
}

fn ambient() -> SeededAmbient {
    SeededAmbient::new(1, SystemTime::UNIX_EPOCH)
}

#[tokio::test(start_paused = true)]
async fn reconnects_in_a_row_are_counted_and_progress_counts_anew() {
    let ambient = ambient();
    for (resume, allowed) in [
        (Resume::auto(), 10),
        (Resume::never(), 0),
        (Resume::auto().max_reconnects(3), 3),
    ] {
        assert_eq!(resume.is_on(), allowed > 0);
        let mut reconnects = Reconnects::new(resume);
        for _ in 0..2 {
            for number in 1..=allowed {
                let wait = reconnects.failed(&scene(&ambient, None), None);
                assert!(wait.is_some(), "reconnect {number} of {allowed}");
                assert_eq!(reconnects.failures(), number);
            }
            assert_eq!(reconnects.failed(&scene(&ambient, None), None), None);
            reconnects.progress();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_healthy_counts_anew_and_a_shorter_one_does_not() {
    let ambient = ambient();
    for (age, healthy) in [
        (None, false),
        (Some(millis(29_999)), false),
        (Some(secs(30)), true),
    ] {
        let mut reconnects = Reconnects::new(Resume::auto().max_reconnects(1));
        reconnects.failed(&scene(&ambient, None), None).unwrap();
        let again = reconnects.failed(&scene(&ambient, age), None);
        assert_eq!(again.is_some(), healthy, "{age:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn waits_are_random_parts_of_a_doubling_one() {
    for seed in 0..100 {
        let ambient = SeededAmbient::new(seed, SystemTime::UNIX_EPOCH);
        let mut reconnects = Reconnects::new(Resume::auto());
        for whole in [500, 1000, 2000, 4000, 8000, 8000] {
            let wait = reconnects.failed(&scene(&ambient, None), None).unwrap();
            assert!(wait <= millis(whole), "{wait:?} of {whole} ms");
        }
    }
    let huge = Resume::auto().backoff(Duration::MAX, Duration::MAX);
    let mut reconnects = Reconnects::new(huge.max_reconnects(u32::MAX));
    for _ in 0..100 {
        reconnects.failed(&scene(&ambient(), None), None).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_server_can_ask_for_a_longer_wait_up_to_a_minute() {
    let ambient = ambient();
    for (after, expected) in [
        (secs(60), true),
        (millis(60_001), false),
        (Duration::MAX, false),
    ] {
        let mut reconnects = Reconnects::new(Resume::auto());
        let wait = reconnects.failed(&scene(&ambient, None), Some(after));
        assert_eq!(wait, expected.then_some(after));
    }
    let mut reconnects = Reconnects::new(Resume::auto());
    let wait = reconnects.failed(&scene(&ambient, None), Some(secs(0)));
    assert!(wait.is_some_and(|wait| wait <= millis(500)));
}

#[test]
fn the_error_at_the_end_keeps_what_the_last_failure_knew() {
    let last = Error::new(ErrorKind::Api, "busy")
        .with_request_id(Some("r-1".into()))
        .with_retry_after(Some(secs(90)))
        .with_sent(Sent::Yes);
    let error = reconnects_exhausted(3, last);
    assert_eq!(error.kind(), ErrorKind::ReconnectsExhausted);
    assert_eq!(error.request_id(), Some("r-1"));
    assert_eq!(error.retry_after(), Some(secs(90)));
    assert_eq!(error.sent(), Sent::Yes);
    assert!(!error.is_retryable());
    assert!(error.source().unwrap().to_string().contains("busy"));
    assert!(error.to_string().contains("3 reconnects"), "{error}");
}
