//! The command line.

use std::path::PathBuf;

use crate::replay::Mode;
use crate::vendors::{self, VENDORS, Vendor};

/// What the user asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Folder with vectors; none means each crate's own.
    pub vectors: Option<PathBuf>,
    /// The way to replay; none lets each vector decide.
    pub mode: Option<Mode>,
    /// Only vectors whose name contains this.
    pub filter: Option<String>,
    /// Only these vendors; empty means all.
    pub vendors: Vec<&'static Vendor>,
}

/// What to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Replay vectors.
    Run(Options),
    /// Explain the command line.
    Help,
}

/// Reads the arguments, the program's name left out. An error is a usage error.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let mut options = Options::default();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let (name, inline) = match argument.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (argument.as_str(), None),
        };
        let mut value = || {
            let value = inline.clone().or_else(|| arguments.next());
            value.ok_or_else(|| format!("{name} needs a value"))
        };
        match name {
            "--help" | "-h" => return Ok(Command::Help),
            "--vectors" => options.vectors = Some(value()?.into()),
            "--filter" => options.filter = Some(value()?),
            "--wire" | "--memory" if inline.is_some() => {
                return Err(format!("{name} takes no value"));
            }
            "--wire" => force(&mut options, Mode::Wire)?,
            "--memory" => force(&mut options, Mode::Memory)?,
            option if option.starts_with('-') => return Err(format!("unknown option {option}")),
            vendor => {
                let vendor = vendors::find(vendor).ok_or_else(|| {
                    format!("no vendor {vendor:?}; there are {}", names().join(", "))
                })?;
                options.vendors.push(vendor);
            }
        }
    }
    Ok(Command::Run(options))
}

/// The text for `--help`.
pub fn help() -> String {
    format!(
        "Replays wire vectors (schema 1) against the SDKs.

usage: conformance [--vectors DIR] [--wire | --memory] [--filter TEXT] [vendor…]

  --vectors DIR  a vendor's folder, or a folder of such folders, instead of each crate's tests/vectors
  --wire         replay everything over HTTP on loopback, with real waits
  --memory       replay everything in memory, on virtual time
  --filter TEXT  only vectors whose name contains TEXT
  vendor         {}

Exit status: 0 all passed, 1 something failed, 2 wrong usage.
",
        names().join(", ")
    )
}

fn force(options: &mut Options, mode: Mode) -> Result<(), String> {
    match options.mode.replace(mode) {
        Some(other) if other != mode => Err("--wire and --memory exclude each other".to_owned()),
        _ => Ok(()),
    }
}

fn names() -> Vec<&'static str> {
    VENDORS.iter().map(|vendor| vendor.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Options, String> {
        match parse(arguments.iter().map(ToString::to_string))? {
            Command::Run(options) => Ok(options),
            Command::Help => Err("help".to_owned()),
        }
    }

    #[test]
    fn every_option_is_read() {
        let options = read(&[
            "--vectors",
            "dir",
            "--memory",
            "--filter=abc",
            "trelent",
            "sse",
        ])
        .unwrap();
        assert_eq!(options.vectors.unwrap().to_str(), Some("dir"));
        assert_eq!(options.mode, Some(Mode::Memory));
        assert_eq!(options.filter.as_deref(), Some("abc"));
        let names: Vec<_> = options.vendors.iter().map(|vendor| vendor.name).collect();
        assert_eq!(names, ["trelent", "sse"]);
        assert_eq!(read(&["-h"]).unwrap_err(), "help");
    }

    #[test]
    fn wrong_usage_is_told() {
        for (arguments, part) in [
            (&["nobody"][..], "no vendor \"nobody\""),
            (&["--vectors"], "--vectors needs a value"),
            (&["--wire", "--memory"], "exclude"),
            (&["--wire=1"], "takes no value"),
            (&["--what"], "unknown option --what"),
        ] {
            let error = read(arguments).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
