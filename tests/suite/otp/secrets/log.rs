//! The log of the built program at its most talkative.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::binary::program::Program;
use crate::support::{MIS, SEED_PHONE, SEED_REQUEST, call, other_than};

/// The form that a gateway gives its ids, but for the length of its number.
const TELLING_COUNTER: &str = "6617aeec-15e2-4d6f-b9bd-53559c358f97#380958697084";
const TELLING_UUID: &str = "00000000-0000-4000-8000-380958697084";

/// What may stand in no line of a log, and where it does.
fn found_in<'l>(log: &'l str, codes: &[String]) -> Vec<&'l str> {
    let secrets =
        [&SEED_PHONE[1..], "958697084", "demo-mis-token", "demo-api-key", "no-such-token"];
    let holds_one = |line: &&str| {
        let told = without_numbers_of_its_own(line);
        secrets.iter().any(|secret| line.contains(secret))
            || codes.iter().any(|code| told.contains(code.as_str()))
    };
    log.lines().filter(holds_one).collect()
}

/// Six digits turn up in times, lengths of time and UUIDs by chance.
fn without_numbers_of_its_own(line: &str) -> String {
    let is_own = |word: &&str| {
        let is_time = word.len() >= 20 && word.contains('T') && word.ends_with('Z');
        let is_uuid =
            word.split('-').map(str::len).collect::<Vec<_>>().windows(3).any(|w| w == [4; 3]);
        is_time || is_uuid || word.starts_with("took_us=")
    };
    line.split_whitespace().filter(|word| !is_own(word)).collect::<Vec<_>>().join(" ")
}

/// Right, wrong, refused, malformed and cut short, with something secret in every part of a request.
fn a_day_s_work(demo: &mut Program) -> Vec<String> {
    let mut codes = Vec::new();
    assert_eq!(demo.resend().status, 200);
    assert_eq!(demo.resend().status, 429);
    let code = demo.code_for(SEED_PHONE, 1);
    let wrong = other_than(&code);
    assert_eq!(demo.approve(&wrong).reason(), Some("wrong_code"));
    assert_eq!(demo.approve(&code).status, 200);
    assert_eq!(demo.approve(&code).status, 409);
    codes.extend([code, wrong]);

    assert_eq!(demo.initialize("+380671000041").status, 201);
    let code = demo.code_for("+380671000041", 1);
    let path = "/verifications/+380671000041/actions/complete";
    let body = format!("{{\"code\": {code}, \"code\": \"{code}\"}}");
    demo.call("PATCH", path, &body);
    demo.call("PATCH", path, &format!("{{\"code\": \"{code}x\"}}"));
    demo.call("PATCH", path, &format!("{{\"code\": \"{code}\""));
    codes.push(code);

    for path in [
        format!("/verifications/{SEED_PHONE}"),
        format!("/api/verifications/{SEED_PHONE}"),
        format!("/nowhere/{SEED_PHONE}?token=demo-mis-token"),
        format!("/demo/messages?phone={SEED_PHONE}"),
        format!("/api/person_requests/{SEED_REQUEST}"),
        "/verifications/%zz958697084".into(),
    ] {
        demo.call("GET", &path, "");
    }
    strangers(demo.address());
    codes
}

fn strangers(address: SocketAddr) {
    let path = format!("/api/person_requests/{SEED_REQUEST}");
    for headers in [
        [("authorization", "Bearer no-such-token"), MIS[1]],
        [MIS[0], ("api-key", "no-such-token")],
        [("authorization", "Basic no-such-token"), ("cookie", "token=no-such-token")],
    ] {
        assert_eq!(call(address, "GET", &path, &headers, "").status, 401);
    }
    for id in
        ["+380958697084-and-twenty", "demo-mis-token-demo-mis-token", TELLING_COUNTER, TELLING_UUID]
    {
        let headers = [MIS[0], MIS[1], ("x-request-id", id)];
        let reply = call(address, "GET", &path, &headers, "");
        assert_eq!(reply.header("x-request-id"), Some(id));
    }
    for broken in [
        "X958697084 /verifications HTTP/1.1\r\nhost: localhost\r\n\r\n",
        "GET / HTTP/9.9\r\nauthorization: Bearer demo-mis-token\r\n\r\n",
        "GET /958697084 HTTP/1.1\r\nauthorization Bearer demo-mis-token\r\n\r\n",
        "POST /verifications HTTP/1.1\r\nhost: localhost\r\ncontent-length: 958697084\r\n\r\n",
        "GET /verifications/+380958697084 HTTP/1.1\r\nhost: 958697084.example\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(broken.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        // Whatever is answered, if anything is.
        drop(stream.read_to_end(&mut Vec::new()));
    }
}

#[test]
fn from_the_banner_on_nothing_but_an_sms_line_holds_a_secret_at_any_level() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = Program::start(directory.path(), &["demo", "--log", "trace"]);
    demo.line("Every SMS appears below");
    let banner = demo.printed.len();
    let codes = a_day_s_work(&mut demo);
    let ended = demo.stop();
    assert_eq!(ended.code, Some(0));

    assert_eq!(found_in(&ended.stderr, &codes), [""; 0]);
    for part in ["sms sent", "+38095*****84", "DEBUG", "refused", "answered"] {
        assert!(ended.stderr.contains(part), "{part} is logged: {}", ended.stderr);
    }
    let printed: Vec<_> = ended.stdout.lines().skip(banner).collect();
    assert_eq!(printed.len(), 2, "one line for each SMS: {printed:?}");
    assert!(printed.iter().all(|line| line.starts_with("SMS +380")), "{printed:?}");

    for secret in [codes[0].as_str(), codes[2].as_str(), "+380958697084", "demo-api-key"] {
        let planted =
            format!("{}\n2026-11-21T12:00:00.5Z INFO sent text=\"{secret}\"", ended.stderr);
        assert_eq!(found_in(&planted, &codes).len(), 1, "the search finds {secret}");
    }
}
