//! A web page that talks to an agent: the key stays here, the browser gets the events as they come.
//!
//! `cargo run --example browser_relay -- serve` serves the page until it is interrupted. Without the argument it asks
//! itself one question, as the page would, prints what came, and ends.

use std::error::Error;

use tokio::net::TcpListener;

#[path = "support/relay.rs"]
mod relay;
mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let server = axum::serve(listener, relay::app(service.client.clone()));
    println!("the page is at {url}/");

    if std::env::args().nth(1).as_deref() == Some("serve") {
        tokio::select! {
            ended = server => ended?,
            interrupted = tokio::signal::ctrl_c() => interrupted?,
        }
        return Ok(());
    }
    let server = tokio::spawn(server.into_future());
    let mut answer = reqwest::Client::new()
        .post(format!("{url}/chat"))
        .header("content-type", "application/json")
        .body(r#"{"message":"Hello from a browser"}"#)
        .send()
        .await?;
    println!("{} {:?}", answer.status(), answer.headers()["content-type"]);
    while let Some(chunk) = answer.chunk().await? {
        print!("{}", String::from_utf8_lossy(&chunk));
    }
    server.abort();
    Ok(())
}
