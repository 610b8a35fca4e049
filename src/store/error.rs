use std::path::PathBuf;

use crate::domain::Refusal;

/// A read or a write that did not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The writer's queue is full; nothing has changed. Try again in a second.
    #[error("more writes are waiting than can be taken on")]
    Busy,
    /// The disk or the database failed. Every later call fails too, until the process is started again.
    #[error("the store has failed: {0}")]
    Failed(String),
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
    #[error(
        "cannot use {path}: {source}. Check that the directory exists, that this user owns it and that the disk has room."
    )]
    Io {
        /// Which path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
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

impl From<sled::Error> for StoreError {
    fn from(error: sled::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::Busy,
            StoreError::Failed(_) | StoreError::Damaged { .. } | StoreError::TooLarge { .. } => {
                tracing::error!(%error, "store");
                Self::StorageFailed
            }
        }
    }
}
