//! Knowledge bases and their documents. Beyond the agents API; source: the vendor's client.
//!
//! What they hold is in `knowledge/types.rs`.

use agent_core::Call;
use agent_core::sdk::{Op, Request};
use serde_json::{Value, json};

use crate::answer::Members;
use crate::client::Room;
use crate::files::{bodiless, delete};
use crate::ops::{
    KNOWLEDGE_ADD_DOCUMENTS, KNOWLEDGE_CREATE, KNOWLEDGE_DELETE, KNOWLEDGE_DELETE_DOCUMENT,
    KNOWLEDGE_GET, KNOWLEDGE_GET_DOCUMENT, KNOWLEDGE_LIST, KNOWLEDGE_LIST_DOCUMENTS,
    KNOWLEDGE_UPDATE,
};

mod types;

pub use types::{
    AddDocumentsParams, AddDocumentsResult, CreateKnowledgeParams, CreateKnowledgeResult,
    DeleteResult, DocumentDetails, DocumentStatus, DocumentSummary, KnowledgeDetails,
    KnowledgeSummary, ListDocumentsResult, ListKnowledgeResult, PaginationOptions,
    UpdateKnowledgeParams,
};

/// What answers are about, in the texts of errors.
const KNOWLEDGE: &str = "knowledge";

/// Knowledge bases: [`MentioraClient::knowledge`](crate::MentioraClient::knowledge).
#[derive(Clone, Debug)]
pub struct KnowledgeClient {
    room: Room,
}

impl KnowledgeClient {
    pub(crate) fn new(room: Room) -> Self {
        Self { room }
    }

    /// Makes a knowledge base. Not repeated when it may have arrived, unless
    /// [`retries`](crate::MentioraConfig::retries) says so.
    pub fn create(&self, params: CreateKnowledgeParams) -> Call<CreateKnowledgeResult> {
        let body = named(&params.name, params.description);
        self.room
            .call(Request::new(&KNOWLEDGE_CREATE).json(&body), |answer| {
                Members::of(answer, KNOWLEDGE)
                    .text("knowledge_id")
                    .map(|knowledge_id| CreateKnowledgeResult { knowledge_id })
            })
    }

    /// Lists knowledge bases.
    pub fn list(&self, page: PaginationOptions) -> Call<ListKnowledgeResult> {
        self.room.call(paged(&KNOWLEDGE_LIST, page), |answer| {
            let mut answer = Members::of(answer, KNOWLEDGE);
            Ok(ListKnowledgeResult {
                data: answer.list("data", KnowledgeSummary::read)?,
                total_count: answer.count("total_count")?,
            })
        })
    }

    /// One knowledge base.
    pub fn get(&self, knowledge_id: impl Into<String>) -> Call<KnowledgeDetails> {
        let request = bodiless(&KNOWLEDGE_GET).param("knowledge_id", knowledge_id);
        self.room.call(request, |answer| {
            KnowledgeDetails::read(Members::of(answer, KNOWLEDGE))
        })
    }

    /// Renames a knowledge base.
    pub fn update(&self, params: UpdateKnowledgeParams) -> Call<KnowledgeDetails> {
        let request = Request::new(&KNOWLEDGE_UPDATE)
            .param("knowledge_id", params.knowledge_id)
            .json(&named(&params.name, params.description));
        self.room.call(request, |answer| {
            KnowledgeDetails::read(Members::of(answer, KNOWLEDGE))
        })
    }

    /// Deletes a knowledge base. A 404 to a repeated request means that an earlier one did it.
    pub fn delete(&self, knowledge_id: impl Into<String>) -> Call<DeleteResult> {
        let request = bodiless(&KNOWLEDGE_DELETE).param("knowledge_id", knowledge_id);
        delete(&self.room, request, KNOWLEDGE).map(|deleted| DeleteResult { deleted })
    }

    /// Adds uploaded files as documents. They are read in the background: ask for
    /// [`get_document`](Self::get_document) until the status is
    /// [`Ready`](DocumentStatus::Ready) or [`Failed`](DocumentStatus::Failed). Not repeated when it may have arrived,
    /// unless [`retries`](crate::MentioraConfig::retries) says so.
    pub fn add_documents(&self, params: AddDocumentsParams) -> Call<AddDocumentsResult> {
        let request = Request::new(&KNOWLEDGE_ADD_DOCUMENTS)
            .param("knowledge_id", params.knowledge_id)
            .json(&json!({ "file_ids": params.file_ids }));
        self.room.call(request, |answer| {
            let documents =
                Members::of(answer, KNOWLEDGE).list("documents", DocumentSummary::read)?;
            Ok(AddDocumentsResult { documents })
        })
    }

    /// Lists the documents of a knowledge base.
    pub fn list_documents(
        &self,
        knowledge_id: impl Into<String>,
        page: PaginationOptions,
    ) -> Call<ListDocumentsResult> {
        let request = paged(&KNOWLEDGE_LIST_DOCUMENTS, page).param("knowledge_id", knowledge_id);
        self.room.call(request, |answer| {
            let mut answer = Members::of(answer, KNOWLEDGE);
            Ok(ListDocumentsResult {
                data: answer.list("data", DocumentSummary::read)?,
                total_count: answer.count("total_count")?,
            })
        })
    }

    /// One document.
    pub fn get_document(
        &self,
        knowledge_id: impl Into<String>,
        document_id: impl Into<String>,
    ) -> Call<DocumentDetails> {
        let request = bodiless(&KNOWLEDGE_GET_DOCUMENT)
            .param("knowledge_id", knowledge_id)
            .param("document_id", document_id);
        self.room.call(request, |answer| {
            DocumentDetails::read(Members::of(answer, KNOWLEDGE))
        })
    }

    /// Removes a document; its file stays. A 404 to a repeated request means that an earlier one did it.
    pub fn delete_document(
        &self,
        knowledge_id: impl Into<String>,
        document_id: impl Into<String>,
    ) -> Call<DeleteResult> {
        let request = bodiless(&KNOWLEDGE_DELETE_DOCUMENT)
            .param("knowledge_id", knowledge_id)
            .param("document_id", document_id);
        delete(&self.room, request, KNOWLEDGE).map(|deleted| DeleteResult { deleted })
    }
}

fn named(name: &str, description: Option<String>) -> Value {
    let mut body = json!({ "name": name });
    if let Some(description) = description {
        body["description"] = description.into();
    }
    body
}

fn paged(op: &'static Op, page: PaginationOptions) -> Request {
    bodiless(op)
        .query_opt("offset", page.offset)
        .query_opt("count", page.count)
}
