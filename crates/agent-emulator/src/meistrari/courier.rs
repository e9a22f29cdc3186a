//! The courier: a task that settles sessions with webhooks and delivers what there is to tell.
//!
//! Deliveries go to the loopback address that was given for the URL's host, over plain http; to no other address ever.
//! Those of one session to one URL go in order; each is repeated until the receiver answers 200 to 299 or the attempts
//! are used up.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, JoinSet};

use super::Meistrari;
use super::webhooks::{Delivery, DeliveryState, Webhook, signature};
use crate::clock::Moment;
use crate::sync::lock;

/// Attempts of one delivery.
const ATTEMPTS: u32 = 5;
/// The wait before the second attempt, in paces; it doubles each time.
const FIRST_WAIT: u32 = 4;
/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The running courier of one emulator. Dropping it ends its tasks.
#[derive(Debug)]
pub(crate) struct Courier(JoinHandle<()>);

impl Courier {
    pub(crate) fn start(meistrari: Arc<Meistrari>) -> Self {
        Self(tokio::spawn(run(meistrari)))
    }

    /// Ends it and waits until it is gone.
    pub(crate) async fn shutdown(mut self) {
        self.0.abort();
        // Cancelled, as was wanted.
        let _ = (&mut self.0).await;
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What is to be sent.
struct Parcel {
    /// Place in the list of deliveries.
    number: usize,
    webhook: Webhook,
    body: Bytes,
}

type Queues = BTreeMap<(String, String), UnboundedSender<Parcel>>;

async fn run(meistrari: Arc<Meistrari>) {
    let mut queues = Queues::new();
    let mut senders = JoinSet::new();
    loop {
        // Asked for before looking, so that whatever happens after the look wakes.
        let changed = meistrari.changed.notified();
        let due = collect(&meistrari, &mut queues, &mut senders);
        let clock = &meistrari.world.clock;
        match due {
            None => changed.await,
            Some(due) => tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(clock.instant(due)) => {}
            },
        }
    }
}

/// Hands what there is to tell to the queues, and says when there may be more.
fn collect(
    meistrari: &Arc<Meistrari>,
    queues: &mut Queues,
    senders: &mut JoinSet<()>,
) -> Option<Moment> {
    let world = &meistrari.world;
    let mut state = lock(&meistrari.state);
    let state = &mut *state;
    let mut next: Option<Moment> = None;
    for session in &mut state.sessions {
        if session.webhooks.is_empty() {
            session.notices.clear();
            continue;
        }
        session.settle(world.clock.now());
        for notice in std::mem::take(&mut session.notices) {
            for webhook in session
                .webhooks
                .iter()
                .filter(|hook| hook.wants(notice.event))
            {
                let id = world.ids.next("dlv");
                let body = notice.payload(&session.id, &id).to_string();
                let number = state.deliveries.len();
                state.deliveries.push(Delivery {
                    id,
                    url: webhook.url.clone(),
                    session_id: session.id.clone(),
                    event: notice.event,
                    attempts: 0,
                    status: None,
                    state: DeliveryState::Pending,
                });
                let key = (session.id.clone(), webhook.url.clone());
                let queue = queues.entry(key).or_insert_with(|| {
                    let (queue, parcels) = unbounded_channel();
                    senders.spawn(deliver_all(Arc::clone(meistrari), parcels));
                    queue
                });
                // The task lives as long as the courier.
                let _ = queue.send(Parcel {
                    number,
                    webhook: webhook.clone(),
                    body: body.into(),
                });
            }
        }
        next = [next, session.next_due()].into_iter().flatten().min();
    }
    next
}

async fn deliver_all(meistrari: Arc<Meistrari>, mut parcels: UnboundedReceiver<Parcel>) {
    while let Some(parcel) = parcels.recv().await {
        deliver(&meistrari, &parcel).await;
    }
}

async fn deliver(meistrari: &Meistrari, parcel: &Parcel) {
    let mut wait = meistrari.world.pace * FIRST_WAIT;
    for attempt in 1..=ATTEMPTS {
        let receiver = lock(&meistrari.state)
            .hosts
            .get(&parcel.webhook.host)
            .copied();
        let Some(receiver) = receiver else {
            note(meistrari, parcel, |delivery| {
                delivery.state = DeliveryState::NoReceiver;
            });
            return;
        };
        let sent = tokio::time::timeout(PATIENCE, send(receiver, parcel)).await;
        let status = sent.ok().flatten();
        let delivered = status.is_some_and(|status| (200..300).contains(&status));
        note(meistrari, parcel, |delivery| {
            delivery.attempts += 1;
            delivery.status = status;
            delivery.state = match attempt {
                _ if delivered => DeliveryState::Delivered,
                ATTEMPTS => DeliveryState::GivenUp,
                _ => DeliveryState::Pending,
            };
        });
        if delivered || attempt == ATTEMPTS {
            return;
        }
        tokio::time::sleep(wait).await;
        wait *= 2;
    }
}

fn note(meistrari: &Meistrari, parcel: &Parcel, change: impl FnOnce(&mut Delivery)) {
    let mut state = lock(&meistrari.state);
    if let Some(delivery) = state.deliveries.get_mut(parcel.number) {
        change(delivery);
    }
    drop(state);
    meistrari.delivered.notify_waiters();
}

/// Sends it once. The status of the answer; `None` when there was none.
async fn send(receiver: SocketAddr, parcel: &Parcel) -> Option<u16> {
    let mut request = hyper::Request::post(&parcel.webhook.target)
        .header(HOST, &parcel.webhook.host)
        .header(CONTENT_TYPE, "application/json");
    if let Some(secret) = &parcel.webhook.secret {
        let signature = signature(secret, &parcel.body);
        request = request.header("x-tela-agent-webhook-signature", signature);
    }
    let request = request.body(Full::new(parcel.body.clone())).ok()?;
    let stream = TcpStream::connect(receiver).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let exchange = async move {
        let response = sender.send_request(request).await.ok()?;
        Some(response.status().as_u16())
    };
    // The connection does the work; the status is there before it ends.
    let mut exchange = std::pin::pin!(exchange);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        status = &mut exchange => status,
        _ = &mut connection => exchange.await,
    }
}
