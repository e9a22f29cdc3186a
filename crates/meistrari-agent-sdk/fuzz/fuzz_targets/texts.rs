//! References to files, URLs of webhooks, signatures.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &[u8])| {
    let (one, two, body) = input;
    meistrari_agent_sdk::fuzzing::reference(one);
    meistrari_agent_sdk::fuzzing::webhook_url(one);
    meistrari_agent_sdk::fuzzing::webhook_signature(body, one, two);
});
