//! The log of audit: append-only files in `DIR/audit`, one for each day.
//!
//! - A row is written to the database first, together with the change that it reports. [`AuditLog::move_rows`] appends
//!   it to the file of its day. When the file is on the device, the row is removed from the database. Only the newest
//!   row stays there until the next one has moved.
//! - `format` is the layout of a file. `chain` links each entry to the one before it, and makes anchors: HMACs with
//!   keys of the keyring over everything before them.
//! - `recovery` repairs the end of the log after a crash.
//! - `index` finds a page without reading every file.
//! - `search` reads rows of files and database as one list, in either order.
//! - `times` knows which files have no rows of a time.
//! - [`verify()`] reports changed and missing entries.
//! - [`AuditLog::trim`] removes files with old rows.

mod appender;
mod chain;
mod error;
mod file_name;
mod files;
mod format;
mod index;
mod recovery;
mod search;
mod times;
mod verify;

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use appender::Appender;
pub(super) use appender::last_moved;
pub use chain::{AnchorKeys, ChainHash};
pub use error::AuditError;
use error::at;
pub(super) use format::fitting;
pub use format::{AnchorReason, MAX_CHANGE_BYTES, MAX_ROW_BYTES};
use index::{IndexedFolder, LogFile, ReadableFiles};
use times::{RowTimes, SeenTimes};
pub use verify::{Finding, LogReport, verify};

use crate::domain::Timestamp;
use crate::domain::audit::AuditRow;
use crate::store::schema::{AUDIT, AuditHead};
use crate::store::{Priority, Store, StoreError};

/// Rows that move together. Removing a row from the database takes the writer some 20 µs.
const TOGETHER: usize = 128;

/// The log of a data directory. Only one process opens it, the one with the lock of the store.
pub struct AuditLog {
    store: Store,
    folder: PathBuf,
    keys: AnchorKeys,
    /// `None` after an error: `recovery` has to find the end again.
    appender: Mutex<Option<Appender>>,
    /// The head that the files did not contain at the start: this process goes on in a new file.
    abandoned_head: Option<AuditHead>,
    readable: Mutex<ReadableFiles>,
    /// What is known of the times of rows in files.
    times: Mutex<RowTimes>,
}

impl AuditLog {
    /// Opens the log of this store: repairs the end after a crash, and appends an anchor ([`AnchorReason::Start`]).
    pub fn open(store: Store, keys: AnchorKeys, now: Timestamp) -> Result<Self, AuditError> {
        Self::open_for(store, keys, now, AnchorReason::Start)
    }

    /// [`AuditLog::open`] with another reason for the anchor, for example [`AnchorReason::KeyExchange`].
    pub fn open_for(
        store: Store,
        keys: AnchorKeys,
        now: Timestamp,
        reason: AnchorReason,
    ) -> Result<Self, AuditError> {
        let folder = store.audit_folder();
        let mut appender = recovery::recover(&store, &folder, true)?;
        let AuditHead { number, kept_from, .. } = appender.head;
        let readable = Mutex::new(ReadableFiles { files: Vec::new(), number, kept_from });
        let abandoned_head = appender.lost().map(|_| appender.head);
        let times = Mutex::new(RowTimes::load(&store)?);
        let none = Mutex::default();
        let log = Self { store, folder, keys, appender: none, abandoned_head, readable, times };
        log.ensure_anchored(&mut appender, now, reason)?;
        log.index(kept_from)?;
        log.log_what_is_lost(&appender);
        *log.appender() = Some(appender);
        Ok(log)
    }

    /// Number of the last row in the files, and the chain hash of the last entry. `None` before the first row.
    pub fn head(&self) -> Result<Option<(u64, ChainHash)>, StoreError> {
        let head = appender::head(&self.store)?;
        let head = head.filter(|head| head.number > 0);
        Ok(head.map(|head| (head.number, ChainHash::from_bytes(head.hash))))
    }

    /// Moves up to 128 rows from the database to their file. Returns whether there may be more. While the disk is
    /// nearly full, no row moves. If there is none to move, only the place of the open file is checked.
    pub fn move_rows(&self, now: Timestamp) -> Result<bool, AuditError> {
        let mut held = self.appender();
        let after = held.as_ref().map_or(self.readable().number, |appender| appender.head.number);
        let is_idle = self.store.page(AUDIT, Some(&after), 1)?.is_empty();
        if is_idle && held.as_ref().is_some_and(|appender| !appender.is_new()) {
            let checked = held.as_ref().map_or(Ok(()), Appender::check_in_place);
            return checked.map(|()| false).inspect_err(|_| *held = None);
        }
        if !self.store.has_room() {
            return Ok(false);
        }
        let mut appender = self.take(&mut held)?;
        let moved = if is_idle {
            self.begin_log(&mut appender, now)?;
            false
        } else {
            self.move_some(&mut appender, now)?
        };
        *held = Some(appender);
        Ok(moved)
    }

    fn move_some(&self, appender: &mut Appender, now: Timestamp) -> Result<bool, AuditError> {
        let before = appender.head;
        // When this write is acknowledged, every row that it sees is durable. So a file never contains a row that the
        // database could lose.
        let last = self.store.write_blocking(Priority::Upkeep, |write| write.last(AUDIT))?;
        let last = last.unwrap_or(before.number);
        let kept = self.store.page(AUDIT, Some(&before.number), TOGETHER)?;
        let is_full = kept.len() == TOGETHER;
        let kept = kept.into_iter().take_while(|(number, _)| *number <= last);
        let mut rows = Vec::new();
        for (number, row) in kept {
            if number != before.number + 1 + rows.len() as u64 {
                let why = format!("row {number} comes where another is due");
                return Err(StoreError::Damaged { tree: "audit", why }.into());
            }
            rows.push(row);
        }
        let Some(first) = rows.first() else { return Ok(false) };
        let day = day_of(first, now);
        if appender.needs_file(&day) {
            self.begin_file(appender, &day, now)?;
        }
        let day_ends = rows.iter().position(|row| appender.needs_file(&day_of(row, now)));
        let day_ends = day_ends.unwrap_or(rows.len()).max(1);
        let moving = &rows[..day_ends];
        appender.append(moving)?;
        let moved = self.note_times(before.number + 1, moving);
        self.readable().number = appender.head.number;
        appender.note(&self.store, before, moved)?;
        Ok(is_full || day_ends < rows.len())
    }

    /// Adds the times of `rows`, which were appended to the newest file. Returns what the database has to note.
    fn note_times(&self, first: u64, rows: &[AuditRow]) -> Option<SeenTimes> {
        let file = self.readable().files.last().map_or(first, |file| file.first);
        let seen = SeenTimes::of(first, rows)?;
        Some(self.times().add(seen, file..=u64::MAX))
    }

    /// A node creates its first file before its first row moves. If a running node has no file, files were removed.
    fn begin_log(&self, appender: &mut Appender, now: Timestamp) -> Result<(), AuditError> {
        if appender.is_new() {
            self.begin_file(appender, &now.day(), now)?;
            self.ensure_anchored(appender, now, AnchorReason::Start)?;
        }
        Ok(())
    }

    /// Ends the open file with an anchor ([`AnchorReason::FileEnd`]), and begins the file of `day`.
    fn begin_file(
        &self,
        appender: &mut Appender,
        day: &str,
        now: Timestamp,
    ) -> Result<(), AuditError> {
        if appender.is_open() {
            let before = appender.head;
            appender.anchor(&self.keys, now, AnchorReason::FileEnd)?;
            appender.note(&self.store, before, None)?;
        }
        let name = appender.begin_file(day)?;
        let first = appender.head.number + 1;
        let file = LogFile::new(name, first, appender.place());
        self.readable().files.push(Arc::new(file));
        Ok(())
    }

    /// Appends an anchor, unless the last entry is one of the newest key.
    pub fn anchor(&self, now: Timestamp, reason: AnchorReason) -> Result<(), AuditError> {
        let mut held = self.appender();
        let mut appender = self.take(&mut held)?;
        self.ensure_anchored(&mut appender, now, reason)?;
        *held = Some(appender);
        Ok(())
    }

    /// [`AuditLog::anchor`] with the appender in hand. After a file that has ended, the anchor goes into a new one.
    fn ensure_anchored(
        &self,
        appender: &mut Appender,
        now: Timestamp,
        reason: AnchorReason,
    ) -> Result<(), AuditError> {
        if appender.is_anchored(&self.keys) {
            return Ok(());
        }
        let before = appender.head;
        if appender.has_ended() {
            self.begin_file(appender, &now.day(), now)?;
        }
        if appender.is_open() {
            appender.anchor(&self.keys, now, reason)?;
            appender.note(&self.store, before, None)?;
        }
        Ok(())
    }

    /// Appends an anchor ([`AnchorReason::Stop`]) and stores that the log ends here. Entries that are found after it at
    /// the next start were not written by a node.
    pub fn close(&self, now: Timestamp) -> Result<(), AuditError> {
        self.anchor(now, AnchorReason::Stop)?;
        // Without its appender, a process that writes again has to run `recovery`, which removes the note.
        let closed = self.appender().take();
        match closed {
            Some(appender) if appender.is_open() || appender.has_ended() => {
                Ok(appender::note_closed(&self.store, appender.head)?)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Removes files that ended `keep` before `until`, the oldest first and never the newest. Returns how many were
    /// removed.
    pub fn trim(
        &self,
        now: Timestamp,
        until: Timestamp,
        keep: Duration,
    ) -> Result<usize, AuditError> {
        let is_old = |file: &&Arc<LogFile>| file.name.end_of_day() + keep <= until;
        let files = self.readable().files.clone();
        let but_newest = files.split_last().map_or(&[][..], |(_, others)| others);
        let old = but_newest.iter().take_while(is_old).count();
        if old == 0 {
            return Ok(0);
        }
        let mut held = self.appender();
        let mut appender = self.take(&mut held)?;
        let kept_from = files[old].first;
        appender.head.kept_from = kept_from;
        self.ensure_anchored(&mut appender, now, AnchorReason::Trim)?;
        if !appender.is_open() {
            appender.note(&self.store, appender.head, None)?;
        }
        *held = Some(appender);
        self.index(kept_from)?;
        self.times().remove_before(kept_from);
        times::remove_before(&self.store, kept_from)?;
        Ok(old)
    }

    /// Makes the files from row `kept_from` on readable, and removes the files before it.
    fn index(&self, kept_from: u64) -> Result<(), AuditError> {
        let IndexedFolder { files, expired } = IndexedFolder::read(&self.folder, kept_from)?;
        {
            let mut readable = self.readable();
            (readable.files, readable.kept_from) = (files, kept_from);
        }
        for path in &expired {
            fs::remove_file(path).map_err(at(path))?;
            tracing::info!("removed {}: its rows need not be kept any more", path.display());
        }
        if expired.is_empty() { Ok(()) } else { files::sync_folder(&self.folder) }
    }

    /// At the start: logs rows that the database counts and the files don't contain, at both ends. A gap between other
    /// rows is found when it is read.
    fn log_what_is_lost(&self, appender: &Appender) {
        let AuditHead { number, kept_from, .. } = appender.head;
        if let Some(found) = appender.lost() {
            tracing::error!(
                row = number,
                "the log of audit is damaged: {found}, and the database knows row {number} as the last one. Rows go on in a \
                 new file. `esoz-otp audit verify` tells where it is damaged."
            );
        }
        let first = self.readable().first();
        if kept_from < first {
            tracing::error!(
                "the log of audit is damaged: rows {kept_from} to {} are missing at its beginning. `esoz-otp audit verify` \
                 says more.",
                first - 1
            );
        }
    }

    /// Takes the appender out; the caller puts it back after a success. After an error `recovery` finds the end again.
    fn take(&self, held: &mut Option<Appender>) -> Result<Appender, AuditError> {
        if let Some(appender) = held.take() {
            return Ok(appender);
        }
        let appender = recovery::recover(&self.store, &self.folder, false)?;
        if let Some(what) = appender.lost().filter(|_| self.abandoned_head != Some(appender.head)) {
            // The file may come back unchanged, and meanwhile the rows are safe in the database.
            return Err(AuditError::Lost { what: what.into(), number: appender.head.number });
        }
        self.readable().number = appender.head.number;
        self.index(appender.head.kept_from)?;
        Ok(appender)
    }

    fn appender(&self) -> MutexGuard<'_, Option<Appender>> {
        self.appender.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn readable(&self) -> MutexGuard<'_, ReadableFiles> {
        self.readable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn times(&self) -> MutexGuard<'_, RowTimes> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The day of a row's file: its own day, or the day of `now` if the row's clock was ahead.
fn day_of(row: &AuditRow, now: Timestamp) -> String {
    row.at.min(now).day()
}
