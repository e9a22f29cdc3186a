//! The body of an answer that is an error.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, body) = input;
    let status = [307, 400, 404, 429, 499, 500, 503][usize::from(choice) % 7];
    mentiora_sdk::fuzzing::error_body(status, body);
});
