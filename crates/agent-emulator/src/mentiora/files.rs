//! Files: uploads in base64, lists, contents.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};

use super::errors::{Answer, Refusal};
use super::read::{Members, Page, bare};
use crate::http::{self, Request};
use crate::vendors::World;

#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) id: String,
    pub(crate) filename: String,
    pub(crate) mime_type: String,
    pub(crate) content: Bytes,
    description: Option<String>,
    created_at: String,
}

impl File {
    fn show(&self) -> Value {
        json!({
            "file_id": self.id,
            "filename": self.filename,
            "mime_type": self.mime_type,
            "size": self.content.len(),
            "description": self.description,
            "created_at": self.created_at,
            "updated_at": self.created_at,
        })
    }
}

/// All files, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Files(Vec<File>);

impl Files {
    pub(crate) fn find(&self, id: &str) -> Answer<&File> {
        let found = self.0.iter().find(|file| file.id == id);
        found.ok_or_else(|| Refusal::not_found("not_found", "File not found"))
    }

    pub(crate) fn upload(&mut self, request: &Request, world: &World) -> Answer {
        let mut body = Members::of(request)?;
        let (filename, mime_type) = (
            body.required_text("filename")?,
            body.required_text("mime_type")?,
        );
        let content = body.required_text("content")?;
        let description = body.text("description")?;
        body.end()?;
        let content = STANDARD
            .decode(content)
            .map_err(|_| Refusal::invalid("content must be base64 with padding"))?;
        if filename.is_empty() || mime_type.is_empty() {
            return Err(Refusal::invalid("filename and mime_type must not be empty"));
        }
        let file = File {
            id: world.ids.next("file"),
            filename,
            mime_type,
            content: content.into(),
            description,
            created_at: world.clock.text(world.clock.now()),
        };
        let answer = json!({"file_id": file.id});
        self.0.push(file);
        Ok(http::json(StatusCode::CREATED, &answer))
    }

    pub(crate) fn list(&self, request: &Request) -> Answer {
        let page = Page::of(request, true)?;
        let query = page.query.clone().unwrap_or_default();
        let fits = |file: &&File| file.filename.contains(&query);
        let all: Vec<_> = self.0.iter().filter(fits).map(File::show).collect();
        Ok(http::json(StatusCode::OK, &page.cut(&all)))
    }

    pub(crate) fn get(&self, request: &Request, id: &str) -> Answer {
        bare(request)?;
        Ok(http::json(StatusCode::OK, &self.find(id)?.show()))
    }

    pub(crate) fn content(&self, request: &Request, id: &str) -> Answer {
        bare(request)?;
        if request.headers.contains_key(CONTENT_TYPE) {
            return Err(Refusal::invalid("A download has no Content-Type"));
        }
        let file = self.find(id)?;
        let mut reply = http::bytes(
            StatusCode::OK,
            "application/octet-stream",
            file.content.clone(),
        );
        if let Ok(kind) = HeaderValue::from_str(&file.mime_type) {
            reply.headers_mut().insert(CONTENT_TYPE, kind);
        }
        Ok(reply)
    }

    pub(crate) fn delete(&mut self, request: &Request, id: &str) -> Answer {
        bare(request)?;
        self.find(id)?;
        self.0.retain(|file| file.id != id);
        Ok(http::json(StatusCode::OK, &json!({"deleted": true})))
    }
}
