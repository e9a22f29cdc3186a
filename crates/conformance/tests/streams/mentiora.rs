//! Mentiora under the knife.

mod cut;
mod job;

pub(crate) use cut::Cut;
pub(crate) use job::Job;
