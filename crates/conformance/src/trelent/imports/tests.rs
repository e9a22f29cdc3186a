//! Archives made here, compared with lists of entries as vectors have them.

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::*;

struct File(&'static str, EntryType, u32, &'static str, &'static [u8]);

fn pack(files: &[File]) -> String {
    let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for File(name, kind, mode, link, content) in files {
        let mut header = Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(*mode);
        header.set_size(content.len() as u64);
        if !link.is_empty() {
            header.set_link_name_literal(link).unwrap();
        }
        if name.len() > 100 {
            tar.append_data(&mut header, name, *content).unwrap();
            continue;
        }
        // Byte by byte, because the library would drop the "./" in front.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, *content).unwrap();
    }
    STANDARD.encode(tar.into_inner().unwrap().finish().unwrap())
}

fn body(data: &str) -> Value {
    json!({"prompt": "p", "import_connectors": [
        {"source": {"target": "shared_drive", "name": "n"}},
        {"source": {"target": "data_ball", "data": data}},
    ]})
}

fn places(files: &[File], decoded: &Value) -> Vec<String> {
    let actual = body(&pack(files)).to_string();
    let decoded = json!([null, decoded]);
    check(actual.as_bytes(), &body("other bytes"), Some(&decoded))
        .unwrap()
        .into_iter()
        .map(|difference| {
            difference
                .at
                .rsplit("/source/data ")
                .next()
                .unwrap()
                .to_owned()
        })
        .collect()
}

const DIR: EntryType = EntryType::Directory;
const FILE: EntryType = EntryType::Regular;

#[test]
fn the_same_tree_in_other_bytes_fits() {
    let long = "./a-name-of-more-than-one-hundred-bytes/a-name-of-more-than-one-hundred-bytes/a-name-of-more-than-one-hundred-bytes";
    let files = [
        File("./", DIR, 0o755, "", b""),
        File("./a", FILE, 0o644, "", b"A"),
        File("./b", FILE, 0o644, "", &[0, 255]),
        File("./c", FILE, 0o644, "", b"abc"),
        File("./link", EntryType::Symlink, 0o777, "../x", b""),
        File("./hard", EntryType::Link, 0o644, "./a", b""),
        File(long, FILE, 0o600, "", b""),
    ];
    let decoded = json!([
        {"name": ".", "type": "dir", "mode": "0o755"},
        {"name": "./a", "type": "file", "mode": "0o644", "size": 1, "content": "A"},
        {"name": "./b", "type": "file", "mode": "0o644", "content_base64": "AP8="},
        {"name": "./c", "type": "file", "content_sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"name": "./link", "type": "symlink", "mode": "0o777", "linkname": "../x"},
        {"name": "./hard", "type": "hardlink", "mode": "0o644", "linkname": "./a"},
        {"name": long, "type": "file", "mode": "0o600"},
    ]);
    assert_eq!(places(&files, &decoded), Vec::<String>::new());
}

#[test]
fn a_hard_link_may_be_a_file_with_the_content_of_its_target() {
    let decoded = json!([
        {"name": "./a", "type": "file", "content": "A"},
        {"name": "./b", "type": "hardlink", "mode": "0o644", "linkname": "./a"},
    ]);
    let with = |content| {
        [
            File("./a", FILE, 0o644, "", b"A"),
            File("./b", FILE, 0o644, "", content),
        ]
    };
    assert!(places(&with(b"A"), &decoded).is_empty());
    assert_eq!(places(&with(b"B"), &decoded), ["entry ./b: content"]);
}

#[test]
fn each_part_of_an_entry_counts() {
    let files = [File("a", FILE, 0o644, "", b"A")];
    for (decoded, place) in [
        (json!({"name": "b", "type": "file"}), "entries"),
        (json!({"name": "./a", "type": "file"}), "entries"),
        (json!({"name": "a", "type": "dir"}), "entry a: type"),
        (
            json!({"name": "a", "type": "file", "mode": "0o600"}),
            "entry a: mode",
        ),
        (
            json!({"name": "a", "type": "file", "content": "B"}),
            "entry a: content",
        ),
        (
            json!({"name": "a", "type": "file", "content_base64": "AA=="}),
            "entry a: content",
        ),
        (
            json!({"name": "a", "type": "file", "content_sha256": "00"}),
            "entry a: content",
        ),
    ] {
        assert_eq!(places(&files, &json!([decoded])), [place]);
    }
    let link = [File("l", EntryType::Symlink, 0o777, "x", b"")];
    let decoded = json!([{"name": "l", "type": "symlink", "linkname": "y"}]);
    assert_eq!(places(&link, &decoded), ["entry l: linkname"]);
    assert_eq!(
        places(&[], &json!([{"name": "a", "type": "file"}])),
        ["entries"]
    );
}

#[test]
fn the_rest_of_the_body_compares_as_usual() {
    let decoded = json!([null, []]);
    let good = body(&pack(&[]));
    let mut other = good.clone();
    other["prompt"] = "q".into();
    other["import_connectors"][0]["source"]["name"] = "m".into();
    let found = check(other.to_string().as_bytes(), &good, Some(&decoded)).unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|difference| difference.at.as_str())
        .collect();
    assert_eq!(found, ["/prompt", "/import_connectors/0/source/name"]);

    let mut missing = good.clone();
    missing["import_connectors"].as_array_mut().unwrap().pop();
    let found = check(missing.to_string().as_bytes(), &good, Some(&decoded)).unwrap();
    assert_eq!(found[0].at, "/import_connectors/1/source/data");
    assert_eq!(found[1].at, "/import_connectors");

    assert_eq!(check(b"no JSON", &good, Some(&decoded)).unwrap().len(), 1);
    assert!(check(b"{}", &good, None).is_err());
}

#[test]
fn an_earlier_request_of_a_vector_has_its_archives_in_its_own_body() {
    let files = |content| {
        [
            File("./", DIR, 0o755, "", b""),
            File("./a", FILE, 0o644, "", content),
        ]
    };
    let expected = body(&pack(&files(b"\0A")));
    let own = decoded(&expected).unwrap();
    assert_eq!(own[0], Value::Null);
    let check = |content| {
        let actual = body(&pack(&files(content))).to_string();
        check(actual.as_bytes(), &expected, Some(&own)).unwrap()
    };
    assert_eq!(check(b"\0A"), []);
    assert_eq!(check(b"\0B").len(), 1);
    assert_eq!(decoded(&json!({"prompt": "p"})), Ok(json!([])));
    assert!(decoded(&body("no archive")).is_err());
}

#[test]
fn the_recorded_archives_unpack_to_what_the_vectors_say() {
    let vendor = crate::vendors::find("trelent").unwrap();
    let found = crate::vector::load::folder(&crate::run::crate_vectors(vendor)).unwrap();
    let mut checked = 0;
    for source in &found["trelent"] {
        let vector = source.content.as_ref().unwrap();
        if vector["source"] == "composed" {
            // Nobody packed what these stand for.
            continue;
        }
        for exchange in vector["exchanges"].as_array().unwrap() {
            let request = &exchange["request"];
            if request["body_check"] == RULE {
                let body = request["body"].to_string();
                let found = check(
                    body.as_bytes(),
                    &request["body"],
                    vector.get("decoded_imports"),
                );
                assert_eq!(found, Ok(vec![]), "{}", source.name);
                checked += 1;
            }
        }
    }
    assert!(checked > 10);
}
