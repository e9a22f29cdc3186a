//! `retry-after-ms`, `retry-after` and `date`, a line each.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u32, &[u8])| {
    let (now, bytes) = input;
    let mut lines = bytes.splitn(3, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    agent_core::fuzzing::retry_after(line(), line(), line(), now.into());
});
