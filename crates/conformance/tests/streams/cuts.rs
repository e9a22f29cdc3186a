//! Every recorded stream, split at every byte (the same events), and cut after every byte (each event once, or the
//! error that the contract names, with the right position).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use agent_core::{Cursor, End, ErrorKind, Resume, Transport};
use bytes::Bytes;

use crate::feed::Feed;
use crate::trelent;

/// Every vendor whose streams are cut.
const SUBJECTS: &[&dyn Subject] = &[&trelent::Cut];

/// A vendor's recorded streams, and what its contract says of cuts.
pub(crate) trait Subject: Sync {
    fn name(&self) -> &'static str;

    /// Every successful stream of the vectors.
    fn recordings(&self) -> Vec<Recording>;

    /// Follows the run behind the recording.
    fn follow(&self, transport: Arc<dyn Transport>, resume: Resume) -> Box<dyn Feed>;

    /// Whether a request opens the stream.
    fn opens(&self, request: &RecordedRequest) -> bool;

    /// What a server sends that is asked to open the stream again: by default everything from the start.
    fn replay(&self, recording: &Recording, _request: &RecordedRequest) -> Bytes {
        recording.bytes.clone()
    }

    /// The answer to any other request. `over`: the run is.
    fn other(&self, request: &RecordedRequest, over: bool) -> Reply;

    /// How a stream that never resumes ends after a broken connection. `seen`: the events before.
    fn broken(&self, seen: &[Item]) -> Ending;

    /// How a stream that never resumes ends when the connection ends in order after these events.
    fn ended(&self, seen: &[Item]) -> Ending;

    /// What a stream that resumes and got everything says at its end.
    fn whole(&self, seen: &[Item]) -> Ending;

    /// The error of a stream that was to resume and could not, as its events have no position; `None` if they have.
    fn unresumable(&self, all: &[Item]) -> Option<ErrorKind>;

    /// The position behind these events.
    fn position(&self, seen: &[Item]) -> Option<Cursor>;
}

/// A recorded stream.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
}

/// An event as JSON, or an error that did not end the stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    Event(String),
    Error(ErrorKind),
}

/// How a stream ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ending {
    In(End),
    Error(ErrorKind),
}

/// Everything that a stream gave.
#[derive(Debug)]
struct Got {
    items: Vec<Item>,
    ending: Ending,
    /// The position that the stream names, and the one on its last error.
    cursor: Option<Cursor>,
    error_cursor: Option<Cursor>,
    /// How often it was opened.
    opened: usize,
}

/// What a server does on one connection, before the faultless ones.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Sends so many bytes, and breaks.
    Broken(usize),
    /// Sends so many bytes, and ends in order.
    Ended(usize),
    /// Sends so many bytes and the rest in another piece.
    Split(usize),
    /// Sends every byte by itself.
    Crumbs,
}

/// More items than a recording has: the stream would go on for ever.
const TOO_MANY: usize = 10_000;

async fn play(
    subject: &'static dyn Subject,
    recording: &Recording,
    acts: &[Act],
    over: bool,
    resume: Resume,
) -> Got {
    let transport = ScriptedTransport::new();
    let opened = Arc::new(AtomicUsize::new(0));
    let (acts, count) = (acts.to_vec(), Arc::clone(&opened));
    let recording = recording.clone();
    transport.reply_with(move |request| {
        if !subject.opens(request) {
            return subject.other(request, over);
        }
        let n = count.fetch_add(1, Ordering::SeqCst);
        let bytes = if n == 0 {
            recording.bytes.clone()
        } else {
            subject.replay(&recording, request)
        };
        let act = acts.get(n).copied();
        send(&bytes, act)
    });
    let mut feed = subject.follow(transport.shared(), resume);
    let (mut items, mut last) = (Vec::new(), None);
    while let Some(item) = feed.next().await {
        assert!(items.len() < TOO_MANY, "{}: endless", subject.name());
        items.push(match item {
            Ok(text) => Item::Event(text),
            Err(error) => {
                last = Some((items.len(), error.cursor()));
                Item::Error(error.kind())
            }
        });
    }
    assert!(feed.next().await.is_none(), "there is nothing behind the end");
    assert_eq!(transport.open_exchanges(), 0, "connections are closed");
    let (ending, error_cursor) = match (feed.end(), last) {
        (Some(end), _) => (Ending::In(end), None),
        (None, Some((at, cursor))) if at + 1 == items.len() => {
            let Some(Item::Error(kind)) = items.pop() else {
                panic!("it was an error");
            };
            (Ending::Error(kind), cursor)
        }
        (None, _) => panic!("{}: neither an end nor an error", subject.name()),
    };
    Got {
        items,
        ending,
        cursor: feed.cursor(),
        error_cursor,
        opened: opened.load(Ordering::SeqCst),
    }
}

fn send(bytes: &Bytes, act: Option<Act>) -> Reply {
    let part = |from: usize, to: usize| bytes.slice(from.min(bytes.len())..to.min(bytes.len()));
    let all = bytes.len();
    match act {
        None => Reply::events().chunk(bytes.clone()),
        Some(Act::Broken(k)) => Reply::events().chunk(part(0, k)).lost(),
        Some(Act::Ended(k)) => Reply::events().chunk(part(0, k)),
        Some(Act::Split(k)) => Reply::events().chunk(part(0, k)).chunk(part(k, all)),
        Some(Act::Crumbs) => (0..all).fold(Reply::events(), |reply, k| {
            reply.chunk(part(k, k + 1))
        }),
    }
}

/// Runs a check for every recording of every vendor; how much was done.
fn each<F>(check: impl Fn(&'static dyn Subject, Recording) -> F)
where
    F: Future<Output = usize>,
{
    for subject in SUBJECTS {
        let recordings = subject.recordings();
        let (streams, bytes) = (
            recordings.len(),
            recordings.iter().map(|r| r.bytes.len()).sum::<usize>(),
        );
        let mut played = 0;
        for recording in recordings {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build();
            played += runtime.unwrap().block_on(check(*subject, recording));
        }
        println!(
            "{}: {streams} streams of {bytes} bytes, played {played} times",
            subject.name()
        );
    }
}

/// The items of the whole recording.
async fn reference(subject: &'static dyn Subject, recording: &Recording) -> Vec<Item> {
    play(subject, recording, &[], true, Resume::never())
        .await
        .items
}

#[test]
fn a_stream_may_be_split_anywhere() {
    each(|subject, recording| async move {
        let all = reference(subject, &recording).await;
        let length = recording.bytes.len();
        let splits = (0..=length).map(Act::Split).chain([Act::Crumbs]);
        for act in splits {
            let got = play(subject, &recording, &[act], true, Resume::never()).await;
            assert_eq!(got.items, all, "{} {act:?}", recording.name);
            assert_eq!(got.ending, subject.ended(&all), "{} {act:?}", recording.name);
            assert_eq!(got.cursor, subject.position(&all), "{}", recording.name);
        }
        length + 2
    });
}

#[test]
fn a_cut_that_is_not_resumed_gives_what_was_whole_and_then_says_so() {
    each(|subject, recording| async move {
        let all = reference(subject, &recording).await;
        let length = recording.bytes.len();
        let mut before = 0;
        for k in 0..=length {
            for act in [Act::Broken(k), Act::Ended(k)] {
                let got = play(subject, &recording, &[act], false, Resume::never()).await;
                let what = format!("{} {act:?}", recording.name);
                let count = got.items.len();
                assert_eq!(got.items, all[..count.min(all.len())], "{what}");
                assert_eq!(got.cursor, subject.position(&got.items), "{what}");
                assert_eq!(got.opened, 1, "{what}");
                let ending = match act {
                    Act::Broken(_) => {
                        // An event is there as soon as its last byte is, and stays.
                        assert!((before..=before + 1).contains(&count), "{what}");
                        before = count;
                        subject.broken(&got.items)
                    }
                    _ => subject.ended(&got.items),
                };
                assert_eq!(got.ending, ending, "{what}");
                if matches!(ending, Ending::Error(_)) {
                    assert_eq!(got.error_cursor, got.cursor, "{what}");
                }
            }
        }
        assert_eq!(before, all.len(), "{}", recording.name);
        2 * (length + 1)
    });
}

#[test]
fn a_cut_that_is_resumed_gives_every_event_once() {
    each(|subject, recording| async move {
        let all = reference(subject, &recording).await;
        let unresumable = subject.unresumable(&all);
        let length = recording.bytes.len();
        let mut played = 0;
        for k in 0..=length {
            // Somewhere else, so that the second connection comes less far, as far, or further.
            let other = (k * 7 + 13) % (length + 1);
            for (acts, over) in [
                (vec![Act::Broken(k)], false),
                (vec![Act::Broken(k)], true),
                (vec![Act::Ended(k)], false),
                (vec![Act::Ended(k)], true),
                (vec![Act::Broken(k), Act::Ended(other)], false),
                (vec![Act::Ended(k), Act::Broken(other)], true),
            ] {
                // Once everything has been sent, the run is over: only then a server ends the stream in order.
                let got = play(subject, &recording, &acts, over, Resume::auto()).await;
                let what = format!("{} {acts:?} over: {over}", recording.name);
                played += 1;
                if let Some(kind) = unresumable
                    && got.ending == Ending::Error(kind)
                {
                    assert_eq!(got.items, all[..got.items.len()], "{what}");
                    continue;
                }
                if got.ending == Ending::Error(ErrorKind::ReconnectsExhausted) {
                    // The recording has no end, and the server says that the run goes on: that can not end well.
                    assert!(!over, "{what}");
                    assert_eq!(got.items, all, "{what}");
                    continue;
                }
                assert_eq!(got.items, all, "{what}");
                assert_eq!(got.ending, subject.whole(&all), "{what}");
                assert_eq!(got.cursor, subject.position(&all), "{what}");
            }
        }
        played
    });
}
