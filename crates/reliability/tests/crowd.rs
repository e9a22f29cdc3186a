//! A crowd of streams in one process on two cores: no event is lost, a stream costs what is promised, dropping closes
//! the connection, and nothing stays behind.
//!
//! In a test binary of its own, as it counts the heap and the tasks of the whole process. `STREAMS` in the environment
//! sets how many there are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "crowd/server.rs"]
mod server;

use std::alloc::System;
use std::sync::Arc;
use std::time::Duration;

use agent_core::HttpConfig;
use reliability::figures::Figures;
use reliability::operation::{Feed, Kind, Operation};
use reliability::vendors::{Vendor, chosen};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::sync::Barrier;

use server::Server;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Streams when nobody asks for another number.
const STREAMS: usize = 200;
/// Events of a stream before it waits, and behind that: the last one ends it.
const EVENTS: u64 = 20;
/// Live heap of a stream that waits, with the task that reads it and the server's part. What the stream alone may take
/// is measured to the byte beside bare reqwest: `cargo xtask ci counts`.
const HEAP: usize = 64 << 10;
/// Real time for what takes a moment.
const SOON: Duration = Duration::from_secs(120);

/// No limit that a busy machine could reach: what is measured is not time.
fn http() -> HttpConfig {
    HttpConfig::new()
        .headers_timeout(SOON)
        .attempt_timeout(SOON)
        .idle_timeout(SOON)
}

fn live() -> usize {
    let stats = ALLOCATOR.stats();
    stats
        .bytes_allocated
        .saturating_sub(stats.bytes_deallocated)
}

/// How many streams there shall be, with the open files that they need: two each, as the server is here too.
fn streams() -> usize {
    let wanted = std::env::var("STREAMS").map_or(STREAMS, |text| text.parse().unwrap());
    let files = 2 * wanted as u64 + 100;
    let allowed = rlimit::increase_nofile_limit(files).unwrap();
    assert!(
        allowed >= files,
        "{wanted} streams need {files} open files, and this system allows {allowed}: raise its hard limit (ulimit -Hn) or set \
         STREAMS to fewer"
    );
    wanted
}

/// Reads the events of these numbers, in order, and nothing else.
async fn read(name: &str, feed: &mut dyn Feed, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        let event = feed
            .next()
            .await
            .unwrap_or_else(|| panic!("{name}: ended before {number}"));
        let text = event.unwrap_or_else(|error| panic!("{name}: {error} before {number}"));
        let mark = Vendor::mark(number);
        assert!(
            text.contains(&mark),
            "{name}: {text} in place of event {number}"
        );
    }
}

/// Follows one stream: half of its events, a wait, and then the rest, or nothing more.
async fn follow(vendor: &'static Vendor, operation: &Operation, finish: bool, waiting: &Barrier) {
    let name = vendor.name;
    let mut feed = operation.open().unwrap().await.unwrap();
    read(name, &mut *feed, 1..=EVENTS).await;
    // All have come so far, and then all may go on.
    waiting.wait().await;
    waiting.wait().await;
    if !finish {
        return;
    }
    read(name, &mut *feed, EVENTS + 1..=2 * EVENTS).await;
    // The event that ends the stream, and whatever the vendor's rules add to it.
    let mut behind = 0;
    while let Some(event) = feed.next().await {
        event.unwrap();
        behind += 1;
    }
    assert!(
        (1..=2).contains(&behind),
        "{name}: {behind} events at the end"
    );
    assert!(feed.end().is_some(), "{name}: it does not say how it ended");
}

/// Plays a crowd; gives the live heap of a stream that waits.
async fn crowd(vendor: &'static Vendor, server: &mut Server, count: usize) -> usize {
    let alive = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = (live(), alive());
    let mut operations = vendor.client(&server.url(), http()).unwrap().operations;
    operations.retain(|operation| operation.kind == Kind::Events);
    let operation = Arc::new(operations.remove(0));
    let waiting = Arc::new(Barrier::new(count + 1));
    let mut streams = tokio::task::JoinSet::new();
    for number in 0..count {
        let (operation, waiting) = (operation.clone(), waiting.clone());
        streams.spawn(async move {
            follow(vendor, &operation, number % 2 == 0, &waiting).await;
        });
    }
    tokio::time::timeout(SOON, waiting.wait())
        .await
        .expect("every stream waits");
    assert_eq!(
        server.open(),
        count,
        "{}: a connection for each stream",
        vendor.name
    );
    let heap = live().saturating_sub(before.0) / count;
    waiting.wait().await;
    let dropped = count / 2;
    let closed = tokio::time::timeout(SOON, server.closed(dropped)).await;
    assert!(
        closed.is_ok(),
        "{}: the server saw not all of {dropped} close",
        vendor.name
    );
    server.go_on();
    while let Some(stream) = streams.join_next().await {
        stream.unwrap();
    }
    drop(operation);
    let gone = async {
        while alive() > before.1 {
            tokio::task::yield_now().await;
        }
    };
    let gone = tokio::time::timeout(SOON, gone).await;
    assert!(
        gone.is_ok(),
        "{}: {} tasks stay",
        vendor.name,
        alive() - before.1
    );
    heap
}

#[test]
fn a_crowd_of_streams_loses_nothing_costs_little_and_leaves_nothing_behind() {
    let count = streams();
    let mut figures = Figures::new(
        "A crowd of streams",
        "Streams at the same time in one process, on two threads, over loopback, each on a connection of its own. Each reads \
         20 events and waits; then half of them read 21 more to the end, and half are dropped. Live heap per waiting stream, \
         with the task that reads it and the server's side (in the same process); tasks that stay when all is done.",
        &[
            "vendor",
            "streams",
            "events read",
            "lost",
            "KiB per stream",
            "closed on drop",
            "tasks left",
        ],
    );
    for vendor in chosen() {
        let mut server = Server::start(vendor, EVENTS);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        // The second crowd finds what is made once: pools, tables, the threads' own.
        runtime.block_on(crowd(vendor, &mut server, 10));
        let heap = runtime.block_on(crowd(vendor, &mut server, count));
        let name = vendor.name;
        assert!(heap <= HEAP, "{name}: {heap} bytes of heap per stream");
        let events = count as u64 * EVENTS + count.div_ceil(2) as u64 * (EVENTS + 1);
        let tenths = heap * 10 / 1024;
        let heap = format!("{}.{}", tenths / 10, tenths % 10);
        figures.row(&[&name, &count, &events, &0, &heap, &(count / 2), &0]);
    }
    figures.publish("65-crowd").unwrap();
}
