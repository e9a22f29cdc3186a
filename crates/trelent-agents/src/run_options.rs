//! What one asks for when starting or forking a run, and the checks that need no server.
//!
//! How the options become a request body is not here.

use std::time::Duration;

use agent_core::{Error, Result};

use crate::connectors::{Exporter, Importer};
use crate::harness::HarnessSpec;
use crate::types::RunSecretSpec;
use crate::wire;

/// What a new run is to do. Source: package readme; `workdir` and `secrets` seen in the vendor's Python client.
///
/// ```
/// use std::time::Duration;
/// use trelent_agents::{CodexHarnessSpec, CreateRunOptions, S3Exporter};
///
/// let options = CreateRunOptions::new("my-sandbox:latest", "Build a web server")
///     .harness(CodexHarnessSpec::new())
///     .timeout(Duration::from_secs(600))
///     .export(S3Exporter::new());
/// assert_eq!(options.timeout_seconds, 600);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CreateRunOptions {
    /// Image to start from, without the owner's folder. Not checked here.
    pub sandbox: String,
    /// What the agent is to do. Not checked here.
    pub prompt: String,
    /// The agent. Default: Claude Code with its default model.
    pub harness: HarnessSpec,
    /// Working folder in the sandbox, an absolute path. Default: the image's.
    pub workdir: Option<String>,
    /// How long the run may take, in seconds: 60 to 86400. Default: 3600.
    pub timeout_seconds: u64,
    /// What is brought into the sandbox, in this order. Default: nothing.
    pub imports: Vec<Importer>,
    /// What becomes of the files when the run is over. Default: nothing.
    pub exports: Vec<Exporter>,
    /// Secrets of the service that the run may use. Default: none.
    pub secrets: Vec<RunSecretSpec>,
}

/// What a fork of a run is to do besides its prompt. Sandbox and agent are the parent's; imports and exports are not
/// inherited. Source: package readme; `workdir` and `secrets` seen in the vendor's Python client.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ResumeRunOptions {
    /// Working folder in the sandbox, an absolute path. Default: the image's.
    pub workdir: Option<String>,
    /// How long the run may take, in seconds: 60 to 86400. Default: 3600.
    pub timeout_seconds: u64,
    /// What is brought into the sandbox, in this order. Default: nothing.
    pub imports: Vec<Importer>,
    /// What becomes of the files when the run is over. Default: nothing.
    pub exports: Vec<Exporter>,
    /// Secrets of the service that the run may use. Default: none.
    pub secrets: Vec<RunSecretSpec>,
}

impl CreateRunOptions {
    /// A run from image `sandbox` that does what `prompt` says; everything else has its default.
    pub fn new(sandbox: impl Into<String>, prompt: impl Into<String>) -> Self {
        Self {
            sandbox: sandbox.into(),
            prompt: prompt.into(),
            harness: HarnessSpec::default(),
            workdir: None,
            timeout_seconds: wire::DEFAULT_RUN_TIMEOUT_SECONDS,
            imports: Vec::new(),
            exports: Vec::new(),
            secrets: Vec::new(),
        }
    }

    /// The agent.
    pub fn harness(mut self, harness: impl Into<HarnessSpec>) -> Self {
        self.harness = harness.into();
        self
    }
}

impl ResumeRunOptions {
    /// Every option with its default.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Default for ResumeRunOptions {
    fn default() -> Self {
        Self {
            workdir: None,
            timeout_seconds: wire::DEFAULT_RUN_TIMEOUT_SECONDS,
            imports: Vec::new(),
            exports: Vec::new(),
            secrets: Vec::new(),
        }
    }
}

/// The setters that both kinds of options have.
macro_rules! shared_setters {
    ($name:ident) => {
        impl $name {
            /// How long the run may take. Parts of a second count as a whole one. Checked when the options are used:
            /// 60 s to 24 h.
            pub fn timeout(self, timeout: Duration) -> Self {
                let started = u64::from(timeout.subsec_nanos() > 0);
                self.timeout_seconds(timeout.as_secs().saturating_add(started))
            }

            /// How long the run may take, in seconds. Checked when the options are used: 60 to 86400.
            pub fn timeout_seconds(mut self, seconds: u64) -> Self {
                self.timeout_seconds = seconds;
                self
            }

            /// Adds something to bring into the sandbox.
            pub fn import(mut self, importer: impl Into<Importer>) -> Self {
                self.imports.push(importer.into());
                self
            }

            /// Adds several things to bring into the sandbox.
            pub fn imports<I>(mut self, importers: I) -> Self
            where
                I: IntoIterator<Item: Into<Importer>>,
            {
                self.imports.extend(importers.into_iter().map(Into::into));
                self
            }

            /// Adds something to do with the files when the run is over.
            pub fn export(mut self, exporter: impl Into<Exporter>) -> Self {
                self.exports.push(exporter.into());
                self
            }

            /// Adds several things to do with the files when the run is over.
            pub fn exports<I>(mut self, exporters: I) -> Self
            where
                I: IntoIterator<Item: Into<Exporter>>,
            {
                self.exports.extend(exporters.into_iter().map(Into::into));
                self
            }

            /// Working folder in the sandbox. Space around it is dropped; what remains must be an absolute path, which
            /// is checked when the options are used.
            pub fn workdir(mut self, path: impl Into<String>) -> Self {
                self.workdir = Some(path.into());
                self
            }

            /// Lets the run use a secret.
            pub fn secret(mut self, secret: impl Into<RunSecretSpec>) -> Self {
                self.secrets.push(secret.into());
                self
            }

            /// Lets the run use several secrets.
            pub fn secrets<I>(mut self, secrets: I) -> Self
            where
                I: IntoIterator<Item: Into<RunSecretSpec>>,
            {
                self.secrets.extend(secrets.into_iter().map(Into::into));
                self
            }

            /// Checks what can be checked without the server, and gives what both bodies have in common.
            pub(crate) fn checked(&self) -> Result<Common<'_>> {
                Ok(Common {
                    workdir: workdir(self.workdir.as_deref())?,
                    timeout_seconds: timeout_seconds(self.timeout_seconds)?,
                    imports: &self.imports,
                    exports: &self.exports,
                    secrets: &self.secrets,
                })
            }
        }
    };
}

shared_setters!(CreateRunOptions);
shared_setters!(ResumeRunOptions);

/// The checked options that starting and forking a run have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Common<'a> {
    pub(crate) workdir: Option<&'a str>,
    pub(crate) timeout_seconds: u64,
    pub(crate) imports: &'a [Importer],
    pub(crate) exports: &'a [Exporter],
    pub(crate) secrets: &'a [RunSecretSpec],
}

fn workdir(given: Option<&str>) -> Result<Option<&str>> {
    match given.map(str::trim) {
        Some("") => Err(Error::invalid_argument(
            "workdir must be non-empty when provided",
        )),
        Some(path) if !path.starts_with('/') => {
            Err(Error::invalid_argument("workdir must be an absolute path"))
        }
        checked => Ok(checked),
    }
}

fn timeout_seconds(given: u64) -> Result<u64> {
    let (min, max) = (wire::MIN_RUN_TIMEOUT_SECONDS, wire::MAX_RUN_TIMEOUT_SECONDS);
    if (min..=max).contains(&given) {
        Ok(given)
    } else {
        Err(Error::invalid_argument(format!(
            "timeout_seconds must be between {min} and {max}"
        )))
    }
}

#[cfg(test)]
mod tests;
