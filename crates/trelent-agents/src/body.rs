//! Request bodies for starting and forking a run.
//!
//! A body is JSON text in pieces: packed imports are put between pieces of text as they are, without a copy. What the
//! options mean and whether they are valid is in `run_options`.

use agent_core::transport::RequestBody;
use agent_core::{Error, Result};
use bytes::Bytes;
use serde::Serialize;

use crate::connectors::Importer;
use crate::run_options::{Common, CreateRunOptions, ResumeRunOptions};
#[cfg(feature = "imports")]
use crate::wire::connector;

/// The body that starts a run: eight keys, always all of them.
///
/// Checks the options and packs local imports on a blocking thread; dropping the future stops that. Fails before
/// anything is sent: with kind `InvalidArgument`, or `Io` for a path that can not be packed.
pub(crate) async fn create(options: &CreateRunOptions) -> Result<RequestBody> {
    let common = options.checked()?;
    let mut body = Writer::default();
    body.key("sandbox", &options.sandbox)?;
    body.key("prompt", &options.prompt)?;
    body.key("harness", &options.harness)?;
    body.common(common).await?;
    Ok(body.finish())
}

/// The body that forks a run: six keys, always all of them. Otherwise as [`create`].
pub(crate) async fn fork(prompt: &str, options: &ResumeRunOptions) -> Result<RequestBody> {
    let common = options.checked()?;
    let mut body = Writer::default();
    body.key("prompt", prompt)?;
    body.common(common).await?;
    Ok(body.finish())
}

/// Writes one JSON object, piece by piece.
#[derive(Default)]
struct Writer {
    chunks: Vec<Bytes>,
    text: Vec<u8>,
    begun: bool,
}

impl Writer {
    async fn common(&mut self, common: Common<'_>) -> Result<()> {
        self.key("workdir", &common.workdir)?;
        self.key("timeout_seconds", &common.timeout_seconds)?;
        self.name("import_connectors")?;
        self.text.push(b'[');
        for (index, importer) in common.imports.iter().enumerate() {
            self.comma(index);
            self.importer(importer).await?;
        }
        self.text.push(b']');
        self.name("export_connectors")?;
        self.text.push(b'[');
        for (index, exporter) in common.exports.iter().enumerate() {
            self.comma(index);
            exporter.write(&mut self.text).map_err(unwritable)?;
        }
        self.text.push(b']');
        self.key("secrets", common.secrets)
    }

    #[cfg_attr(
        not(feature = "imports"),
        allow(clippy::unused_async, reason = "only packing takes time")
    )]
    async fn importer(&mut self, importer: &Importer) -> Result<()> {
        match importer {
            #[cfg(feature = "imports")]
            Importer::Local(local) => {
                let packed = crate::connectors::pack_async(local.clone()).await?;
                self.text.extend_from_slice(b"{\"source\":");
                self.object_with_open_text("target", connector::DATA_BALL, "data")?;
                self.splice(packed);
                self.text.extend_from_slice(b"\"},\"drain\":{\"target\":");
                self.value(connector::DECOMPRESS_TARFILE)?;
                self.text.extend_from_slice(b"}}");
                Ok(())
            }
            Importer::SharedWorkspace(shared) => shared.write(&mut self.text).map_err(unwritable),
        }
    }

    /// `{"<key>":"<value>","<open>":"`: what follows is the content of a string without anything to escape.
    #[cfg(feature = "imports")]
    fn object_with_open_text(&mut self, key: &str, value: &str, open: &str) -> Result<()> {
        self.text.push(b'{');
        self.value(key)?;
        self.text.push(b':');
        self.value(value)?;
        self.text.push(b',');
        self.value(open)?;
        self.text.extend_from_slice(b":\"");
        Ok(())
    }

    /// Puts pieces in as they are.
    #[cfg(feature = "imports")]
    fn splice(&mut self, pieces: Vec<Bytes>) {
        self.flush();
        self.chunks.extend(pieces);
    }

    fn key<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<()> {
        self.name(name)?;
        self.value(value)
    }

    fn name(&mut self, name: &str) -> Result<()> {
        self.text.push(if self.begun { b',' } else { b'{' });
        self.begun = true;
        self.value(name)?;
        self.text.push(b':');
        Ok(())
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        serde_json::to_writer(&mut self.text, value).map_err(unwritable)
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.text.push(b',');
        }
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.chunks.push(std::mem::take(&mut self.text).into());
        }
    }

    fn finish(mut self) -> RequestBody {
        self.text.push(b'}');
        self.flush();
        RequestBody::from_chunks(self.chunks)
    }
}

/// No value of this crate fails to be written; the signature of serde allows for it.
fn unwritable(error: serde_json::Error) -> Error {
    Error::invalid_argument("the options can not be written as JSON").with_source(error)
}

#[cfg(test)]
mod tests;
