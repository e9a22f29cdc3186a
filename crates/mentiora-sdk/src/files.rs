//! Files, for knowledge bases to read. Beyond the agents API; source: the vendor's client.

use std::fmt;

use agent_core::sdk::{Op, Request, Response};
use agent_core::{ByteStream, Call, Error, Result, WithResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answer::{Members, text};
use crate::client::Room;
use crate::ops::{FILES_DELETE, FILES_DOWNLOAD, FILES_GET, FILES_LIST, FILES_UPLOAD};
use crate::types::Extra;

/// What answers are about, in the texts of errors.
const FILES: &str = "files";

/// Files: [`MentioraClient::files`](crate::MentioraClient::files).
#[derive(Clone, Debug)]
pub struct FilesClient {
    room: Room,
}

/// A file to upload. `Debug` shows how long its content is, not what it is.
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct UploadFileParams {
    filename: String,
    content: Bytes,
    mime_type: String,
    description: Option<String>,
}

impl UploadFileParams {
    /// A file with this name, content and media type, such as `text/csv`. Nothing is checked here.
    pub fn new(
        filename: impl Into<String>,
        content: impl Into<Bytes>,
        mime_type: impl Into<String>,
    ) -> Self {
        Self {
            filename: filename.into(),
            content: content.into(),
            mime_type: mime_type.into(),
            description: None,
        }
    }

    /// Says what is in it.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

impl fmt::Debug for UploadFileParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadFileParams")
            .field("filename", &self.filename)
            .field("content_bytes", &self.content.len())
            .field("mime_type", &self.mime_type)
            .field("description", &self.description)
            .finish()
    }
}

/// Which files to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct ListFilesParams {
    query: Option<String>,
    offset: Option<u64>,
    count: Option<u64>,
}

impl ListFilesParams {
    /// All of them, from the first: the server gives 50 at a time.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only those that match this text.
    pub fn query(mut self, query: impl Into<String>) -> Self {
        self.query = Some(query.into());
        self
    }

    /// Leaves out so many. The server's default is 0.
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Gives so many at most. The server's default is 50, its limit 500.
    pub fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }
}

/// The answer to an upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UploadFileResult {
    /// Id of the new file.
    pub file_id: String,
}

/// A file, without its content. The vendor's TypeScript package exports it as `SdkFileMetadata`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FileMetadata {
    /// Id of the file.
    pub file_id: String,
    /// Its name.
    pub filename: String,
    /// Its media type.
    pub mime_type: String,
    /// Its length in bytes.
    pub size: u64,
    /// What is in it.
    #[serde(default)]
    pub description: Option<String>,
    /// When it was uploaded, as the server wrote it.
    pub created_at: String,
    /// When it was last changed, as the server wrote it.
    pub updated_at: String,
    /// Members this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A part of the list of files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListFilesResult {
    /// The files.
    pub data: Vec<FileMetadata>,
    /// How many there are in all.
    pub total_count: u64,
}

/// The answer to deleting a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeleteFileResult {
    /// Whether it is gone.
    pub deleted: bool,
}

impl FilesClient {
    pub(crate) fn new(room: Room) -> Self {
        Self { room }
    }

    /// Uploads a file. Not repeated when it may have arrived, unless
    /// [`retries`](crate::MentioraConfig::retries) says so.
    pub fn upload(&self, params: UploadFileParams) -> Call<UploadFileResult> {
        let mut body = json!({
            "filename": params.filename,
            "content": STANDARD.encode(&params.content),
            "mime_type": params.mime_type,
        });
        if let Some(description) = params.description {
            body["description"] = description.into();
        }
        self.room
            .call(Request::new(&FILES_UPLOAD).json(&body), |answer| {
                Members::of(answer, FILES)
                    .text("file_id")
                    .map(|file_id| UploadFileResult { file_id })
            })
    }

    /// Lists files.
    pub fn list(&self, params: ListFilesParams) -> Call<ListFilesResult> {
        let request = bodiless(&FILES_LIST)
            .query_opt("query", params.query)
            .query_opt("offset", params.offset)
            .query_opt("count", params.count);
        self.room.call(request, |answer| {
            let mut answer = Members::of(answer, FILES);
            Ok(ListFilesResult {
                data: answer.list("data", FileMetadata::read)?,
                total_count: answer.count("total_count")?,
            })
        })
    }

    /// One file, without its content.
    pub fn get(&self, file_id: impl Into<String>) -> Call<FileMetadata> {
        let request = bodiless(&FILES_GET).param("file_id", file_id);
        self.room.call(request, |answer| {
            FileMetadata::read(Members::of(answer, FILES))
        })
    }

    /// The content of a file, whole: at most 32 MiB, within the [`timeout`](crate::MentioraConfig::timeout). For
    /// larger ones there is [`download_stream`](Self::download_stream). Never repeated.
    pub fn download(&self, file_id: impl Into<String>) -> Call<Bytes> {
        let request = content(file_id);
        self.room.call(request, |answer| Ok(answer.body.clone()))
    }

    /// The content of a file, piece by piece. Never repeated; a silence of 10 minutes is an error.
    pub fn download_stream(&self, file_id: impl Into<String>) -> Call<ByteStream> {
        self.room.pipeline.download(content(file_id))
    }

    /// Deletes a file. The server refuses (409) while a document still uses it. A 404 to a repeated request means that
    /// an earlier one did it.
    pub fn delete(&self, file_id: impl Into<String>) -> Call<DeleteFileResult> {
        let request = bodiless(&FILES_DELETE).param("file_id", file_id);
        delete(&self.room, request, FILES).map(|deleted| DeleteFileResult { deleted })
    }
}

fn content(file_id: impl Into<String>) -> Request {
    Request::new(&FILES_DOWNLOAD)
        .param("file_id", file_id)
        .open_once()
}

/// A request without a body. The vendor's client sends a content type all the same.
pub(crate) fn bodiless(op: &'static Op) -> Request {
    Request::new(op).header("content-type", "application/json")
}

/// A call that deletes.
pub(crate) fn delete(room: &Room, request: Request, what: &'static str) -> Call<bool> {
    let read = move |answer: &Response| {
        Members::of(answer, what).required("deleted", |value| value.as_bool())
    };
    room.call_or(
        request,
        read,
        |error: Error| -> Result<WithResponse<bool>> {
            match error.response_meta() {
                Some(meta) if error.is_not_found() && error.retries() > 0 => {
                    Ok(WithResponse::new(true, meta))
                }
                _ => Err(error),
            }
        },
    )
}

impl FileMetadata {
    fn read(mut answer: Members) -> Result<Self> {
        Ok(Self {
            file_id: answer.text("file_id")?,
            filename: answer.text("filename")?,
            mime_type: answer.text("mime_type")?,
            size: answer.count("size")?,
            description: answer.optional("description", text),
            created_at: answer.text("created_at")?,
            updated_at: answer.text("updated_at")?,
            extra: answer.rest(),
        })
    }
}
