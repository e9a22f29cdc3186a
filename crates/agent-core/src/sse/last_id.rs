//! The last event id: it outlives blocks and connections.

use std::sync::Arc;

/// The last event id. Frames without an id of their own share it.
#[derive(Default)]
pub(super) struct LastId(Arc<Vec<u8>>);

impl LastId {
    #[inline]
    pub(super) fn get(&self) -> &[u8] {
        &self.0
    }

    /// Copies: a slice would keep a whole chunk alive for as long as the id is current.
    pub(super) fn set(&mut self, id: &[u8]) {
        if let Some(own) = Arc::get_mut(&mut self.0) {
            own.clear();
            own.extend_from_slice(id);
        } else if *self.0 != id {
            self.0 = Arc::new(id.to_vec());
        }
    }

    /// For a frame without an id of its own, if there is one.
    pub(super) fn share(&self) -> Option<Arc<Vec<u8>>> {
        (!self.0.is_empty()).then(|| Arc::clone(&self.0))
    }
}
