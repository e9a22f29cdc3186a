//! The event stream of a run.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|stream: &[u8]| {
    agent_os_sdk::fuzzing::events(stream);
});
