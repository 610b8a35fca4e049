use std::io;
use std::path::{Path, PathBuf};

use super::file_name::FileName;
use super::format::EntryFault;
use crate::domain::Refusal;
use crate::store::{BadRecord, StoreError};

/// Why the log of audit can't be read or written. `Display` says what the operator can do.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A file operation failed.
    #[error("cannot use {path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The database refused the read or write.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An entry is not what the node wrote.
    #[error("{file} is damaged at row {number}: {why}. `esoz-otp audit verify` says more.")]
    Damaged {
        /// The file, as a path from the data directory.
        file: String,
        /// Number of the row that was expected there.
        number: u64,
        /// The damage, for example a wrong checksum.
        why: String,
    },
    /// The open file was moved, replaced, cut or extended by another process.
    #[error(
        "{file} is not as it was written: it was moved away, exchanged, cut or added to while the node runs. Put it back as it was. If it is lost, start the node again: rows go on in a new file then."
    )]
    Displaced {
        /// The file, as a path from the data directory.
        file: String,
    },
    /// The files don't contain the head that the database knows.
    #[error(
        "{what}, and the database knows row {number} as the last one. Put the file back as it was. If it is lost, start the node again: rows go on in a new file then."
    )]
    Lost {
        /// What the files contain instead.
        what: String,
        /// Number of the last row that the database knows.
        number: u64,
    },
    /// The file contains a row that the database doesn't know: the database is older than the file, or the file belongs
    /// to another data directory.
    #[error(
        "{file} holds row {number}, which the database does not know. The database is older than its log of audit, or the file is another directory's. Nothing has been changed. Restore the data directory as a whole from one backup."
    )]
    NotKnown {
        /// The file, as a path from the data directory.
        file: String,
        /// Number of the unknown row.
        number: u64,
    },
}

pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> AuditError {
    let path = path.to_owned();
    move |source| AuditError::Io { path, source }
}

/// Maps a row that can't be encoded to [`StoreError::Damaged`].
pub(super) fn unwritable(number: u64) -> impl FnOnce(BadRecord) -> AuditError {
    move |why| StoreError::Damaged { tree: "audit", why: format!("row {number}: {why}") }.into()
}

pub(super) fn damaged(file: &FileName, number: u64, why: &str) -> AuditError {
    AuditError::Damaged { file: file.to_string(), number, why: why.to_string() }
}

/// Maps an [`EntryFault`] at this row to an [`AuditError`].
pub(super) fn unreadable(
    file: &FileName,
    path: &Path,
    number: u64,
) -> impl FnOnce(EntryFault) -> AuditError {
    let (name, path) = (file.to_string(), path.to_owned());
    move |fault| {
        let why = match fault {
            EntryFault::Io(source) => return AuditError::Io { path, source },
            EntryFault::Torn => "the file ends within it",
            EntryFault::Changed => "its checksum is wrong",
        };
        AuditError::Damaged { file: name, number, why: why.into() }
    }
}

impl From<AuditError> for Refusal {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Store(error) => error.into(),
            AuditError::Io { .. }
            | AuditError::Displaced { .. }
            | AuditError::Lost { .. }
            | AuditError::Damaged { .. }
            | AuditError::NotKnown { .. } => {
                tracing::error!(%error, "audit");
                Self::StorageFailed
            }
        }
    }
}
