use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;

use super::SaveOptions;
use crate::byte_stream::ByteStream;
use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind, ErrorResponse};
use crate::op::{Op, OpKind};
use crate::pipeline::{Pipeline, Setup};
use crate::request::Request;
use crate::testing::{Reply, ScriptedTransport};
use crate::{HttpConfig, Resume, RetryPolicy, Timeouts};

#[derive(Debug)]
struct Plain;

impl Dialect for Plain {
    fn vendor(&self) -> &'static str {
        "plain"
    }
    fn user_agent(&self) -> &'static str {
        "plain/1"
    }
    fn read_error(&self, _: &'static str, _: &ErrorResponse, error: Error) -> Error {
        error
    }
}

static FILE: Op = Op::get("file", "/file").kind(OpKind::Download);

async fn download(reply: Reply) -> ByteStream {
    let transport = ScriptedTransport::new();
    transport.reply(reply);
    let pipeline = Pipeline::new(Setup {
        dialect: &Plain,
        base: crate::url::BaseUrl::parse("base", "http://127.0.0.1:1").unwrap(),
        auth: crate::auth::Auth::None,
        timeouts: Timeouts::default(),
        retry: RetryPolicy::none(),
        resume: Resume::never(),
        operations: &[&FILE],
        http: HttpConfig::new().transport(transport.shared()),
    });
    pipeline
        .unwrap()
        .download(Request::new(&FILE))
        .await
        .unwrap()
}

fn pieces(pieces: &[&str]) -> Reply {
    pieces.iter().fold(Reply::status(200), |reply, piece| {
        reply.chunk(Bytes::from((*piece).to_owned()))
    })
}

/// What is in the folder, by name.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A file with old content, saved over in ways that fail: it must stay as it was, and nothing beside it.
async fn must_fail(reply: Reply, options: SaveOptions) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    std::fs::write(&path, "old").unwrap();
    let error = download(reply)
        .await
        .save_with(&path, options)
        .await
        .unwrap_err();
    assert_eq!(names(folder.path()), ["a.txt"]);
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(error.operation(), "file");
    error
}

#[tokio::test]
async fn a_file_is_replaced_by_the_whole_download_and_progress_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    std::fs::write(&path, "old").unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let options = SaveOptions::new()
        .expect_bytes(6)
        .on_progress(move |progress| sink.lock().unwrap().push((progress.bytes, progress.total)));
    let bytes = download(pieces(&["abc", "def"]))
        .await
        .save_with(&path, options)
        .await
        .unwrap();
    assert_eq!(bytes, 6);
    assert_eq!(std::fs::read(&path).unwrap(), b"abcdef");
    assert_eq!(names(folder.path()), ["a.txt"]);
    assert_eq!(
        *told.lock().unwrap(),
        [(0, Some(6)), (3, Some(6)), (6, Some(6))]
    );
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty");
    assert_eq!(
        download(Reply::status(200))
            .await
            .save(&path)
            .await
            .unwrap(),
        0
    );
    assert_eq!(std::fs::read(&path).unwrap(), b"");
}

#[tokio::test]
async fn a_download_that_breaks_leaves_nothing() {
    let error = must_fail(pieces(&["abc"]).lost(), SaveOptions::new()).await;
    assert_eq!(error.kind(), ErrorKind::Transport);
}

#[tokio::test]
async fn another_length_leaves_nothing() {
    for expected in [2, 4] {
        let error = must_fail(pieces(&["abc"]), SaveOptions::new().expect_bytes(expected)).await;
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    }
}

#[cfg(feature = "checksums")]
#[tokio::test]
async fn another_checksum_leaves_nothing_and_the_right_one_in_either_case_is_fine() {
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let wrong = ABC.replace("ba78", "ba79");
    let error = must_fail(pieces(&["abc"]), SaveOptions::new().expect_sha256(&wrong)).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains(ABC), "{error}");
    let error = must_fail(
        pieces(&["abc"]),
        SaveOptions::new().expect_sha256("sha256:abc"),
    )
    .await;
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    for right in [ABC.to_owned(), ABC.to_uppercase()] {
        let folder = tempfile::tempdir().unwrap();
        let options = SaveOptions::new().expect_sha256(right);
        let path = folder.path().join("f");
        download(pieces(&["a", "bc"]))
            .await
            .save_with(path, options)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_place_that_can_not_be_written_is_an_io_error() {
    let folder = tempfile::tempdir().unwrap();
    for path in [
        folder.path().join("no/such/folder/f"),
        folder.path().to_owned(),
        "..".into(),
    ] {
        let error = download(pieces(&["abc"]))
            .await
            .save(&path)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{}", path.display());
    }
    assert!(names(folder.path()).is_empty());
}

#[tokio::test]
async fn a_name_may_be_as_long_as_the_file_system_allows() {
    for name in ["n".repeat(255), "é".repeat(127)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(&name);
        download(pieces(&["abc"])).await.save(&path).await.unwrap();
        assert_eq!(names(folder.path()), [name]);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_is_replaced_and_what_it_leads_to_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (target, path) = (folder.path().join("target"), folder.path().join("link"));
    std::fs::write(&target, "old").unwrap();
    std::os::unix::fs::symlink(&target, &path).unwrap();
    download(pieces(&["abc"])).await.save(&path).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"abc");
    assert_eq!(std::fs::read(&target).unwrap(), b"old");

    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(folder.path(), &path).unwrap();
    let error = download(pieces(&["abc"])).await.save(&path).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(names(folder.path()), ["link", "target"]);
}

#[tokio::test]
async fn a_dropped_save_leaves_nothing_wherever_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    std::fs::write(&path, "old").unwrap();
    let mut finished = false;
    for polls in 0..200 {
        let reply = pieces(&["abc", "def"]).wait(Duration::from_millis(1));
        let mut save = Box::pin(download(reply).await.save(&path));
        let mut left = polls;
        let outcome = std::future::poll_fn(|cx| {
            if left == 0 {
                return std::task::Poll::Ready(None);
            }
            left -= 1;
            save.as_mut().poll(cx).map(Some)
        })
        .await;
        finished = outcome.is_some();
        drop(save);
        // What the threads behind the file still do is over when their queue is.
        while names(folder.path()) != ["a.txt"] {
            tokio::task::yield_now().await;
        }
        let content = std::fs::read(&path).unwrap();
        assert!(content == b"old" || content == b"abcdef", "{content:?}");
        if finished {
            assert_eq!(content, b"abcdef");
            break;
        }
    }
    assert!(finished);
}

#[tokio::test]
async fn a_download_is_collected_up_to_a_limit() {
    let collected = download(pieces(&["abc", "def"]))
        .await
        .collect(6)
        .await
        .unwrap();
    assert_eq!(collected, Bytes::from_static(b"abcdef"));
    let error = download(pieces(&["abc", "def"]))
        .await
        .collect(5)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let announced = pieces(&["abc"]).header("content-length", "3");
    let error = download(announced).await.collect(2).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}
