//! Ids that look alike and must not be confused: of a run, and of a conversation.
//!
//! A conversation has the id of its first run. Runs are looked at, followed and cancelled by run id; conversations are
//! continued and closed by conversation id. The compiler keeps them apart; texts become either.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl From<&String> for $name {
            fn from(id: &String) -> Self {
                Self(id.clone())
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl From<&$name> for String {
            fn from(id: &$name) -> Self {
                id.0.clone()
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }
    };
}

id! {
    /// Id of one run, that is of one turn of a conversation.
    ///
    /// ```compile_fail,E0277
    /// # use agentrouter_sdk::{AgentRouterClient, Run};
    /// # fn demo(client: &AgentRouterClient, run: &Run) {
    /// // A run is not a conversation: say `run.conversation()`.
    /// client.continue_run(&run.id, "and now?");
    /// # }
    /// ```
    RunId
}

id! {
    /// Id of a conversation: that of its first run, over all turns.
    ///
    /// ```compile_fail,E0277
    /// # use agentrouter_sdk::{AgentRouterClient, ContinueRunResult};
    /// # fn demo(client: &AgentRouterClient, turn: &ContinueRunResult) {
    /// // Events are of a run: say `turn.run_id`.
    /// client.get_run(&turn.conversation_id);
    /// # }
    /// ```
    ConversationId
}

impl ConversationId {
    /// The conversation that begins with this run. The server takes the id of any turn here, but answers with what it
    /// was given: pass that of the first.
    pub fn from_first_run(run: impl Into<RunId>) -> Self {
        Self(run.into().0)
    }

    /// The run that the conversation began with.
    pub fn first_run(&self) -> RunId {
        RunId(self.0.clone())
    }
}
