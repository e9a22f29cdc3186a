//! Which requests a fault is for.

use super::queue::Target;

/// Everything that is set has to fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Filter {
    pub(crate) vendor: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) path: Option<String>,
}

impl Filter {
    pub(crate) fn fits(&self, target: &Target<'_>) -> bool {
        let vendor = self.vendor.as_deref();
        let method = self.method.as_deref();
        vendor.is_none_or(|vendor| vendor == target.vendor)
            && method.is_none_or(|method| method.eq_ignore_ascii_case(target.method))
            && self
                .path
                .as_deref()
                .is_none_or(|path| is_like(path, target.path))
    }
}

/// Whether `path` is like `pattern`, in which `*` is any one segment, and `**` at the end any number of them.
fn is_like(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let mut wanted = pattern.split('/').peekable();
    while let Some(want) = wanted.next() {
        if want == "**" && wanted.peek().is_none() {
            return true;
        }
        match segments.next() {
            Some(segment) if want == "*" || want == segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_compared_segment_by_segment() {
        for (pattern, path, like) in [
            ("/runs", "/runs", true),
            ("/runs", "/runs/1", false),
            ("/runs/*", "/runs/1", true),
            ("/runs/*", "/runs", false),
            ("/runs/*/events", "/runs/1/events", true),
            ("/runs/*/events", "/runs/1/status", false),
            ("/runs/**", "/runs/1/events", true),
            ("/runs/**", "/runs", true),
            ("/**", "/", true),
            ("**", "/runs/1", true),
        ] {
            assert_eq!(is_like(pattern, path), like, "{pattern} {path}");
        }
    }

    #[test]
    fn all_that_is_set_has_to_fit() {
        let target = Target {
            vendor: "trelent",
            method: "GET",
            path: "/runs",
        };
        let fits = |vendor: &str, method: &str, path: &str| {
            let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let filter = Filter {
                vendor: text(vendor),
                method: text(method),
                path: text(path),
            };
            filter.fits(&target)
        };
        assert!(fits("", "", ""));
        assert!(fits("trelent", "get", "/runs"));
        assert!(!fits("other", "", ""));
        assert!(!fits("", "POST", ""));
        assert!(!fits("", "", "/token"));
    }
}
