//! What it costs to follow a run by polling, on virtual time: requests, and how late an event reaches its reader.

use std::sync::Arc;
use std::time::Duration;

use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use agentrouter_sdk::{
    AgentRouterOptions, HttpConfig, Polling, StreamAgentCreateRequest, agentrouter, stream_agent,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::report::{Report, Want};

/// How long the server takes to answer.
const ANSWER: Duration = Duration::from_millis(20);

/// A run: when each of its events happens, in milliseconds. The last one ends it.
struct Run {
    name: &'static str,
    events: Vec<u64>,
    gain: Gain,
}

/// What adaptive polling is for in such a run, and at most what part of exact polling's it may cost.
#[derive(Clone, Copy)]
enum Gain {
    Latency(f64),
    Requests(f64),
}

fn runs() -> [Run; 3] {
    let burst = |at: u64| (0..10).map(move |n| at + n * 100);
    [
        Run {
            name: "busy: 300 events in 60 s",
            events: (1..=300).map(|n| n * 200).collect(),
            gain: Gain::Latency(0.3),
        },
        Run {
            name: "in bursts: 10 events in 1 s, every 30 s, for 5 min",
            events: (1..=10).flat_map(|n| burst(n * 30_000)).collect(),
            gain: Gain::Requests(0.7),
        },
        Run {
            name: "quiet: an event a minute, for 10 min",
            events: (1..=10).map(|n| n * 60_000).collect(),
            gain: Gain::Requests(0.6),
        },
    ]
}

impl Run {
    /// The events so far.
    fn there(&self, start: Instant) -> usize {
        let now = start.elapsed();
        self.events
            .partition_point(|at| Duration::from_millis(*at) <= now)
    }

    fn answer(&self, request: &RecordedRequest, start: Instant) -> Value {
        let there = self.there(start);
        let over = there == self.events.len();
        let query = request.uri.query().unwrap_or_default();
        let Some(after) = query.strip_prefix("afterSeq=") else {
            let status = if over { "completed" } else { "running" };
            return json!({"id": "run_1", "status": status, "lastEventSeq": there});
        };
        let after = after.split('&').next().expect("a cursor");
        let after: usize = after.parse().expect("a cursor");
        let event = |n: usize| {
            let last = n == self.events.len();
            let kind = if last {
                "run.completed"
            } else {
                "agent.progress"
            };
            json!({"runId": "run_1", "sequence": n, "type": kind, "payload": {"summary": "step"}})
        };
        let items: Vec<_> = (after + 1..=there).map(event).collect();
        json!({"items": items, "nextAfterSeq": there})
    }
}

/// What following a run came to.
struct Cost {
    requests: usize,
    mean: f64,
    longest: f64,
}

async fn follow(run: Arc<Run>, polling: Polling) -> Cost {
    let (transport, start) = (ScriptedTransport::new(), Instant::now());
    let server = Arc::clone(&run);
    transport.reply_with(move |request| Reply::json(&server.answer(request, start)).delay(ANSWER));
    let http = HttpConfig::new().transport(transport.shared());
    let client = agentrouter(AgentRouterOptions::new("key").http(http)).expect("a client");
    let request = StreamAgentCreateRequest::new("t").polling(polling);
    let watched = stream_agent(&client, request).await.expect("a run");
    let mut events = watched.events();
    let (mut late, mut longest, mut count) = (0.0, 0.0_f64, 0);
    while let Some(event) = events.next().await {
        let sequence = event.expect("an event").sequence as usize;
        let due = Duration::from_millis(run.events[sequence - 1]);
        let lag = (start.elapsed() - due).as_secs_f64() * 1e3;
        (late, longest, count) = (late + lag, longest.max(lag), count + 1);
    }
    assert_eq!(count, run.events.len(), "every event once");
    Cost {
        requests: transport.requests().len(),
        mean: late / f64::from(u32::try_from(count).expect("few")),
        longest,
    }
}

/// Requests and latency, exact against adaptive polling.
pub fn counts(report: &mut Report, _: bool) {
    report.section(
        "Following by polling",
        "AgentRouter has no live stream: a run is followed by polling. Requests per followed run, and milliseconds from an event \
         to its reader, on virtual time with a server that answers in 20 ms: every second exactly (the default), and \
         `Polling::adaptive()`.",
        &["run", "polling", "requests", "mean ms", "longest ms"],
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    for run in runs().map(Arc::new) {
        let mut both = Vec::new();
        for (name, polling) in [
            ("exact", Polling::default()),
            ("adaptive", Polling::adaptive()),
        ] {
            let cost = runtime.block_on(follow(Arc::clone(&run), polling));
            report.row(vec![
                run.name.into(),
                name.into(),
                cost.requests.to_string(),
                format!("{:.0}", cost.mean),
                format!("{:.0}", cost.longest),
            ]);
            both.push(cost);
        }
        let [exact, adaptive] = &both[..] else {
            unreachable!("two were measured")
        };
        let kind = run.name.split(':').next().unwrap_or_default();
        let (what, got, most) = match run.gain {
            Gain::Latency(most) => ("mean latency", adaptive.mean / exact.mean, most),
            Gain::Requests(most) => {
                let got = adaptive.requests as f64 / exact.requests as f64;
                ("requests", got, most)
            }
        };
        report.goal(
            format!("{kind}: {what}, adaptive × exact"),
            got,
            Want::AtMost(most),
        );
    }
}
