//! Replays everything that was asked for and writes the report.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::adapter::Adapter;
use crate::cli::Options;
use crate::compare::Difference;
use crate::replay::{Mode, replay};
use crate::report::{Tally, Verdict, block};
use crate::sse;
use crate::vector::Vector;
use crate::vector::load::{self, Source};
use crate::vendors::{Suite, VENDORS, Vendor};

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing failed.
    Good,
    /// Something failed, or what was asked for by name could not be replayed.
    Bad,
    /// There was nothing to replay where the user pointed.
    Usage,
}

/// Replays and reports. The error is that of writing.
pub fn run(options: &Options, out: &mut dyn Write) -> io::Result<End> {
    let found = match &options.vectors {
        Some(folder) => match load::folder(folder) {
            Ok(found) if found.is_empty() => {
                writeln!(out, "{}: no vectors", folder.display())?;
                return Ok(End::Usage);
            }
            Ok(found) => Some(found),
            Err(error) => {
                writeln!(out, "{}: {error}", folder.display())?;
                return Ok(End::Usage);
            }
        },
        None => None,
    };
    let mut end = End::Good;
    for (name, sources) in found.iter().flatten() {
        if options.vendors.is_empty() && !strangers(name, sources, out)? {
            end = End::Bad;
        }
    }
    for vendor in VENDORS {
        let named = options.vendors.iter().any(|own| own.name == vendor.name);
        if !named && !options.vendors.is_empty() {
            continue;
        }
        let own = match &found {
            Some(found) => found.get(vendor.name).cloned().unwrap_or_default(),
            None => default_vectors(vendor)?,
        };
        let good = if own.is_empty() {
            if named {
                writeln!(out, "{}: no vectors", vendor.name)?;
            }
            !named
        } else {
            one_vendor(vendor, named, &own, options, out)?
        };
        if !good {
            end = End::Bad;
        }
    }
    Ok(end)
}

/// Tells of what belongs to no vendor. Whether that is all right: files that are no vectors are, vectors are not.
fn strangers(name: &str, sources: &[Source], out: &mut dyn Write) -> io::Result<bool> {
    if VENDORS.iter().any(|vendor| vendor.name == name) {
        return Ok(true);
    }
    for source in sources {
        if let Err(reason) = &source.content {
            writeln!(out, "{}: {reason}, left out", source.name)?;
        }
    }
    let vectors = sources
        .iter()
        .filter(|source| source.content.is_ok())
        .count();
    if vectors > 0 {
        writeln!(out, "{name}: no such vendor, {vectors} vectors not run")?;
    }
    Ok(vectors == 0)
}

/// The folder with a crate's own vectors.
pub fn crate_vectors(vendor: &Vendor) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .with_file_name(vendor.package)
        .join("tests/vectors")
}

fn default_vectors(vendor: &Vendor) -> io::Result<Vec<Source>> {
    match load::folder(&crate_vectors(vendor)) {
        Ok(mut found) => Ok(found.remove(vendor.name).unwrap_or_default()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Whether all is well with one vendor.
fn one_vendor(
    vendor: &Vendor,
    named: bool,
    sources: &[Source],
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<bool> {
    let disputed = match load::disputed(&crate_vectors(vendor)) {
        Ok(disputed) => disputed,
        Err(reason) => {
            writeln!(out, "{}: {reason}", vendor.name)?;
            return Ok(false);
        }
    };
    let wanted = |source: &&Source| {
        let filter = options.filter.as_deref();
        filter.is_none_or(|text| source.name.contains(text))
    };
    let sources: Vec<_> = sources.iter().filter(wanted).collect();
    let Some(judge) = judge(vendor.suite, options.mode) else {
        let (name, number) = (vendor.name, sources.len());
        writeln!(out, "{name}: no SDK yet, {number} vectors not run")?;
        return Ok(!named);
    };
    let mut tally = Tally::default();
    for source in sources {
        let (verdict, how) = judged(source, &disputed, &judge);
        tally.count(&verdict);
        if let Some(text) = block(vendor.name, &source.name, how, &verdict) {
            writeln!(out, "{text}")?;
        }
    }
    writeln!(out, "{}: {tally}", vendor.name)?;
    Ok(tally.failed == 0)
}

/// Replays one vector or case: what became of it, and how it was replayed.
type Judge = Box<dyn Fn(&Value) -> (Verdict, &'static str)>;

/// What replays a suite; none while there is nothing to replay it against.
fn judge(suite: Suite, forced: Option<Mode>) -> Option<Judge> {
    match suite {
        Suite::Sdk(adapter) => {
            let adapter = adapter?;
            Some(Box::new(move |value| sdk(adapter, value, forced)))
        }
        Suite::Decoder(decode) => Some(Box::new(move |case| {
            (verdict(sse::replay(decode, case)), "")
        })),
    }
}

fn judged(
    source: &Source,
    disputed: &BTreeMap<String, String>,
    judge: &Judge,
) -> (Verdict, &'static str) {
    if let Some(reason) = disputed.get(&source.name) {
        return (Verdict::Disputed(reason.clone()), "");
    }
    match &source.content {
        Ok(value) => judge(value),
        Err(reason) => (unreadable(reason), ""),
    }
}

/// Replays one vector, forced one way or as it wants.
fn sdk(adapter: &dyn Adapter, value: &Value, forced: Option<Mode>) -> (Verdict, &'static str) {
    let vector: Vector = match serde_json::from_value(value.clone()) {
        Ok(vector) => vector,
        Err(error) => return (unreadable(&error.to_string()), ""),
    };
    if vector.flag("inexpressible") {
        return (Verdict::Skipped, "");
    }
    let mode = forced.unwrap_or_else(|| Mode::of(&vector, adapter));
    let how = match mode {
        Mode::Wire => " (over the wire)",
        Mode::Memory => " (in memory)",
    };
    (verdict(replay(adapter, value, mode)), how)
}

fn verdict(differences: Vec<Difference>) -> Verdict {
    if differences.is_empty() {
        Verdict::Passed
    } else {
        Verdict::Failed(differences)
    }
}

fn unreadable(reason: &str) -> Verdict {
    Verdict::Failed(vec![Difference::new(
        "reading",
        "a vector in schema 1",
        reason,
    )])
}

#[cfg(test)]
mod tests;
