use std::io;
use std::path::{Path, PathBuf};

use super::file_name::FileName;
use super::format::EntryFault;
use crate::domain::Refusal;
use crate::store::{BadRecord, StoreError};

/// Why the log of audit can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A file or the folder can't be made or reached.
    #[error("cannot use {path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The database can't be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file is not what was written.
    #[error("{file} is damaged at row {number}: {why}. `esoz-otp audit verify` says more.")]
    Damaged {
        /// Which.
        file: String,
        /// Number of the row that should be there.
        number: u64,
        /// What is wrong.
        why: String,
    },
    /// The file that is written on was taken away under the node.
    #[error(
        "{file} is not as it was written: it was moved away, exchanged, cut or added to while the node runs. Put it back as it was. If it is lost, start the node again: rows go on in a new file then."
    )]
    Displaced {
        /// Which.
        file: String,
    },
    /// The end of the log is not in the files any more.
    #[error(
        "{what}, and the database knows row {number} as the last one. Put the file back as it was. If it is lost, start the node again: rows go on in a new file then."
    )]
    Lost {
        /// What there is.
        what: String,
        /// Number of the last row.
        number: u64,
    },
    /// The database has lost rows that the log holds, or one of them is from another time or another directory.
    #[error(
        "{file} holds row {number}, which the database does not know. The database is older than its log of audit, or the file is another directory's. Nothing has been changed. Restore the data directory as a whole from one backup."
    )]
    NotKnown {
        /// Which file.
        file: String,
        /// Number of the row.
        number: u64,
    },
}

pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> AuditError {
    let path = path.to_owned();
    move |source| AuditError::Io { path, source }
}

/// A row that can't be laid out.
pub(super) fn unwritable(number: u64) -> impl FnOnce(BadRecord) -> AuditError {
    move |why| StoreError::Damaged { tree: "audit", why: format!("row {number}: {why}") }.into()
}

pub(super) fn damaged(file: &FileName, number: u64, why: &str) -> AuditError {
    AuditError::Damaged { file: file.to_string(), number, why: why.to_string() }
}

/// What kept the row of this number from being read.
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
