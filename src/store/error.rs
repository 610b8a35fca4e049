use std::io;
use std::path::{Path, PathBuf};

use crate::domain::Refusal;
use crate::files;

const MIB: u64 = 1024 * 1024;

/// A read or a write that did not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The writer's queue is full; nothing has changed. Try again in a second.
    #[error("more writes are waiting than can be taken on")]
    Busy,
    /// The disk or the database failed. Every later call fails too, until the process is started again.
    #[error("the store has failed: {0}")]
    Failed(String),
    /// Too little room is left on the disk; nothing has changed. Reading goes on.
    #[error("the disk is nearly full, and nothing has changed. Make room on it")]
    DiskFull,
    /// A stored record is not what this program writes.
    #[error("a record of tree `{tree}` cannot be read: {why}")]
    Damaged {
        /// The tree.
        tree: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A record or a write is larger than the store keeps safely; nothing has changed.
    #[error("{what} is larger than {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The bound, with its unit.
        limit: &'static str,
    },
}

/// Why a data directory was not opened, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory or a file in it can't be made or reached.
    #[error("cannot use {path}: {source}. {}", remedy(.source))]
    Io {
        /// Which path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It does not exist.
    #[error("there is no data in {0} yet. Make it first: esoz-otp init --data {0}")]
    NotMade(PathBuf),
    /// Its making was interrupted.
    #[error(
        "the making of {0} was interrupted. Make it again: esoz-otp init --data {0}. (If a backup was restored over it, remove {0}/unfinished instead.)"
    )]
    Unfinished(PathBuf),
    /// Its making was interrupted, but a node has served from what is in it now.
    #[error(
        "{0}/unfinished says that the making of this directory was interrupted, but a node has served from what is in it, so it is left as it is. If a backup was restored over it, remove {0}/unfinished."
    )]
    Restored(PathBuf),
    /// It was to be made where something is already.
    #[error(
        "{0} is not empty, so it is left as it is. Name another data directory; if this one was made before, it needs no init."
    )]
    NotEmpty(PathBuf),
    /// It belongs to another user.
    #[error(
        "{path} belongs to user {owner}, and this is user {user}. {}", remedy_for_owner(*.owner, *.user, .path)
    )]
    NotOwned {
        /// The directory.
        path: PathBuf,
        /// Number of its owner.
        owner: u32,
        /// Number of the user who wants to open it.
        user: u32,
    },
    /// Others can look into it.
    #[error(
        "{path} is open to other users (mode {mode:04o}), and phone numbers are in it. Close it: chmod 700 {path}"
    )]
    TooOpen {
        /// The directory.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Another process has it open.
    #[error("{0} is in use by another esoz-otp. Stop that one first, or use another directory.")]
    Locked(PathBuf),
    /// The database itself is damaged.
    #[error(
        "the database in {path} is damaged: {why}. Keep a copy of the directory as it is, then restore it from a backup."
    )]
    Damaged {
        /// The directory.
        path: PathBuf,
        /// What sled, or our own reading, found.
        why: String,
    },
    /// A file that is none of the database's is among its files.
    #[error(
        "{0} does not belong to the database, or was not there when it was closed. Move it elsewhere. Nothing has been changed."
    )]
    Stray(PathBuf),
    /// A new database may not fit beside the old one.
    #[error(
        "a new database needs up to {} MiB on the disk of {path}, and {} MiB are free. Make room on it. Nothing has been changed.",
        .needed.div_ceil(MIB), .free / MIB
    )]
    NoRoom {
        /// The directory.
        path: PathBuf,
        /// How many bytes it needs at most.
        needed: u64,
        /// How many there are.
        free: u64,
    },
    /// A later release wrote it.
    #[error(
        "{path} was written by a newer esoz-otp (data version {found}, this one knows {known}). Nothing has been changed. Start the newer release on it."
    )]
    Newer {
        /// The directory.
        path: PathBuf,
        /// Version found.
        found: u32,
        /// Version this program writes.
        known: u32,
    },
}

/// What to do about a file or a folder that can't be used.
fn remedy(error: &io::Error) -> &'static str {
    if files::is_no_file(error) {
        return "Move it elsewhere. Nothing has been changed.";
    }
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "The disk is full. Make room on it and start again: nothing that was acknowledged is lost."
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "The file system is mounted read-only. Mount it for writing, or name a directory on another one."
        }
        io::ErrorKind::PermissionDenied => {
            "This user may not do that. Give the directory and all that is in it to this user, and let its owner write (chmod -R u+rwX)."
        }
        io::ErrorKind::NotADirectory => "A file is in the way. Name another directory.",
        // Of what else the system can say, too much to have a word for each.
        _ => "Check that the directory exists, that this user owns it and that the disk works.",
    }
}

/// What to do about a directory of another user. Root gets no `chown`: it would take a service's directory away from the
/// user that serves it.
fn remedy_for_owner(owner: u32, user: u32, path: &Path) -> String {
    if user == 0 {
        return format!(
            "Run esoz-otp as user {owner}: systemd/README.md, \"Commands beside the service\", says how."
        );
    }
    let path = path.display();
    format!("Run esoz-otp as its owner, or give it to this user: chown -R {user} {path}")
}

impl From<sled::Error> for StoreError {
    fn from(error: sled::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::Busy,
            // The log has it already, once.
            StoreError::DiskFull => Self::DiskFull,
            StoreError::Failed(_) | StoreError::Damaged { .. } | StoreError::TooLarge { .. } => {
                tracing::error!(%error, "store");
                Self::StorageFailed
            }
        }
    }
}
