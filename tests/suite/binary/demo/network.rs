//! Whom it answers, and what its console says of calls.

use std::net::SocketAddr;
use std::path::Path;

use crate::binary::program::{Program, run};
use crate::support::{MIS, SEED_REQUEST, call};

const LIVE: &str = "/health/live";

fn demo(directory: &Path, arguments: &[&str]) -> Program {
    Program::start(directory, &[&["demo"], arguments].concat())
}

fn status(address: SocketAddr, headers: &[(&str, &str)]) -> u16 {
    call(address, "GET", LIVE, headers, "").status
}

#[test]
fn a_container_s_name_is_one_that_it_is_called_by_when_that_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo =
        demo(directory.path(), &["--host", "esoz-otp", "--host", "host.docker.internal"]);
    let address = demo.address();
    for (host, answer) in [
        ("esoz-otp:4000", 200),
        ("host.docker.internal", 200),
        ("localhost:4000", 200),
        ("mylaptop.local", 400),
    ] {
        assert_eq!(status(address, &[("host", host)]), answer, "{host}");
    }
    for wrong in ["http://esoz-otp", "esoz-otp:4000", ""] {
        let ended = run(directory.path(), &["demo", "--data", "other", "--host", wrong]);
        assert_eq!(ended.code, Some(64), "{wrong}: {}", ended.stderr);
        assert!(ended.stderr.contains("--host"), "{}", ended.stderr);
    }
}

#[test]
fn it_listens_for_other_machines_only_when_that_is_said_and_says_what_that_means() {
    let directory = tempfile::tempdir().unwrap();
    let refused = run(directory.path(), &["demo", "--listen", "0.0.0.0:0"]);
    assert_eq!(refused.code, Some(64));
    assert!(refused.stderr.contains("--allow-remote"), "{}", refused.stderr);

    let mut demo = demo(directory.path(), &["--listen", "0.0.0.0:0", "--allow-remote"]);
    let address = demo.address();
    assert!(address.ip().is_loopback(), "what is pasted from its console reaches it");
    let warning = demo.line("WARNING");
    assert!(
        warning.contains("other machines") && warning.contains("keys below are public"),
        "{warning}"
    );
    assert_eq!(status(address, &[]), 200);
    assert_eq!(status(address, &[("host", "evil.example")]), 400);
    demo.line("Every SMS appears below");
    let place = |part: &str| demo.printed.iter().position(|line| line.contains(part)).unwrap();
    assert!(place("WARNING") < place("Secrets of this world"));
}

#[test]
fn pages_of_an_allowed_origin_come_through_a_development_proxy_and_others_do_not() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = demo(directory.path(), &["--allow-origin", "http://mis.local:5173"]);
    let address = demo.address();
    for (origin, site, answer) in [
        ("http://mis.local:5173", "same-origin", 200),
        ("http://mis.local:5174", "same-origin", 403),
        ("https://mis.local:5173", "same-origin", 403),
        ("http://mis.local:5173", "cross-site", 403),
        ("null", "same-origin", 403),
    ] {
        let reply = call(address, "GET", LIVE, &[("origin", origin), ("sec-fetch-site", site)], "");
        assert_eq!(reply.status, answer, "{origin} {site}");
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }
    for wrong in ["*", "mis.local", "http://mis.local/"] {
        let ended = run(directory.path(), &["demo", "--allow-origin", wrong]);
        assert_eq!(ended.code, Some(64), "{wrong}: {}", ended.stderr);
    }
}

#[test]
fn its_console_has_a_short_line_for_each_call_and_no_log() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = demo(directory.path(), &[]);
    let id = "0b9ac4a0-1111-4222-8333-444455556a66";
    let path = format!("/api/person_requests/{SEED_REQUEST}/actions/resend_otp");
    let headers = [MIS[0], MIS[1], ("x-request-id", id)];
    assert_eq!(call(demo.address(), "POST", &path, &headers, "").status, 200);
    assert_eq!(demo.call("GET", "/verifications/+380958697084", "").status, 404);
    let mistyped = "/api/v4/person_request/demo-mis-token/actions/resend_otp?phone=380958697084";
    assert_eq!(demo.call("POST", mistyped, "").status, 404);
    let told = demo.stop().stderr;
    let lines: Vec<_> = told.lines().collect();
    let [resend, get, nowhere] = lines[..] else { panic!("{told}") };
    let words: Vec<_> = resend.split(' ').collect();
    let route = "/api/person_requests/{id}/actions/resend_otp";
    assert_eq!((&words[..3], &words[4..]), (&["POST", route, "200"][..], &["ms", id][..]));
    assert!(words[3].parse::<f64>().is_ok(), "{resend}");
    assert!(get.starts_with("GET /verifications/{phone} 404 "), "{get}");
    assert!(nowhere.starts_with("POST /api/v4/*/*/actions/resend_otp 404 "), "{nowhere}");
    assert!(!told.contains("380958697084"), "{told}");
}

#[test]
fn a_log_that_is_asked_for_takes_the_place_of_the_short_lines() {
    for (flag, level) in [("--log-level", "info"), ("--log", "off")] {
        let directory = tempfile::tempdir().unwrap();
        let mut demo = demo(directory.path(), &[flag, level]);
        assert_eq!(demo.resend().status, 200);
        let told = demo.stop().stderr;
        assert!(!told.lines().any(|line| line.starts_with("POST ")), "{told}");
        assert_eq!(told.contains("sms queued"), level == "info", "{told}");
    }
}
