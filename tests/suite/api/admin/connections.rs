//! `/admin/clients/{id}/connections`: the api-keys of vendors.

use std::time::Duration;

use serde_json::{Value, json};

use super::{CLINIC, NOWHERE, OPERATORS, actions, admin, changes, data, get, id, new_client};
use crate::support::{MIS, SEED_REQUEST, TestNode};

/// Whether a call of the clinic with this api-key is admitted.
fn is_accepted(node: &TestNode, key: &str) -> bool {
    let headers = [MIS[0], ("api-key", key)];
    let reply = node.call("GET", &format!("/api/person_requests/{SEED_REQUEST}"), &headers, "");
    match reply.refusal() {
        (200, ..) => true,
        (401, _, Some("Invalid api key"), _) => false,
        other => panic!("{other:?}"),
    }
}

/// A vendor that allows what the clinic does.
fn vendor(node: &TestNode) -> String {
    let client = new_client(node, "vendor", "BROKER");
    let path = format!("/admin/clients/{}", id(&client));
    let scope = json!({"client": {"priv_settings": {"broker_scope": "person_request:read"}}});
    data(&admin(node, "PATCH", &path, &scope), 200);
    path
}

#[test]
fn a_key_is_shown_once_counts_until_it_is_removed_and_is_known_by_its_end() {
    let node = TestNode::start();
    let vendor = vendor(&node);
    let body = json!({"redirect_uri": "https://mis.example/oauth", "consumer_id": CLINIC});
    let reply = admin(&node, "PUT", &format!("{vendor}/connections"), &body);
    let made = data(&reply, 201);
    let path = format!("{vendor}/connections/{}", id(&made));
    assert_eq!(reply.header("location"), Some(path.as_str()));
    let key = made["secret"].as_str().unwrap();
    assert!(is_accepted(&node, key));

    let shown = data(&get(&node, &path), 200);
    assert_eq!(shown["secret_last_four"], key[key.len() - 4..]);
    assert_eq!(shown["redirect_uri"], "https://mis.example/oauth");
    assert_eq!(shown["consumer_id"], CLINIC);
    let list = get(&node, &format!("{vendor}/connections"));
    assert_eq!(*list.data(), json!([shown]));
    // The same consumer once more: the connection stays, and its key is not shown.
    let body = json!({"redirect_uri": "https://mis.example/other", "consumer_id": CLINIC});
    let again = data(&admin(&node, "PUT", &format!("{vendor}/connections"), &body), 200);
    assert_eq!((&again["id"], &again["secret"]), (&made["id"], &Value::Null));
    let change = json!({"redirect_uri": "https://mis.example/third"});
    let changed = data(&admin(&node, "PATCH", &path, &change), 200);
    assert_eq!(
        (&changed["redirect_uri"], &changed["secret"]),
        (&change["redirect_uri"], &Value::Null)
    );
    assert!(is_accepted(&node, key));

    assert_eq!(admin(&node, "DELETE", &path, &Value::Null).status, 204);
    assert!(!is_accepted(&node, key));
    assert_eq!(get(&node, &path).status, 404);
    assert_eq!(actions(&node, id(&made)), ["created", "changed", "changed", "deleted"]);
    let text = get(&node, "/admin/audit?event=admin_changed").text;
    assert!(!text.contains(key) && !text.contains(&key[key.len() - 8..]));
}

#[test]
fn a_rotated_key_counts_for_its_overlap_and_the_one_before_it_no_more() {
    let node = TestNode::start();
    let vendor = vendor(&node);
    let made = data(&admin(&node, "PUT", &format!("{vendor}/connections"), &json!({})), 201);
    let path = format!("{vendor}/connections/{}/actions/refresh_secret", id(&made));
    let secret = |made: &Value| made["secret"].as_str().unwrap().to_owned();
    let first = secret(&made);
    let refreshed = data(&admin(&node, "PATCH", &path, &json!({"overlap_seconds": 60})), 200);
    let second = secret(&refreshed);
    let until = (node.now() + Duration::from_mins(1)).to_string();
    assert_eq!(refreshed["previous_accepted_until"], until);
    assert_eq!([&first, &second].map(|key| is_accepted(&node, key)), [true, true]);
    node.clock.push(Duration::from_secs(59));
    assert_eq!([&first, &second].map(|key| is_accepted(&node, key)), [true, true]);
    node.clock.push(Duration::from_secs(1));
    assert_eq!([&first, &second].map(|key| is_accepted(&node, key)), [false, true]);

    let third = secret(&data(&admin(&node, "PATCH", &path, &json!({"overlap_seconds": 60})), 200));
    let fourth = secret(&data(&admin(&node, "PATCH", &path, &json!({"overlap_seconds": 60})), 200));
    let keys = [&first, &second, &third, &fourth];
    assert_eq!(keys.map(|key| is_accepted(&node, key)), [false, false, true, true]);
    // Without an overlap the key so far ends at once.
    let fifth = secret(&data(&admin(&node, "PATCH", &path, &Value::Null), 200));
    assert_eq!([&third, &fourth, &fifth].map(|key| is_accepted(&node, key)), [false, false, true]);
    for overlap in [json!(604_801), json!(-1), json!("1")] {
        let reply = admin(&node, "PATCH", &path, &json!({"overlap_seconds": overlap}));
        assert_eq!(reply.status, 422, "{overlap}");
    }
    let rows = changes(&node, id(&made));
    assert_eq!(
        rows[1],
        (
            "secret_refreshed".to_owned(),
            vec![("previous_accepted_until".to_owned(), Value::Null, json!(until))],
        )
    );
}

#[test]
fn a_key_of_the_world_is_a_connection_with_the_id_of_its_client() {
    let node = TestNode::start();
    let clients = data(&get(&node, "/admin/clients"), 200);
    let vendor = clients.as_array().unwrap().iter().find(|client| {
        let connections = get(&node, &format!("/admin/clients/{}/connections", id(client)));
        let connections = connections.data().as_array().unwrap().clone();
        connections.iter().any(|it| it["id"] == client["id"])
            && client["is_blocked"] == false
            && client["priv_settings"]["broker_scope"] != Value::Null
    });
    let vendor = id(vendor.unwrap());
    assert!(is_accepted(&node, "demo-api-key"));
    let path = format!("/admin/clients/{vendor}/connections/{vendor}/actions/refresh_secret");
    let key = data(&admin(&node, "PATCH", &path, &json!({})), 200);
    assert!(!is_accepted(&node, "demo-api-key"));
    assert!(is_accepted(&node, key["secret"].as_str().unwrap()));
}

#[test]
fn what_is_not_there_or_wrong_is_refused() {
    let node = TestNode::start();
    let vendor = vendor(&node);
    let made = data(&admin(&node, "PUT", &format!("{vendor}/connections"), &json!({})), 201);
    // Another client's connection is as unknown as none.
    for path in [
        format!("{vendor}/connections/{NOWHERE}"),
        format!("/admin/clients/{OPERATORS}/connections/{}", id(&made)),
        format!("/admin/clients/{NOWHERE}/connections/{}", id(&made)),
    ] {
        assert_eq!(get(&node, &path).status, 404, "{path}");
        assert_eq!(admin(&node, "PATCH", &path, &json!({})).status, 404, "{path}");
        assert_eq!(admin(&node, "DELETE", &path, &Value::Null).status, 404, "{path}");
        let refresh = format!("{path}/actions/refresh_secret");
        assert_eq!(admin(&node, "PATCH", &refresh, &json!({})).status, 404, "{path}");
    }
    let nowhere = format!("/admin/clients/{NOWHERE}/connections");
    assert_eq!(get(&node, &nowhere).status, 404);
    assert_eq!(admin(&node, "PUT", &nowhere, &json!({})).status, 404);
    let unknown = json!({"consumer_id": NOWHERE});
    assert_eq!(admin(&node, "PUT", &format!("{vendor}/connections"), &unknown).status, 404);
    for address in [
        "http://mis.example",
        "https://",
        "https://а.example",
        "https://[",
        "https://-mis.example",
        "https://mis.example:port",
        "https://user@mis.example",
        "https://mis.example/a b",
        "javascript:alert(1)",
    ] {
        let reply = admin(
            &node,
            "PUT",
            &format!("{vendor}/connections"),
            &json!({"redirect_uri": address}),
        );
        assert_eq!(reply.status, 422, "{address}");
    }
}

#[test]
fn a_client_has_a_hundred_connections_and_no_more() {
    let node = TestNode::start();
    let path = format!("{}/connections", vendor(&node));
    for number in 0..=100 {
        let consumer = new_client(&node, &format!("clinic {number}"), "DIRECT");
        let reply = admin(&node, "PUT", &path, &json!({"consumer_id": id(&consumer)}));
        if number < 100 {
            assert_eq!(reply.status, 201, "{number}: {}", reply.text);
        } else {
            assert_eq!((reply.status, reply.reason()), (409, Some("too_many_connections")));
        }
    }
}
