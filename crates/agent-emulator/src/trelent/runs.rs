//! The operations on runs: create, fork, list, get, status, cancel; and a run's form on the wire.

use std::collections::{BTreeMap, VecDeque};

use hyper::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::bodies::{ExportSource, Harness, Import, Work};
use super::checkpoints::Checkpoint;
use super::errors::{Answer, Refusal};
use super::exports;
use super::files::{self, FileTree};
use super::imports::{self, Bad, ImportEntry, MAX_UNPACKED};
use super::run::{Run, Status, Timeline};
use super::script::{Context, Plan};
use super::validate::{Loc, Problems};
use super::{State, bodies};
use crate::clock::Clock;
use crate::http::Request;
use crate::vendors::World;

/// The working directory of a run that names none.
const DEFAULT_WORKDIR: &str = "/workspace";
/// Where imported files appear.
const MOUNT: &str = "/mnt";

/// An import with its archive unpacked.
pub(crate) enum Unpacked {
    Inline(Vec<ImportEntry>),
    Drive {
        name: String,
        subpath: Option<String>,
    },
}

/// Unpacks the inline imports of a request, off the runtime's threads.
pub(crate) async fn unpack(found: Vec<(Loc, Import)>) -> Answer<Vec<(Loc, Unpacked)>> {
    if !found
        .iter()
        .any(|(_, import)| matches!(import, Import::Inline(_)))
    {
        return unpack_all(found);
    }
    tokio::task::spawn_blocking(|| unpack_all(found))
        .await
        .unwrap_or_else(|_| {
            Err(Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "unpacking an import was interrupted",
            ))
        })
}

fn unpack_all(found: Vec<(Loc, Import)>) -> Answer<Vec<(Loc, Unpacked)>> {
    let mut budget = MAX_UNPACKED;
    let mut unpacked = Vec::new();
    for (loc, import) in found {
        let import = match import {
            Import::Drive { name, subpath } => Unpacked::Drive { name, subpath },
            Import::Inline(data) => Unpacked::Inline(imports::unpack(&data, &mut budget).map_err(
                |bad| match bad {
                    Bad::TooLarge => {
                        let limit = MAX_UNPACKED >> 20;
                        Refusal::new(
                            StatusCode::PAYLOAD_TOO_LARGE,
                            format!("Imports unpack to more than {limit} MiB"),
                        )
                    }
                    Bad::Broken(why) => Problems::one(
                        &loc.key("source").key("data"),
                        format!("Value error, {why}"),
                        "value_error",
                    ),
                },
            )?),
        };
        unpacked.push((loc, import));
    }
    Ok(unpacked)
}

/// What a new run takes over: from the request's body, or from its parent.
struct Origin {
    sandbox: String,
    harness: Harness,
    parent: Option<String>,
    files: FileTree,
    checkpoints: Vec<Checkpoint>,
    history: Vec<Value>,
}

impl State {
    /// POST /runs, its imports unpacked already.
    pub(crate) fn create_run(
        &mut self,
        sandbox: String,
        harness: Harness,
        work: Work,
        imports: Vec<(Loc, Unpacked)>,
        world: &World,
    ) -> Answer<Value> {
        let (name, tag) = sandbox.rsplit_once(':').unwrap_or((&sandbox, "latest"));
        if !self
            .sandboxes
            .get(name)
            .is_some_and(|tags| tags.iter().any(|known| known == tag))
        {
            return Err(Refusal::not_found("Sandbox"));
        }
        let origin = Origin {
            sandbox,
            harness,
            parent: None,
            files: FileTree::new(),
            checkpoints: Vec::new(),
            history: Vec::new(),
        };
        self.start(origin, work, imports, world)
    }

    /// POST /runs/{id}/resume, its imports unpacked already.
    pub(crate) fn fork_run(
        &mut self,
        parent: &str,
        work: Work,
        imports: Vec<(Loc, Unpacked)>,
        world: &World,
    ) -> Answer<Value> {
        let parent = self.run(parent, world)?;
        if !parent.status.is_terminal() {
            return Err(Refusal::conflict(format!(
                "Run is still {}",
                parent.status.name()
            )));
        }
        if parent.checkpoints.is_empty() {
            return Err(Refusal::conflict("Run has no checkpoint"));
        }
        let origin = Origin {
            sandbox: parent.sandbox.clone(),
            harness: parent.harness.clone(),
            parent: Some(parent.id.clone()),
            files: parent.files.clone(),
            checkpoints: parent.checkpoints.clone(),
            history: parent.chat(),
        };
        self.start(origin, work, imports, world)
    }

    fn start(
        &mut self,
        origin: Origin,
        work: Work,
        imports: Vec<(Loc, Unpacked)>,
        world: &World,
    ) -> Answer<Value> {
        self.check_names(&work, &imports)?;
        let mut files = origin.files;
        let mut archives = Vec::new();
        for (_, import) in imports {
            match import {
                Unpacked::Inline(entries) => {
                    imports::place(&entries, MOUNT, &mut files);
                    archives.push(entries);
                }
                Unpacked::Drive { name, subpath } => {
                    mount(&self.drives, &name, subpath.as_deref(), &mut files);
                }
            }
        }
        let listing = files::listing(&files, MOUNT);
        let context = Context {
            prompt: &work.prompt,
            workdir: work.workdir.as_deref().unwrap_or(DEFAULT_WORKDIR),
            listing: &listing,
        };
        let plan = match work.scenario {
            Some(scenario) => Plan::from(scenario),
            None => self
                .next_plans
                .pop_front()
                .unwrap_or_else(|| self.default_plan.clone()),
        };
        let script = plan.script(&context);
        let (now, ids) = (world.clock.now(), &world.ids);
        let run = Run {
            id: ids.next("run"),
            session_id: ids.next("hs"),
            workflows: (ids.next("wf_infra"), ids.next("wf_agent")),
            sandbox: origin.sandbox,
            harness: origin.harness,
            parent: origin.parent,
            prompt: work.prompt,
            workdir: work.workdir,
            timeout_seconds: work.timeout_seconds,
            secrets: work.secrets.into_iter().map(|(_, name)| name).collect(),
            imports: archives,
            exports: work.exports.into_iter().map(|(_, export)| export).collect(),
            status: Status::Pending,
            created: now,
            started: None,
            completed: None,
            output: None,
            error: None,
            file_outputs: Vec::new(),
            files,
            events: Vec::new(),
            checkpoints: origin.checkpoints,
            history: origin.history,
            timeline: Timeline {
                steps: VecDeque::from(script.steps),
                ending: script.ending,
                pace: world.pace,
                at: now,
                held: false,
            },
            wake: watch::Sender::default(),
        };
        let shown = run.show(&world.clock);
        self.runs.push(run);
        Ok(shown)
    }

    /// Refuses names of secrets, drives and runs that do not exist.
    fn check_names(&self, work: &Work, imports: &[(Loc, Unpacked)]) -> Answer<()> {
        let mut problems = Problems::default();
        let mut missing = |loc: &Loc, what: &str, name: &str| {
            problems.add(
                loc,
                format!("Value error, {what} '{name}' not found"),
                "value_error",
            );
        };
        for (loc, name) in &work.secrets {
            if !self.secrets.contains(name) {
                missing(loc, "secret", name);
            }
        }
        for (loc, import) in imports {
            if let Unpacked::Drive { name, .. } = import
                && !self.drives.contains_key(name)
            {
                missing(&loc.key("source").key("name"), "shared drive", name);
            }
        }
        for (loc, export) in &work.exports {
            match &export.source {
                ExportSource::Drive { name, .. } if !self.drives.contains_key(name) => {
                    missing(&loc.key("source").key("name"), "shared drive", name);
                }
                ExportSource::Snapshot {
                    run_id: Some(id), ..
                } if !self.runs.iter().any(|run| run.id == *id) => {
                    missing(&loc.key("source").key("run_id"), "run", id);
                }
                _ => {}
            }
        }
        problems.check()
    }

    /// A run, settled.
    pub(crate) fn run(&mut self, id: &str, world: &World) -> Answer<&mut Run> {
        let index = self
            .runs
            .iter()
            .position(|run| run.id == id)
            .ok_or_else(|| Refusal::not_found("Run"))?;
        self.settle(index, world);
        Ok(&mut self.runs[index])
    }

    /// GET /runs: newest first.
    pub(crate) fn list_runs(&mut self, sandbox: Option<&str>, world: &World) -> Value {
        for index in 0..self.runs.len() {
            self.settle(index, world);
        }
        let wanted = |run: &&Run| {
            sandbox.is_none_or(|name| run.sandbox == name || base_name(&run.sandbox) == name)
        };
        self.runs
            .iter()
            .rev()
            .filter(wanted)
            .map(|run| run.show(&world.clock))
            .collect()
    }

    /// POST /runs/{id}/cancel.
    pub(crate) fn cancel_run(&mut self, id: &str, world: &World) -> Answer<Value> {
        let run = self.run(id, world)?;
        if run.status.is_terminal() {
            return Err(Refusal::conflict(format!(
                "Run already {}",
                run.status.name()
            )));
        }
        run.cancel(world.clock.now(), &world.ids);
        Ok(json!({"status": "cancelled"}))
    }

    fn settle(&mut self, index: usize, world: &World) {
        let run = &mut self.runs[index];
        if !run.settle(world.clock.now(), &world.ids) || run.status != Status::Completed {
            return;
        }
        // A snapshot of another run is taken as that run is now.
        let run = &self.runs[index];
        let files_of = |id: &str| {
            self.runs
                .iter()
                .find(|other| other.id == id)
                .map(|other| &other.files)
        };
        let outputs = run
            .exports
            .iter()
            .map(|export| exports::deliver(export, &run.id, files_of, &self.drives, &world.store));
        self.runs[index].file_outputs = outputs.collect();
    }
}

/// A sandbox's name without its tag.
fn base_name(sandbox: &str) -> &str {
    sandbox.rsplit_once(':').map_or(sandbox, |(name, _)| name)
}

/// Puts the files of a shared drive, or of a folder of it, below `/mnt/{name}`.
fn mount(
    drives: &BTreeMap<String, FileTree>,
    name: &str,
    subpath: Option<&str>,
    tree: &mut FileTree,
) {
    let root = format!("/{}", subpath.unwrap_or_default().trim_matches('/'));
    let root = root.trim_end_matches('/');
    for (path, node) in drives
        .get(name)
        .into_iter()
        .flat_map(|files| files::below(files, root))
    {
        tree.insert(
            format!("{MOUNT}/{name}{}", &path[root.len()..]),
            node.clone(),
        );
    }
}

impl Run {
    /// Its form on the wire.
    pub(crate) fn show(&self, clock: &Clock) -> Value {
        let result = (self.status == Status::Completed).then(
            || json!({"run_id": self.id, "status": self.status.name(), "output": self.output}),
        );
        let workflows = (self.status != Status::Pending)
            .then(|| json!({"infra": self.workflows.0, "agent": self.workflows.1}));
        json!({
            "run_id": self.id,
            "sandbox": self.sandbox,
            "harness": {"kind": self.harness.kind, "model": self.harness.model},
            "parent_run_id": self.parent,
            "prompt": self.prompt,
            "status": self.status.name(),
            "created_at": clock.text(self.created),
            "started_at": self.started.map(|at| clock.text(at)),
            "completed_at": self.completed.map(|at| clock.text(at)),
            "result": result,
            "file_outputs": self.file_outputs,
            "error": self.error,
            "workflow_ids": workflows,
        })
    }
}

/// The body of POST /runs.
pub(crate) fn create_body(request: &Request) -> Answer<bodies::Create> {
    bodies::create(&super::validate::json_object(request)?)
}

/// The body of POST /runs/{id}/resume.
pub(crate) fn fork_body(request: &Request) -> Answer<Work> {
    bodies::fork(&super::validate::json_object(request)?)
}
