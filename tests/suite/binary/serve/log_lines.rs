//! What the log says of a start, of calls and of an end.

use serde_json::Value;

use crate::binary::node::{make, serve};
use crate::binary::program::Program;
use crate::support::{MIS, SEED_PHONE, SEED_REQUEST, call, telling};

/// Its lines with this message.
fn lines<'l>(log: &'l [Value], message: &str) -> Vec<&'l Value> {
    log.iter().filter(|line| line["message"] == message).collect()
}

/// Stops it; every line of its log.
fn log_of(node: Program) -> Vec<Value> {
    let ended = node.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(telling(&ended.stderr), None);
    ended.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_start_and_an_end_are_lines_with_what_one_asks_first() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    std::fs::write(directory.path().join("settings.toml"), "dialect = \"deployed\"\n").unwrap();
    let mut node = serve(directory.path(), &["--config", "settings.toml"]);
    let address = node.address().to_string();
    let log = log_of(node);
    let [start] = lines(&log, "esoz-otp has started")[..] else { panic!("{log:?}") };
    for (name, said) in [
        ("version", env!("CARGO_PKG_VERSION")),
        ("data", "node"),
        ("configuration", "settings.toml"),
        ("dialect", "deployed"),
        ("listen", &address),
    ] {
        assert_eq!(start[name], said, "{start}");
    }
    let [stop] = lines(
        &log,
        "esoz-otp stops: requests under way are answered, and streams and loads are cut",
    )[..] else {
        panic!("{log:?}")
    };
    assert_eq!(stop["why"], "SIGTERM");
    assert_eq!(log.last().unwrap()["message"], "esoz-otp has ended in order");
}

#[test]
fn a_line_of_a_call_has_a_number_for_its_time_its_client_by_name_its_address_and_its_limit() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let mut node = serve(directory.path(), &[]);
    assert_eq!(node.resend().status, 200);
    assert_eq!(node.resend().reason(), Some("send_pause"));
    let wrong_key = [MIS[0], ("api-key", "nobody-s-key")];
    let path = format!("/api/person_requests/{SEED_REQUEST}");
    assert_eq!(call(node.address(), "GET", &path, &wrong_key, "").status, 401);
    let log = log_of(node);
    let [answered] = lines(&log, "answered")[..] else { panic!("{log:?}") };
    let [limited, refused] = lines(&log, "refused")[..] else { panic!("{log:?}") };
    for line in [answered, limited, refused] {
        assert!(line["took_us"].is_u64(), "{line}");
        assert_eq!(line["client_name"], "demo-clinic", "{line}");
        assert_eq!(line["peer"], "127.0.0.1", "{line}");
    }
    assert_eq!(
        (&limited["kind"], &limited["reason"]),
        (&"SendLimited".into(), &"send_pause".into())
    );
    assert_eq!(refused["kind"], "ApiKeyInvalid");
}

#[test]
fn a_path_that_is_nowhere_stands_in_the_log_with_the_words_of_rows_only() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let mut node = serve(directory.path(), &[]);
    for (path, _) in PATHS {
        node.call("GET", path, "");
    }
    let log = log_of(node);
    let refused: Vec<_> = lines(&log, "refused").iter().map(|line| line["path"].clone()).collect();
    assert_eq!(refused, PATHS.map(|(_, shown)| Value::from(shown)));
    let of_rows = lines(&log, "answered");
    assert!(of_rows.iter().all(|line| line["path"].is_null()), "{of_rows:?}");
}

const PATHS: [(&str, &str); 9] = [
    ("/api/person_request/17?phone=+380958697084", "/api/*/*"),
    ("/nowhere/+380958697084/1234", "/*/*/*"),
    ("/api/v4/person_requests/17?token=demo-mis-token", "/api/v4/person_requests/*"),
    ("/receipts/s3cret-of-receipts", "/receipts/*"),
    ("/receipt/turbosms/s3cret-of-receipts", "/*/*/*"),
    ("/turbosms/s3cret-of-receipts", "/*/*"),
    ("/x/Receipts/turbosms/s3cret-of-receipts/more", "/*/*/*/*/*"),
    ("/api/demo-mis-token", "/api/*"),
    ("/%7e%7Ea/AbCdEf0123456789GhIjKl", "/*/*"),
];

#[test]
fn a_host_that_is_refused_and_the_setting_stand_in_the_log() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let mut node = serve(directory.path(), &[]);
    let host = [("host", "mylaptop.local:4000")];
    let reply = call(node.address(), "GET", "/health/live", &host, "");
    assert_eq!(reply.status, 400);
    let said = reply.message().unwrap();
    assert!(said.ends_with("mylaptop.local:4000 is not in the setting server.hosts."), "{said}");
    let log = log_of(node);
    let [line] = lines(&log, "refused")[..] else { panic!("{log:?}") };
    let host = (&line["host"], &line["setting"]);
    assert_eq!(host, (&"mylaptop.local:4000".into(), &"server.hosts".into()));
}

/// What a caller calls a request, and what is kept of that.
const IDS: [(&str, &str); 5] = [
    ("6617aeec-15e2-4d6f-b9bd-53559c358f97#17810", "6617aeec-15e2-4d6f-b9bd-53559c358f97#17810"),
    ("17", "17"),
    ("visit-380958697084", "visit-38095*****84"),
    ("+38(095)869-70-84/2026-12-01-000123", "+38(095)***-**-84/2026-12-01-000123"),
    ("demo-mis-token", "(a-secret)"),
];

#[test]
fn from_a_request_s_id_one_finds_its_message_its_delivery_and_its_row_of_audit() {
    for (id, kept) in IDS {
        let directory = tempfile::tempdir().unwrap();
        make(directory.path());
        let mut node = serve(directory.path(), &[]);
        let address = node.address();
        let headers = [MIS[0], MIS[1], ("x-request-id", id)];
        let resend = format!("/api/person_requests/{SEED_REQUEST}/actions/resend_otp");
        let sent = call(address, "POST", &resend, &headers, "");
        assert_eq!((sent.status, sent.header("x-request-id")), (200, Some(id)));
        node.code_for(SEED_PHONE, 1);
        let verification = sent.data()["id"].as_str().unwrap().to_owned();
        let delivery = format!("/api/verifications/{verification}/delivery");
        let delivery = call(address, "GET", &delivery, &MIS, "");
        assert_eq!(delivery.data()["request_id"], kept);
        let admin = [("authorization", "Bearer demo-admin-token")];
        let audit = call(address, "GET", "/admin/audit", &admin, "");
        assert_eq!(audit.data()[0]["request_id"], kept);
        let log = log_of(node);
        for message in ["sms queued", "sms sent", "answered"] {
            let is_its_own = |line: &&Value| line["request_id"] == kept;
            let found = lines(&log, message).into_iter().filter(is_its_own).count();
            assert_eq!(found, 1, "{message}: {log:?}");
        }
    }
}
