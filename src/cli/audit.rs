//! `esoz-otp audit`: verifies the audit log from outside of a node.

use std::fmt;
use std::io::ErrorKind;
use std::path::Path;

use clap::{Args, Subcommand};
use tracing::level_filters::LevelFilter;

use super::settings::SettingsArgs;
use super::{CliError, keyring_file, output};
use crate::audit::{self, ChainHash, Finding, LogReport};
use crate::config::{LogConfig, StoreConfig};
use crate::keyring::Keyring;
use crate::log;
use crate::store::{self, OpenError, Store, audit_folder};

#[derive(Subcommand)]
pub(super) enum AuditCommand {
    /// Finds rows of audit that were changed, removed, moved or put back, and files that are cut or missing.
    ///
    /// It changes no file of audit. Beside a running node, or where it can't write, it checks the files without the
    /// database and says so: the newest rows may then be missing without a finding.
    Verify(VerifyArgs),
}

#[derive(Args)]
#[command(after_help = VERIFY_HELP)]
pub(super) struct VerifyArgs {
    /// Head of the audit that was noted elsewhere and must be in the files; the log has one a day. May be given more than
    /// once.
    #[arg(long, value_name = "NUMBER:HASH", value_parser = head)]
    head: Vec<(u64, ChainHash)>,
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(super) const AUDIT_HELP: &str = "\
Example:
  esoz-otp audit verify --keyring /etc/esoz-otp/keyring

Exit codes:
  0   the audit is what was written
  64  the command line is wrong
  65  the audit was changed (esoz-otp audit verify --help has all codes)";

const VERIFY_HELP: &str = "\
Example:
  esoz-otp audit verify --keyring /etc/esoz-otp/keyring

Exit codes:
  0   nothing was found; standard output has the rows, the anchors and the head
  64  the command line is wrong
  65  rows were changed or are missing; standard error has a line for each finding
  74  a file of audit can't be read
  78  the configuration, the keyring or the data directory is missing or wrong";

pub(super) fn audit(command: &AuditCommand) -> Result<(), CliError> {
    match command {
        AuditCommand::Verify(args) => verify(args),
    }
}

fn verify(args: &VerifyArgs) -> Result<(), CliError> {
    let config = args.settings.load()?;
    let data = &config.data.path;
    let keyring = keyring_file::read(&config.keys.keyring_of(data), data)?;
    let _log = log::start(LogConfig { level: LevelFilter::WARN, ..config.log });
    let (store, skipped) = match open(data, config.store) {
        Ok(opened) => opened,
        Err(error) => match SkipReason::of(&error) {
            Some(why) => (None, Some(why)),
            None => return Err(error.into()),
        },
    };
    let mut found = verify_files(data, &keyring, store.as_ref(), &args.head)?;
    if found.files == 0 && matches!(skipped, Some(SkipReason::Running)) {
        let file = "audit/".to_owned();
        found.findings.push(Finding { file, number: None, is_behind: false, what: NO_FILE.into() });
    }
    output::print(summary(&found, skipped.as_ref()).as_bytes())?;
    if found.findings.is_empty() {
        return output::print(conclusion(skipped.as_ref()).as_bytes());
    }
    let lines: Vec<_> = found.findings.iter().map(ToString::to_string).collect();
    let folder = audit_folder(data);
    Err(CliError::data(format_args!(
        "the audit in {} is not what was written:\n{}",
        folder.display(),
        lines.join("\n")
    )))
}

/// The finding when a node runs and there is no file of audit, since every running node has made one.
const NO_FILE: &str = "there is no file, and a node that runs has one: files were removed. If it has started just now, or its disk is full, look again";

/// The reason why `verify` checks the files without the database.
enum SkipReason {
    Running,
    NotOwned(u32),
    /// Opening it would write.
    Unwritable(ErrorKind),
    /// Opening it would use up the reserve file that the node needs for its start.
    Full,
}

impl SkipReason {
    /// The reason in this error. `None` for an error that ends the command.
    fn of(error: &OpenError) -> Option<Self> {
        match error {
            OpenError::Locked(_) => Some(Self::Running),
            OpenError::NotOwned { owner, .. } => Some(Self::NotOwned(*owner)),
            OpenError::Io { source, .. } => {
                let kind = source.kind();
                let cannot_write =
                    matches!(kind, ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied);
                cannot_write.then_some(Self::Unwritable(kind))
            }
            _ => None,
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running => f.write_str("a node runs on it"),
            Self::NotOwned(owner) => write!(f, "it is user {owner}'s"),
            Self::Unwritable(why) => write!(f, "its directory can't be written to ({why})"),
            Self::Full => f.write_str("its disk is full, and the node needs what is left"),
        }
    }
}

fn open(
    data: &Path,
    config: StoreConfig,
) -> Result<(Option<Store>, Option<SkipReason>), OpenError> {
    Store::check_made(data)?;
    if store::is_full(data) {
        return Ok((None, Some(SkipReason::Full)));
    }
    Ok((Some(Store::open(data, config)?), None))
}

/// The last line when there are no findings.
fn conclusion(skipped: Option<&SkipReason>) -> &'static str {
    match skipped {
        None => "nothing was changed, nothing is missing\n",
        Some(SkipReason::Running) => {
            "nothing was found, as far as can be seen beside a running node: only the database knows whether the newest rows \
             are all there. Stop the node to check them, too\n"
        }
        Some(SkipReason::NotOwned(_) | SkipReason::Unwritable(_) | SkipReason::Full) => {
            "nothing was found, as far as can be seen without the database: only the database knows whether the newest rows \
             are all there\n"
        }
    }
}

/// How often the files are read beside a running node: an entry that is half written at first is whole the next time.
const TRIES: usize = 3;

fn verify_files(
    data: &Path,
    keyring: &Keyring,
    store: Option<&Store>,
    heads: &[(u64, ChainHash)],
) -> Result<LogReport, CliError> {
    let (folder, keys) = (audit_folder(data), keyring.anchor_keys());
    let verify = || audit::verify(&folder, &keys, store, heads);
    if store.is_none() {
        for _ in 1..TRIES {
            match verify() {
                Ok(found) if found.findings.is_empty() => return Ok(found),
                Ok(_) | Err(_) => {}
            }
        }
    }
    Ok(verify()?)
}

/// What standard output has before the last line: one fact a line.
fn summary(found: &LogReport, skipped: Option<&SkipReason>) -> String {
    let mut lines = Vec::new();
    let rows = match found.rows {
        Some((first, last)) => format!("rows {first} to {last}"),
        None => "no row".into(),
    };
    lines.push(format!("files: {}, {rows}", found.files));
    match (found.waiting, skipped) {
        (Some(waiting), _) => lines.push(format!("not moved from the database yet: {waiting}")),
        (None, Some(why)) => lines.push(format!("the database is left out: {why}")),
        (None, None) => {}
    }
    if found.too_old > 0 {
        lines.push(format!("files that are too old, to go at the next start: {}", found.too_old));
    }
    let (held, others) = (found.anchors, found.of_other_keys);
    lines.push(format!(
        "anchors: {held} of keys in the keyring, {others} of keys that are not there any more"
    ));
    lines.push(match &found.anchored {
        Some((number, key, at)) => {
            format!("vouched for: up to row {number}, with key {key}, {}", at.to_whole_second())
        }
        None => "vouched for: nothing yet".into(),
    });
    if let (Some((_, last)), Some(hash)) = (found.rows, found.hash) {
        lines.push(format!("head: {last}:{hash}"));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Parses `NUMBER:HASH`.
fn head(text: &str) -> Result<(u64, ChainHash), &'static str> {
    let (number, hash) = text.split_once(':').ok_or(NO_HEAD)?;
    Ok((number.parse().map_err(|_| NO_HEAD)?, ChainHash::from_hex(hash).ok_or(NO_HEAD)?))
}

const NO_HEAD: &str = "a head is a row's number, a colon and 64 hexadecimal digits";
