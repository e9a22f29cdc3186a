//! Base URLs, path templates and queries.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::error::{Error, Result};
use crate::op::Op;

/// Everything but RFC 3986's unreserved characters.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Everything but what JavaScript's `encodeURIComponent` leaves alone.
const URI_COMPONENT: &AsciiSet = &UNRESERVED
    .remove(b'!')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// How a vendor's clients encode a value within a path or query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Everything but `A–Z a–z 0–9 - . _ ~`.
    Unreserved,
    /// As JavaScript's `encodeURIComponent`.
    UriComponent,
    /// As HTML forms: a space is `+`. For queries only.
    Form,
}

impl Encoding {
    /// `value` as one path segment or query value.
    pub fn encode(self, value: &str) -> String {
        let mut out = String::with_capacity(value.len());
        self.push(&mut out, value);
        out
    }

    fn push(self, out: &mut String, value: &str) {
        match self {
            Self::Unreserved => out.extend(utf8_percent_encode(value, UNRESERVED)),
            Self::UriComponent => out.extend(utf8_percent_encode(value, URI_COMPONENT)),
            Self::Form => out.extend(url::form_urlencoded::byte_serialize(value.as_bytes())),
        }
    }
}

/// An absolute http or https URL without query, fragment and trailing slashes; a path prefix is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    url: Url,
}

impl BaseUrl {
    /// Parses `text`. `name` is the option's name, for the error's text.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let text = text.trim();
        let url = Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .filter(|_| is_plain(text))
            .ok_or_else(|| Error::config(format!("{name} is not a valid http(s) URL")))?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Error::config(format!(
                "{name} must not have a query or fragment"
            )));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::config(format!(
                "{name} must not hold a user name or password"
            )));
        }
        let text = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { text, url })
    }

    /// The URL without trailing slashes.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The parsed URL.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

/// Whether an http URL is written as one. Its parser, made for what people type into browsers, also takes slashes that are
/// missing, too many or turned round, and drops line breaks.
fn is_plain(text: &str) -> bool {
    let after = text.split_once("://").map_or("", |(_, after)| after);
    !after.is_empty()
        && !after.starts_with('/')
        && !text.contains(|c: char| c.is_control() || c == '\\')
}

/// Whether two URLs have the same scheme, host and port.
pub fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme()
        && a.host() == b.host()
        && a.port_or_known_default() == b.port_or_known_default()
}

/// Whether `url`'s host is this machine by name or address.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback())
        }
        None => false,
    }
}

/// Appends `template` with its parameters filled in to `out`.
///
/// A value that is empty, `.` or `..` is refused: it would reach another route.
pub(crate) fn expand(
    out: &mut String,
    template: &str,
    params: &[(Cow<'static, str>, String)],
    encoding: Encoding,
) -> Result<()> {
    let start = out.len();
    let mut rest = template;
    while let Some((before, tail)) = rest.split_once('{') {
        let Some((name, after)) = tail.split_once('}') else {
            break;
        };
        out.push_str(before);
        let (name, segments) = match name.strip_prefix('+') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let value = params
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.as_str())
            .ok_or_else(|| {
                Error::config(format!(
                    "the path template needs {name}, which this operation does not have"
                ))
            })?;
        if value.is_empty() {
            return Err(Error::invalid_argument(format!("{name} must not be empty")));
        }
        if segments {
            for (index, segment) in value.split('/').enumerate() {
                if index > 0 {
                    out.push('/');
                }
                refuse_dots(name, segment)?;
                encoding.push(out, segment);
            }
        } else {
            refuse_dots(name, value)?;
            encoding.push(out, value);
        }
        rest = after;
    }
    out.push_str(rest);
    let path = out.get(start..).unwrap_or_default();
    if has_dot_segment(path) {
        return Err(Error::invalid_argument(
            "the parameters of the path must not make a dot segment",
        ));
    }
    Ok(())
}

/// Whether a path has a segment that URL parsers take for "here" or "one up".
pub(crate) fn has_dot_segment(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    path.split('/').any(|segment| {
        let segment = segment.to_ascii_lowercase().replace("%2e", ".");
        matches!(&*segment, "." | "..")
    })
}

/// Refuses a template that can not stand in for that of `op`.
pub(crate) fn check_template(template: &str, op: &Op) -> Result<()> {
    let refuse = |why: &str| Err(Error::config(format!("the path of {} {why}", op.name)));
    if !template.starts_with('/') || template.starts_with("//") {
        return refuse("must begin with one /");
    }
    if !template
        .bytes()
        .all(|b| b.is_ascii_graphic() && !matches!(b, b'#' | b'\\'))
    {
        return refuse("must be visible ASCII without # and \\");
    }
    if has_dot_segment(template) {
        return refuse("must not have dot segments");
    }
    let mut pieces = template.split('{');
    let before = pieces.next().unwrap_or_default();
    let mut balanced = !before.contains('}');
    for piece in pieces {
        let Some((name, after)) = piece.split_once('}') else {
            balanced = false;
            break;
        };
        balanced &= !after.contains('}');
        let name = name.strip_prefix('+').unwrap_or(name);
        let known = [format!("{{{name}}}"), format!("{{+{name}}}")];
        if !known.iter().any(|known| op.path.contains(known.as_str())) {
            return refuse(&format!("has no parameter {name:?}"));
        }
    }
    if !balanced {
        return refuse("has a brace without its counterpart");
    }
    Ok(())
}

fn refuse_dots(name: &str, segment: &str) -> Result<()> {
    if matches!(segment, "." | "..") {
        return Err(Error::invalid_argument(format!(
            "{name} must not be a dot segment"
        )));
    }
    Ok(())
}

/// Appends one pair to the query of the URL in `out`.
pub(crate) fn push_query(out: &mut String, name: &str, value: &str, encoding: Encoding) {
    out.push(if out.contains('?') { '&' } else { '?' });
    encoding.push(out, name);
    out.push('=');
    encoding.push(out, value);
}
