//! The emulator as a value: settings, start, and end. What it serves is in `api.rs` and the vendors.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::agent_os::{AgentOsHandle, AgentOsOptions, ChatwootSite};
use crate::agentrouter::{AgentRouterHandle, AgentRouterOptions};
use crate::api::Api;
use crate::clock::Clock;
use crate::faults::{Fault, Faults, Schedule};
use crate::ids::Ids;
use crate::meistrari::{Courier, MeistrariHandle, MeistrariOptions, VAULT, VaultSite};
use crate::mentiora::{MentioraHandle, MentioraOptions};
use crate::server::{Bound, Server};
use crate::storage::{STORAGE, Storage, StorageSite, Store};
use crate::trelent::{TrelentHandle, TrelentOptions};
use crate::vendors::{Row, VendorOptions, Vendors, World};

/// The default time from one step of a run to the next: a default run takes about two and a half seconds.
const PACE: Duration = Duration::from_millis(75);
/// The default longest silence on an open event stream.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Settings of an [`Emulator`]. Made by [`Emulator::builder`].
#[derive(Debug, Clone)]
#[must_use = "nothing runs before `start`"]
pub struct EmulatorBuilder {
    port: u16,
    seed: u64,
    start_time: Option<SystemTime>,
    pace: Duration,
    heartbeat: Duration,
    faults: Vec<Fault>,
    schedules: Vec<Schedule>,
    vendors: VendorOptions,
}

impl Default for EmulatorBuilder {
    fn default() -> Self {
        Self {
            port: 0,
            seed: 0,
            start_time: None,
            pace: PACE,
            heartbeat: HEARTBEAT,
            faults: Vec::new(),
            schedules: Vec::new(),
            vendors: VendorOptions::default(),
        }
    }
}

impl EmulatorBuilder {
    /// Sets the port of the API on 127.0.0.1; 0, the default, takes a free one. What has a port of its own beside it
    /// (storage, vault, Chatwoot) always takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the seed of ids, tokens and secrets: the same seed and the same calls give the same ones. 0 by default.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets what the emulator takes for the time of its start; the machine's time by default. From there on, its
    /// timestamps follow tokio's clock.
    pub fn start_time(mut self, time: SystemTime) -> Self {
        self.start_time = Some(time);
        self
    }

    /// Sets the time from one step of a run (a change of status or an event) to the next; 75 ms by default. With zero
    /// a run is over as soon as anybody looks at it, unless its script [holds](crate::Script::hold) it.
    pub fn pace(mut self, pace: Duration) -> Self {
        self.pace = pace;
        self
    }

    /// Sets the longest silence on an open event stream before a `: heartbeat` comment; 15 s by default.
    pub fn heartbeat(mut self, interval: Duration) -> Self {
        self.heartbeat = interval.max(Duration::from_millis(1));
        self
    }

    /// Queues a fault; see also [`Emulator::faults`].
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Lets a schedule of faults strike; see also [`Emulator::faults`].
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedules.push(schedule);
        self
    }

    /// Sets the settings of the vendor Trelent.
    pub fn trelent(mut self, options: TrelentOptions) -> Self {
        self.vendors.trelent = options;
        self
    }

    /// Sets the settings of the vendor Meistrari.
    pub fn meistrari(mut self, options: MeistrariOptions) -> Self {
        self.vendors.meistrari = options;
        self
    }

    /// Sets the settings of the vendor AgentRouter.
    pub fn agentrouter(mut self, options: AgentRouterOptions) -> Self {
        self.vendors.agentrouter = options;
        self
    }

    /// Sets the settings of the vendor Mentiora.
    pub fn mentiora(mut self, options: MentioraOptions) -> Self {
        self.vendors.mentiora = options;
        self
    }

    /// Sets the settings of the vendor Agent OS.
    pub fn agent_os(mut self, options: AgentOsOptions) -> Self {
        self.vendors.agent_os = options;
        self
    }

    /// Binds its ports on 127.0.0.1 and serves until the emulator is dropped. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// The error of the operating system when a port can not be bound.
    pub async fn start(self) -> io::Result<Emulator> {
        let api = Bound::bind(self.port).await?;
        let storage = Bound::bind(0).await?;
        let chatwoot = Bound::bind(0).await?;
        let vault = Bound::bind(0).await?;
        let clock = Arc::new(Clock::start(self.start_time));
        let ids = Arc::new(Ids::new(self.seed));
        let store = Arc::new(Store::new(
            storage.url(),
            Arc::clone(&clock),
            Arc::clone(&ids),
        ));
        let faults = Faults::default();
        self.faults.into_iter().for_each(|fault| faults.push(fault));
        let schedules = self.schedules.into_iter();
        schedules.for_each(|schedule| faults.schedule(schedule));
        let world = Arc::new(World {
            url: api.url(),
            clock,
            ids,
            faults: faults.clone(),
            store,
            vault_url: vault.url(),
            chatwoot_url: chatwoot.url(),
            pace: self.pace,
            heartbeat: self.heartbeat,
        });
        let vendors = Vendors::new(&world, self.vendors);
        let table = vendors.table();
        faults.know(table.iter().map(|row| row.name).chain([STORAGE, VAULT]));
        let port = api.port();
        let clock = Arc::clone(&world.clock);
        let servers = [
            api.serve(Arc::new(Api {
                table,
                faults,
                clock,
            })),
            storage.serve(Arc::new(StorageSite(Arc::clone(&world)))),
            vault.serve(Arc::new(VaultSite(Arc::clone(&vendors.meistrari)))),
            chatwoot.serve(Arc::new(ChatwootSite(vendors.agent_os.chatwoot()))),
        ];
        Ok(Emulator {
            port,
            courier: Courier::start(Arc::clone(&vendors.meistrari)),
            world,
            vendors,
            servers,
        })
    }
}

/// A running emulator: a server on 127.0.0.1 with all vendors, and one each for what vendors have on other origins: the
/// storage behind presigned URLs, Meistrari's vault, the Chatwoot beside Agent OS.
///
/// Dropping it frees their ports at once, breaks open connections and ends all tasks;
/// [`shutdown`](Self::shutdown) also waits for that. Nothing is shared between two emulators.
pub struct Emulator {
    port: u16,
    world: Arc<World>,
    vendors: Vendors,
    servers: [Server; 4],
    courier: Courier,
}

impl Emulator {
    /// Settings to start one with.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }

    /// The root of the API, such as `http://127.0.0.1:40123`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.world.url
    }

    /// The port of the API.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The vendors' names and the base URLs to give to their clients.
    pub fn vendors(&self) -> Vec<(&'static str, String)> {
        let base = |row: &Row| (row.name, row.vendor.base_url().to_owned());
        self.vendors.table().iter().map(base).collect()
    }

    /// The environment variables that programs for the vendors read, and their values here.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        self.vendors
            .table()
            .iter()
            .flat_map(|row| row.vendor.variables())
            .collect()
    }

    /// The faults: those to come, and those that struck.
    pub fn faults(&self) -> Faults {
        self.world.faults.clone()
    }

    /// The vendor Trelent: credentials, control, inspection.
    pub fn trelent(&self) -> TrelentHandle {
        TrelentHandle(Arc::clone(&self.vendors.trelent))
    }

    /// The vendor Meistrari: credentials, control, inspection.
    pub fn meistrari(&self) -> MeistrariHandle {
        MeistrariHandle(Arc::clone(&self.vendors.meistrari))
    }

    /// The vendor AgentRouter: its key, control, inspection.
    pub fn agentrouter(&self) -> AgentRouterHandle {
        AgentRouterHandle(Arc::clone(&self.vendors.agentrouter))
    }

    /// The vendor Mentiora: keys, control, inspection.
    pub fn mentiora(&self) -> MentioraHandle {
        MentioraHandle(Arc::clone(&self.vendors.mentiora))
    }

    /// The vendor Agent OS: its token, control, inspection, and the Chatwoot beside it.
    pub fn agent_os(&self) -> AgentOsHandle {
        AgentOsHandle(Arc::clone(&self.vendors.agent_os))
    }

    /// The storage stand-in behind presigned URLs.
    pub fn storage(&self) -> Storage {
        Storage(Arc::clone(&self.world.store))
    }

    /// Ends the emulator and waits until all its tasks are gone.
    pub async fn shutdown(self) {
        for server in self.servers {
            server.shutdown().await;
        }
        self.courier.shutdown().await;
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("url", &self.world.url)
            .field("storage", &self.world.store)
            .finish_non_exhaustive()
    }
}
