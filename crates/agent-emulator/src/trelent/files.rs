//! Files of a run's sandbox or of a shared drive: a tree in memory, its listing, and which paths a pattern picks.

use std::collections::BTreeMap;

use bytes::Bytes;

/// What a path is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// A file with its content.
    File(Bytes),
    /// A directory.
    Dir,
    /// A symbolic link with its target.
    Symlink(String),
}

/// One path in a [`FileTree`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: FileKind,
    /// The permission bits, such as `0o644`.
    pub mode: u32,
}

impl Node {
    /// A file that all may read.
    pub fn file(content: impl Into<Bytes>) -> Self {
        Self {
            kind: FileKind::File(content.into()),
            mode: 0o644,
        }
    }

    /// The content, if this is a file.
    pub fn content(&self) -> Option<&Bytes> {
        match &self.kind {
            FileKind::File(content) => Some(content),
            _ => None,
        }
    }
}

/// Files by absolute path, such as `/mnt/a.txt`, in byte order.
pub type FileTree = BTreeMap<String, Node>;

/// One line per path at or below `root`, as `ls -l` would show them with full paths.
pub(crate) fn listing(tree: &FileTree, root: &str) -> Vec<String> {
    below(tree, root)
        .map(|(path, node)| line(path, node))
        .collect()
}

/// The paths at or below `root`; `/` is above all.
pub(crate) fn below<'a>(
    tree: &'a FileTree,
    root: &'a str,
) -> impl Iterator<Item = (&'a String, &'a Node)> {
    tree.iter().filter(move |(path, _)| is_below(root, path))
}

/// Whether `path` is `root` or below it.
pub(crate) fn is_below(root: &str, path: &str) -> bool {
    path.strip_prefix(root.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn line(path: &str, node: &Node) -> String {
    let bits: String = (0..9)
        .map(|bit| {
            if node.mode & (0o400 >> bit) == 0 {
                '-'
            } else {
                ['r', 'w', 'x'][bit % 3]
            }
        })
        .collect();
    match &node.kind {
        FileKind::File(content) => format!("-{bits} {} {path}", content.len()),
        FileKind::Dir => format!("d{bits} 0 {path}"),
        FileKind::Symlink(target) => format!("l{bits} {} {path} -> {target}", target.len()),
    }
}

/// Whether a pattern picks a path: `?` is one character, `*` any within a segment, `**` any, `**/` also none.
pub(crate) fn glob(pattern: &str, path: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let path: Vec<char> = path.chars().collect();
    // reach[j]: the pattern so far matches the first j characters. Time is pattern × path, whatever they are.
    let mut reach = vec![false; path.len() + 1];
    reach[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        let mut next = vec![false; path.len() + 1];
        let star = pattern[at] == '*';
        let double = star && pattern.get(at + 1) == Some(&'*');
        let slash = double && pattern.get(at + 2) == Some(&'/');
        if star {
            let mut open = false;
            for j in 0..=path.len() {
                // A single star does not run over a slash.
                open = reach[j] || (open && (double || path[j - 1] != '/'));
                next[j] = if slash {
                    reach[j] || (open && j > 0 && path[j - 1] == '/')
                } else {
                    open
                };
            }
        } else {
            for j in 0..path.len() {
                let fits = if pattern[at] == '?' {
                    path[j] != '/'
                } else {
                    path[j] == pattern[at]
                };
                next[j + 1] = reach[j] && fits;
            }
        }
        reach = next;
        at += if slash {
            3
        } else if double {
            2
        } else {
            1
        };
    }
    reach[path.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_pick_paths() {
        for (pattern, path, expected) in [
            ("/**", "/mnt/a/b.txt", true),
            ("/**", "mnt", false),
            ("/mnt/*.txt", "/mnt/a.txt", true),
            ("/mnt/*.txt", "/mnt/a/b.txt", false),
            ("/mnt/**/b.txt", "/mnt/b.txt", true),
            ("/mnt/**/b.txt", "/mnt/x/y/b.txt", true),
            ("/mnt/**/b.txt", "/mnt/xb.txt", false),
            ("/mnt/?.txt", "/mnt/é.txt", true),
            ("/mnt/?.txt", "/mnt/ab.txt", false),
            ("", "", true),
            ("", "/", false),
            ("**", "", true),
        ] {
            assert_eq!(glob(pattern, path), expected, "{pattern} on {path}");
        }
        assert!(!glob(
            &"*a".repeat(200),
            &"a".repeat(2000).replace('a', "b")
        ));
    }

    #[test]
    fn a_listing_shows_type_mode_size_and_target() {
        let mut tree = FileTree::new();
        tree.insert(
            "/mnt/run.sh".into(),
            Node {
                mode: 0o755,
                ..Node::file("ab")
            },
        );
        tree.insert(
            "/mnt/d".into(),
            Node {
                kind: FileKind::Dir,
                mode: 0o750,
            },
        );
        tree.insert(
            "/mnt/l".into(),
            Node {
                kind: FileKind::Symlink("run.sh".into()),
                mode: 0o777,
            },
        );
        tree.insert("/mntx".into(), Node::file(""));
        assert_eq!(
            listing(&tree, "/mnt"),
            [
                "drwxr-x--- 0 /mnt/d",
                "lrwxrwxrwx 6 /mnt/l -> run.sh",
                "-rwxr-xr-x 2 /mnt/run.sh"
            ]
        );
    }
}
