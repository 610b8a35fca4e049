use crate::audit::Recorder;
use crate::domain::audit::{AuditEvent, AuditRow, GuessFault, PhoneHash, RequestId};
use crate::domain::{Phone, Purpose, Refusal, RequestOrigin, Requester, Timestamp};

/// The phone and the purpose of a code. A phone has one live code for each purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The phone that the code is sent to.
    pub phone: Phone,
    /// What the code is valid for: one person request, or the verification of the phone.
    pub purpose: Purpose,
}

/// One call of [`Otp::initialize`](super::Otp::initialize) or [`Otp::complete`](super::Otp::complete), after its target
/// was resolved: all that limits and audit rows need.
#[derive(Clone, Copy)]
pub(super) struct OtpContext {
    pub(super) now: Timestamp,
    pub(super) by: Requester,
    pub(super) request_id: Option<RequestId>,
    pub(super) target: Target,
    /// The keyed hash of the phone, by which audit rows are found. `None` without a key for it.
    pub(super) phone_hash: Option<PhoneHash>,
}

impl OtpContext {
    pub(super) fn of(
        now: Timestamp,
        origin: RequestOrigin,
        target: Target,
        audit: &Recorder,
    ) -> Self {
        let RequestOrigin { requester: by, request_id } = origin;
        Self { now, by, request_id, target, phone_hash: audit.phone_hash(target.phone) }
    }

    /// The audit row of an event about this call's code.
    pub(super) fn audit_row(self, event: AuditEvent) -> AuditRow {
        let Self { now, by, request_id, target: Target { phone, purpose }, phone_hash } = self;
        let requester = RequestOrigin { requester: by, request_id };
        AuditRow::new(now, event, requester).about_phone(phone, purpose).findable_by(phone_hash)
    }

    /// Notes in the audit that no code was sent, or that a guess was not compared. A refusal of the target itself, such
    /// as a person request that is not NEW, comes before there is a context, and is not noted.
    pub(super) fn note_refusal(self, audit: &Recorder, refusal: &Refusal) {
        let event = match refusal {
            // The target was resolved, so what was not found is the code.
            Refusal::NotFound => Some(AuditEvent::GuessRefused(GuessFault::NoCode)),
            other => AuditEvent::of(other),
        };
        if let Some(event) = event {
            audit.note(self.audit_row(event));
        }
    }
}
