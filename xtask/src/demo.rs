//! The demonstration: the emulator in one process, an SDK's main job in another, real HTTP between them.

use std::io::{BufRead, BufReader};
use std::process::Child;

use crate::process::{Result, cargo, program};
use crate::workspace::{SDKS, Sdk, root};

pub(crate) fn run(args: &[String]) -> Result {
    let sdks = select(args)?;
    for sdk in sdks {
        let real = std::env::var(sdk.service_variable).is_ok_and(|value| !value.is_empty());
        if real {
            println!(
                "{}: {} is set, using the real service\n",
                sdk.package, sdk.service_variable
            );
            example(sdk, Tls::On).run()?;
            continue;
        }
        println!("building …");
        cargo("build")
            .args(["--quiet", "--package", "agent-emulator"])
            .run()?;
        build_example(sdk)?;
        let emulator = Emulator::start(sdk.demo_faults)?;
        println!(
            "{}: the emulator is up, one cut of the connection is planned\n",
            sdk.package
        );
        let mut example = example(sdk, Tls::Off);
        for (name, value) in &emulator.variables {
            example = example.env(name, value);
        }
        example.run()?;
    }
    Ok(())
}

fn select(args: &[String]) -> Result<Vec<&'static Sdk>> {
    match args {
        [] => Ok(SDKS.iter().collect()),
        [flag, vendor] if flag == "--vendor" => {
            let found = SDKS.iter().find(|sdk| sdk.vendor == vendor);
            found.map(|sdk| vec![sdk]).ok_or_else(|| {
                let names: Vec<_> = SDKS.iter().map(|sdk| sdk.vendor).collect();
                format!(
                    "there is no vendor {vendor:?}; there are {}",
                    names.join(", ")
                )
            })
        }
        _ => Err("usage: cargo xtask demo [--vendor NAME]".to_owned()),
    }
}

/// TLS is in the default features, and only a real service needs it.
#[derive(Clone, Copy, PartialEq)]
enum Tls {
    On,
    Off,
}

fn example(sdk: &Sdk, tls: Tls) -> crate::process::Process {
    let run = cargo("run").args(["--quiet", "--package", sdk.package, "--example", sdk.demo]);
    let run = run.args(["--features", &sdk.features.join(",")]);
    match tls {
        Tls::On => run,
        Tls::Off => run.args(["--no-default-features"]),
    }
}

fn build_example(sdk: &Sdk) -> Result {
    cargo("build")
        .args(["--quiet", "--package", sdk.package, "--example", sdk.demo])
        .args([
            "--no-default-features",
            "--features",
            &sdk.features.join(","),
        ])
        .run()
}

/// The emulator's process; it ends with this value.
struct Emulator {
    child: Child,
    variables: Vec<(String, String)>,
}

impl Emulator {
    fn start(faults: &[&str]) -> Result<Self> {
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root().join("target"), std::path::PathBuf::from);
        let mut child = program(&target.join("debug").join("agent-emulator"))
            .args(["--quiet"])
            .args(faults)
            .start()?;
        let output = child.stdout.take();
        let mut emulator = Self {
            child,
            variables: Vec::new(),
        };
        for line in output
            .map(BufReader::new)
            .into_iter()
            .flat_map(BufRead::lines)
        {
            let line = line.map_err(|e| format!("the emulator can not be read: {e}"))?;
            if line == "ready" {
                return Ok(emulator);
            }
            if let Some((name, value)) = line.split_once('=') {
                emulator.variables.push((name.to_owned(), value.to_owned()));
            }
        }
        Err("the emulator ended before it was ready".to_owned())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It has nothing to lose, and a process that is gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
