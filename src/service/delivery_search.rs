//! Finds deliveries by what an operator knows of them, page by page.
//!
//! One index yields the candidates, in the order of the time of acceptance. A record may have changed since its entry was
//! read, so the record alone decides whether a candidate is part of the page.

use std::time::Duration;

use crate::domain::audit::RequestId;
use crate::domain::{
    AuthenticationMethod, ClientId, Delivery, DeliveryStatus, PersonRequest, PersonRequestId,
    Phone, Purpose, Refusal, Timestamp, VerificationId, VerificationRules,
};
use crate::store::schema::{
    DELIVERIES, DELIVERIES_BY_DRIVER, DELIVERIES_BY_REQUEST, DELIVERIES_BY_STATUS,
    DELIVERIES_BY_TIME, Due, KeyPart, OUTBOX, PERSON_REQUESTS, VERIFICATIONS,
    VERIFICATIONS_BY_PHONE,
};
use crate::store::{Order, Span, Store, StoreError, Table};

/// Most entries of an index that one call reads, and as many deliveries.
pub const MOST_READ: usize = 1_000;

/// Entries of an index that are read at once.
const BATCH: usize = 100;

/// One call: the deliveries that it selects, their order, and its bounds.
#[derive(Clone, Debug)]
pub struct DeliverySearch {
    /// The deliveries.
    pub filter: DeliveryFilter,
    /// By the time of acceptance.
    pub order: Order,
    /// The page begins behind this delivery, in this order. `None` begins with the first one.
    pub after: Option<VerificationId>,
    /// Most deliveries of the page, at least 1.
    pub most: usize,
    /// Most entries of an index that the call reads; see [`MOST_READ`].
    pub most_read: usize,
}

/// Conditions of a delivery. A delivery matches if it meets every condition that is set.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// The phone that the message goes to.
    pub phone: Option<Phone>,
    /// The stored status.
    pub status: Option<DeliveryStatus>,
    /// The driver that accepted the message, or that was called last.
    pub driver: Option<String>,
    /// The id of the request that had the code sent.
    pub request_id: Option<RequestId>,
    /// The client that had the code sent.
    pub client_id: Option<ClientId>,
    /// The person request that the code is for. Found under the phone that the person request has now.
    pub person_request_id: Option<PersonRequestId>,
    /// The earliest time of acceptance.
    pub from: Option<Timestamp>,
    /// The end of that time, which is not included.
    pub to: Option<Timestamp>,
}

/// The deliveries of a page, and where the next page begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryPage {
    /// In the order of the search.
    pub deliveries: Vec<Delivery>,
    /// The `after` of the next page; `None` if there are no more deliveries. A page with fewer deliveries than `most`, even
    /// an empty one, has it if the call has read [`DeliverySearch::most_read`] entries: there may be more.
    pub next_after: Option<VerificationId>,
}

/// Where a delivery is in every index: the time of acceptance, and its id.
type Position = (Timestamp, VerificationId);

/// The index that yields the candidates.
enum Candidates {
    Request(RequestId),
    Phone(Phone),
    Driver(String),
    Status(DeliveryStatus),
    /// All deliveries since then.
    Since(Timestamp),
    /// The outbox is empty.
    None,
}

/// The times and the order of a search, and the size of its batches.
#[derive(Clone, Copy)]
struct Range {
    from: Timestamp,
    to: Timestamp,
    order: Order,
    /// Most entries of a batch.
    most: usize,
}

const FIRST: Timestamp = Timestamp::from_micros(i64::MIN);
const LAST: Timestamp = Timestamp::from_micros(i64::MAX);

impl DeliverySearch {
    /// The page. [`Refusal::NotFound`] if there is no delivery `after`.
    pub fn page(&self, store: &Store) -> Result<DeliveryPage, Refusal> {
        let position = |id| position(store, id)?.ok_or(Refusal::NotFound);
        let behind = self.after.map(position).transpose()?;
        self.select(store, &self.filter.candidates(store)?, behind)
    }

    /// The page out of these candidates, from behind this one on.
    fn select(
        &self,
        store: &Store,
        candidates: &Candidates,
        mut behind: Option<Position>,
    ) -> Result<DeliveryPage, Refusal> {
        let range = Range {
            from: self.filter.from.unwrap_or(FIRST),
            to: self.filter.to.unwrap_or(LAST),
            order: self.order,
            most: self.most_read.clamp(1, BATCH),
        };
        let mut page = DeliveryPage::default();
        let (mut read, mut last_read) = (0, None);
        loop {
            let entries = candidates.entries(store, range, behind)?;
            let is_last_batch = entries.len() < range.most;
            for (at, id) in entries {
                // The cursor has to be a delivery that exists, so entries without one do not end the call.
                if read >= self.most_read && last_read.is_some() {
                    page.next_after = last_read;
                    return Ok(page);
                }
                read += 1;
                behind = Some((at, id));
                let Some(delivery) = store.get(DELIVERIES, &id)? else { continue };
                if self.filter.matches(store, &delivery)? {
                    // One delivery more than the page shows that there is a next page.
                    if page.deliveries.len() >= self.most.max(1) {
                        let last = page.deliveries.last();
                        page.next_after = last.map(|delivery| delivery.verification_id);
                        return Ok(page);
                    }
                    page.deliveries.push(delivery);
                }
                last_read = Some(id);
            }
            if is_last_batch {
                return Ok(page);
            }
        }
    }
}

impl DeliveryFilter {
    /// The index with the fewest entries that has every delivery that matches.
    fn candidates(&self, store: &Store) -> Result<Candidates, StoreError> {
        if let Some(id) = self.request_id {
            return Ok(Candidates::Request(id));
        }
        if let Some(phone) =
            self.phone.map_or_else(|| self.phone_of_request(store), |phone| Ok(Some(phone)))?
        {
            return Ok(Candidates::Phone(phone));
        }
        match (&self.driver, self.status) {
            (_, Some(DeliveryStatus::Queued | DeliveryStatus::Submitting)) => in_outbox(store),
            (Some(driver), _) => Ok(Candidates::Driver(driver.clone())),
            (None, Some(status)) => Ok(Candidates::Status(status)),
            (None, None) => Ok(Candidates::Since(FIRST)),
        }
    }

    fn phone_of_request(&self, store: &Store) -> Result<Option<Phone>, StoreError> {
        let Some(id) = self.person_request_id else { return Ok(None) };
        let request = store.get(PERSON_REQUESTS, &id)?;
        Ok(request.as_ref().and_then(phone_of))
    }

    /// Whether the delivery meets every condition.
    fn matches(&self, store: &Store, delivery: &Delivery) -> Result<bool, StoreError> {
        let meets = self.phone.is_none_or(|phone| delivery.phone_number == phone)
            && self.status.is_none_or(|status| delivery.status() == status)
            && self.driver.as_ref().is_none_or(|driver| delivery.driver.as_ref() == Some(driver))
            && self.request_id.is_none_or(|id| delivery.request_id == Some(id))
            && self.client_id.is_none_or(|id| delivery.client_id == Some(id))
            && self.from.is_none_or(|from| from <= delivery.queued_at)
            && self.to.is_none_or(|to| delivery.queued_at < to);
        match self.person_request_id {
            Some(request) if meets => {
                let verification = store.get(VERIFICATIONS, &delivery.verification_id)?;
                let purpose = verification.map(|verification| verification.purpose);
                Ok(purpose == Some(Purpose::PersonRequest(request)))
            }
            Some(_) | None => Ok(meets),
        }
    }
}

impl Candidates {
    /// The next entries behind this one.
    fn entries(
        &self,
        store: &Store,
        range: Range,
        behind: Option<Position>,
    ) -> Result<Vec<Position>, StoreError> {
        match self {
            Self::Request(id) => of_part(store, DELIVERIES_BY_REQUEST, id, range, behind),
            Self::Phone(phone) => of_part(store, VERIFICATIONS_BY_PHONE, phone, range, behind),
            Self::Driver(driver) => of_part(store, DELIVERIES_BY_DRIVER, driver, range, behind),
            Self::Status(status) => of_part(store, DELIVERIES_BY_STATUS, status, range, behind),
            Self::Since(since) => {
                let span = Span::all().from(&(range.from.max(*since),)).until(&(range.to,));
                let found = store.list(
                    DELIVERIES_BY_TIME,
                    span,
                    range.order,
                    behind.as_ref(),
                    range.most,
                )?;
                Ok(found.into_iter().map(|(position, _)| position).collect())
            }
            Self::None => Ok(Vec::new()),
        }
    }
}

/// The next entries of an index whose keys begin with `part`.
fn of_part<P: KeyPart>(
    store: &Store,
    table: Table<(P, Timestamp, VerificationId), Due>,
    part: &P,
    Range { from, to, order, most }: Range,
    behind: Option<Position>,
) -> Result<Vec<Position>, StoreError> {
    let part = || part.clone();
    let span = Span::within(&(part(),)).from(&(part(), from)).until(&(part(), to));
    let behind = behind.map(|(at, id)| (part(), at, id));
    let found = store.list(table, span, order, behind.as_ref(), most)?;
    Ok(found.into_iter().map(|((_, at, id), _)| (at, id)).collect())
}

/// Deliveries that are queued or with a driver. The outbox has them by the end of their code's life, so none was accepted
/// before the longest life of the first.
fn in_outbox(store: &Store) -> Result<Candidates, StoreError> {
    let first = store.page(OUTBOX, None, 1)?;
    let longest = Duration::from_secs(VerificationRules::LONGEST_LIFE);
    let since = first.first().map(|(key, _)| key.at - longest);
    Ok(since.map_or(Candidates::None, Candidates::Since))
}

fn position(store: &Store, id: VerificationId) -> Result<Option<Position>, StoreError> {
    let delivery = store.get(DELIVERIES, &id)?;
    Ok(delivery.map(|delivery| (delivery.queued_at, id)))
}

/// The phone to which the request's codes are sent, even if its method allows no further code by now.
pub(super) fn phone_of(request: &PersonRequest) -> Option<Phone> {
    match request.authentication_method {
        AuthenticationMethod::Otp { phone_number } => Some(phone_number),
        AuthenticationMethod::ThirdPerson { phone_number, .. } => phone_number,
        AuthenticationMethod::Offline | AuthenticationMethod::Na => None,
    }
}

#[cfg(test)]
mod tests;
