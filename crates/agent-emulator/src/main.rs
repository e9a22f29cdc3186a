//! The command `agent-emulator`: starts the emulator, says where it is, serves until it is interrupted.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use agent_emulator::{
    AgentOsOptions, Emulator, EmulatorBuilder, Fault, MeistrariOptions, TrelentOptions,
};

const HELP: &str = "\
Agent platform APIs on one local server.

Usage: agent-emulator [OPTIONS]

Prints one NAME=value line per variable that programs read, then `ready`,
and serves on 127.0.0.1 until it is interrupted.

Options:
  --port N      the port of the APIs (default: a free one)
  --pace MS     milliseconds from one step of a run to the next (default: 75)
  --seed N      the seed of ids, tokens and secrets (default: 0)
  --anonymous   allow calls without credentials (Trelent)
  --webhook-host HOST=ADDRESS
                deliver webhooks of https://HOST/… to this loopback address,
                such as example.com=127.0.0.1:9000; may be repeated (Meistrari)
  --cut-stream-after N
                cut the next event stream once after N events
  --fault JSON  queue a fault, a list of faults, or a schedule, as
                POST /_control/faults takes them; may be given several times
  --help        show this text
";

fn main() -> ExitCode {
    let settings = match parse(std::env::args().skip(1)) {
        Ok(Some(settings)) => settings,
        Ok(None) => return finish(print(HELP)),
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

/// What the arguments say.
struct Settings {
    builder: EmulatorBuilder,
    /// JSON; it can be checked once the vendors are there.
    faults: Vec<String>,
}

/// The settings; `None` when help was asked for.
fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Settings>, String> {
    let mut faults = Vec::new();
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
            "--help" | "-h" => return Ok(None),
            _ => return Err(format!("unknown argument {arg}")),
        };
    }
    Ok(Some(Settings {
        builder: builder.meistrari(meistrari),
        faults,
    }))
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
    for (name, value) in emulator.variables() {
        print(&format!("{name}={value}\n"))?;
    }
    print("ready\n")?;
    interrupted().await?;
    emulator.shutdown().await;
    Ok(())
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
