//! The vendors, one row each. This is the only list of them.

use std::fmt;

use crate::adapter::Adapter;
use crate::{agent_os, agentrouter, meistrari, mentiora, sse, trelent};

/// A vendor whose vectors can be replayed.
#[derive(Clone, Copy, Debug)]
pub struct Vendor {
    /// The name in vectors and on the command line.
    pub name: &'static str,
    /// Folder of the SDK crate below `crates`, which holds its vectors in `tests/vectors`.
    pub package: &'static str,
    /// What replays them.
    pub suite: Suite,
}

/// What replays a vendor's vectors.
#[derive(Clone, Copy)]
pub enum Suite {
    /// An SDK, by its adapter; none while there is no such SDK.
    Sdk(Option<&'static dyn Adapter>),
    /// A decoder, on cases of its own shape.
    Decoder(sse::Decode),
}

/// All of them, in the order in which they are reported.
pub const VENDORS: &[Vendor] = &[
    sdk("trelent", "trelent-agents", Some(&trelent::Trelent)),
    sdk(
        "meistrari",
        "meistrari-agent-sdk",
        Some(&meistrari::Meistrari),
    ),
    sdk(
        "agentrouter",
        "agentrouter-sdk",
        Some(&agentrouter::AgentRouter),
    ),
    sdk("agent-os", "agent-os-sdk", Some(&agent_os::AgentOs)),
    sdk("mentiora", "mentiora-sdk", Some(&mentiora::Mentiora)),
    Vendor {
        name: crate::vector::load::SSE,
        package: "agent-core",
        suite: Suite::Decoder(sse::DECODER),
    },
];

/// The vendor of that name.
pub fn find(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.name == name)
}

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sdk(Some(_)) => "Sdk",
            Self::Sdk(None) => "Sdk, not there yet",
            Self::Decoder(_) => "Decoder",
        })
    }
}

const fn sdk(
    name: &'static str,
    package: &'static str,
    adapter: Option<&'static dyn Adapter>,
) -> Vendor {
    Vendor {
        name,
        package,
        suite: Suite::Sdk(adapter),
    }
}
