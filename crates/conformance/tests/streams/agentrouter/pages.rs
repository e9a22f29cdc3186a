//! Runs that are followed by polling: each answer of a recorded run, cut anywhere. `CUTS_ALL` tries every byte.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use agent_core::{Cursor, End, ErrorKind, HttpConfig, Resume, RetryPolicy};
use agentrouter_sdk::{StreamAgentCreateRequest, stream_agent};
use serde_json::{Value, json};

use super::cut::{SDK, client};
use crate::recordings::vectors;

/// Events of one page: so few that every run has several.
const PAGE: usize = 3;

/// A recorded run: its events, and what it was at the end.
struct Run {
    name: String,
    events: Vec<Value>,
    last: Value,
}

/// The runs whose events were all recorded from the first on.
fn runs() -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for vector in ["stream_agent.json", "wait.json"]
        .map(|file| vectors(SDK, file))
        .concat()
    {
        let exchanges = vector["exchanges"].as_array().unwrap();
        let answers = exchanges
            .iter()
            .map(|exchange| &exchange["response"]["body"]);
        let mut events: Vec<Value> = Vec::new();
        let mut last = Value::Null;
        for body in answers {
            for event in body["items"].as_array().into_iter().flatten() {
                if events.len() as u64 + 1 == event["sequence"].as_u64().unwrap() {
                    events.push(event.clone());
                }
            }
            if body["lastEventSeq"] == events.len() && body["status"] == "completed" {
                last = body.clone();
            }
        }
        // What more than a hundred events would show, the first hundred show too.
        if !last.is_null() && (2..100).contains(&events.len()) {
            let name = vector["name"].as_str().unwrap().to_owned();
            runs.push(Run { name, events, last });
        }
    }
    assert!(runs.len() >= 5, "{}", runs.len());
    runs
}

impl Run {
    fn answer(&self, request: &RecordedRequest) -> Value {
        if !request.uri.path().ends_with("/events") {
            return self.last.clone();
        }
        let query = request.uri.query().unwrap();
        let after = query.strip_prefix("afterSeq=").unwrap();
        let after: usize = after.strip_suffix("&limit=500").unwrap().parse().unwrap();
        let items: Vec<_> = self.events.iter().skip(after).take(PAGE).collect();
        json!({"nextAfterSeq": after + items.len(), "items": items})
    }
}

/// What is done to the answer with this number, from the first poll on.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// It breaks after so many bytes.
    Broken(usize),
    /// It ends in order after so many bytes.
    Ended(usize),
}

/// How a stream is followed: with the defaults, or as the vendor's client does it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Manner {
    Resuming,
    Plain,
}

/// What a stream gave: sequences, the error's kind, positions.
#[derive(Debug)]
struct Got {
    sequences: Vec<u64>,
    error: Option<(ErrorKind, Option<Cursor>)>,
    end: Option<End>,
    cursor: Option<Cursor>,
}

/// Follows the run; answer `struck` is cut. Also gives how long each answer was.
async fn follow(run: &Arc<Run>, struck: usize, act: Act, manner: Manner) -> (Got, Vec<usize>) {
    let transport = ScriptedTransport::new();
    let (run, asked) = (Arc::clone(run), AtomicUsize::new(0));
    let lengths = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&lengths);
    transport.reply_with(move |request| {
        let body = run.answer(request).to_string();
        if request.method == "POST" {
            return Reply::status(201).chunk(body);
        }
        let n = asked.fetch_add(1, Ordering::SeqCst);
        seen.lock().unwrap().push(body.len());
        let part = |k: usize| body.as_bytes()[..k.min(body.len())].to_vec();
        match act {
            Act::Broken(k) if n == struck => Reply::status(200).chunk(part(k)).lost(),
            Act::Ended(k) if n == struck => Reply::status(200).chunk(part(k)),
            _ => Reply::status(200).chunk(body),
        }
    });
    let mut http = HttpConfig::new().transport(transport.shared());
    if manner == Manner::Plain {
        http = http.retry(RetryPolicy::none()).resume(Resume::never());
    }
    let started = stream_agent(&client(http), StreamAgentCreateRequest::new("t")).await;
    let mut stream = started.unwrap().events();
    let (mut sequences, mut error) = (Vec::new(), None);
    while let Some(item) = stream.next().await {
        assert!(error.is_none(), "an error is the last item");
        match item {
            Ok(event) => sequences.push(event.sequence),
            Err(failure) => error = Some((failure.kind(), failure.cursor())),
        }
    }
    assert_eq!(transport.open_exchanges(), 0);
    let got = Got {
        sequences,
        error,
        end: stream.end(),
        cursor: stream.cursor(),
    };
    let lengths = lengths.lock().unwrap().clone();
    (got, lengths)
}

async fn check(run: &Arc<Run>, struck: usize, act: Act, manner: Manner, length: usize) {
    let (got, _) = follow(run, struck, act, manner).await;
    let what = format!("{} answer {struck} {act:?} {manner:?}: {got:?}", run.name);
    let all: Vec<u64> = (1..=run.events.len() as u64).collect();
    assert!(all.starts_with(&got.sequences), "{what}");
    let position = got.sequences.last().map(|last| Cursor::from(*last));
    assert_eq!(got.cursor, position, "{what}");
    let kind = match (act, manner) {
        (Act::Broken(_), Manner::Resuming) => None,
        (Act::Broken(_), Manner::Plain) => Some(ErrorKind::Transport),
        (Act::Ended(k), _) => (k < length).then_some(ErrorKind::Decode),
    };
    match kind {
        None => assert_eq!(
            (&got.sequences, got.end),
            (&all, Some(End::Terminal)),
            "{what}"
        ),
        Some(kind) => assert_eq!(got.error, Some((kind, position)), "{what}"),
    }
    assert_eq!(got.error.is_none(), kind.is_none(), "{what}");
}

#[test]
fn a_followed_run_survives_a_cut_of_any_answer_or_says_how_far_it_came() {
    let step = if std::env::var_os("CUTS_ALL").is_some() {
        1
    } else {
        29
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    let played = runtime.unwrap().block_on(async {
        let mut played = 0;
        for run in runs().into_iter().map(Arc::new) {
            let none = Act::Broken(usize::MAX);
            let (whole, lengths) = follow(&run, usize::MAX, none, Manner::Plain).await;
            assert_eq!(whole.sequences.len(), run.events.len(), "{}", run.name);
            for (struck, length) in lengths.into_iter().enumerate() {
                for k in (0..=length).step_by(step).chain([length]) {
                    for act in [Act::Broken(k), Act::Ended(k)] {
                        for manner in [Manner::Resuming, Manner::Plain] {
                            check(&run, struck, act, manner, length).await;
                            played += 1;
                        }
                    }
                }
            }
        }
        played
    });
    println!("agentrouter: followed runs were cut {played} times");
}
