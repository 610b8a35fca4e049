//! Reads files that hold a secret. Such a file is small, and only its owner may read it.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use zeroize::Zeroizing;

use super::CliError;
use crate::files;

/// A kind of secret file, in words for error messages.
pub(super) struct SecretKind {
    /// The name of the kind.
    pub(super) label: &'static str,
    /// The harm that a reader of it can do.
    pub(super) risk: &'static str,
    /// How to replace a secret that others have read.
    pub(super) rotation: &'static str,
}

/// Reads a file of at most `most_kib` KiB. It has to belong to this user and be closed to others, unless the service
/// manager made it. `cannot` makes the error for a file that can't be read.
pub(super) fn read(
    path: &Path,
    kind: &SecretKind,
    most_kib: usize,
    cannot: impl Fn(io::Error) -> CliError,
) -> Result<Zeroizing<String>, CliError> {
    let mut file = files::open(path).map_err(&cannot)?;
    if !is_credential(path) {
        check_access(path, kind, &file.metadata().map_err(&cannot)?)?;
    }
    let most = most_kib * 1024;
    // Allocated once: a `String` that grows leaves copies of the secret in freed memory.
    let mut text = Zeroizing::new(String::with_capacity(most + 1));
    (&mut file).take(most as u64 + 1).read_to_string(&mut text).map_err(&cannot)?;
    if text.len() > most {
        return Err(cannot(io::Error::other(format!("it has more than {most_kib} KiB"))));
    }
    Ok(text)
}

/// Whether the file is a credential of the service manager (`$CREDENTIALS_DIRECTORY`), which sets owner and mode itself.
pub(super) fn is_credential(path: &Path) -> bool {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty());
    folder.is_some_and(|folder| path.starts_with(folder))
}

/// Refuses a file of another user, or one with more than owner permissions.
fn check_access(path: &Path, kind: &SecretKind, file: &fs::Metadata) -> Result<(), CliError> {
    let (SecretKind { label, risk, rotation }, name) = (kind, path.display());
    let user = files::user();
    if file.uid() != user {
        let owner = file.uid();
        return Err(CliError::configuration(format_args!(
            "{label} {name} belongs to user {owner}, and this is user {user}. \
             Run esoz-otp as its owner, or give it to this user: chown {user} {name}"
        )));
    }
    let mode = file.mode() & 0o7777;
    if mode & !0o600 != 0 {
        return Err(CliError::configuration(format_args!(
            "{label} {name} is open to other users (mode {mode:04o}): {risk}. \
             Close it: chmod 600 {name}; if others have read it, {rotation}."
        )));
    }
    Ok(())
}
