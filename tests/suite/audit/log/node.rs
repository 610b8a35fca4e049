//! A node that runs has its rows moved, and old ones removed.

use std::collections::HashSet;
use std::time::Duration;

use esoz_otp::domain::audit::PhoneHash;
use esoz_otp::store::schema::AUDIT;

use super::super::{kept, node_with, shown};
use super::names;
use crate::support::patience::wait_until;
use crate::support::{TestNode, quick, start_of_time};

const PHONES: [&str; 2] = ["+380671000041", "+380681000042"];

fn waiting(node: &TestNode) -> usize {
    node.store.page(AUDIT, None, 100).unwrap().len()
}

#[test]
fn rows_move_while_it_runs_each_day_to_another_file() {
    let home = tempfile::tempdir().unwrap();
    let node = TestNode::on(home.path(), quick(), start_of_time(), true);
    for phone in PHONES {
        assert_eq!(node.initialize(phone).status, 201);
    }
    wait_until("they have moved", || waiting(&node) == 1);
    assert_eq!(names(home.path()), ["2026-11-21.log"]);
    node.clock.push(Duration::from_hours(24));
    assert_eq!(node.initialize(PHONES[0]).status, 201);
    wait_until("it has moved", || names(home.path()).len() == 2);
    assert_eq!(names(home.path())[1], "2026-11-22.log");
    assert_eq!(kept(&node).len(), 3);
}

#[test]
fn rows_of_one_number_have_one_hash_which_says_nothing_in_another_directory() {
    let hashes = || {
        let node = node_with(quick());
        for phone in PHONES {
            assert_eq!(node.initialize(phone).status, 201);
            assert_eq!(node.complete(phone, &node.code_for(phone)).status, 200);
            assert_eq!(node.complete(phone, "123456").status, 403);
        }
        shown(&node);
        let hash = |row: &esoz_otp::domain::audit::AuditRow| row.what.phone_hash.unwrap();
        let rows = kept(&node);
        let of = |phone: &str| -> HashSet<PhoneHash> {
            let last = &phone[phone.len() - 2..];
            let is_its = |shown: String| shown.ends_with(last);
            let its = rows.iter().filter(|(_, row)| is_its(row.what.phone.unwrap().to_string()));
            its.map(|(_, row)| hash(row)).collect()
        };
        assert_eq!(rows.len(), 6);
        let [one, other] = PHONES.map(of);
        assert_eq!((one.len(), other.len()), (1, 1));
        assert!(one.is_disjoint(&other));
        one
    };
    assert!(hashes().is_disjoint(&hashes()));
}
