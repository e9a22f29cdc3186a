//! From the data of a frame to an event: liberal, never losing anything.

use agent_core::Error;
use serde_json::Value;

use super::{ErrorEvent, ResultEvent, SessionStreamEvent, StatusEvent, StepsEvent, UnknownEvent};
use crate::fields::{Fields, cursor};

/// The event in `text`. `name` is the frame's own, which counts where the data name no kind.
pub(crate) fn from_text(text: &str, name: &str) -> Result<SessionStreamEvent, Error> {
    match Fields::parse(text) {
        Ok(fields) => Ok(event(fields, name)),
        Err(error) => Err(Error::decode(format!(
            "an event is not a JSON object (line {} column {})",
            error.line(),
            error.column()
        ))
        .with_details(text.into())),
    }
}

pub(super) fn event(mut fields: Fields<'_>, name: &str) -> SessionStreamEvent {
    let kind = match fields.left().get("kind").and_then(Value::as_str) {
        Some(kind) if !kind.is_empty() => kind.to_owned(),
        _ if name == "message" => String::new(),
        _ => name.to_owned(),
    };
    let next_cursor = fields.left().get("nextCursor").and_then(cursor);
    let may_repeat = false;
    let readable = match kind.as_str() {
        "status" => fields.left().get("status").is_some_and(Value::is_string),
        "steps" | "result" | "error" => true,
        _ => false,
    };
    if !readable {
        return SessionStreamEvent::Unknown(UnknownEvent {
            kind,
            next_cursor,
            may_repeat,
            raw: fields.rest(),
        });
    }
    // As a whole it is needed for errors alone, which come once.
    let whole = (kind == "error").then(|| fields.left().clone());
    fields.string("kind");
    fields.cursor("nextCursor");
    match kind.as_str() {
        "status" => SessionStreamEvent::Status(StatusEvent {
            status: fields.string("status").unwrap_or_default().into(),
            next_cursor,
            may_repeat,
            extra: fields.rest(),
        }),
        "steps" => SessionStreamEvent::Steps(StepsEvent {
            steps: match fields.any("steps") {
                None => Vec::new(),
                Some(Value::Array(steps)) => steps,
                Some(step) => vec![step],
            },
            next_cursor,
            may_repeat,
            extra: fields.rest(),
        }),
        "result" => SessionStreamEvent::Result(ResultEvent {
            status: fields.string("status").map(Into::into),
            result: fields.any("result").unwrap_or_default(),
            next_cursor,
            may_repeat,
            extra: fields.rest(),
        }),
        _ => {
            let error = fields.error().or_else(|| {
                let message = fields.left().get("message")?;
                message.as_str().map(str::to_owned)
            });
            let whole = || Value::Object(whole.unwrap_or_default()).to_string();
            SessionStreamEvent::Error(ErrorEvent {
                error: error.unwrap_or_else(whole),
                next_cursor,
                may_repeat,
                extra: fields.rest(),
            })
        }
    }
}
