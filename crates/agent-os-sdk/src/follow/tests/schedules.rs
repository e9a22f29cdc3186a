//! Thousands of schedules through the rules alone, beside the state machine as its description has it: what is
//! delivered, how long is waited, how it ends.

use std::time::{Duration, UNIX_EPOCH};

use agent_core::error::ErrorResponse;
use agent_core::sse::Decoder;
use agent_core::{Ambient, SeededAmbient};
use serde_json::json;

use super::super::*;

/// What a server makes of the position: the first number that it sends, given `afterSeq` and `Last-Event-ID`.
type Rule = fn(u64, Option<u64>) -> u64;

const RULES: [Rule; 6] = [
    |after, _| after + 1,
    |after, _| after,
    |_, last| last.map_or(0, |last| last + 1),
    |_, last| last.unwrap_or(0),
    |after, last| after.max(last.unwrap_or(0)) + 1,
    |_, _| 0,
];

/// Numbers of a run's events.
const LEDGER: std::ops::Range<u64> = 1..8;
const BASE: Duration = Duration::from_secs(1);
const CAP: Duration = Duration::from_secs(30);

struct Dice<'a>(&'a dyn Ambient);

impl Dice<'_> {
    fn roll(&self, sides: u64) -> u64 {
        self.0.random() % sides
    }

    fn chance(&self, of_100: u64) -> bool {
        self.roll(100) < of_100
    }
}

/// The frames behind a position, with what must not move it.
fn body(dice: &Dice<'_>, first: u64) -> String {
    let mut body = String::new();
    for seq in LEDGER.filter(|seq| *seq >= first) {
        let noise = match dice.roll(7) {
            0 => ": ping\n\n".to_owned(),
            1 => "event: heartbeat\ndata: {}\n\n".to_owned(),
            2 => format!("id: {seq}\nevent: error\ndata: {{}}\n\n"),
            3 => format!("id: {}\nevent: new\ndata: {{}}\n\n", seq + 3),
            4 => "event: close\ndata: {\"payload\":{\"terminal\":false}}\n\n".to_owned(),
            _ => String::new(),
        };
        body += &noise;
        let over = seq + 1 == LEDGER.end;
        let kind = if over { "RUN_FINISHED" } else { "NODE" };
        let data = json!({"seq": seq, "type": kind, "timestamp": "t"});
        body.extend(["event: run_event\ndata: ", &data.to_string(), "\n\n"]);
    }
    body
}

fn refusal(status: u16, after: Option<Duration>) -> Error {
    Error::new(ErrorKind::Api, "no")
        .with_response(ErrorResponse {
            method: "GET".parse().unwrap(),
            url: String::new(),
            status: status.try_into().unwrap(),
            reason: String::new(),
            headers: [].into_iter().collect(),
            body: bytes::Bytes::new(),
            truncated: false,
        })
        .with_retry_after(after)
}

/// The state machine once more, without frames: how many failures there were, and what an event means.
#[derive(Default)]
struct Model {
    failures: u32,
    delivered: Vec<u64>,
}

impl Model {
    /// What comes of a failure: the bounds of the wait, or none if that was the last.
    fn failed(
        &mut self,
        max: u32,
        age: Option<Duration>,
        after: Option<Duration>,
    ) -> Option<(Duration, Duration)> {
        if age >= Some(Duration::from_secs(30)) {
            self.failures = 0;
        }
        self.failures += 1;
        if self.failures > max {
            return None;
        }
        let whole = BASE * 2_u32.pow(self.failures - 1);
        let after = after.unwrap_or_default();
        Some((
            whole.min(CAP).max(after),
            whole.mul_f64(1.3).min(CAP).max(after),
        ))
    }
}

/// How a schedule ended.
#[derive(Debug, PartialEq)]
enum Over {
    In(End),
    Error(ErrorKind),
}

/// What the rules said, which must be what the model says.
fn check(next: Next, expected: Option<(Duration, Duration)>, case: &str) -> Option<Over> {
    match (next, expected) {
        (Next::Reopen(wait), Some((least, most))) => {
            assert!((least..=most).contains(&wait), "{case}: {wait:?}");
            None
        }
        (Next::Fail(error), None) => Some(Over::Error(error.kind())),
        (next, expected) => panic!("{case}: {next:?} is not {expected:?}"),
    }
}

/// Tells the rules what a connection brings, to its end or to the run's.
fn read(
    rules: &mut Following,
    model: &mut Model,
    out: &mut Out<FollowEvent>,
    sent: &[u8],
    ambient: &dyn Ambient,
) -> Option<End> {
    let scene = Scene::fixed(Duration::ZERO, Some(Duration::ZERO), None, ambient);
    let mut decoder = Decoder::new();
    decoder.feed(bytes::Bytes::copy_from_slice(sent));
    let mut end = None;
    while let Some(frame) = decoder.next_frame().unwrap() {
        match rules.frame(frame, &scene, out) {
            Next::Read => {}
            Next::Finish(how) => end = Some(how),
            next => panic!("{next:?}"),
        }
        while let Some((item, cursor)) = out.pop() {
            let event = item.unwrap();
            if event.kind == FollowEventType::RunEvent {
                let seq = u64::try_from(event.seq).unwrap();
                assert_eq!(cursor, Some(Cursor::from(seq)));
                model.delivered.push(seq);
                model.failures = 0;
            } else {
                assert_eq!(cursor, None, "only events move the position");
            }
        }
        if end.is_some() {
            break;
        }
    }
    end
}

fn play(rule: Rule, seed: u64) -> Over {
    let ambient = SeededAmbient::new(seed, UNIX_EPOCH);
    let dice = Dice(&ambient);
    let case = format!("seed {seed}");
    let max = u32::try_from(dice.roll(6)).unwrap();
    let resume = Resume::auto().max_reconnects(max).backoff(BASE, CAP);
    let begins = dice.chance(30).then(|| dice.roll(LEDGER.end - 1));
    let mut rules = Following::new("run".to_owned(), "att".to_owned(), resume, begins);
    let mut model = Model::default();
    let mut out = Out::default();
    let over = loop {
        let scene = |age: Option<Duration>| Scene::fixed(Duration::ZERO, age, None, &ambient);
        assert!(matches!(rules.open(), Open::Sse(_)));
        let (status, after) = match dice.roll(16) {
            0 => (503, None),
            1 => (429, Some(Duration::from_secs(dice.roll(60)))),
            2 => (408, Some(Duration::ZERO)),
            3 if dice.chance(20) => (429, Some(Duration::from_secs(61))),
            4 if dice.chance(20) => (404, None),
            _ => (200, None),
        };
        if status != 200 {
            // A wait that is too long counts only where there would be one.
            let counts = status != 404;
            let wait = counts.then(|| model.failed(max, None, after)).flatten();
            let used_up = counts && wait.is_none();
            let expected = wait.filter(|_| after <= Some(Duration::from_secs(60)));
            let broke = Broke::Refused(refusal(status, after));
            match check(rules.broke(broke, &scene(None), &mut out), expected, &case) {
                Some(over) if used_up => break over,
                Some(over) => {
                    assert_eq!(over, Over::Error(ErrorKind::Api), "{case}");
                    return over;
                }
                None => continue,
            }
        }
        // The connection brings part of the ledger and then fails in some way, at some age.
        let position = rules.cursor;
        let body = body(&dice, rule(position.unwrap_or(0), position));
        let sent = match dice.roll(4) {
            0 => body.len(),
            _ => usize::try_from(dice.roll(body.len() as u64 + 1)).unwrap(),
        };
        let end = read(
            &mut rules,
            &mut model,
            &mut out,
            &body.as_bytes()[..sent],
            &ambient,
        );
        if let Some(how) = end {
            break Over::In(how);
        }
        let age = Duration::from_secs(dice.roll(50));
        let lost = || Error::new(ErrorKind::Transport, "broke");
        let (broke, expected) = match dice.roll(3) {
            0 => {
                if age >= Duration::from_secs(30) {
                    model.failures = 0;
                }
                (Broke::Idle(age), Some((BASE, BASE.mul_f64(1.3))))
            }
            1 => (Broke::Eof, model.failed(max, Some(age), None)),
            _ => (Broke::Lost(lost()), model.failed(max, Some(age), None)),
        };
        if let Some(over) = check(
            rules.broke(broke, &scene(Some(age)), &mut out),
            expected,
            &case,
        ) {
            break over;
        }
    };
    let first = begins.map_or(LEDGER.start, |at| at + 1);
    let wanted: Vec<_> = LEDGER.filter(|seq| *seq >= first).collect();
    let count = model.delivered.len();
    assert_eq!(
        model.delivered,
        wanted[..count],
        "{case}: in order, each once"
    );
    match over {
        Over::In(end) => {
            assert_eq!(end, End::Terminal, "{case}");
            assert_eq!(count, wanted.len(), "{case}: whole");
        }
        Over::Error(kind) => assert_eq!(kind, ErrorKind::ReconnectsExhausted, "{case}"),
    }
    over
}

#[test]
fn whatever_happens_events_come_once_in_order_and_waits_and_ends_are_those_described() {
    let mut ends = [0, 0, 0];
    for seed in 0..6_000 {
        let rule = RULES[usize::try_from(seed).unwrap() % RULES.len()];
        ends[match play(rule, seed) {
            Over::In(_) => 0,
            Over::Error(ErrorKind::Api) => 1,
            Over::Error(_) => 2,
        }] += 1;
    }
    // Each way to end was taken often.
    assert!(ends.iter().all(|count| *count > 200), "{ends:?}");
}
