use super::Service;
use crate::audit;
use crate::domain::Refusal;
use crate::domain::audit::AuditRow;
use crate::store::StoreError;

impl Service {
    /// Up to `most` rows of audit with their numbers, oldest first, from behind the number `after` on. What was refused
    /// before the call is among them; on a full disk, where nothing is written, it is not yet.
    pub async fn audit(&self, after: u64, most: usize) -> Result<Vec<(u64, AuditRow)>, Refusal> {
        match self.audit.flush().await {
            Ok(()) | Err(StoreError::DiskFull) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(audit::page(&self.store, after, most)?)
    }
}
