//! The report as text, and what counts as good.
#![expect(
    clippy::needless_pass_by_value,
    reason = "vectors are put together from JSON literals, which read best by value"
)]

use serde_json::json;

use super::*;
use crate::cli;
use crate::replay::tests::fake::Fake;

const ACME: Vendor = Vendor {
    name: "acme",
    package: "no-such-crate",
    suite: Suite::Sdk(Some(&Fake)),
};

fn source(name: &str, expect: Value, extra: Value) -> Source {
    let mut vector = json!({
        "name": name, "vendor": "acme", "operation": "things.get", "client": {"base": "{{BASE}}", "token": "t"},
        "args": {"id": "x"}, "expect": expect, "exchanges": [{
            "server": "api", "request": {"method": "GET", "path": "/things/x", "query": "a=1&b=2"},
            "response": {"status": 200, "body": {"n": 1}},
        }],
    });
    for (key, value) in extra.as_object().unwrap() {
        vector[key] = value.clone();
    }
    Source {
        name: name.to_owned(),
        content: Ok(vector),
    }
}

fn acme(sources: &[Source], options: &Options) -> (bool, String) {
    let mut out = Vec::new();
    let good = one_vendor(&ACME, false, sources, options, &mut out).unwrap();
    (good, String::from_utf8(out).unwrap())
}

fn options(arguments: &[&str]) -> Options {
    match cli::parse(arguments.iter().map(ToString::to_string)).unwrap() {
        cli::Command::Run(options) => options,
        cli::Command::Help => panic!("no help was asked for"),
    }
}

fn whole(arguments: &[&str]) -> (End, String) {
    let mut out = Vec::new();
    let end = run(&options(arguments), &mut out).unwrap();
    (end, String::from_utf8(out).unwrap())
}

#[test]
fn a_failure_is_told_in_one_block_before_the_total() {
    let sources = [
        source("good", json!({"ok": {"n": 1}}), json!({})),
        source("bad", json!({"ok": {"n": 2}}), json!({})),
        source(
            "untyped",
            json!({"ok": {"n": 2}}),
            json!({"inexpressible": true}),
        ),
    ];
    let (good, text) = acme(&sources, &Options::default());
    assert!(!good);
    assert_eq!(
        text,
        "FAILED acme/bad (over the wire)\n  result/n\n    expected  2\n    got       1\n\n\
         acme: 1 passed, 1 failed, 1 skipped\n"
    );
    let (good, text) = acme(&sources, &options(&["--filter", "oo", "--memory"]));
    assert!(good);
    assert_eq!(text, "acme: 1 passed, 0 failed\n");
    let (_, text) = acme(&sources, &options(&["--memory"]));
    assert!(text.starts_with("FAILED acme/bad (in memory)\n"));
}

#[test]
fn a_vector_that_cannot_be_read_fails() {
    let broken = Source {
        name: "x.json".to_owned(),
        content: Err("no JSON".to_owned()),
    };
    let (good, text) = acme(&[broken], &Options::default());
    assert!(!good);
    assert!(text.ends_with("acme: 0 passed, 1 failed\n"));
    let shapeless = source("n", json!({}), json!({"exchanges": 1}));
    assert!(!acme(&[shapeless], &Options::default()).0);
}

#[test]
fn a_disputed_vector_is_not_replayed() {
    let judge: Judge = Box::new(|_| (Verdict::Passed, ""));
    let reasons = BTreeMap::from([("n".to_owned(), "why".to_owned())]);
    let (verdict, _) = judged(&source("n", json!({}), json!({})), &reasons, &judge);
    assert_eq!(verdict, Verdict::Disputed("why".to_owned()));
    let (verdict, _) = judged(&source("m", json!({}), json!({})), &reasons, &judge);
    assert_eq!(verdict, Verdict::Passed);
}

#[test]
fn a_vendor_without_an_sdk_is_never_passed() {
    let folder = tempfile::tempdir().unwrap();
    let vendor = VENDORS
        .iter()
        .find(|vendor| matches!(vendor.suite, Suite::Sdk(None)));
    let Some(vendor) = vendor else { return };
    let vectors =
        json!([{"name": "a", "vendor": vendor.name}, {"name": "b", "vendor": vendor.name}]);
    std::fs::write(folder.path().join("x.json"), vectors.to_string()).unwrap();
    let path = folder.path().to_str().unwrap();
    let told = format!("{}: no SDK yet, 2 vectors not run\n", vendor.name);
    assert_eq!(whole(&["--vectors", path]), (End::Good, told.clone()));
    // Asked for by name, it is not enough to say so.
    assert_eq!(whole(&["--vectors", path, vendor.name]), (End::Bad, told));
}

#[test]
fn a_folder_without_vectors_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    assert_eq!(whole(&["--vectors", path]).0, End::Usage);
    let missing = folder.path().join("missing");
    assert_eq!(
        whole(&["--vectors", missing.to_str().unwrap()]).0,
        End::Usage
    );
    std::fs::write(
        folder.path().join("x.json"),
        r#"[{"name": "a", "vendor": "nobody"}]"#,
    )
    .unwrap();
    let (end, text) = whole(&["--vectors", path]);
    assert_eq!(text, "nobody: no such vendor, 1 vectors not run\n");
    assert_eq!(end, End::Bad);
    assert_eq!(whole(&["--vectors", path, "trelent"]).0, End::Bad);
}

#[test]
fn a_file_that_is_no_vector_is_left_out_and_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.json"), "{}").unwrap();
    let (end, text) = whole(&["--vectors", folder.path().to_str().unwrap()]);
    assert_eq!(end, End::Good);
    assert!(text.ends_with("x.json: neither a list of vectors nor decoder cases, left out\n"));
}
