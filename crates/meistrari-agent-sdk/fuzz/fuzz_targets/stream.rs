//! The bytes of a stream, and where they are cut.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<u8>, &[u8])| {
    let (lengths, bytes) = input;
    let lengths: Vec<_> = lengths.into_iter().map(usize::from).collect();
    meistrari_agent_sdk::fuzzing::stream(bytes, &lengths);
});
