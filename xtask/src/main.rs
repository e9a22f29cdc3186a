//! The project's own commands: `cargo xtask help`.

use std::process::ExitCode;

mod api;
mod bench;
mod ci;
mod consumer;
mod demo;
mod deny;
mod fuzz;
mod minimal;
mod package;
mod process;
mod sizes;
mod soak;
mod workspace;

const HELP: &str = "\
cargo xtask <command>

  demo [--vendor NAME]     show what the SDKs do, against the local emulator or, with a vendor's variables set,
                           against the real service
  test                     run all tests
  ci [STAGE…]              run every stage of the continuous integration, or the named ones
     [--except STAGE]      … all but this one
  bench [--quick] [section…]
                           measure the SDKs against peers; without arguments, write docs/performance.md
  api [--write]            compare the public surfaces with docs/api, or write them there
  fuzz [--seconds N] [target…]
                           run the fuzz targets (needs a nightly compiler and cargo-fuzz), each for a minute
  soak [--schedules N] [--streams N] [vendor…]
                           put all under fire for long; without arguments, write docs/reliability.md
  emulate [--port N]       serve all vendors' APIs locally until interrupted
  conformance [--vectors DIR] [vendor…]
                           replay recorded conversations against the SDKs
";

fn main() -> ExitCode {
    if let Some(code) = api::as_rustdoc() {
        return code;
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match args.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", &[][..]),
    };
    let result = match command {
        "demo" => demo::run(rest),
        "api" => api::run(rest),
        "bench" => bench::run(rest),
        "fuzz" => fuzz::run(rest),
        "soak" => soak::run(rest),
        "test" => ci::test(),
        "ci" => ci::run(rest),
        "emulate" => process::cargo("run")
            .args(["--quiet", "--package", "agent-emulator", "--"])
            .args(rest)
            .run(),
        "conformance" => process::cargo("run")
            .args(["--quiet", "--package", "conformance", "--"])
            .args(rest)
            .run(),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        other => Err(format!("there is no command {other:?}\n\n{HELP}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
