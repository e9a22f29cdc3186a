//! The files of a session's sandbox, as they were captured after the execution.

use agent_core::{Error, Result, open_enum};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::Extra;
use crate::fields::{Fields, Liberal, liberal};

open_enum! {
    /// How the content of a file is written in JSON. Source: package readme.
    pub enum FileEncoding {
        /// As text.
        Raw = "raw",
        /// In base64, as binary files are.
        Base64 = "base64",
        ..Other
    }
}

/// The files of a session: a flat list. Source: package readme.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SessionFiles {
    /// The files, in the server's order.
    pub tree: Vec<SessionFileEntry>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One file of a list. Source: package readme.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SessionFileEntry {
    /// Path, as [`fetch_session_file`](crate::AgentClient::fetch_session_file) takes it.
    pub path: String,
    /// Size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One file with its content. Source: package readme.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SessionFile {
    /// Its content, written as `encoding` says; [`bytes`](Self::bytes) reads it.
    pub content: String,
    /// How `content` is written.
    pub encoding: FileEncoding,
    /// Path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl SessionFiles {
    /// From a list without an object around it.
    pub(crate) fn from_list(list: Vec<Value>) -> Result<Self, &'static str> {
        Ok(Self {
            tree: entries(list)?,
            extra: Extra::new(),
        })
    }
}

fn entries(list: Vec<Value>) -> Result<Vec<SessionFileEntry>, &'static str> {
    list.into_iter()
        .map(|entry| match entry {
            Value::Object(map) => SessionFileEntry::read(map.into()),
            _ => Err("an entry of the file tree is not an object"),
        })
        .collect()
}

impl Liberal for SessionFiles {
    fn read(mut fields: Fields<'_>) -> Result<Self, &'static str> {
        let tree = fields.array("tree").ok_or("there is no file tree")?;
        Ok(Self {
            tree: entries(tree)?,
            extra: fields.rest(),
        })
    }
}

impl Liberal for SessionFileEntry {
    fn read(mut fields: Fields<'_>) -> Result<Self, &'static str> {
        Ok(Self {
            path: fields
                .string("path")
                .ok_or("an entry of the file tree has no path")?,
            size: fields.size("size"),
            extra: fields.rest(),
        })
    }
}

impl Liberal for SessionFile {
    fn read(mut fields: Fields<'_>) -> Result<Self, &'static str> {
        let encoding = fields.string("encoding").map(Into::into);
        fields.forget("encoding");
        Ok(Self {
            content: fields.string("content").ok_or("the file has no content")?,
            encoding: encoding.unwrap_or(FileEncoding::Raw),
            path: fields.string("path"),
            size: fields.size("size"),
            extra: fields.rest(),
        })
    }
}

liberal!(SessionFiles, SessionFileEntry, SessionFile);

/// Base64 as liberal as can be: padding or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl SessionFile {
    /// The bytes of the file. An error of kind [`Decode`](crate::ErrorKind::Decode) if the content is not written as
    /// `encoding` says, or in a way that this version does not know.
    pub fn bytes(&self) -> Result<Bytes> {
        match &self.encoding {
            FileEncoding::Raw => Ok(Bytes::from(self.content.clone())),
            FileEncoding::Base64 => {
                let dense: String = self
                    .content
                    .chars()
                    .filter(|c| !c.is_whitespace())
                    .collect();
                let bytes = BASE64.decode(dense);
                bytes
                    .map(Bytes::from)
                    .map_err(|_| Error::decode("the content of the file is not base64"))
            }
            other => Err(Error::decode(format!(
                "the file is written in an unknown encoding: {other}"
            ))),
        }
    }

    /// The content as text, if it is written as text.
    pub fn text(&self) -> Option<&str> {
        (self.encoding == FileEncoding::Raw).then_some(self.content.as_str())
    }
}
