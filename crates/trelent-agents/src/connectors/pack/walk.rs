//! The walk through a tree: depth first, names in byte order, nothing followed but the given path itself.
//!
//! It keeps its own stack, so that the depth of a tree does not matter to the thread's, and reads one folder at a time.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use agent_core::Result;

use super::{Packer, entry, failed, refused};

/// Packs what is at `root`.
pub(super) fn walk(packer: &mut Packer<'_>, root: &Path) -> Result<()> {
    // Follows a link that is the given path itself.
    let metadata = fs::metadata(root).map_err(|error| failed("import", root, error))?;
    if metadata.is_dir() {
        return walk_folder(packer, root, &metadata);
    }
    if !metadata.is_file() {
        return Err(refused(root, "it is neither a file nor a folder"));
    }
    let Some(name) = root.file_name() else {
        return Err(refused(root, "it has no name"));
    };
    entry::file(
        packer,
        root,
        &metadata,
        entry::name_bytes(name),
        Path::new(""),
    )
}

fn walk_folder(packer: &mut Packer<'_>, root: &Path, metadata: &fs::Metadata) -> Result<()> {
    let mut path = root.to_path_buf();
    let mut relative = PathBuf::new();
    packer.step(&relative)?;
    entry::folder(packer, root, metadata, b"./")?;

    // For each open folder its names that are still to come, last one first, and how long the name of its entry is.
    let mut open = vec![(names(root)?, 2)];
    let mut name = b"./".to_vec();
    while let Some((names_left, length)) = open.last_mut() {
        name.truncate(*length);
        let Some(child) = names_left.pop() else {
            open.pop();
            if !open.is_empty() {
                path.pop();
                relative.pop();
            }
            continue;
        };
        path.push(&child);
        relative.push(&child);
        name.extend_from_slice(entry::name_bytes(&child));
        packer.step(&relative)?;

        let metadata =
            fs::symlink_metadata(&path).map_err(|error| failed("import", &path, error))?;
        let kind = metadata.file_type();
        if kind.is_dir() {
            name.push(b'/');
            entry::folder(packer, &path, &metadata, &name)?;
            open.push((names(&path)?, name.len()));
            continue;
        }
        if kind.is_file() {
            entry::file(packer, &path, &metadata, &name, &relative)?;
        } else if kind.is_symlink() {
            entry::link(packer, &path, &metadata, &name)?;
        }
        // Sockets, pipes and devices are left out.
        path.pop();
        relative.pop();
    }
    Ok(())
}

/// The names in a folder, the first one in byte order last.
fn names(folder: &Path) -> Result<Vec<OsString>> {
    let unreadable = |error| failed("read", folder, error);
    let mut names = fs::read_dir(folder)
        .map_err(unreadable)?
        .map(|child| child.map(|child| child.file_name()))
        .collect::<std::io::Result<Vec<_>>>()
        .map_err(unreadable)?;
    names.sort_unstable_by(|a, b| b.as_encoded_bytes().cmp(a.as_encoded_bytes()));
    Ok(names)
}
