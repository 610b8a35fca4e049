use crate::audit::Recorder;
use crate::domain::audit::{PhoneHash, RequestId};
use crate::domain::{Phone, Purpose, RequestOrigin, Requester, Timestamp};

/// Which phone gets a code, and what it is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where the code goes, or went.
    pub phone: Phone,
    /// What it is good for.
    pub purpose: Purpose,
}

/// A code that is asked for, or brought back.
#[derive(Clone, Copy)]
pub(super) struct OtpContext {
    pub(super) now: Timestamp,
    pub(super) by: Requester,
    pub(super) request_id: Option<RequestId>,
    pub(super) target: Target,
    /// What rows of audit call the target's phone.
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
}
