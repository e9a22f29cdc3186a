//! The data of one frame.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    trelent_agents::fuzzing::event(text);
    trelent_agents::fuzzing::timestamp(text);
});
