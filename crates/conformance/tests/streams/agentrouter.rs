//! AgentRouter under the knife.

mod cut;
mod job;
mod pages;

pub(crate) use cut::Cut;
pub(crate) use job::Job;
