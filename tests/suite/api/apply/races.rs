//! Loads beside calls.

use std::thread;

use esoz_otp::domain::{Id, PersonRequestStatus};
use esoz_otp::store::schema::PERSON_REQUESTS;
use serde_json::json;

use super::{apply, id, person_request, totals};
use crate::support::{MIS, TestNode, without_send_limits};

/// How many person requests are loaded, resent and approved.
const MANY: usize = 100;

#[test]
fn requests_are_resent_and_approved_while_loads_say_that_they_are_new() {
    let node = TestNode::with(without_send_limits());
    let lines: Vec<_> = (1..=MANY).map(|number| person_request(number, "NEW")).collect();
    assert_eq!(totals(&apply(&node, &lines))[1], MANY as u64);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..5 {
                    let totals = totals(&apply(&node, &lines));
                    assert_eq!((totals[0], totals[5]), (MANY as u64, 0));
                }
            });
        }
        for quarter in 0..4 {
            let node = &node;
            scope.spawn(move || {
                for number in (1..=MANY).filter(|number| number % 4 == quarter) {
                    assert_eq!(node.resend_for(&id(number)).status, 200);
                    let code = node.code_for(&format!("+38067{number:07}"));
                    let path = format!("/api/person_requests/{}/actions/approve", id(number));
                    let body = json!({"verification_code": code}).to_string();
                    assert_eq!(node.call("PATCH", &path, &MIS, &body).status, 200);
                }
            });
        }
    });
    for number in 1..=MANY {
        let id = Id::parse(&id(number)).unwrap();
        let request = node.store.get(PERSON_REQUESTS, &id).unwrap().unwrap();
        assert_eq!(request.status, PersonRequestStatus::Approved);
        assert!(request.approved_by.is_some());
    }
    assert_eq!(totals(&apply(&node, &lines)), [MANY as u64, 0, 0, MANY as u64, MANY as u64, 0]);
}

#[test]
fn two_loads_with_the_same_records_add_each_once() {
    let node = TestNode::start();
    let lines: Vec<_> = (1..=500).map(|number| person_request(number, "NEW")).collect();
    let added: u64 = thread::scope(|scope| {
        let loads: Vec<_> = (0..3).map(|_| scope.spawn(|| totals(&apply(&node, &lines)))).collect();
        loads.into_iter().map(|load| load.join().unwrap()[1]).sum()
    });
    assert_eq!(added, 500);
}
