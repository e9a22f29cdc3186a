//! The command: reads the arguments, replays, reports, and turns the result into an exit status.

use std::io::{self, Write};
use std::process::ExitCode;

use conformance::cli::{self, Command};
use conformance::run::{End, run};

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let options = match cli::parse(std::env::args().skip(1)) {
        Ok(Command::Run(options)) => options,
        Ok(Command::Help) => {
            let _ = out.write_all(cli::help().as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(reason) => {
            let _ = writeln!(io::stderr(), "conformance: {reason}\n\n{}", cli::help());
            return ExitCode::from(2);
        }
    };
    match run(&options, &mut out) {
        Ok(End::Good) => ExitCode::SUCCESS,
        Ok(End::Bad) => ExitCode::FAILURE,
        Ok(End::Usage) => ExitCode::from(2),
        Err(error) => {
            let _ = writeln!(io::stderr(), "conformance: {error}");
            ExitCode::FAILURE
        }
    }
}
