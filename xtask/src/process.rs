//! Running other programs.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::workspace::root;

/// A result whose error is a text for the person at the terminal.
pub(crate) type Result<T = ()> = std::result::Result<T, String>;

/// A command to run in the workspace's folder.
pub(crate) struct Process(Command);

/// `cargo <subcommand>`, the cargo that runs this program.
pub(crate) fn cargo(subcommand: &str) -> Process {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.arg(subcommand).current_dir(root());
    Process(command)
}

/// `cargo <subcommand>` of the nightly toolchain, which rustup chooses.
pub(crate) fn cargo_nightly(subcommand: &str) -> Process {
    let mut command = Command::new("cargo");
    command.args(["+nightly", subcommand]).current_dir(root());
    // The toolchain that runs this program would be taken otherwise.
    for variable in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(variable);
    }
    Process(command)
}

/// A program of ours.
pub(crate) fn program(path: &Path) -> Process {
    let mut command = Command::new(path);
    command.current_dir(root());
    Process(command)
}

/// A program of this system.
pub(crate) fn tool(name: &str) -> Process {
    program(Path::new(name))
}

impl Process {
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.0.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.0.current_dir(dir);
        self
    }

    /// Runs it to its end; an exit code other than 0 is an error.
    pub(crate) fn run(mut self) -> Result {
        let status = self.0.status().map_err(|e| self.failed(&e))?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("{} ended with {status}", self.line()))
        }
    }

    /// Runs it to its end and gives what it printed.
    pub(crate) fn output(mut self) -> Result<String> {
        let output = self
            .0
            .stderr(Stdio::inherit())
            .output()
            .map_err(|e| self.failed(&e))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(format!("{} ended with {}", self.line(), output.status))
        }
    }

    /// Runs it to its end, and shows nothing of what it printed.
    pub(crate) fn quiet(mut self) -> Result {
        self.0.stdout(Stdio::null()).stderr(Stdio::null());
        self.run()
    }

    /// Starts it with its output at hand.
    pub(crate) fn start(mut self) -> Result<std::process::Child> {
        self.0
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| self.failed(&e))
    }

    fn failed(&self, error: &std::io::Error) -> String {
        format!("{} can not be run: {error}", self.line())
    }

    fn line(&self) -> String {
        let words = std::iter::once(self.0.get_program()).chain(self.0.get_args());
        let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
        words.join(" ")
    }
}
