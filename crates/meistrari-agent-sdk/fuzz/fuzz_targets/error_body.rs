//! The body of an answer that is an error; of the storage too, which quotes the query of its address.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str, &[u8])| {
    let (choice, query, body) = input;
    let status = [302, 400, 404, 409, 429, 500, 599][usize::from(choice) % 7];
    meistrari_agent_sdk::fuzzing::error_body(status, body);
    meistrari_agent_sdk::fuzzing::presigned(query, body);
});
