//! Following, proven by a simulation: every way in which a server may understand the two positions, events numbered from
//! 0 or 1, and connections that break anywhere. Each event must come exactly once, in order. Seeded, on virtual time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_push_string,
    reason = "a test that can not go on should stop"
)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use agent_core::SeededAmbient;
use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use agent_os_sdk::{AgentOsClient, ClientOptions, End, FollowEventType, FollowOptions, HttpConfig};
use serde_json::json;

/// A small generator of numbers that look random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % sides
    }

    fn size(&mut self, sides: usize) -> usize {
        usize::try_from(self.roll(sides as u64)).unwrap()
    }

    fn chance(&mut self, of_100: u64) -> bool {
        self.roll(100) < of_100
    }
}

/// What a server makes of `afterSeq` and `Last-Event-ID`: the first number that it sends.
type Rule = fn(Option<u64>, Option<u64>) -> u64;

fn beyond(position: Option<u64>) -> u64 {
    position.map_or(0, |at| at + 1)
}

const RULES: [(&str, Rule); 6] = [
    ("afterSeq exclusive", |after, _| beyond(after)),
    ("afterSeq inclusive", |after, _| after.unwrap_or(0)),
    ("Last-Event-ID exclusive", |_, last| beyond(last)),
    ("Last-Event-ID inclusive", |_, last| last.unwrap_or(0)),
    ("the larger of both", |after, last| {
        beyond(after).max(beyond(last))
    }),
    ("neither", |_, _| 0),
];

/// Events of a ledger.
const EVENTS: u64 = 12;

struct Server {
    dice: Dice,
    rule: Rule,
    first_seq: u64,
}

impl Server {
    fn answer(&mut self, request: &RecordedRequest) -> Reply {
        match self.dice.roll(20) {
            0 => return Reply::status(503).header("retry-after", "2"),
            1 => return Reply::refused(),
            2 => return Reply::broken(),
            3 => return Reply::events(),
            _ => {}
        }
        let query = request.uri.query().unwrap();
        let after = query.split("afterSeq=").nth(1).unwrap().parse().unwrap();
        let last = request.headers.get("last-event-id");
        let last = last.map(|last| last.to_str().unwrap().parse().unwrap());
        let first = (self.rule)(Some(after), last).max(self.first_seq);
        let mut body = String::new();
        for seq in first..self.first_seq + EVENTS {
            self.noise(seq, &mut body);
            self.event(seq, &mut body);
        }
        let whole = body.len();
        let broken = self.dice.chance(80);
        let sent = if broken {
            self.dice.size(whole + 1)
        } else {
            whole
        };
        let mut reply = Reply::events();
        let mut at = 0;
        while at < sent {
            let end = (at + 1 + self.dice.size(90)).min(sent);
            reply = reply.chunk(body.as_bytes()[at..end].to_vec());
            at = end;
        }
        if broken && self.dice.chance(50) {
            reply.lost()
        } else {
            reply
        }
    }

    /// What must not move the position: control frames with the id of an event that is yet to come, and frames without
    /// an id behind them.
    fn noise(&mut self, seq: u64, body: &mut String) {
        match self.dice.roll(8) {
            0 => *body += ": ping\n\n",
            1 => *body += "event: heartbeat\ndata: {}\n\n",
            2 => *body += &format!("id: {seq}\nevent: error\ndata: {{\"payload\":{{}}}}\n\n"),
            3 => *body += &format!("id: {}\nevent: telemetry\ndata: {{}}\n\n", seq + 5),
            4 => *body += &format!("id: {}\nevent: heartbeat\ndata: {{}}\n\n", seq + 3),
            5 => *body += "event: close\ndata: {\"payload\":{\"terminal\":false}}\n\n",
            _ => {}
        }
    }

    fn event(&mut self, seq: u64, body: &mut String) {
        let last = seq + 1 == self.first_seq + EVENTS;
        let kind = if last { "RUN_FINISHED" } else { "NODE" };
        let mut data = json!({"type": kind, "timestamp": "t", "payload": {"n": seq}});
        // The number is in the data, in the id, or in both.
        let place = self.dice.roll(3);
        if place != 0 {
            data["seq"] = seq.into();
        }
        if place != 1 {
            *body += &format!("id: {seq}\n");
        }
        if place != 2 || self.dice.chance(50) {
            *body += "event: run_event\n";
        }
        *body += &format!("data: {data}\n\n");
    }
}

fn client(transport: &ScriptedTransport, seed: u64) -> AgentOsClient {
    let http = HttpConfig::new()
        .transport(transport.shared())
        .ambient(Arc::new(SeededAmbient::new(seed, UNIX_EPOCH)));
    AgentOsClient::with_options("http://127.0.0.1:1", ClientOptions::new().http(http)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_event_comes_once_and_in_order_whatever_position_the_server_honours() {
    let mut schedules = 0;
    for (name, rule) in RULES {
        for first_seq in [0, 1] {
            for seed in 0..300 {
                let server = Mutex::new(Server {
                    dice: Dice(seed),
                    rule,
                    first_seq,
                });
                let transport = ScriptedTransport::new();
                transport.reply_with(move |request| server.lock().unwrap().answer(request));
                // Cuts may fall before any new event again and again.
                let options = FollowOptions::new().max_reconnects(10_000);
                let client = client(&transport, seed);
                let mut events = client.runs().follow("run", "att", options);
                let mut seqs = Vec::new();
                let mut last = None;
                while let Some(event) = events.next().await {
                    let event = event.unwrap();
                    if event.kind == FollowEventType::RunEvent {
                        seqs.push(u64::try_from(event.seq).unwrap());
                    }
                    last = Some(event);
                }
                // A server that begins behind `afterSeq=0` hides event 0 from every client.
                let shown = rule(Some(0), None).max(first_seq);
                let expected: Vec<_> = (shown..first_seq + EVENTS).collect();
                let case = format!("{name}, from {first_seq}, seed {seed}");
                assert_eq!(seqs, expected, "{case}");
                let last = last.unwrap();
                assert_eq!(last.kind, FollowEventType::Close, "{case}");
                assert_eq!(
                    last.seq,
                    expected
                        .last()
                        .map_or(-1, |seq| i64::try_from(*seq).unwrap())
                );
                assert_eq!(events.end(), Some(End::Terminal), "{case}");
                assert_eq!(transport.open_exchanges(), 0, "{case}");
                schedules += 1;
            }
        }
    }
    assert_eq!(schedules, 3600);
}

#[tokio::test(start_paused = true)]
async fn a_stream_cut_after_each_byte_loses_nothing() {
    let mut body = String::new();
    for seq in 1..=3 {
        let kind = if seq == 3 { "RUN_FAILED" } else { "X" };
        let data = json!({"seq": seq, "type": kind, "timestamp": "t", "payload": {"text": "é☎"}});
        body += &format!("id: {seq}\r\nevent: run_event\r\ndata: {data}\r\n\r\n");
    }
    for cut in 0..=body.len() {
        for orderly in [true, false] {
            let transport = ScriptedTransport::new();
            let reply = Reply::events().chunk(body.as_bytes()[..cut].to_vec());
            transport.reply(if orderly { reply } else { reply.lost() });
            transport.reply(Reply::events().chunk(body.clone()));
            let client = client(&transport, 1);
            let mut events = client.runs().follow("run", "att", FollowOptions::new());
            let mut seqs = Vec::new();
            while let Some(event) = events.next().await {
                seqs.push(event.unwrap().seq);
            }
            assert_eq!(seqs, [1, 2, 3, 3], "cut after {cut} bytes");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn silence_costs_a_connection_and_no_reconnect() {
    let transport = ScriptedTransport::new();
    for _ in 0..30 {
        transport.reply(Reply::events().open());
    }
    let data = json!({"seq": 1, "type": "RUN_FINISHED", "timestamp": "t"});
    transport.reply(Reply::events().chunk(format!("event: run_event\ndata: {data}\n\n")));
    let client = client(&transport, 3);
    let options = FollowOptions::new()
        .max_reconnects(2)
        .idle_timeout(Duration::from_secs(5));
    let mut events = client.runs().follow("run", "att", options);
    assert_eq!(events.next().await.unwrap().unwrap().seq, 1);
    assert_eq!(events.reconnects(), 30);
}
