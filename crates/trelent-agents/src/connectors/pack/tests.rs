use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use tar::EntryType;

use super::*;

#[cfg(unix)]
mod unix;

/// One entry of an unpacked archive.
#[derive(Debug, PartialEq)]
struct Entry {
    name: Vec<u8>,
    kind: EntryType,
    mode: u32,
    mtime: u64,
    target: Option<Vec<u8>>,
    content: Vec<u8>,
}

fn unpack(blocks: &[Bytes]) -> Vec<Entry> {
    let mut tar = Vec::new();
    let gzip = STANDARD.decode(blocks.concat()).unwrap();
    GzDecoder::new(gzip.as_slice())
        .read_to_end(&mut tar)
        .unwrap();
    assert_eq!(tar.len() % 512, 0);
    let mut archive = tar::Archive::new(Cursor::new(tar));
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let header = entry.header();
        assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
        assert_eq!(header.username_bytes(), Some(&b""[..]));
        assert_eq!(header.groupname_bytes(), Some(&b""[..]));
        Entry {
            name: entry.path_bytes().into_owned(),
            kind: header.entry_type(),
            mode: header.mode().unwrap(),
            mtime: header.mtime().unwrap(),
            target: entry.link_name_bytes().map(std::borrow::Cow::into_owned),
            content,
        }
    });
    entries.collect()
}

fn pack_path(path: impl AsRef<Path>) -> Vec<Entry> {
    unpack(&pack(&LocalImporter::new(path.as_ref())).unwrap())
}

fn names(entries: &[Entry]) -> Vec<String> {
    entries
        .iter()
        .map(|entry| String::from_utf8_lossy(&entry.name).into_owned())
        .collect()
}

fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u8::try_from(state >> 24).unwrap()
    };
    std::iter::repeat_with(&mut next).take(length).collect()
}

#[test]
fn folders_come_before_their_content_and_names_in_byte_order() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    for folder in ["b", "b/x", "a", "Z", ".git", "empty", "b-c"] {
        fs::create_dir(at(folder)).unwrap();
    }
    for file in [
        "b/x/1", "b/2", "a/ü", "a/b c", "b.txt", ".hidden", ".git/c", "Z/q",
    ] {
        fs::write(at(file), file).unwrap();
    }
    let entries = pack_path(root.path());
    assert_eq!(
        names(&entries),
        [
            "./",
            "./.git/",
            "./.git/c",
            "./.hidden",
            "./Z/",
            "./Z/q",
            "./a/",
            "./a/b c",
            "./a/ü",
            "./b/",
            "./b/2",
            "./b/x/",
            "./b/x/1",
            "./b-c/",
            "./b.txt",
            "./empty/",
        ]
    );
    for entry in &entries {
        let folder = entry.name.ends_with(b"/");
        assert_eq!(entry.kind.is_dir(), folder, "{entry:?}");
        if !folder {
            assert_eq!(entry.content, &entry.name[2..]);
        }
    }
}

#[test]
fn a_path_may_be_written_in_many_ways() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("d/sub/deep")).unwrap();
    fs::write(root.path().join("d/sub/f"), "f").unwrap();
    let expected = ["./", "./sub/", "./sub/deep/", "./sub/f"];
    for path in ["d", "d/", "d/.", "./d", "d/sub/..", "d//"] {
        assert_eq!(
            names(&pack_path(root.path().join(path))),
            expected,
            "{path}"
        );
    }
    let file = pack_path(root.path().join("d/sub/../sub/f"));
    assert_eq!(names(&file), ["f"]);
    assert_eq!(file[0].content, b"f");
}

#[test]
fn large_files_survive_and_empty_ones_too() {
    let root = tempfile::tempdir().unwrap();
    for length in [0, 1, 511, 512, 513, 65_536, 65_537, 1_000_000] {
        let path = root.path().join("file");
        let content = noise(length);
        fs::write(&path, &content).unwrap();
        let entries = pack_path(&path);
        assert_eq!(entries.len(), 1);
        assert!(entries[0].content == content, "{length}");
    }
}

#[test]
fn modification_times_are_kept_to_the_second() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("f");
    let file = File::create(&path).unwrap();
    for (time, expected) in [
        (
            SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_900),
            1_700_000_000,
        ),
        (
            SystemTime::UNIX_EPOCH + Duration::from_secs(13_569_465_600),
            13_569_465_600,
        ),
        (SystemTime::UNIX_EPOCH - Duration::from_secs(5), 0),
    ] {
        file.set_modified(time).unwrap();
        assert_eq!(pack_path(&path)[0].mtime, expected);
    }
}

#[test]
fn equal_trees_give_equal_bytes() {
    let packed: Vec<_> = ["one", "other"]
        .iter()
        .map(|name| {
            let root = tempfile::tempdir().unwrap();
            let tree = root.path().join(name);
            fs::create_dir_all(tree.join("d")).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
            let mut names = vec!["d/x", "y", "z"];
            if *name == "other" {
                names.reverse();
            }
            for name in names {
                fs::write(tree.join(name), noise(100_000)).unwrap();
                File::options()
                    .write(true)
                    .open(tree.join(name))
                    .unwrap()
                    .set_modified(time)
                    .unwrap();
            }
            for folder in ["d", "."] {
                File::open(tree.join(folder))
                    .unwrap()
                    .set_modified(time)
                    .unwrap();
            }
            pack(&LocalImporter::new(tree)).unwrap()
        })
        .collect();
    assert_eq!(packed[0], packed[1]);
    let gzip = STANDARD.decode(packed[0].concat()).unwrap();
    assert_eq!(
        &gzip[..8],
        [0x1f, 0x8b, 8, 0, 0, 0, 0, 0],
        "no name, no time"
    );
}

#[test]
fn blocks_are_full_but_the_last() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("f"), noise(1_500_000)).unwrap();
    let blocks = pack(&LocalImporter::new(root.path())).unwrap();
    let (last, full) = blocks.split_last().unwrap();
    assert!(full.len() >= 7 && full.iter().all(|block| block.len() == 256 * 1024));
    assert!(!last.is_empty() && last.len() <= 256 * 1024);
}

#[test]
fn a_path_that_can_not_be_read_is_named_in_the_error() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), "x").unwrap();
    for path in ["missing", "file/below", "file/", "missing/../file"] {
        let error = pack(&LocalImporter::new(root.path().join(path))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{path}");
        assert!(error.message().contains(path), "{}", error.message());
        assert!(std::error::Error::source(&error).is_some());
    }
    let error = pack(&LocalImporter::new("")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    // The tilde is a name like any other.
    let error = pack(&LocalImporter::new("~/no-such-thing")).unwrap_err();
    assert!(error.message().contains("~/no-such-thing"));
}

#[test]
fn progress_tells_of_every_entry_and_ends_with_the_sums() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("d")).unwrap();
    fs::write(root.path().join("d/big"), noise(300_000)).unwrap();
    fs::write(root.path().join("e"), "12345").unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let importer = LocalImporter::new(root.path()).on_progress({
        let seen = Arc::clone(&seen);
        move |p: ImportProgress<'_>| {
            let numbers = (p.files, p.bytes_read, p.bytes_packed);
            seen.lock().unwrap().push((p.path.to_path_buf(), numbers));
        }
    });
    pack(&importer).unwrap();
    let seen = seen.lock().unwrap();
    let mut paths: Vec<_> = seen
        .iter()
        .map(|(path, _)| path.to_str().unwrap())
        .collect();
    paths.dedup();
    assert_eq!(paths, ["", "d", "d/big", "e"]);
    assert!(
        seen.iter()
            .filter(|(path, _)| path.ends_with("big"))
            .count()
            > 4
    );
    assert!(seen.is_sorted_by_key(|(_, numbers)| *numbers));
    let (files, read, packed) = seen.last().unwrap().1;
    assert_eq!((files, read), (2, 300_005));
    assert!(packed > 0);
}

/// Packs a file of 200 kB, and calls `meddle` on it after the first piece was read.
fn meddled(meddle: fn(&File)) -> Error {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("victim");
    fs::write(&path, noise(200_000)).unwrap();
    let file = File::options().append(true).open(&path).unwrap();
    let importer = LocalImporter::new(&path).on_progress(move |_| meddle(&file));
    let error = pack(&importer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().contains("victim"), "{}", error.message());
    error
}

#[test]
fn a_file_that_changes_its_size_meanwhile_is_an_error() {
    let shorter = meddled(|file| file.set_len(100_000).unwrap());
    assert!(shorter.message().contains("shorter"), "{shorter}");
    let mut_append = |mut file: &File| file.write_all(b"more").unwrap();
    let longer = meddled(mut_append);
    assert!(longer.message().contains("longer"), "{longer}");
}

#[tokio::test]
async fn dropping_the_future_stops_the_packing() {
    let root = tempfile::tempdir().unwrap();
    for index in 0..100 {
        fs::write(root.path().join(index.to_string()), "x").unwrap();
    }
    let (called, mut calls) = tokio::sync::mpsc::unbounded_channel();
    let (go, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let importer = LocalImporter::new(root.path()).on_progress(move |_| {
        let _ = called.send(());
        let _ = wait.lock().unwrap().recv();
    });
    let task = tokio::spawn(pack_async(importer));
    calls.recv().await.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    drop(go);
    // The packer lets go of the importer, and with it of the channel, without another call.
    assert_eq!(calls.recv().await, None);
}

#[tokio::test]
async fn a_panic_in_the_callback_is_an_error_of_the_call() {
    let root = tempfile::tempdir().unwrap();
    let importer = LocalImporter::new(root.path()).on_progress(|_| panic!("on purpose"));
    let error = pack_async(importer).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    let blocks = pack_async(LocalImporter::new(root.path())).await.unwrap();
    assert_eq!(names(&unpack(&blocks)), ["./"]);
}
