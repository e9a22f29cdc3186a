//! Answers and errors.

use std::time::Duration;

use serde_json::Value;
use trelent_agents::{
    ApiErrorClass, CancelRunResponse, ChatHistoryEntry, CheckpointResponse, DeleteSecretResponse,
    Error, ErrorExt, ErrorKind, FileOutput, HarnessInfo, HarnessKind, HealthResponse, LocSegment,
    OutputFile, RegistrySandbox, RunResult, RunStatus, RunStatusResponse, SecretResponse,
    SecretsProvider, TokenRequest, TokenResponse, Usage, ValidationItem, WorkflowIds,
};

#[test]
fn answers() {
    fn fields(
        (cancel, health, image): (CancelRunResponse, HealthResponse, RegistrySandbox),
        (result, status, checkpoint): (RunResult, RunStatusResponse, CheckpointResponse),
        (files, file, ids): (FileOutput, OutputFile, WorkflowIds),
        (usage, info, secret): (Usage, HarnessInfo, SecretResponse),
        (request, token): (TokenRequest, TokenResponse),
        deleted: DeleteSecretResponse,
    ) {
        let _: [String; 3] = [cancel.status, health.status, deleted.status];
        let _: (String, Vec<String>) = (image.name, image.tags);
        let _: (String, String, Option<String>) = (result.run_id, result.status, result.output);
        let _: (String, RunStatus) = (status.run_id, status.status);
        let _: [String; 4] = [
            checkpoint.checkpoint_id,
            checkpoint.layer_sha,
            checkpoint.s3_path,
            checkpoint.created_at,
        ];
        let _: (i64, Option<String>) = (checkpoint.index, checkpoint.download_url);
        let _: Option<Vec<ChatHistoryEntry>> = checkpoint.chat_history;
        let _: (String, Vec<OutputFile>) = (files.delivery, files.files);
        let _: (String, Option<String>) = (file.path, file.presigned_url);
        let _: (String, String) = (ids.infra, ids.agent);
        let _: (i64, i64) = (usage.input_tokens, usage.output_tokens);
        let _: (Option<i64>, Option<f64>) = (usage.cached_input_tokens, usage.cost_usd);
        let _: (HarnessKind, String) = (info.kind, info.model);
        let _: [String; 4] = [secret.id, secret.name, secret.created_at, secret.updated_at];
        let _: SecretsProvider = secret.provider;
        let _: [String; 3] = [request.client_id, request.client_secret, request.scope];
        let _: [String; 3] = [token.access_token, token.token_type, token.scope];
        let _: i64 = token.expires_in;
    }
    let _ = fields;
}

#[test]
fn errors() {
    fn views(error: &Error) {
        let _: (ErrorKind, Option<u16>) = (error.kind(), error.status());
        let _: (&str, Option<&Value>) = (error.message(), error.detail());
        let _: (Option<ApiErrorClass>, bool) = (error.api_class(), error.is_validation());
        let _: bool = error.is_not_found();
        for ValidationItem {
            loc,
            msg,
            error_type,
            ..
        } in error.validation_errors()
        {
            let _: (&Vec<LocSegment>, &String, &String) = (loc, msg, error_type);
        }
        let _: (bool, Option<Duration>) = (error.is_retryable(), error.retry_after());
    }
    let _: fn(&Error) = views;
    let _ = [
        ApiErrorClass::Api,
        ApiErrorClass::NotFound,
        ApiErrorClass::Validation,
    ];
    let _ = [LocSegment::Key(String::new()), LocSegment::Index(0)];
    let _ = [
        ErrorKind::Config,
        ErrorKind::InvalidArgument,
        ErrorKind::Io,
        ErrorKind::Transport,
        ErrorKind::Timeout,
        ErrorKind::Api,
        ErrorKind::Decode,
    ];
}
