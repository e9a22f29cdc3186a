//! Packing local files: tar, gzip, base64, in one pass and without a second copy.
//!
//! Here live the two ways in, and cancelling. The walk through the tree is in `pack/walk.rs`, tar entries are written
//! in `pack/entry.rs`, base64 in `pack/base64_blocks.rs`.

use std::fmt::Display;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use agent_core::{Error, ErrorKind, Result};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{ImportProgress, LocalImporter};
use base64_blocks::Base64Blocks;

mod base64_blocks;
mod entry;
mod walk;

/// Packs on a blocking thread. Dropping the future stops the packing soon.
pub(crate) async fn pack_async(importer: LocalImporter) -> Result<Vec<Bytes>> {
    let stop = StopOnDrop(Arc::default());
    let stopped = Arc::clone(&stop.0);
    tokio::task::spawn_blocking(move || pack_until(&importer, &stopped))
        .await
        .unwrap_or_else(|error| {
            Err(Error::new(ErrorKind::Io, "packing the import did not finish").with_source(error))
        })
}

/// Packs: base64 text in blocks.
///
/// Fails with kind `InvalidArgument` for an empty path, else `Io` with the path in its message.
#[cfg(test)]
pub(crate) fn pack(importer: &LocalImporter) -> Result<Vec<Bytes>> {
    pack_until(importer, &AtomicBool::new(false))
}

fn pack_until(importer: &LocalImporter, stop: &AtomicBool) -> Result<Vec<Bytes>> {
    if importer.path.as_os_str().is_empty() {
        return Err(Error::invalid_argument("the path of an import is empty"));
    }
    let mut packer = Packer {
        // A new encoder writes no time into its header: equal trees give equal bytes.
        out: GzEncoder::new(Base64Blocks::default(), Compression::default()),
        importer,
        stop,
        files: 0,
        bytes_read: 0,
    };
    walk::walk(&mut packer, &importer.path)?;
    packer.finish()
}

struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What is written to, and what is counted.
struct Packer<'a> {
    out: GzEncoder<Base64Blocks>,
    importer: &'a LocalImporter,
    stop: &'a AtomicBool,
    files: u64,
    bytes_read: u64,
}

impl Packer<'_> {
    /// To be called between any two steps that take time: tells how far it came, and whether to go on.
    fn step(&self, relative: &Path) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Io, "packing the import was stopped"));
        }
        self.importer.report(ImportProgress {
            path: relative,
            files: self.files,
            bytes_read: self.bytes_read,
            bytes_packed: self.out.get_ref().len(),
        });
        Ok(())
    }

    fn finish(self) -> Result<Vec<Bytes>> {
        let path = &self.importer.path;
        let mut out = self.out;
        entry::write_end(&mut out).map_err(|error| failed("pack", path, error))?;
        let blocks = out.finish().map_err(|error| failed("pack", path, error))?;
        Ok(blocks.finish())
    }
}

/// The error of a path: what was to be done with it, and what the system says.
fn failed(action: &str, path: &Path, error: io::Error) -> Error {
    Error::new(
        ErrorKind::Io,
        format!("can not {action} {}: {error}", path.display()),
    )
    .with_source(error)
}

/// The error of a path that the system has nothing to say about.
fn refused(path: &Path, reason: impl Display) -> Error {
    Error::new(
        ErrorKind::Io,
        format!("can not import {}: {reason}", path.display()),
    )
}

#[cfg(test)]
mod tests;
