//! The vendors, one row each. This is the only list of them.

use crate::adapter::Adapter;
use crate::{sse, trelent};

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
#[derive(Clone, Copy, Debug)]
pub enum Suite {
    /// An SDK; the function gives its adapter, none while there is no such SDK.
    Sdk(fn() -> Option<Box<dyn Adapter>>),
    /// The decoder, on cases of its own shape.
    Decoder(fn() -> Option<sse::Decode>),
}

/// All of them, in the order in which they are reported.
pub const VENDORS: &[Vendor] = &[
    sdk("trelent", "trelent-agents", trelent::adapter),
    sdk("meistrari", "meistrari-agent-sdk", none),
    sdk("agentrouter", "agentrouter-sdk", none),
    sdk("agent-os", "agent-os-sdk", none),
    sdk("mentiora", "mentiora-sdk", none),
    Vendor {
        name: crate::vector::load::SSE,
        package: "agent-core",
        suite: Suite::Decoder(sse::decoder),
    },
];

/// The vendor of that name.
pub fn find(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.name == name)
}

const fn sdk(
    name: &'static str,
    package: &'static str,
    adapter: fn() -> Option<Box<dyn Adapter>>,
) -> Vendor {
    Vendor {
        name,
        package,
        suite: Suite::Sdk(adapter),
    }
}

fn none() -> Option<Box<dyn Adapter>> {
    None
}
