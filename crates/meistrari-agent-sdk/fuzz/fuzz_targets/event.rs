//! The data of one frame with its name; as an answer, too.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (name, text) = input;
    meistrari_agent_sdk::fuzzing::event(text, name);
    meistrari_agent_sdk::fuzzing::answer(text);
});
