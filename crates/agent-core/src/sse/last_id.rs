//! The last event id: it outlives blocks and connections.

use bytes::Bytes;

/// The last event id, kept so that setting it often and sharing it rarely allocates nothing, and the reverse little.
pub(super) enum LastId {
    Own(Vec<u8>),
    Shared(Bytes),
}

impl LastId {
    pub(super) const fn new() -> Self {
        Self::Own(Vec::new())
    }

    pub(super) fn get(&self) -> &[u8] {
        match self {
            Self::Own(id) => id,
            Self::Shared(id) => id,
        }
    }

    /// Copies: a slice would keep a whole chunk alive for as long as the id is current.
    pub(super) fn set(&mut self, id: &[u8]) {
        match self {
            Self::Own(own) => {
                own.clear();
                own.extend_from_slice(id);
            }
            Self::Shared(shared) if *shared == id => {}
            Self::Shared(_) => *self = Self::Own(id.to_vec()),
        }
    }

    /// The id for a frame that has none of its own; `None` when it is empty.
    #[inline]
    pub(super) fn share(&mut self) -> Option<Bytes> {
        if self.get().is_empty() {
            return None;
        }
        if let Self::Own(id) = self {
            *self = Self::Shared(Bytes::from(std::mem::take(id)));
        }
        match self {
            Self::Own(_) => None,
            Self::Shared(id) => Some(id.clone()),
        }
    }
}
