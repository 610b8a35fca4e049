//! `/admin/clients`.

use std::collections::BTreeMap;
use std::thread;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::{CLINIC, NOWHERE, OPERATORS, actions, admin, changes, data, get, id, new_client};
use crate::support::{MIS, SEED_REQUEST, TestNode};

#[test]
fn a_client_is_added_shown_changed_and_removed() {
    let node = TestNode::start();
    let body = json!({"client": {"name": "МІС", "priv_settings": {"access_type": "BROKER"},
        "user_id": "x", "client_type_id": 1, "settings": {"any": []}}});
    let reply = admin(&node, "POST", "/admin/clients", &body);
    let client = data(&reply, 201);
    let path = format!("/admin/clients/{}", id(&client));
    assert_eq!(reply.header("location"), Some(path.as_str()));
    let now = node.now().to_string();
    let expected = json!({
        "id": id(&client), "name": "МІС", "is_blocked": false, "block_reason": null,
        "inserted_at": now, "updated_at": now,
        "priv_settings": {"access_type": "BROKER", "broker_scope": null},
    });
    assert_eq!(client, expected);
    assert_eq!(data(&get(&node, &path), 200), expected);
    let details = data(&get(&node, &format!("{path}/details")), 200);
    assert_eq!((&details["name"], &details["priv_settings"]), (&json!("МІС"), &Value::Null));

    let change =
        json!({"client": {"name": "МІС 2", "priv_settings": {"broker_scope": "otp:read"}}});
    let changed = data(&admin(&node, "PATCH", &path, &change), 200);
    assert_eq!(changed["name"], "МІС 2");
    let settings = json!({"access_type": "BROKER", "broker_scope": "otp:read"});
    assert_eq!(changed["priv_settings"], settings);
    let emptied = json!({"client": {"priv_settings": {"broker_scope": ""}}});
    let changed = data(&admin(&node, "PATCH", &path, &emptied), 200);
    assert_eq!(changed["priv_settings"]["broker_scope"], Value::Null);
    // The same once more is no change, and has no row.
    data(&admin(&node, "PATCH", &path, &emptied), 200);

    let removed = admin(&node, "DELETE", &path, &Value::Null);
    assert_eq!((removed.status, removed.text.as_str()), (204, ""));
    assert_eq!(removed.header("content-type"), None);
    assert_eq!(get(&node, &path).status, 404);
    assert_eq!(actions(&node, id(&client)), ["created", "changed", "changed", "deleted"]);
    let rows = changes(&node, id(&client));
    let expected = [
        ("name".to_owned(), json!("МІС"), json!("МІС 2")),
        ("broker_scope".to_owned(), Value::Null, json!("otp:read")),
    ];
    assert_eq!(rows[1].1, expected);
}

#[test]
fn put_adds_the_client_with_this_id_and_then_changes_it() {
    let node = TestNode::start();
    let path = format!("/admin/clients/{NOWHERE}");
    let body = json!({"client": {"name": "one", "priv_settings": {"access_type": "DIRECT"}}});
    let reply = admin(&node, "PUT", &path, &body);
    assert_eq!(id(&data(&reply, 201)), NOWHERE);
    assert_eq!(reply.header("location"), Some(path.as_str()));
    let other = json!({"client": {"name": "other"}});
    assert_eq!(data(&admin(&node, "PUT", &path, &other), 200)["name"], "other");
    assert_eq!(actions(&node, NOWHERE), ["created", "changed"]);
}

#[test]
fn what_is_wrong_with_a_client_is_said() {
    let node = TestNode::start();
    for (body, entry) in [
        (json!({}), "$.client"),
        (json!({"client": {}}), "$.client.name"),
        (json!({"client": {"name": "a"}}), "$.client.priv_settings.access_type"),
        (json!({"client": {"name": ""}}), "$.client.name"),
        (
            json!({"client": {"name": "a", "priv_settings": {"access_type": "OTHER"}}}),
            "$.client.priv_settings.access_type",
        ),
        (
            json!({"client": {"name": "a", "block_reason": "ї".repeat(257)}}),
            "$.client.block_reason",
        ),
        (json!({"client": {"name": "a", "secret": "b"}}), "$.client.secret"),
        (
            json!({"client": {"name": "a".repeat(5000), "priv_settings": {"access_type": "DIRECT"}}}),
            "$",
        ),
    ] {
        let reply = admin(&node, "POST", "/admin/clients", &body);
        assert_eq!(reply.status, 422, "{body}");
        assert_eq!(reply.error()["invalid"][0]["entry"], entry, "{}", reply.text);
    }
    let body = json!({"client": {"name": "a"}});
    for path in [format!("/admin/clients/{NOWHERE}"), "/admin/clients/nothing".into()] {
        for method in ["GET", "PATCH", "DELETE"] {
            let body = if method == "PATCH" { &body } else { &Value::Null };
            assert_eq!(admin(&node, method, &path, body).status, 404, "{method} {path}");
        }
        for action in ["block", "unblock", "deactivate_tokens"] {
            let reply = admin(&node, "PATCH", &format!("{path}/actions/{action}"), &json!({}));
            assert_eq!(reply.status, 404, "{action} {path}");
        }
    }
    assert_eq!(admin(&node, "PUT", "/admin/clients/nothing", &body).status, 404);
}

#[test]
fn a_blocked_client_is_refused_until_it_is_unblocked() {
    let node = TestNode::start();
    let read =
        || node.call("GET", &format!("/api/person_requests/{SEED_REQUEST}"), &MIS, "").status;
    assert_eq!(read(), 200);
    let action = |verb: &str, body: Value| {
        admin(&node, "PATCH", &format!("/admin/clients/{CLINIC}/actions/{verb}"), &body)
    };
    let blocked = data(&action("block", json!({"client": {"block_reason": "no contract"}})), 200);
    assert_eq!(
        (&blocked["is_blocked"], &blocked["block_reason"]),
        (&json!(true), &json!("no contract"))
    );
    assert_eq!(read(), 401);
    let again = action("block", Value::Null);
    let expected =
        (409, "request_conflict", Some("client already blocked"), Some("client_blocked"));
    assert_eq!(again.refusal(), expected);
    assert_eq!(data(&action("unblock", json!({})), 200)["is_blocked"], false);
    assert_eq!(read(), 200);
    assert_eq!(action("unblock", Value::Null).message(), Some("client already unblocked"));
    assert_eq!(actions(&node, CLINIC), ["blocked", "unblocked"]);
}

#[test]
fn a_client_with_live_things_is_not_removed() {
    let node = TestNode::start();
    let in_use = (
        409,
        "request_conflict",
        Some("client has live tokens, connections or person requests"),
        Some("client_in_use"),
    );
    // It has requests that are NEW.
    let clinic = format!("/admin/clients/{CLINIC}");
    data(&admin(&node, "PATCH", &format!("{clinic}/actions/deactivate_tokens"), &Value::Null), 200);
    assert_eq!(admin(&node, "DELETE", &clinic, &Value::Null).refusal(), in_use);

    let client = new_client(&node, "vendor", "BROKER");
    let path = format!("/admin/clients/{}", id(&client));
    let key = data(&admin(&node, "PUT", &format!("{path}/connections"), &json!({})), 201);
    assert_eq!(admin(&node, "DELETE", &path, &Value::Null).refusal(), in_use);
    let connection = format!("{path}/connections/{}", id(&key));
    assert_eq!(admin(&node, "DELETE", &connection, &Value::Null).status, 204);

    let token = super::new_token(&node, id(&client), "otp:read");
    assert_eq!(admin(&node, "DELETE", &path, &Value::Null).refusal(), in_use);
    let token = format!("/admin/tokens/{}", id(&token));
    assert_eq!(admin(&node, "DELETE", &token, &Value::Null).status, 204);
    assert_eq!(admin(&node, "DELETE", &path, &Value::Null).status, 204);
    assert_eq!(actions(&node, id(&client)), ["created", "deleted"]);
}

#[test]
fn lists_are_filtered() {
    let node = TestNode::start();
    let names = |query: &str| {
        let reply = get(&node, &format!("/admin/clients?{query}"));
        let clients = data(&reply, 200);
        let names =
            clients.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned());
        (names.collect::<Vec<_>>(), reply.body["paging"]["total_entries"].clone())
    };
    let all = names("").0.len();
    new_client(&node, "Клініка Сонце", "DIRECT");
    assert_eq!(names(""), {
        let (names, _) = names("");
        let n = names.len();
        (names, json!(n))
    });
    assert_eq!(names("").0.len(), all + 1);
    let one = (vec!["Клініка Сонце".to_owned()], json!(1));
    assert_eq!(names("name=%D1%81%D0%BE%D0%BD%D1%86%D0%B5"), one, "сонце");
    assert_eq!(names("name=nothing"), (vec![], json!(0)));
    assert!(names("is_blocked=true").0.len() < all);
    assert_eq!(names(&format!("id={OPERATORS}")).0.len(), 1);
    assert_eq!(names(&format!("id={NOWHERE}")), (vec![], json!(0)));
    assert_eq!(get(&node, "/admin/clients?nme=a").status, 422);
    assert_eq!(get(&node, "/admin/clients?page=201").status, 422);
    assert_eq!(get(&node, "/admin/clients?page_size=51").status, 422);
}

/// A change of a client: some fields, or a block or an unblock.
fn change() -> impl Strategy<Value = (&'static str, Value)> {
    let fields = (
        prop::option::of(prop::sample::select(vec!["one", "other"])),
        prop::option::of(prop::sample::select(vec!["DIRECT", "BROKER"])),
        prop::option::of(prop::sample::select(vec!["", "otp:read"])),
        prop::option::of(any::<bool>()),
    );
    let patch = fields.prop_map(|(name, access_type, broker_scope, is_blocked)| {
        let settings = json!({"access_type": access_type, "broker_scope": broker_scope});
        ("", json!({"client": {"name": name, "priv_settings": settings, "is_blocked": is_blocked}}))
    });
    let action = prop::sample::select(vec!["/actions/block", "/actions/unblock"]);
    let reason = prop::option::of(prop::sample::select(vec!["why", "because"]));
    let action = (action, reason)
        .prop_map(|(action, reason)| (action, json!({"client": {"block_reason": reason}})));
    prop_oneof![2 => patch, 1 => action]
}

/// The fields of a client as rows of audit name them.
fn fields(client: &Value) -> BTreeMap<String, Value> {
    let settings = &client["priv_settings"];
    let text = |value: &Value| match value {
        Value::Bool(is) => json!(is.to_string()),
        other => other.clone(),
    };
    ["name", "is_blocked", "block_reason"]
        .map(|name| (name.to_owned(), text(&client[name])))
        .into_iter()
        .chain(["access_type", "broker_scope"].map(|name| (name.to_owned(), text(&settings[name]))))
        .collect()
}

#[test]
fn the_rows_of_audit_lead_from_nothing_to_what_a_client_is_now() {
    let node = TestNode::start();
    let config = ProptestConfig { cases: 12, failure_persistence: None, ..Default::default() };
    let run = TestRunner::new(config).run(&prop::collection::vec(change(), 0..8), |all| {
        let client = new_client(&node, "one", "DIRECT");
        let path = format!("/admin/clients/{}", id(&client));
        for (action, body) in &all {
            let before = data(&get(&node, &path), 200);
            let reply = admin(&node, "PATCH", &format!("{path}{action}"), body);
            if reply.status != 200 {
                prop_assert_eq!(reply.status, 409);
                prop_assert_eq!(data(&get(&node, &path), 200), before);
            }
        }
        let mut told = fields(&json!({"is_blocked": false}));
        for (_, changed) in changes(&node, id(&client)) {
            for (name, before, after) in changed {
                prop_assert_eq!(told.insert(name, after), Some(before));
            }
        }
        prop_assert_eq!(told, fields(&data(&get(&node, &path), 200)));
        Ok(())
    });
    run.unwrap();
}

#[test]
fn changes_at_once_beside_sends_are_all_made_and_all_have_their_row() {
    let node = TestNode::with(crate::support::without_send_limits());
    let made = thread::scope(|scope| {
        let operators = (0..40).map(|number| {
            let node = &node;
            scope.spawn(move || {
                let client = new_client(node, &format!("client {number}"), "DIRECT");
                let path = format!("/admin/clients/{}", id(&client));
                for name in ["a", "b", "c", "d"] {
                    data(&admin(node, "PATCH", &path, &json!({"client": {"name": name}})), 200);
                }
                id(&client).to_owned()
            })
        });
        let operators: Vec<_> = operators.collect();
        let senders = (0..40).map(|number| {
            let node = &node;
            scope.spawn(move || {
                let phone = format!("+38067200{number:04}");
                assert_eq!(node.initialize(&phone).status, 201);
            })
        });
        for sender in senders.collect::<Vec<_>>() {
            sender.join().unwrap();
        }
        operators.into_iter().map(|it| it.join().unwrap()).collect::<Vec<_>>()
    });
    for client in made {
        assert_eq!(
            actions(&node, &client),
            ["created", "changed", "changed", "changed", "changed"]
        );
    }
    let sent = get(&node, "/admin/audit?event=code_issued&page_size=500");
    assert_eq!(sent.data().as_array().unwrap().len(), 40);
}
