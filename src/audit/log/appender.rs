//! The end of the log, where entries are put.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::chain::{AnchorKeys, ChainHash};
use super::error::{AuditError, at, unwritable};
use super::file_name::FileName;
use super::files;
use super::format::{self, Anchor, AnchorReason, EncodedEntry};
use crate::domain::Timestamp;
use crate::domain::audit::AuditRow;
use crate::store::schema::{AUDIT, AUDIT_HEADS, AuditHead};
use crate::store::{Priority, Store, StoreError, Write};

/// The key of the one head.
const LOG: &str = "log";

/// The key of the head that the log had when it was last closed in order. The next process that
/// writes removes it.
const CLOSED: &str = "closed";

/// A file that has this many bytes is followed by another one of the same day.
pub(super) const FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Where the next entry goes, and what the database says of the end of the log. After an error it is of no use any more.
pub(super) struct Appender {
    folder: PathBuf,
    pub(super) head: AuditHead,
    end: LogEnd,
    /// The newest name that there is.
    newest: Option<FileName>,
}

/// What there is at the end of the log.
pub(super) enum LogEnd {
    /// Nothing: no file has been begun.
    New,
    /// A file that is written on.
    Open(OpenFile),
    /// A file that this anchor has ended. It is never written on again.
    Ended(Anchor),
    /// Not what the database knows. What there is instead.
    Lost(String),
}

/// A file that is written on.
pub(super) struct OpenFile {
    pub(super) name: FileName,
    pub(super) file: File,
    pub(super) length: u64,
    /// The anchor that is its last entry, if one is.
    pub(super) anchor: Option<Anchor>,
}

/// What the database says of the log, if anything has moved.
pub(super) fn head(store: &Store) -> Result<Option<AuditHead>, StoreError> {
    store.get(AUDIT_HEADS, &LOG.to_owned())
}

/// Whether the log was closed in order, so that no file may have anything behind what the database says of it.
pub(super) fn is_closed(store: &Store) -> Result<bool, StoreError> {
    let closed = store.get(AUDIT_HEADS, &CLOSED.to_owned())?;
    Ok(closed.is_some() && closed == head(store)?)
}

/// Notes that nothing is behind this head.
pub(super) fn note_closed(store: &Store, head: AuditHead) -> Result<(), StoreError> {
    store.write_blocking(Priority::Upkeep, move |write: &mut Write<'_>| {
        write.put(AUDIT_HEADS, &CLOSED.to_owned(), &head)
    })
}

/// Notes that entries may be written from now on.
pub(super) fn note_open(store: &Store) -> Result<(), StoreError> {
    if store.get(AUDIT_HEADS, &CLOSED.to_owned())?.is_none() {
        return Ok(());
    }
    store.write_blocking(Priority::Upkeep, |write: &mut Write<'_>| {
        write.remove(AUDIT_HEADS, &CLOSED.to_owned());
        Ok(())
    })
}

/// Number of the last row that has moved, as a write sees it.
pub(in crate::audit) fn last_moved(write: &Write<'_>) -> Result<u64, StoreError> {
    Ok(write.get(AUDIT_HEADS, &LOG.to_owned())?.map_or(0, |head| head.number))
}

impl Appender {
    pub(super) fn new(
        folder: &Path,
        head: AuditHead,
        end: LogEnd,
        newest: Option<FileName>,
    ) -> Self {
        Self { folder: folder.to_owned(), head, end, newest }
    }

    pub(super) fn hash(&self) -> ChainHash {
        ChainHash::from_bytes(self.head.hash)
    }

    /// Whether rows of this day need another file.
    pub(super) fn needs_file(&self, day: &str) -> bool {
        self.open().is_none_or(|open| open.name.is_before(day) || open.length >= FILE_BYTES)
    }

    fn open(&self) -> Option<&OpenFile> {
        match &self.end {
            LogEnd::Open(open) => Some(open),
            LogEnd::New | LogEnd::Ended(_) | LogEnd::Lost(_) => None,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open().is_some()
    }

    /// Whether no file has been begun.
    pub(super) fn is_new(&self) -> bool {
        matches!(self.end, LogEnd::New)
    }

    /// What there is instead, if the end is not what the database knows.
    pub(super) fn lost(&self) -> Option<&str> {
        match &self.end {
            LogEnd::Lost(found) => Some(found),
            LogEnd::New | LogEnd::Open(_) | LogEnd::Ended(_) => None,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(self.end, LogEnd::Ended(_))
    }

    /// Where the next entry goes in the file that is open.
    pub(super) fn place(&self) -> u64 {
        self.open().map_or(0, |open| open.length)
    }

    /// Whether the newest key has vouched for everything there is.
    pub(super) fn is_anchored(&self, keys: &AnchorKeys) -> bool {
        let anchor = match &self.end {
            LogEnd::Open(open) => open.anchor.as_ref(),
            LogEnd::Ended(anchor) => Some(anchor),
            LogEnd::New | LogEnd::Lost(_) => None,
        };
        anchor.is_some_and(|anchor| {
            keys.newest() == Some(anchor.key_id.as_str()) && anchor.kept_from == self.head.kept_from
        })
    }

    /// Begins a file for this day. It is on the device when this returns.
    pub(super) fn begin_file(&mut self, day: &str) -> Result<FileName, AuditError> {
        files::make_folder(&self.folder)?;
        let first = self.head.number + 1;
        let EncodedEntry { bytes, hash } =
            format::begin(first, self.hash()).map_err(unwritable(first))?;
        let beginning = [format::MAGIC, &bytes].concat();
        loop {
            let name = FileName::next(self.newest.as_ref(), day);
            self.newest = Some(name.clone());
            // Something else may have the name.
            if let Some(file) = files::create(&self.folder, &name, &beginning)? {
                let length = beginning.len() as u64;
                let name_of_file = name.clone();
                self.end =
                    LogEnd::Open(OpenFile { name: name_of_file, file, length, anchor: None });
                self.head.hash = *hash.as_bytes();
                return Ok(name);
            }
        }
    }

    /// Appends these rows, numbered on from the last one, all to the file that is open. They are on the device when this
    /// returns.
    pub(super) fn append(&mut self, rows: &[AuditRow]) -> Result<(), AuditError> {
        let (mut bytes, mut hash, mut number) = (Vec::new(), self.hash(), self.head.number);
        for row in rows {
            number += 1;
            let written = format::row(row, hash).map_err(unwritable(number))?;
            bytes.extend_from_slice(&written.bytes);
            hash = written.hash;
        }
        self.put(&bytes, None)?;
        self.head = AuditHead { number, hash: *hash.as_bytes(), ..self.head };
        Ok(())
    }

    /// Vouches for everything so far with the newest key, on the device.
    pub(super) fn anchor(
        &mut self,
        keys: &AnchorKeys,
        at: Timestamp,
        reason: AnchorReason,
    ) -> Result<(), AuditError> {
        let (AuditHead { number, kept_from, .. }, Some(key_id)) = (self.head, keys.newest()) else {
            return Ok(());
        };
        let anchor = Anchor { number, kept_from, at, reason, key_id: key_id.to_owned() };
        let written = format::anchor(&anchor, self.hash(), keys).map_err(unwritable(number))?;
        if let Some(EncodedEntry { bytes, hash }) = written {
            self.put(&bytes, Some(anchor))?;
            self.head.hash = *hash.as_bytes();
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8], anchor: Option<Anchor>) -> Result<(), AuditError> {
        let LogEnd::Open(open) = &mut self.end else {
            return Err(StoreError::Failed("no file of the log is open".into()).into());
        };
        let written = open.file.write_all(bytes).and_then(|()| open.file.sync_data());
        written.map_err(at(&self.folder.join(open.name.leaf())))?;
        open.length += bytes.len() as u64;
        open.anchor = anchor;
        self.check_in_place()
    }

    /// Whether what is written is found under its name: the file may have been moved away, exchanged or cut.
    pub(super) fn check_in_place(&self) -> Result<(), AuditError> {
        let Some(open) = self.open() else { return Ok(()) };
        let path = self.folder.join(open.name.leaf());
        let own = open.file.metadata().map_err(at(&path))?;
        let is_own = |there: fs::Metadata| {
            (there.dev(), there.ino(), there.len()) == (own.dev(), own.ino(), open.length)
        };
        if fs::symlink_metadata(&path).is_ok_and(is_own) {
            return Ok(());
        }
        Err(AuditError::Displaced { file: open.name.to_string() })
    }

    /// Notes in the database how far the log has come since it had this head. Rows that are in the files go from there,
    /// but for the last one: numbers go on from it.
    pub(super) fn note(&self, store: &Store, before: AuditHead) -> Result<(), StoreError> {
        let head = self.head;
        store.write_blocking(Priority::Upkeep, move |write: &mut Write<'_>| {
            write.put(AUDIT_HEADS, &LOG.to_owned(), &head)?;
            for number in before.number..head.number {
                write.remove(AUDIT, &number);
            }
            Ok(())
        })
    }
}
