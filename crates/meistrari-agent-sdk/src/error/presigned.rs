//! Errors about presigned URLs: the query is a credential and comes out of everything that is shown.

use agent_core::Error;

use super::refusal;

/// Values of a query that are shorter than this are no signatures: `1` would be found everywhere.
const SHORTEST: usize = 12;

/// The same error without the query of the URL that was asked. Storage hosts quote parts of it in their answers, so
/// those go from the text as well; [`body`](super::FetchError::body) stays as it came.
pub(crate) fn without_signature(error: Error) -> Error {
    let Some(response) = error.response() else {
        return error;
    };
    let mut shown = response.clone();
    let Some((address, query)) = response.url.split_once('?') else {
        return error;
    };
    address.clone_into(&mut shown.url);
    let query = query.to_owned();
    let error = refusal(&shown, error);
    let message = redact(error.message(), &query);
    error.with_message(message).with_response(shown)
}

fn redact(text: &str, query: &str) -> String {
    let values = query.split('&').filter_map(|pair| pair.split_once('='));
    let decoded =
        url::form_urlencoded::parse(query.as_bytes()).map(|(_, value)| value.into_owned());
    let mut secrets: Vec<String> = std::iter::once(query.to_owned())
        .chain(values.map(|(_, value)| value.to_owned()))
        .chain(decoded)
        .filter(|secret| secret.len() >= SHORTEST)
        .collect();
    // The longest first: the whole query holds its values.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.iter().fold(text.to_owned(), |text, secret| {
        text.replace(secret, "[redacted]")
    })
}
