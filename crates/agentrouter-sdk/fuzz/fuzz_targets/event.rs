//! The data of one frame, or one item of a page.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| agentrouter_sdk::fuzzing::event(text));
