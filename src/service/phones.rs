//! What the store has of a phone.

use super::Service;
use super::delivery_search::{DeliveryFilter, DeliverySearch, MOST_READ};
use crate::domain::limits::{LimitExceeded, WindowUse};
use crate::domain::{
    Delivery, Id, Phone, Purpose, Refusal, Timestamp, VerificationId, VerificationStatus,
};
use crate::store::schema::{
    GUESSES, LIVE_CODES, SENDS, VERIFICATIONS, VERIFICATIONS_BY_PHONE, VERIFIED_PHONES,
};
use crate::store::{Order, Span};

/// Verifications of the phone among which its codes are looked for.
const MOST_VERIFICATIONS: usize = 50;

/// Deliveries that are shown.
const MOST_DELIVERIES: usize = 10;

/// A phone's codes, guesses, sends and messages. Limits are those of the phone itself: those of the client, the range of
/// numbers and the node may refuse too.
#[derive(Clone, Debug)]
pub struct PhoneStatus {
    /// When the phone was verified last, within 365 days.
    pub verified_at: Option<Timestamp>,
    /// The newest code of each purpose, newest first: those among the phone's 50 newest.
    pub codes: Vec<LatestCode>,
    /// Wrong guesses since the last right code.
    pub wrong_guesses: u32,
    /// The end of the lock that wrong guesses in a row have caused.
    pub locked_until: Option<Timestamp>,
    /// When the next guess is allowed.
    pub next_guess: NextAttempt,
    /// The windows of wrong guesses.
    pub guesses: Vec<WindowUse>,
    /// When the next code to verify the phone may be sent.
    pub next_verification: NextAttempt,
    /// When the next code for a person request may be sent.
    pub next_person_request: NextAttempt,
    /// The windows of sends.
    pub sends: Vec<WindowUse>,
    /// The newest deliveries, newest first, at most 10.
    pub deliveries: Vec<Delivery>,
}

/// The limit that refuses a send or a guess now; `None` if it is allowed.
pub type NextAttempt = Option<LimitExceeded>;

/// The newest verification of a purpose, without its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LatestCode {
    /// The verification.
    pub id: VerificationId,
    /// The one purpose of the code.
    pub purpose: Purpose,
    /// The status now.
    pub status: VerificationStatus,
    /// When the code was issued.
    pub inserted_at: Timestamp,
    /// When the code expires.
    pub code_expired_at: Timestamp,
    /// Guesses that the code still allows.
    pub attempts_left: u8,
}

impl Service {
    /// What the store has of this phone, also if that is nothing.
    pub fn phone(&self, phone: Phone, now: Timestamp) -> Result<PhoneStatus, Refusal> {
        let limits = &self.otp.limits;
        let guesses = self.store.get(GUESSES, &phone)?.unwrap_or_default();
        let sends = self.store.get(SENDS, &phone)?.unwrap_or_default();
        // No limit distinguishes one person request from another.
        let person_request = Purpose::PersonRequest(Id::from_bytes([0; 16]));
        let phone_verification = Purpose::PhoneVerification;
        let lock = guesses.lock(limits, phone_verification, now);
        let verified = self.store.get(VERIFIED_PHONES, &phone)?;
        Ok(PhoneStatus {
            verified_at: verified.map(|verified| verified.verified_at),
            codes: self.latest_codes(phone, now)?,
            wrong_guesses: guesses.in_a_row(),
            locked_until: lock.map(|lock| lock.next_attempt_at),
            next_guess: guesses.refusal(limits, phone_verification, now),
            guesses: guesses.windows(limits, now),
            next_verification: sends.refusal(limits, phone_verification, now),
            next_person_request: sends.refusal(limits, person_request, now),
            sends: sends.windows(limits, now),
            deliveries: self.latest_deliveries(phone, now)?,
        })
    }

    /// The verifications that guesses are compared with, among the phone's newest.
    fn latest_codes(&self, phone: Phone, now: Timestamp) -> Result<Vec<LatestCode>, Refusal> {
        let span = Span::within(&(phone,));
        let newest = self.store.list(
            VERIFICATIONS_BY_PHONE,
            span,
            Order::Descending,
            None,
            MOST_VERIFICATIONS,
        )?;
        let mut codes = Vec::new();
        for ((.., id), _) in newest {
            let Some(verification) = self.store.get(VERIFICATIONS, &id)? else { continue };
            let live = self.store.get(LIVE_CODES, &(phone, verification.purpose))?;
            if live.is_none_or(|live| live.verification_id != id) {
                continue;
            }
            codes.push(LatestCode {
                id,
                purpose: verification.purpose,
                status: verification.status(now),
                inserted_at: verification.inserted_at,
                code_expired_at: verification.code_expired_at,
                attempts_left: verification.attempts_left(),
            });
        }
        Ok(codes)
    }

    fn latest_deliveries(&self, phone: Phone, now: Timestamp) -> Result<Vec<Delivery>, Refusal> {
        let search = DeliverySearch {
            filter: DeliveryFilter { phone: Some(phone), ..DeliveryFilter::default() },
            order: Order::Descending,
            after: None,
            most: MOST_DELIVERIES,
            most_read: MOST_READ,
        };
        let delayed_until = self.otp.outbox.delayed_until(now);
        let deliveries = search.page(&self.store)?.deliveries.into_iter();
        Ok(deliveries.map(|delivery| delivery.delayed_until(delayed_until)).collect())
    }
}
