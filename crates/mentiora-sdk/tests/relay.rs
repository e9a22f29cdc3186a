//! The example's web page, driven over HTTP as the page does it, and as a program where something here can run it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use agent_emulator::{Emulator, Fault};
use axum::Router;
use axum::response::Html;
use axum::routing::{get, post};
use mentiora_sdk::{MentioraClient, MentioraConfig};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[path = "../examples/support/relay.rs"]
mod relay;

async fn serve() -> (Emulator, String) {
    serve_beside(Router::new()).await
}

/// The example's server, with more routes.
async fn serve_beside(more: Router) -> (Emulator, String) {
    let emulator = Emulator::builder()
        .pace(Duration::ZERO)
        .start()
        .await
        .unwrap();
    let mentiora = emulator.mentiora();
    let config = MentioraConfig::server(mentiora.api_key()).base_url(mentiora.base_url());
    let client = MentioraClient::new(config).unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = relay::app(client).merge(more);
    tokio::spawn(async move { axum::serve(listener, app).await });
    (emulator, url)
}

async fn chat(url: &str, question: &Value) -> reqwest::Response {
    let request = reqwest::Client::new().post(format!("{url}/chat"));
    let request = request.header("content-type", "application/json");
    request.body(question.to_string()).send().await.unwrap()
}

/// The frames of an answer, each checked for its form.
fn frames(body: &str) -> Vec<Value> {
    let frames = body.strip_suffix("\n\n").unwrap().split("\n\n");
    frames
        .map(|frame| serde_json::from_str(frame.strip_prefix("data: ").unwrap()).unwrap())
        .collect()
}

#[tokio::test]
async fn the_page_gets_its_files_and_its_answers() {
    let (emulator, url) = serve().await;
    let page = reqwest::get(format!("{url}/"))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("src=\"/page.js\""));
    let script = reqwest::get(format!("{url}/page.js")).await.unwrap();
    assert_eq!(script.headers()["content-type"], "text/javascript");
    assert!(
        !script
            .text()
            .await
            .unwrap()
            .contains(emulator.mentiora().api_key())
    );

    let answer = chat(&url, &json!({"message": "Hello", "threadId": null})).await;
    assert_eq!(answer.status(), 200);
    for (name, value) in mentiora_sdk::SSE_HEADERS {
        // The connection is the server's business; it keeps it alive anyway.
        if name != "Connection" {
            assert_eq!(answer.headers()[name], value);
        }
    }
    let all = frames(&answer.text().await.unwrap());
    let text: String = all
        .iter()
        .filter_map(|frame| frame["delta"].as_str())
        .collect();
    assert_eq!(
        text,
        "You said “Hello”. That is the first message of this thread."
    );
    assert_eq!(all[0], json!({"type": "tool", "name": "recall"}));
    let done = all.iter().find(|frame| frame["type"] == "done").unwrap();
    assert_eq!(
        all.last().unwrap()["suggestions"].as_array().unwrap().len(),
        6
    );

    // The next question goes on with the thread.
    let next = json!({"message": "And now?", "threadId": done["threadId"]});
    let body = chat(&url, &next).await.text().await.unwrap();
    assert!(body.contains("Before"), "{body}");
    assert_eq!(
        emulator.mentiora().runs()[1].thread_id,
        done["threadId"].as_str().unwrap()
    );
}

#[tokio::test]
async fn what_goes_wrong_is_told_to_the_page() {
    let (emulator, url) = serve().await;
    let refused = chat(&url, &json!({"message": "  "})).await;
    assert_eq!(refused.status(), 400);
    assert_eq!(
        refused.text().await.unwrap(),
        "message is required and cannot be empty"
    );

    let body = chat(&url, &json!({"message": "emulate:fail"}))
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(
        frames(&body).last().unwrap(),
        &json!({"type": "error", "message": "The model gave up"})
    );

    let body = chat(&url, &json!({"message": "x", "threadId": "thr_nowhere"}))
        .await
        .text()
        .await
        .unwrap();
    let expected =
        "Stream request failed: Not Found: [thread_not_found] Thread \"thr_nowhere\" not found";
    assert_eq!(
        frames(&body),
        [json!({"type": "error", "message": expected})]
    );

    emulator.faults().push(Fault::cut_stream(6));
    let body = chat(&url, &json!({"message": "x"}))
        .await
        .text()
        .await
        .unwrap();
    let last = frames(&body).pop().unwrap();
    assert!(
        last["message"]
            .as_str()
            .unwrap()
            .starts_with("Stream interrupted: "),
        "{last}"
    );
}

#[tokio::test]
async fn events_reach_the_page_as_they_come_and_its_leaving_closes_the_stream() {
    let (emulator, url) = serve().await;
    let mut answer = chat(&url, &json!({"message": "emulate:held"})).await;
    let mut seen = String::new();
    while !seen.contains("“emulate:held”") {
        seen.push_str(std::str::from_utf8(&answer.chunk().await.unwrap().unwrap()).unwrap());
    }
    assert!(
        !seen.contains("\"done\""),
        "the agent is not done, but its words are here: {seen}"
    );
    assert_eq!(emulator.mentiora().open_streams(), 1);
    drop(answer);
    let gone = async {
        while emulator.mentiora().open_streams() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone)
        .await
        .unwrap();
}

/// Runs a program to its end and gives what it printed; nothing if it is not installed.
fn run(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{program}: {text} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(text)
}

/// The page's program on a page of a few lines: no browser, but the same JavaScript and the same streams.
const STAGE: &str = r#"
const nodes = {};
const node = () => ({ children: [], textContent: "", append(child) { this.children.push(child); },
  replaceChildren() { this.children = []; } });
globalThis.document = { createElement: node, getElementById: (id) => (nodes[id] ??= node()) };
globalThis.location = { search: "" };
const base = process.argv[1];
const real = fetch;
globalThis.fetch = (path, options) => real(base + path, options);
const source = await (await real(base + "/page.js")).text();
const page = await import("data:text/javascript," + encodeURIComponent(source));
await page.ask("Hello");
await page.ask("Again");
await page.ask(" ");
console.log(JSON.stringify({ log: nodes.log.children.map((p) => [p.className, p.textContent]),
  suggestions: nodes.suggestions.children.length }));
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_own_program_shows_the_conversation() {
    let (_emulator, url) = serve().await;
    let staged = {
        let url = url.clone();
        let args = move || run("node", &["--input-type=module", "--eval", STAGE, &url]);
        tokio::task::spawn_blocking(args).await.unwrap()
    };
    match staged {
        None => println!("node is not installed: the page's program was not run"),
        Some(text) => {
            let shown: Value = serde_json::from_str(&text).unwrap();
            let expected = json!([
                ["you", "Hello"],
                ["tool", "used recall"],
                [
                    "agent",
                    "You said “Hello”. That is the first message of this thread."
                ],
                ["you", "Again"],
                ["tool", "used recall"],
                [
                    "agent",
                    "You said “Again”. Before that you said “Hello”. This thread has 2 messages."
                ],
                ["you", " "],
                ["error", "message is required and cannot be empty"],
            ]);
            assert_eq!(shown["log"], expected);
            assert_eq!(
                shown["suggestions"], 0,
                "those of the answer before are gone"
            );
        }
    }
}

/// The page in a frame, watched until the answer's suggestions are there; then what it shows is sent back.
const WATCH: &str = r##"<!DOCTYPE html><iframe id="frame" src="/?ask=Hello"></iframe><script>
const frame = document.getElementById("frame");
frame.onload = () => {
  const page = frame.contentDocument;
  const look = () => page.querySelector("#suggestions button")
    && fetch("/shown", { method: "POST", body: page.getElementById("log").innerText });
  new MutationObserver(look).observe(page, { childList: true, subtree: true });
  look();
};
</script>"##;

/// A browser that runs until this is dropped.
struct Browser(Child);

impl Browser {
    /// None if none is installed.
    fn open(url: &str, profile: &Path) -> Option<Self> {
        let profile = format!("--user-data-dir={}", profile.display());
        let names = ["chromium", "chromium-browser", "google-chrome"];
        names.iter().find_map(|browser| {
            let mut command = Command::new(browser);
            command
                .args([
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--no-first-run",
                ])
                .args(["--disable-background-networking", &profile, url])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            command.spawn().ok().map(Self)
        })
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Where it ended by itself there is nothing to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_real_browser_shows_the_answer() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let watch = Router::new()
        .route("/watch", get(async || Html(WATCH)))
        .route(
            "/shown",
            post(async move |text: String| drop(tell.send(text))),
        );
    let (_emulator, url) = serve_beside(watch).await;
    // A profile of its own: one that is in use, or not to be written, would keep the browser from starting.
    let profile = tempfile::tempdir().unwrap();
    let Some(_browser) = Browser::open(&format!("{url}/watch"), profile.path()) else {
        println!("no browser is installed: the page was not opened in one");
        return;
    };
    let shown = tokio::time::timeout(Duration::from_secs(60), told.recv()).await;
    let shown = shown.expect("the browser shows the answer").unwrap();
    let lines: Vec<_> = shown.lines().filter(|line| !line.is_empty()).collect();
    let answer = "You said “Hello”. That is the first message of this thread.";
    assert_eq!(lines, ["Hello", "used recall", answer]);
}
