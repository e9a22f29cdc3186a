//! Finds vectors on disk: a vendor's folder, or a folder of such folders, and the lists of disputed ones.
//!
//! What cannot be read becomes a vector that fails, so that nothing is lost silently.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use agent_core::sdk::read_json;
use serde::Deserialize;
use serde_json::Value;

/// File name of a crate's list of disputed vectors.
pub const DISPUTED: &str = "disputed.json";

/// Name under which the decoder cases are found.
pub const SSE: &str = "sse";

/// A vector, or a decoder case, as it stands in its file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name, or the path of a file that could not be read.
    pub name: String,
    /// The JSON, or why there is none.
    pub content: Result<Value, String>,
}

/// All that was found, by vendor.
pub type Found = BTreeMap<String, Vec<Source>>;

/// Reads the `*.json` files of `folder` and of the folders in it.
///
/// A vector belongs to the vendor that it names. What names none belongs to its neighbours' vendor, or to the one
/// after which the folder is called.
pub fn folder(folder: &Path) -> io::Result<Found> {
    let mut found = Found::new();
    let (files, folders) = entries(folder)?;
    one_folder(folder, &files, &mut found);
    for inner in folders {
        one_folder(&inner, &entries(&inner)?.0, &mut found);
    }
    Ok(found)
}

/// A crate's list of disputed vectors in `folder`: name to reason. Empty when there is none.
pub fn disputed(folder: &Path) -> Result<BTreeMap<String, String>, String> {
    #[derive(Deserialize)]
    struct Entry {
        name: String,
        reason: String,
    }
    let path = folder.join(DISPUTED);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(format!("{}: {error}", path.display())),
    };
    let entries: Vec<Entry> =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(entries
        .into_iter()
        .map(|entry| (entry.name, entry.reason))
        .collect())
}

/// Sorted: the vector files, and the folders.
fn entries(folder: &Path) -> io::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let mut files = Vec::new();
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
            && path.file_name().is_some_and(|name| name != DISPUTED)
        {
            files.push(path);
        }
    }
    files.sort();
    folders.sort();
    Ok((files, folders))
}

fn one_folder(folder: &Path, files: &[PathBuf], found: &mut Found) {
    let sources: Vec<_> = files.iter().flat_map(|path| file(path)).collect();
    let mut vendors: Vec<_> = sources
        .iter()
        .filter_map(|(vendor, _)| vendor.clone())
        .collect();
    vendors.dedup();
    let other = match vendors.as_slice() {
        [one] => one.clone(),
        _ => called(folder),
    };
    for (vendor, source) in sources {
        let vendor = vendor.unwrap_or_else(|| other.clone());
        found.entry(vendor).or_default().push(source);
    }
}

fn called(folder: &Path) -> String {
    let absolute = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let name = absolute.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// What a file holds, each with the vendor that it names.
fn file(path: &Path) -> Vec<(Option<String>, Source)> {
    let shown = path.display();
    let read = fs::read(path).map_err(|error| error.to_string());
    let read = read.and_then(|text| read_json::<Value>(&text).map_err(|error| error.to_string()));
    let broken = |reason: String| {
        let name = shown.to_string();
        let content = Err(reason);
        vec![(None, Source { name, content })]
    };
    let text = |value: &Value, key| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let named = |value: Value, vendor: Option<String>| {
        let name = text(&value, "name").unwrap_or_else(|| format!("{shown}: no name"));
        let content = Ok(value);
        (vendor, Source { name, content })
    };
    match read {
        Err(reason) => broken(reason),
        Ok(Value::Array(vectors)) => vectors
            .into_iter()
            .map(|value| {
                let vendor = text(&value, "vendor");
                named(value, vendor)
            })
            .collect(),
        Ok(mut value) => match value.get_mut("cases").map(Value::take) {
            Some(Value::Array(cases)) => cases
                .into_iter()
                .map(|case| named(case, Some(SSE.to_owned())))
                .collect(),
            _ => broken("neither a list of vectors nor decoder cases".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn both_kinds_of_folder_are_understood() {
        let root = tempfile::tempdir().unwrap();
        let vector = r#"[{"name": "one", "vendor": "acme"}, {"name": "two", "vendor": "acme"}]"#;
        write(root.path(), "acme/group.json", vector);
        write(
            root.path(),
            "acme/disputed.json",
            r#"[{"name": "two", "reason": "because"}]"#,
        );
        write(
            root.path(),
            "sse/whatwg.json",
            r#"{"format": "f", "cases": [{"name": "c"}]}"#,
        );
        write(root.path(), "notes.txt", "not a vector");
        write(root.path(), "broken/x.json", "[");
        for path in [root.path().to_owned(), root.path().join("acme")] {
            let found = folder(&path).unwrap();
            let names: Vec<_> = found["acme"].iter().map(|source| &source.name).collect();
            assert_eq!(names, ["one", "two"]);
        }
        let found = folder(root.path()).unwrap();
        assert_eq!(found[SSE].len(), 1);
        assert!(found["broken"][0].content.is_err());
        let disputed_ones = disputed(&root.path().join("acme")).unwrap();
        assert_eq!(disputed_ones["two"], "because");
        assert!(disputed(root.path()).unwrap().is_empty());
    }

    #[test]
    fn a_broken_file_belongs_to_its_neighbours_vendor() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "a.json", "[");
        write(
            root.path(),
            "b.json",
            r#"[{"name": "n", "vendor": "acme"}]"#,
        );
        let found = folder(root.path()).unwrap();
        assert!(found["acme"][0].content.is_err());
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_file_is_read_as_its_writer_reads_it() {
        // Half a character and a number beyond doubles are about the SDK, not about the file.
        let root = tempfile::tempdir().unwrap();
        let text = "\u{feff}[{\"name\": \"n\", \"vendor\": \"acme\", \"args\": {\"a\": \"\\ud83d\", \"b\": 1e999}}]";
        write(root.path(), "any.json", text);
        let found = folder(root.path()).unwrap();
        let vector = found["acme"][0].content.as_ref().unwrap();
        assert_eq!(vector["args"]["a"], "\u{fffd}");
    }

    #[test]
    fn a_vector_belongs_to_the_vendor_it_names() {
        let root = tempfile::tempdir().unwrap();
        write(
            root.path(),
            "any.json",
            r#"[{"name": "n", "vendor": "acme"}]"#,
        );
        assert!(folder(root.path()).unwrap().contains_key("acme"));
    }
}
