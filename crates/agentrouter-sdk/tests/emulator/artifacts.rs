//! Artifacts.

use agent_emulator::{AgentRouterOptions as Settings, AgentRouterScript};
use agentrouter_sdk::{CreateAndWaitRequest, ErrorKind, SaveOptions};

use crate::world::{FAST, world, world_with};

#[tokio::test]
async fn artifacts_arrive_whole_or_not_at_all() {
    let world = world().await;
    let content: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    world.router.next_run(AgentRouterScript::new().artifact(
        "workspace_patch",
        "p",
        content.clone(),
    ));
    let session = world
        .client
        .create_run_and_wait(CreateAndWaitRequest::new("t").poll_interval(FAST))
        .await
        .unwrap();
    let run = &session.run.id;
    let artifact = &world.client.list_run_artifacts(run).await.unwrap().items[0];
    assert_eq!(artifact.size_bytes, 300_000);
    assert_eq!(
        world
            .client
            .download_artifact(run, &artifact.id)
            .await
            .unwrap(),
        content
    );
    let mut pieces = world
        .client
        .download_artifact_stream(run, &artifact.id)
        .await
        .unwrap();
    assert_eq!(pieces.content_length(), Some(300_000));
    let mut streamed = Vec::new();
    while let Some(piece) = pieces.next().await {
        streamed.extend_from_slice(&piece.unwrap());
    }
    assert_eq!(streamed, content);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("patch");
    let save = |options| {
        world
            .client
            .download_artifact_to_file(run, &artifact.id, &path, options)
    };
    assert_eq!(save(artifact.save_options()).await.unwrap(), 300_000);
    assert_eq!(std::fs::read(&path).unwrap(), content);
    std::fs::write(&path, "old").unwrap();
    assert_eq!(
        save(SaveOptions::new().expect_bytes(1))
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::Protocol
    );
    #[cfg(feature = "checksums")]
    {
        let mut other = artifact.clone();
        other.sha256 = "0".repeat(64);
        let error = save(other.save_options()).await.unwrap_err();
        assert!(error.message().contains(&artifact.sha256), "{error}");
    }
    world.router.lose_answers(1);
    assert_eq!(
        save(SaveOptions::new()).await.unwrap_err().kind(),
        ErrorKind::Transport
    );
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "no part is left"
    );

    let error = world
        .client
        .download_artifact(run, "none")
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("artifact_not_found"));
    let bare = world_with(Settings::new().artifact_store(false)).await;
    let error = bare.client.download_artifact("r", "a").await.unwrap_err();
    assert_eq!(
        (error.code(), error.attempts()),
        (Some("artifact_download_unconfigured"), 1)
    );
}
