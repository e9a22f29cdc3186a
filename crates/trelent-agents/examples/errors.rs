//! What can go wrong, and what an error tells.

use std::error::Error as _;
use std::time::Duration;

use trelent_agents::{
    Client, ClientOptions, CreateRunOptions, Error, ErrorExt, ErrorKind, HttpConfig, RetryPolicy,
    Sent,
};

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let service = support::service().await?;
    let runs = service.client.runs();

    // Refused before anything is sent.
    let options = CreateRunOptions::new("my-sandbox:latest", "hi").timeout(Duration::from_secs(5));
    report(
        "a time limit out of range",
        runs.create(options).await.err(),
    );
    report("an empty id", runs.get("").await.err());

    // The server's answers.
    report(
        "a run that is not there",
        runs.get("run_nowhere").await.err(),
    );
    let options = CreateRunOptions::new("no-such-image", "hi");
    report(
        "an image that is not there",
        runs.create(options).await.err(),
    );

    // Nobody listens: the request was never sent, so even a create could be repeated safely.
    let options = ClientOptions::new().http(HttpConfig::new().retry(RetryPolicy::none()));
    let nobody = Client::with_options("http://127.0.0.1:9", options)?;
    let error = nobody
        .runs()
        .create(CreateRunOptions::new("my-sandbox:latest", "hi"))
        .await
        .err();
    assert_eq!(error.as_ref().map(Error::sent), Some(Sent::Never));
    report("a server that is not there", error);
    Ok(())
}

fn report(what: &str, error: Option<Error>) {
    let Some(error) = error else {
        println!("{what}: no error");
        return;
    };
    println!("{what}:\n  {error}");
    match error.kind() {
        ErrorKind::Api if error.is_not_found() => println!("  → check the id"),
        ErrorKind::Api if error.is_validation() => {
            for item in error.validation_errors() {
                println!("  → {:?}: {}", item.loc, item.msg);
            }
        }
        _ if error.is_retryable() => println!("  → may pass; sent: {:?}", error.sent()),
        _ => {}
    }
    if let Some(cause) = error.source() {
        println!("  cause: {cause}");
    }
}
