pub(crate) struct Job;
