//! The rules for a run that was just started: which attempt is at work is asked once, then it is followed.

use std::sync::{Arc, OnceLock};

use agent_core::sdk::{Broke, Follow, Next, Open, Out, Request, Response, Scene};
use agent_core::sse::Frame;
use agent_core::{Cursor, Error, ErrorKind, Limit, ResponseMeta, Result, Resume, Sent};
use serde_json::Value;

use super::Following;
use crate::decode::untyped;
use crate::error::NO_ATTEMPT;
use crate::events::FollowEvent;
use crate::ops::RUNS_GET;
use crate::wire;

/// Where the attempt's id goes once it is known.
pub(crate) type AttemptCell = Arc<OnceLock<String>>;

pub(crate) struct Started {
    run_id: String,
    resume: Resume,
    cursor: Option<u64>,
    attempt: AttemptCell,
    /// The rules for following, once the attempt is known.
    following: Option<Following>,
}

impl Started {
    pub(crate) fn new(
        run_id: String,
        resume: Resume,
        start_seq: u64,
        attempt: AttemptCell,
    ) -> Self {
        Self {
            run_id,
            resume,
            cursor: start_seq.checked_sub(1),
            attempt,
            following: None,
        }
    }

    fn found(&mut self, answer: &Response) -> Result<()> {
        let run = untyped(answer)?;
        let attempt = run.get("current_attempt_id").and_then(Value::as_str);
        let Some(attempt) = attempt.filter(|id| !id.is_empty()) else {
            return Err(Error::new(ErrorKind::Operation, wire::NO_ATTEMPT)
                .with_code(NO_ATTEMPT)
                .with_sent(Sent::Yes)
                .with_request_id(answer.meta.request_id.clone()));
        };
        let _ = self.attempt.set(attempt.to_owned());
        self.following = Some(Following::new(
            self.run_id.clone(),
            attempt.to_owned(),
            self.resume.clone(),
            self.cursor,
        ));
        Ok(())
    }
}

impl Follow for Started {
    type Item = FollowEvent;

    fn open(&mut self) -> Open {
        match &mut self.following {
            Some(following) => following.open(),
            None => Open::Ask(Request::new(&RUNS_GET).param("run_id", &self.run_id)),
        }
    }

    fn opened(&mut self, head: &ResponseMeta) -> Next {
        match &mut self.following {
            Some(following) => following.opened(head),
            None => Next::Read,
        }
    }

    fn frame(&mut self, frame: Frame, scene: &Scene<'_>, out: &mut Out<FollowEvent>) -> Next {
        match &mut self.following {
            Some(following) => following.frame(frame, scene, out),
            None => Next::Read,
        }
    }

    fn answer(
        &mut self,
        answer: Result<Response>,
        _: &Scene<'_>,
        _: &mut Out<FollowEvent>,
    ) -> Next {
        match answer.and_then(|answer| self.found(&answer)) {
            Ok(()) => Next::Read,
            Err(error) => Next::Fail(error),
        }
    }

    fn broke(&mut self, broke: Broke, scene: &Scene<'_>, out: &mut Out<FollowEvent>) -> Next {
        match &mut self.following {
            Some(following) => following.broke(broke, scene, out),
            None => Next::Fail(broke.into_error()),
        }
    }

    fn start(&self) -> Option<Cursor> {
        self.cursor.map(Cursor::from)
    }

    fn idle(&self) -> Limit {
        agent_core::sdk::SILENCE_RESUMING
    }
}
