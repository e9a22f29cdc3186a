//! Prints the public items of a crate, one a line, from rustdoc's JSON. Apart from `xtask`, so that its other commands
//! are built without dependencies.

use std::process::ExitCode;

/// The JSON is of a format that is not known: another compiler's.
const UNREADABLE: u8 = 3;

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: public-api RUSTDOC_JSON");
        return ExitCode::FAILURE;
    };
    let api = public_api::Builder::from_rustdoc_json(path)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .sorted(true)
        .build();
    match api {
        Ok(api) => {
            println!("{api}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(UNREADABLE)
        }
    }
}
