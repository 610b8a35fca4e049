use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::config::StoreConfig;
use crate::domain::{DeliveryState, Id, Verification, VerificationState};
use crate::store::schema::{AtKey, SealedMessage};
use crate::store::{Priority, Write};

const CONFIG: StoreConfig = StoreConfig { cache_mib: 8, reserve_mib: 0 };

/// A third of the longest life of a code: the outbox bounds some searches by time.
const STEP: i64 = 200_000_000;

/// What a delivery is made of: time, life of its code, phone, driver, request id, client, purpose and state.
type Seed = (u8, u8, u8, u8, u8, u8, bool, u8);

type Deliveries = BTreeMap<VerificationId, (Delivery, Purpose)>;

fn at(step: u8) -> Timestamp {
    Timestamp::from_micros(i64::from(step) * STEP)
}

fn phone(number: u8) -> Phone {
    Phone::from_national(671_000_000 + u32::from(number)).unwrap()
}

fn driver(number: u8) -> Option<String> {
    [None, Some("one"), Some("one-more")][usize::from(number)].map(str::to_owned)
}

fn request_id(number: u8) -> Option<RequestId> {
    [None, RequestId::of("call"), RequestId::of("call-2")][usize::from(number)]
}

fn client(number: u8) -> Option<ClientId> {
    (number > 0).then(|| Id::from_bytes([number; 16]))
}

/// The person request that has this phone. The store has no request of the last phone.
fn request_of(phone: u8) -> PersonRequestId {
    Id::from_bytes([phone; 16])
}

fn state(number: u8) -> DeliveryState {
    [
        DeliveryState::Queued { due_at: at(0) },
        DeliveryState::Submitting { is_obsolete: false },
        DeliveryState::Sent,
        DeliveryState::Delivered,
        DeliveryState::Failed,
        DeliveryState::Uncertain,
        DeliveryState::Expired,
        DeliveryState::Canceled,
    ][usize::from(number)]
}

fn delivery(number: u8, seed: Seed) -> (Delivery, Purpose) {
    let (time, life, of, called, call, by, is_for_a_request, has_come_to) = seed;
    let life = Duration::from_secs([30, 300, VerificationRules::LONGEST_LIFE][usize::from(life)]);
    let (id, now) = (Id::from_bytes([number; 16]), at(time));
    let delivery = Delivery::queue(id, client(by), phone(of), None, now, now + life);
    let (state, driver, request_id) = (state(has_come_to), driver(called), request_id(call));
    let purpose = if is_for_a_request {
        Purpose::PersonRequest(request_of(of))
    } else {
        Purpose::PhoneVerification
    };
    (Delivery { state, driver, request_id, ..delivery }, purpose)
}

fn put(write: &mut Write<'_>, delivery: &Delivery, purpose: Purpose) -> Result<(), StoreError> {
    let id = delivery.verification_id;
    let verification = Verification {
        id,
        phone_number: delivery.phone_number,
        purpose,
        inserted_at: delivery.queued_at,
        code_expired_at: delivery.expires_at,
        updated_at: delivery.queued_at,
        state: VerificationState::Canceled,
    };
    let place = AtKey { at: delivery.expires_at, id };
    if delivery.is_in_outbox() {
        write.put(OUTBOX, &place, &SealedMessage::erased())?;
    } else {
        write.remove(OUTBOX, &place);
    }
    write.put(VERIFICATIONS, &id, &verification)?;
    write.put(DELIVERIES, &id, delivery)
}

fn store_with(home: &std::path::Path, deliveries: &Deliveries) -> Store {
    let store = Store::open(home, CONFIG).unwrap();
    let deliveries = deliveries.clone();
    let fill = move |write: &mut Write<'_>| {
        for phone_number in [0, 1] {
            let id = request_of(phone_number);
            let request = PersonRequest {
                id,
                client_id: Id::from_bytes([1; 16]),
                person_id: None,
                status: crate::domain::PersonRequestStatus::New,
                authentication_method: AuthenticationMethod::Otp {
                    phone_number: phone(phone_number),
                },
                approved_by: None,
                inserted_at: at(0),
                updated_at: at(0),
            };
            write.put(PERSON_REQUESTS, &id, &request)?;
        }
        deliveries.values().try_for_each(|(delivery, purpose)| put(write, delivery, *purpose))
    };
    store.write_blocking(Priority::Normal, fill).unwrap();
    store
}

/// The condition of a search as plain as can be.
fn meets(filter: &DeliveryFilter, (delivery, purpose): &(Delivery, Purpose)) -> bool {
    let request = match purpose {
        Purpose::PersonRequest(id) => Some(*id),
        Purpose::PhoneVerification => None,
    };
    [
        filter.phone.is_none() || filter.phone == Some(delivery.phone_number),
        filter.status.is_none() || filter.status == Some(delivery.status()),
        filter.driver.is_none() || filter.driver == delivery.driver,
        filter.request_id.is_none() || filter.request_id == delivery.request_id,
        filter.client_id.is_none() || filter.client_id == delivery.client_id,
        filter.person_request_id.is_none() || filter.person_request_id == request,
        filter.from.is_none_or(|from| delivery.queued_at >= from),
        filter.to.is_none_or(|to| delivery.queued_at < to),
    ]
    .iter()
    .all(|is_met| *is_met)
}

/// The ids of the deliveries that match, in this order.
fn expected(
    deliveries: &Deliveries,
    filter: &DeliveryFilter,
    order: Order,
    left_out: &BTreeSet<VerificationId>,
) -> Vec<VerificationId> {
    let matching = deliveries.iter().filter(|(id, it)| meets(filter, it) && !left_out.contains(id));
    let mut positions: Vec<_> = matching.map(|(id, (it, _))| (it.queued_at, *id)).collect();
    positions.sort();
    if order == Order::Descending {
        positions.reverse();
    }
    positions.into_iter().map(|(_, id)| id).collect()
}

fn filters() -> impl Strategy<Value = DeliveryFilter> {
    let ids = (
        prop::option::weighted(0.3, 1_u8..3),
        prop::option::weighted(0.3, 1_u8..3),
        prop::option::weighted(0.3, 0_u8..3),
    );
    let others = (
        prop::option::weighted(0.3, 0_u8..3),
        prop::option::weighted(0.4, 0_u8..8),
        prop::option::weighted(0.3, 1_u8..3),
        prop::option::weighted(0.3, 0_u8..7),
        prop::option::weighted(0.3, 0_u8..7),
    );
    (ids, others).prop_map(|((call, by, request), (of, has_come_to, called, from, to))| {
        DeliveryFilter {
            phone: of.map(phone),
            status: has_come_to.map(|number| state(number).status()),
            driver: called.and_then(driver),
            request_id: call.and_then(request_id),
            client_id: by.and_then(client),
            person_request_id: request.map(request_of),
            from: from.map(at),
            to: to.map(at),
        }
    })
}

fn seeds() -> impl Strategy<Value = Vec<Seed>> {
    let seed = (0_u8..6, 0_u8..3, 0_u8..3, 0_u8..3, 0_u8..3, 0_u8..3, any::<bool>(), 0_u8..8);
    prop::collection::vec(seed, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn pages_joined_are_what_a_plain_filter_finds_but_for_deliveries_that_changed(
        seeds in seeds(),
        filters in prop::collection::vec((filters(), any::<bool>()), 1..6),
        most in 1_usize..6,
        most_read in 1_usize..9,
        // Another state between two pages: of which delivery, and which one.
        changes in prop::collection::vec((0_u8..40, 2_u8..8), 0..6),
        are_there_changes in any::<bool>(),
    ) {
        let numbered = (0_u8..).zip(seeds).map(|(number, seed)| delivery(number, seed));
        let mut deliveries: Deliveries =
            numbered.map(|it| (it.0.verification_id, it)).collect();
        let home = tempfile::tempdir().unwrap();
        let store = store_with(home.path(), &deliveries);
        for (filter, is_ascending) in filters {
            let order = if is_ascending { Order::Ascending } else { Order::Descending };
            let before = deliveries.clone();
            let mut changed = BTreeSet::new();
            let mut changes = changes.iter().filter(|_| are_there_changes);
            let mut found = Vec::new();
            let mut after = None;
            for call in 0.. {
                prop_assert!(call < 100, "the search does not end");
                let search = DeliverySearch { filter: filter.clone(), order, after, most, most_read };
                let page = search.page(&store).unwrap();
                prop_assert!(page.deliveries.len() <= most);
                for delivery in &page.deliveries {
                    let id = delivery.verification_id;
                    prop_assert_eq!(delivery, &deliveries[&id].0);
                    prop_assert!(meets(&filter, &deliveries[&id]), "a stale one is shown");
                    found.push(id);
                }
                after = page.next_after;
                if after.is_none() {
                    break;
                }
                if let Some((number, has_come_to)) = changes.next()
                    && let Some((one, purpose)) = deliveries.get_mut(&Id::from_bytes([*number; 16]))
                {
                    one.state = state(*has_come_to);
                    changed.insert(one.verification_id);
                    let (one, purpose) = (one.clone(), *purpose);
                    let change = move |write: &mut Write<'_>| put(write, &one, purpose);
                    store.write_blocking(Priority::Normal, change).unwrap();
                }
            }
            let once: BTreeSet<_> = found.iter().collect();
            prop_assert_eq!(once.len(), found.len(), "one is shown twice");
            found.retain(|id| !changed.contains(id));
            prop_assert_eq!(found, expected(&before, &filter, order, &changed));
        }
    }
}

/// An entry that was read before the record changed selects nothing.
#[test]
fn an_entry_whose_record_no_longer_fits_is_passed_over() {
    let home = tempfile::tempdir().unwrap();
    let sent = delivery(1, (0, 1, 0, 1, 1, 1, false, 2));
    let store =
        store_with(home.path(), &Deliveries::from([(sent.0.verification_id, sent.clone())]));
    let filter =
        DeliveryFilter { status: Some(DeliveryStatus::Failed), ..DeliveryFilter::default() };
    let search = DeliverySearch {
        filter,
        order: Order::Ascending,
        after: Some(Id::from_bytes([9; 16])),
        most: 1,
        most_read: 1,
    };
    // The entries of another status, as a reader has them that a write has overtaken.
    let stale = Candidates::Status(DeliveryStatus::Sent);
    assert_eq!(search.select(&store, &stale, None), Ok(DeliveryPage::default()));
    assert_eq!(search.page(&store), Err(Refusal::NotFound));
}
