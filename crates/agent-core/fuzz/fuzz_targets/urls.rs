//! Path parameters, queries, base URLs, redirects and signatures from any text.
#![no_main]

use agent_core::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str, &str)| {
    let (choice, one, two) = input;
    match choice % 5 {
        0 => fuzzing::path(one),
        1 => fuzzing::query(&[(one, two), (two, one)]),
        2 => fuzzing::base_url(one),
        3 => fuzzing::redirect(one, two.as_bytes()),
        _ => {
            fuzzing::signature(one, two.as_bytes());
            fuzzing::error_line(one, two);
        }
    }
});
