//! Rows of audit about codes.

use super::Target;
use crate::audit::Recorder;
use crate::domain::audit::{AuditEvent, AuditRow, GuessFault};
use crate::domain::{By, Refusal, Timestamp};

/// Notes that no code was sent, or none looked at. What refuses the target itself is before that, and is not about codes.
pub(super) fn note_refusal(
    audit: &Recorder,
    now: Timestamp,
    by: By,
    target: Target,
    refusal: &Refusal,
) {
    let event = match refusal {
        // The target is there, so it is the code that is not.
        Refusal::NotFound => Some(AuditEvent::GuessRefused(GuessFault::NoCode)),
        other => AuditEvent::of(other),
    };
    if let Some(event) = event {
        audit.note(row(now, event, by, target));
    }
}

/// What has happened about a code for this target.
pub(super) fn row(now: Timestamp, event: AuditEvent, by: By, target: Target) -> AuditRow {
    AuditRow::new(now, event, by).about_phone(target.phone, target.purpose)
}
