//! Connectors and options.

use std::time::Duration;

use trelent_agents::{
    ClaudeCodeHarnessSpec, CodexHarnessSpec, CreateRunOptions, Exporter, GeminiHarnessSpec,
    HarnessSpec, Importer, ResumeRunOptions, RunSecretBinding, RunSecretSpec, S3Exporter,
    SharedWorkspaceExporter, SharedWorkspaceImporter,
};

#[test]
fn connectors_and_options() {
    #[cfg(feature = "imports")]
    {
        use trelent_agents::LocalImporter;
        let importer = LocalImporter::new("./data");
        let _: &std::path::PathBuf = &importer.path;
        let _: Importer = importer.into();
    }
    let exporter = S3Exporter::new().bucket("bucket").path("prefix/");
    let _: (&Option<String>, &Option<String>) = (&exporter.bucket, &exporter.path);
    let _: Exporter = exporter.into();
    let _: Importer = SharedWorkspaceImporter::new("name").subpath("sub").into();
    let shared = SharedWorkspaceExporter::new("name")
        .directory("dir")
        .bucket("bucket")
        .path("prefix");
    let _: Exporter = shared.into();

    let create = CreateRunOptions::new("sandbox", "prompt")
        .harness(ClaudeCodeHarnessSpec::new())
        .timeout(Duration::from_secs(60))
        .timeout_seconds(60)
        .import(SharedWorkspaceImporter::new("name"))
        .imports(Vec::<Importer>::new())
        .export(S3Exporter::new())
        .exports(Vec::<Exporter>::new())
        .workdir("/work")
        .secret("KEY")
        .secrets(["A", "B"]);
    let _: (&String, &String, &HarnessSpec) = (&create.sandbox, &create.prompt, &create.harness);
    let _: (u64, &Option<String>) = (create.timeout_seconds, &create.workdir);
    let _: (&Vec<Importer>, &Vec<Exporter>) = (&create.imports, &create.exports);
    let _: &Vec<RunSecretSpec> = &create.secrets;

    let fork = ResumeRunOptions::new()
        .timeout(Duration::from_secs(60))
        .timeout_seconds(60)
        .import(SharedWorkspaceImporter::new("name"))
        .export(S3Exporter::new())
        .workdir("/work")
        .secret(RunSecretBinding::new("KEY").env_var("VAR").mount(true));
    let _: (u64, &Option<String>) = (fork.timeout_seconds, &fork.workdir);
    let _: (&Vec<Importer>, &Vec<Exporter>) = (&fork.imports, &fork.exports);
    let _: &Vec<RunSecretSpec> = &fork.secrets;
    let _: [RunSecretSpec; 2] = [
        RunSecretSpec::Name(String::new()),
        RunSecretSpec::Binding(RunSecretBinding::new("KEY")),
    ];
    let binding = RunSecretBinding::new("KEY");
    let _: (String, Option<String>, bool) = (binding.name, binding.env_var, binding.mount);

    let _: [HarnessSpec; 3] = [
        ClaudeCodeHarnessSpec::new().model("opus").into(),
        CodexHarnessSpec::new().into(),
        GeminiHarnessSpec::new().into(),
    ];
    let _: Option<String> = ClaudeCodeHarnessSpec::new().model;
    let _: Option<String> = CodexHarnessSpec::new().model;
    let _: Option<String> = GeminiHarnessSpec::new().model;
}
