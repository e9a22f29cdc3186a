//! The frame: starting, ending, the pages of the emulator itself, limits.

use std::time::Duration;

use agent_emulator::{Emulator, TrelentOptions};
use serde_json::json;

use crate::client::{open, send};
use crate::support::{ALL, builder, create, start, start_with};

#[tokio::test]
async fn the_root_lists_the_vendors_and_health_says_ok() {
    let emulator = builder().start().await.unwrap();
    let url = emulator.url();
    let root = send("GET", url, &[], None).await;
    assert_eq!(root.status, 200);
    let vendors = root.json()["vendors"].as_array().unwrap().clone();
    let rows = emulator.vendors().into_iter();
    let rows: Vec<_> = rows
        .map(|(name, url)| json!({"name": name, "url": url}))
        .collect();
    assert_eq!(vendors, rows);
    let names: Vec<_> = emulator
        .vendors()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        names,
        [
            "trelent",
            "meistrari",
            "agentrouter",
            "mentiora",
            "agent-os"
        ]
    );
    assert_eq!(
        send("GET", &format!("{url}/health"), &[], None)
            .await
            .json(),
        json!({"status": "ok"})
    );
    assert_eq!(
        send("POST", &format!("{url}/health"), &[], None)
            .await
            .status,
        405
    );
    for nowhere in ["/runs", "/trelentx", "/_control", "/trelent%2Fhealth"] {
        assert_eq!(
            send("GET", &format!("{url}{nowhere}"), &[], None)
                .await
                .status,
            404,
            "{nowhere}"
        );
    }
}

#[tokio::test]
async fn dropping_frees_both_ports_at_once() {
    let emulator = builder().start().await.unwrap();
    let api = emulator.port();
    let storage = emulator
        .storage()
        .base_url()
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    drop(emulator);
    for port in [api, storage] {
        let again = builder()
            .port(port)
            .start()
            .await
            .expect("the port is free");
        assert_eq!(again.port(), port);
    }
}

#[tokio::test]
async fn dropping_breaks_open_streams_and_ends_their_tasks() {
    let api = start().await;
    let run = api.run("emulate:silent").await;
    let mut stream = api.subscribe(&run).await;
    stream.next().await.unwrap().expect("the first event");
    let (emulator, trelent) = (api.emulator, api.trelent);
    assert_eq!(trelent.open_streams(), 1);
    drop(emulator);
    stream.next().await.expect_err("the stream is broken");
    assert_eq!(trelent.open_streams(), 0);
}

#[tokio::test]
async fn shutdown_waits_for_the_last_task() {
    let api = start().await;
    let run = api.run("emulate:silent").await;
    let mut stream = api.subscribe(&run).await;
    stream.next().await.unwrap().expect("the first event");
    let (emulator, trelent) = (api.emulator, api.trelent);
    emulator.shutdown().await;
    assert_eq!(trelent.open_streams(), 0);
    stream.next().await.expect_err("the stream is broken");
}

#[tokio::test]
async fn a_port_in_use_is_an_error() {
    let first = builder().start().await.unwrap();
    let error = builder()
        .port(first.port())
        .start()
        .await
        .expect_err("the port is taken");
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn several_emulators_share_nothing() {
    let (one, other) = (start().await, start().await);
    one.run("here").await;
    assert_eq!(one.trelent.runs().len(), 1);
    assert!(other.trelent.runs().is_empty());
    assert_eq!(
        other.trelent.request_count(),
        1,
        "only its own token exchange"
    );
}

#[tokio::test]
async fn the_same_seed_and_calls_give_the_same_answers() {
    async fn play(seed: u64) -> Vec<String> {
        let api = start_with(builder().seed(seed)).await;
        let run = api.run("hi").await;
        let mut answers = vec![
            api.trelent.client_secret().to_owned(),
            api.token.clone(),
            run.clone(),
        ];
        answers.extend(
            api.trelent
                .run(&run)
                .unwrap()
                .events
                .iter()
                .map(|event| event["event_id"].to_string()),
        );
        answers
    }
    assert_eq!(play(7).await, play(7).await);
    assert_ne!(play(7).await, play(8).await);
}

#[tokio::test]
async fn the_variables_are_those_that_programs_read() {
    let emulator = builder().start().await.unwrap();
    let (trelent, meistrari) = (emulator.trelent(), emulator.meistrari());
    let mentiora = emulator.mentiora();
    // By name: clients warn of keys that go to other plain http hosts.
    let local = format!("http://localhost:{}/mentiora", emulator.port());
    let agent_os = emulator.agent_os();
    let chatwoot = agent_os.chatwoot();
    let expected = [
        ("TRELENT_API_URL", format!("{}/trelent", emulator.url())),
        ("TRELENT_CLIENT_ID", trelent.client_id().to_owned()),
        ("TRELENT_CLIENT_SECRET", trelent.client_secret().to_owned()),
        ("MEISTRARI_BASE_URL", meistrari.base_url().to_owned()),
        ("MEISTRARI_VAULT_URL", meistrari.vault_url().to_owned()),
        ("MEISTRARI_DATA_TOKEN", meistrari.data_token().to_owned()),
        (
            "AGENTROUTER_API_BASE_URL",
            format!("{}/agentrouter", emulator.url()),
        ),
        (
            "AGENTROUTER_API_KEY",
            emulator.agentrouter().api_key().to_owned(),
        ),
        ("MENTIORA_BASE_URL", local),
        ("MENTIORA_API_KEY", mentiora.api_key().to_owned()),
        ("AGENT_OS_BASE_URL", format!("{}/agent-os", emulator.url())),
        ("AGENT_OS_TOKEN", agent_os.token().to_owned()),
        ("AGENT_OS_CHATWOOT_URL", chatwoot.url().to_owned()),
        ("AGENT_OS_CHATWOOT_TOKEN", chatwoot.token().to_owned()),
    ];
    let variables = emulator.variables();
    for expected in expected {
        assert!(variables.contains(&expected), "{}", expected.0);
    }
    assert_eq!(
        emulator.url(),
        format!("http://127.0.0.1:{}", emulator.port())
    );
}

#[tokio::test]
async fn requests_are_recorded_without_credentials() {
    let api = start().await;
    api.get("/runs?sandbox=a+b%2Fc").await;
    let requests = api.trelent.requests();
    let list = requests.last().unwrap();
    assert_eq!(
        (list.method.as_str(), list.path.as_str(), list.status),
        ("GET", "/runs", Some(200))
    );
    assert_eq!(list.query, [("sandbox".to_owned(), "a b/c".to_owned())]);
    assert_eq!(list.header("authorization"), Some("[redacted]"));
    assert!(list.has_bearer(&api.token) && !list.has_bearer("other"));
    assert!(
        list.shows(&api.token) && list.shows("b/c") && !list.shows(api.trelent.client_secret())
    );
    let token = &requests[0];
    assert_eq!(token.json()["scope"], ALL);
    let shown = format!(
        "{requests:?} {:?} {:?}",
        api.trelent.token_exchanges(),
        api.emulator
    );
    for secret in [&*api.token, api.trelent.client_secret()] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn a_body_that_says_it_is_too_long_is_refused_unread() {
    let api = start().await;
    let url = format!("{}/runs", api.trelent.base_url());
    let size = (300_u64 << 20).to_string();
    let stream = open("POST", &url, &[("content-length", &size)], None)
        .await
        .unwrap();
    assert_eq!(stream.status, 413);
}

#[tokio::test]
async fn garbage_on_the_socket_does_no_harm() {
    use tokio::io::AsyncWriteExt;
    let api = start().await;
    for garbage in [
        &b"\0\0\0\0"[..],
        b"GET",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /trelent/runs HTTP/1.1\r\ncontent-length: x\r\n\r\n",
    ] {
        let mut socket = tokio::net::TcpStream::connect(("127.0.0.1", api.emulator.port()))
            .await
            .unwrap();
        socket.write_all(garbage).await.unwrap();
    }
    api.run_with(&create(json!({}))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_at_once_each_get_their_own_run_whole() {
    let api = std::sync::Arc::new(start().await);
    let clients: Vec<_> = (0..20)
        .map(|n| {
            let api = std::sync::Arc::clone(&api);
            tokio::spawn(async move {
                let run = api.run(&format!("client {n}")).await;
                let events = api.events(&run).await;
                assert!(events.iter().all(|event| event["run_id"] == run));
                assert_eq!(events.last().unwrap()["type"], "session.completed");
                events.len()
            })
        })
        .collect();
    let mut counts = Vec::new();
    for client in clients {
        counts.push(client.await.unwrap());
    }
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    assert_eq!(api.trelent.runs().len(), 20);
    let port = api.emulator.port();
    drop(std::sync::Arc::into_inner(api).unwrap());
    builder()
        .port(port)
        .start()
        .await
        .expect("the port is free");
}

#[tokio::test]
async fn endless_settings_do_no_harm() {
    let options = TrelentOptions::new().token_life(Duration::MAX);
    let builder = builder().heartbeat(Duration::MAX).trelent(options);
    let api = start_with(builder).await;
    let run = api.run("emulate:silent").await;
    let mut stream = api.subscribe(&run).await;
    stream.next().await.unwrap().unwrap();
    let slow = start_with(crate::support::builder().pace(Duration::MAX)).await;
    let run = slow.run("hi").await;
    assert_eq!(slow.status(&run).await, "pending");
}

#[test]
fn an_emulator_can_move_between_threads() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Emulator>();
    check::<agent_emulator::TrelentHandle>();
}
