//! What a gateway's secret opens, and that it is nowhere to be read.

use esoz_otp::config::DialectName;

use super::super::deliveries::{ADMIN, delivery_once};
use super::{PATH, SECRET, node, sent};
use crate::support::{TestNode, telling};

/// All that comes back, but for what differs between any two answers.
fn answer(node: &TestNode, method: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let id = ("x-request-id", "the-same-one-for-all-of-them");
    let body = r#"[{"id": "g-1", "status": "arrived"}]"#;
    let length = ("content-length", "36");
    assert_eq!(body.len(), 36);
    let reply = node.by_hand(method, path, &[&[id, length], headers].concat(), body.as_bytes());
    let mut headers = reply.headers;
    headers.remove("date");
    // What differs is the path that was asked for.
    let text = reply.text.replace("/receipts/***", "PATH").replace("/nowhere/a/b", "PATH");
    headers.remove("content-length");
    format!("{} {headers:?} {text}", reply.status)
}

#[test]
fn without_the_secret_the_path_is_as_unknown_as_any_other() {
    for dialect in DialectName::ALL {
        let node = node(dialect);
        let id = sent(&node);
        let unknown = answer(&node, "POST", "/nowhere/a/b", &[]);
        assert!(unknown.starts_with("404 "), "{unknown}");
        for path in [
            "/receipts/gateway/another-secret",
            "/receipts/another/s3cret-of-receipts",
            "/receipts/s3cret-of-receipts/gateway",
            "/receipts/gateway/s3cret-of-receipts/more",
            "/receipts/gateway",
            "/receipts/gateway/",
            "/receipts/gateway/S3CRET-OF-RECEIPTS",
            "/receipts/Gateway/s3cret-of-receipts",
            "/Receipts/gateway/s3cret-of-receipts",
            "/receipts%2Fgateway%2Fs3cret-of-receipts",
        ] {
            assert_eq!(answer(&node, "POST", path, &[]), unknown, "{path}");
        }
        delivery_once(&node, &id, "sent");
        let found = answer(&node, "POST", "/receipts/gateway/s3cret%2Dof-receipts", &[]);
        assert!(found.starts_with("200 "), "{found}");
        delivery_once(&node, &id, "delivered");
        // Slashes too many hide nothing, and are shown as little.
        for path in
            ["/receipts/gateway//s3cret-of-receipts", "/receipts/gateway/s3cret-of-receipts/"]
        {
            assert_eq!(answer(&node, "POST", path, &[]), found, "{path}");
        }
    }
}

#[test]
fn however_a_call_ends_its_answer_does_not_repeat_the_secret() {
    let node = node(DialectName::default());
    let large = " ".repeat(64 * 1024 + 1);
    let form = ("content-type", "application/x-www-form-urlencoded");
    let long = format!("{PATH}?{}", "x".repeat(2048));
    let query = format!("{PATH}?secret={SECRET}");
    let slash = format!("/{PATH}");
    for (status, method, path, headers, body) in [
        (200, "POST", query.as_str(), &[][..], "[]"),
        (200, "POST", slash.as_str(), &[], "[]"),
        (400, "POST", PATH, &[], "[s3cret-of-receipts"),
        (400, "POST", PATH, &[("host", "a b")], "[]"),
        (400, "POST", PATH, &[("authorization", "Bearer a"), ("Authorization", "Bearer a")], "[]"),
        (400, "POST", "/receipts/gateway/s3cret-of-receipts%zz", &[], "[]"),
        (400, "POST", "/receipts/../s3cret-of-receipts", &[], "[]"),
        (403, "POST", PATH, &[("origin", "https://evil.example")], "[]"),
        (404, "POST", "/receipts/s3cret-of-receipts", &[], "[]"),
        (404, "GET", "/otp/receipts/gateway/s3cret-of-receipts", &[], ""),
        (405, "GET", PATH, &[], ""),
        (405, "DELETE", PATH, &[], ""),
        (406, "POST", PATH, &[("accept", "text/html")], "[]"),
        (413, "POST", PATH, &[], large.as_str()),
        (414, "POST", long.as_str(), &[], "[]"),
        (415, "POST", PATH, &[form], "a=1"),
        (415, "POST", PATH, &[("content-encoding", "gzip")], "[]"),
        (417, "POST", PATH, &[("expect", "a-miracle")], "[]"),
        (501, "POST", PATH, &[("transfer-encoding", "gzip, chunked")], ""),
    ] {
        let length = body.len().to_string();
        let is_cut_up = headers.iter().any(|(name, _)| *name == "transfer-encoding");
        let length = (!is_cut_up).then_some(("content-length", length.as_str()));
        let headers: Vec<_> = length.into_iter().chain(headers.iter().copied()).collect();
        let reply = node.by_hand(method, path, &headers, body.as_bytes());
        assert_eq!(reply.status, status, "{method} {path} {headers:?}");
        assert_eq!(telling(&format!("{:?} {}", reply.headers, reply.text)), None, "{status}");
        let url = reply.body["meta"]["url"].as_str().unwrap();
        assert!(url.ends_with("/***"), "{status} {url}");
    }
    // The log of every node is read by the suite; this is what else is kept.
    let audit = node.call("GET", "/admin/audit?page_size=500", &ADMIN, "");
    assert_eq!((audit.status, telling(&audit.text)), (200, None));
}

#[test]
fn a_wrong_secret_is_written_down_and_a_right_one_is_not() {
    let node = node(DialectName::default());
    for path in [
        "/receipts/gateway/another-secret",
        "/receipts/another/s3cret-of-receipts",
        "/receipts/gateway/s3cret-of-receipts",
        "/nowhere/a/b",
    ] {
        node.call("POST", path, &[], "[]");
    }
    let rows = node.call("GET", "/admin/audit", &ADMIN, "").body["data"].clone();
    let rows: Vec<_> = rows.as_array().unwrap().iter().collect();
    for row in &rows {
        let said = ["event", "reason", "peer"].map(|name| row[name].as_str().unwrap());
        assert_eq!(said, ["receipts_refused", "wrong_secret", "127.0.0.1"]);
    }
    // Within one second they are one row.
    assert_eq!(rows.iter().map(|row| row["times"].as_u64().unwrap()).sum::<u64>(), 2, "{rows:?}");
}
