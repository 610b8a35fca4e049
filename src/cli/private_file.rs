//! Files that hold a secret: whole, small, and their owner's alone. Every command reads them here.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use zeroize::Zeroizing;

use super::Failure;
use crate::files;

/// What kind of secret it is, in words for the person who has to do something about it.
pub(super) struct Kind {
    /// What the file is.
    pub(super) what: &'static str,
    /// What comes of it when others can read it.
    pub(super) danger: &'static str,
    /// What to do when they have.
    pub(super) exchange: &'static str,
}

/// The text of a file of at most so many KiB. Unless the service manager hands it over, it has to be this user's alone.
/// `cannot` says what to do about one that can't be read.
pub(super) fn read(
    path: &Path,
    kind: &Kind,
    most_kib: usize,
    cannot: impl Fn(io::Error) -> Failure,
) -> Result<Zeroizing<String>, Failure> {
    let mut file = files::open(path).map_err(&cannot)?;
    if !is_credential(path) {
        check_access(path, kind, &file.metadata().map_err(&cannot)?)?;
    }
    let most = most_kib * 1024;
    // All at once: a text that grows leaves copies of itself behind.
    let mut text = Zeroizing::new(String::with_capacity(most + 1));
    (&mut file).take(most as u64 + 1).read_to_string(&mut text).map_err(&cannot)?;
    if text.len() > most {
        return Err(cannot(io::Error::other(format!("it has more than {most_kib} KiB"))));
    }
    Ok(text)
}

/// Credentials lie in a directory that the service manager makes for this process, with owners and modes of its own.
pub(super) fn is_credential(path: &Path) -> bool {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty());
    folder.is_some_and(|folder| path.starts_with(folder))
}

fn check_access(path: &Path, kind: &Kind, file: &fs::Metadata) -> Result<(), Failure> {
    let (Kind { what, danger, exchange }, name) = (kind, path.display());
    let user = files::user();
    if file.uid() != user {
        let owner = file.uid();
        return Err(Failure::configuration(format_args!(
            "{what} {name} belongs to user {owner}, and this is user {user}. \
             Run esoz-otp as its owner, or give it to this user: chown {user} {name}"
        )));
    }
    let mode = file.mode() & 0o7777;
    if mode & !0o600 != 0 {
        return Err(Failure::configuration(format_args!(
            "{what} {name} is not its owner's alone (mode {mode:04o}): {danger}. \
             Close it: chmod 600 {name}; if others have read it, {exchange}."
        )));
    }
    Ok(())
}
