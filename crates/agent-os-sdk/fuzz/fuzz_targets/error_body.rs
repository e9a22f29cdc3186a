//! The body of an answer that is an error.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, body) = input;
    let status = [400, 404, 409, 422, 500][usize::from(choice) % 5];
    agent_os_sdk::fuzzing::error_body(status, body);
});
