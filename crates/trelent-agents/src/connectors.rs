//! What is brought into a sandbox before a run, and what becomes of its files afterwards.
//!
//! Here live the two enumerations; each connector has a file of its own below, with its wire form. Packing local files
//! is in `connectors/pack.rs`.

#[cfg(feature = "imports")]
mod local;
#[cfg(feature = "imports")]
mod pack;
mod s3;
mod shared_workspace;

#[cfg(feature = "imports")]
pub use local::{ImportProgress, LocalImporter};
#[cfg(feature = "imports")]
pub(crate) use pack::pack_async;
pub use s3::S3Exporter;
pub use shared_workspace::{SharedWorkspaceExporter, SharedWorkspaceImporter};

use serde::Serialize;

/// Something to bring into a run's sandbox.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Importer {
    /// Files of this machine, sent with the request. Needs the feature `imports`.
    #[cfg(feature = "imports")]
    Local(LocalImporter),
    /// A workspace shared between runs.
    SharedWorkspace(SharedWorkspaceImporter),
}

#[cfg(feature = "imports")]
impl From<LocalImporter> for Importer {
    fn from(importer: LocalImporter) -> Self {
        Self::Local(importer)
    }
}

impl From<SharedWorkspaceImporter> for Importer {
    fn from(importer: SharedWorkspaceImporter) -> Self {
        Self::SharedWorkspace(importer)
    }
}

/// Something to do with a run's files when it is over. The server does it: no credentials of yours are involved.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exporter {
    /// A snapshot of the run's files, written to an S3 bucket.
    S3(S3Exporter),
    /// Files of a workspace shared between runs, written to an S3 bucket.
    SharedWorkspace(SharedWorkspaceExporter),
}

impl From<S3Exporter> for Exporter {
    fn from(exporter: S3Exporter) -> Self {
        Self::S3(exporter)
    }
}

impl From<SharedWorkspaceExporter> for Exporter {
    fn from(exporter: SharedWorkspaceExporter) -> Self {
        Self::SharedWorkspace(exporter)
    }
}

/// The wire form of a connector: where from, and where to.
#[derive(Serialize)]
pub(crate) struct Connector<Source, Drain> {
    source: Source,
    #[serde(skip_serializing_if = "Option::is_none")]
    drain: Option<Drain>,
}

/// The drain that writes to a bucket.
#[derive(Serialize)]
pub(crate) struct S3Dump<'a> {
    target: &'static str,
    bucket: Option<&'a str>,
    prefix: Option<&'a str>,
}

impl Exporter {
    /// Writes the wire form.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        match self {
            Self::S3(exporter) => serde_json::to_writer(out, &exporter.wire()),
            Self::SharedWorkspace(exporter) => serde_json::to_writer(out, &exporter.wire()),
        }
    }
}
