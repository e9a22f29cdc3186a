//! The command `agent-emulator`: starts the emulator, says where it is, serves until it is interrupted.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use agent_emulator::{
    AgentOsOptions, Emulator, EmulatorBuilder, Fault, MeistrariOptions, TrelentOptions,
};

const VERSION: &str = concat!("agent-emulator ", env!("CARGO_PKG_VERSION"), "\n");

const HELP: &str = "\
Agent platform APIs on one local server.

Usage: agent-emulator [OPTIONS]

Prints a line NAME=value for each variable that programs read, then `ready`,
and serves on 127.0.0.1 until it is interrupted. The addresses of the vendors
go to stderr. GET /health answers 200 once all of them serve.

Options:
  --port N      the port of the APIs (default: a free one)
  --pace MS     milliseconds from one step of a run to the next (default: 75)
  --heartbeat MS
                longest silence on an open event stream (default: 15000)
  --seed N      the seed of ids, tokens and secrets (default: 0)
  --anonymous   allow calls without credentials (Trelent, Agent OS)
  --webhook-host HOST=ADDRESS
                deliver webhooks of https://HOST/… to this loopback address,
                such as example.com=127.0.0.1:9000; may be repeated (Meistrari)
  --cut-stream-after N
                cut the next event stream once after N events
  --fault JSON  queue a fault, a list of faults, or a schedule, as
                POST /_control/faults takes them; may be given several times
  --quiet       say nothing on stderr but errors
  --version     show the version
  --help        show this text
";

fn main() -> ExitCode {
    let settings = match parse(std::env::args().skip(1)) {
        Ok(Asked::Emulator(settings)) => *settings,
        Ok(Asked::Text(text)) => return finish(print(text)),
        Err(message) => {
            // Nobody is left to tell when stderr is closed.
            let _ = writeln!(io::stderr(), "agent-emulator: {message}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    finish(runtime.and_then(|runtime| runtime.block_on(serve(settings))))
}

fn finish(result: io::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "agent-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What the arguments ask for.
enum Asked {
    Emulator(Box<Settings>),
    Text(&'static str),
}

struct Settings {
    builder: EmulatorBuilder,
    quiet: bool,
    /// JSON; it can be checked once the vendors are there.
    faults: Vec<String>,
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut faults = Vec::new();
    let mut quiet = false;
    let mut builder = Emulator::builder();
    let mut meistrari = MeistrariOptions::new();
    while let Some(arg) = args.next() {
        let (name, inline) = match arg.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (arg.as_str(), None),
        };
        let mut value = || {
            inline
                .clone()
                .or_else(|| args.next())
                .ok_or_else(|| format!("{name} needs a value"))
        };
        builder = match name {
            "--port" => builder.port(number(name, &value()?)?),
            "--pace" => builder.pace(Duration::from_millis(number(name, &value()?)?)),
            "--heartbeat" => builder.heartbeat(Duration::from_millis(number(name, &value()?)?)),
            "--seed" => builder.seed(number(name, &value()?)?),
            "--cut-stream-after" => builder.fault(Fault::cut_stream(number(name, &value()?)?)),
            "--webhook-host" => {
                let text = value()?;
                let (host, address) = text
                    .split_once('=')
                    .ok_or_else(|| format!("{name} needs HOST=ADDRESS"))?;
                let address: SocketAddr = number(name, address)?;
                if !address.ip().is_loopback() {
                    return Err(format!("{name} takes loopback addresses only"));
                }
                meistrari = meistrari.webhook_host(host, address);
                builder
            }
            "--fault" => {
                faults.push(value()?);
                builder
            }
            "--anonymous" if inline.is_none() => builder
                .trelent(TrelentOptions::new().anonymous(true))
                .agent_os(AgentOsOptions::new().anonymous(true)),
            "--quiet" if inline.is_none() => {
                quiet = true;
                builder
            }
            "--version" if inline.is_none() => return Ok(Asked::Text(VERSION)),
            "--help" | "-h" if inline.is_none() => return Ok(Asked::Text(HELP)),
            _ => return Err(format!("unknown argument {arg}")),
        };
    }
    Ok(Asked::Emulator(Box::new(Settings {
        builder: builder.meistrari(meistrari),
        quiet,
        faults,
    })))
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("{name} can not be {text}"))
}

async fn serve(settings: Settings) -> io::Result<()> {
    let emulator = settings.builder.start().await?;
    for text in settings.faults {
        let queued = emulator.faults().push_json(&text);
        queued.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    }
    if !settings.quiet {
        // For people; programs read stdout.
        let _ = io::stderr().lock().write_all(banner(&emulator).as_bytes());
    }
    for (name, value) in emulator.variables() {
        print(&format!("{name}={value}\n"))?;
    }
    print(&format!("AGENT_EMULATOR_URL={}\n", emulator.url()))?;
    print("ready\n")?;
    interrupted().await?;
    emulator.shutdown().await;
    Ok(())
}

/// Where everything is.
fn banner(emulator: &Emulator) -> String {
    let url = emulator.url();
    let own = [
        ("health", "/health"),
        ("faults", "/_control/faults"),
        ("control", "/_control/{vendor}/…"),
    ];
    let own = own.map(|(name, path)| (name, format!("{url}{path}")));
    let all = emulator.vendors().into_iter().chain(own);
    let lines = all.map(|(name, url)| format!("  {name:<12}{url}\n"));
    std::iter::once(VERSION.to_owned()).chain(lines).collect()
}

/// Prints without panicking when the reader is gone.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

#[cfg(unix)]
async fn interrupted() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupt = tokio::signal::ctrl_c() => interrupt,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn interrupted() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
