//! The name and data of one frame, and a wait.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mentiora_sdk::fuzzing::{NAMES, event, retry_after};

fuzz_target!(|input: (u8, &str)| {
    let (choice, data) = input;
    event(NAMES[usize::from(choice) % NAMES.len()], data);
    event(data, data);
    retry_after(data);
});
