//! The toy vendor's rules for following a run.
//!
//! `data` holds a number: an event at that position. Other events: `many` gives the events of a range `a-b`, `bad` an
//! error item, `ask` asks for the status, `reopen` begins again after so many milliseconds, `fail` and `end` end it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_core::sdk::{Broke, Follow, Next, Open, Out, Pipeline, Request, Response, Scene};
use agent_core::sse::Frame;
use agent_core::{Cursor, End, Error, ErrorKind, EventStream, Limit, Result, StreamOptions};

use super::{EVENTS, STATUS};

/// What a toy stream does when its connection is over.
#[derive(Clone, Copy, Debug)]
pub enum After {
    Fail,
    Finish,
    Reopen(Duration),
    GoOn,
    Ask,
}

/// The rules, and a diary of what they were told.
#[derive(Clone, Debug)]
pub struct Rules {
    pub eof: After,
    pub lost: After,
    pub idle: After,
    pub refused: After,
    pub unfinished: bool,
    pub open_once: bool,
    pub last: Option<u64>,
    pub diary: Arc<Mutex<Vec<String>>>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            eof: After::Finish,
            lost: After::Fail,
            idle: After::Fail,
            refused: After::Fail,
            unfinished: false,
            open_once: false,
            last: None,
            diary: Arc::default(),
        }
    }
}

impl Rules {
    /// What the rules were told, in order.
    pub fn told(&self) -> Vec<String> {
        self.diary.lock().unwrap().clone()
    }

    pub fn follow(&self, client: &Pipeline) -> EventStream<u64> {
        self.follow_with(client, StreamOptions::new())
    }

    pub fn follow_with(&self, client: &Pipeline, options: StreamOptions) -> EventStream<u64> {
        client.follow(EVENTS.name, self.clone(), options)
    }

    fn note(&self, what: impl Into<String>) {
        self.diary.lock().unwrap().push(what.into());
    }

    fn event(&mut self, position: u64, out: &mut Out<u64>) {
        if self.last.is_none_or(|last| position > last) {
            self.last = Some(position);
            out.item_at(Ok(position), Cursor::from(position));
        }
    }
}

fn status() -> Next {
    Next::Ask(Box::new(Request::new(&STATUS)))
}

impl Follow for Rules {
    type Item = u64;

    fn open(&mut self) -> Open {
        let request = Request::new(&EVENTS).query_opt("after", self.last);
        Open::Sse(if self.open_once {
            request.open_once()
        } else {
            request
        })
    }

    fn frame(&mut self, frame: Frame, _: &Scene<'_>, out: &mut Out<u64>) -> Next {
        let data = frame.data().into_owned();
        match &*frame.event() {
            "many" => {
                let (from, to) = data.split_once('-').unwrap();
                for position in from.parse().unwrap()..=to.parse().unwrap() {
                    self.event(position, out);
                }
            }
            "mixed" => {
                self.event(1, out);
                out.item(Err(Error::decode("an event that can not be read")));
                self.event(2, out);
            }
            "bad" => out.item(Err(Error::decode("an event that can not be read"))),
            "skip" => out.position(Cursor::from(data.parse::<u64>().unwrap())),
            "ask" => return status(),
            "reopen" => return Next::Reopen(Duration::from_millis(data.parse().unwrap())),
            "fail" => {
                return Next::Fail(Error::new(ErrorKind::Operation, data).with_code("run_failed"));
            }
            "end" => return Next::Finish(End::Terminal),
            _ => self.event(data.parse().unwrap(), out),
        }
        Next::Read
    }

    fn answer(&mut self, answer: Result<Response>, _: &Scene<'_>, _: &mut Out<u64>) -> Next {
        match answer {
            Ok(response) => {
                let text = String::from_utf8_lossy(&response.body).into_owned();
                self.note(format!("answer {text}"));
                if text.contains("done") {
                    Next::Finish(End::Terminal)
                } else {
                    Next::Read
                }
            }
            Err(error) => Next::Fail(error),
        }
    }

    fn broke(&mut self, broke: Broke, scene: &Scene<'_>, _: &mut Out<u64>) -> Next {
        let (name, after) = match &broke {
            Broke::Eof => ("eof".to_owned(), self.eof),
            Broke::Lost(_) => ("lost".to_owned(), self.lost),
            Broke::Idle(silence) => (format!("idle {}", silence.as_secs()), self.idle),
            Broke::Refused(_) => ("refused".to_owned(), self.refused),
        };
        self.note(format!(
            "{name} at {}s, connected {:?}",
            scene.elapsed().as_secs(),
            scene.connected().map(|age| age.as_secs()),
        ));
        match after {
            After::Fail => Next::Fail(broke.into_error()),
            After::Finish => Next::Finish(End::ServerClosed),
            After::Reopen(wait) => Next::Reopen(wait),
            After::GoOn => Next::Read,
            After::Ask => status(),
        }
    }

    fn idle(&self) -> Limit {
        Limit::After(Duration::from_secs(120))
    }

    fn dispatches_unfinished(&self) -> bool {
        self.unfinished
    }
}

/// Everything that `stream` gives: positions as they are, errors as their kind.
pub async fn drain(stream: &mut EventStream<u64>) -> Vec<String> {
    let mut seen = Vec::new();
    while let Some(item) = stream.next().await {
        seen.push(match item {
            Ok(position) => position.to_string(),
            Err(error) => format!("{:?}", error.kind()),
        });
        assert!(seen.len() < 10_000, "the stream does not end");
    }
    seen
}

/// A frame at a position.
pub fn at(position: u64) -> String {
    format!("data: {position}\n\n")
}

/// A frame of another event.
pub fn event(name: &str, data: &str) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}
