//! `esoz-otp audit`: the log of audit, looked at from outside of a node.

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
    /// Looks for rows of audit that were changed, removed, moved or put back, and for files that are cut or missing.
    /// Beside a node that runs, and where nothing may be written, what only the database knows is left out.
    Verify(VerifyArgs),
}

#[derive(Args)]
pub(super) struct VerifyArgs {
    /// A head of the audit that was noted elsewhere, as the log has it once a day: it has to be in the files. May be given
    /// more than once.
    #[arg(long, value_name = "NUMBER:HASH", value_parser = head)]
    head: Vec<(u64, ChainHash)>,
    #[command(flatten)]
    settings: SettingsArgs,
}

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
    let (store, left_out) = match open(data, config.store) {
        Ok(opened) => opened,
        Err(error) => match LeftOut::for_this(&error) {
            Some(why) => (None, Some(why)),
            None => return Err(error.into()),
        },
    };
    let mut found = look(data, &keyring, store.as_ref(), &args.head)?;
    if found.files == 0 && matches!(left_out, Some(LeftOut::Running)) {
        let file = "audit/".to_owned();
        found.findings.push(Finding { file, number: None, is_behind: false, what: NO_FILE.into() });
    }
    output::print(told(&found, left_out.as_ref()).as_bytes())?;
    if found.findings.is_empty() {
        return output::print(end(left_out.as_ref()).as_bytes());
    }
    let lines: Vec<_> = found.findings.iter().map(ToString::to_string).collect();
    let folder = audit_folder(data);
    Err(CliError::data(format_args!(
        "the audit in {} is not what was written:\n{}",
        folder.display(),
        lines.join("\n")
    )))
}

/// What every node that runs has made.
const NO_FILE: &str = "there is no file, and a node that runs has one: files were removed. If it has started just now, or its disk is full, look again";

/// Why the database can't be asked.
enum LeftOut {
    Running,
    NotOwned(u32),
    /// Opening it would write.
    Unwritable(ErrorKind),
    /// Opening it would cost the ballast that the node needs for its start.
    Full,
}

impl LeftOut {
    /// `None` if that is no reason to look without it.
    fn for_this(error: &OpenError) -> Option<Self> {
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

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running => f.write_str("a node runs on it"),
            Self::NotOwned(owner) => write!(f, "it is user {owner}'s"),
            Self::Unwritable(why) => write!(f, "its directory can't be written to ({why})"),
            Self::Full => f.write_str("its disk is full, and the node needs what is left"),
        }
    }
}

fn open(data: &Path, config: StoreConfig) -> Result<(Option<Store>, Option<LeftOut>), OpenError> {
    Store::check_made(data)?;
    if store::is_full(data) {
        return Ok((None, Some(LeftOut::Full)));
    }
    Ok((Some(Store::open(data, config)?), None))
}

/// What can be said where nothing was found.
fn end(left_out: Option<&LeftOut>) -> &'static str {
    match left_out {
        None => "nothing was changed, nothing is missing\n",
        Some(LeftOut::Running) => {
            "nothing was found, as far as can be seen beside a running node: whether the newest rows are all there, only the \
             database knows. Stop the node for the whole look\n"
        }
        Some(LeftOut::NotOwned(_) | LeftOut::Unwritable(_) | LeftOut::Full) => {
            "nothing was found, as far as can be seen without the database: whether the newest rows are all there, only that \
             knows\n"
        }
    }
}

/// How often a log is looked at on which a node may be writing meanwhile: what is half written then is whole the next time.
const LOOKS: usize = 3;

fn look(
    data: &Path,
    keyring: &Keyring,
    store: Option<&Store>,
    heads: &[(u64, ChainHash)],
) -> Result<LogReport, CliError> {
    let (folder, keys) = (audit_folder(data), keyring.anchor_keys());
    let look = || audit::verify(&folder, &keys, store, heads);
    if store.is_none() {
        for _ in 1..LOOKS {
            match look() {
                Ok(found) if found.findings.is_empty() => return Ok(found),
                Ok(_) | Err(_) => {}
            }
        }
    }
    Ok(look()?)
}

fn told(found: &LogReport, left_out: Option<&LeftOut>) -> String {
    let mut lines = Vec::new();
    let rows = match found.rows {
        Some((first, last)) => format!("rows {first} to {last}"),
        None => "no row".into(),
    };
    lines.push(format!("files: {}, {rows}", found.files));
    match (found.waiting, left_out) {
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

fn head(text: &str) -> Result<(u64, ChainHash), &'static str> {
    let (number, hash) = text.split_once(':').ok_or(NO_HEAD)?;
    Ok((number.parse().map_err(|_| NO_HEAD)?, ChainHash::from_hex(hash).ok_or(NO_HEAD)?))
}

const NO_HEAD: &str = "a head is a row's number, a colon and 64 hexadecimal digits";
