//! What is stored, beside what was seen to happen.

use std::collections::{BTreeMap, BTreeSet};

use esoz_otp::domain::audit::AuditEvent;
use esoz_otp::domain::{Verification, VerificationState};
use esoz_otp::store::Store;
use esoz_otp::store::schema::{AUDIT, LIVE_CODES, PERSON_REQUESTS, VERIFICATIONS};

use super::ledger::{Found, Ledger};

/// What has become of a verification.
#[derive(Clone, Copy)]
pub(super) enum Became {
    Canceled,
    Verified,
    Unverified,
    /// From more than one to none at once.
    LastTry,
    Swept,
}

impl Ledger {
    /// Compares what is stored with what was stored before, and says what has become of it.
    pub(super) fn look_at(&mut self, store: &Store) -> Result<Vec<Became>, String> {
        let kept: BTreeMap<_, _> =
            store.page(VERIFICATIONS, None, usize::MAX).unwrap().into_iter().collect();
        let mut became = Vec::new();
        for (id, before) in &self.kept {
            became.extend(change(before, kept.get(id))?);
        }
        self.kept = kept;
        self.one_code_a_place()?;
        self.what_is_live(store)?;
        self.what_is_used(store)?;
        Ok(became)
    }

    fn one_code_a_place(&self) -> Found {
        let new =
            self.kept.values().filter(|kept| matches!(kept.state, VerificationState::New { .. }));
        let mut places = BTreeSet::new();
        for Verification { phone_number, purpose, .. } in new {
            if !places.insert((*phone_number, *purpose)) {
                return Err(format!("two codes for {phone_number} and {purpose:?}"));
            }
        }
        Ok(())
    }

    /// What codes are judged by is what was sent last.
    fn what_is_live(&self, store: &Store) -> Found {
        let last: BTreeMap<_, _> = self.sends.iter().map(|send| (send.place, send.id)).collect();
        for (place, live) in store.page(LIVE_CODES, None, usize::MAX).unwrap() {
            if last.get(&place) != Some(&live.verification_id) {
                return Err(format!("{place:?} is judged by {}", live.verification_id));
            }
        }
        Ok(())
    }

    /// What is verified, and what is approved, is so by a right code.
    fn what_is_used(&self, store: &Store) -> Found {
        let verified = self
            .kept
            .values()
            .filter(|kept| kept.state == VerificationState::Verified)
            .map(|kept| kept.id);
        let requests = store.page(PERSON_REQUESTS, None, usize::MAX).unwrap();
        let approving = requests.into_iter().filter_map(|(_, request)| request.approved_by);
        match verified.chain(approving).find(|id| !self.used.contains(id)) {
            Some(id) => Err(format!("{id} is used, and nobody has shown its code")),
            None => Ok(()),
        }
    }

    /// Every code sent, guessed wrong and used has its row, and nothing else has one.
    pub(super) fn what_was_written_down(&self, store: &Store) -> Found {
        let rows = store.page(AUDIT, None, usize::MAX).unwrap();
        let count = |is_it: fn(&AuditEvent) -> bool| {
            rows.iter().filter(|(_, row)| is_it(&row.what.event)).count()
        };
        let is_use = |event: &AuditEvent| {
            matches!(event, AuditEvent::PhoneVerified | AuditEvent::RequestApproved)
        };
        let written = [
            count(|event| *event == AuditEvent::CodeIssued),
            count(|event| *event == AuditEvent::CodeWrong),
            count(is_use),
            count(|event| *event == AuditEvent::PhoneUnlocked),
        ];
        let wrong: usize = self.guesses.values().map(|guesses| guesses.wrong.len()).sum();
        let done = [self.sends.len(), self.wrong + wrong, self.used.len(), self.unlocks];
        let is_all = written == done && rows.len() == done.iter().sum::<usize>();
        if is_all { Ok(()) } else { Err(format!("{written:?} in the audit of {done:?}")) }
    }
}

/// Attempts only fall, and what is over stays as it is.
fn change(before: &Verification, after: Option<&Verification>) -> Result<Option<Became>, String> {
    let Some(after) = after else { return Ok(Some(Became::Swept)) };
    let (VerificationState::New { attempts_left: had, .. }, is_same) =
        (&before.state, before == after)
    else {
        return if before == after {
            Ok(None)
        } else {
            Err(format!("{before:?} became {after:?}"))
        };
    };
    match &after.state {
        VerificationState::New { .. } if is_same => Ok(None),
        VerificationState::New { attempts_left: has, .. } if has <= had => Ok(None),
        VerificationState::New { .. } => Err(format!("attempts of {after:?} grew from {had}")),
        VerificationState::Verified => Ok(Some(Became::Verified)),
        VerificationState::Canceled => Ok(Some(Became::Canceled)),
        VerificationState::Unverified if *had > 1 => Ok(Some(Became::LastTry)),
        VerificationState::Unverified => Ok(Some(Became::Unverified)),
    }
}
