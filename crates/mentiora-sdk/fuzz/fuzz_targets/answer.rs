//! The body of the answer of a run.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| mentiora_sdk::fuzzing::answer(body));
