//! The checks of [`verify`](super::verify) that need all files to have been read.

use std::cmp::Ordering;

use super::super::error::AuditError;
use super::{DatabaseHead, LogReport, Verifier};
use crate::store::schema::{AUDIT, AuditHead};
use crate::store::{Store, StoreError};

/// Rows that are read from the database at a time.
const PAGE: usize = 1024;

impl Verifier<'_> {
    pub(super) fn end(mut self) -> Result<LogReport, AuditError> {
        self.check_trimmed();
        self.check_last_anchor();
        self.check_database()?;
        self.check_copies();
        Ok(self.result)
    }

    /// The first file has to begin with `kept_from`, the row that the last
    /// [`AuditLog::trim`](super::super::AuditLog::trim) left as the first.
    fn check_trimmed(&mut self) {
        let of_database = self.known.as_ref().map(|known| known.head.map(|head| head.kept_from));
        let of_anchor = self.anchor.as_ref().map(|(_, anchor, _)| anchor.kept_from);
        let kept_from = of_database.unwrap_or(of_anchor);
        let (Some(kept_from), Some((name, first))) = (kept_from, self.first.clone()) else {
            return;
        };
        let old = self.begun.iter().take_while(|first| **first < kept_from).count();
        let what = match first.cmp(&kept_from) {
            Ordering::Equal => return,
            // A node was killed before it had removed the old files, or they were put back.
            Ordering::Less if self.begun.get(old) == Some(&kept_from) => {
                self.result.too_old = old;
                return;
            }
            Ordering::Greater => {
                let last = first - 1;
                format!("rows {kept_from} to {last} are missing before it: a file was removed")
            }
            Ordering::Less => {
                format!(
                    "rows before {kept_from} are too old, and no file begins with row {kept_from}"
                )
            }
        };
        self.found(name.to_string(), Some(first), what);
    }

    /// Before a key is retired, the key that stays makes an anchor. So the last anchor has to be of a key in the
    /// keyring.
    fn check_last_anchor(&mut self) {
        if let Some((name, anchor, false)) = self.anchor.clone() {
            let what = format!(
                "the last anchor is made with key `{}`, which is not in the keyring: nothing behind the last anchor of another key is vouched for",
                anchor.key_id
            );
            self.found(name.to_string(), Some(anchor.number), what);
        }
    }

    fn check_database(&mut self) -> Result<(), AuditError> {
        let Some(DatabaseHead { store, head, .. }) = self.known.take() else { return Ok(()) };
        if let Some(head) = head {
            self.check_head(store, head)?;
        }
        self.result.waiting = Some(self.check_waiting_rows(store, head)?);
        Ok(())
    }

    /// The files have to end with the head that the database knows.
    fn check_head(&mut self, store: &Store, head: AuditHead) -> Result<(), StoreError> {
        let number = head.number;
        let what = match self.last {
            Some((last, _)) if self.has_seen_head => {
                let own = store.get(AUDIT, &number)?.filter(|_| last == number);
                match (own, &self.row) {
                    (Some(own), Some(row)) if own != *row => {
                        "it is another row than the database holds".into()
                    }
                    _ => return Ok(()),
                }
            }
            Some((last, _)) if last < number => {
                format!("rows {} to {number} are missing at the end", last + 1)
            }
            // The chain is broken, and the reason is among the findings already.
            None if !self.result.findings.is_empty() => return Ok(()),
            _ => "the end of the log is not the one that the database knows".into(),
        };
        let newest = self.newest.clone().unwrap_or_else(|| "audit/".into());
        self.found(newest, Some(number), what);
        Ok(())
    }

    /// The rows in the database have to follow the files without a gap. Returns their number.
    fn check_waiting_rows(
        &mut self,
        store: &Store,
        head: Option<AuditHead>,
    ) -> Result<usize, StoreError> {
        let mut waiting = 0;
        let mut due = head.map_or(1, |head| head.number + 1);
        loop {
            let rows = store.page(AUDIT, Some(&(due - 1)), PAGE)?;
            let Some((last, _)) = rows.last() else { return Ok(waiting) };
            let is_gapless = rows.iter().zip(due..).all(|((found, _), due)| *found == due);
            if !is_gapless && (head.is_some() || waiting > 0) {
                self.found("the database".into(), Some(due), "a row is missing from there on");
            }
            waiting += rows.len();
            due = last + 1;
        }
    }

    fn check_copies(&mut self) {
        let first = self.first.as_ref().map_or(0, |(_, first)| *first);
        let missing: Vec<_> = self.copies.iter().filter(|(_, is_seen)| !is_seen).collect();
        let missing: Vec<_> = missing.into_iter().map(|((number, _), _)| *number).collect();
        for number in missing {
            let what = if number < first {
                "the row whose head was noted is not kept any more, so the note can't be compared"
            } else {
                "the head that was noted elsewhere is not in the log: it is another log, or it was changed up to there"
            };
            self.found("audit/".into(), Some(number), what);
        }
    }
}
