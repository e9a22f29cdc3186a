//! Every call ends within its limits, and waits as long as the vendor's client.

use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use mentiora_sdk::{ErrorKind, Limit, MentioraClient};
use tokio::time::Instant;

use crate::rig;
use crate::rig::{OPERATIONS, client, config, http, params, run_json};

#[tokio::test(start_paused = true)]
async fn every_call_ends_and_the_total_limit_covers_retries_and_waits() {
    for op in OPERATIONS {
        let transport = ScriptedTransport::new();
        transport.reply_with(|_| Reply::silence());
        let start = Instant::now();
        (op.call)(&client(&transport)).await.unwrap_err();
        // Four attempts of 30 s and waits of at most 1, 2 and 4 s.
        assert!(start.elapsed() <= Duration::from_secs(127), "{}", op.name);

        if op.is_stream() {
            continue;
        }
        let config =
            config(&transport).http(http(&transport).total_timeout(Duration::from_secs(40)));
        let start = Instant::now();
        (op.call)(&MentioraClient::new(config).unwrap())
            .await
            .unwrap_err();
        assert!(start.elapsed() <= Duration::from_secs(40), "{}", op.name);
    }
}

#[tokio::test(start_paused = true)]
async fn waits_are_the_vendors() {
    // Full jitter below 1, 2 and 4 s.
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::status(500));
    for _ in 0..5 {
        let client = client(&transport);
        client.files().get("f").await.unwrap_err();
    }
    let times: Vec<_> = transport
        .requests()
        .iter()
        .map(|request| request.at)
        .collect();
    for call in times.chunks(4) {
        for (n, pair) in call.windows(2).enumerate() {
            let wait = pair[1] - pair[0];
            assert!(wait < Duration::from_secs(1 << n), "{n}: {wait:?}");
        }
    }
    // Seconds of a 429, and of nothing else.
    for (status, exact) in [(429, true), (503, false)] {
        let transport = ScriptedTransport::new();
        transport
            .reply(Reply::status(status).header("retry-after", "20"))
            .reply(Reply::json(&rig::file_json()));
        let start = Instant::now();
        client(&transport).files().get("f").await.unwrap();
        assert_eq!(
            start.elapsed() == Duration::from_secs(20),
            exact,
            "{status}"
        );
    }
    // A date is as absent, also a header in milliseconds.
    let transport = ScriptedTransport::new();
    let date = "Wed, 21 Oct 2099 07:28:00 GMT";
    transport
        .reply(
            Reply::status(429)
                .header("retry-after", date)
                .header("retry-after-ms", "50000"),
        )
        .reply(Reply::json(&run_json()));
    let start = Instant::now();
    client(&transport).agents().run(params()).await.unwrap();
    assert!(start.elapsed() <= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_zero_is_refused_and_off_is_a_value() {
    let transport = ScriptedTransport::new();
    let call = client(&transport)
        .agents()
        .run(params())
        .timeout(Duration::ZERO);
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::InvalidArgument);
    transport.reply(Reply::json(&run_json()).delay(Duration::from_secs(3600)));
    let call = client(&transport)
        .agents()
        .run(params())
        .timeout(Limit::Off);
    call.await.unwrap();
}
