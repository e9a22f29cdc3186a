//! What leads to a Chatwoot: a credential, or the triggers of an agent.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    agent_os_sdk::fuzzing::credential(text);
});
