//! The bodies of creating and forking a run, read strictly: every key is there, no other key is, all types fit.
//!
//! What needs the server's state (does the sandbox, the secret, the drive exist?) is checked in `runs.rs`.

use serde_json::{Map, Value};

use super::errors::Answer;
use super::script::Scenario;
use super::validate::{Fields, Loc, Problems, as_object};
use crate::scenario;

/// The kinds of harness.
const HARNESSES: &[&str] = &["claude_code", "codex", "gemini"];

/// What both bodies have.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) prompt: String,
    /// What the prompt asks of the emulator, if it begins with `emulate:`.
    pub(crate) scenario: Option<Scenario>,
    pub(crate) workdir: Option<String>,
    pub(crate) timeout_seconds: u64,
    pub(crate) imports: Vec<(Loc, Import)>,
    pub(crate) exports: Vec<(Loc, Export)>,
    pub(crate) secrets: Vec<(Loc, String)>,
}

/// The body of `POST /runs`.
#[derive(Debug)]
pub(crate) struct Create {
    pub(crate) sandbox: String,
    pub(crate) harness: Harness,
    pub(crate) work: Work,
}

/// What runs in the sandbox.
#[derive(Debug, Clone)]
pub(crate) struct Harness {
    pub(crate) kind: String,
    pub(crate) model: String,
}

/// Where a run's files come from.
#[derive(Debug)]
pub(crate) enum Import {
    /// base64 of gzip of tar.
    Inline(String),
    /// A shared drive, or a folder of it.
    Drive {
        name: String,
        subpath: Option<String>,
    },
}

/// Which files go to which bucket after completion.
#[derive(Debug, Clone)]
pub(crate) struct Export {
    pub(crate) source: ExportSource,
    pub(crate) bucket: Option<String>,
    pub(crate) prefix: Option<String>,
}

/// Which files are exported.
#[derive(Debug, Clone)]
pub(crate) enum ExportSource {
    /// The files of a run, this one if there is no id.
    Snapshot {
        include: Vec<String>,
        exclude: Vec<String>,
        run_id: Option<String>,
    },
    /// A shared drive, or a folder of it.
    Drive {
        name: String,
        directory: Option<String>,
    },
}

pub(crate) fn create(body: &Map<String, Value>) -> Answer<Create> {
    let mut problems = Problems::default();
    let keys = [
        "sandbox",
        "prompt",
        "harness",
        "workdir",
        "timeout_seconds",
        "import_connectors",
        "export_connectors",
        "secrets",
    ];
    let fields = Fields::new(body, &keys, Loc::root("body"), &mut problems);
    let sandbox = fields
        .text("sandbox", &mut problems)
        .unwrap_or_default()
        .to_owned();
    let harness = harness(&fields, &mut problems);
    let work = work(&fields, &mut problems);
    problems.check()?;
    Ok(Create {
        sandbox,
        harness,
        work,
    })
}

pub(crate) fn fork(body: &Map<String, Value>) -> Answer<Work> {
    let mut problems = Problems::default();
    let keys = [
        "prompt",
        "workdir",
        "timeout_seconds",
        "import_connectors",
        "export_connectors",
        "secrets",
    ];
    let fields = Fields::new(body, &keys, Loc::root("body"), &mut problems);
    let work = work(&fields, &mut problems);
    problems.check()?;
    Ok(work)
}

// From here on a value that stands in for a bad one never gets out: `problems` holds the reason by then.

fn harness(fields: &Fields<'_>, problems: &mut Problems) -> Harness {
    let spec = fields.object("harness", &["kind", "model"], problems);
    let mut text = |key, set: Option<&[&str]>| {
        let spec = spec.as_ref()?;
        match set {
            Some(set) => spec.one_of(key, set, problems),
            None => spec.string(key, problems),
        }
    };
    Harness {
        kind: text("kind", Some(HARNESSES)).unwrap_or_default().to_owned(),
        model: text("model", None).unwrap_or_default().to_owned(),
    }
}

fn work(fields: &Fields<'_>, problems: &mut Problems) -> Work {
    let prompt = fields.text("prompt", problems).unwrap_or_default();
    let scenario = scenario::asked_by(prompt, &Scenario::ALL).unwrap_or_else(|why| {
        problems.add(
            &fields.loc("prompt"),
            format!("Emulator: {why}"),
            "value_error",
        );
        None
    });
    let workdir = fields.nullable("workdir", problems);
    if workdir.is_some_and(|path| !path.starts_with('/') || path.trim() != path) {
        problems.add(
            &fields.loc("workdir"),
            "workdir must be an absolute path",
            "value_error",
        );
    }
    Work {
        prompt: prompt.to_owned(),
        scenario,
        workdir: workdir.map(Into::into),
        timeout_seconds: fields
            .integer("timeout_seconds", 60, 86_400, problems)
            .unwrap_or_default(),
        imports: connectors(fields, "import_connectors", problems, import),
        exports: connectors(fields, "export_connectors", problems, export),
        secrets: fields
            .array("secrets", problems)
            .into_iter()
            .filter_map(|(loc, item)| secret(loc, item, problems))
            .collect(),
    }
}

/// A binding: a secret's name, or an object that says where the secret shows up.
fn secret(loc: Loc, item: &Value, problems: &mut Problems) -> Option<(Loc, String)> {
    if let Some(name) = item.as_str() {
        return Some((loc, name.to_owned()));
    }
    let Some(map) = item.as_object() else {
        problems.add(
            &loc,
            "Input should be a valid string or dictionary",
            "value_error",
        );
        return None;
    };
    let fields = Fields::new(map, &["name", "env_var", "mount"], loc, problems);
    fields.nullable("env_var", problems);
    fields.boolean("mount", problems);
    let name = fields.text("name", problems)?;
    Some((fields.loc("name"), name.to_owned()))
}

fn connectors<T>(
    fields: &Fields<'_>,
    key: &str,
    problems: &mut Problems,
    read: fn(&Map<String, Value>, &Loc, &mut Problems) -> Option<T>,
) -> Vec<(Loc, T)> {
    let mut found = Vec::new();
    for (loc, item) in fields.array(key, problems) {
        let connector = as_object(item, &loc, problems).and_then(|map| read(map, &loc, problems));
        found.extend(connector.map(|connector| (loc, connector)));
    }
    found
}

/// The `target` that tells sources apart, looked at before the keys are, as they depend on it.
fn target<'a>(
    connector: &'a Map<String, Value>,
    loc: &Loc,
    known: &[&str],
    problems: &mut Problems,
) -> Option<&'a str> {
    let source = connector.get("source").and_then(Value::as_object);
    let found = source
        .and_then(|source| source.get("target"))
        .and_then(Value::as_str);
    if found.is_none_or(|target| !known.contains(&target)) {
        let msg = format!(
            "Input should have a source with one of the targets {}",
            known.join(", ")
        );
        problems.add(&loc.key("source"), msg, "union_tag_invalid");
        return None;
    }
    found
}

fn import(map: &Map<String, Value>, loc: &Loc, problems: &mut Problems) -> Option<Import> {
    if target(map, loc, &["data_ball", "shared_drive"], problems)? == "data_ball" {
        let fields = Fields::new(map, &["source", "drain"], loc.clone(), problems);
        let source = fields.object("source", &["target", "data"], problems);
        let drain = fields.object("drain", &["target"], problems)?;
        drain.one_of("target", &["decompress_tarfile"], problems)?;
        let data = source?.string("data", problems)?;
        return Some(Import::Inline(data.to_owned()));
    }
    let fields = Fields::new(map, &["source"], loc.clone(), problems);
    let source = fields.object("source", &["target", "name", "subpath"], problems)?;
    let subpath = source.nullable("subpath", problems).map(Into::into);
    let name = source.text("name", problems)?.to_owned();
    Some(Import::Drive { name, subpath })
}

fn export(map: &Map<String, Value>, loc: &Loc, problems: &mut Problems) -> Option<Export> {
    let target = target(map, loc, &["run_snapshot", "shared_drive"], problems)?;
    let fields = Fields::new(map, &["source", "drain"], loc.clone(), problems);
    let source = if target == "run_snapshot" {
        let source = fields.object(
            "source",
            &["target", "include", "exclude", "run_id"],
            problems,
        )?;
        ExportSource::Snapshot {
            include: strings(&source, "include", problems),
            exclude: strings(&source, "exclude", problems),
            run_id: source.nullable("run_id", problems).map(Into::into),
        }
    } else {
        let source = fields.object("source", &["target", "name", "directory"], problems)?;
        let directory = source.nullable("directory", problems).map(Into::into);
        let name = source.text("name", problems)?.to_owned();
        ExportSource::Drive { name, directory }
    };
    let drain = fields.object("drain", &["target", "bucket", "prefix"], problems)?;
    drain.one_of("target", &["s3_dump"], problems)?;
    Some(Export {
        source,
        bucket: drain.nullable("bucket", problems).map(Into::into),
        prefix: drain.nullable("prefix", problems).map(Into::into),
    })
}

fn strings(fields: &Fields<'_>, key: &str, problems: &mut Problems) -> Vec<String> {
    let mut found = Vec::new();
    for (loc, item) in fields.array(key, problems) {
        match item.as_str() {
            Some(text) => found.push(text.to_owned()),
            None => problems.add(&loc, "Input should be a valid string", "string_type"),
        }
    }
    found
}
