//! A search answers what a filter over a list of all rows would, in either order, page by page.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use esoz_otp::audit::{
    AuditFilter, AuditOrder, AuditPage, AuditQuery, MAX_ROW_BYTES, PhoneKey, append,
};
use esoz_otp::domain::audit::{AuditEvent, AuditRow, RequestId, SendFault, TokenFault};
use esoz_otp::domain::{Id, Phone, Purpose, Requester, Timestamp};
use esoz_otp::store::schema::AUDIT_TIMES;
use esoz_otp::store::{Priority, StoreError, Write};

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
    // The day of its file may be another one: the next or the one before, or any if the clock was wrong.
    let clock = if chance.below(100) == 0 { chance.below(12).cast_signed() - 3 } else { days };
    let at = day(clock) - Duration::from_hours(20) + Duration::from_mins(chance.below(40 * 60));
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
            // Where rows stand is not known after a start, nor, after an upgrade, what times they have.
            if round % 30 == 29 {
                stand = stand.reopened(days);
            }
            if round == 45 {
                stand = without_times(stand, days);
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

/// The rows of `from..to`, by their numbers in both orders, in the log of a node and after a start of it.
fn numbers_between(stand: Stand, from: Timestamp, to: Timestamp) -> [Vec<u64>; 4] {
    let filter = AuditFilter { from: Some(from), to: Some(to), ..AuditFilter::default() };
    let look = |stand: &Stand| {
        ORDERS.map(|order| {
            let query = AuditQuery { filter: filter.clone(), order, ..AuditQuery::default() };
            let mut numbers: Vec<_> =
                stand.log.search(&query).unwrap().rows.iter().map(|(number, _)| *number).collect();
            numbers.sort_unstable();
            numbers
        })
    };
    let [running, also_running] = look(&stand);
    let [started, also_started] = look(&stand.reopened(60));
    [running, also_running, started, also_started]
}

#[test]
fn rows_of_a_time_when_the_clock_was_ahead_are_found_when_that_day_is_over() {
    let stand = Stand::new();
    stand.append(50, 1);
    stand.move_all(50);
    // The clock is right again; the file of day 50 goes on until that day is over.
    for at in [0, 1, 2, 51, 52] {
        stand.append(at, 1);
        stand.move_all(at);
    }
    let found = numbers_between(stand, day(1), day(2) + Duration::from_secs(1));
    assert_eq!(found, [(); 4].map(|()| vec![3, 4]));
}

#[test]
fn rows_that_are_ahead_of_the_clock_are_found_in_the_file_of_an_earlier_day() {
    let stand = Stand::new();
    // They were written by a clock that is ahead, and move when it is right again.
    stand.append(0, 1);
    stand.append(30, 2);
    stand.append(0, 1);
    for at in 0..3 {
        stand.append(at, 1);
        stand.move_all(at);
    }
    let found = numbers_between(stand, day(29), day(31));
    assert_eq!(found, [(); 4].map(|()| vec![2, 3]));
}

/// Removes what the database has noted of the times of rows, as if an earlier build had written the files.
fn without_times(stand: Stand, now: i64) -> Stand {
    let notes = stand.store.page(AUDIT_TIMES, None, usize::MAX).unwrap();
    let remove = move |write: &mut Write<'_>| {
        for (first, _) in &notes {
            write.remove(AUDIT_TIMES, first);
        }
        Ok::<_, StoreError>(())
    };
    stand.store.write_blocking(Priority::Normal, remove).unwrap();
    stand.reopened(now)
}

#[test]
fn files_of_an_earlier_build_are_read_once_and_then_passed_over() {
    for order in ORDERS {
        let stand = Stand::new();
        for (at, of) in [(0, 0), (1, 7), (2, 2), (3, 3)] {
            stand.append(of, 100);
            stand.move_all(at);
        }
        let stand = without_times(stand, 3);
        // The newest file goes on.
        stand.append(3, 10);
        stand.move_all(3);
        let filter = AuditFilter { from: Some(day(7)), ..AuditFilter::default() };
        let query = AuditQuery { filter, order, most: 500, ..AuditQuery::default() };
        let files = files(stand.path());
        let all: u64 = files.iter().map(|file| file.metadata().unwrap().len()).sum();
        let first = stand.log.search(&query).unwrap();
        assert!(first.rows.iter().all(|(number, _)| (101..=200).contains(number)), "{order:?}");
        assert!(first.rows.len() == 100 && first.bytes > all * 9 / 10, "{order:?}");
        let again = stand.log.search(&query).unwrap();
        assert_eq!(again.rows, first.rows, "{order:?}");
        assert!(again.bytes <= files[1].metadata().unwrap().len(), "{order:?}: {}", again.bytes);
        // The files that are passed over may be damaged.
        fs::write(&files[2], "nothing of it").unwrap();
        assert_eq!(stand.log.search(&query).unwrap().rows, first.rows, "{order:?}");
    }
}

#[test]
fn rows_that_are_missing_at_the_beginning_fail_a_search_for_their_time_only() {
    let stand = Stand::new();
    for at in 0..4 {
        stand.append(at, 3);
        stand.move_all(at);
    }
    fs::remove_file(&files(stand.path())[0]).unwrap();
    let later = AuditFilter { from: Some(day(2)), ..AuditFilter::default() };
    let earlier = AuditFilter { to: Some(day(2)), ..AuditFilter::default() };
    let look = |stand: &Stand, filter: &AuditFilter, order| {
        let query = AuditQuery { filter: filter.clone(), order, ..AuditQuery::default() };
        stand.log.search(&query).map(|page| page.rows.len()).ok()
    };
    let stand = stand.reopened(3);
    for order in ORDERS {
        assert_eq!(look(&stand, &later, order), Some(6), "{order:?}");
        assert_eq!(look(&stand, &earlier, order), None, "{order:?}");
    }
    // Without the times of the missing rows they could be of any time.
    let stand = without_times(stand, 3);
    for order in ORDERS {
        assert_eq!(look(&stand, &later, order), None, "{order:?}");
    }
}

#[test]
fn times_of_rows_that_are_removed_are_forgotten() {
    let stand = Stand::new();
    for at in 0..6 {
        stand.append(at, 5);
        stand.move_all(at);
    }
    let firsts = |stand: &Stand| {
        let notes = stand.store.page(AUDIT_TIMES, None, usize::MAX).unwrap();
        notes.into_iter().map(|(first, times)| (first, times.last)).collect::<Vec<_>>()
    };
    assert_eq!(firsts(&stand), [(1, 5), (6, 10), (11, 15), (16, 20), (21, 25), (26, 30)]);
    assert_eq!(stand.trim(5, Duration::from_hours(48)), 3);
    assert_eq!(firsts(&stand), [(16, 20), (21, 25), (26, 30)]);
}

#[test]
fn rows_that_have_waited_for_days_are_found_in_the_file_of_a_later_one() {
    let stand = Stand::new();
    stand.append(9, 1);
    stand.move_all(9);
    // The clock was set back for good, to a time that has gone on since.
    stand.append(2, 3);
    stand.move_all(10);
    stand.append(11, 1);
    stand.move_all(11);
    let found = numbers_between(stand, day(2), day(3));
    assert_eq!(found, [(); 4].map(|()| vec![2, 3, 4]));
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
