//! What an idle stream holds in memory.

use futures_util::future::join_all;
use futures_util::{FutureExt as _, StreamExt as _};

use crate::allocated;
use crate::end_to_end::{frames, pipeline};
use crate::report::{Report, Want};
use crate::server::Server;

const STREAMS: usize = 1000;

/// Live bytes per stream while `open` is held.
async fn held<T>(open: impl Future<Output = T>) -> f64 {
    let before = allocated().live;
    let streams = open.await;
    let held = allocated().live.saturating_sub(before);
    drop(streams);
    held as f64 / STREAMS as f64 / 1024.0
}

/// Runs `future` on a runtime of its own: what it leaves behind is not counted as the next one's.
fn alone<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// Live bytes per idle stream.
pub fn run(report: &mut Report, _: bool) {
    report.section(
        "Idle streams",
        "Live heap per open stream that has delivered one event and waits, in KiB, at 1,000 streams (HTTP/1.1, no TLS).",
        &["agent-core", "bare reqwest"],
    );
    let server = Server::start();
    let ours = alone(async {
        let pipeline = pipeline(&server.url);
        held(async {
            let open = (0..STREAMS).map(|_| async {
                let mut stream = frames(&pipeline, "1-1-1");
                stream.next().await.expect("an event").expect("a frame");
                // Somebody waits for the next one.
                assert!(stream.next().now_or_never().is_none());
                stream
            });
            join_all(open).await
        })
        .await
    });
    let url = format!("{}/runs/1-1-1/events", server.url);
    let bare = alone(async {
        let client = reqwest::Client::new();
        held(async {
            let open = (0..STREAMS).map(|_| async {
                let answer = client.get(&url).send().await.expect("an answer");
                let mut bytes = answer.bytes_stream();
                bytes.next().await.expect("bytes").expect("bytes");
                assert!(bytes.next().now_or_never().is_none());
                bytes
            });
            join_all(open).await
        })
        .await
    });
    report.row(vec![format!("{ours:.1}"), format!("{bare:.1}")]);
    report.goal(
        "KiB per idle stream more than bare reqwest",
        ours - bare,
        Want::AtMost(4.0),
    );
}
