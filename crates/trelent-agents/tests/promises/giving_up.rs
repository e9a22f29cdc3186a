//! Calls that are dropped half way.

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use agent_core::testing::ScriptedTransport;
use trelent_agents::CreateRunOptions;

use crate::rig::{OPERATIONS, authenticated, healthy, lines};

#[tokio::test(start_paused = true)]
async fn a_dropped_call_leaves_no_open_exchange_at_any_point() {
    for op in OPERATIONS {
        for seconds in 0..8 {
            // Token, answer, and for a fork its parent, each in 3 s.
            let good = op.good();
            let (method, path) = (op.method, op.path);
            let transport = ScriptedTransport::new();
            transport.reply_with(move |request| {
                let mine = request.method.as_str() == method && request.uri.path() == path;
                let reply = if mine { good.clone() } else { healthy(request) };
                reply.delay(Duration::from_secs(3))
            });
            let call = (op.call)(authenticated(&transport));
            let dropped = tokio::time::timeout(Duration::from_secs(seconds), call).await;
            drop(dropped);
            assert_eq!(
                transport.open_exchanges(),
                0,
                "{} after {seconds} s",
                op.name
            );
        }
    }
}

/// Wakes a test that polls by hand.
#[cfg(feature = "imports")]
struct Bell(tokio::sync::Notify);

#[cfg(feature = "imports")]
impl std::task::Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

#[cfg(feature = "imports")]
#[tokio::test(start_paused = true)]
async fn creating_a_run_may_be_given_up_at_every_await_packing_included() {
    use trelent_agents::LocalImporter;

    let folder = tempfile::tempdir().unwrap();
    for n in 0..20 {
        std::fs::write(folder.path().join(format!("{n}.bin")), vec![n; 100_000]).unwrap();
    }
    let transport = ScriptedTransport::new();
    transport.reply_with(|request| healthy(request).delay(Duration::from_secs(1)));
    let mut finished = false;
    for polls in 0..40 {
        // Each time with a new client, so that the token is part of it.
        let client = authenticated(&transport);
        let options = CreateRunOptions::new("image", "x")
            .import(LocalImporter::new(folder.path()))
            .import(LocalImporter::new(folder.path()));
        let mut call = client.runs().create(options).into_future();
        let bell = Arc::new(Bell(tokio::sync::Notify::new()));
        let waker = std::task::Waker::from(Arc::clone(&bell));
        let mut context = std::task::Context::from_waker(&waker);
        for _ in 0..polls {
            if call.as_mut().poll(&mut context).is_ready() {
                finished = true;
                break;
            }
            bell.0.notified().await;
        }
        drop(call);
        assert_eq!(transport.open_exchanges(), 0, "after {polls} polls");
    }
    assert!(finished, "40 polls are enough for all of it");
    let creations = lines(&transport)
        .iter()
        .filter(|l| *l == "POST /runs")
        .count();
    assert!(creations > 0);
}
