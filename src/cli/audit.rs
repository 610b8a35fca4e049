//! `esoz-otp audit`: the log of audit, looked at from outside of a node.

use std::path::Path;

use clap::{Args, Subcommand};
use tracing::level_filters::LevelFilter;

use super::settings::SettingsArgs;
use super::{Failure, keyring_file, output};
use crate::audit::{self, ChainHash, Verification};
use crate::config::{LogConfig, StoreConfig};
use crate::log;
use crate::otp::Keyring;
use crate::store::{OpenError, Store, audit_folder};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Looks for rows of audit that were changed, removed, moved or put back, and for files that are cut or missing.
    /// Beside a node that runs, what only its database knows is left out.
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

pub(super) fn audit(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Verify(args) => verify(args),
    }
}

fn verify(args: &VerifyArgs) -> Result<(), Failure> {
    let config = args.settings.load()?;
    let data = &config.data.path;
    let keyring = keyring_file::read(&config.keys.keyring_of(data), data)?;
    let _log = log::start(LogConfig { level: LevelFilter::WARN, ..config.log });
    let (store, left_out) = match open(data, config.store) {
        Ok(store) => (Some(store), None),
        Err(OpenError::Locked(_)) => (None, Some("a node runs on it".to_owned())),
        Err(OpenError::NotOwned { owner, .. }) => (None, Some(format!("it is user {owner}'s"))),
        Err(error) => return Err(error.into()),
    };
    let found = look(data, &keyring, store.as_ref(), &args.head)?;
    let text = told(&found, left_out.as_deref());
    output::print(text.as_bytes())?;
    if found.findings.is_empty() {
        return output::print(b"nothing was changed, nothing is missing\n");
    }
    let lines: Vec<_> = found.findings.iter().map(ToString::to_string).collect();
    let folder = audit_folder(data);
    Err(Failure::data(format_args!(
        "the audit in {} is not what was written:\n{}",
        folder.display(),
        lines.join("\n")
    )))
}

fn open(data: &Path, config: StoreConfig) -> Result<Store, OpenError> {
    Store::check_made(data)?;
    Store::open(data, config)
}

/// How often a log is looked at on which a node may be writing meanwhile: what is half written then is whole the next time.
const LOOKS: usize = 3;

fn look(
    data: &Path,
    keyring: &Keyring,
    store: Option<&Store>,
    heads: &[(u64, ChainHash)],
) -> Result<Verification, Failure> {
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

fn told(found: &Verification, left_out: Option<&str>) -> String {
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
