//! Workspaces shared between runs, as source of imports and exports. Beyond the npm package: seen in the vendor's
//! Python client.

use serde::Serialize;

use super::{Connector, S3Dump};
use crate::wire::connector;

/// Brings a workspace shared between runs into the sandbox. Source: seen in the vendor's Python client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedWorkspaceImporter {
    /// Name of the workspace.
    pub name: String,
    /// The part of it that is wanted; all when there is none.
    pub subpath: Option<String>,
}

impl SharedWorkspaceImporter {
    /// All of the workspace `name`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            subpath: None,
        }
    }

    /// Only what is below `subpath`.
    pub fn subpath(mut self, subpath: impl Into<String>) -> Self {
        self.subpath = Some(subpath.into());
        self
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        let wire = Connector {
            source: ImportDrive {
                target: connector::SHARED_DRIVE,
                name: &self.name,
                subpath: self.subpath.as_deref(),
            },
            drain: None::<()>,
        };
        serde_json::to_writer(out, &wire)
    }
}

#[derive(Serialize)]
struct ImportDrive<'a> {
    target: &'static str,
    name: &'a str,
    subpath: Option<&'a str>,
}

/// Writes files of a workspace shared between runs to an S3 bucket when the run is over. Source: seen in the vendor's
/// Python client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedWorkspaceExporter {
    /// Name of the workspace.
    pub name: String,
    /// The folder of it that is wanted; all when there is none.
    pub directory: Option<String>,
    /// The bucket; the server's own when there is none.
    pub bucket: Option<String>,
    /// Prefix of the objects' names.
    pub path: Option<String>,
}

impl SharedWorkspaceExporter {
    /// All of the workspace `name`, to the server's own bucket.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            directory: None,
            bucket: None,
            path: None,
        }
    }

    /// Only what is in this folder.
    pub fn directory(mut self, directory: impl Into<String>) -> Self {
        self.directory = Some(directory.into());
        self
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
            source: ExportDrive {
                target: connector::SHARED_DRIVE,
                name: &self.name,
                directory: self.directory.as_deref(),
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
struct ExportDrive<'a> {
    target: &'static str,
    name: &'a str,
    directory: Option<&'a str>,
}
