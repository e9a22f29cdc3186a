//! The client, its runs, and what moves between threads.

use std::time::Duration;

use trelent_agents::agent_core::BoxFuture;
use trelent_agents::{
    Call, CancelRunResponse, CheckpointResponse, Client, ClientOptions, CommonEvent,
    CreateRunOptions, DEFAULT_API_URL, DeleteSecretResponse, Error, EventStream, FileOutput,
    HarnessInfo, HealthResponse, RegistrySandbox, Result, ResumeRunOptions, Run, RunData,
    RunResult, RunStatus, RunStatusResponse, Runs, Sandboxes, SecretResponse, SecretString,
    Secrets, TokenRequest, TokenResponse, Tokens, Wait, WorkflowIds,
};

#[test]
fn the_client_and_its_options() {
    let client: Result<Client> = Client::new(DEFAULT_API_URL);
    let client = client.unwrap();
    let mut options = ClientOptions::default();
    options.client_id = Some(String::from("id"));
    options.client_secret = Some(SecretString::from("secret"));
    options.scope = Some(String::from("AgentOrchestrator:runs:list"));
    options.timeout = Duration::from_secs(10);
    let _: Result<Client> = Client::with_options("https://agents.trelent.com", options);
    let _: ClientOptions = ClientOptions::new()
        .client_id("id")
        .client_secret("secret")
        .credentials("id", "secret")
        .scope("s")
        .timeout(Duration::from_secs(1));

    let _: Call<HealthResponse> = client.health();
    let sandboxes: Sandboxes = client.sandboxes();
    let _: Call<Vec<RegistrySandbox>> = sandboxes.list();
    let tokens: Tokens = client.tokens();
    let _: Call<TokenResponse> = tokens.create(&TokenRequest::new("id", "secret", "scope"));

    let runs: Runs = client.runs();
    let _: Call<Run> = runs.create(CreateRunOptions::new("image", "prompt"));
    let _: Call<Vec<Run>> = runs.list(None);
    let _: Call<Vec<Run>> = runs.list("image");
    let _: Call<Vec<Run>> = runs.list(Some("image"));
    let _: Call<Run> = runs.get("id");
    let _: Call<RunStatusResponse> = runs.get_status("id");
    let _: Call<CancelRunResponse> = runs.cancel("id");
    let _: Call<Vec<CheckpointResponse>> = runs.get_checkpoint_chain("id");
    let _: Call<CheckpointResponse> = runs.get_checkpoint("id", "cid");
    let mut events: EventStream<CommonEvent> = runs.subscribe("id");
    let _: () = events.close();

    let secrets: Secrets = client.secrets();
    let _: Call<SecretResponse> = secrets.create("name", "value");
    let _: Call<Vec<SecretResponse>> = secrets.list();
    let _: Call<SecretResponse> = secrets.get("name");
    let _: Call<SecretResponse> = secrets.update("name", "value");
    let _: Call<DeleteSecretResponse> = secrets.delete("name");
}

#[test]
fn the_run() {
    fn fields(run: &Run) {
        let _: &String = &run.id;
        let _: &String = &run.sandbox;
        let _: &HarnessInfo = &run.harness;
        let _: &Option<String> = &run.parent;
        let _: &Option<String> = &run.prompt;
        let _: &RunStatus = &run.status;
        let _: &String = &run.created_at;
        let _: &Option<String> = &run.started_at;
        let _: &Option<String> = &run.completed_at;
        let _: &Option<RunResult> = &run.result;
        let _: &Vec<FileOutput> = &run.file_outputs;
        let _: &Option<String> = &run.error;
        let _: &Option<WorkflowIds> = &run.workflow_ids;
        let _: &RunData = run;
    }
    fn actions(run: &mut Run) {
        let _: Call<Run> = run.fork("prompt", ResumeRunOptions::default());
        let refresh: BoxFuture<'_, Result<()>> = Box::pin(run.refresh());
        drop(refresh);
        let _: EventStream<CommonEvent> = run.subscribe();
        let _: Wait = run.wait();
        let text: BoxFuture<'_, Result<Option<String>>> = Box::pin(run.text());
        drop(text);
    }
    let _: fn(&Run) = fields;
    let _: fn(&mut Run) = actions;
}

/// What users rely on when they move handles into tasks.
#[test]
fn clients_runs_calls_and_streams_move_between_threads() {
    fn client<T: Clone + Send + Sync + 'static>() {}
    fn stream<T>()
    where
        T: futures_util::Stream<Item = Result<CommonEvent>> + Send + Unpin + 'static,
    {
    }
    fn send<T: Send + 'static>() {}
    client::<Client>();
    client::<Run>();
    client::<Runs>();
    client::<Tokens>();
    client::<Secrets>();
    client::<Sandboxes>();
    stream::<EventStream<CommonEvent>>();
    send::<Call<Run>>();
    send::<Wait>();
    send::<Error>();
}
