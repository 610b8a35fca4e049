//! A search answers what a filter over a list of all rows would, in either order, page by page.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use esoz_otp::audit::{
    AuditFilter, AuditOrder, AuditPage, AuditQuery, MAX_ROW_BYTES, PhoneKey, append,
};
use esoz_otp::domain::audit::{AuditEvent, AuditRow, RequestId, SendFault, TokenFault};
use esoz_otp::domain::{Id, Phone, Purpose, Requester};
use esoz_otp::store::{Priority, Write};

use super::{Stand, day, files, row};
use crate::store::{Chance, is_long};

const ORDERS: [AuditOrder; 2] = [AuditOrder::OldestFirst, AuditOrder::NewestFirst];

fn id<T>(number: u64) -> Id<T> {
    Id::from_bytes([u8::try_from(number).unwrap(); 16])
}

fn phone(number: u64) -> Phone {
    Phone::from_national(671_000_000 + u32::try_from(number).unwrap()).unwrap()
}

fn key() -> PhoneKey {
    PhoneKey::of(&[7; 32])
}

fn event(number: u64) -> AuditEvent {
    match number {
        0 => AuditEvent::CodeIssued,
        1 => AuditEvent::SendRefused(SendFault::Limited("send_pause".into())),
        2 => AuditEvent::SendRefused(SendFault::RefusedPrefix),
        3 => AuditEvent::TokenRefused(TokenFault::Expired),
        _ => AuditEvent::CodeWrong,
    }
}

fn request_id(number: u64) -> RequestId {
    RequestId::of(&format!("request-{number}")).unwrap()
}

/// A row of about this day, with few values of everything, so that filters find some.
fn any_row(days: i64, chance: &mut Chance) -> AuditRow {
    let mut is = |one_in: u64| chance.below(one_in) == 0;
    let (has_client, has_hash, is_about_request, has_verification) = (!is(3), !is(4), is(2), is(2));
    let requester =
        Requester { client_id: has_client.then(|| id(chance.below(3))), ..Requester::default() };
    let number = chance.below(4);
    let purpose = if is_about_request {
        Purpose::PersonRequest(id(chance.below(3)))
    } else {
        Purpose::PhoneVerification
    };
    // The day of its file may be another one.
    let at = day(days) - Duration::from_hours(20) + Duration::from_mins(chance.below(40 * 60));
    let mut row = AuditRow::new(at, event(chance.below(5)), requester);
    row = row.about_phone(phone(number), purpose);
    row = row.findable_by(has_hash.then(|| key().hash(phone(number))));
    if has_verification {
        row = row.of(id(chance.below(3)));
    }
    AuditRow { request_id: (chance.below(3) > 0).then(|| request_id(chance.below(4))), ..row }
}

fn add(stand: &Stand, days: i64, count: u64, chance: &mut Chance) {
    let rows: Vec<_> = (0..count).map(|_| any_row(days, chance)).collect();
    let put = move |write: &mut Write<'_>| rows.iter().try_for_each(|row| append(write, row));
    stand.store.write_blocking(Priority::Normal, put).unwrap();
}

/// A filter of one to three parts, or none.
fn any_filter(days: i64, chance: &mut Chance) -> AuditFilter {
    let mut filter = AuditFilter::default();
    for _ in 0..chance.below(4) {
        let time = day(chance.below(days.unsigned_abs() + 2).cast_signed() - 1)
            + Duration::from_mins(chance.below(24 * 60));
        match chance.below(9) {
            0 => filter.phone = Some(key().hash(phone(chance.below(5)))),
            1 => filter.request_id = Some(request_id(chance.below(5))),
            2 => filter.verification_id = Some(id(chance.below(4))),
            3 => filter.person_request_id = Some(id(chance.below(4))),
            4 => filter.client_id = Some(id(chance.below(4))),
            5 => filter.event = Some(event(chance.below(5)).word()),
            6 => filter.reason = Some(*chance.one_of(&["send_pause", "expired", "wrong_code"])),
            7 => filter.from = Some(time),
            _ => filter.to = Some(time),
        }
    }
    filter
}

/// What a row has to be like, said once more.
fn is_asked_for(filter: &AuditFilter, row: &AuditRow) -> bool {
    let what = &row.what;
    let wrong = [
        filter.phone.is_some_and(|phone| what.phone_hash != Some(phone)),
        filter.request_id.is_some_and(|id| row.request_id != Some(id)),
        filter.verification_id.is_some_and(|id| what.verification_id != Some(id)),
        filter.person_request_id.is_some_and(|id| what.person_request_id != Some(id)),
        filter.client_id.is_some_and(|id| what.by.client_id != Some(id)),
        filter.event.is_some_and(|word| what.event.word() != word),
        filter.reason.is_some_and(|word| what.event.reason() != Some(word)),
        filter.from.is_some_and(|from| row.at < from),
        filter.to.is_some_and(|to| row.at >= to),
    ];
    !wrong.contains(&true)
}

fn any_query(days: i64, rows: u64, chance: &mut Chance) -> AuditQuery {
    AuditQuery {
        filter: any_filter(days, chance),
        order: *chance.one_of(&ORDERS),
        after: (chance.below(4) == 0).then(|| chance.below(rows + 5)),
        most: usize::try_from(1 + chance.below(60)).unwrap(),
        most_bytes: *chance.one_of(&[300, 3000, 10_000, 40_000, u64::MAX]),
    }
}

/// Every page of a query, with `between` called after each.
fn pages(
    stand: &mut Stand,
    query: &AuditQuery,
    mut between: impl FnMut(&mut Stand),
) -> Vec<(u64, AuditRow)> {
    let mut query = query.clone();
    let mut joined = Vec::new();
    loop {
        let AuditPage { rows, next_after, bytes } = stand.log.search(&query).unwrap();
        assert!(rows.len() <= query.most);
        let largest = files(stand.path()).iter().map(|file| file.metadata().unwrap().len()).max();
        let bound =
            query.most_bytes.max(largest.unwrap_or(0)).saturating_add(64 * MAX_ROW_BYTES as u64);
        assert!(bytes <= bound, "{bytes} bytes, not {}", query.most_bytes);
        joined.extend(rows);
        let Some(next) = next_after else { return joined };
        match (query.order, query.after) {
            (AuditOrder::OldestFirst, Some(after)) => assert!(next > after, "{next} {after}"),
            (AuditOrder::NewestFirst, Some(after)) => assert!(next < after, "{next} {after}"),
            (_, None) => {}
        }
        query.after = Some(next);
        between(stand);
    }
}

fn expected(all: &[(u64, AuditRow)], query: &AuditQuery) -> Vec<(u64, AuditRow)> {
    let is_behind = |number: u64| match (query.order, query.after) {
        (_, None) => true,
        (AuditOrder::OldestFirst, Some(after)) => number > after,
        (AuditOrder::NewestFirst, Some(after)) => number < after,
    };
    let asked =
        all.iter().filter(|(number, row)| is_behind(*number) && is_asked_for(&query.filter, row));
    let mut asked: Vec<_> = asked.cloned().collect();
    if query.order == AuditOrder::NewestFirst {
        asked.reverse();
    }
    asked
}

/// Some days of rows, of which the last have not moved.
fn some_days(days: i64, chance: &mut Chance) -> Stand {
    let stand = Stand::new();
    for at in 0..days {
        for _ in 0..chance.below(4) {
            add(&stand, at, chance.below(200), chance);
            stand.move_all(at);
        }
    }
    add(&stand, days, chance.below(700), chance);
    stand
}

#[test]
fn the_pages_of_a_search_are_the_list_of_all_rows_filtered() {
    let mut chance = Chance::new();
    let rounds = if is_long() { 40 } else { 3 };
    for _ in 0..rounds {
        let days = 1 + chance.below(6).cast_signed();
        let mut stand = some_days(days, &mut chance);
        let all = stand.rows();
        assert!(all.iter().zip(1..).all(|((number, _), due)| *number == due));
        for round in 0..100 {
            // Where rows stand is not known after a start.
            if round % 30 == 29 {
                stand = stand.reopened(days);
            }
            let query = any_query(days, all.len() as u64, &mut chance);
            let found = pages(&mut stand, &query, |_| {});
            let seed = chance.seed();
            assert!(found == expected(&all, &query), "ESOZ_OTP_SEED={seed}, {query:?}");
        }
    }
}

#[test]
fn rows_that_come_move_and_go_between_pages_are_neither_missed_nor_doubled() {
    let mut chance = Chance::new();
    let rounds = if is_long() { 400 } else { 40 };
    for _ in 0..rounds {
        let seed = chance.seed();
        let mut days = 2 + chance.below(4).cast_signed();
        let mut stand = some_days(days, &mut chance);
        let before: BTreeSet<_> = stand.numbers().into_iter().collect();
        let query = AuditQuery { after: None, ..any_query(days, 1, &mut chance) };
        let found = pages(&mut stand, &query, |stand| match chance.below(8) {
            0 => add(stand, days, chance.below(50), &mut chance),
            1 | 2 => drop(stand.log.move_rows(day(days)).unwrap()),
            3 => days += 1,
            4 => drop(stand.trim(days, Duration::from_hours(48))),
            _ => {}
        });
        let is_ahead = |pair: &[(u64, AuditRow)]| match query.order {
            AuditOrder::OldestFirst => pair[0].0 < pair[1].0,
            AuditOrder::NewestFirst => pair[0].0 > pair[1].0,
        };
        assert!(found.windows(2).all(is_ahead), "ESOZ_OTP_SEED={seed}, {query:?}");
        assert!(found.iter().all(|(_, row)| is_asked_for(&query.filter, row)));
        let kept = expected(&stand.rows(), &AuditQuery { after: None, ..query.clone() });
        for row in kept {
            // What came after a search that goes back had begun is not in it.
            let is_due = query.order == AuditOrder::OldestFirst || before.contains(&row.0);
            assert!(!is_due || found.contains(&row), "ESOZ_OTP_SEED={seed}, {query:?}, {}", row.0);
        }
    }
}

#[test]
fn a_search_back_beside_the_mover_sees_no_gap() {
    let stand = Stand::new();
    stand.append(0, 1);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..150 {
                let at = round / 25;
                stand.append(at, 1 + u128::try_from(round % 40).unwrap());
                stand.log.move_rows(day(at)).unwrap();
                if round % 25 == 24 {
                    stand.trim(at, Duration::from_hours(48));
                }
            }
            done.store(true, Ordering::SeqCst);
        });
        let back =
            AuditQuery { order: AuditOrder::NewestFirst, most: 20_000, ..AuditQuery::default() };
        let mut newest = 0;
        while !done.load(Ordering::SeqCst) {
            let page = stand.log.search(&back).unwrap();
            let numbers: Vec<_> = page.rows.iter().map(|(number, _)| *number).collect();
            assert!(numbers[0] >= newest, "rows that were there have gone");
            newest = numbers[0];
            let first = *numbers.last().unwrap();
            assert!(numbers.iter().rev().zip(first..).all(|(number, due)| *number == due));
            assert_eq!(page.next_after, None);
        }
    });
    assert!(stand.numbers()[0] > 1, "nothing was removed");
}

/// Of files that are of no use nothing is read: nobody notices that they are damaged.
#[test]
fn from_and_to_read_only_files_of_their_days() {
    let stand = Stand::new();
    for at in 0..9 {
        stand.append(at, 20);
        stand.move_all(at);
    }
    let stand = stand.reopened(9);
    for at in [0, 1, 6, 7] {
        fs::write(&files(stand.path())[at], "nothing of it").unwrap();
    }
    let asked = AuditFilter { from: Some(day(3)), to: Some(day(4)), ..AuditFilter::default() };
    for order in ORDERS {
        let query = AuditQuery { filter: asked.clone(), order, ..AuditQuery::default() };
        let page = stand.log.search(&query).unwrap();
        assert_eq!((page.rows.len(), page.next_after), (20, None), "{order:?}");
        assert!(page.rows.iter().all(|(_, found)| found.at == day(3)));
        // A day on each side, and the newest.
        assert!(page.bytes <= 4 * 20 * MAX_ROW_BYTES as u64, "{}", page.bytes);
        for filter in
            [AuditFilter { from: None, ..asked.clone() }, AuditFilter { to: None, ..asked.clone() }]
        {
            let query = AuditQuery { filter, order, most: 500, ..AuditQuery::default() };
            assert!(stand.log.search(&query).is_err(), "{query:?}");
        }
    }
}

#[test]
fn rows_of_other_days_in_the_file_of_a_day_that_is_to_come_are_found() {
    let stand = Stand::new();
    stand.append(0, 1);
    stand.move_all(0);
    // A clock that is ahead for a moment, and goes back.
    stand.append(50, 1);
    stand.move_all(50);
    for at in 1..10 {
        stand.append(at, 1);
        stand.move_all(at);
    }
    for order in ORDERS {
        let filter = AuditFilter { from: Some(day(4)), to: Some(day(6)), ..AuditFilter::default() };
        let query = AuditQuery { filter, order, ..AuditQuery::default() };
        let mut found = stand.log.search(&query).unwrap().rows;
        found.sort_by_key(|(number, _)| *number);
        let [(_, fourth), (_, fifth)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((fourth, fifth), (&row(4, 0), &row(5, 0)));
    }
}

#[test]
fn a_search_that_meets_damage_fails_and_goes_on_on_the_other_side_of_it() {
    let stand = Stand::new();
    for at in 0..3 {
        stand.append(at, 100);
        stand.move_all(at);
    }
    let damaged = files(stand.path())[1].clone();
    let mut bytes = fs::read(&damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&damaged, bytes).unwrap();
    let stand = stand.reopened(2);
    let back = AuditQuery { order: AuditOrder::NewestFirst, most: 500, ..AuditQuery::default() };
    let error = stand.log.search(&back).unwrap_err();
    let esoz_otp::audit::AuditError::Damaged { number, .. } = error else { panic!("{error}") };
    assert!((140..160).contains(&number), "{number}");
    let before = stand.log.search(&AuditQuery { after: Some(number), ..back }).unwrap();
    let numbers: Vec<_> = before.rows.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..number).rev().collect::<Vec<_>>());
    assert_eq!(stand.log.page(200, 500).unwrap().len(), 100);
}
