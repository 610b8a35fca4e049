//! A gateway on this machine that takes messages in the shape that a real one documents, and takes them nowhere: it
//! prints what it took.
//! How it behaves, well or badly, can be set when it starts and changed while it runs.

#![allow(clippy::unwrap_used, reason = "a tool that can't go on should say so loudly")]
#![allow(unreachable_pub, reason = "nothing is exported")]

#[path = "../../suite/support/gateway/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the suite uses the rest of it")]
mod gateway;

use std::fmt::Display;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use gateway::{Behaviour, Receipts, StubGateway, Took, When};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::signal::unix::{SignalKind, signal};

const USE: &str = r#"Messages:               POST /message/send.json, or any other path
What became of them:    POST /message/status.json
Its mode, and counts:   GET /control
To change them:         POST /control, with any of
    {"mode": MODE, "next": [MODE, ...], "receipts": WHEN, "receipts_to": URL, "receipts_after_ms": N, "down_seconds": N}
It is down from the answer to that on. Told to end (Ctrl-C), it says how many messages it took."#;

/// Takes messages as a gateway would, prints them, and sends them nowhere.
#[derive(Parser)]
#[command(name = "stub-gateway", after_help = USE)]
struct Options {
    /// Where it listens.
    #[arg(long, default_value = "127.0.0.1:4100")]
    listen: SocketAddr,
    /// How it behaves: ok, slow:MS (takes it at once, says so later), hang, hang-for:ENDING (for numbers that end
    /// like this), reset, take-and-drop, take-and-stutter, garbage, rubbish, refused, no-money, redirect:URL, STATUS,
    /// STATUS:RETRY-AFTER.
    #[arg(long, default_value = "ok", value_parser = Behaviour::parse)]
    mode: Behaviour,
    /// Where it says what became of a message, by calling; without, it can only be asked.
    #[arg(long, value_name = "URL", default_value = "")]
    receipts: String,
    /// When it calls: before-answer, after, twice, never or undelivered.
    #[arg(long, value_name = "WHEN", default_value = "after", value_parser = When::parse)]
    receipts_when: When,
    /// How long after its answer it calls, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    receipts_after_ms: u64,
    /// TLS, with a certificate (chain) and its key in PEM.
    #[arg(long, num_args = 2, value_names = ["CERT", "KEY"])]
    tls: Option<Vec<PathBuf>>,
    /// It ends by itself after this.
    #[arg(long, default_value_t = 3600)]
    seconds: u64,
}

fn main() -> ExitCode {
    match run(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            drop(writeln!(std::io::stderr(), "stub gateway: {why}"));
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> Result<(), String> {
    let tls = options.tls.as_deref().map(|files| tls(&files[0], &files[1])).transpose()?;
    let listener = TcpListener::bind(options.listen)
        .map_err(|error| format!("cannot listen on {}: {error}", options.listen))?;
    let stub = StubGateway::on(listener, tls, tell);
    stub.set(options.mode);
    stub.send_receipts(Receipts {
        url: options.receipts,
        when: options.receipts_when,
        delay: Duration::from_millis(options.receipts_after_ms),
    });
    let hello = format!("stub gateway: {} (status: {})", stub.url(), stub.status_url());
    serve_until_told(&hello, Duration::from_secs(options.seconds));
    let (taken, asked) = (stub.count(), stub.requests());
    say(&format!("stub gateway: took {taken} of {asked} messages, ends"));
    Ok(())
}

/// Says this once it can be told to end, and returns when it has been told, or after this time.
#[tokio::main(flavor = "current_thread")]
async fn serve_until_told(hello: &str, time: Duration) {
    let mut interrupt = signal(SignalKind::interrupt()).unwrap();
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    say(hello);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = tokio::time::sleep(time) => {}
    }
}

fn tell(took: &Took) {
    let id = took.id.as_deref().unwrap_or("-");
    say(&format!("took {} for {} id {id}: {}", took.gateway_id, took.phone, took.text));
}

/// Who reads this may have gone: then nothing is printed any more.
fn say(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

fn tls(certificates: &Path, key: &Path) -> Result<rustls::ServerConfig, String> {
    let unfit = |file: &Path, why: &dyn Display| format!("{}: {why}", file.display());
    let chain = CertificateDer::pem_file_iter(certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|why| unfit(certificates, &why))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|why| unfit(key, &why))?;
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|why| why.to_string())?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|why| unfit(certificates, &why))
}
