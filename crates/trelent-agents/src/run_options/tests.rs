use std::time::Duration;

use agent_core::ErrorKind;

use super::{CreateRunOptions, ResumeRunOptions};
use crate::{RunSecretBinding, RunSecretSpec, S3Exporter, SharedWorkspaceImporter};

#[test]
fn time_limits_outside_the_range_are_refused() {
    for (seconds, ok) in [
        (0, false),
        (59, false),
        (60, true),
        (3600, true),
        (86_400, true),
        (86_401, false),
        (u64::MAX, false),
    ] {
        let create = CreateRunOptions::new("s", "p").timeout_seconds(seconds);
        let resume = ResumeRunOptions::new().timeout_seconds(seconds);
        for result in [create.checked(), resume.checked()] {
            match result {
                Ok(common) => assert!(ok && common.timeout_seconds == seconds, "{seconds}"),
                Err(error) => {
                    assert!(!ok, "{seconds}");
                    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
                    assert_eq!(
                        error.message(),
                        "timeout_seconds must be between 60 and 86400"
                    );
                }
            }
        }
    }
}

#[test]
fn parts_of_a_second_count_as_a_whole_one() {
    for (timeout, seconds) in [
        (Duration::from_secs(60), 60),
        (Duration::from_millis(59_001), 60),
        (Duration::from_nanos(60_000_000_001), 61),
        (Duration::MAX, u64::MAX),
    ] {
        assert_eq!(
            ResumeRunOptions::new().timeout(timeout).timeout_seconds,
            seconds
        );
    }
}

#[test]
fn the_working_folder_is_trimmed_and_must_be_absolute() {
    for (given, expected) in [
        ("/srv/app", Ok("/srv/app")),
        ("  /srv/app \n", Ok("/srv/app")),
        ("/", Ok("/")),
        ("", Err("workdir must be non-empty when provided")),
        (" \t\n", Err("workdir must be non-empty when provided")),
        ("srv", Err("workdir must be an absolute path")),
        ("~/x", Err("workdir must be an absolute path")),
    ] {
        let options = CreateRunOptions::new("s", "p").workdir(given);
        match (options.checked(), expected) {
            (Ok(common), Ok(path)) => assert_eq!(common.workdir, Some(path)),
            (Err(error), Err(text)) => {
                assert_eq!(error.kind(), ErrorKind::InvalidArgument);
                assert_eq!(error.message(), text);
            }
            (got, _) => panic!("{given:?}: {got:?}"),
        }
    }
    assert_eq!(
        CreateRunOptions::new("s", "p").checked().unwrap().workdir,
        None
    );
}

#[test]
fn setters_add_in_order() {
    let options = ResumeRunOptions::new()
        .import(SharedWorkspaceImporter::new("a"))
        .imports([
            SharedWorkspaceImporter::new("b"),
            SharedWorkspaceImporter::new("c"),
        ])
        .export(S3Exporter::new())
        .exports([S3Exporter::new().bucket("b")])
        .secret("one")
        .secrets([RunSecretBinding::new("two")])
        .secret(String::from("three"));
    assert_eq!(options.imports.len(), 3);
    assert_eq!(options.exports.len(), 2);
    assert_eq!(
        options.secrets,
        [
            RunSecretSpec::from("one"),
            RunSecretBinding::new("two").into(),
            "three".into()
        ]
    );
}
