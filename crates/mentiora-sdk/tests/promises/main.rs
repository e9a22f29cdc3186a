//! What holds for every operation: sent at most once where once is all it may be, ids that stay in their place,
//! secrets that stay secret, limits that end every call.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

mod construction;
mod hostile;
mod ids;
mod limits;
mod refused;
mod secrets;
mod send_safety;
mod texts;

#[path = "../support/rig.rs"]
mod rig;
