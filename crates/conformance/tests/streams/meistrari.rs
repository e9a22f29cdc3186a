//! Meistrari under the knife.

mod cut;
mod job;
mod once;

pub(crate) use cut::Cut;
pub(crate) use job::Job;
