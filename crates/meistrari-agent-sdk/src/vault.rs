//! Vault references: resolving them to bytes, streams and JSON.
//!
//! A resolution is two requests: the vault gives a presigned URL, and the file is fetched from there, from another host,
//! with nothing but that URL. What a reference is, is in `vault/reference.rs`.

use agent_core::sdk::{Redirects, Request, Response, read_json_text};
use agent_core::{ByteStream, Call, Caller, Error, Result, WithResponse};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::client::AgentClient;
use crate::error::without_signature;
use crate::fields::{Fields, text, wrong};
use crate::ops::{DOWNLOAD, RESOLVE_REFERENCE};
use crate::wire;

mod reference;

pub use reference::{VaultReference, extract_vault_references, is_vault_reference};

/// How a reference is resolved (`as` of `ResolveReferenceOptions`). Source: package readme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReferenceFormat {
    /// The whole file at once.
    #[default]
    Bytes,
    /// The file in pieces as they come.
    Stream,
    /// The file parsed as JSON.
    Json,
}

/// What [`resolve_reference_as`](AgentClient::resolve_reference_as) gives.
#[derive(Debug)]
#[non_exhaustive]
pub enum ResolvedReference {
    /// The whole file.
    Bytes(Bytes),
    /// The file in pieces.
    Stream(ByteStream),
    /// The file as JSON.
    Json(Value),
}

impl AgentClient {
    /// The whole file behind a vault reference (`resolveReference`).
    ///
    /// Fails with kind [`Config`](crate::ErrorKind::Config) without a `vault_url`, and with kind
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if it is no reference
    /// ([`ErrorExt::reference`](crate::ErrorExt::reference)); nothing is sent then. A file above 32 MiB
    /// ([`HttpConfig::max_body_bytes`](crate::HttpConfig::max_body_bytes)) is an error: take
    /// [`resolve_reference_stream`](Self::resolve_reference_stream). A download that breaks off is an error, never a
    /// short file. It may take as long as it likes, but a silence of 10 minutes is an error:
    /// [`timeout`](Call::timeout) limits each of its two requests up to the head of the answer,
    /// [`total_timeout`](Call::total_timeout) all of it.
    pub fn resolve_reference(&self, reference: impl Into<String>) -> Call<Bytes> {
        self.resolve(reference, |caller, download| async move {
            let response = whole(&caller, &download).await?;
            Ok(WithResponse::new(response.body, response.meta))
        })
    }

    /// The file behind a vault reference in pieces as they come (`{as: 'stream'}`). Its size is not limited; a silence
    /// of 10 minutes is an error. [`save`](ByteStream::save) writes it to a file that is whole or not there.
    ///
    /// ```no_run
    /// # async fn demo(client: meistrari_agent_sdk::AgentClient) -> meistrari_agent_sdk::Result<()> {
    /// let reference = "vault://3f2b8c1e-5d47-4a9b-8c3d-1e2f3a4b5c6d";
    /// let bytes = client.resolve_reference_stream(reference).await?.save("report.pdf").await?;
    /// println!("{bytes} bytes");
    ///
    /// let mut pieces = client.resolve_reference_stream(reference).await?;
    /// while let Some(piece) = pieces.next().await {
    ///     println!("{} bytes", piece?.len());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn resolve_reference_stream(&self, reference: impl Into<String>) -> Call<ByteStream> {
        self.resolve(reference, |caller, download| async move {
            let stream = pieces(&caller, &download).await?;
            let meta = stream.response().clone();
            Ok(WithResponse::new(stream, meta))
        })
    }

    /// The file behind a vault reference as JSON (`{as: 'json'}`): UTF-8, a byte order mark at its beginning is left
    /// out. An error of kind [`Decode`](crate::ErrorKind::Decode) if it is not of that form. The limits are those of
    /// [`resolve_reference`](Self::resolve_reference).
    pub fn resolve_reference_json<T: DeserializeOwned + Send + 'static>(
        &self,
        reference: impl Into<String>,
    ) -> Call<T> {
        self.resolve(reference, |caller, download| async move {
            let response = whole(&caller, &download).await?;
            let value =
                read_json_text(text(&response)?).map_err(|error| response.decode_error(&error))?;
            Ok(WithResponse::new(value, response.meta))
        })
    }

    /// The file behind a vault reference in the format that `format` says.
    pub fn resolve_reference_as(
        &self,
        reference: impl Into<String>,
        format: ReferenceFormat,
    ) -> Call<ResolvedReference> {
        match format {
            ReferenceFormat::Bytes => self
                .resolve_reference(reference)
                .map(ResolvedReference::Bytes),
            ReferenceFormat::Stream => self
                .resolve_reference_stream(reference)
                .map(ResolvedReference::Stream),
            ReferenceFormat::Json => self
                .resolve_reference_json(reference)
                .map(ResolvedReference::Json),
        }
    }

    /// A call that asks the vault for the presigned URL and does `fetch` with the request for the file.
    fn resolve<T, F>(
        &self,
        reference: impl Into<String>,
        fetch: impl FnOnce(Caller, Request) -> F + Send + 'static,
    ) -> Call<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<WithResponse<T>>> + Send + 'static,
    {
        let reference = reference.into();
        let given = self.vault.is_some();
        let endpoints = std::sync::Arc::clone(&self.endpoints);
        let pipeline = self.vault.as_ref().unwrap_or(&self.pipeline).clone();
        Call::new(pipeline, RESOLVE_REFERENCE.name, move |caller| async move {
            if !given {
                let message = "vaultUrl is required to resolve vault references";
                return Err(Error::config(message));
            }
            let reference = VaultReference::parse(&reference)?;
            let request = Request::new(&RESOLVE_REFERENCE)
                .param("fileId", reference.file_id())
                .header(
                    wire::VAULT_COMPATIBILITY_HEADER,
                    &endpoints.vault_compatibility_date,
                );
            let url = presigned(&caller.send(&request).await?)?;
            let download = Request::new(&DOWNLOAD)
                .absolute(url)
                .redirects(Redirects::anywhere(wire::MAX_DOWNLOAD_REDIRECTS).excess_fails());
            fetch(caller, download).await
        })
    }
}

/// The file as it comes.
async fn pieces(caller: &Caller, download: &Request) -> Result<ByteStream> {
    let opened = caller.download(download).await;
    opened.map_err(without_signature)
}

/// The whole file. The limit of an attempt is that of JSON calls: here only silence is one, as a large file takes its time.
async fn whole(caller: &Caller, download: &Request) -> Result<Response> {
    let stream = pieces(caller, download).await?;
    let meta = stream.response().clone();
    let body = stream.collect(caller.pipeline().max_body_bytes()).await?;
    Ok(Response {
        operation: download.op().name,
        meta,
        body,
    })
}

/// The presigned URL in the vault's answer. Nothing else of it is needed. One with a user name or password is refused,
/// as browsers do: storage asks for no login, and error texts show the address.
fn presigned(response: &Response) -> Result<Url> {
    let mut fields =
        Fields::parse(text(response)?).map_err(|error| response.decode_error(&error))?;
    let url = fields.string("url").and_then(|url| Url::parse(&url).ok());
    url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .filter(|url| url.username().is_empty() && url.password().is_none())
        .ok_or_else(|| wrong(response, "the vault gave no absolute http(s) URL"))
}
