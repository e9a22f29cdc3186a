//! Lists that are asked for by offset: how not to run in circles.

use std::hash::{DefaultHasher, Hash, Hasher};

use agent_core::sdk::After;
use agent_core::{Error, ErrorKind, Sent};

/// Follows a list by `offset`, and notices a server that ignores it.
#[derive(Clone, Debug)]
pub(super) struct OffsetGuard {
    limit: Option<u64>,
    offset: u64,
    begun: bool,
    last: Option<u64>,
}

impl OffsetGuard {
    /// A list from `offset` on, with pages of `limit`, as far as the user gave them.
    pub(super) fn new(limit: Option<u64>, offset: Option<u64>) -> Self {
        Self {
            limit,
            offset: offset.unwrap_or(0),
            begun: offset.is_some(),
            last: None,
        }
    }

    /// The size of a page, if one is asked for.
    pub(super) fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// The offset to ask for; none for a first page where the user gave none.
    pub(super) fn offset(&self) -> Option<u64> {
        self.begun.then_some(self.offset)
    }

    /// A page came: the text of each of its items, and how many there are altogether, if the server says so.
    ///
    /// `true`: it is new. `false`: it is the page before once more, and its items are to be dropped.
    pub(super) fn page<T: AsRef<str>>(&mut self, items: &[T], total: Option<u64>) -> (bool, After) {
        let count = items.len() as u64;
        let mut hasher = DefaultHasher::new();
        for item in items {
            item.as_ref().hash(&mut hasher);
        }
        let print = hasher.finish();
        if count == 0 {
            return (true, After::End);
        }
        if self.last == Some(print) {
            // Fewer than a page, and nothing else known: it was the whole list, from a server without offsets.
            let whole = self.limit.is_none_or(|limit| count != limit) && total.is_none();
            return (
                false,
                if whole {
                    After::End
                } else {
                    After::Fail(stuck("the server gave the same page for another offset"))
                },
            );
        }
        self.last = Some(print);
        self.begun = true;
        self.offset = self.offset.saturating_add(count);
        let end = total.is_some_and(|total| self.offset >= total);
        (true, if end { After::End } else { After::More })
    }
}

/// The error of a list that does not move on.
pub(super) fn stuck(message: &'static str) -> Error {
    Error::new(ErrorKind::Protocol, message).with_sent(Sent::Yes)
}
