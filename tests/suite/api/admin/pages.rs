//! Pages by number and by cursor.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{CLINIC_USER, OPERATORS, data, get, id, new_client, new_token};
use crate::support::TestNode;

/// The ids of a list, read by cursor in pages of this size.
fn by_cursor(node: &TestNode, path: &str, size: usize) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let reply = get(node, &format!("{path}page_size={size}{after}"));
        let page = data(&reply, 200);
        ids.extend(page.as_array().unwrap().iter().map(|it| id(it).to_owned()));
        match reply.body["paging"]["next_after"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return ids,
        }
    }
}

/// The same by number.
fn by_number(node: &TestNode, path: &str, size: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 1.. {
        let reply = get(node, &format!("{path}page_size={size}&page={number}"));
        let page = data(&reply, 200);
        ids.extend(page.as_array().unwrap().iter().map(|it| id(it).to_owned()));
        let paging = &reply.body["paging"];
        assert_eq!((&paging["page_number"], &paging["page_size"]), (&number.into(), &size.into()));
        if paging["total_pages"].as_u64() <= Some(number) {
            assert_eq!(paging["total_entries"], ids.len());
            assert_eq!(paging["next_after"], Value::Null);
            return ids;
        }
    }
    unreachable!()
}

#[test]
fn every_record_is_on_one_page_in_either_way() {
    let node = TestNode::start();
    for number in 0..7 {
        new_client(&node, &format!("client {number}"), "DIRECT");
        new_token(&node, OPERATORS, "otp:read");
    }
    for path in [
        "/admin/clients?".to_owned(),
        "/admin/clients?name=client&".to_owned(),
        "/admin/tokens?".to_owned(),
        format!("/admin/tokens?user_id={CLINIC_USER}&"),
        format!("/admin/tokens?client_id={OPERATORS}&"),
    ] {
        for size in [1, 3, 7, 50] {
            let ids = by_cursor(&node, &path, size);
            assert_eq!(ids, by_number(&node, &path, size), "{path} {size}");
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
            assert!(ids.len() >= 7);
        }
    }
}
