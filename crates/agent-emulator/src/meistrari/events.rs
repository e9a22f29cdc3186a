//! The event stream of a session: what is newer than the cursor, then live; it ends when the turn is over.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;
use tokio::sync::watch;

use super::Meistrari;
use crate::http::Reply;
use crate::live::{self, Look, Source};
use crate::sync::lock;
use crate::vendors::World;

/// One reader of one session.
struct Reader {
    meistrari: Arc<Meistrari>,
    session: String,
    /// Position of the next event to send.
    next: usize,
    /// Whether anything was sent on this connection.
    told: bool,
}

/// The stream of a session that exists.
pub(crate) fn follow(
    meistrari: &Arc<Meistrari>,
    session: &str,
    cursor: usize,
    wake: watch::Receiver<()>,
) -> Reply {
    let reader = Reader {
        session: session.to_owned(),
        next: cursor,
        told: false,
        meistrari: Arc::clone(meistrari),
    };
    live::follow(reader, wake, &meistrari.open_streams)
}

impl Source for Reader {
    fn world(&self) -> &World {
        &self.meistrari.world
    }

    fn look(&mut self) -> Look {
        let world = &self.meistrari.world;
        let mut state = lock(&self.meistrari.state);
        let Ok(session) = state.session(&self.session, world) else {
            return Look::Over;
        };
        let event = session.event(self.next).or_else(|| {
            // A reader who has everything is told how it stands.
            (session.is_over() && !self.told).then(
                || json!({"kind": "status", "status": session.status.name(), "nextCursor": null}),
            )
        });
        let look = match event {
            Some(event) => {
                self.next += 1;
                self.told = true;
                Look::Chunk(Bytes::from(format!("data: {event}\n\n")))
            }
            None if session.is_over() => Look::Over,
            None => Look::Wait(session.next_due()),
        };
        drop(state);
        // Settling may have made something to deliver.
        self.meistrari.changed.notify_one();
        look
    }
}
