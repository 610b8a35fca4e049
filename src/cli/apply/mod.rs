//! `esoz-otp apply`: sends records to a running node, which adds and changes them while it serves.

mod answer;
mod lines;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use answer::Answer;
use clap::Args;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::{Response, StatusCode};
use lines::{Lines, Sent};
use serde_json::Value;

use super::CliError;
use super::client::{Client, NodeArgs, PipedBody};
use super::output::OutputForm;
use crate::files;

const HELP: &str = "\
Examples:
  esoz-otp apply requests.ndjson
  esoz-otp apply clinic.json --token-file admin.token --dry-run
  esoz-otp apply - --demo --url http://127.0.0.1:4001 --report refused.ndjson

Exit codes:
  0   every line was applied
  64  the command line is wrong, or the file or the token file can't be read
  65  some lines were refused and the others applied, a line is too long and those before it were applied, or the
      file has another form
  69  no node can be reached, it is busy, or the load broke off: it can be repeated
  74  the report or standard output can't be written
  77  the node refused the token, or the user of this process
  78  the token file is open to others";

#[derive(Args)]
#[command(after_help = HELP)]
pub(super) struct ApplyArgs {
    /// File with an entity a line, such as `{"client": {…}}`, or a world in the format of `import`. `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    node: NodeArgs,
    /// The node is a demo, which needs no token. Its default address is that of `demo`.
    #[arg(long, conflicts_with_all = ["token_file", "socket"])]
    demo: bool,
    /// Change nothing, and print what would change.
    #[arg(long)]
    dry_run: bool,
    /// File for the refused lines: a JSON object a line, with every fault.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Form of standard output: text, or the lines of the node's answer as JSON.
    #[arg(short, long, value_name = "FORM", default_value = "text")]
    output: OutputForm,
}

/// The longest answer of a refusal.
const REFUSAL_BYTES: usize = 64 * 1024;

/// The time that a thread has to end that still reads the file.
const LAST_THREADS: Duration = Duration::from_millis(100);

/// `esoz-otp apply`.
pub(super) fn apply(args: &ApplyArgs) -> Result<(), CliError> {
    let client = if args.demo { args.node.client_of_demo() } else { args.node.client() }?;
    let is_stdin = args.file == Path::new("-");
    let lines = if is_stdin { Lines::of_stdin()? } else { Lines::of_file(&args.file)? };
    let report = args
        .report
        .as_deref()
        .map(files::make_anew)
        .transpose()
        .map_err(|error| CliError::io(format_args!("the report can't be written: {error}")))?;
    let sent = Arc::<Sent>::default();
    let answer = Answer::new(&lines, Arc::clone(&sent), report, args.output == OutputForm::Json);
    let path = match (args.demo, args.dry_run) {
        (true, false) => "/demo/world",
        (true, true) => "/demo/world?dry_run=true",
        (false, false) => "/admin/apply",
        (false, true) => "/admin/apply?dry_run=true",
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CliError::software)?;
    let done = runtime.block_on(load(&client, path, lines, &sent, answer));
    // A thread that waits for standard input can't be interrupted.
    runtime.shutdown_timeout(LAST_THREADS);
    done
}

/// Sends the lines, and handles those of the answer meanwhile.
async fn load(
    client: &Client,
    path: &str,
    lines: Lines,
    sent: &Arc<Sent>,
    answer: Answer,
) -> Result<(), CliError> {
    let (pieces, body) = PipedBody::new();
    let counter = Arc::clone(sent);
    let reading = tokio::task::spawn_blocking(move || lines.send(&pieces, &counter));
    let response = client.post_lines(path, body).await?;
    if response.status() != StatusCode::OK {
        return Err(refusal(response).await);
    }
    let done = answer.read(response.into_body()).await;
    // A file that can't be read to its end is the reason for whatever the node answered.
    if reading.is_finished() {
        reading.await.map_err(CliError::software)??;
    }
    done
}

/// The error of an answer that refuses the whole load.
async fn refusal(response: Response<Incoming>) -> CliError {
    let status = response.status();
    let body = Limited::new(response.into_body(), REFUSAL_BYTES).collect().await;
    let error = body.ok().and_then(|body| {
        serde_json::from_reader::<_, Value>(body.to_bytes().take(REFUSAL_BYTES as u64)).ok()
    });
    let message = error.as_ref().and_then(|body| body["error"]["message"].as_str());
    let told = format!("the node refused the load: {status}: {}", message.unwrap_or("no reason"));
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => CliError::no_permission(told),
        StatusCode::NOT_FOUND => CliError::unavailable(
            "the node has no such method: --url has to be its internal listener, and --demo is for a demo",
        ),
        status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
            CliError::unavailable(told)
        }
        _ => CliError::data(format_args!("{told}\nNothing has changed.")),
    }
}
