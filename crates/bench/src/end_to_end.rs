//! Following streams over loopback: processor time per event.

use std::hint::black_box;
use std::time::Duration;

use agent_core::EventStream;
use agent_core::error::ErrorResponse;
use agent_core::sdk::{
    Auth, BaseUrl, Broke, Dialect, Follow, Next, Op, OpKind, Open, Out, Pipeline, Request, Scene,
    Setup,
};
use agent_core::sse::Frame;
use agent_core::{End, Error, HttpConfig, Resume, RetryPolicy, StreamOptions, Timeouts};
use cpu_time::ProcessTime;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use reqwest_eventsource::{Event, EventSource};

use crate::report::{Report, Want, median};
use crate::server::Server;

#[derive(Debug)]
struct Plain;

impl Dialect for Plain {
    fn vendor(&self) -> &'static str {
        "bench"
    }

    fn user_agent(&self) -> &'static str {
        "bench"
    }

    fn read_error(&self, _: &'static str, _: &ErrorResponse, error: Error) -> Error {
        error
    }
}

static EVENTS: Op = Op::get("events", "/runs/{+id}/events").kind(OpKind::Sse);

/// Hands every frame over as it is.
struct Frames(String);

impl Follow for Frames {
    type Item = Frame;

    fn open(&mut self) -> Open {
        Open::Sse(Request::new(&EVENTS).param("id", &self.0))
    }

    fn frame(&mut self, frame: Frame, _: &Scene<'_>, out: &mut Out<Frame>) -> Next {
        out.item(Ok(frame));
        Next::Read
    }

    fn broke(&mut self, broke: Broke, _: &Scene<'_>, _: &mut Out<Frame>) -> Next {
        match broke {
            Broke::Eof => Next::Finish(End::ServerClosed),
            broke => Next::Fail(broke.into_error()),
        }
    }
}

/// A client whose streams give frames.
pub(crate) fn pipeline(url: &str) -> Pipeline {
    Pipeline::new(Setup {
        dialect: &Plain,
        base: BaseUrl::parse("url", url).expect("a URL"),
        auth: Auth::None,
        timeouts: Timeouts::default(),
        retry: RetryPolicy::none(),
        resume: Resume::never(),
        operations: &[&EVENTS],
        http: HttpConfig::new(),
    })
    .expect("a client")
}

/// A stream of frames.
pub(crate) fn frames(pipeline: &Pipeline, id: &str) -> EventStream<Frame> {
    pipeline.follow("events", Frames(id.to_owned()), StreamOptions::new())
}

/// The guard of the second bare client: as long as the streams' own.
const SILENCE: Duration = Duration::from_secs(600);

#[derive(Clone, Copy)]
struct Shape {
    streams: usize,
    events: usize,
    batch: usize,
}

impl Shape {
    fn id(self) -> String {
        format!("{}-{}-0", self.events / self.streams, self.batch)
    }
}

async fn ours(url: &str, shape: Shape) -> usize {
    let pipeline = pipeline(url);
    let id = shape.id();
    let each = (0..shape.streams).map(|_| async {
        let mut stream = frames(&pipeline, &id);
        let mut count = 0;
        while let Some(frame) = stream.next().await {
            black_box(&*frame.expect("a frame").data());
            count += 1;
        }
        count
    });
    join_all(each).await.into_iter().sum()
}

/// Bytes without any decoder, with an idle guard or without: what nobody can beat.
async fn bare(url: &str, shape: Shape, guard: Option<Duration>) -> usize {
    let mut client = reqwest::Client::builder();
    if let Some(guard) = guard {
        client = client.read_timeout(guard);
    }
    let client = client.build().expect("a client");
    let url = format!("{url}/runs/{}/events", shape.id());
    let each = (0..shape.streams).map(|_| async {
        let mut bytes = client
            .get(&url)
            .send()
            .await
            .expect("an answer")
            .bytes_stream();
        let mut count = 0;
        while let Some(chunk) = bytes.next().await {
            count += black_box(chunk.expect("bytes")).len();
        }
        count
    });
    join_all(each).await.into_iter().sum::<usize>() / 100
}

async fn eventsource(url: &str, shape: Shape) -> usize {
    let client = reqwest_012::Client::new();
    let url = format!("{url}/runs/{}/events", shape.id());
    let each = (0..shape.streams).map(|_| async {
        let mut source = EventSource::new(client.get(&url)).expect("a source");
        let mut count = 0;
        while let Some(event) = source.next().await {
            match event {
                Ok(Event::Message(message)) => {
                    black_box(message.data.as_str());
                    count += 1;
                }
                Ok(Event::Open) => {}
                // It takes every end for a break.
                Err(_) => source.close(),
            }
        }
        count
    });
    join_all(each).await.into_iter().sum()
}

/// Processor time per event.
pub fn run(report: &mut Report, quick: bool) {
    report.section(
        "End to end",
        "Processor time of the client per event, in µs: 100 B events over loopback HTTP from a server in another process. `bare` reads bytes \
         with reqwest 0.13 and decodes nothing; `guarded` does the same with reqwest's own `read_timeout`.",
        &["streams", "events per chunk", "agent-core", "bare reqwest", "guarded reqwest", "reqwest-eventsource"],
    );
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (scale, repeats) = if quick { (10, 3) } else { (1, 7) };
    for (streams, batch, events) in [
        (1, 1, 200_000),
        (100, 1, 200_000),
        (1000, 1, 200_000),
        (1, 160, 1_600_000),
        (100, 160, 1_600_000),
    ] {
        let shape = Shape {
            streams,
            events: events / scale,
            batch,
        };
        let mut seconds = [const { Vec::new() }; 4];
        for repeat in 0..=repeats {
            for (index, seconds) in seconds.iter_mut().enumerate() {
                let start = ProcessTime::now();
                let count = runtime.block_on(async {
                    match index {
                        0 => ours(&server.url, shape).await,
                        1 => bare(&server.url, shape, None).await,
                        2 => bare(&server.url, shape, Some(SILENCE)).await,
                        _ => eventsource(&server.url, shape).await,
                    }
                });
                assert!(
                    count >= shape.events,
                    "{count} of {} events came",
                    shape.events
                );
                if repeat > 0 {
                    seconds.push(start.elapsed().as_secs_f64() / count as f64 * 1e6);
                }
            }
        }
        let [ours, bare, guarded, peer] = seconds.map(|mut s| median(&mut s));
        report.row(vec![
            streams.to_string(),
            batch.to_string(),
            format!("{ours:.3}"),
            format!("{bare:.3}"),
            format!("{guarded:.3}"),
            format!("{peer:.3}"),
        ]);
        let most = if batch == 1 { 1.10 } else { 3.0 };
        report.goal(
            format!("{streams} streams, {batch} per chunk, × bare"),
            ours / bare,
            Want::AtMost(most),
        );
    }
}
