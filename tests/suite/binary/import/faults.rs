//! Every fault of a file is named at once, with its line and place, and nothing of what stands there.

use crate::binary::node::{import, init, make, world_of_digests};

/// A fault on nearly every line.
const FAULTY: &str = r#"{
  "format": 1,
  "clients": [
    {"id": "c0000000-0000-4000-8000-0000000000a1", "name": "one", "access_type": "DIRECT"},
    {"id": "c0000000-0000-4000-8000-0000000000a1", "name": "two", "access_type": "SIDEWAYS"},
    {"id": "c0000000", "name": 3, "access_type": "DIRECT", "is_blocked": "no"},
    "a client",
    {"id": "c0000000-0000-4000-8000-0000000000a4", "name": "b\u0007ell", "access_type": "BROKER",
     "api_key": {"digest": "5a5a5a"}}
  ],
  "users": [
    {"id": "b0000000-0000-4000-8000-0000000000a1", "is_blocked": 1},
    {"id": "b0000000-0000-4000-8000-0000000000a2", "person_id": "a0000000-0000-4000-8000-0000000000ff"},
    {"id": "b0000000-0000-4000-8000-0000000000a3", "id": "b0000000-0000-4000-8000-0000000000a4"}
  ],
  "tokens": [
    {"name": "t", "secret": {"plain": "my-very-secret"}, "user_id": "b0000000-0000-4000-8000-0000000000a1",
     "client_id": "c0000000-0000-4000-8000-0000000000a1", "scope": "person:read", "expires_at": "+1h"},
    {"name": "t", "secret": {"generate": true, "digest": "5a"}, "user_id": "b0000000-0000-4000-8000-0000000000ee",
     "client_id": "c0000000-0000-4000-8000-0000000000a1", "scope": "person:read", "expires_at": "soon"},
    {"name": "t", "secret": {"generate": false}, "nane": 1, "+380501112233": 2}
  ],
  "factors": [
    {"id": "f0000000-0000-4000-8000-0000000000a1", "user_id": "b0000000-0000-4000-8000-0000000000a1",
     "type": "sms",
     "factor": "0501112233"}
  ],
  "person_requests": [
    {"id": "e0000000-0000-4000-8000-0000000000a1", "client_id": "c0000000-0000-4000-8000-0000000000a1",
     "status": "NEW", "authentication_method": {"type": "OTP", "person_id": null}},
    {"id": "e0000000-0000-4000-8000-0000000000a2", "client_id": "c0000000-0000-4000-8000-0000000000a1",
     "status": "NEW", "authentication_method": {"type": "THIRD_PERSON", "phone_number": "+38050111223\u0033",
     "person_id": "a0000000-0000-4000-8000-0000000000fe"}},
    {"id": "e0000000-0000-4000-8000-0000000000a3", "client_id": null, "status": "NEW"}
  ],
  "pearsons": []
}"#;

/// All of them, in the order of the lines.
const FOUND: &[&str] = &[
    "line 5: clients[1].access_type: not a word that is known here: `DIRECT` or `BROKER`",
    "line 5: clients[1].id: the same as clients[0].id on line 4",
    "line 6: clients[2].id: an id is a UUID such as eeebb86d-5cba-43c9-885b-6482ecaf826b",
    "line 6: clients[2].name: wants a text, has a number",
    "line 6: clients[2].is_blocked: wants true or false, has a text",
    "line 7: clients[3]: wants an object, has a text",
    "line 8: clients[4].name: a name has no control characters, and is not empty",
    "line 9: clients[4].api_key.digest: a digest is 64 hexadecimal digits of SHA-256",
    "line 12: users[0].is_blocked: wants true or false, has a number",
    "line 13: users[1].person_id: there is no person a0000000-0000-4000-8000-0000000000ff, neither in the file nor in the data directory",
    "line 14: users[2].id: is given twice",
    "line 17: tokens[0].secret.plain: a secret in clear needs \"demo\": true; give its digest instead",
    "line 19: tokens[1].secret: a secret is one of digest, generate and, in a demo's file, plain",
    "line 19: tokens[1].user_id: there is no user b0000000-0000-4000-8000-0000000000ee, neither in the file nor in the data directory",
    "line 20: tokens[1].expires_at: a time is RFC 3339, or counts from loading: +30d, -1h, +5m, -10s",
    "line 21: tokens[2]: unknown key `nane`; known are name, secret, user_id, client_id, scope, expires_at",
    "line 21: tokens[2]: unknown key; known are name, secret, user_id, client_id, scope, expires_at",
    "line 21: tokens[2].secret.generate: can only be true",
    "line 21: tokens[2].user_id: is missing",
    "line 21: tokens[2].client_id: is missing",
    "line 21: tokens[2].scope: is missing",
    "line 21: tokens[2].expires_at: is missing",
    "line 26: factors[0].factor: a phone number is +380 and nine digits",
    "line 30: person_requests[0].authentication_method: OTP takes a phone_number and no person_id",
    "line 33: person_requests[1].authentication_method.person_id: there is no person a0000000-0000-4000-8000-0000000000fe, neither in the file nor in the data directory",
    "line 34: person_requests[2].client_id: is null, and has to be an id",
    "line 34: person_requests[2].authentication_method: is missing",
    "line 36: the file: unknown key `pearsons`; known are format, demo, clients, users, persons, tokens, factors, person_requests",
];

#[test]
fn every_fault_is_named_at_once_with_its_line_and_place() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let ended = import(directory.path(), FAULTY);
    assert_eq!(ended.code, Some(65), "{}", ended.stderr);
    let (_, told) = ended.stderr.split_once("nothing has changed:\n").unwrap();
    let told: Vec<_> = told.lines().collect();
    for fault in FOUND {
        assert!(told.contains(fault), "{fault}\n{}", ended.stderr);
    }
    for line in &told {
        assert!(FOUND.contains(line), "not foreseen: {line}");
    }
    assert_eq!(told.len(), FOUND.len());
    let number = |line: &&str| line[5..line.find(':').unwrap()].parse::<u32>().unwrap();
    assert!(told.iter().map(number).is_sorted());
    for secret in ["my-very-secret", "5a5a5a", "0501112233", "380501112233", "soon", "SIDEWAYS"] {
        assert!(!ended.stderr.contains(secret), "{secret}\n{}", ended.stderr);
    }
}

#[test]
fn what_the_directory_holds_already_is_named_beside_the_file_s_own_faults() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let mut again = world_of_digests();
    again["clients"][0]["access_type"] = "SIDEWAYS".into();
    // Another user's, but under an id that is taken.
    again["factors"][1]["user_id"] = "b0000000-0000-4000-8000-000000000007".into();
    let text = serde_json::to_string_pretty(&again).unwrap();
    let ended = import(directory.path(), &text);
    assert_eq!(ended.code, Some(65), "{}", ended.stderr);
    let taken = " is in the data directory already\n";
    for place in [
        "clients[0].id",
        "clients[3].api_key",
        "users[8].id",
        "persons[0].id",
        "tokens[0].secret",
        "factors[0].user_id",
        "factors[1].id",
        "person_requests[10].id",
    ] {
        let line = line_of(&ended.stderr, place);
        assert!(line.unwrap().ends_with(taken.trim_end()), "{place}\n{}", ended.stderr);
    }
    assert!(line_of(&ended.stderr, "factors[1].user_id").is_none(), "that user had none");
    assert!(line_of(&ended.stderr, "clients[0].access_type").is_some(), "{}", ended.stderr);
}

fn line_of<'a>(told: &'a str, place: &str) -> Option<&'a str> {
    told.lines().find(|line| line.contains(&format!(": {place}: ")))
}

#[test]
fn text_that_is_no_json_is_shown_its_place() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    for (text, place) in [
        ("{\n  \"format\": 1,\n  \"clients\": [}\n", "line 3, column 15"),
        ("", "line 1, column 0"),
        ("{\"format\": 1}\n{}", "line 2, column 1"),
        ("[]", "line 1: the file: wants an object, has a list"),
        ("{\"format\": 2}", "line 1: format: is not known to this program, which reads 1"),
        ("{\"format\": 1, \"users\": {}}", "line 1: users: wants a list, has an object"),
        ("{\"demo\": false}", "line 1: format: is missing"),
    ] {
        let ended = import(directory.path(), text);
        assert_eq!(ended.code, Some(65), "{text}\n{}", ended.stderr);
        assert!(ended.stderr.contains(place), "{text}\n{}", ended.stderr);
    }
    let bytes =
        [b"{\"format\": 1,\n\"users\": [{\"id\": \"".as_slice(), &[0xff], b"\"}]}"].concat();
    std::fs::write(directory.path().join("bytes.json"), bytes).unwrap();
    let ended = crate::binary::node::run_on_node(directory.path(), "import", &["bytes.json"]);
    assert_eq!(ended.code, Some(65), "{}", ended.stderr);
    assert!(ended.stderr.contains("line 2: no UTF-8 text"), "{}", ended.stderr);
}

#[test]
fn the_number_of_printed_faults_is_limited() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let text = format!(r#"{{"format": 1, "clients": [{}{{}}]}}"#, "{},".repeat(100_000));
    let ended = import(directory.path(), &text);
    assert_eq!(ended.code, Some(65));
    let lines = ended.stderr.lines().count();
    assert_eq!(lines, 100_002, "one before them and one behind");
    assert!(ended.stderr.ends_with("These are 100000; there may be more.\n"), "{lines}");
}
