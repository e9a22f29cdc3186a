//! The command: what it prints, that it serves, that it ends.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::client::send;

#[tokio::test]
async fn the_command_prints_variables_serves_and_ends_when_told() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_agent-emulator"))
        .args(["--port", "0", "--seed=3", "--cut-stream-after", "12"])
        .args(["--fault", r#"{"fault": "status", "status": 503}"#])
        .args([r#"--fault=[{"fault": "status", "status": 504}]"#])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let lines: Vec<_> = lines.take_while(|line| line != "ready").collect();
    let names: Vec<_> = lines
        .iter()
        .map(|line| line.split('=').next().unwrap())
        .collect();
    let known = [
        "TRELENT_API_URL",
        "TRELENT_CLIENT_ID",
        "TRELENT_CLIENT_SECRET",
        "AGENTROUTER_API_BASE_URL",
        "AGENTROUTER_API_KEY",
        "MENTIORA_BASE_URL",
        "MENTIORA_API_KEY",
        "AGENT_OS_BASE_URL",
        "AGENT_OS_TOKEN",
        "AGENT_OS_CHATWOOT_URL",
        "AGENT_OS_CHATWOOT_TOKEN",
        "MEISTRARI_BASE_URL",
        "MEISTRARI_VAULT_URL",
        "MEISTRARI_DATA_TOKEN",
    ];
    let missing: Vec<_> = known.iter().filter(|name| !names.contains(name)).collect();
    if !missing.is_empty() {
        // A child that is left behind would keep the output of this test open.
        child.kill().unwrap();
        panic!("{missing:?} are missing in {names:?}");
    }
    let url = lines[0].split_once('=').unwrap().1;
    for status in [503, 504, 200] {
        let health = send("GET", &format!("{url}/health"), &[], None).await;
        assert_eq!(health.status, status);
    }
    child.kill().unwrap();
    let banner = child.wait_with_output().unwrap().stderr;
    let banner = String::from_utf8(banner).unwrap();
    for variable in lines
        .iter()
        .filter(|line| line.contains("BASE_URL") || line.contains("API_URL"))
    {
        let url = variable.split_once('=').unwrap().1;
        assert!(
            banner
                .lines()
                .any(|line| line.ends_with(&format!(" {url}"))),
            "{url}\n{banner}"
        );
    }
}

#[test]
fn the_command_explains_itself_and_refuses_nonsense() {
    let run = |args: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_agent-emulator"))
            .args(args)
            .output()
            .unwrap()
    };
    let help = run(&["--help"]);
    assert!(help.status.success());
    let help = String::from_utf8(help.stdout).unwrap();
    // Every flag that the command knows is explained.
    for flag in include_str!("../../src/main.rs")
        .split('"')
        .filter(|text| text.starts_with("--"))
    {
        let explained = help.lines().any(|line| line.trim_start().starts_with(flag));
        assert!(explained, "{flag}");
    }
    let version = String::from_utf8(run(&["--version"]).stdout).unwrap();
    assert_eq!(
        version,
        concat!("agent-emulator ", env!("CARGO_PKG_VERSION"), "\n")
    );
    for fault in ["", "{}", r#"{"fault": "close", "vendor": "nobody"}"#] {
        let refused = run(&["--fault", fault]);
        assert!(!refused.status.success(), "{fault}");
        assert!(refused.stdout.is_empty());
    }
    for args in [
        &["--prot"][..],
        &["--port"],
        &["--port", "x"],
        &["--port", "99999"],
    ] {
        let refused = run(args);
        assert_eq!(refused.status.code(), Some(2), "{args:?}");
        assert!(
            String::from_utf8(refused.stderr)
                .unwrap()
                .contains("Usage:")
        );
    }
}
