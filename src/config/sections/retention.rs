//! `person_requests.*` and `audit.*`: how long records stay.

use std::time::Duration;

use crate::config::setting::section;
use crate::config::value_type::number;

section! {
    /// Person requests.
    #[derive(Copy)]
    pub struct PersonRequestsConfig {
        /// Time after which a person request that is still NEW becomes EXPIRED.
        life: Duration = Duration::from_hours(30 * 24)
            => ["person_requests.life_days", number(1..=3650, "days"), in_days],
    }
}

section! {
    /// The audit.
    #[derive(Copy)]
    pub struct AuditConfig {
        /// Time after which a row of the audit is deleted.
        keep: Duration = Duration::from_hours(365 * 24)
            => ["audit.keep_days", number(1..=3650, "days"), in_days],
    }
}
