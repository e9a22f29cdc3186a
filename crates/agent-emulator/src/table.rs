//! Tables of operations: which row a method and a path ask for. The rows are each vendor's.

use hyper::Method;

/// A path without its slashes: `*` is any one segment, `**` at the end one or more.
pub(crate) type Path = &'static [&'static str];

/// Why no row fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Path,
    /// The path is there, with other methods.
    Method,
}

/// The row that a request asks for, and what stands for the stars of its path.
pub(crate) fn find<'a, R>(
    rows: &'a [R],
    asks: impl Fn(&R) -> (&Method, Path),
    method: &Method,
    segments: &[String],
) -> Result<(&'a R, Vec<String>), Missing> {
    let mut missing = Missing::Path;
    for row in rows {
        let (own, path) = asks(row);
        if let Some(ids) = ids(path, segments) {
            if own == method {
                return Ok((row, ids));
            }
            missing = Missing::Method;
        }
    }
    Err(missing)
}

/// What stands for the stars; `None` when the path is another, or nothing stands for one.
pub(crate) fn ids(path: &[&str], segments: &[String]) -> Option<Vec<String>> {
    let (path, rest) = match path {
        [path @ .., "**"] => {
            let (segments, rest) = segments.split_at_checked(path.len())?;
            return Some([ids(path, segments)?, vec![filled(rest.join("/"))?]].concat());
        }
        path => (path, segments),
    };
    if path.len() != rest.len() {
        return None;
    }
    let mut ids = Vec::new();
    for (expected, segment) in path.iter().zip(rest) {
        match *expected {
            "*" => ids.push(filled(segment.clone())?),
            literal if literal == segment => {}
            _ => return None,
        }
    }
    Some(ids)
}

fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &[(&str, Method, Path)] = &[
        ("list", Method::GET, &["runs"]),
        ("create", Method::POST, &["runs"]),
        ("wait", Method::POST, &["runs", "wait"]),
        ("get", Method::GET, &["runs", "*"]),
        ("file", Method::GET, &["runs", "*", "files", "**"]),
    ];

    #[test]
    fn the_first_row_with_the_path_and_the_method_is_found_with_its_ids() {
        let cases = [
            ("GET", "runs", Ok(("list", ""))),
            ("POST", "runs", Ok(("create", ""))),
            ("POST", "runs/wait", Ok(("wait", ""))),
            ("GET", "runs/wait", Ok(("get", "wait"))),
            ("GET", "runs/r1/files/a", Ok(("file", "r1|a"))),
            ("GET", "runs/r1/files/a/b", Ok(("file", "r1|a/b"))),
            ("DELETE", "runs/r1", Err(Missing::Method)),
            ("GET", "runs/", Err(Missing::Path)),
            ("GET", "runs//files/a", Err(Missing::Path)),
            ("GET", "runs/r1/files", Err(Missing::Path)),
            ("GET", "runs/r1/files/", Err(Missing::Path)),
            ("GET", "other", Err(Missing::Path)),
            ("GET", "", Err(Missing::Path)),
        ];
        for (method, path, expected) in cases {
            let method: Method = method.parse().unwrap();
            let segments: Vec<_> = path.split('/').map(str::to_owned).collect();
            let found = find(ROWS, |row| (&row.1, row.2), &method, &segments);
            let found = found.map(|(row, ids)| (row.0, ids.join("|")));
            let expected = expected.map(|(name, ids)| (name, ids.to_owned()));
            assert_eq!(found, expected, "{method} {path}");
        }
    }
}
