//! The state of messages, and receipts of gateways.

use std::iter;
use std::time::Duration;

use serde_json::Value;

use super::Service;
use super::delivery_search::{DeliveryPage, DeliverySearch, phone_of};
use crate::domain::audit::{AuditEvent, AuditRow};
use crate::domain::{
    ClientId, Delivery, PersonRequest, Purpose, Refusal, RequestOrigin, Timestamp, VerificationId,
};
use crate::sms::{OutboxHealth, Reception};
use crate::store::StoreError;
use crate::store::schema::{DELIVERIES, LIVE_CODES, VERIFICATIONS};

/// The wait of an unsent message after which the node is not ready.
const LATE: Duration = Duration::from_mins(1);

impl Service {
    /// The delivery of the message with this verification's code, if `client` had it sent; `None` is a call without a
    /// token. Another client's message is [`Refusal::NotFound`].
    pub fn delivery_for(
        &self,
        client: Option<ClientId>,
        id: VerificationId,
        now: Timestamp,
    ) -> Result<Delivery, Refusal> {
        let delivery = self.delivery(id, now)?;
        if delivery.client_id == client { Ok(delivery) } else { Err(Refusal::NotFound) }
    }

    /// The delivery of the message with this verification's code, of any client.
    pub fn delivery(&self, id: VerificationId, now: Timestamp) -> Result<Delivery, Refusal> {
        let delivery = self.store.get(DELIVERIES, &id)?.ok_or(Refusal::NotFound)?;
        Ok(delivery.delayed_until(self.otp.outbox.delayed_until(now)))
    }

    /// Up to `most` deliveries of messages with this person request's codes, newest first. With `after`, those older
    /// than the message of that verification.
    ///
    /// Each delivery names the previous one of its phone and purpose. The list ends at the first one that the sweep has
    /// removed.
    pub fn deliveries(
        &self,
        request: &PersonRequest,
        after: Option<VerificationId>,
        most: usize,
        now: Timestamp,
    ) -> Result<Vec<Delivery>, Refusal> {
        let newest = match after {
            Some(after) => self.store.get(DELIVERIES, &after)?.and_then(|after| after.previous),
            None => self.newest_code(request)?,
        };
        let mut next = newest;
        let walk = iter::from_fn(|| {
            let found = self.store.get(DELIVERIES, &next?).transpose()?;
            next = found.as_ref().ok().and_then(|delivery| delivery.previous);
            Some(found)
        });
        let delayed_until = self.otp.outbox.delayed_until(now);
        walk.take(most).map(|found| Ok(found?.delayed_until(delayed_until))).collect()
    }

    /// The page of deliveries that `search` selects. Errors are those of [`DeliverySearch::page`].
    pub async fn search_deliveries(
        &self,
        search: DeliverySearch,
        now: Timestamp,
    ) -> Result<DeliveryPage, Refusal> {
        // Reading up to a thousand deliveries may take a while, so it has a thread of its own.
        let store = self.store.clone();
        let page = tokio::task::spawn_blocking(move || search.page(&store)).await;
        let DeliveryPage { deliveries, next_after } =
            page.map_err(|error| StoreError::Failed(error.to_string()))??;
        let delayed_until = self.otp.outbox.delayed_until(now);
        let shown = deliveries.into_iter().map(|delivery| delivery.delayed_until(delayed_until));
        Ok(DeliveryPage { deliveries: shown.collect(), next_after })
    }

    /// Whether there is a delivery of the message with this verification's code.
    pub fn has_delivery(&self, id: VerificationId) -> Result<bool, Refusal> {
        Ok(self.store.get(DELIVERIES, &id)?.is_some())
    }

    /// Whether this verification's code was sent for this person request.
    pub fn is_for(&self, id: VerificationId, request: &PersonRequest) -> Result<bool, Refusal> {
        let verification = self.store.get(VERIFICATIONS, &id)?;
        let purpose = Purpose::PersonRequest(request.id);
        Ok(verification.is_some_and(|verification| verification.purpose == purpose))
    }

    /// Applies the receipts in `body`, which a gateway sent with its secret. A wrong secret is
    /// [`Reception::NotCalled`], and noted in the audit.
    pub async fn receive(
        &self,
        by: RequestOrigin,
        driver: &str,
        secret: &str,
        body: &Value,
        now: Timestamp,
    ) -> Result<Reception, Refusal> {
        let reception = self.otp.outbox.receive(driver, secret, body, now).await?;
        if reception == Reception::NotCalled {
            self.audit.note(AuditRow::new(now, AuditEvent::ReceiptsRefused, by));
        }
        Ok(reception)
    }

    /// Returns [`Refusal::DriversDown`] if every driver is failing, and [`Refusal::MessagesLate`] if a message has
    /// waited for more than [`LATE`].
    pub(super) fn ensure_messages_are_sent(&self, now: Timestamp) -> Result<(), Refusal> {
        let OutboxHealth { late, stuck, is_down, .. } = self.otp.outbox.health(now)?;
        if is_down {
            return Err(Refusal::DriversDown);
        }
        match late.max(stuck).filter(|late| *late > LATE) {
            Some(late) => Err(Refusal::MessagesLate { late }),
            None => Ok(()),
        }
    }

    /// The verification of the request's newest code, if one was sent.
    fn newest_code(&self, request: &PersonRequest) -> Result<Option<VerificationId>, Refusal> {
        let Some(phone) = phone_of(request) else { return Ok(None) };
        let live = self.store.get(LIVE_CODES, &(phone, Purpose::PersonRequest(request.id)))?;
        Ok(live.map(|live| live.verification_id))
    }
}
