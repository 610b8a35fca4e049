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

#[derive(Args)]
pub(super) struct ImportArgs {
    /// What to add (format: fixtures/README.md): all of it, or nothing.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Take a file that says of itself that it is a demo's: everybody knows its tokens.
    #[arg(long)]
    allow_demo_secrets: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// The one limit of an import: what a file of so much comes to is less than a write of the store may hold.
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
            "{} is a demo's world: everybody knows its tokens and api-keys. \
             If that does not matter here, say so with --allow-demo-secrets.",
            file.display()
        )));
    }
    let store = Store::open(data, config.store)?;
    // What nobody could serve is not added to.
    keyring_file::check(&mut keyring, &keyring_path, &store)?;
    let counts = draft.import(&store, tell).map_err(wrong)?;
    // From now on there is something to lose.
    if let Err(error) = store.mark_blocking() {
        tracing::warn!(%error, "it is loaded, but how far the store has come could not be noted");
    }
    warn_of(&notices, &file);
    output::say(&format!("added to {}: {counts}", data.display()));
    Ok(())
}

/// Says what of a file that was loaded may not be what was meant.
pub(super) fn warn_of(notices: &Notices, file: &Path) {
    if !notices.is_empty() {
        let name = file.display();
        warn(format_args!(
            "{name} was loaded, but some of it may not be what was meant:\n{notices}"
        ));
    }
}

fn read(path: &Path) -> Result<String, CliError> {
    let name = path.display();
    let cannot = |error| CliError::usage(format_args!("cannot read {name}: {error}"));
    let file = files::open(path).map_err(cannot)?;
    let bytes = files::read(file, MOST_BYTES).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => CliError::data(format_args!(
            "{name} has more than 64 MiB, the most that one file may have. Divide it: \
             what an entry names has to come before it, or with it."
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

/// Before anything is put: so there are no tokens that nobody has.
fn tell(new: &[RevealedSecret]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for RevealedSecret { owner, secret, .. } in new {
        writeln!(out, "{owner}: {}", secret.reveal())?;
    }
    out.flush()
}
