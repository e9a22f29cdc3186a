//! Waiting for a run to be over, in one call.

use std::fmt;

use agent_core::sdk::{Scene, now};
use agent_core::{Call, Caller, Limit, Result, WithResponse};

use agent_core::sdk::Request;

use crate::client::AgentRouterClient;
use crate::ops;
use crate::polling::Polling;
use crate::runs::{CreateRunRequest, create_setters};
use crate::types::{Run, RunEvent, RunSession};
use crate::watch::{Step, Watch};
use crate::wire;

/// What is called with each event while a call waits.
pub(crate) type OnEvent = Box<dyn FnMut(&RunEvent) + Send>;

/// The setters of how a run is followed, on everything that has `polling` and `max_wait`.
macro_rules! watch_setters {
    () => {
        /// Polls exactly this often. Default: every second.
        pub fn poll_interval(self, interval: std::time::Duration) -> Self {
            self.polling($crate::Polling::every(interval))
        }

        /// Sets how often the run is asked about.
        pub fn polling(mut self, polling: $crate::Polling) -> Self {
            self.polling = polling;
            self
        }

        /// Sets the longest wait, after which the code is `wait_timeout`, while the run goes on. Default: 10 minutes.
        /// With zero there is one poll.
        pub fn max_wait(mut self, limit: impl Into<$crate::Limit>) -> Self {
            self.max_wait = limit.into();
            self
        }
    };
}
pub(crate) use watch_setters;

/// The setter of the event callback.
macro_rules! on_event_setter {
    () => {
        /// Calls `f` with every event, in order, as it is seen.
        pub fn on_event(mut self, f: impl FnMut(&$crate::RunEvent) + Send + 'static) -> Self {
            self.on_event = Some(Box::new(f));
            self
        }
    };
}
pub(crate) use on_event_setter;

/// A run to start and to wait for.
///
/// ```
/// use std::time::Duration;
/// use agentrouter_sdk::{CreateAndWaitRequest, codex};
///
/// let request = CreateAndWaitRequest::new("Fix the failing test")
///     .runtime(codex())
///     .max_wait(Duration::from_secs(1800))
///     .on_event(|event| println!("{} {}", event.sequence, event.event_type));
/// ```
#[non_exhaustive]
#[must_use]
pub struct CreateAndWaitRequest {
    /// The run.
    pub create: CreateRunRequest,
    /// How often it is asked about.
    pub polling: Polling,
    /// The longest wait.
    pub max_wait: Limit,
    pub(crate) on_event: Option<OnEvent>,
}

impl CreateAndWaitRequest {
    /// A run that does this, with the server's defaults.
    pub fn new(task: impl Into<String>) -> Self {
        CreateRunRequest::new(task).into()
    }

    create_setters!(create);
    watch_setters!();
    on_event_setter!();
}

impl From<CreateRunRequest> for CreateAndWaitRequest {
    fn from(create: CreateRunRequest) -> Self {
        Self {
            create,
            polling: Polling::default(),
            max_wait: Limit::After(wire::DEFAULT_MAX_WAIT),
            on_event: None,
        }
    }
}

impl From<&str> for CreateAndWaitRequest {
    fn from(task: &str) -> Self {
        Self::new(task)
    }
}

impl fmt::Debug for CreateAndWaitRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateAndWaitRequest")
            .field("create", &self.create)
            .field("polling", &self.polling)
            .field("max_wait", &self.max_wait)
            .finish_non_exhaustive()
    }
}

impl AgentRouterClient {
    /// Starts a run and waits until it is over (`createRunAndWait`); its events go to the request's callback.
    ///
    /// A run that failed is a value, not an error. Errors after the run was started name it
    /// ([`run_id`](crate::ErrorExt::run_id)): it goes on, whatever ended the waiting, dropping the call included.
    pub fn create_run_and_wait(
        &self,
        request: impl Into<CreateAndWaitRequest>,
    ) -> Call<RunSession> {
        let request = request.into();
        Call::new(
            self.pipeline.clone(),
            ops::CREATE_RUN_AND_WAIT,
            move |caller| async move { Box::pin(create_and_wait(&caller, request)).await },
        )
    }
}

pub(crate) async fn create_and_wait(
    caller: &Caller,
    request: CreateAndWaitRequest,
) -> Result<WithResponse<RunSession>> {
    let run: Run = caller.send(&request.create.request()).await?.json()?;
    let watch = Watch::new(run.id, caller.pipeline().resume().clone())
        .polling(request.polling)
        .max_wait(request.max_wait);
    wait(caller, watch.since(now()), request.on_event).await
}

/// Polls until the run is over, then gives its session.
pub(crate) async fn wait(
    caller: &Caller,
    mut watch: Watch,
    mut on_event: Option<OnEvent>,
) -> Result<WithResponse<RunSession>> {
    let start = now();
    loop {
        let step = match poll(caller, &mut watch, &mut on_event).await {
            Ok(step) => step,
            Err(error) => {
                let ambient = &**caller.pipeline().ambient();
                let scene = Scene::fixed(now() - start, None, None, ambient);
                watch.failed(error, &scene)
            }
        };
        match step {
            Step::Again(wait) => caller.sleep(wait).await.map_err(|e| watch.signed(e))?,
            Step::Over => break,
            Step::Fail(error) => return Err(error),
        }
    }
    let request = Request::new(&ops::GET_RUN_SESSION).param("run_id", watch.run_id());
    let session = caller
        .send(&request)
        .await
        .and_then(|response| Ok(WithResponse::new(response.json()?, response.meta)));
    session.map_err(|error| watch.signed(error))
}

async fn poll(caller: &Caller, watch: &mut Watch, on_event: &mut Option<OnEvent>) -> Result<Step> {
    let page = caller.send(&watch.page_request()).await?.json()?;
    for event in watch.take_page(page) {
        if let Some(on_event) = on_event {
            on_event(&event);
        }
    }
    let elapsed = watch.elapsed(std::time::Duration::ZERO);
    if let Some(wait) = watch.without_status(elapsed) {
        return Ok(Step::Again(wait));
    }
    let run: Run = caller.send(&watch.run_request()).await?.json()?;
    let elapsed = watch.elapsed(std::time::Duration::ZERO);
    Ok(watch.take_run(&run, elapsed))
}
