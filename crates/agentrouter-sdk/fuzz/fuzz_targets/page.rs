//! A page of events, behind a cursor.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (cursor, body) = input;
    agentrouter_sdk::fuzzing::page(body, cursor.into());
});
