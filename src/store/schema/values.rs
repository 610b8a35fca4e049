//! How values of `domain` are kept as records.

use std::time::Duration;

use crate::domain::audit::AuditRow;
use crate::domain::limits::{Rate, Sends, SlidingWindow, WrongGuesses};
use crate::domain::{
    AuthenticationFactor, Client, Delivery, Id, Person, PersonRequest, Timestamp, Token, User,
    Verification,
};
use crate::store::codec::{BadRecord, Record, decode_body};
use crate::store::earlier::{AuditRowV1, DeliveryV1, RateV1};

/// How long a verification is kept after its issue.
pub const KEEP_VERIFICATIONS: Duration = Duration::from_hours(30 * 24);

impl<T: 'static> Record for Id<T> {
    const VERSION: u8 = 1;
}

impl Record for Client {
    const VERSION: u8 = 1;
}

impl Record for User {
    const VERSION: u8 = 1;
}

impl Record for Person {
    const VERSION: u8 = 1;
}

impl Record for Token {
    const VERSION: u8 = 1;
}

impl Record for AuthenticationFactor {
    const VERSION: u8 = 1;
}

impl Record for PersonRequest {
    const VERSION: u8 = 1;
}

impl Record for Verification {
    const VERSION: u8 = 1;

    fn keep_until(&self) -> Option<Timestamp> {
        Some(self.inserted_at + KEEP_VERIFICATIONS)
    }
}

impl Record for Delivery {
    const VERSION: u8 = 2;

    fn keep_until(&self) -> Option<Timestamp> {
        Some(self.queued_at + KEEP_VERIFICATIONS)
    }

    fn upgrade(version: u8, body: &[u8]) -> Option<Result<Self, BadRecord>> {
        (version == 1).then(|| decode_body::<DeliveryV1>(body).map(Self::from))
    }
}

impl Record for SlidingWindow {
    const VERSION: u8 = 1;

    fn keep_until(&self) -> Option<Timestamp> {
        Some(SlidingWindow::keep_until(self))
    }
}

/// Version 1 was the [`SlidingWindow`] alone.
impl Record for Sends {
    const VERSION: u8 = 2;

    fn keep_until(&self) -> Option<Timestamp> {
        Some(Sends::keep_until(self))
    }

    fn upgrade(version: u8, body: &[u8]) -> Option<Result<Self, BadRecord>> {
        (version == 1).then(|| decode_body::<SlidingWindow>(body).map(Self::from))
    }
}

impl Record for WrongGuesses {
    const VERSION: u8 = 1;

    fn keep_until(&self) -> Option<Timestamp> {
        WrongGuesses::keep_until(self)
    }
}

impl Record for Rate {
    const VERSION: u8 = 2;

    fn keep_until(&self) -> Option<Timestamp> {
        Some(Rate::keep_until(self))
    }

    fn upgrade(version: u8, body: &[u8]) -> Option<Result<Self, BadRecord>> {
        (version == 1).then(|| decode_body::<RateV1>(body).map(Self::from))
    }
}

impl Record for AuditRow {
    const VERSION: u8 = 2;

    fn upgrade(version: u8, body: &[u8]) -> Option<Result<Self, BadRecord>> {
        (version == 1).then(|| decode_body::<AuditRowV1>(body).map(Self::from))
    }
}
