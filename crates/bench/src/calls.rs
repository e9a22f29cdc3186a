//! What one call costs over bare reqwest and `serde_json`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::runtime::Runtime;
use trelent_agents::Client;

use crate::allocated;
use crate::report::{Report, Want, median};
use crate::server::Server;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

struct Peers {
    runtime: Runtime,
    server: Server,
    sdk: Client,
    bare: reqwest::Client,
}

impl Peers {
    fn new() -> Self {
        let server = Server::start();
        let runtime = runtime();
        let inside = runtime.enter();
        let sdk = Client::new(&server.url).expect("a client");
        let bare = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .build()
            .expect("a client");
        drop(inside);
        Self {
            runtime,
            server,
            sdk,
            bare,
        }
    }

    fn with_sdk(&self, calls: usize) {
        self.runtime.block_on(async {
            let runs = self.sdk.runs();
            for _ in 0..calls {
                black_box(runs.get_status("run_1").await.expect("an answer"));
            }
        });
    }

    /// The same by hand: same headers, a limit on the call, status checked, JSON decoded without types of its own.
    fn by_hand(&self, calls: usize) {
        self.runtime.block_on(async {
            for _ in 0..calls {
                let answer = self
                    .bare
                    .get(format!("{}/runs/run_1/status", self.server.url))
                    .header("accept", "application/json")
                    .header("user-agent", "bench")
                    .timeout(Duration::from_secs(10))
                    .send()
                    .await
                    .and_then(reqwest::Response::error_for_status)
                    .expect("an answer");
                let body = answer.bytes().await.expect("a body");
                black_box(serde_json::from_slice::<Value>(&body).expect("JSON"));
            }
        });
    }
}

fn allocations(calls: usize, run: impl Fn(usize)) -> f64 {
    run(calls);
    let before = allocated();
    run(calls);
    (allocated().count - before.count) as f64 / calls as f64
}

fn section(report: &mut Report, title: &'static str) {
    report.section(
        title,
        "One GET with a small JSON answer over loopback, one after the other on a warm connection, against reqwest and serde_json by hand.",
        &["what", "agent-core", "by hand"],
    );
}

fn count(report: &mut Report, peers: &Peers) {
    let ours = allocations(500, |n| peers.with_sdk(n));
    let bare = allocations(500, |n| peers.by_hand(n));
    report.row(vec![
        "allocations per call".into(),
        format!("{ours:.1}"),
        format!("{bare:.1}"),
    ]);
    report.goal(
        "allocations per call more than by hand",
        ours - bare,
        Want::AtMost(12.0),
    );
}

/// Allocations per call.
pub fn counts(report: &mut Report, _: bool) {
    section(report, "Calls: allocations");
    count(report, &Peers::new());
}

/// Time per call.
pub fn run(report: &mut Report, quick: bool) {
    let peers = Peers::new();
    let (calls, repeats) = if quick { (200, 5) } else { (1000, 25) };
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..=repeats {
        for (seconds, run) in [
            (&mut ours, &(|n| peers.with_sdk(n)) as &dyn Fn(usize)),
            (&mut bare, &|n| peers.by_hand(n)),
        ] {
            let start = Instant::now();
            run(calls);
            seconds.push(start.elapsed().as_secs_f64() / calls as f64);
        }
    }
    let (ours, bare) = (median(&mut ours[1..]), median(&mut bare[1..]));
    section(report, "Calls");
    report.row(vec![
        "µs per call".into(),
        format!("{:.1}", ours * 1e6),
        format!("{:.1}", bare * 1e6),
    ]);
    report.goal("time per call × by hand", ours / bare, Want::AtMost(1.12));
}
