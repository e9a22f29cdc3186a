//! What this workspace is made of: a vendor joins by adding a row here.

use std::path::PathBuf;

/// One SDK.
pub(crate) struct Sdk {
    /// The vendor's short name, as `--vendor` and the conformance runner take it.
    pub(crate) vendor: &'static str,
    /// The crate, and its folder below `crates`.
    pub(crate) package: &'static str,
    /// Features of the crate that cost nothing to test: all but TLS.
    pub(crate) features: &'static [&'static str],
    /// The variable that makes examples run against a real service.
    pub(crate) service_variable: &'static str,
    /// The example that shows the main job.
    pub(crate) demo: &'static str,
    /// Faults that the emulator puts in the demo's way.
    pub(crate) demo_faults: &'static [&'static str],
    /// A program of about ten lines: the body of an async `main`.
    pub(crate) consumer: &'static str,
}

/// Every SDK there is.
pub(crate) const SDKS: &[Sdk] = &[TRELENT, MEISTRARI, AGENTROUTER, MENTIORA, AGENT_OS];

const TRELENT: Sdk = Sdk {
    vendor: "trelent",
    package: "trelent-agents",
    features: &["imports", "simd"],
    service_variable: "TRELENT_API_URL",
    demo: "main_job",
    demo_faults: &["--cut-stream-after", "12"],
    consumer: r#"
    let client = trelent_agents::Client::new("http://127.0.0.1:9")?;
    let options = trelent_agents::CreateRunOptions::new("my-sandbox", "Say hello");
    match client.runs().create(options).await {
        Ok(run) => println!("{} is {}", run.id, run.status),
        Err(error) => println!("{error}"),
    }
"#,
};

const MEISTRARI: Sdk = Sdk {
    vendor: "meistrari",
    package: "meistrari-agent-sdk",
    features: &["simd", "webhooks"],
    service_variable: "MEISTRARI_BASE_URL",
    demo: "main_job",
    demo_faults: &["--cut-stream-after", "3"],
    consumer: r#"
    use meistrari_agent_sdk::{AgentClient, DataTokenAuthStrategy, ExecuteAgentRequest};
    let auth = DataTokenAuthStrategy::new("my-token");
    let client = AgentClient::builder("http://127.0.0.1:9", auth).build()?;
    let request = ExecuteAgentRequest::start("acme", "support-bot", "Say hello");
    match client.execute_agent(request).await {
        Ok(answer) => println!("{:?}", answer.session_id),
        Err(error) => println!("{error}"),
    }
"#,
};

const AGENTROUTER: Sdk = Sdk {
    vendor: "agentrouter",
    package: "agentrouter-sdk",
    features: &["checksums", "simd"],
    service_variable: "AGENTROUTER_API_BASE_URL",
    demo: "main_job",
    demo_faults: &["--cut-stream-after", "12"],
    consumer: r#"
    let options = agentrouter_sdk::AgentRouterOptions::new("key").base_url("http://127.0.0.1:9");
    let client = agentrouter_sdk::agentrouter(options)?;
    let request = agentrouter_sdk::RunAgentCreateRequest::new("Say hello");
    match agentrouter_sdk::run_agent(&client, request).await {
        Ok(result) => println!("{} is {}", result.id, result.status),
        Err(error) => println!("{error}"),
    }
"#,
};

const MENTIORA: Sdk = Sdk {
    vendor: "mentiora",
    package: "mentiora-sdk",
    features: &["simd"],
    service_variable: "MENTIORA_API_KEY",
    demo: "main_job",
    demo_faults: &["--cut-stream-after", "12"],
    consumer: r#"
    let config = mentiora_sdk::MentioraConfig::server("key").base_url("http://localhost:9");
    let client = mentiora_sdk::MentioraClient::new(config.retries(0))?;
    let params = mentiora_sdk::AgentRunParams::tag("production", "Say hello");
    match client.agents().run(params).await {
        Ok(result) => println!("{}", result.output),
        Err(error) => println!("{error}"),
    }
"#,
};

const AGENT_OS: Sdk = Sdk {
    vendor: "agent-os",
    package: "agent-os-sdk",
    features: &["simd"],
    service_variable: "AGENT_OS_BASE_URL",
    demo: "main_job",
    demo_faults: &["--cut-stream-after", "12"],
    consumer: r#"
    let client = agent_os_sdk::AgentOsClient::new("http://127.0.0.1:9")?;
    let run = agent_os_sdk::CreateRun::new("my-agent");
    match client.runs().create(run).await {
        Ok(run) => println!("{} is {}", run.run_id, run.status),
        Err(error) => println!("{error}"),
    }
"#,
};

/// Features of `agent-core` that cost nothing to test: all but TLS.
pub(crate) const CORE_FEATURES: &[&str] =
    &["checksums", "simd", "webhooks", "testing", "reqwest-0-13"];

/// A published crate's public surface.
pub(crate) struct Surface {
    pub(crate) package: &'static str,
    /// All features but TLS, which adds nothing to see.
    pub(crate) features: String,
}

/// The surface of every published crate.
pub(crate) fn surfaces() -> Vec<Surface> {
    let surface = |package, features: &[&str]| Surface {
        package,
        features: features.join(","),
    };
    let mut all = vec![
        surface("agent-core", CORE_FEATURES),
        surface("agent-emulator", &[]),
    ];
    all.extend(SDKS.iter().map(|sdk| {
        let features: Vec<_> = sdk
            .features
            .iter()
            .copied()
            .chain(["reqwest-0-13"])
            .collect();
        surface(sdk.package, &features)
    }));
    all
}

/// The crates that are published, in the order in which they have to be.
pub(crate) fn published() -> Vec<&'static str> {
    surfaces().iter().map(|surface| surface.package).collect()
}

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}

/// The argument for `--features` that turns on everything but TLS, for the whole workspace.
pub(crate) fn features_without_tls() -> String {
    let core = CORE_FEATURES.iter().map(|f| format!("agent-core/{f}"));
    let sdks = SDKS.iter().flat_map(|sdk| {
        sdk.features
            .iter()
            .map(move |f| format!("{}/{f}", sdk.package))
    });
    core.chain(sdks).collect::<Vec<_>>().join(",")
}
