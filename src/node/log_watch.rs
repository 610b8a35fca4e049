use std::sync::Arc;

use crate::audit::Recorder;
use crate::clock::Clock;
use crate::domain::Requester;
use crate::domain::audit::{AuditEvent, AuditRow};
use crate::log::LostLines;

/// Writes the count of lost log lines to the audit, as rows `log_lines_lost`.
#[derive(Clone)]
pub(super) struct LogWatch {
    pub(super) lost_lines: LostLines,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) audit: Arc<Recorder>,
}

impl LogWatch {
    /// Notes the losses that the log has reported since the last look.
    pub(super) fn look(&self) {
        self.note(self.lost_lines.take_reported());
    }

    /// Notes all losses, reported or not, at the end of the node.
    pub(super) fn last_look(&self) {
        self.note(self.lost_lines.take_all());
    }

    fn note(&self, lost: u64) {
        if lost > 0 {
            let row =
                AuditRow::new(self.clock.now(), AuditEvent::LogLinesLost, Requester::default());
            self.audit.note(AuditRow { times: lost.try_into().unwrap_or(u32::MAX), ..row });
        }
    }
}
