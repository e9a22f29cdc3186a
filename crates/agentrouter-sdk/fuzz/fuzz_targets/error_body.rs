//! The body of an answer that is an error.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| agentrouter_sdk::fuzzing::error_body(body));
