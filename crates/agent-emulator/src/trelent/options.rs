//! The settings of the vendor Trelent.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::files::{FileTree, Node};
use super::script::Plan;

/// Settings for Trelent: who may do what, what exists at the start, and what runs do.
///
/// ```
/// use agent_emulator::{Emulator, Scenario, TrelentOptions};
///
/// let trelent = TrelentOptions::new()
///     .grant(["AgentOrchestrator:runs:*"])
///     .sandbox("nightly", ["v3"])
///     .secret("db", "postgres://…")
///     .plan(Scenario::Empty);
/// let builder = Emulator::builder().trelent(trelent);
/// # let _ = builder;
/// ```
#[derive(Clone)]
#[must_use = "settings do nothing until the builder gets them"]
pub struct TrelentOptions {
    pub(crate) client: Option<(String, String)>,
    pub(crate) granted: Vec<String>,
    pub(crate) anonymous: bool,
    pub(crate) token_life: Duration,
    pub(crate) sandboxes: BTreeMap<String, Vec<String>>,
    pub(crate) drives: BTreeMap<String, FileTree>,
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) plan: Plan,
}

impl Default for TrelentOptions {
    fn default() -> Self {
        let tags = |tags: &[&str]| tags.iter().map(ToString::to_string).collect();
        let readme = ("/README.md".to_owned(), Node::file("Files of the team.\n"));
        Self {
            client: None,
            granted: vec!["AgentOrchestrator:*".into()],
            anonymous: false,
            token_life: Duration::from_secs(3600),
            sandboxes: BTreeMap::from([
                ("my-sandbox".into(), tags(&["latest", "v1"])),
                ("translator".into(), tags(&["latest"])),
            ]),
            drives: BTreeMap::from([("team".into(), FileTree::from([readme]))]),
            secrets: BTreeMap::new(),
            plan: Plan::default(),
        }
    }
}

impl TrelentOptions {
    /// The defaults: a client with all scopes and tokens for an hour, the sandboxes `my-sandbox` (tags `latest` and
    /// `v1`) and `translator` (`latest`), a shared drive `team`, no secrets, standard runs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the client's credentials; derived from the seed by default.
    pub fn client(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.client = Some((id.into(), secret.into()));
        self
    }

    /// Sets which scopes the client is granted; `AgentOrchestrator:*` by default. A scope includes those below its
    /// star. Asking for another is refused with 403.
    pub fn grant<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.granted = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Sets whether calls without any credentials are allowed; not by default. Wrong credentials never are.
    pub fn anonymous(mut self, allowed: bool) -> Self {
        self.anonymous = allowed;
        self
    }

    /// Sets how long tokens live; an hour by default. The API tells it in whole seconds, rounded down.
    pub fn token_life(mut self, life: Duration) -> Self {
        self.token_life = life;
        self
    }

    /// Adds a sandbox, or replaces the tags of one.
    pub fn sandbox<S: Into<String>>(
        mut self,
        name: impl Into<String>,
        tags: impl IntoIterator<Item = S>,
    ) -> Self {
        self.sandboxes
            .insert(name.into(), tags.into_iter().map(Into::into).collect());
        self
    }

    /// Adds a shared drive with files by absolute path, or replaces one.
    pub fn shared_drive(mut self, name: impl Into<String>, files: FileTree) -> Self {
        self.drives.insert(name.into(), files);
        self
    }

    /// Adds a secret.
    pub fn secret(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.secrets.insert(name.into(), value.into());
        self
    }

    /// Sets what runs do when neither their prompt nor [`next_run`](crate::TrelentHandle::next_run) says otherwise.
    pub fn plan(mut self, plan: impl Into<Plan>) -> Self {
        self.plan = plan.into();
        self
    }
}

impl fmt::Debug for TrelentOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrelentOptions")
            .field("granted", &self.granted)
            .field("anonymous", &self.anonymous)
            .field("token_life", &self.token_life)
            .field("sandboxes", &self.sandboxes)
            .field("secrets", &self.secrets.keys())
            .finish_non_exhaustive()
    }
}
