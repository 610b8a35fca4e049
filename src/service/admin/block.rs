//! Blocking and unblocking, the same for clients and users.

use crate::domain::audit::{AdminAction, AdminChange, AuditTarget};
use crate::domain::{Client, Conflict, Refusal, Timestamp, User};

/// A record that an operator blocks.
pub(super) trait Blockable {
    /// The conflict of a record that is in this state already.
    const ALREADY_BLOCKED: Conflict;
    /// The same for a record that is not blocked.
    const ALREADY_UNBLOCKED: Conflict;

    /// The record for the audit.
    fn target(&self) -> AuditTarget;
    /// `is_blocked`, `block_reason` and `updated_at`.
    fn state(&mut self) -> (&mut bool, &mut Option<String>, &mut Option<Timestamp>);
}

/// Blocks the record or unblocks it, and returns what the audit says of it.
///
/// Errors: [`Refusal::Conflict`] if it is blocked or unblocked already.
pub(super) fn set_blocked<R: Blockable>(
    record: &mut R,
    is_blocked: bool,
    reason: Option<String>,
    now: Timestamp,
) -> Result<AdminChange, Refusal> {
    let (action, conflict) = if is_blocked {
        (AdminAction::Blocked, R::ALREADY_BLOCKED)
    } else {
        (AdminAction::Unblocked, R::ALREADY_UNBLOCKED)
    };
    let change = AdminChange::new(action, record.target());
    let (blocked, block_reason, updated_at) = record.state();
    if *blocked == is_blocked {
        return Err(Refusal::Conflict(conflict));
    }
    let change = change.field("is_blocked", blocked, &is_blocked).field(
        "block_reason",
        block_reason,
        &reason,
    );
    (*blocked, *block_reason, *updated_at) = (is_blocked, reason, Some(now));
    Ok(change)
}

impl Blockable for Client {
    const ALREADY_BLOCKED: Conflict = Conflict::ClientBlocked;
    const ALREADY_UNBLOCKED: Conflict = Conflict::ClientUnblocked;

    fn target(&self) -> AuditTarget {
        AuditTarget::Client(self.id)
    }

    fn state(&mut self) -> (&mut bool, &mut Option<String>, &mut Option<Timestamp>) {
        (&mut self.is_blocked, &mut self.block_reason, &mut self.updated_at)
    }
}

impl Blockable for User {
    const ALREADY_BLOCKED: Conflict = Conflict::UserBlocked;
    const ALREADY_UNBLOCKED: Conflict = Conflict::UserUnblocked;

    fn target(&self) -> AuditTarget {
        AuditTarget::User(self.id)
    }

    fn state(&mut self) -> (&mut bool, &mut Option<String>, &mut Option<Timestamp>) {
        (&mut self.is_blocked, &mut self.block_reason, &mut self.updated_at)
    }
}
