//! The table of vendors, and what a vendor has to offer to be in it.
//!
//! A vendor joins by a module of its own, a field of [`VendorOptions`] and of [`Vendors`], and a row of
//! [`Vendors::table`].

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hyper::StatusCode;
use serde_json::{Value, json};

use crate::agent_os::{AgentOs, AgentOsOptions};
use crate::agentrouter::{AgentRouter, AgentRouterOptions};
use crate::clock::Clock;
use crate::control::Input;
use crate::faults::Faults;
use crate::http::{self, Reply, Request};
use crate::ids::Ids;
use crate::meistrari::{Meistrari, MeistrariOptions};
use crate::mentiora::{Mentiora, MentioraOptions};
use crate::record::Recorder;
use crate::storage::Store;
use crate::strike::Victim;
use crate::trelent::{Trelent, TrelentOptions};
use crate::{agent_os, agentrouter, meistrari, mentiora, trelent};

/// What all vendors of one emulator share.
#[derive(Debug)]
pub(crate) struct World {
    /// The URL of the API listener, without a slash at the end.
    pub(crate) url: String,
    pub(crate) clock: Arc<Clock>,
    pub(crate) ids: Arc<Ids>,
    pub(crate) faults: Faults,
    pub(crate) store: Arc<Store>,
    /// The URL of the vault beside Meistrari, likewise.
    pub(crate) vault_url: String,
    /// The URL of the Chatwoot beside Agent OS, likewise.
    pub(crate) chatwoot_url: String,
    /// The time from one step of a run to the next.
    pub(crate) pace: Duration,
    /// The longest silence on an open event stream.
    pub(crate) heartbeat: Duration,
}

/// One vendor's API.
pub(crate) trait Vendor: Send + Sync {
    /// The URL to give to a client, without a slash at the end.
    fn base_url(&self) -> &str;
    /// The environment variables that a program for this vendor reads, with their values here.
    fn variables(&self) -> Vec<(&'static str, String)>;
    /// The vendor's record of requests.
    fn recorder(&self) -> &Recorder;
    /// Answers a request; its path is below the vendor's prefix.
    fn answer(self: Arc<Self>, request: Request) -> BoxFuture<'static, Reply>;
    /// The vendor's refusal of a body that is too long.
    fn too_large(&self) -> Reply;
    /// An error of any status in the vendor's form, for faults.
    fn refuse(&self, status: StatusCode, message: &str) -> Reply {
        http::json(status, &json!({"error": message}))
    }
    /// Expires all tokens and says how many lived; `None` for a vendor without tokens that expire.
    fn expire_tokens(&self) -> Option<usize> {
        None
    }
    /// The runs so far, oldest first, as a program in another language sees them: at least an `id`.
    fn runs(self: Arc<Self>) -> Vec<Value>;
    /// Queues what the next run does, as a program in another language says it.
    fn next_run(self: Arc<Self>, input: &mut Input) -> Result<(), String>;
    /// Lets a run go on that its script holds; false when there is none.
    fn release(self: Arc<Self>, id: &str) -> bool;
    /// Answers `/_control/{vendor}/{action}` for actions that no other vendor has. `None`: there is no such action.
    fn control(&self, _action: &str, _request: &Request) -> Option<Reply> {
        None
    }
}

/// A row of the table.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Where the vendor's paths begin.
    pub(crate) prefix: &'static str,
    pub(crate) vendor: Arc<dyn Vendor>,
}

impl Victim for Row {
    fn name(&self) -> &str {
        self.name
    }

    fn refuse(&self, status: StatusCode, message: &str) -> Reply {
        self.vendor.refuse(status, message)
    }

    fn expire_tokens(&self) {
        self.vendor.expire_tokens();
    }

    fn record(&self) -> &Recorder {
        self.vendor.recorder()
    }
}

/// The settings of all vendors.
#[derive(Debug, Clone, Default)]
pub(crate) struct VendorOptions {
    pub(crate) trelent: TrelentOptions,
    pub(crate) meistrari: MeistrariOptions,
    pub(crate) agentrouter: AgentRouterOptions,
    pub(crate) mentiora: MentioraOptions,
    pub(crate) agent_os: AgentOsOptions,
}

/// The vendors of one emulator.
#[derive(Debug, Clone)]
pub(crate) struct Vendors {
    pub(crate) trelent: Arc<Trelent>,
    pub(crate) meistrari: Arc<Meistrari>,
    pub(crate) agentrouter: Arc<AgentRouter>,
    pub(crate) mentiora: Arc<Mentiora>,
    pub(crate) agent_os: Arc<AgentOs>,
}

impl Vendors {
    pub(crate) fn new(world: &Arc<World>, options: VendorOptions) -> Self {
        let world = || Arc::clone(world);
        Self {
            trelent: Arc::new(Trelent::new(world(), options.trelent)),
            meistrari: Arc::new(Meistrari::new(world(), options.meistrari)),
            agentrouter: Arc::new(AgentRouter::new(world(), options.agentrouter)),
            mentiora: Arc::new(Mentiora::new(world(), options.mentiora)),
            agent_os: Arc::new(AgentOs::new(world(), options.agent_os)),
        }
    }

    pub(crate) fn table(&self) -> Vec<Row> {
        vec![
            Row {
                name: trelent::NAME,
                prefix: trelent::PREFIX,
                vendor: self.trelent.clone(),
            },
            Row {
                name: meistrari::NAME,
                prefix: meistrari::PREFIX,
                vendor: self.meistrari.clone(),
            },
            Row {
                name: agentrouter::NAME,
                prefix: agentrouter::PREFIX,
                vendor: self.agentrouter.clone(),
            },
            Row {
                name: mentiora::NAME,
                prefix: mentiora::PREFIX,
                vendor: self.mentiora.clone(),
            },
            Row {
                name: agent_os::NAME,
                prefix: agent_os::PREFIX,
                vendor: self.agent_os.clone(),
            },
        ]
    }
}
