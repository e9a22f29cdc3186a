//! The commands of the README, sent as curl would send them.

use std::collections::BTreeMap;

use agent_emulator::Emulator;
use serde_json::Value;

use crate::client::send;
use crate::support::builder;

/// What a shell knows.
type Variables = BTreeMap<String, String>;

#[tokio::test]
async fn every_curl_command_of_the_readme_is_answered() {
    let emulator = builder().start().await.unwrap();
    let mut variables = variables(&emulator);
    let mut sent = 0;
    let readme = include_str!("../../README.md");
    for block in readme.split("```sh\n").skip(1) {
        let block = block.split("```").next().unwrap();
        for command in commands(block) {
            let (name, call, field) = parts(&command);
            let answer = curl(call, &variables).await;
            sent += 1;
            if let (Some(name), Some(field)) = (name, field) {
                let value = answer[field].as_str();
                let value = value.unwrap_or_else(|| panic!("no {field} in {answer}: {command}"));
                variables.insert(name.to_owned(), value.to_owned());
            }
        }
    }
    assert_eq!(sent, 17, "commands of the README");
    // Each vendor was asked, and what the page says about control went through.
    for (vendor, _) in emulator.vendors() {
        let url = format!("{}/_control/{vendor}/runs", emulator.url());
        let runs = send("GET", &url, &[], None).await.json();
        assert_eq!(runs["runs"].as_array().unwrap().len(), 1, "{vendor}");
    }
}

fn variables(emulator: &Emulator) -> Variables {
    let own = ("AGENT_EMULATOR_URL", emulator.url().to_owned());
    let all = emulator.variables().into_iter().chain([own]);
    // The little client takes addresses, not names.
    all.map(|(name, value)| (name.to_owned(), value.replace("localhost", "127.0.0.1")))
        .collect()
}

/// The commands of a block, each on one line where a quote does not go on.
fn commands(block: &str) -> Vec<String> {
    let block = block.replace("\\\n", " ");
    let mut found = Vec::new();
    let mut command = String::new();
    for line in block.lines().filter(|line| !line.starts_with('#')) {
        command += line;
        if words(&command, &Variables::new()).is_some() {
            found.push(std::mem::take(&mut command));
        } else {
            command.push('\n');
        }
    }
    assert!(command.is_empty(), "an open quote: {command}");
    found
}

/// Of `NAME=$(curl … | jq -r .field)` the three parts; of other commands the middle one.
fn parts(command: &str) -> (Option<&str>, &str, Option<&str>) {
    let Some((name, rest)) = command.split_once("=$(") else {
        return (None, command, None);
    };
    let rest = rest.strip_suffix(')').unwrap();
    let (call, field) = rest.rsplit_once(" | jq -r .").unwrap();
    (Some(name), call, Some(field))
}

/// Sends it; the JSON of the answer, if it is JSON.
async fn curl(call: &str, variables: &Variables) -> Value {
    let words = words(call, variables).unwrap();
    let mut words = words.iter().map(String::as_str);
    assert_eq!(words.next(), Some("curl"), "{call}");
    let (mut url, mut method, mut headers, mut body) = ("", None, Vec::new(), None);
    while let Some(word) = words.next() {
        match word {
            "-s" | "-N" => {}
            "-H" => headers.push(words.next().unwrap().split_once(": ").unwrap()),
            "-X" => method = words.next(),
            "-d" => body = words.next(),
            word => url = word,
        }
    }
    let method = method.unwrap_or(if body.is_some() { "POST" } else { "GET" });
    let answer = send(method, url, &headers, body.map(str::as_bytes)).await;
    assert!(
        answer.status < 300,
        "{call}: {} {}",
        answer.status,
        answer.text()
    );
    assert!(!answer.body.is_empty(), "{call}");
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// The words of a command, as a shell splits it; `None` when a quote or a `$(` is open.
fn words(command: &str, variables: &Variables) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let (mut word, mut quote, mut open) = (None::<String>, None, 0);
    let mut chars = command.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (Some('\''), c) => word.get_or_insert_default().push(c),
            (Some(_), '\\') => word.get_or_insert_default().extend(chars.next()),
            (None, '\'' | '"') => {
                word.get_or_insert_default();
                quote = Some(c);
            }
            (None, '#') if word.is_none() => break,
            (None, ')') => open -= 1,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, '$') if chars.peek() == Some(&'(') => open += 1,
            (_, '$') => {
                let mut name = String::new();
                while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                let value = variables.get(&name).map_or("", String::as_str);
                word.get_or_insert_default().push_str(value);
            }
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    (quote.is_none() && open == 0).then_some(words)
}
