//! What must hold whatever the server sends: one function per subject, which panics if it does not.
//!
//! The properties of this crate's tests call them with generated input, the fuzz targets with input that a fuzzer
//! finds. Not for users.

// Panicking is how these report; nothing else calls them.
#![allow(clippy::missing_panics_doc, clippy::panic, clippy::unwrap_used)]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt::Debug;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use agent_core::error::ErrorResponse;
use agent_core::fuzzing::{has_fraction, one_line, reversed};
use agent_core::sdk::read_json_text;
use agent_core::{Error, ErrorKind};
use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::{Host, Url};

use crate::error::{refusal, without_signature};
use crate::events::decode_event;
use crate::fields::Extra;
use crate::{
    CancelSessionResponse, ErrorExt as _, ExecuteAgentResponse, SessionFile, SessionFiles,
    SessionStreamEvent, SessionTimelineResponse, SessionWebhookConfig, SessionWebhookEventPayload,
    UpdateAgentModelResponse, VaultReference, extract_vault_references, is_vault_reference,
    parse_session_stream,
};

/// The fields of which an event's known ones are made.
const READ: [&str; 6] = ["kind", "nextCursor", "status", "steps", "result", "error"];

/// Decodes any text as an event in a frame of this name.
pub fn event(text: &str, name: &str) {
    let whole: Option<Extra> = read_json_text(text).ok();
    match (decode_event(text, name), whole) {
        (Err(error), None) => {
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert_eq!(error.details(), Some(&Value::from(text)));
            one_line(&error);
        }
        (Ok(event), Some(whole)) => {
            let own = whole.get("kind").and_then(Value::as_str);
            let own = own.filter(|kind| !kind.is_empty());
            let name_or_none = if name == "message" { "" } else { name };
            assert_eq!(event.kind(), own.unwrap_or(name_or_none));
            for (field, value) in &whole {
                if !READ.contains(&field.as_str()) {
                    assert_eq!(event.extra().get(field), Some(value), "{field} is lost");
                }
            }
            let written = is_written_once(&event);
            let again = decode_event(&written, name).unwrap();
            let whole = Value::Object(whole);
            if !has_fraction(&whole) {
                assert!(is_same(&again, &event), "{again:?} {event:?}");
                let other = decode_event(&reversed(&whole), name).unwrap();
                assert!(is_same(&other, &event), "{other:?} {event:?}");
            }
        }
        (read, whole) => panic!("{text}: {read:?}, as JSON {whole:?}"),
    }
}

/// Whether two events are the same. The text of an error may be the JSON it came in, in the server's order and with the
/// fields that are in the frame's name elsewhere.
fn is_same(one: &SessionStreamEvent, other: &SessionStreamEvent) -> bool {
    match (one, other) {
        (SessionStreamEvent::Error(a), SessionStreamEvent::Error(b)) => {
            (&a.extra, a.next_cursor) == (&b.extra, b.next_cursor)
        }
        _ => one == other,
    }
}

/// The value as JSON, in which no key stands twice: that would make it longer.
fn is_written_once(value: &impl Serialize) -> String {
    let written = serde_json::to_string(value).unwrap();
    let tree = serde_json::to_value(value).unwrap();
    assert_eq!(written.len(), tree.to_string().len(), "{written}");
    written
}

/// Bytes that are there at once.
struct Pieces(VecDeque<Bytes>);

impl Stream for Pieces {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

/// Reads the bytes whole and in pieces of these lengths, in turn: the same comes of it.
pub fn stream(bytes: &[u8], lengths: &[usize]) {
    let mut pieces = VecDeque::new();
    let mut rest = bytes;
    for length in lengths.iter().cycle().map(|length| (*length).max(1)) {
        if rest.is_empty() {
            break;
        }
        let (piece, behind) = rest.split_at(length.min(rest.len()));
        pieces.push_back(Bytes::copy_from_slice(piece));
        rest = behind;
    }
    let whole = read(VecDeque::from([Bytes::copy_from_slice(bytes)]));
    if !lengths.is_empty() {
        assert_eq!(read(pieces), whole);
    }
}

/// Everything that comes of a stream: its items and the last position.
fn read(pieces: VecDeque<Bytes>) -> (Vec<Result<SessionStreamEvent, String>>, Option<i64>) {
    let mut events = parse_session_stream(Pieces(pieces));
    let mut items = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    let mut position = None;
    let mut over = false;
    while let Poll::Ready(Some(item)) = Pin::new(&mut events).poll_next(&mut context) {
        assert!(!over, "an item behind the last one");
        match &item {
            Ok(event) => {
                position = event.next_cursor().or(position);
                over = match event {
                    SessionStreamEvent::Error(_) => true,
                    SessionStreamEvent::Result(result) => result.is_final(),
                    _ => false,
                };
            }
            Err(error) if error.is_stream_interrupted() => {
                assert_eq!(error.cursor(), position.map(Into::into));
                over = true;
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::Decode),
        }
        items.push(item.map_err(|error| error.to_string()));
    }
    assert_eq!(events.cursor(), position.map(Into::into));
    (items, position)
}

/// Reads any body of a refusal.
pub fn error_body(status: u16, body: &[u8]) {
    let error = refused(status, "https://api.example/v4/x?cursor=1", body);
    let message = error.message();
    let head = "Failed to GET https://api.example/v4/x?cursor=1: ";
    assert!(message.starts_with(head), "{message}");
    let refused = error.as_fetch_error().unwrap();
    assert_eq!((refused.status(), &*refused.to_string()), (status, message));
    let text = String::from_utf8_lossy(body);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let shown = message.split_once(":\n").unwrap().1;
    match serde_json::from_str::<Value>(text) {
        Ok(value) if text.len() <= crate::wire::MAX_ERROR_TEXT => {
            let again: Value = serde_json::from_str(shown).unwrap();
            assert!(again == value || has_fraction(&value), "{shown}");
        }
        // A field of a name that comes twice is no value but may be shown.
        _ => assert!(!shown.is_empty() || text.is_empty()),
    }
    one_line(&error);
}

/// Reads any body of a refusal of a download whose address has this query.
pub fn presigned(query: &str, body: &[u8]) {
    let url = format!("https://storage.example/o?{query}");
    let error = without_signature(refused(403, &url, body));
    let refused = error.as_fetch_error().unwrap();
    assert_eq!(refused.url(), "https://storage.example/o");
    for (_, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let plain = value.bytes().all(|b| b.is_ascii_alphanumeric());
        if plain && value.len() >= 16 {
            assert!(!error.message().contains(&*value), "{value} is shown");
            assert!(!format!("{error} {error:?} {refused:?}").contains(&*value));
        }
    }
    one_line(&error);
}

fn refused(status: u16, url: &str, body: &[u8]) -> Error {
    let response = ErrorResponse {
        method: Method::GET,
        url: url.to_owned(),
        status: StatusCode::from_u16(status).unwrap(),
        reason: String::new(),
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(body),
        truncated: false,
    };
    refusal(&response, Error::new(ErrorKind::Api, "")).with_response(response)
}

/// Reads any text as the answer of every call.
pub fn answer(text: &str) {
    is_read_again::<ExecuteAgentResponse>(text);
    is_read_again::<CancelSessionResponse>(text);
    is_read_again::<UpdateAgentModelResponse>(text);
    is_read_again::<SessionTimelineResponse>(text);
    is_read_again::<SessionFiles>(text);
    if let Some(file) = is_read_again::<SessionFile>(text) {
        let _ = (file.bytes(), file.text());
    }
    is_read_again::<SessionWebhookEventPayload>(text);
    let payload = SessionWebhookEventPayload::from_slice(text.as_bytes());
    if let Err(error) = payload {
        assert_eq!(error.kind(), ErrorKind::Decode);
        one_line(&error);
    }
}

/// What is written is the same value, and holds no key twice.
fn is_read_again<T: DeserializeOwned + Serialize + PartialEq + Debug>(text: &str) -> Option<T> {
    let read: T = serde_json::from_str(text).ok()?;
    let written = is_written_once(&read);
    let again: T = serde_json::from_str(&written).unwrap();
    let tree: Value = serde_json::from_str(&written).unwrap();
    assert!(again == read || has_fraction(&tree), "{written}");
    Some(read)
}

/// Reads any text as a reference, and looks for references in it.
pub fn reference(text: &str) {
    match VaultReference::parse(text) {
        Ok(reference) => {
            let id = reference.file_id();
            assert_eq!(reference.to_string().len(), text.len());
            // It stays one segment of the path, as it is.
            let url = Url::parse(&format!("https://vault.example/files/{id}")).unwrap();
            assert_eq!(url.path(), format!("/files/{id}"));
            assert!(url.query().is_none() && url.fragment().is_none());
        }
        Err(error) => {
            assert_eq!(error.reference(), Some(text));
            assert!(!is_vault_reference(text));
            one_line(&error);
        }
    }
    let found = extract_vault_references(text);
    let mut rest = text;
    for reference in &found {
        assert!(is_vault_reference(reference), "{reference}");
        let at = rest.find(reference).unwrap();
        rest = rest.get(at + reference.len()..).unwrap();
    }
    if is_vault_reference(text) {
        assert_eq!(found, [text]);
    }
}

/// Takes any text for the URL of a webhook.
pub fn webhook_url(text: &str) {
    match SessionWebhookConfig::new(text).validate() {
        Ok(()) => {
            let url = Url::parse(text).unwrap();
            assert_eq!(url.scheme(), "https");
            let address = match url.host().unwrap() {
                Host::Ipv4(address) => IpAddr::V4(address),
                Host::Ipv6(address) => address
                    .to_ipv4_mapped()
                    .map_or(IpAddr::V6(address), IpAddr::V4),
                Host::Domain(name) => {
                    let name = name.strip_suffix('.').unwrap_or(name);
                    let last = name.rsplit('.').next().unwrap();
                    assert!(
                        !["localhost", "local", "internal"].contains(&last),
                        "{name}"
                    );
                    return;
                }
            };
            assert!(
                !address.is_loopback() && !address.is_unspecified(),
                "{text}"
            );
            if let IpAddr::V4(address) = address {
                let forbidden = address.is_private() || address.is_link_local();
                assert!(!forbidden && !address.is_broadcast(), "{text}");
            }
        }
        Err(error) => {
            assert_eq!(error.field(), Some("webhooks[0].url"));
            one_line(&error);
        }
    }
}

/// Signs any body with any secret, and takes any text for its signature.
#[cfg(feature = "webhooks")]
pub fn webhook_signature(body: &[u8], signature: &str, secret: &str) {
    let verify = |body: &[u8], signature: &str, secret: &str| {
        crate::verify_webhook_signature(body, Some(signature), secret)
    };
    let own = crate::sign_webhook(body, secret);
    assert_eq!(verify(body, &own, secret), !secret.is_empty());
    assert!(!verify(body, &own, &format!("{secret}x")));
    assert!(!verify(&[body, b"x"].concat(), &own, secret));
    if verify(body, signature, secret) {
        assert!(signature.len() >= 44, "{signature}");
    }
}
