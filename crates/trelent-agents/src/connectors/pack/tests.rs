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

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    #[test]
    fn permission_bits_are_kept() {
        let root = tempfile::tempdir().unwrap();
        for mode in [0o400, 0o644, 0o755, 0o4711, 0o1777, 0o2750] {
            let path = root.path().join(format!("{mode:o}"));
            fs::write(&path, "x").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let kept = fs::metadata(&path).unwrap().mode() & 0o7777;
            assert_eq!(pack_path(&path)[0].mode, kept);
        }
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o750)).unwrap();
        assert_eq!(pack_path(root.path())[0].mode, 0o750);
    }

    #[test]
    fn links_within_the_tree_stay_links() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir(at("d")).unwrap();
        fs::write(at("d/f"), "f").unwrap();
        let long = "x/".repeat(150);
        for (name, target) in [
            ("l1", "d/f"),
            ("l2", "d"),
            ("l3", "nowhere"),
            ("l4", "../../outside"),
            ("l5", "/etc/passwd"),
            ("l6", "l6"),
            ("l7", long.as_str()),
            ("d/l8", "é ü"),
        ] {
            symlink(target, at(name)).unwrap();
        }
        let entries = pack_path(root.path());
        let links: Vec<_> = entries
            .iter()
            .filter(|entry| entry.kind.is_symlink())
            .map(|entry| {
                assert!(entry.content.is_empty());
                let target = String::from_utf8(entry.target.clone().unwrap()).unwrap();
                (String::from_utf8_lossy(&entry.name).into_owned(), target)
            })
            .collect();
        let expected = [
            ("./d/l8", "é ü"),
            ("./l1", "d/f"),
            ("./l2", "d"),
            ("./l3", "nowhere"),
            ("./l4", "../../outside"),
            ("./l5", "/etc/passwd"),
            ("./l6", "l6"),
            ("./l7", long.as_str()),
        ];
        assert_eq!(
            links,
            expected.map(|(name, target)| (name.to_owned(), target.to_owned()))
        );
        assert_eq!(entries.len(), links.len() + 3);
    }

    #[test]
    fn a_path_that_is_itself_a_link_is_followed() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir(at("d")).unwrap();
        fs::write(at("d/f"), "f").unwrap();
        symlink("d", at("to-folder")).unwrap();
        symlink("d/f", at("to-file")).unwrap();
        symlink("nowhere", at("dangling")).unwrap();
        symlink("loop", at("loop")).unwrap();
        assert_eq!(names(&pack_path(at("to-folder"))), ["./", "./f"]);
        let file = pack_path(at("to-file"));
        assert_eq!(names(&file), ["to-file"]);
        assert_eq!(
            (file[0].kind, &*file[0].content),
            (EntryType::Regular, &b"f"[..])
        );
        for broken in ["dangling", "loop"] {
            let error = pack(&LocalImporter::new(at(broken))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io);
            assert!(error.message().contains(broken));
        }
    }

    #[test]
    fn long_names_are_kept() {
        let root = tempfile::tempdir().unwrap();
        let mut folder = root.path().to_path_buf();
        let mut expected = vec!["./".to_owned()];
        for length in [50, 100, 150, 255] {
            folder.push("n".repeat(length));
            expected.push(format!(
                "{}{}/",
                expected.last().unwrap(),
                "n".repeat(length)
            ));
            fs::create_dir(&folder).unwrap();
        }
        // A name of exactly 100 bytes fits, one of 101 does not.
        for length in [98, 99] {
            fs::write(root.path().join("f".repeat(length)), "f").unwrap();
        }
        let entries = pack_path(root.path());
        expected.insert(1, format!("./{}", "f".repeat(98)));
        expected.insert(2, format!("./{}", "f".repeat(99)));
        assert_eq!(names(&entries), expected);
        assert_eq!(entries[2].content, b"f");
    }

    #[test]
    fn trees_as_deep_as_paths_can_be_are_packed() {
        let root = tempfile::tempdir().unwrap();
        let depth = (3500 - root.path().as_os_str().len()) / 2;
        fs::create_dir_all(root.path().join("d/".repeat(depth))).unwrap();
        let entries = pack_path(root.path());
        assert_eq!(entries.len(), depth + 1);
    }

    #[test]
    fn hard_links_become_files() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a"), "same").unwrap();
        fs::hard_link(root.path().join("a"), root.path().join("b")).unwrap();
        let entries = pack_path(root.path());
        assert_eq!(names(&entries), ["./", "./a", "./b"]);
        for entry in &entries[1..] {
            assert_eq!(
                (entry.kind, &*entry.content),
                (EntryType::Regular, &b"same"[..])
            );
        }
    }

    #[test]
    fn sockets_and_pipes_are_left_out() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        let _socket = UnixListener::bind(at("socket")).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(at("pipe"))
            .status();
        fs::write(at("z"), "z").unwrap();
        assert_eq!(names(&pack_path(root.path())), ["./", "./z"]);

        let mut refused = vec!["socket"];
        if made.is_ok_and(|status| status.success()) {
            refused.push("pipe");
        }
        for name in refused {
            let error = pack(&LocalImporter::new(at(name))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io);
            assert!(error.message().contains("neither a file nor a folder"));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_that_are_no_text_keep_their_bytes() {
        let root = tempfile::tempdir().unwrap();
        let long = [&[0xfe; 120][..], b".txt"].concat();
        for name in [&b"a\xff\xfeb"[..], b"new\nline", b"back\\slash", &long] {
            fs::write(root.path().join(OsStr::from_bytes(name)), name).unwrap();
        }
        symlink(OsStr::from_bytes(b"\xff"), root.path().join("link")).unwrap();
        let entries = pack_path(root.path());
        assert_eq!(entries.len(), 6);
        for entry in entries.iter().filter(|entry| entry.kind.is_file()) {
            assert_eq!(entry.content, &entry.name[2..]);
        }
        assert!(
            entries
                .iter()
                .any(|entry| entry.target.as_deref() == Some(b"\xff"))
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_can_not_be_read_is_an_error() {
        // Readable by nobody as a file, not even by root: position 0 of a process's memory is not mapped.
        let path = Path::new("/proc/self/mem");
        if path.exists() {
            let error = pack(&LocalImporter::new(path)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io);
            assert!(error.message().contains("/proc/self/mem"));
        }
        // Its size is told as 0, but there is content.
        let path = Path::new("/proc/self/status");
        if path.exists() {
            let error = pack(&LocalImporter::new(path)).unwrap_err();
            assert!(error.message().contains("longer"), "{}", error.message());
        }
    }

    #[test]
    fn a_file_in_the_place_of_another_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let (seen, there) = (root.path().join("seen"), root.path().join("there"));
        fs::write(&seen, "a").unwrap();
        fs::write(&there, "a").unwrap();
        let importer = LocalImporter::new(&there);
        let mut packer = Packer {
            out: GzEncoder::new(Base64Blocks::default(), Compression::default()),
            importer: &importer,
            stop: &AtomicBool::new(false),
            files: 0,
            bytes_read: 0,
        };
        let seen = fs::metadata(seen).unwrap();
        let error = entry::file(&mut packer, &there, &seen, b"there", Path::new("")).unwrap_err();
        assert!(error.message().contains("replaced"), "{}", error.message());
    }

    #[test]
    fn folders_that_can_not_be_read_are_an_error() {
        let root = tempfile::tempdir().unwrap();
        let locked = root.path().join("locked");
        fs::create_dir(&locked).unwrap();
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
        // Root may read everything.
        if fs::read_dir(&locked).is_err() {
            let error = pack(&LocalImporter::new(root.path())).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io);
            assert!(error.message().contains("locked"));
        }
    }
}
