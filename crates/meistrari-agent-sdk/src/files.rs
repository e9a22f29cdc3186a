//! The files that a session left behind.

use agent_core::sdk::{Request, Response, read_json_text};
use agent_core::{Call, Result, WithResponse};
use serde_json::Value;

use crate::client::AgentClient;
use crate::error::{check_segment, validation};
use crate::fields::{decode, text, wrong};
use crate::ops::{FETCH_SESSION_FILE, LIST_SESSION_FILES};
use crate::types::{SessionFile, SessionFiles};

impl AgentClient {
    /// The files of a session's sandbox as they were captured after the execution (`listSessionFiles`).
    pub fn list_session_files(&self, session_id: impl Into<String>) -> Call<SessionFiles> {
        self.about_session(&LIST_SESSION_FILES, session_id.into(), files)
    }

    /// One file (`fetchSessionFile`). `path` is one of the list; a `/` at its beginning is left out.
    ///
    /// Refused before anything is sent if the path is blank or has a `.` or `..` segment.
    pub fn fetch_session_file(
        &self,
        session_id: impl Into<String>,
        path: impl Into<String>,
    ) -> Call<SessionFile> {
        let (session_id, path) = (session_id.into(), path.into());
        Call::new(
            self.pipeline.clone(),
            FETCH_SESSION_FILE.name,
            move |caller| async move {
                check_segment("sessionId", &session_id)?;
                let path = path.trim_start_matches('/');
                if path.trim().is_empty() {
                    return Err(validation("path", "path must not be empty"));
                }
                if path.split('/').any(|segment| matches!(segment, "." | "..")) {
                    return Err(validation("path", "path must not contain dot segments"));
                }
                let request = Request::new(&FETCH_SESSION_FILE)
                    .param("sessionId", session_id)
                    .param("path", path);
                let response = caller.send(&request).await?;
                let file = decode(&response)?;
                Ok(WithResponse::new(file, response.meta))
            },
        )
    }
}

fn files(response: &Response) -> Result<SessionFiles> {
    let body = text(response)?;
    if !body.trim_start().starts_with('[') {
        return decode(response);
    }
    let list: Vec<Value> = read_json_text(body).map_err(|error| response.decode_error(&error))?;
    SessionFiles::from_list(list).map_err(|what| wrong(response, what))
}
