//! The table of operations: one row each.
//!
//! Paths can be overridden when a client is built (`HttpConfig::path`), by the names used here. Sources: `agents.create`,
//! `agents.update`, `credentials.get`, `triggers.list`, the events of runs and all of `chatwoot` are the package's,
//! 0.9.3; the other paths are decided here by its conventions. Creates carry a key only if the caller gives one.

use agent_core::sdk::{Op, OpKind, Safety};

/// A create: it may be repeated only with the caller's idempotency key.
const fn create(name: &'static str, path: &'static str) -> Op {
    Op::post(name, path).safety(Safety::Keyed)
}

const fn page(name: &'static str, path: &'static str) -> Op {
    Op::get(name, path).kind(OpKind::Page)
}

agent_core::operations! {
    AGENTS_CREATE = create("agents.create", "/v1/api/agents");
    AGENTS_UPDATE = Op::patch("agents.update", "/v1/api/agents/{id}");
    AGENTS_GET = Op::get("agents.get", "/v1/api/agents/{id}");
    AGENTS_LIST = page("agents.list", "/v1/api/agents");
    AGENTS_DELETE = Op::delete("agents.delete", "/v1/api/agents/{id}");

    CREDENTIALS_GET = Op::get("credentials.get", "/v1/api/credentials/{id}");
    CREDENTIALS_LIST = page("credentials.list", "/v1/api/credentials");
    CREDENTIALS_CREATE = create("credentials.create", "/v1/api/credentials");
    CREDENTIALS_UPDATE = Op::patch("credentials.update", "/v1/api/credentials/{id}");
    CREDENTIALS_DELETE = Op::delete("credentials.delete", "/v1/api/credentials/{id}");

    TRIGGERS_LIST = page("triggers.list", "/v1/api/triggers");
    TRIGGERS_GET = Op::get("triggers.get", "/v1/api/triggers/{id}");
    TRIGGERS_CREATE = create("triggers.create", "/v1/api/triggers");
    TRIGGERS_UPDATE = Op::patch("triggers.update", "/v1/api/triggers/{id}");
    TRIGGERS_DELETE = Op::delete("triggers.delete", "/v1/api/triggers/{id}");

    RUNS_CREATE = create("runs.create", "/v1/api/runs");
    RUNS_GET = Op::get("runs.get", "/v1/api/runs/{run_id}");
    RUNS_LIST = page("runs.list", "/v1/api/runs");
    RUNS_WAIT = create("runs.wait", "/v1/api/runs/wait");
    RUNS_GET_EVENTS = page("runs.get_events", "/v1/api/runs/{run_id}/events");
    RUNS_GET_CHECKPOINTS = Op::get("runs.get_checkpoints", "/v1/api/runs/{run_id}/checkpoints");
    RUNS_FOLLOW = Op::get("runs.follow", "/v1/api/runs/{run_id}/events/stream").kind(OpKind::Sse);

    ME_GET = Op::get("me.get", "/v1/api/me");
    MEMBERS_LIST = page("members.list", "/v1/api/members");

    // Below the address of the customer's Chatwoot.
    CHATWOOT_PROFILE = Op::get("chatwoot.profile", "/api/v1/profile");
    CHATWOOT_LIST_INBOXES = Op::get("chatwoot.list_inboxes", "/api/v1/accounts/{account}/inboxes");
    CHATWOOT_CREATE_INBOX = Op::post("chatwoot.create_inbox", "/api/v1/accounts/{account}/inboxes");
    CHATWOOT_GET_INBOX = Op::get("chatwoot.get_inbox", "/api/v1/accounts/{account}/inboxes/{inbox}");
    CHATWOOT_UPDATE_INBOX =
        Op::patch("chatwoot.update_inbox", "/api/v1/accounts/{account}/inboxes/{inbox}");
    CHATWOOT_DELETE_INBOX =
        Op::delete("chatwoot.delete_inbox", "/api/v1/accounts/{account}/inboxes/{inbox}");
    CHATWOOT_GET_INBOX_METRICS =
        Op::get("chatwoot.get_inbox_metrics", "/api/v1/accounts/{account}/inboxes/{inbox}/metrics");

    // The caller brings the path.
    RAW_GET = Op::get("raw.get", "/");
    RAW_POST = create("raw.post", "/");
    RAW_PATCH = Op::patch("raw.patch", "/");
    RAW_PUT = Op::put("raw.put", "/");
    RAW_DELETE = Op::delete("raw.delete", "/");
    RAW_STREAM_GET = Op::get("raw.stream_get", "/").kind(OpKind::Sse);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which operations may be sent twice, by hand: the macro's table must say the same.
    #[test]
    fn only_reads_puts_and_deletes_are_repeated_and_creates_with_a_key() {
        let keyed = [
            "agents.create",
            "credentials.create",
            "triggers.create",
            "runs.create",
            "runs.wait",
            "raw.post",
        ];
        for op in OPS {
            let expected = match op.method.as_str() {
                "GET" | "PUT" | "DELETE" => Safety::Safe,
                _ if keyed.contains(&op.name) => Safety::Keyed,
                _ => Safety::Unsafe,
            };
            assert_eq!(op.safety, expected, "{}", op.name);
        }
        let unsafe_ones: Vec<_> = OPS
            .iter()
            .filter(|op| op.safety == Safety::Unsafe)
            .collect();
        let names: Vec<_> = unsafe_ones.iter().map(|op| op.name).collect();
        let expected = [
            "agents.update",
            "credentials.update",
            "triggers.update",
            "chatwoot.create_inbox",
            "chatwoot.update_inbox",
            "raw.patch",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = OPS.iter().map(|op| op.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), OPS.len());
    }
}
