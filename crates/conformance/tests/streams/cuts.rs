//! Every recorded stream, split at every byte (the same events), and cut after every byte (each event once, or the
//! error that the contract names, with the right position).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use agent_core::{Cursor, End, ErrorKind, Resume, Transport};
use bytes::Bytes;

use crate::feed::Feed;
use crate::recordings::Recording;
use crate::{agent_os, agentrouter, meistrari, mentiora, trelent};

/// Every vendor whose streams are cut.
const SUBJECTS: &[&dyn Subject] = &[
    &trelent::Cut,
    &mentiora::Cut,
    &agent_os::Cut,
    &agentrouter::Cut,
    &meistrari::Cut,
];

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

    /// The answer to any other request, if there are any. `over`: the run is.
    fn other(&self, request: &RecordedRequest, _over: bool) -> Reply {
        panic!("{}: not to be asked: {request:?}", self.name());
    }

    /// How a stream that does not resume ends after a broken connection.
    fn broken(&self) -> Ending;

    /// How a stream that does not resume ends when the connection ends in order behind these events.
    fn ended(&self, seen: &[Item]) -> Ending;

    /// How it ends instead where these bytes, broken off or ended in order, tell more than the events in them: by an
    /// event that ends it by itself, or an unfinished block that counts. By default there is nothing of the kind.
    fn ended_by(&self, _sent: &[u8], _broken: bool) -> Option<Ending> {
        None
    }

    /// Whether its streams resume at all. If not, a policy for resuming must have no effect.
    fn resumes(&self) -> bool {
        true
    }

    /// How a stream that resumes ends when it has everything.
    fn whole(&self) -> Ending {
        Ending::In(End::Terminal)
    }

    /// Whether a stream goes on after a connection that ended in order. Where not, that is no cut.
    fn resumes_after_an_end(&self) -> bool {
        true
    }

    /// Whether a connection that ends in order behind these events is the end for a stream that resumes, too.
    fn is_end(&self, _seen: &[Item]) -> bool {
        false
    }

    /// Whether the server tells that the run is over when it is asked.
    fn tells_when_over(&self) -> bool {
        true
    }

    /// The error of a stream that was to resume and could not, as its events have no position; `None` if they have.
    fn unresumable(&self, _all: &[Item]) -> Option<ErrorKind> {
        None
    }

    /// The position behind these events, where they have one.
    fn position(&self, _seen: &[Item]) -> Option<Cursor> {
        None
    }
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
    assert!(
        feed.next().await.is_none(),
        "there is nothing behind the end"
    );
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
        Some(Act::Crumbs) => (0..all).fold(Reply::events(), |reply, k| reply.chunk(part(k, k + 1))),
    }
}

/// What is known of a recording before it is cut.
struct Known {
    subject: &'static dyn Subject,
    recording: Recording,
    all: Vec<Item>,
    /// Behind so many items: how an orderly end ends the stream, and the position.
    behind: Vec<(Ending, Option<Cursor>)>,
    /// Behind so many items: whether an orderly end is the end.
    is_end: Vec<bool>,
}

impl Known {
    async fn new(subject: &'static dyn Subject, recording: Recording) -> Self {
        let got = play(subject, &recording, &[], true, Resume::never()).await;
        let all = got.items;
        let prefixes = || (0..=all.len()).map(|n| &all[..n]);
        let behind = prefixes().map(|seen| (subject.ended(seen), subject.position(seen)));
        Self {
            subject,
            behind: behind.collect(),
            is_end: prefixes().map(|seen| subject.is_end(seen)).collect(),
            recording,
            all,
        }
    }

    /// How many items are whole, by the number of bytes. It never falls: the places where it rises are searched for.
    async fn whole_at(&self) -> Vec<usize> {
        let length = self.recording.bytes.len();
        let mut whole_at = Vec::new();
        while whole_at.len() <= length {
            let from = whole_at.len();
            let count = self.count(from).await;
            // The last byte at which it is still so many.
            let (mut low, mut high) = (from, length);
            while low < high {
                let middle = (low + high).div_ceil(2);
                if self.count(middle).await == count {
                    low = middle;
                } else {
                    high = middle - 1;
                }
            }
            whole_at.resize(low + 1, count);
        }
        whole_at
    }

    async fn count(&self, bytes: usize) -> usize {
        let cut = [Act::Broken(bytes)];
        self.play(&cut, false, Resume::never()).await.items.len()
    }

    async fn play(&self, acts: &[Act], over: bool, resume: Resume) -> Got {
        play(self.subject, &self.recording, acts, over, resume).await
    }
}

/// Runs a check for every recording of every vendor; it says how much it played.
fn each<F>(check: impl Fn(Known) -> F)
where
    F: Future<Output = usize>,
{
    for subject in SUBJECTS {
        let recordings = subject.recordings();
        let streams = recordings.len();
        let (mut bytes, mut played) = (0, 0);
        for recording in recordings {
            bytes += recording.bytes.len();
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build();
            let checked = async { check(Known::new(*subject, recording).await).await };
            played += runtime.unwrap().block_on(checked);
        }
        let name = subject.name();
        println!("{name}: {streams} streams of {bytes} bytes, played {played} times");
    }
}

#[test]
fn a_stream_may_be_split_anywhere() {
    each(|known| async move {
        let length = known.recording.bytes.len();
        let splits = (0..=length).map(Act::Split).chain([Act::Crumbs]);
        let (ended, cursor) = known.behind.last().unwrap();
        let by = known.subject.ended_by(&known.recording.bytes, false);
        let ending = by.as_ref().unwrap_or(ended);
        for act in splits {
            let got = known.play(&[act], true, Resume::never()).await;
            let what = format!("{} {act:?}", known.recording.name);
            assert_eq!(got.items, known.all, "{what}");
            assert_eq!((&got.ending, &got.cursor), (ending, cursor), "{what}");
        }
        length + 2
    });
}

#[test]
fn a_cut_that_is_not_resumed_gives_what_was_whole_and_then_says_so() {
    each(|known| async move {
        let all = &known.all;
        let length = known.recording.bytes.len();
        let mut before = 0;
        for k in 0..=length {
            for act in [Act::Broken(k), Act::Ended(k)] {
                let resume = if !known.subject.resumes() && k.is_multiple_of(2) {
                    Resume::auto()
                } else {
                    Resume::never()
                };
                let got = known.play(&[act], false, resume).await;
                let what = format!("{} {act:?}", known.recording.name);
                let count = got.items.len();
                assert_eq!(got.items, all[..count.min(all.len())], "{what}");
                let (ended, cursor) = &known.behind[count];
                assert_eq!((&got.cursor, got.opened), (cursor, 1), "{what}");
                let ending = match act {
                    Act::Broken(_) => {
                        // An event is there as soon as its last byte is, and stays.
                        assert!((before..=before + 1).contains(&count), "{what}");
                        before = count;
                        known.subject.broken()
                    }
                    _ => ended.clone(),
                };
                let sent = &known.recording.bytes[..k];
                let by = known.subject.ended_by(sent, matches!(act, Act::Broken(_)));
                let ending = by.unwrap_or(ending);
                assert_eq!(got.ending, ending, "{what}");
                if matches!(ending, Ending::Error(_)) {
                    assert_eq!(got.error_cursor, got.cursor, "{what}");
                }
            }
        }
        let finished = known.recording.bytes.ends_with(b"\n\n");
        assert!(before == all.len() || !finished, "{}", known.recording.name);
        2 * (length + 1)
    });
}

/// The cuts at byte `k`: each with a server that says the run is over, and one that says it is not; some with another
/// cut on the next connection, which comes less far, as far, or further. `ends`: an orderly end is a cut, too.
fn cuts(k: usize, length: usize, ends: bool) -> Vec<(Vec<Act>, bool)> {
    let other = (k * 7 + 13) % (length + 1);
    let mut cuts = vec![
        (vec![Act::Broken(k)], false),
        (vec![Act::Ended(k)], true),
        (vec![Act::Broken(k)], true),
        (vec![Act::Ended(k)], false),
        (vec![Act::Broken(k), Act::Ended(other)], k.is_multiple_of(2)),
        (vec![Act::Ended(k), Act::Broken(other)], true),
    ];
    if !ends {
        for act in cuts.iter_mut().flat_map(|(acts, _)| acts) {
            if let Act::Ended(k) = *act {
                *act = Act::Broken(k);
            }
        }
    }
    if std::env::var_os("CUTS_ALL").is_none() {
        // Two of the six at each byte, in turn.
        let turn = k % 3;
        cuts.drain(turn * 2 + 2..);
        cuts.drain(..turn * 2);
    }
    cuts
}

#[test]
fn a_cut_that_is_resumed_gives_every_event_once() {
    each(|known| async move {
        if !known.subject.resumes() {
            return 0;
        }
        let all = &known.all;
        let unresumable = known.subject.unresumable(all);
        let length = known.recording.bytes.len();
        let whole_at = known.whole_at().await;
        let mut played = 0;
        let ends = known.subject.resumes_after_an_end();
        for (acts, over) in (0..=length).flat_map(|k| cuts(k, length, ends)) {
            let got = known.play(&acts, over, Resume::auto()).await;
            let what = format!("{} {acts:?} over: {over}", known.recording.name);
            played += 1;
            if let Some(kind) = unresumable
                && got.ending == Ending::Error(kind)
            {
                assert_eq!(got.items, all[..got.items.len()], "{what}");
                assert_eq!(got.cursor, known.behind[got.items.len()].1, "{what}");
                continue;
            }
            // Where the last event stands for the end, an orderly end behind it is one, even if there was more.
            let mut seen = 0;
            let ended = acts.iter().find_map(|act| {
                let (Act::Broken(k) | Act::Ended(k)) = *act else {
                    return None;
                };
                let behind = whole_at[k] < seen;
                seen = seen.max(whole_at[k]);
                let end = matches!(act, Act::Ended(_)) && !behind && known.is_end[seen];
                end.then_some(seen)
            });
            let expected = ended.unwrap_or(all.len());
            assert_eq!(got.items, all[..expected], "{what}");
            assert_eq!(got.cursor, known.behind[expected].1, "{what}");
            let by = known.subject.ended_by(&known.recording.bytes, false);
            let told = over && known.subject.tells_when_over();
            if by.is_none() && !told && !known.is_end[expected] {
                // A recording without an end, of a run that goes on: that can not end well.
                let given_up = Ending::Error(ErrorKind::ReconnectsExhausted);
                assert_eq!(got.ending, given_up, "{what}");
                continue;
            }
            let whole = by.unwrap_or_else(|| known.subject.whole());
            assert_eq!(got.ending, whole, "{what}");
        }
        played
    });
}
