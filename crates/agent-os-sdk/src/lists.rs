//! Lists page by page: by offset, and the events of a run by their number.

use std::marker::PhantomData;

use agent_core::Result;
use agent_core::sdk::{After, Op, Paging, Request, Response, read_json_text};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::decode::{misfit, typed};
use crate::ops::RUNS_GET_EVENTS;
use crate::types::{PaginatedResponse, PaginationParams, PollEvents, RunEventsPollResponse};
use crate::wire;

mod offset_guard;

use offset_guard::{OffsetGuard, stuck};

/// The request for one page of a list.
pub(crate) fn page_request(op: &'static Op, limit: Option<u64>, offset: Option<u64>) -> Request {
    Request::new(op)
        .query_opt("limit", limit)
        .query_opt("offset", offset)
}

/// The request for one page of a run's events.
pub(crate) fn events_request(run_id: &str, poll: PollEvents) -> Request {
    let request = Request::new(&RUNS_GET_EVENTS).param("run_id", run_id);
    let request = if poll.attempt_id.is_empty() {
        request.refuse(wire::ATTEMPT_REQUIRED)
    } else {
        request
    };
    request
        .query("attemptId", poll.attempt_id)
        .query("afterSeq", poll.after_seq)
        .query("limit", poll.limit)
}

/// A list by `limit` and `offset`.
pub(crate) struct Offsets<T> {
    op: &'static Op,
    guard: OffsetGuard,
    item: PhantomData<fn() -> T>,
}

impl<T> Offsets<T> {
    pub(crate) fn new(op: &'static Op, page: PaginationParams) -> Self {
        Self {
            op,
            guard: OffsetGuard::new(page.limit, page.offset),
            item: PhantomData,
        }
    }
}

impl<T: DeserializeOwned + Send + 'static> Paging for Offsets<T> {
    type Page = PaginatedResponse<T>;

    fn request(&mut self) -> Request {
        page_request(self.op, self.guard.limit(), self.guard.offset())
    }

    fn read(&mut self, answer: &Response) -> Result<(Self::Page, After)> {
        let page: PaginatedResponse<Box<RawValue>> = typed(answer)?;
        let texts: Vec<&str> = page.items.iter().map(|item| item.get()).collect();
        let total = page.total.and_then(|total| u64::try_from(total).ok());
        let (new, after) = self.guard.page(&texts, total);
        let items = if new {
            let items: std::result::Result<_, _> =
                texts.iter().map(|text| read_json_text(text)).collect();
            items.map_err(|error| misfit(answer, answer.decode_error(&error)))?
        } else {
            Vec::new()
        };
        Ok((page.with_items(items), after))
    }
}

/// The events of one attempt, by their number.
pub(crate) struct Ledger {
    run_id: String,
    poll: PollEvents,
    begun: bool,
}

impl Ledger {
    pub(crate) fn new(run_id: String, poll: PollEvents) -> Self {
        Self {
            run_id,
            poll,
            begun: false,
        }
    }
}

impl Paging for Ledger {
    type Page = RunEventsPollResponse;

    fn request(&mut self) -> Request {
        events_request(&self.run_id, self.poll.clone())
    }

    fn read(&mut self, answer: &Response) -> Result<(Self::Page, After)> {
        let mut page: RunEventsPollResponse = typed(answer)?;
        let asked = self.poll.after_seq;
        let largest = page.events.iter().map(|event| event.seq).max();
        let largest = largest.and_then(|seq| u64::try_from(seq).ok());
        let next = page.next_after(asked).max(largest.unwrap_or(0));
        // A server may count the position in; a first position of 0 asks for everything.
        if self.begun || asked > 0 {
            page.events
                .retain(|event| u64::try_from(event.seq).is_ok_and(|seq| seq > asked));
        }
        let after = match (page.has_more, next > asked) {
            (false, _) => After::End,
            (true, true) => After::More,
            (true, false) => After::Fail(stuck(
                "the server has more events but gave the same position once more",
            )),
        };
        self.poll.after_seq = next;
        self.begun = true;
        Ok((page, after))
    }
}
