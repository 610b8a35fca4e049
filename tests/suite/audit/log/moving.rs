//! Rows move to the file of their day, and leave the database behind it.

use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;

use esoz_otp::audit::{MAX_CHANGE_BYTES, MAX_ROW_BYTES, append};
use esoz_otp::config::StoreConfig;
use esoz_otp::domain::audit::{
    AdminAction, AdminChange, AuditEvent, AuditRow, AuditTarget, GuessFault, PhoneHash, RequestId,
    SendFault,
};
use esoz_otp::domain::limits::Limits;
use esoz_otp::domain::{Id, Phone, Purpose, Requester};
use esoz_otp::store::{Priority, Store};

use super::super::open;
use super::{Stand, day, entries, files, names, row, verified};

#[test]
fn rows_go_to_the_file_of_their_day_and_all_but_the_newest_leave_the_database() {
    let stand = Stand::new();
    assert_eq!(names(stand.path()), [""; 0], "no file without a row");
    stand.append(0, 3);
    stand.append(1, 2);
    assert_eq!(stand.waiting(), 5);
    stand.move_all(1);
    assert_eq!(names(stand.path()), ["2026-11-21.log", "2026-11-22.log"]);
    assert_eq!(stand.waiting(), 1);
    assert_eq!(stand.numbers(), [1, 2, 3, 4, 5]);
    assert_eq!(stand.rows()[3].1, row(1, 0));
    assert_eq!(verified(&stand), "");
}

#[test]
fn files_are_their_owner_s_alone() {
    let stand = Stand::new();
    stand.append(0, 1);
    stand.move_all(0);
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&stand.path().join("audit")), 0o700);
    assert_eq!(mode(&files(stand.path())[0]), 0o600);
}

#[test]
fn numbers_run_on_when_every_row_has_moved_and_over_restarts() {
    let stand = Stand::new();
    for at in 0..5 {
        stand.append(at, 2);
        stand.move_all(at);
    }
    let stand = stand.reopened(5);
    stand.append(5, 1);
    assert_eq!(stand.numbers(), (1..=11).collect::<Vec<_>>());
    stand.move_all(5);
    assert_eq!(stand.numbers(), (1..=11).collect::<Vec<_>>());
    // Not even the last one is needed for that.
    stand
        .store
        .write_blocking(Priority::Normal, |write: &mut esoz_otp::store::Write<'_>| {
            write.remove(esoz_otp::store::schema::AUDIT, &11);
            append(write, &row(5, 7))
        })
        .unwrap();
    assert_eq!(stand.numbers(), (1..=12).collect::<Vec<_>>());
}

#[test]
fn no_file_is_of_an_earlier_day_than_the_one_before_it() {
    let stand = Stand::new();
    for at in [0, 2, 1, 0, 2, 3] {
        stand.append(at, 1);
        stand.move_all(at);
    }
    assert_eq!(names(stand.path()), ["2026-11-21.log", "2026-11-23.log", "2026-11-24.log"]);
    // A row that a clock has dated too late is in the file of the day on which it moves.
    stand.append(400, 1);
    stand.move_all(4);
    assert_eq!(names(stand.path())[3..], ["2026-11-25.log"]);
    assert_eq!(stand.numbers(), (1..=7).collect::<Vec<_>>());
    assert_eq!(verified(&stand), "");
}

#[test]
fn many_rows_move_in_their_order() {
    let stand = Stand::new();
    for round in 0..20 {
        stand.append(round / 10, 100);
    }
    stand.move_all(2);
    assert_eq!(stand.numbers(), (1..=2000).collect::<Vec<_>>());
    assert_eq!(stand.waiting(), 1);
    assert_eq!(verified(&stand), "");
}

#[test]
fn a_name_that_is_taken_is_left_alone() {
    let stand = Stand::new();
    stand.append(0, 1);
    stand.move_all(0);
    let taken = stand.path().join("audit/2026-11-22.log");
    std::fs::write(&taken, "something else").unwrap();
    stand.append(1, 1);
    stand.move_all(1);
    assert_eq!(std::fs::read_to_string(&taken).unwrap(), "something else");
    assert_eq!(stand.numbers(), [1, 2]);
    assert!(verified(&stand).contains("audit/2026-11-22.log: "), "{}", verified(&stand));
}

/// Everything that a row of this event can be about, at its longest.
fn largest(event: AuditEvent, is_about_a_verification: bool) -> AuditRow {
    let by = Requester {
        client_id: Some(Id::from_bytes([0xff; 16])),
        user_id: Some(Id::from_bytes([0xff; 16])),
        peer: Some(IpAddr::from([0xffff_u16; 8]).into()),
    };
    let phone = Phone::from_national(999_999_999).unwrap();
    let row = AuditRow::new(day(1_000_000), event, by)
        .about_phone(phone, Purpose::PersonRequest(Id::from_bytes([0xff; 16])))
        .findable_by(Some(PhoneHash::from_bytes([0xff; 16])));
    let row = if is_about_a_verification { row.of(Id::from_bytes([0xff; 16])) } else { row };
    AuditRow { times: u32::MAX, request_id: RequestId::of(&"x".repeat(1000)), ..row }
}

#[test]
fn the_largest_row_of_a_change_has_1536_bytes_and_keeps_all_of_its_fields() {
    assert_eq!(MAX_CHANGE_BYTES, 1536);
    let target = AuditTarget::Driver("d".repeat(64));
    let mut change = AdminChange::new(AdminAction::SecretRefreshed, target);
    for number in 0..20 {
        let name = format!("field_with_a_long_name_{number}");
        change = change.field(&name, &"ї".repeat(4000), &"я".repeat(4000));
    }
    let row = largest(AuditEvent::AdminChanged(Box::new(change)), true);
    let stand = Stand::new();
    stand.store.write_blocking(Priority::Normal, move |write| append(write, &row)).unwrap();
    stand.move_all(1_000_000);
    let bytes = std::fs::read(&files(stand.path())[0]).unwrap();
    let largest = entries(&bytes).iter().map(Vec::len).max().unwrap();
    assert!(largest <= MAX_CHANGE_BYTES, "{largest}");
    let [(_, read)] = &stand.rows()[..] else { panic!() };
    let change = read.change().unwrap();
    assert_eq!(change.fields.len(), AdminChange::MOST_FIELDS);
    assert!(change.fields.iter().all(|field| field.before.as_ref().unwrap().starts_with("її")));
    assert_eq!(verified(&stand), "");
}

#[test]
fn the_largest_row_has_256_bytes_with_all_that_is_around_it() {
    assert_eq!(MAX_ROW_BYTES, 256);
    let mut rows = vec![largest(AuditEvent::CodeWrong, true)];
    let limits = Limits::default();
    let names: Vec<_> = limits.rows().map(|row| row.name).collect();
    assert!(names.len() > 5);
    for name in names {
        let limit = || name.into();
        rows.push(largest(AuditEvent::SendRefused(SendFault::Limited(limit())), false));
        rows.push(largest(AuditEvent::GuessRefused(GuessFault::Limited(limit())), true));
    }
    // A limit that nobody has thought of yet. The request's name is what gives way.
    let long = "a_limit_with_a_name_that_is_far_too_long_for_any_row".into();
    rows.push(largest(AuditEvent::GuessRefused(GuessFault::Limited(long)), true));
    let stand = Stand::new();
    let kept = rows.clone();
    stand
        .store
        .write_blocking(Priority::Normal, move |write| {
            kept.iter().try_for_each(|row| append(write, row))
        })
        .unwrap();
    stand.move_all(1_000_000);
    let bytes = std::fs::read(&files(stand.path())[0]).unwrap();
    let largest = entries(&bytes).iter().map(Vec::len).max().unwrap();
    assert!(largest <= MAX_ROW_BYTES, "{largest}");
    println!("the largest row has {largest} bytes");
    let read = stand.rows();
    assert!(read.iter().zip(&rows).all(|((_, read), row)| read.what == row.what));
    let has_id = |(_, row): &(u64, AuditRow)| row.request_id.is_some();
    assert!(read[..read.len() - 1].iter().all(has_id) && !has_id(&read[read.len() - 1]));
}

#[test]
fn a_demo_s_directory_is_emptied_of_it() {
    let stand = Stand::new();
    stand.append(0, 3);
    stand.move_all(0);
    let home = stand.close();
    let store = Store::open_emptied(home.path(), StoreConfig::default()).unwrap();
    assert_eq!(names(home.path()), [""; 0]);
    drop(store);
    let stand = Stand::on(home, 0);
    stand.append(0, 1);
    assert_eq!(stand.numbers(), [1]);
}

#[test]
fn the_folder_goes_with_its_directory() {
    let stand = Stand::new();
    stand.append(0, 3);
    stand.move_all(0);
    let (home, new) = (stand.close(), tempfile::tempdir().unwrap());
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .args([home.path().join("store"), home.path().join("audit"), new.path().to_owned()])
        .status();
    assert!(copied.unwrap().success());
    let stand = Stand::on(new, 1);
    stand.append(1, 1);
    stand.move_all(1);
    assert_eq!(stand.numbers(), [1, 2, 3, 4]);
    assert_eq!(verified(&stand), "");
    drop(open(home.path()));
}
