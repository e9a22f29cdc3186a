//! A decoder that follows the standard's text step by step and cares for nothing else.

use std::time::Duration;

use crate::{Outcome, Seen};

/// Decodes a whole stream. With `unfinished`, its end ends the last line, and the last block if that has data.
pub(crate) fn decode(stream: &[u8], unfinished: bool) -> Outcome {
    // "Streams must be decoded using the UTF-8 decode algorithm", which strips one leading BOM.
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = text.split('\n').collect();
    let last_line = lines.pop().unwrap_or_default();

    let mut state = State::default();
    for line in lines {
        state.line(line);
    }
    if unfinished {
        if !last_line.is_empty() {
            state.line(last_line);
        }
        if !state.data.is_empty() {
            state.line("");
        }
    }
    Outcome {
        frames: state.frames,
        error: None,
        last_event_id: state.last_event_id,
        retry: state.retry,
    }
}

#[derive(Default)]
struct State {
    data: String,
    event: String,
    /// The last event ID buffer.
    id_buffer: String,
    /// Not in the standard: the id of this block alone.
    own_id: Option<String>,
    /// The last event ID string.
    last_event_id: String,
    retry: Option<Duration>,
    frames: Vec<Seen>,
}

impl State {
    fn line(&mut self, line: &str) {
        if line.is_empty() {
            self.dispatch();
        } else if line.starts_with(':') {
            // Ignore the line.
        } else if let Some((field, value)) = line.split_once(':') {
            self.field(field, value.strip_prefix(' ').unwrap_or(value));
        } else {
            self.field(line, "");
        }
    }

    fn field(&mut self, field: &str, value: &str) {
        match field {
            "event" => value.clone_into(&mut self.event),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => {
                value.clone_into(&mut self.id_buffer);
                self.own_id = Some(value.to_owned());
            }
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                // Only too many digits can fail to parse.
                self.retry = Some(Duration::from_millis(value.parse().unwrap_or(u64::MAX)));
            }
            _ => {}
        }
    }

    fn dispatch(&mut self) {
        self.id_buffer.clone_into(&mut self.last_event_id);
        let own_id = self.own_id.take();
        let event = std::mem::take(&mut self.event);
        let mut data = std::mem::take(&mut self.data);
        if data.is_empty() {
            return;
        }
        data.pop();
        self.frames.push(Seen {
            event: if event.is_empty() {
                "message".to_owned()
            } else {
                event
            },
            data,
            id: own_id,
            last_event_id: self.last_event_id.clone(),
        });
    }
}
