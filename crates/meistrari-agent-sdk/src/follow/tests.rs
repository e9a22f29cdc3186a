//! Every schedule of frames and breaks, without a connection.

use agent_core::sdk::{Broke, Follow, Next, Out, Scene};
use agent_core::sse::Decoder;
use agent_core::{Error, ErrorKind, SystemAmbient};

use super::*;

mod schedules;

struct Stage {
    rules: Following,
    out: Out<SessionStreamEvent>,
}

impl Stage {
    fn new(cursor: Option<i64>, resume: Resume) -> Self {
        Self {
            rules: Following::new("s".into(), cursor, "cursor".into(), resume),
            out: Out::default(),
        }
    }

    fn frames(&mut self, data: &[&str]) -> Next {
        let mut decoder = Decoder::new();
        let text = data
            .iter()
            .fold(String::new(), |text, data| text + "data: " + data + "\n\n");
        decoder.feed(text.into());
        let mut next = Next::Read;
        while let Some(frame) = decoder.next_frame().unwrap() {
            next = self.rules.frame(frame, &scene(), &mut self.out);
        }
        next
    }

    fn broke(&mut self, broke: Broke) -> Next {
        self.rules.broke(broke, &scene(), &mut self.out)
    }

    /// Whether each event that came is marked.
    fn marks(&mut self) -> Vec<bool> {
        let items = std::iter::from_fn(|| self.out.pop());
        items.map(|(item, _)| item.unwrap().may_repeat()).collect()
    }
}

fn scene() -> Scene<'static> {
    let idle = Some(Duration::from_secs(120));
    Scene::fixed(Duration::ZERO, None, idle, &SystemAmbient)
}

const AT_1: &str = r#"{"kind":"steps","nextCursor":1}"#;
const AT_2: &str = r#"{"kind":"steps","nextCursor":2}"#;
const NOWHERE: &str = r#"{"kind":"steps","nextCursor":null}"#;

#[test]
fn the_first_event_after_a_resume_is_marked_only_when_something_came_behind_the_cursor() {
    for (before, after, marks) in [
        (&[AT_1][..], &[AT_2][..], vec![false, false]),
        (
            &[AT_1, NOWHERE],
            &[NOWHERE, AT_2],
            vec![false, false, true, false],
        ),
        (&[NOWHERE], &[NOWHERE], vec![false, true]),
        // A server that has not understood the cursor begins before it.
        (
            &[AT_1, AT_2],
            &[AT_1, AT_2],
            vec![false, false, true, false],
        ),
        (&[], &[AT_1], vec![false]),
    ] {
        let mut stage = Stage::new(None, Resume::auto());
        stage.rules.opened = true;
        stage.frames(before);
        assert!(
            matches!(stage.broke(Broke::Eof), Next::Reopen(_)),
            "{before:?}"
        );
        // A break before anything came changes nothing.
        assert!(
            matches!(stage.broke(Broke::Eof), Next::Reopen(_)),
            "{before:?}"
        );
        stage.frames(after);
        assert_eq!(stage.marks(), marks, "{before:?} {after:?}");
    }
}

#[test]
fn a_server_that_only_repeats_itself_is_given_up() {
    let mut stage = Stage::new(None, Resume::auto().max_reconnects(3));
    for _ in 0..3 {
        stage.frames(&[NOWHERE]);
        assert!(matches!(stage.broke(Broke::Eof), Next::Reopen(_)));
    }
    stage.frames(&[NOWHERE]);
    match stage.broke(Broke::Eof) {
        Next::Fail(error) => assert_eq!(error.kind(), ErrorKind::ReconnectsExhausted),
        other => panic!("{other:?}"),
    }
    // A new position makes the count start again.
    let mut stage = Stage::new(None, Resume::auto().max_reconnects(1));
    for cursor in 0..50 {
        stage.frames(&[&format!(r#"{{"kind":"steps","nextCursor":{cursor}}}"#)]);
        assert!(
            matches!(stage.broke(Broke::Eof), Next::Reopen(_)),
            "{cursor}"
        );
    }
}

#[test]
fn silence_means_a_new_connection_and_never_uses_the_reconnects_up() {
    let mut stage = Stage::new(Some(4), Resume::auto().max_reconnects(1));
    for _ in 0..100 {
        let next = stage.broke(Broke::Idle(Duration::from_secs(120)));
        assert!(matches!(next, Next::Reopen(Duration::ZERO)), "{next:?}");
    }
    let mut never = Stage::new(Some(4), Resume::never());
    match never.broke(Broke::Idle(Duration::from_secs(600))) {
        Next::Fail(error) => assert!(error.is_timeout()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_end_is_the_end_once_the_status_says_so() {
    let status = |status: &str| format!(r#"{{"kind":"status","status":"{status}"}}"#);
    for (events, over) in [
        (vec![], false),
        (vec![status("running")], false),
        (vec![status("completed")], true),
        (vec![status("failed")], true),
        (vec![status("cancelled")], true),
        (vec![status("waiting_messages")], true),
        (vec![status("waiting_messages"), status("running")], false),
        (vec![status("completed"), status("hibernating")], true),
        (vec![status("completed"), NOWHERE.into()], true),
        (
            vec![
                status("completed"),
                r#"{"kind":"result","status":"running"}"#.into(),
            ],
            false,
        ),
    ] {
        let refs: Vec<_> = events.iter().map(String::as_str).collect();
        let lost = || Broke::Lost(Error::new(ErrorKind::Transport, "gone"));
        let silence = Broke::Idle(Duration::from_secs(600));
        for broke in [Broke::Eof, lost(), silence] {
            let mut stage = Stage::new(Some(3), Resume::never());
            stage.frames(&refs);
            let silent = matches!(broke, Broke::Idle(_));
            match stage.broke(broke) {
                Next::Finish(End::Terminal) => assert!(over, "{events:?}"),
                Next::Fail(error) => {
                    assert!(!over, "{events:?}");
                    assert_eq!(error.is_timeout(), silent);
                    if silent {
                        continue;
                    }
                    assert_eq!(error.kind(), ErrorKind::Interrupted);
                    assert_eq!(error.cursor().and_then(Cursor::as_i64), Some(3));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_stream_that_resumes_asks_once_more_behind_a_final_status_for_the_result() {
    let over = r#"{"kind":"status","status":"waiting_messages","nextCursor":5}"#;
    let running = r#"{"kind":"status","status":"running","nextCursor":6}"#;
    let resumed = |data: &[&str]| {
        let mut stage = Stage::new(None, Resume::auto().max_reconnects(2));
        stage.rules.opened = true;
        stage.frames(data);
        stage
    };
    let again = |next: Next| matches!(next, Next::Reopen(_));
    let ended = |next: Next| matches!(next, Next::Finish(End::Terminal));
    let lost = || Broke::Lost(Error::new(ErrorKind::Transport, "gone"));
    let silent = || Broke::Idle(Duration::from_secs(120));

    // An orderly end there is believed the second time.
    let mut stage = resumed(&[over]);
    assert!(again(stage.broke(Broke::Eof)));
    assert!(ended(stage.broke(Broke::Eof)));
    // Another turn has an end of its own.
    let mut stage = resumed(&[over]);
    assert!(again(stage.broke(Broke::Eof)));
    stage.frames(&[running]);
    assert!(again(stage.broke(Broke::Eof)));
    stage.frames(&[over]);
    assert!(again(stage.broke(Broke::Eof)));
    assert!(ended(stage.broke(Broke::Eof)));
    // A break, silence or a refusal is no end, and no error either when the reconnects are used up.
    let refused = || Broke::Refused(Error::new(ErrorKind::Transport, "refused"));
    for broke in [lost, silent, refused] {
        let mut stage = resumed(&[over]);
        assert!(again(stage.broke(broke())));
        assert!(again(stage.broke(broke())));
        assert!(ended(stage.broke(broke())));
    }
    // Nor is a refusal for good: the stream had come to its end.
    let mut stage = resumed(&[over]);
    assert!(again(stage.broke(lost())));
    let gone = Error::new(ErrorKind::Api, "no such session");
    assert!(ended(stage.broke(Broke::Refused(gone))));
}

#[test]
fn a_refusal_while_resuming_is_tried_again_only_if_it_may_pass() {
    for (error, again) in [
        (Error::new(ErrorKind::Transport, "gone"), true),
        (
            Error::new(ErrorKind::Api, "gone").with_retryable(true),
            true,
        ),
        (Error::new(ErrorKind::Api, "no such session"), false),
        (
            Error::new(ErrorKind::Api, "later")
                .with_retryable(true)
                .with_retry_after(Some(Duration::from_secs(61))),
            false,
        ),
    ] {
        let mut stage = Stage::new(None, Resume::auto());
        stage.rules.opened = true;
        let next = stage.broke(Broke::Refused(error));
        assert_eq!(matches!(next, Next::Reopen(_)), again, "{next:?}");
    }
    let mut unopened = Stage::new(None, Resume::auto());
    let error = Error::new(ErrorKind::Transport, "refused");
    assert!(matches!(
        unopened.broke(Broke::Refused(error)),
        Next::Fail(_)
    ));
}
