//! The rules for following, called directly.

use std::time::Duration;

use agent_core::sdk::Scene;
use agent_core::{Error, ErrorKind, Limit, Resume, SystemAmbient};
use serde_json::{Value, json};

use super::{Step, Watch};
use crate::Polling;
use crate::error::ErrorExt;
use crate::types::{Run, RunEventPage};

mod schedules;

const MS: fn(u64) -> Duration = Duration::from_millis;

fn watch() -> Watch {
    Watch::new("run_1".into(), Resume::never()).max_wait(Limit::After(MS(1000)))
}

fn page(sequences: &[u64], kind: &str) -> RunEventPage {
    let items: Vec<Value> = sequences
        .iter()
        .map(|sequence| json!({"runId": "run_1", "sequence": sequence, "type": kind}))
        .collect();
    serde_json::from_value(json!({"items": items, "nextAfterSeq": 7})).unwrap()
}

fn run(status: &str, last: u64) -> Run {
    serde_json::from_value(json!({"id": "run_1", "status": status, "lastEventSeq": last})).unwrap()
}

fn taken(watch: &mut Watch, sequences: &[u64]) -> Vec<u64> {
    let events = watch.take_page(page(sequences, "agent.progress"));
    events.iter().map(|event| event.sequence).collect()
}

#[track_caller]
fn again(step: Step) -> Duration {
    match step {
        Step::Again(wait) => wait,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn timed_out(step: Step) {
    match step {
        Step::Fail(error) if error.is_wait_timeout() => {
            assert_eq!(error.run_id().unwrap(), "run_1");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_taken_is_never_taken_again() {
    let mut watch = watch().after_seq(2);
    assert_eq!(taken(&mut watch, &[1, 2, 3, 4]), [3, 4]);
    assert_eq!(taken(&mut watch, &[3, 4]), [] as [u64; 0]);
    assert_eq!(taken(&mut watch, &[4, 5, 9]), [5, 9]);
    // A gap passes, and the cursor never goes back.
    assert_eq!(taken(&mut watch, &[1]), [] as [u64; 0]);
    assert_eq!(taken(&mut watch, &[10]), [10]);
    // Nor twice in one page, and in order whatever the page's.
    assert_eq!(taken(&mut watch, &[11, 13, 11, 12, 13]), [11, 12, 13]);
    assert_eq!(taken(&mut watch, &[13, 14]), [14]);
}

#[test]
fn it_is_over_when_the_run_is_terminal_and_its_last_event_was_taken() {
    for status in ["completed", "failed", "cancelled"] {
        let mut watch = watch();
        taken(&mut watch, &[1, 2]);
        // More is there: at once if this page brought something, else after the interval.
        assert_eq!(again(watch.take_run(&run(status, 3), MS(0))), MS(0));
        taken(&mut watch, &[]);
        assert_eq!(again(watch.take_run(&run(status, 3), MS(0))), MS(1000));
        taken(&mut watch, &[3]);
        assert!(matches!(watch.take_run(&run(status, 3), MS(0)), Step::Over));
    }
    for status in ["queued", "starting", "running", "cancelling", "paused"] {
        let mut watch = watch();
        taken(&mut watch, &[1]);
        assert_eq!(
            again(watch.take_run(&run(status, 1), MS(999))),
            MS(1000),
            "{status}"
        );
    }
}

#[test]
fn the_longest_wait_ends_what_does_not_come_to_an_end() {
    // A run that goes on.
    let mut going = watch();
    taken(&mut going, &[1]);
    timed_out(going.take_run(&run("running", 1), MS(1000)));
    // A terminal run whose last event never comes.
    let mut missing = watch();
    taken(&mut missing, &[]);
    timed_out(missing.take_run(&run("completed", 9), MS(1000)));
    // One that came in part.
    let mut short = watch();
    taken(&mut short, &[1]);
    timed_out(short.take_run(&run("completed", 3), MS(1000)));
    // A full page says that there is more now: that is still taken, however late it is …
    let full: Vec<u64> = (1..=500).collect();
    let mut late = watch();
    taken(&mut late, &full);
    let more = late.take_run(&run("completed", 501), MS(5000));
    assert_eq!(again(more), MS(0));
    taken(&mut late, &[501]);
    assert!(matches!(
        late.take_run(&run("completed", 501), MS(6000)),
        Step::Over
    ));
    // … but an end that runs away is not followed for ever.
    let mut away = watch();
    taken(&mut away, &full);
    let more = away.take_run(&run("completed", 600), MS(5000));
    assert_eq!(again(more), MS(0));
    taken(&mut away, &(501..=1000).collect::<Vec<_>>());
    timed_out(away.take_run(&run("completed", 5000), MS(6000)));
    // Without a limit there is no end.
    let mut endless = watch().max_wait(Limit::Off);
    taken(&mut endless, &[]);
    assert_eq!(
        again(endless.take_run(&run("running", 0), Duration::MAX)),
        MS(1000)
    );
}

#[test]
fn exact_polling_always_asks_for_the_status_and_adaptive_polling_when_it_says_something() {
    let mut exact = watch();
    taken(&mut exact, &[1]);
    assert_eq!(exact.without_status(MS(0)), None);

    let mut adaptive = watch().polling(Polling::adaptive());
    taken(&mut adaptive, &[1]);
    assert_eq!(adaptive.without_status(MS(0)), Some(MS(100)));
    assert_eq!(adaptive.without_status(MS(1000)), None, "late");
    let full: Vec<u64> = (2..502).collect();
    taken(&mut adaptive, &full);
    assert_eq!(adaptive.without_status(MS(0)), Some(MS(0)), "there is more");
    adaptive.take_page(page(&[502], "run.completed"));
    assert_eq!(adaptive.without_status(MS(0)), None, "this may be the end");
    for wait in [200, 400, 800] {
        taken(&mut adaptive, &[]);
        assert_eq!(adaptive.without_status(MS(0)), None);
        assert_eq!(
            again(adaptive.take_run(&run("running", 502), MS(0))),
            MS(wait)
        );
    }
    taken(&mut adaptive, &[503]);
    assert_eq!(adaptive.without_status(MS(0)), Some(MS(100)), "quick again");
}

#[test]
fn a_failed_poll_is_asked_again_only_if_it_may_pass_and_resuming_is_on() {
    let ambient = SystemAmbient;
    let scene = Scene::fixed(MS(0), None, None, &ambient);
    let broken = || Error::new(ErrorKind::Transport, "broken");
    let mut never = watch();
    assert!(matches!(never.failed(broken(), &scene), Step::Fail(_)));

    let resume = Resume::auto().max_reconnects(2);
    let mut auto = Watch::new("run_1".into(), resume).max_wait(Limit::After(MS(1000)));
    assert!(matches!(auto.failed(broken(), &scene), Step::Again(_)));
    assert!(matches!(auto.failed(broken(), &scene), Step::Again(_)));
    match auto.failed(broken(), &scene) {
        Step::Fail(error) => {
            assert_eq!(error.kind(), ErrorKind::ReconnectsExhausted);
            assert_eq!(error.run_id().unwrap(), "run_1");
        }
        other => panic!("{other:?}"),
    }
    // A poll that succeeds makes the count start again.
    taken(&mut auto, &[1]);
    assert!(matches!(auto.failed(broken(), &scene), Step::Again(_)));
    let decode = Error::new(ErrorKind::Decode, "not JSON");
    assert!(matches!(auto.failed(decode, &scene), Step::Fail(_)));
    let late = Scene::fixed(MS(1000), None, None, &ambient);
    assert!(matches!(auto.failed(broken(), &late), Step::Fail(_)));
}
