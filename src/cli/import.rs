use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use tracing::level_filters::LevelFilter;

use super::error::warn;
use super::settings::SettingsArgs;
use super::{CliError, keyring_file, output};
use crate::api::routes;
use crate::clock::{Clock as _, SystemClock};
use crate::config::LogConfig;
use crate::entropy::SystemEntropy;
use crate::files;
use crate::log;
use crate::service::import::{Draft, Expected, Notices, RevealedSecret};
use crate::store::Store;

const HELP: &str = "\
Examples:
  esoz-otp import clinic.json --keyring /etc/esoz-otp/keyring
  esoz-otp import fixtures/demo.json --data data/node --allow-demo-secrets

Exit codes:
  0   all entries were added; standard output has the generated secrets, once, and the counts
  64  the command line is wrong, or the file can't be read
  65  the file has faults; standard error has a line for each, and nothing was added
  74  the disk is full or can't be written
  75  a node runs on the directory
  78  there was no init yet, a setting or the keyring is wrong, or the file is a demo's";

#[derive(Args)]
#[command(after_help = HELP)]
pub(super) struct ImportArgs {
    /// File to add (format: fixtures/README.md).
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Allow a file with `"demo": true`. The tokens in it are public.
    #[arg(long)]
    allow_demo_secrets: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// The size limit of an imported file. Its records then fit into one write of the store.
pub(super) const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// `esoz-otp import`.
pub(super) fn import(args: ImportArgs) -> Result<(), CliError> {
    let ImportArgs { settings, file, allow_demo_secrets } = args;
    let config = settings.load()?;
    let data = &config.data.path;
    let _log = log::start(LogConfig { level: LevelFilter::WARN, ..config.log })?;
    let wrong = |error| CliError::import(Some(&file), &error);

    Store::check_made(data)?;
    let keyring_path = config.keys.keyring_of(data);
    let mut keyring = keyring_file::read(&keyring_path, data)?;
    let text = read(&file)?;
    let now = SystemClock::start().now();
    let scopes = routes::scopes();
    let expected = Expected { scopes: &scopes, request_life: config.person_requests.life };
    let entropy = SystemEntropy::new();
    let mut draft = Draft::read_and_notice(&text, now, &entropy, expected).map_err(wrong)?;
    let notices = draft.take_notices();
    if draft.is_demo() && !allow_demo_secrets {
        return Err(CliError::configuration(format_args!(
            "{} is a demo's world: its tokens and api-keys are public. \
             If that does not matter here, pass --allow-demo-secrets.",
            file.display()
        )));
    }
    let store = Store::open(data, config.store)?;
    // A keyring that `serve` would refuse is refused here, before anything is added.
    keyring_file::check(&mut keyring, &keyring_path, &store)?;
    let counts = draft.import(&store, print_secrets).map_err(wrong)?;
    // A mark from here on shows if the import is lost again.
    if let Err(error) = store.mark_blocking() {
        tracing::warn!(%error, "the import is done, but the progress of the store could not be noted");
    }
    warn_of(&notices, &file);
    output::print_best_effort(&format!("added to {}: {counts}", data.display()));
    Ok(())
}

/// Warns of entries of a loaded file that may be mistakes.
pub(super) fn warn_of(notices: &Notices, file: &Path) {
    if !notices.is_empty() {
        let name = file.display();
        warn(format_args!("{name} was loaded, but some entries may be mistakes:\n{notices}"));
    }
}

fn read(path: &Path) -> Result<String, CliError> {
    let name = path.display();
    let cannot = |error| CliError::usage(format_args!("cannot read {name}: {error}"));
    let file = files::open(path).map_err(cannot)?;
    let bytes = files::read(file, MOST_BYTES).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => CliError::data(format_args!(
            "{name} has more than 64 MiB, the most that one file may have. Split it: \
             import what an entry refers to before it, or with it."
        )),
        _ => cannot(error),
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + String::from_utf8_lossy(good).matches('\n').count();
        CliError::data(format_args!(
            "{name} was not loaded, nothing has changed:\nline {line}: no UTF-8 text"
        ))
    })
}

/// Prints the generated secrets before the entries are stored: only their digests are kept.
fn print_secrets(new: &[RevealedSecret]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for RevealedSecret { owner, secret, .. } in new {
        writeln!(out, "{owner}: {}", secret.reveal())?;
    }
    out.flush()
}
