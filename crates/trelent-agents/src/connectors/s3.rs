//! Exporting a run's files to an S3 bucket.

use serde::Serialize;

use super::{Connector, S3Dump};
use crate::wire::connector;

/// Writes a snapshot of the run's files to an S3 bucket when the run is over. The server writes it: neither bucket nor
/// AWS credentials are needed here. Source: package readme.
///
/// ```
/// let exporter = trelent_agents::S3Exporter::new().bucket("my-bucket").path("reports/");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct S3Exporter {
    /// The bucket; the server's own when there is none. Sent as given, also when empty.
    pub bucket: Option<String>,
    /// Prefix of the objects' names. Sent as given, also when empty.
    pub path: Option<String>,
}

impl S3Exporter {
    /// To the server's own bucket, without a prefix.
    pub fn new() -> Self {
        Self::default()
    }

    /// To this bucket.
    pub fn bucket(mut self, bucket: impl Into<String>) -> Self {
        self.bucket = Some(bucket.into());
        self
    }

    /// Below this prefix.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    pub(super) fn wire(&self) -> impl Serialize {
        Connector {
            source: Snapshot {
                target: connector::RUN_SNAPSHOT,
                include: connector::SNAPSHOT_INCLUDE,
                exclude: [],
                run_id: None,
            },
            drain: Some(S3Dump {
                target: connector::S3_DUMP,
                bucket: self.bucket.as_deref(),
                prefix: self.path.as_deref(),
            }),
        }
    }
}

#[derive(Serialize)]
struct Snapshot {
    target: &'static str,
    include: &'static [&'static str],
    exclude: [&'static str; 0],
    run_id: Option<&'static str>,
}
