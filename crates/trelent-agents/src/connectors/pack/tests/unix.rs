//! What only Unix has: permissions, links, odd names, sockets.

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
