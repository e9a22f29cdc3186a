//! Bringing files of this machine into a sandbox: what is asked for. How they are packed is in `pack.rs`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Brings a file or a folder of this machine into the sandbox, below `/mnt/`. Source: package readme.
///
/// The path is read when the run is started or forked, not here: it is packed (tar, gzip, base64) on a blocking thread
/// and sent with the request, all of it in memory. A large import takes time to send: raise the client's time limit.
///
/// - A folder is sent with all it holds: hidden files, version control and empty folders too. There is no filter.
/// - Symbolic links within it are sent as links and not followed. A path that itself is a link is followed.
/// - Permission bits and modification times are kept, owners are not. Sockets, pipes and devices are left out.
/// - `~` is not expanded.
///
/// Equal trees are packed into equal bytes.
///
/// ```
/// let importer = trelent_agents::LocalImporter::new("./data")
///     .on_progress(|progress| println!("{} ({} files)", progress.path.display(), progress.files));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct LocalImporter {
    /// The file or folder.
    pub path: PathBuf,
    progress: Option<Arc<OnProgress>>,
}

type OnProgress = dyn Fn(ImportProgress<'_>) + Send + Sync;

/// How far packing has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportProgress<'a> {
    /// What is being packed, relative to the importer's path; empty for a file that is the path itself.
    pub path: &'a Path,
    /// Files packed to their end so far. Folders and links do not count.
    pub files: u64,
    /// Bytes of content read so far.
    pub bytes_read: u64,
    /// Bytes of packed text so far, as they are sent. It lags behind: the compressor collects before it writes.
    pub bytes_packed: u64,
}

impl LocalImporter {
    /// The file or folder at `path`. An empty path is refused when it is packed.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            progress: None,
        }
    }

    /// Calls `f` at each entry, and again and again within large files. It is called on the packing thread: what takes
    /// long there makes packing slow.
    pub fn on_progress(mut self, f: impl Fn(ImportProgress<'_>) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(f));
        self
    }

    pub(super) fn report(&self, progress: ImportProgress<'_>) {
        if let Some(f) = &self.progress {
            f(progress);
        }
    }
}

impl fmt::Debug for LocalImporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalImporter")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
