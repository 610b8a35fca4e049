use std::sync::Arc;

use super::Service;
use crate::audit::AuditLog;
use crate::domain::Refusal;
use crate::domain::audit::AuditRow;
use crate::store::StoreError;

impl Service {
    /// The log of audit.
    pub fn audit_log(&self) -> &AuditLog {
        &self.audit_log
    }

    /// Up to `most` rows of audit with their numbers, oldest first, after the number `after`. Refusals before the call are
    /// among them, except on a full disk, where they are not written yet.
    pub async fn audit(&self, after: u64, most: usize) -> Result<Vec<(u64, AuditRow)>, Refusal> {
        match self.audit.flush().await {
            Ok(()) | Err(StoreError::DiskFull) => {}
            Err(error) => return Err(error.into()),
        }
        let log = Arc::clone(&self.audit_log);
        // Files are read on a thread that may wait for the disk.
        let read = tokio::task::spawn_blocking(move || log.page(after, most)).await;
        Ok(read.map_err(|error| StoreError::Failed(error.to_string()))??)
    }
}
