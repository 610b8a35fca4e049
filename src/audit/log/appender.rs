//! The end of the log: appends rows, anchors and new files.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::chain::{AnchorKeys, ChainHash};
use super::error::{AuditError, at, unwritable};
use super::file_name::FileName;
use super::files;
use super::format::{self, Anchor, AnchorReason, EncodedEntry};
use super::times::SeenTimes;
use crate::domain::Timestamp;
use crate::domain::audit::AuditRow;
use crate::store::schema::{AUDIT, AUDIT_HEADS, AUDIT_TIMES, AuditHead};
use crate::store::{Priority, Store, StoreError, Write};

/// Key of the log's head in the tree `AUDIT_HEADS`.
const LOG: &str = "log";

/// Key of a copy of the head from the last clean shutdown. The next process removes it before it writes.
const CLOSED: &str = "closed";

/// Size in bytes at which a day's file is followed by another of the same day.
pub(super) const FILE_BYTES: u64 = 64 * 1024 * 1024;

/// The end of the log and its head in the database. After an error it is dropped, and `recovery` finds the end again.
pub(super) struct Appender {
    folder: PathBuf,
    pub(super) head: AuditHead,
    end: LogEnd,
    /// Name of the newest file, also if it is damaged: the next name comes after it.
    newest: Option<FileName>,
}

/// The state of the newest file.
pub(super) enum LogEnd {
    /// No file exists: no row has moved.
    New,
    /// The newest file, open for appending.
    Open(OpenFile),
    /// This anchor is the last entry of the newest file. The next row begins another file.
    Ended(Anchor),
    /// The files don't contain the head that the database knows. The text describes what they contain.
    Lost(String),
}

/// The newest file, open for appending.
pub(super) struct OpenFile {
    pub(super) name: FileName,
    pub(super) file: File,
    pub(super) length: u64,
    /// The last entry of the file, if it is an anchor.
    pub(super) anchor: Option<Anchor>,
}

/// The head in the database; `None` before the first row has moved.
pub(super) fn head(store: &Store) -> Result<Option<AuditHead>, StoreError> {
    store.get(AUDIT_HEADS, &LOG.to_owned())
}

/// Whether the last process closed the log cleanly: then no file contains an entry after the head.
pub(super) fn is_closed(store: &Store) -> Result<bool, StoreError> {
    let closed = store.get(AUDIT_HEADS, &CLOSED.to_owned())?;
    Ok(closed.is_some() && closed == head(store)?)
}

/// Stores that the log was closed cleanly at this head.
pub(super) fn note_closed(store: &Store, head: AuditHead) -> Result<(), StoreError> {
    store.write_blocking(Priority::Upkeep, move |write: &mut Write<'_>| {
        write.put(AUDIT_HEADS, &CLOSED.to_owned(), &head)
    })
}

/// Removes the note of a clean shutdown before the first entry is written.
pub(super) fn note_open(store: &Store) -> Result<(), StoreError> {
    if store.get(AUDIT_HEADS, &CLOSED.to_owned())?.is_none() {
        return Ok(());
    }
    store.write_blocking(Priority::Upkeep, |write: &mut Write<'_>| {
        write.remove(AUDIT_HEADS, &CLOSED.to_owned());
        Ok(())
    })
}

/// Number of the last row that has moved to a file, read within a write; 0 before the first.
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

    /// Whether rows of this day begin a new file: no file is open, its day is earlier, or it has [`FILE_BYTES`].
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

    /// Whether no file exists yet ([`LogEnd::New`]).
    pub(super) fn is_new(&self) -> bool {
        matches!(self.end, LogEnd::New)
    }

    /// The description of [`LogEnd::Lost`].
    pub(super) fn lost(&self) -> Option<&str> {
        match &self.end {
            LogEnd::Lost(found) => Some(found),
            LogEnd::New | LogEnd::Open(_) | LogEnd::Ended(_) => None,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(self.end, LogEnd::Ended(_))
    }

    /// Offset of the next entry in the open file.
    pub(super) fn place(&self) -> u64 {
        self.open().map_or(0, |open| open.length)
    }

    /// Whether the last entry is an anchor of the newest key with the current `kept_from`.
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

    /// Creates a file for `day` and opens it. Its first entry is on the device when this returns.
    pub(super) fn begin_file(&mut self, day: &str) -> Result<FileName, AuditError> {
        files::make_folder(&self.folder)?;
        let first = self.head.number + 1;
        let EncodedEntry { bytes, hash } =
            format::begin(first, self.hash()).map_err(unwritable(first))?;
        let beginning = [format::MAGIC, &bytes].concat();
        loop {
            let name = FileName::next(self.newest.as_ref(), day);
            self.newest = Some(name.clone());
            // A file or folder of this name exists already: take the next name.
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

    /// Appends `rows` to the open file, numbered after the last one. They are on the device when this returns.
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

    /// Appends an anchor of the newest key: an HMAC over everything before it. On the device when this returns.
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

    /// Returns [`AuditError::Displaced`] if the open file is not found under its name with the expected length: it was
    /// moved, replaced or cut.
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

    /// Stores the new head and the times of the rows that were `moved` since `before`, and removes these rows from the database.
    /// The last row stays, since the next number follows from it.
    pub(super) fn note(
        &self,
        store: &Store,
        before: AuditHead,
        moved: Option<SeenTimes>,
    ) -> Result<(), StoreError> {
        let head = self.head;
        store.write_blocking(Priority::Upkeep, move |write: &mut Write<'_>| {
            write.put(AUDIT_HEADS, &LOG.to_owned(), &head)?;
            if let Some(SeenTimes { first, times }) = moved {
                write.put(AUDIT_TIMES, &first, &times)?;
            }
            for number in before.number..head.number {
                write.remove(AUDIT, &number);
            }
            Ok(())
        })
    }
}
