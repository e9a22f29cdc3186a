//! How long is waited between attempts: the policy's own waits and `Retry-After`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{Ambient, ErrorKind, RetryPolicy, SeededAmbient};
use serde_json::json;
use support::{NOON, arrivals, client, client_with, get, millis, secs, timed};

fn always(reply: impl Fn() -> Reply + Send + Sync + 'static) -> ScriptedTransport {
    let wire = ScriptedTransport::new();
    wire.reply_with(move |_| reply());
    wire
}

#[tokio::test(start_paused = true)]
async fn waits_double_from_half_a_second_to_eight_seconds() {
    let wire = always(|| Reply::status(503));
    let policy = RetryPolicy::default().max_retries(7).jitter(false);
    let _ = get(&client(&wire)).retry(policy).await;
    let expected = [0, 500, 1500, 3500, 7500, 15_500, 23_500, 31_500];
    assert_eq!(arrivals(&wire), expected, "milliseconds of the attempts");
}

#[tokio::test(start_paused = true)]
async fn jitter_makes_each_wait_a_random_part_of_itself() {
    let mut sums = [0_u128; 4];
    let rounds = 200;
    for seed in 0..rounds {
        let wire = always(|| Reply::status(503));
        let ambient = Arc::new(SeededAmbient::new(seed, SystemTime::UNIX_EPOCH));
        let client = client_with(&wire, |http| {
            http.ambient(ambient)
                .retry(RetryPolicy::default().max_retries(4))
        });
        let _ = get(&client).await;
        let at = arrivals(&wire);
        for (retry, pair) in at.windows(2).enumerate() {
            let wait = pair[1] - pair[0];
            let whole = 500 << retry;
            assert!(
                wait <= whole,
                "seed {seed}: wait {retry} is {wait} of {whole} ms"
            );
            sums[retry] += wait;
        }
    }
    for (retry, sum) in sums.into_iter().enumerate() {
        let mean = sum / u128::from(rounds);
        let whole: u128 = 500 << retry;
        let middle = whole * 40 / 100..=whole * 60 / 100;
        assert!(
            middle.contains(&mean),
            "mean of wait {retry}: {mean} of {whole} ms"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_waits() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let wire = always(|| Reply::status(503));
        let ambient = Arc::new(SeededAmbient::new(42, SystemTime::UNIX_EPOCH));
        let client = client_with(&wire, |http| {
            http.ambient(ambient).retry(RetryPolicy::default())
        });
        let _ = get(&client).await;
        runs.push(arrivals(&wire));
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test(start_paused = true)]
async fn retry_after_in_every_form_is_waited_for() {
    let past = "Wed, 20 Nov 2024 11:00:00 GMT";
    // `date`, `retry-after`, `retry-after-ms`, and the wait in ms. The wall clock says 12:00:00.
    let rows: &[(&str, &str, &str, u128)] = &[
        ("", "3", "", 3000),
        ("", " 3 ", "", 3000),
        ("", "0", "", 0),
        ("", "1.5", "", 1500),
        ("", "60", "", 60_000),
        ("", "", "250", 250),
        ("", "9", "250", 250),
        ("", "2", "soon", 2000),
        ("", "Wed, 20 Nov 2024 12:00:07 GMT", "", 7000),
        ("", "Wednesday, 20-Nov-24 12:00:07 GMT", "", 7000),
        ("", past, "", 0),
        // The server's own clock counts, however wrong this machine's is.
        (
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Thu, 01 Jan 1970 00:00:05 GMT",
            "",
            5000,
        ),
        ("Wed, 20 Nov 2024 10:59:56 GMT", past, "", 4000),
        ("noon", "Wed, 20 Nov 2024 12:00:07 GMT", "", 7000),
        // What can not be read is as absent: the policy's own first wait.
        ("", "", "", 500),
        ("", "soon", "", 500),
        ("", "-1", "", 500),
        ("", "+1", "", 500),
        ("", "1e3", "", 500),
        ("", "inf", "", 500),
        ("", "NaN", "", 500),
        ("", ".", "", 500),
        ("", "1.2.3", "", 500),
        ("", "1 2", "", 500),
        ("", "0x10", "", 500),
        ("", "Wed, 32 Nov 2024 12:00:07 GMT", "", 500),
    ];
    for &(date, after, after_ms, expected) in rows {
        let wire = ScriptedTransport::new();
        let mut reply = Reply::status(429);
        for (name, value) in [
            ("date", date),
            ("retry-after", after),
            ("retry-after-ms", after_ms),
        ] {
            if !value.is_empty() {
                reply = reply.header(name, value);
            }
        }
        wire.reply(reply).reply(Reply::json(&json!({})));
        get(&client(&wire)).await.unwrap();
        let case = format!("date {date:?}, retry-after {after:?}, ms {after_ms:?}");
        assert_eq!(arrivals(&wire), [0, expected], "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_that_is_too_long_is_the_callers_to_wait_for() {
    let huge = "9".repeat(400);
    let rows: [(&str, Duration); 5] = [
        ("60.001", millis(60_001)),
        ("61", secs(61)),
        ("86400", secs(86_400)),
        ("Wed, 20 Nov 2024 13:00:00 GMT", secs(3600)),
        (&huge, Duration::MAX),
    ];
    for (value, expected) in rows {
        let wire = ScriptedTransport::new();
        wire.reply(Reply::status(503).header("retry-after", value));
        let (took, error) = timed(get(&client(&wire))).await;
        let error = error.unwrap_err();
        assert!(took < 0.001, "{value}: {took} s were waited");
        assert_eq!(error.retry_after(), Some(expected), "{value}");
        assert_eq!(error.attempts(), 1, "{value}");
        assert!(error.is_retryable(), "{value}");
        assert!(error.to_string().contains("retry after"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_policy_says_how_long_a_retry_after_may_be() {
    for (longest, attempts) in [(secs(4), 1), (secs(5), 3), (Duration::MAX, 3)] {
        let wire = always(|| Reply::status(503).header("retry-after", "5"));
        let policy = RetryPolicy::default().max_retry_after(longest);
        let error = get(&client(&wire)).retry(policy).await.unwrap_err();
        assert_eq!(error.attempts(), attempts, "longest {longest:?}");
        assert_eq!(error.retry_after(), Some(secs(5)));
    }
}

/// A wall clock that somebody keeps setting: each look finds it a day earlier.
#[derive(Debug, Default)]
struct Jumping(std::sync::atomic::AtomicU32);

impl Ambient for Jumping {
    fn wall_clock(&self) -> SystemTime {
        let looks = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        SystemTime::UNIX_EPOCH + NOON - secs(86_400) * looks
    }

    fn random(&self) -> u64 {
        0
    }
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_jumps_moves_no_wait_that_the_server_dates() {
    let wire = ScriptedTransport::new();
    wire.reply_with(|_| {
        Reply::status(503)
            .header("date", "Wed, 20 Nov 2024 12:00:00 GMT")
            .header("retry-after", "Wed, 20 Nov 2024 12:00:02 GMT")
    });
    let client = client_with(&wire, |http| http.ambient(Arc::new(Jumping::default())));
    let error = get(&client).await.unwrap_err();
    assert_eq!(arrivals(&wire), [0, 2000, 4000]);
    assert_eq!(error.kind(), ErrorKind::Api);
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_far_off_gives_an_error_with_the_value_not_a_long_wait() {
    let wire = ScriptedTransport::new();
    wire.reply_with(|_| Reply::status(503).header("retry-after", "Wed, 20 Nov 2024 12:00:02 GMT"));
    let client = client_with(&wire, |http| http.ambient(Arc::new(Jumping::default())));
    let (took, error) = timed(get(&client)).await;
    // The second look at the clock finds it a day back.
    assert_eq!(error.unwrap_err().attempts(), 2);
    assert!(took < 3.0, "{took} s");
}

#[tokio::test(start_paused = true)]
async fn huge_waits_do_not_overflow() {
    for base in [Duration::MAX, Duration::ZERO, Duration::from_nanos(1)] {
        for cap in [Duration::MAX, Duration::ZERO] {
            for jitter in [true, false] {
                let wire = always(|| Reply::status(503));
                let policy = RetryPolicy::default()
                    .backoff(base, cap)
                    .jitter(jitter)
                    .max_retries(u32::MAX);
                let client = client_with(&wire, |http| http.retry(policy));
                let call = tokio::time::timeout(secs(1000), async move { get(&client).await });
                let _ = call.await;
            }
        }
    }
}
