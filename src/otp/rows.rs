//! Rows of audit about codes.

use super::context::{OtpContext, Target};
use crate::audit::Recorder;
use crate::domain::audit::{AuditEvent, AuditRow, GuessFault};
use crate::domain::{Refusal, RequestOrigin};

/// Notes that no code was sent, or none looked at. What refuses the target itself is before that, and is not about codes.
pub(super) fn note_refusal(audit: &Recorder, context: OtpContext, refusal: &Refusal) {
    let event = match refusal {
        // The target is there, so it is the code that is not.
        Refusal::NotFound => Some(AuditEvent::GuessRefused(GuessFault::NoCode)),
        other => AuditEvent::of(other),
    };
    if let Some(event) = event {
        audit.note(row(event, context));
    }
}

/// What has happened about a code.
pub(super) fn row(event: AuditEvent, context: OtpContext) -> AuditRow {
    let OtpContext { now, by, request_id, target: Target { phone, purpose }, phone_hash } = context;
    let requester = RequestOrigin { requester: by, request_id };
    AuditRow::new(now, event, requester).about_phone(phone, purpose).findable_by(phone_hash)
}
