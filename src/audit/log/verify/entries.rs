//! The checks of [`verify`](super::verify) on each entry of a file.

use std::io;
use std::path::Path;

use super::super::chain::ChainHash;
use super::super::error::{AuditError, at};
use super::super::file_name::FileName;
use super::super::files;
use super::super::format::{self, Anchor, AnchorReason, Entry, EntryFault, RawEntry};
use super::Verifier;
use crate::domain::audit::AuditRow;
use crate::store::schema::{AUDIT, AuditHead};

/// Why the rest of a file is not checked.
enum Broken {
    Io(io::Error),
    /// The finding is at this row, or at the next one that is due.
    Wrong(Option<u64>, &'static str),
    /// The finding is after the last row that was read.
    Behind(&'static str),
}

impl From<EntryFault> for Broken {
    fn from(fault: EntryFault) -> Self {
        match fault {
            EntryFault::Io(error) => Self::Io(error),
            EntryFault::Torn => Self::Behind("it is cut: it ends within an entry"),
            EntryFault::Changed => Self::Wrong(None, CHANGED),
        }
    }
}

const CHANGED: &str = "something was changed here: the checksum is wrong";
const ADDED: &str = "something was added, or the database is older: when it was closed in order, nothing stood here";
const NONE_FOLLOWS: &str = "the newest file ends, and none follows: a file may be missing. If the day has changed just now, look again";
const NOT_CHAINED: &str =
    "it does not follow what stands before it: a row was changed, removed or moved";

/// Whether this anchor ends a file. Some releases wrote several such anchors when the next file could not be created.
/// They hide nothing, and each is checked.
fn is_end(frame: &RawEntry) -> bool {
    matches!(frame.entry(), Ok(Entry::Anchor(Anchor { reason: AnchorReason::FileEnd, .. }, _)))
}

impl Verifier<'_> {
    pub(super) fn file(
        &mut self,
        folder: &Path,
        name: &FileName,
        is_newest: bool,
    ) -> Result<(), AuditError> {
        let path = folder.join(name.leaf());
        self.result.files += 1;
        self.newest = Some(name.to_string());
        let mut reached = None;
        let looked = self.entries(name, &path, is_newest, &mut reached);
        match looked {
            Ok(()) => return Ok(()),
            Err(Broken::Io(error)) => return Err(at(&path)(error)),
            Err(Broken::Wrong(number, what)) => {
                self.found(name.to_string(), number.or(reached), what);
            }
            Err(Broken::Behind(what)) => {
                let seen = reached.map(|due| due.saturating_sub(1)).filter(|seen| *seen > 0);
                self.found_behind(name.to_string(), seen, what);
            }
        }
        // After a broken chain, the next file has no hash to be compared with.
        self.last = None;
        Ok(())
    }

    fn entries(
        &mut self,
        name: &FileName,
        path: &Path,
        is_newest: bool,
        reached: &mut Option<u64>,
    ) -> Result<(), Broken> {
        if self.is_at_the_end() {
            return Err(Broken::Wrong(None, ADDED));
        }
        let opened = files::read(path).and_then(|mut frames| Ok((frames.beginning()?, frames)));
        let ((begin, frame), mut frames) = match opened {
            // A node was killed between creating the file and writing its first entry.
            Err(EntryFault::Torn | EntryFault::Changed)
                if is_newest
                    && self.may_be_torn()
                    && files::is_unbegun(path).map_err(EntryFault::Io)? =>
            {
                return Ok(());
            }
            opened => opened?,
        };
        self.begin(name, begin.first, &frame);
        let mut number = begin.first.saturating_sub(1);
        let mut hash = frame.hash;
        let mut has_ended = false;
        self.reached(number, hash);
        loop {
            *reached = Some(number + 1);
            let frame = match frames.next() {
                Ok(Some(_)) | Err(EntryFault::Torn | EntryFault::Changed)
                    if self.is_at_the_end() =>
                {
                    return Err(Broken::Behind(ADDED));
                }
                Ok(Some(frame)) => frame,
                Ok(None) if has_ended && is_newest && self.known.is_none() => {
                    return Err(Broken::Behind(NONE_FOLLOWS));
                }
                Ok(None) if has_ended || is_newest => return Ok(()),
                Ok(None) => return Err(Broken::Behind("it is cut: its end is missing")),
                // The database still holds the row that a killed node was writing.
                Err(EntryFault::Torn | EntryFault::Changed) if is_newest && self.may_be_torn() => {
                    return Ok(());
                }
                // The entry comes after the last row, so no row number can be named.
                Err(EntryFault::Changed) if self.is_behind_the_head(number) => {
                    return Err(Broken::Behind(CHANGED));
                }
                Err(fault) => return Err(fault.into()),
            };
            if frame.previous != hash {
                return Err(Broken::Wrong(None, NOT_CHAINED));
            }
            if has_ended && !is_end(&frame) {
                return Err(Broken::Behind("something was added behind the end of the file"));
            }
            number += u64::from(frame.is_row());
            has_ended = self.entry(name, number, &frame)?;
            hash = frame.hash;
            self.reached(number, hash);
        }
    }

    /// Checks an entry after the file's first, and returns whether it ends the file. `number` is the number of the last
    /// row so far.
    fn entry(&mut self, name: &FileName, number: u64, frame: &RawEntry) -> Result<bool, Broken> {
        let entry = frame.entry().map_err(|_| Broken::Wrong(Some(number), "it can't be read"))?;
        match entry {
            Entry::Begin(_) => Err(Broken::Wrong(None, "a file begins within the file")),
            Entry::Row(row) => {
                self.check_waiting(number, &row)?;
                self.row = Some(row);
                Ok(false)
            }
            Entry::Anchor(anchor, mac) => {
                let is_end = anchor.reason == AnchorReason::FileEnd;
                self.check_anchor(name, number, anchor, &mac, frame.previous)?;
                Ok(is_end)
            }
        }
    }

    /// Checks that the file begins with the row after the last one, and with the right hash.
    fn begin(&mut self, name: &FileName, first: u64, frame: &RawEntry) {
        if self.first.is_none() {
            self.first = Some((name.clone(), first));
        }
        self.begun.push(first);
        let Some((number, hash)) = self.last else { return };
        let due = number + 1;
        let what = if first > due {
            format!("rows {due} to {} are missing before it: a file was removed or cut", first - 1)
        } else if first < due {
            format!("it begins with row {first}, and row {due} is due: it was put there")
        } else if frame.previous != hash {
            "it does not follow the file before it: one of them was exchanged".into()
        } else {
            return;
        };
        self.found(name.to_string(), Some(first), what);
    }

    /// Records that the chain is unbroken up to this entry.
    fn reached(&mut self, number: u64, hash: ChainHash) {
        self.last = Some((number, hash));
        let known = self.known.as_ref().and_then(|known| known.head);
        let is_head = |head: AuditHead| head.number == number && head.hash == *hash.as_bytes();
        self.has_seen_head |= known.is_some_and(is_head);
        for (copy, is_seen) in &mut self.copies {
            *is_seen |= *copy == (number, hash);
        }
        if let Some((_, first)) = self.first.as_ref().filter(|(_, first)| *first <= number) {
            self.result.rows = Some((*first, number));
        }
        self.result.hash = Some(hash);
    }

    /// Whether the log was closed cleanly at the head that was just reached: no entry may follow.
    fn is_at_the_end(&self) -> bool {
        self.has_seen_head && self.known.as_ref().is_some_and(|known| known.is_closed)
    }

    /// Whether row `number` is at or after the head of the database.
    fn is_behind_the_head(&self, number: u64) -> bool {
        let head = self.known.as_ref().and_then(|known| known.head);
        head.is_some_and(|head| number >= head.number)
    }

    fn may_be_torn(&self) -> bool {
        self.known.as_ref().is_some_and(|known| self.has_seen_head || known.head.is_none())
    }

    /// A row after the head has to be in the database as well: it was appended, and its move was not stored yet.
    fn check_waiting(&self, number: u64, row: &AuditRow) -> Result<(), Broken> {
        let Some(known) = &self.known else { return Ok(()) };
        let is_behind = self.has_seen_head || known.head.is_none();
        let is_held =
            || known.store.get(AUDIT, &number).is_ok_and(|held| held.as_ref() == Some(row));
        if is_behind && !is_held() {
            return Err(Broken::Wrong(
                Some(number),
                "the database does not know this row: it was put there, or the database is older",
            ));
        }
        Ok(())
    }

    fn check_anchor(
        &mut self,
        name: &FileName,
        number: u64,
        anchor: Anchor,
        mac: &[u8],
        previous: ChainHash,
    ) -> Result<(), Broken> {
        let is_genuine = format::is_genuine(&anchor, mac, previous, self.keys);
        match is_genuine {
            Some(true) if anchor.number == number => {
                self.result.anchors += 1;
                self.result.anchored = Some((number, anchor.key_id.clone(), anchor.at));
            }
            Some(_) => {
                return Err(Broken::Wrong(
                    Some(number),
                    "the anchor behind this row is false: something before it was changed",
                ));
            }
            None => self.result.of_other_keys += 1,
        }
        self.anchor = Some((name.clone(), anchor, is_genuine.is_some()));
        Ok(())
    }
}
