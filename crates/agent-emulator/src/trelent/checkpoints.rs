//! Checkpoints: a run's files and chat at a moment. A run takes one at the end of each turn and one at its own end,
//! if it ever ran; a fork begins with those of its parent.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use super::files::{FileKind, FileTree};
use super::run::Run;
use crate::clock::{Clock, Moment};
use crate::ids::Ids;
use crate::storage::Store;

/// The bucket of the layers.
const BUCKET: &str = "trelent-checkpoints";

#[derive(Debug, Clone)]
pub(crate) struct Checkpoint {
    pub(crate) id: String,
    index: usize,
    layer_sha: String,
    key: String,
    created: Moment,
    files: FileTree,
    chat: Vec<Value>,
}

impl Checkpoint {
    pub(crate) fn take(run: &Run, at: Moment, ids: &Ids) -> Self {
        let id = ids.next("ck");
        Self {
            index: run.checkpoints.len(),
            layer_sha: format!("sha256:{}", ids.digest("layer")),
            key: format!("{}/{id}.tar.gz", run.id),
            id,
            created: at,
            files: run.files.clone(),
            chat: run.chat(),
        }
    }

    /// Its form in a chain.
    pub(crate) fn brief(&self, clock: &Clock) -> Map<String, Value> {
        let mut object = Map::new();
        object.insert("checkpoint_id".into(), json!(self.id));
        object.insert("index".into(), json!(self.index));
        object.insert("layer_sha".into(), json!(self.layer_sha));
        object.insert(
            "s3_path".into(),
            format!("s3://{BUCKET}/{}", self.key).into(),
        );
        object.insert("created_at".into(), clock.text(self.created).into());
        object
    }

    /// Its form when asked for alone: with the chat, and with a URL to download its files as a gzipped tar archive.
    pub(crate) fn full(&self, clock: &Clock, store: &Store) -> Map<String, Value> {
        let mut object = self.brief(clock);
        let url = pack(&self.files)
            .ok()
            .map(|layer| store.put(BUCKET, &self.key, "application/gzip", layer));
        object.insert("download_url".into(), json!(url));
        object.insert("chat_history".into(), json!(self.chat));
        object
    }
}

fn pack(files: &FileTree) -> std::io::Result<Bytes> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, node) in files {
        let name = path.trim_start_matches('/');
        let mut header = tar::Header::new_gnu();
        header.set_mode(node.mode);
        header.set_size(0);
        match &node.kind {
            FileKind::File(content) => {
                header.set_size(content.len() as u64);
                archive.append_data(&mut header, name, content.as_ref())?;
            }
            FileKind::Dir => {
                header.set_entry_type(tar::EntryType::Directory);
                archive.append_data(&mut header, name, std::io::empty())?;
            }
            FileKind::Symlink(target) => {
                header.set_entry_type(tar::EntryType::Symlink);
                archive.append_link(&mut header, name, target)?;
            }
        }
    }
    let mut gzip = archive.into_inner()?;
    gzip.flush()?;
    gzip.finish().map(Bytes::from)
}
