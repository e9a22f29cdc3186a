//! What goes into calls about knowledge bases, and what comes out.

use std::collections::BTreeMap;
use std::ops::Deref;

use agent_core::{Result, open_enum};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::{Members, text};
use crate::number::count;
use crate::types::Extra;

open_enum! {
    /// How far a document has been read.
    pub enum DocumentStatus {
        /// Not begun.
        Pending = "PENDING",
        /// Being read.
        Ingesting = "INGESTING",
        /// Agents can use it.
        Ready = "READY",
        /// It could not be read.
        Failed = "FAILED",
        ..Other
    }
}

/// Which part of a list. What is not set is the server's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct PaginationOptions {
    pub(super) offset: Option<u64>,
    pub(super) count: Option<u64>,
}

impl PaginationOptions {
    /// From the first, as many as the server gives.
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves out so many.
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Gives so many at most.
    pub fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }
}

/// A knowledge base to make.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct CreateKnowledgeParams {
    pub(super) name: String,
    pub(super) description: Option<String>,
}

impl CreateKnowledgeParams {
    /// One with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: None,
        }
    }

    /// Says what is in it.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

/// A new name for a knowledge base.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct UpdateKnowledgeParams {
    pub(super) knowledge_id: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
}

impl UpdateKnowledgeParams {
    /// The knowledge base, and its name from now on.
    pub fn new(knowledge_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            knowledge_id: knowledge_id.into(),
            name: name.into(),
            description: None,
        }
    }

    /// Says what is in it.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

/// Files to add to a knowledge base.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct AddDocumentsParams {
    pub(super) knowledge_id: String,
    pub(super) file_ids: Vec<String>,
}

impl AddDocumentsParams {
    /// The knowledge base, and the files.
    pub fn new<S: Into<String>>(
        knowledge_id: impl Into<String>,
        file_ids: impl IntoIterator<Item = S>,
    ) -> Self {
        Self {
            knowledge_id: knowledge_id.into(),
            file_ids: file_ids.into_iter().map(Into::into).collect(),
        }
    }
}

/// The answer to making a knowledge base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CreateKnowledgeResult {
    /// Id of the new one.
    pub knowledge_id: String,
}

/// The answer to deleting something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeleteResult {
    /// Whether it is gone.
    pub deleted: bool,
}

/// A knowledge base as lists have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct KnowledgeSummary {
    /// Its id.
    pub knowledge_id: String,
    /// Its name.
    pub name: String,
    /// What is in it.
    #[serde(default)]
    pub description: Option<String>,
    /// How many documents it has.
    pub document_count: u64,
    /// When a document was last read, as the server wrote it.
    #[serde(default)]
    pub last_ingested_at: Option<String>,
    /// When it was made, as the server wrote it.
    pub created_at: String,
    /// When it was last changed, as the server wrote it.
    pub updated_at: String,
    /// Members this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A knowledge base: what lists have of it is read directly, such as `details.name`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct KnowledgeDetails {
    /// How many documents have which status. Empty if the server does not say.
    #[serde(default)]
    pub status_counts: BTreeMap<String, u64>,
    /// What lists have of it.
    #[serde(flatten)]
    pub summary: KnowledgeSummary,
}

/// A part of the list of knowledge bases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListKnowledgeResult {
    /// The knowledge bases.
    pub data: Vec<KnowledgeSummary>,
    /// How many there are in all.
    pub total_count: u64,
}

/// The answer to adding documents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AddDocumentsResult {
    /// The new documents. They are read in the background.
    pub documents: Vec<DocumentSummary>,
}

/// A document as lists have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DocumentSummary {
    /// Its id.
    pub document_id: String,
    /// The knowledge base it is in.
    pub knowledge_id: String,
    /// The file it was made from.
    pub file_id: String,
    /// Name of the file.
    pub filename: String,
    /// Media type of the file.
    pub mime_type: String,
    /// Length of the file in bytes.
    #[serde(default)]
    pub file_size: Option<u64>,
    /// How far it has been read.
    pub status: DocumentStatus,
    /// When it was last read, as the server wrote it.
    #[serde(default)]
    pub last_ingested_at: Option<String>,
    /// When it was added, as the server wrote it.
    pub created_at: String,
    /// When it was last changed, as the server wrote it.
    #[serde(default)]
    pub updated_at: Option<String>,
    /// Why it could not be read.
    #[serde(default)]
    pub parse_error: Option<String>,
    /// Members this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A document: what lists have of it is read directly, such as `details.status`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DocumentDetails {
    /// Into how many pieces it was cut.
    #[serde(default)]
    pub chunk_count: Option<u64>,
    /// How long a piece is on average.
    #[serde(default)]
    pub average_chunk_size: Option<f64>,
    /// The model that makes it searchable.
    #[serde(default)]
    pub embedding_model: Option<String>,
    /// What lists have of it.
    #[serde(flatten)]
    pub summary: DocumentSummary,
}

/// A part of the list of documents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListDocumentsResult {
    /// The documents.
    pub data: Vec<DocumentSummary>,
    /// How many there are in all.
    pub total_count: u64,
}

impl KnowledgeSummary {
    pub(super) fn read(mut answer: Members) -> Result<Self> {
        Ok(Self {
            knowledge_id: answer.text("knowledge_id")?,
            name: answer.text("name")?,
            description: answer.optional("description", text),
            document_count: answer.count("document_count")?,
            last_ingested_at: answer.optional("last_ingested_at", text),
            created_at: answer.text("created_at")?,
            updated_at: answer.text("updated_at")?,
            extra: answer.rest(),
        })
    }
}

impl KnowledgeDetails {
    pub(super) fn read(mut answer: Members) -> Result<Self> {
        let counts = match answer.optional("status_counts", Some) {
            None | Some(Value::Null) => Some(BTreeMap::new()),
            Some(Value::Object(counts)) => counts
                .into_iter()
                .map(|(status, number)| Some((status, count(&number)?)))
                .collect(),
            Some(_) => None,
        };
        Ok(Self {
            status_counts: counts.ok_or_else(|| answer.missing("status_counts"))?,
            summary: KnowledgeSummary::read(answer)?,
        })
    }
}

impl DocumentSummary {
    pub(super) fn read(mut answer: Members) -> Result<Self> {
        Ok(Self {
            document_id: answer.text("document_id")?,
            knowledge_id: answer.text("knowledge_id")?,
            file_id: answer.text("file_id")?,
            filename: answer.text("filename")?,
            mime_type: answer.text("mime_type")?,
            file_size: answer.optional("file_size", |size| count(&size)),
            status: answer.text("status")?.into(),
            last_ingested_at: answer.optional("last_ingested_at", text),
            created_at: answer.text("created_at")?,
            updated_at: answer.optional("updated_at", text),
            parse_error: answer.optional("parse_error", text),
            extra: answer.rest(),
        })
    }
}

impl DocumentDetails {
    pub(super) fn read(mut answer: Members) -> Result<Self> {
        Ok(Self {
            chunk_count: answer.optional("chunk_count", |chunks| count(&chunks)),
            average_chunk_size: answer.optional("average_chunk_size", |size| size.as_f64()),
            embedding_model: answer.optional("embedding_model", text),
            summary: DocumentSummary::read(answer)?,
        })
    }
}

impl Deref for KnowledgeDetails {
    type Target = KnowledgeSummary;

    fn deref(&self) -> &KnowledgeSummary {
        &self.summary
    }
}

impl Deref for DocumentDetails {
    type Target = DocumentSummary;

    fn deref(&self) -> &DocumentSummary {
        &self.summary
    }
}
