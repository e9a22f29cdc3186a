//! Artifacts: the files that a run left.

use std::path::PathBuf;

use agent_core::sdk::Request;
use agent_core::{ByteStream, Call, SaveOptions, WithResponse};
use bytes::Bytes;

use crate::client::AgentRouterClient;
use crate::ops;
use crate::types::{ArtifactList, RunId};

impl AgentRouterClient {
    /// The files that a run left (`listRunArtifacts`).
    pub fn list_run_artifacts(&self, run_id: impl Into<RunId>) -> Call<ArtifactList> {
        self.about(&ops::LIST_RUN_ARTIFACTS, run_id.into())
    }

    /// A file, whole and as it is (`downloadArtifact`): text is not decoded.
    ///
    /// There is no limit of time as long as bytes come (10 minutes of silence are an error). More than the client's
    /// [`max_body_bytes`](crate::HttpConfig::max_body_bytes), by default 32 MiB, is an error of kind
    /// [`TooLarge`](crate::ErrorKind::TooLarge): for larger ones there are
    /// [`download_artifact_stream`](Self::download_artifact_stream) and
    /// [`download_artifact_to_file`](Self::download_artifact_to_file).
    pub fn download_artifact(
        &self,
        run_id: impl Into<RunId>,
        artifact_id: impl Into<String>,
    ) -> Call<Bytes> {
        let request = download(run_id.into(), artifact_id.into());
        Call::new(
            self.pipeline.clone(),
            ops::DOWNLOAD_ARTIFACT.name,
            move |caller| async move {
                let stream = caller.download(&request).await?;
                let meta = stream.response().clone();
                let bytes = stream.collect(caller.pipeline().max_body_bytes()).await?;
                Ok(WithResponse::new(bytes, meta))
            },
        )
    }

    /// A file, in pieces as they come.
    pub fn download_artifact_stream(
        &self,
        run_id: impl Into<RunId>,
        artifact_id: impl Into<String>,
    ) -> Call<ByteStream> {
        self.pipeline
            .download(download(run_id.into(), artifact_id.into()))
    }

    /// Saves a file and gives its length. It appears under its name whole or not at all, whatever happens.
    ///
    /// With [`Artifact::save_options`](crate::Artifact::save_options) it is checked against what the server says of it.
    ///
    /// ```no_run
    /// # async fn demo(client: &agentrouter_sdk::AgentRouterClient) -> agentrouter_sdk::Result<()> {
    /// for artifact in client.list_run_artifacts("run_1").await?.items {
    ///     let options = artifact
    ///         .save_options()
    ///         .on_progress(|progress| println!("{} of {:?}", progress.bytes, progress.total));
    ///     let name = format!("{}.bin", artifact.kind);
    ///     client.download_artifact_to_file("run_1", &artifact.id, name, options).await?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn download_artifact_to_file(
        &self,
        run_id: impl Into<RunId>,
        artifact_id: impl Into<String>,
        path: impl Into<PathBuf>,
        options: SaveOptions,
    ) -> Call<u64> {
        let request = download(run_id.into(), artifact_id.into());
        let path = path.into();
        Call::new(
            self.pipeline.clone(),
            ops::DOWNLOAD_ARTIFACT.name,
            move |caller| async move {
                let stream = caller.download(&request).await?;
                let meta = stream.response().clone();
                let length = stream.save_with(path, options).await?;
                Ok(WithResponse::new(length, meta))
            },
        )
    }
}

fn download(run_id: RunId, artifact_id: String) -> Request {
    Request::new(&ops::DOWNLOAD_ARTIFACT)
        .param("run_id", run_id)
        .param("artifact_id", artifact_id)
}
