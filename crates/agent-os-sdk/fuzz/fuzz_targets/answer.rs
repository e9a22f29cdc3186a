//! The body of an answer that is a resource or a list of them.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    agent_os_sdk::fuzzing::answer(text);
});
