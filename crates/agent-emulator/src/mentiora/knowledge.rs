//! Knowledge bases, and documents that become ready as time passes.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::errors::{Answer, Refusal};
use super::files::{File, Files};
use super::read::{Members, Page, bare};
use crate::clock::Moment;
use crate::http::{self, Reply, Request};
use crate::vendors::World;

/// All knowledge bases, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Knowledge(Vec<Base>);

#[derive(Debug)]
struct Base {
    id: String,
    name: String,
    description: Option<String>,
    created_at: String,
    updated_at: String,
    documents: Vec<Document>,
}

#[derive(Debug)]
struct Document {
    id: String,
    file: File,
    added: Moment,
}

impl Document {
    /// Pending for one pace, read for another; files without content can not be read.
    fn status(&self, world: &World) -> &'static str {
        let age = world.clock.now().saturating_sub(self.added);
        if age < world.pace {
            "PENDING"
        } else if age < world.pace * 2 {
            "INGESTING"
        } else if self.file.content.is_empty() {
            "FAILED"
        } else {
            "READY"
        }
    }

    fn show(&self, base: &str, world: &World) -> Value {
        let status = self.status(world);
        let done = self.added + world.pace * 2;
        json!({
            "document_id": self.id,
            "knowledge_id": base,
            "file_id": self.file.id,
            "filename": self.file.filename,
            "mime_type": self.file.mime_type,
            "file_size": self.file.content.len(),
            "status": status,
            "last_ingested_at": (status == "READY").then(|| world.clock.text(done)),
            "created_at": world.clock.text(self.added),
            "updated_at": world.clock.text(self.added),
            "parse_error": (status == "FAILED").then_some("The file is empty"),
        })
    }
}

impl Base {
    fn show(&self, world: &World) -> Value {
        let done = |document: &&Document| document.status(world) == "READY";
        let last = self
            .documents
            .iter()
            .filter(done)
            .map(|document| document.added)
            .max();
        json!({
            "knowledge_id": self.id,
            "name": self.name,
            "description": self.description,
            "document_count": self.documents.len(),
            "last_ingested_at": last.map(|added| world.clock.text(added + world.pace * 2)),
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }

    fn details(&self, world: &World) -> Value {
        let mut details = self.show(world);
        let count = |status| {
            let all = self.documents.iter();
            all.filter(|document| document.status(world) == status)
                .count()
        };
        details["status_counts"] = ["PENDING", "INGESTING", "READY", "FAILED"]
            .map(|status| (status.to_owned(), Value::from(count(status))))
            .into_iter()
            .collect::<serde_json::Map<_, _>>()
            .into();
        details
    }

    fn document(&self, id: &str) -> Answer<&Document> {
        let found = self.documents.iter().find(|document| document.id == id);
        found.ok_or_else(|| Refusal::not_found("not_found", "Document not found"))
    }
}

fn named(request: &Request) -> Answer<(String, Option<String>)> {
    let mut body = Members::of(request)?;
    let name = body.required_text("name")?;
    let description = body.text("description")?;
    body.end()?;
    if name.trim().is_empty() {
        return Err(Refusal::invalid("name must not be empty"));
    }
    Ok((name, description))
}

fn ok(value: &Value) -> Reply {
    http::json(StatusCode::OK, value)
}

impl Knowledge {
    fn find(&mut self, id: &str) -> Answer<&mut Base> {
        let found = self.0.iter_mut().find(|base| base.id == id);
        found.ok_or_else(|| Refusal::not_found("not_found", "Knowledge base not found"))
    }

    /// Whether a document was made from this file.
    pub(crate) fn uses(&self, file: &str) -> bool {
        let mut documents = self.0.iter().flat_map(|base| &base.documents);
        documents.any(|document| document.file.id == file)
    }

    pub(crate) fn create(&mut self, request: &Request, world: &World) -> Answer {
        let (name, description) = named(request)?;
        let now = world.clock.text(world.clock.now());
        let base = Base {
            id: world.ids.next("kb"),
            name,
            description,
            created_at: now.clone(),
            updated_at: now,
            documents: Vec::new(),
        };
        let answer = json!({"knowledge_id": base.id});
        self.0.push(base);
        Ok(http::json(StatusCode::CREATED, &answer))
    }

    pub(crate) fn list(&self, request: &Request, world: &World) -> Answer {
        let all: Vec<_> = self.0.iter().map(|base| base.show(world)).collect();
        Ok(ok(&Page::of(request, false)?.cut(&all)))
    }

    pub(crate) fn get(&mut self, request: &Request, id: &str, world: &World) -> Answer {
        bare(request)?;
        Ok(ok(&self.find(id)?.details(world)))
    }

    pub(crate) fn update(&mut self, request: &Request, id: &str, world: &World) -> Answer {
        let (name, description) = named(request)?;
        let base = self.find(id)?;
        base.name = name;
        base.description = description.or(base.description.take());
        base.updated_at = world.clock.text(world.clock.now());
        Ok(ok(&base.details(world)))
    }

    pub(crate) fn delete(&mut self, request: &Request, id: &str) -> Answer {
        bare(request)?;
        self.find(id)?;
        self.0.retain(|base| base.id != id);
        Ok(ok(&json!({"deleted": true})))
    }

    pub(crate) fn add(
        &mut self,
        request: &Request,
        id: &str,
        files: &Files,
        world: &World,
    ) -> Answer {
        let mut body = Members::of(request)?;
        let ids = body.texts("file_ids")?;
        body.end()?;
        let base = self.find(id)?;
        let files: Vec<_> = ids
            .iter()
            .map(|id| files.find(id))
            .collect::<Result<_, _>>()?;
        let mut added = Vec::new();
        for file in files {
            let document = Document {
                id: world.ids.next("doc"),
                file: file.clone(),
                added: world.clock.now(),
            };
            added.push(document.show(&base.id, world));
            base.documents.push(document);
        }
        let answer = json!({"documents": added});
        Ok(http::json(StatusCode::CREATED, &answer))
    }

    pub(crate) fn documents(&mut self, request: &Request, id: &str, world: &World) -> Answer {
        let page = Page::of(request, false)?;
        let base = self.find(id)?;
        let all = base.documents.iter();
        let all: Vec<_> = all.map(|document| document.show(id, world)).collect();
        Ok(ok(&page.cut(&all)))
    }

    pub(crate) fn document(
        &mut self,
        request: &Request,
        id: &str,
        document: &str,
        world: &World,
    ) -> Answer {
        const CHUNK: usize = 1000;
        bare(request)?;
        let document = self.find(id)?.document(document)?;
        let mut details = document.show(id, world);
        if details["status"] == "READY" {
            let length = document.file.content.len();
            let chunks = length.div_ceil(CHUNK);
            details["chunk_count"] = chunks.into();
            #[expect(clippy::cast_precision_loss, reason = "an average for show")]
            let average = length as f64 / chunks as f64;
            details["average_chunk_size"] = average.into();
            details["embedding_model"] = "emulated-embedding".into();
        }
        Ok(ok(&details))
    }

    pub(crate) fn remove(&mut self, request: &Request, id: &str, document: &str) -> Answer {
        bare(request)?;
        let base = self.find(id)?;
        base.document(document)?;
        base.documents.retain(|one| one.id != document);
        Ok(ok(&json!({"deleted": true})))
    }
}
