//! The write of every change that an operator makes.

use std::sync::Arc;

use crate::audit;
use crate::domain::audit::{AdminChange, AuditEvent, AuditRow, AuditTarget};
use crate::domain::{Phone, Purpose, Refusal, RequestOrigin, Timestamp};
use crate::service::Service;
use crate::store::{Priority, StoreError, Write};

/// The outcome of a change: its value, and what the audit says of it.
///
/// There is none without either an [`AdminChange`] or the statement that nothing has changed.
pub(super) struct Changed<T> {
    value: T,
    change: Option<AdminChange>,
    phone: Option<Phone>,
}

impl<T> Changed<T> {
    /// A change, whose row is put in the same write.
    pub(super) fn by(change: AdminChange, value: T) -> Self {
        Self { value, change: Some(change), phone: None }
    }

    /// The record was already as the operator wants it, and nothing was put.
    pub(super) fn nothing(value: T) -> Self {
        Self { value, change: None, phone: None }
    }

    /// A change that is none if no field has changed.
    pub(super) fn of_fields(change: AdminChange, value: T) -> Self {
        if change.fields.is_empty() { Self::nothing(value) } else { Self::by(change, value) }
    }

    /// The same with another value.
    pub(super) fn map<U>(self, map: impl FnOnce(T) -> U) -> Changed<U> {
        Changed { value: map(self.value), change: self.change, phone: self.phone }
    }

    /// The row can be found by this phone if there is one, and shows it masked.
    #[must_use]
    pub(super) fn about(self, phone: Option<Phone>) -> Self {
        Self { phone, ..self }
    }
}

impl Service {
    /// Decides a change of an operator and puts it, together with its row of audit, in one write. No other function of this
    /// module writes to the store; a test holds that.
    ///
    /// Errors: those of `decide`, and [`Refusal::Busy`], [`Refusal::DiskFull`] and [`Refusal::StorageFailed`].
    pub(super) async fn change<T, F>(
        &self,
        origin: RequestOrigin,
        now: Timestamp,
        decide: F,
    ) -> Result<T, Refusal>
    where
        F: FnOnce(&mut Write<'_>) -> Result<Changed<T>, Refusal> + Send + 'static,
        T: Send + 'static,
    {
        let recorder = Arc::clone(&self.audit);
        let write = move |write: &mut Write<'_>| {
            let Changed { value, change, phone } = decide(write)?;
            if let Some(change) = change {
                let target = change.target.clone();
                let event = AuditEvent::AdminChanged(Box::new(change));
                let mut row = AuditRow::new(now, event, origin);
                if let Some(phone) = phone {
                    row = row.about_phone(phone, Purpose::PhoneVerification);
                    row = row.findable_by(recorder.phone_hash(phone));
                }
                if let AuditTarget::PersonRequest(id) = target {
                    row = row.about_request(id);
                }
                audit::append(write, &row)?;
            }
            Ok::<_, Refusal>(value)
        };
        self.store.write(Priority::Normal, write).await
    }
}

/// The refusal of a record that is larger than the store keeps.
pub(super) fn too_large(error: StoreError) -> Refusal {
    match error {
        StoreError::TooLarge { .. } => {
            Refusal::FieldRefused { entry: "$", what: "the record has more than 4096 bytes" }
        }
        other => other.into(),
    }
}
