//! The bytes of a stream, and where they are cut.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: ([u8; 3], &[u8])| {
    let (lengths, bytes) = input;
    mentiora_sdk::fuzzing::stream(bytes, &lengths.map(usize::from));
});
