//! The table of operations. Where their paths come from, and how they are overridden, says [`Endpoints`](crate::Endpoints).
//!
//! Cancelling, executing and changing a model are not safe to send twice: a second execution may run the agent twice,
//! a second model update makes a second commit.

use agent_core::sdk::{Op, OpKind, Safety};

agent_core::operations! {
    EXECUTE_AGENT = Op::post("execute_agent", "/v4/agents/execute");
    STREAM_SESSION = Op::get("stream_session", "/v4/sessions/{sessionId}").kind(OpKind::Sse);
    CANCEL_SESSION = Op::post("cancel_session", "/v4/sessions/{sessionId}/cancel");
    UPDATE_AGENT_MODEL =
        Op::put("update_agent_model", "/v4/agents/{repository}/model").safety(Safety::Unsafe);
    FETCH_TIMELINE = Op::get("fetch_timeline", "/v4/sessions/{sessionId}/timeline");
    LIST_SESSION_FILES = Op::get("list_session_files", "/v4/sessions/{sessionId}/files");
    FETCH_SESSION_FILE = Op::get("fetch_session_file", "/v4/sessions/{sessionId}/files/{+path}");
    // Below the vault's URL.
    RESOLVE_REFERENCE = Op::get("resolve_reference", "/files/{fileId}");
}

/// The download behind a vault reference: an absolute URL that the vault gives.
pub(crate) static DOWNLOAD: Op = Op::get("resolve_reference", "").kind(OpKind::Download);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reading_may_be_repeated() {
        for op in OPS.iter().copied().chain([&DOWNLOAD]) {
            let reads = op.method == http::Method::GET;
            let expected = if reads { Safety::Safe } else { Safety::Unsafe };
            assert_eq!(op.safety, expected, "{}", op.name);
        }
    }
}
