//! The stages of the continuous integration, each runnable alone.

use std::time::Instant;

use crate::process::{Result, cargo};
use crate::workspace::{CORE_FEATURES, SDKS, features_without_tls, root};
use crate::{api, bench, consumer, deny, fuzz, minimal, package, sizes};

struct Stage {
    name: &'static str,
    what: &'static str,
    run: fn() -> Result,
}

const STAGES: &[Stage] = &[
    Stage {
        name: "fmt",
        what: "formatting",
        run: fmt,
    },
    Stage {
        name: "lint",
        what: "clippy, warnings denied",
        run: lint,
    },
    Stage {
        name: "test",
        what: "unit, integration and documentation tests",
        run: test,
    },
    Stage {
        name: "fuzz",
        what: "properties with more cases, fuzz targets for some seconds",
        run: fuzz::smoke,
    },
    Stage {
        name: "doc",
        what: "documentation, warnings denied",
        run: doc,
    },
    Stage {
        name: "features",
        what: "every feature alone and together",
        run: features,
    },
    Stage {
        name: "examples",
        what: "every example runs against the emulator",
        run: examples,
    },
    Stage {
        name: "conformance",
        what: "recorded conversations",
        run: conformance,
    },
    Stage {
        name: "counts",
        what: "allocations per call and event, bytes per idle stream",
        run: bench::counts,
    },
    Stage {
        name: "consumer",
        what: "programs outside the workspace, and what a dependency costs",
        run: consumer::run,
    },
    Stage {
        name: "minimal-versions",
        what: "direct dependencies at their lower bounds",
        run: minimal::run,
    },
    Stage {
        name: "deny",
        what: "licences, sources, bans and advisories of dependencies",
        run: deny::run,
    },
    Stage {
        name: "api",
        what: "public surfaces are as written down",
        run: || api::run(&[]),
    },
    Stage {
        name: "package",
        what: "packages have what they need, and build",
        run: package::run,
    },
    Stage {
        name: "sizes",
        what: "no source file is too long",
        run: sizes::run,
    },
];

/// Runs the stages named in `args`, or all.
#[expect(clippy::disallowed_methods, reason = "stages are timed for people")]
pub(crate) fn run(args: &[String]) -> Result {
    let stages = select(args)?;
    let mut failed = Vec::new();
    let count = stages.len();
    for stage in stages {
        println!("\n=== {}: {}", stage.name, stage.what);
        let start = Instant::now();
        let result = (stage.run)();
        let seconds = start.elapsed().as_secs_f32();
        match result {
            Ok(()) => println!("=== {}: passed in {seconds:.1} s", stage.name),
            Err(why) => {
                println!("=== {}: FAILED after {seconds:.1} s: {why}", stage.name);
                failed.push(stage.name);
            }
        }
    }
    println!(
        "\nstages: {} passed, {} failed",
        count - failed.len(),
        failed.len()
    );
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "failed: {}; run one alone with cargo xtask ci STAGE",
            failed.join(", ")
        ))
    }
}

fn select(args: &[String]) -> Result<Vec<&'static Stage>> {
    let known = |name: &str| {
        STAGES
            .iter()
            .find(|stage| stage.name == name)
            .ok_or_else(|| {
                let names: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
                format!("there is no stage {name:?}; there are {}", names.join(", "))
            })
    };
    match args {
        [] => Ok(STAGES.iter().collect()),
        [flag, name] if flag == "--except" => {
            known(name)?;
            Ok(STAGES.iter().filter(|stage| stage.name != name).collect())
        }
        names => names.iter().map(|name| known(name)).collect(),
    }
}

fn fmt() -> Result {
    cargo("fmt").args(["--all", "--check"]).run()
}

fn lint() -> Result {
    cargo("clippy")
        .args(["--workspace", "--all-targets", "--no-default-features"])
        .args(["--features", &features_without_tls()])
        .args(["--", "--deny", "warnings"])
        .run()
}

/// All tests. TLS is left out: nothing but loopback is spoken to, and it is most of the build.
pub(crate) fn test() -> Result {
    cargo("test")
        .args(["--workspace", "--no-default-features"])
        .args(["--features", &features_without_tls()])
        .run()
}

fn doc() -> Result {
    cargo("doc")
        .args(["--workspace", "--no-deps", "--no-default-features"])
        .args(["--features", &features_without_tls()])
        .env("RUSTDOCFLAGS", "--deny warnings")
        .run()
}

fn features() -> Result {
    let openssl = has_openssl();
    if !openssl {
        println!("native-tls is not built: OpenSSL's headers are not on this machine");
    }
    let mut crates: Vec<(&str, Vec<&str>)> = vec![("agent-core", CORE_FEATURES.to_vec())];
    for sdk in SDKS {
        let mut features = sdk.features.to_vec();
        features.push("reqwest-0-13");
        crates.push((sdk.package, features));
    }
    for (package, mut features) in crates {
        features.push("rustls");
        if openssl {
            features.push("native-tls");
        }
        let together = features.join(",");
        let mut sets = vec![String::new(), together];
        sets.extend(features.iter().map(ToString::to_string));
        for set in sets {
            println!(
                "{package}: {}",
                if set.is_empty() { "no features" } else { &set }
            );
            cargo("check")
                .args(["--quiet", "--package", package, "--no-default-features"])
                .args(["--features", &set])
                .run()?;
        }
    }
    Ok(())
}

fn has_openssl() -> bool {
    std::process::Command::new("pkg-config")
        .args(["--exists", "openssl"])
        .status()
        .is_ok_and(|status| status.success())
}

fn examples() -> Result {
    for sdk in SDKS {
        for example in example_names(sdk.package)? {
            println!("--- {} --example {example}", sdk.package);
            let mut run = cargo("run")
                .args(["--quiet", "--package", sdk.package, "--no-default-features"])
                .args(["--features", &sdk.features.join(",")])
                .args(["--example", &example]);
            // An example must not reach for a real service here.
            run = run.env(sdk.service_variable, "");
            run.run()?;
        }
    }
    Ok(())
}

fn example_names(package: &str) -> Result<Vec<String>> {
    let dir = root().join("crates").join(package).join("examples");
    let entries = std::fs::read_dir(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let is_rust = path.extension().is_some_and(|extension| extension == "rs");
            is_rust.then(|| path.file_stem()?.to_str().map(str::to_owned))?
        })
        .collect();
    names.sort();
    if names.is_empty() {
        return Err(format!("{package} has no examples"));
    }
    Ok(names)
}

fn conformance() -> Result {
    cargo("run")
        .args(["--quiet", "--package", "conformance"])
        .run()
}
