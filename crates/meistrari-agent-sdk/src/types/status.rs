//! The states of a session.

use agent_core::open_enum;

open_enum! {
    /// How far a session, or its current turn, has come. Source: package readme.
    ///
    /// A session may be continued after a `result` event with [`WaitingMessages`](Self::WaitingMessages) and in no
    /// other state: before that the server answers 409.
    pub enum SessionStatus {
        /// Accepted, not begun.
        Pending = "pending",
        /// At work.
        Running = "running",
        /// Over.
        Completed = "completed",
        /// Over, by an error.
        Failed = "failed",
        /// The turn is over: the session waits for the next message.
        WaitingMessages = "waiting_messages",
        /// Over, because somebody wanted it to be.
        Cancelled = "cancelled",
        ..Other
    }
}

impl SessionStatus {
    /// Whether the turn is over: completed, failed, cancelled, or waiting for the next message.
    pub fn is_terminal(&self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Failed | Self::Cancelled | Self::WaitingMessages
        )
    }

    /// Whether the turn is still to begin or under way.
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Pending | Self::Running)
    }
}
