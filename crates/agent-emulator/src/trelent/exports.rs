//! Exports: after completion, the files that a run's connectors pick are uploaded to the storage stand-in.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::bodies::{Export, ExportSource};
use super::files::{self, FileTree};
use crate::storage::Store;

/// The bucket when a connector names none.
const DEFAULT_BUCKET: &str = "trelent-exports";

/// Uploads the files of one connector, and returns the item of `file_outputs`.
///
/// An object's key is the prefix and the path without its first slash. Without a prefix (null, not empty) it is
/// `{run id}/` and the path, so that runs do not overwrite each other.
pub(crate) fn deliver<'a>(
    export: &Export,
    run_id: &str,
    files_of: impl Fn(&str) -> Option<&'a FileTree>,
    drives: &'a BTreeMap<String, FileTree>,
    store: &Store,
) -> Value {
    let bucket = export
        .bucket
        .as_deref()
        .filter(|bucket| !bucket.is_empty())
        .unwrap_or(DEFAULT_BUCKET);
    let prefix = export
        .prefix
        .clone()
        .unwrap_or_else(|| format!("{run_id}/"));
    let tree = match &export.source {
        ExportSource::Snapshot { run_id: other, .. } => {
            files_of(other.as_deref().unwrap_or(run_id))
        }
        ExportSource::Drive { name, .. } => drives.get(name),
    };
    let uploaded: Vec<_> = tree
        .into_iter()
        .flatten()
        .filter(|(path, _)| picked(&export.source, path))
        .filter_map(|(path, node)| Some((path, node.content()?)))
        .map(|(path, content)| {
            let key = format!("{prefix}{}", path.trim_start_matches('/'));
            let url = store.put(bucket, &key, "application/octet-stream", content.clone());
            json!({"path": key, "presigned_url": url})
        })
        .collect();
    json!({"delivery": "s3", "files": uploaded})
}

fn picked(source: &ExportSource, path: &str) -> bool {
    match source {
        ExportSource::Snapshot {
            include, exclude, ..
        } => {
            let any =
                |patterns: &[String]| patterns.iter().any(|pattern| files::glob(pattern, path));
            any(include) && !any(exclude)
        }
        ExportSource::Drive {
            directory: None, ..
        } => true,
        ExportSource::Drive {
            directory: Some(directory),
            ..
        } => {
            let root = format!("/{}", directory.trim_matches('/'));
            files::is_below(&root, path)
        }
    }
}
