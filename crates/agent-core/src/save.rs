//! Saving a download to a file, so that the file is whole or not there.
//!
//! The bytes go to a temporary file in the same folder. Only when all of them are there, checked and on the disk, it
//! gets the final name. Whatever ends it earlier (an error, a check that fails, a future that is dropped) removes the
//! temporary file and leaves what was at the final name as it was.

use std::ffi::OsString;
use std::fmt;
#[cfg(feature = "checksums")]
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use crate::byte_stream::ByteStream;
use crate::error::{Error, ErrorKind, Result, Sent};

/// What is checked and told while a download is saved.
///
/// ```
/// use agent_core::SaveOptions;
///
/// let options = SaveOptions::new()
///     .expect_bytes(1024)
///     .on_progress(|progress| println!("{} of {:?} bytes", progress.bytes, progress.total));
/// ```
#[derive(Default)]
#[must_use]
pub struct SaveOptions {
    bytes: Option<u64>,
    #[cfg(feature = "checksums")]
    sha256: Option<String>,
    on_progress: Option<OnProgress>,
}

type OnProgress = Box<dyn FnMut(Progress) + Send>;

/// How far a download has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes received so far.
    pub bytes: u64,
    /// Bytes in all: the number that was expected, else the one that the server declared, if it did.
    pub total: Option<u64>,
}

impl SaveOptions {
    /// No checks beyond the length that the server declares.
    pub fn new() -> Self {
        Self::default()
    }

    /// The length that the file must have, in bytes. Another length is an error of kind
    /// [`Protocol`](ErrorKind::Protocol), and no file appears.
    pub fn expect_bytes(mut self, bytes: u64) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// The SHA-256 that the file must have, in hexadecimal digits of either case. Another one is an error of kind
    /// [`Protocol`](ErrorKind::Protocol), and no file appears.
    #[cfg(feature = "checksums")]
    #[cfg_attr(docsrs, doc(cfg(feature = "checksums")))]
    pub fn expect_sha256(mut self, hex: impl Into<String>) -> Self {
        self.sha256 = Some(hex.into());
        self
    }

    /// Called after every piece, and once at the beginning.
    pub fn on_progress(mut self, f: impl FnMut(Progress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(f));
        self
    }
}

impl fmt::Debug for SaveOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SaveOptions")
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

impl ByteStream {
    /// Saves the bytes to a file and gives their number. A file that is already there is replaced.
    ///
    /// The file appears under its name whole or not at all; until then the bytes are in a file beside it whose name
    /// begins with a dot and ends with `.part`. Fails with kind [`Io`](ErrorKind::Io) if the file can not be written.
    pub async fn save(self, path: impl AsRef<Path>) -> Result<u64> {
        self.save_with(path, SaveOptions::new()).await
    }

    /// As [`save`](Self::save), with checks and progress.
    pub async fn save_with(mut self, path: impl AsRef<Path>, options: SaveOptions) -> Result<u64> {
        let (operation, attempts) = (self.operation(), self.response().attempts);
        self.write(path.as_ref(), options).await.map_err(|error| {
            error
                .with_operation(operation)
                .with_attempts(attempts)
                .with_sent(Sent::Yes)
        })
    }

    async fn write(&mut self, path: &Path, mut options: SaveOptions) -> Result<u64> {
        let total = options.bytes.or(self.content_length());
        let mut tell = options.on_progress.take();
        let mut tell = |bytes| {
            if let Some(tell) = &mut tell {
                tell(Progress { bytes, total });
            }
        };
        let mut checks = Checks::new(&options)?;
        let (mut file, part) = Part::create(path).await.map_err(|e| io_error(path, e))?;
        tell(0);
        while let Some(piece) = self.next().await {
            let piece = piece?;
            checks.take(&piece)?;
            file.write_all(&piece)
                .await
                .map_err(|e| io_error(path, e))?;
            tell(checks.bytes);
        }
        checks.finish()?;
        let done = async {
            file.flush().await?;
            file.sync_all().await?;
            drop(file);
            part.keep(path).await
        };
        done.await.map_err(|e| io_error(path, e))?;
        Ok(checks.bytes)
    }
}

/// Counts and checks what comes.
struct Checks {
    bytes: u64,
    expected: Option<u64>,
    #[cfg(feature = "checksums")]
    sha256: Option<(String, sha2::Sha256)>,
}

impl Checks {
    #[cfg_attr(
        not(feature = "checksums"),
        allow(
            clippy::unnecessary_wraps,
            reason = "without checksums nothing can be wrong"
        )
    )]
    fn new(options: &SaveOptions) -> Result<Self> {
        #[cfg(feature = "checksums")]
        if let Some(hex) = &options.sha256
            && !(hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
        {
            return Err(Error::invalid_argument(
                "a SHA-256 has 64 hexadecimal digits",
            ));
        }
        Ok(Self {
            bytes: 0,
            expected: options.bytes,
            #[cfg(feature = "checksums")]
            sha256: options
                .sha256
                .as_ref()
                .map(|hex| (hex.to_ascii_lowercase(), sha2::Digest::new())),
        })
    }

    fn take(&mut self, piece: &[u8]) -> Result<()> {
        self.bytes += piece.len() as u64;
        #[cfg(feature = "checksums")]
        if let Some((_, hasher)) = &mut self.sha256 {
            sha2::Digest::update(hasher, piece);
        }
        match self.expected {
            Some(expected) if self.bytes > expected => Err(Error::new(
                ErrorKind::Protocol,
                format!("the file has more than the expected {expected} bytes"),
            )),
            _ => Ok(()),
        }
    }

    fn finish(&mut self) -> Result<()> {
        if let Some(expected) = self.expected.filter(|expected| *expected != self.bytes) {
            return Err(Error::new(
                ErrorKind::Protocol,
                format!("the file has {} bytes instead of {expected}", self.bytes),
            ));
        }
        #[cfg(feature = "checksums")]
        if let Some((expected, hasher)) = self.sha256.take() {
            let mut found = String::with_capacity(64);
            for byte in sha2::Digest::finalize(hasher) {
                // Writing to a string does not fail.
                let _ = write!(found, "{byte:02x}");
            }
            if found != expected {
                return Err(Error::new(
                    ErrorKind::Protocol,
                    format!("the file's SHA-256 is {found} instead of {expected}"),
                ));
            }
        }
        Ok(())
    }
}

/// The longest name of a file, in bytes, that is a part of its temporary file's.
const LONGEST_NAME: usize = 100;

/// The temporary file; it goes with this value unless it is kept.
struct Part {
    path: Option<PathBuf>,
}

impl Part {
    async fn create(target: &Path) -> io::Result<(File, Self)> {
        let target = target.to_owned();
        // File and name come out of the closure together: if nobody waits for them any more, both go at once.
        let made = tokio::task::spawn_blocking(move || Self::create_now(&target)).await;
        let (file, part) = made.map_err(io::Error::other)??;
        Ok((File::from_std(file), part))
    }

    fn create_now(target: &Path) -> io::Result<(std::fs::File, Self)> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = target
            .file_name()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?;
        if target.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let mut part = OsString::from(".");
            // With what comes around it, a longer one could be too long for the file system.
            if name.len() <= LONGEST_NAME {
                part.push(name);
            }
            part.push(format!(".{}-{count}.part", std::process::id()));
            let path = target.with_file_name(part);
            match std::fs::File::create_new(&path) {
                Ok(file) => return Ok((file, Self { path: Some(path) })),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn keep(mut self, target: &Path) -> io::Result<()> {
        if let Some(path) = &self.path {
            tokio::fs::rename(path, target).await?;
        }
        self.path = None;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // There is nobody left to tell; a file that is gone already is as good.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn io_error(path: &Path, error: io::Error) -> Error {
    Error::new(
        ErrorKind::Io,
        format!("{} can not be written: {error}", path.display()),
    )
    .with_source(error)
}

#[cfg(test)]
mod tests;
