//! The filter of `systemd/PROXIES.md` over the log of the built program: it finds every secret that was no good, with the address it came
//! from, and nothing else, whatever callers write.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use regex::Regex;
use serde_json::json;

use crate::binary::node::make;
use crate::binary::program::{Program, command};
use crate::support::{MIS, Reply, SEED_PHONE, SEED_REQUEST, call, other_than};

const PROXIES: &str = include_str!("../../../systemd/PROXIES.md");

/// The lines of `failregex`, with a name for whatever stands in the place of the address.
fn filter() -> Vec<Regex> {
    let (_, rest) = PROXIES.split_once("[Definition]\nfailregex = ").unwrap();
    let (lines, _) = rest.split_once("\njournalmatch").unwrap();
    let patterns = lines.lines().map(|line| line.trim().replace("<HOST>", r"(?P<host>\S*?)"));
    patterns.map(|pattern| Regex::new(&pattern).unwrap()).collect()
}

/// The addresses that the filter finds, line by line.
fn found(log: &str) -> Vec<String> {
    let filter = filter();
    assert_eq!(filter.len(), 2, "one for each format");
    let hosts = log.lines().filter_map(|line| {
        let mut all = filter.iter().filter_map(|pattern| pattern.captures(line));
        all.next().map(|captures| captures["host"].to_owned())
    });
    hosts.collect()
}

struct Served {
    program: Program,
    internal: SocketAddr,
    public: SocketAddr,
}

/// A node behind a proxy that logs in this format.
fn serve(directory: &Path, format: &str) -> Served {
    make(directory);
    let arguments = ["serve", "--data", "node", "--allow-plaintext-codes"];
    let mut command = command(directory, &[&arguments[..], &["--listen", "127.0.0.1:0"]].concat());
    command.env("ESOZ_OTP__LOG__FORMAT", format);
    command.env("ESOZ_OTP__PUBLIC__LISTEN", "127.0.0.1:0");
    command.env("ESOZ_OTP__PUBLIC__BEHIND_PROXY", "true");
    command.env("ESOZ_OTP__PUBLIC__TRUSTED_PROXIES", "127.0.0.1");
    let mut program = Program::spawn(&mut command);
    let internal = program.address();
    let line = program.line("public methods on http://");
    let public = line.rsplit('/').next().unwrap().parse().unwrap();
    Served { program, internal, public }
}

impl Served {
    /// A call that the proxy forwards for this address.
    fn forwarded(
        &self,
        peer: &str,
        (method, path): (&str, &str),
        credentials: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let headers = [&[("x-forwarded-for", peer)], credentials].concat();
        call(self.public, method, path, &headers, body)
    }
}

const FACTOR: (&str, &str) = ("GET", "/api/cabinet/authentication_factor");
const UNKNOWN: [(&str, &str); 1] = [("authorization", "Bearer nobody-s-token")];

/// Secrets that are no good, each from another address; gives the addresses.
fn failures(served: &mut Served) -> Vec<&'static str> {
    let approve = format!("/api/person_requests/{SEED_REQUEST}/actions/approve");
    let complete = format!("/api/verifications/{SEED_PHONE}/actions/complete");
    let resend = format!("/api/person_requests/{SEED_REQUEST}/actions/resend_otp");
    let bearer = |token| [("authorization", token)];
    let with_wrong_key = [MIS[0], ("api-key", "nobody-s-key")];

    assert_eq!(served.forwarded("203.0.113.1", FACTOR, &UNKNOWN, "").status, 404);
    let expired = bearer("Bearer demo-expired-token");
    assert_eq!(served.forwarded("203.0.113.2", FACTOR, &expired, "").status, 401);
    let blocked = bearer("Bearer demo-blocked-user-token");
    assert_eq!(served.forwarded("203.0.113.3", FACTOR, &blocked, "").status, 401);
    let blocked_client = bearer("Bearer demo-blocked-client-token");
    assert_eq!(served.forwarded("203.0.113.4", ("POST", &resend), &blocked_client, "").status, 401);
    assert_eq!(served.forwarded("203.0.113.5", ("POST", &resend), &with_wrong_key, "").status, 401);
    assert_eq!(served.forwarded("203.0.113.6", ("POST", &resend), &MIS[..1], "").status, 401);

    assert_eq!(served.forwarded("198.51.100.1", ("POST", &resend), &MIS, "").status, 200);
    let code = served.program.code_for(SEED_PHONE, 1);
    let wrong = |property: &str| json!({property: other_than(&code)}).to_string();
    let body = wrong("verification_code");
    assert_eq!(served.forwarded("2001:db8::7", ("PATCH", &approve), &MIS, &body).status, 422);
    let reply = served.forwarded("203.0.113.8", ("PATCH", &complete), &MIS, &wrong("code"));
    assert_eq!(reply.status, 404, "no code was sent for this");
    let body = json!({"phone_number": "+380671000041"}).to_string();
    let initialize = ("POST", "/api/verifications");
    assert_eq!(served.forwarded("198.51.100.1", initialize, &MIS, &body).status, 201);
    let code = served.program.code_for("+380671000041", 1);
    let body = json!({"code": other_than(&code)}).to_string();
    let complete = ("PATCH", "/api/verifications/+380671000041/actions/complete");
    for peer in ["203.0.113.9", "203.0.113.10", "203.0.113.11"] {
        assert_eq!(served.forwarded(peer, complete, &MIS, &body).reason(), Some("wrong_code"));
    }
    let reply = served.forwarded("198.51.100.1", complete, &MIS, &body);
    assert_eq!(reply.reason(), Some("attempts_exhausted"), "it is not looked at");
    for (peer, path) in [
        ("198.51.100.66, 203.0.113.12", "/receipts/console/a-secret-of-nobody-s"),
        ("[2001:db8::13]:4711", "/receipts/no-such-driver/a-secret-of-nobody-s"),
    ] {
        assert_eq!(served.forwarded(peer, ("POST", path), &[], "[]").status, 404);
    }
    assert_eq!(call(served.internal, FACTOR.0, FACTOR.1, &UNKNOWN, "").status, 404);
    vec![
        "203.0.113.1",
        "203.0.113.2",
        "203.0.113.3",
        "203.0.113.4",
        "203.0.113.5",
        "203.0.113.6",
        "2001:db8::7",
        "203.0.113.8",
        "203.0.113.9",
        "203.0.113.10",
        "203.0.113.11",
        "203.0.113.12",
        "2001:db8::13",
        "127.0.0.1",
    ]
}

/// Lines as they would have to look.
const FORGED: [&str; 3] = [
    "2026-11-24T15:17:49.597862Z  WARN authentication failed peer=192.0.2.66 what=token reason=unknown",
    "WARN authentication failed peer=192.0.2.66 what=token",
    r#"{"timestamp":"2026-11-24T15:17:49.597862Z","level":"WARN","message":"authentication failed","peer":"192.0.2.66","what":"token","reason":"unknown"}"#,
];

/// Good calls, and such as try to write a line of their own.
fn others(served: &Served) {
    let request = format!("/api/person_requests/{SEED_REQUEST}");
    let initialize = ("POST", "/api/verifications");
    for forged in FORGED {
        for name in ["x-request-id", "user-agent", "x-idempotency-key", "referer", "host", "origin"]
        {
            let headers = [MIS[0], MIS[1], (name, forged)];
            let reply = served.forwarded("198.51.100.1", ("GET", &request), &headers, "");
            assert!([200, 400].contains(&reply.status), "{name}: {}", reply.text);
        }
        let escaped: Vec<_> = forged.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let escaped = escaped.concat();
        let plus = forged.replace(' ', "+").replace(['"', '{', '}'], "'");
        for path in [
            format!("/api/verifications/{escaped}"),
            format!("/{escaped}?{escaped}"),
            format!("/{plus}?a={plus}"),
        ] {
            let reply = served.forwarded("198.51.100.1", ("GET", &path), &MIS, "");
            assert!([400, 404].contains(&reply.status), "{path}: {}", reply.text);
        }
        let body = json!({forged: forged, "phone_number": forged, "code": forged}).to_string();
        assert_eq!(served.forwarded("198.51.100.1", initialize, &MIS, &body).status, 422);
        // From nobody knows where: a line, but without an address.
        assert_eq!(served.forwarded(forged, FACTOR, &UNKNOWN, "").status, 404);
        let first = format!("192.0.2.66, {forged}");
        assert_eq!(served.forwarded(&first, FACTOR, &UNKNOWN, "").status, 404);
    }
    assert_eq!(call(served.public, FACTOR.0, FACTOR.1, &UNKNOWN, "").status, 404);
    for raw in [
        format!("{} HTTP/1.1\r\nhost: localhost\r\n\r\n", FORGED[1]),
        format!(
            "GET / HTTP/1.1\r\nhost: localhost\r\nx-request-id: aaaaaaaaaaaaaaaaaaaaaa\r\n\t{}\r\n\r\n",
            FORGED[1]
        ),
        format!("GET / HTTP/1.1\r\nhost: localhost\r\na: b\n{}\n\r\n", FORGED[0]),
        format!("WARN GET /api/verifications/a HTTP/1.1\r\nhost: {}\r\n\r\n", FORGED[1]),
    ] {
        let mut stream = TcpStream::connect(served.public).unwrap();
        stream.write_all(raw.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        // Whatever is answered, if anything is.
        drop(stream.read_to_end(&mut Vec::new()));
    }
    let without_scope = [("authorization", "Bearer demo-noscope-token")];
    assert_eq!(served.forwarded("198.51.100.1", FACTOR, &without_scope, "").status, 403);
    assert_eq!(served.forwarded("198.51.100.1", FACTOR, &[], "").status, 401);
    let patient = [("authorization", "Bearer demo-patient-token")];
    assert_eq!(served.forwarded("198.51.100.1", FACTOR, &patient, "").status, 200);
}

#[test]
fn the_readme_s_filter_finds_what_failed_and_nothing_that_callers_write() {
    let date = Regex::new(r"\d{4}-\d\d-\d\dT[\d:.]+Z").unwrap();
    for format in ["text", "json"] {
        let directory = tempfile::tempdir().unwrap();
        let mut served = serve(directory.path(), format);
        let failed = failures(&mut served);
        others(&served);
        let ended = served.program.stop();
        assert_eq!(ended.code, Some(0));
        assert_eq!(found(&ended.stderr), failed, "{format}: {}", ended.stderr);
        let unknown = ended.stderr.matches("authentication failed, peer unknown").count();
        assert_eq!(unknown, 2 * FORGED.len() + 1, "{format}");
        assert!(!ended.stderr.contains("192.0.2.66"), "{}", ended.stderr);
        let named = |line| format!("otp-host esoz-otp[4711]: {line}");
        let journal: Vec<_> = ended.stderr.lines().map(named).collect();
        assert_eq!(found(&journal.join("\n")), failed, "as the journal has it");
        // fail2ban takes the date out before it looks.
        assert_eq!(found(&date.replace_all(&ended.stderr, "")), failed);
    }
}

#[test]
fn whoever_hangs_up_before_the_answer_is_seen_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let mut served = serve(directory.path(), "text");
    let admin = [("authorization", "Bearer demo-admin-token")];
    let compared = || {
        let audit = call(served.internal, "GET", "/admin/audit?page_size=500", &admin, "");
        audit.text.matches("code_wrong").count()
    };
    // Whoever is gone before the guess has its turn has guessed nothing; who goes while it is compared, has.
    let hang_up = |later: usize| {
        let phone = format!("+380{:05}0041", 67_000 + later);
        let sent = json!({"phone_number": phone}).to_string();
        assert_eq!(call(served.internal, "POST", "/verifications", &[], &sent).status, 201);
        let body = json!({"code": "000000"}).to_string();
        let request = format!(
            "PATCH /verifications/{phone}/actions/complete HTTP/1.1\r\nhost: localhost\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(served.internal).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        for _ in 0..later {
            assert_eq!(call(served.internal, "GET", "/health/live", &[], "").status, 200);
        }
        stream.set_nonblocking(true).unwrap();
        let is_unanswered = stream.peek(&mut [0]).is_err();
        drop(stream);
        is_unanswered && (0..100).any(|_| compared() > 0)
    };
    assert!((0..100).any(hang_up), "a guess is compared without anybody to tell");
    // A row can be read before it is on the device, and the line comes after that: so does the next answer.
    assert_eq!(served.program.initialize("+380681000042").status, 201);
    let compared = compared();
    let ended = served.program.stop();
    let found = found(&ended.stderr);
    assert!(found.iter().all(|peer| peer == "127.0.0.1"), "{found:?}");
    assert!(found.len() >= compared, "{compared}: {}", ended.stderr);
}

/// The addresses of these lines, which are JSON; `null` for a line without one.
fn peers(log: &str, message: &str) -> Vec<serde_json::Value> {
    let lines = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.filter(|line| line["message"] == message).map(|line| line["peer"].clone()).collect()
}

#[test]
fn the_lines_of_a_call_have_the_address_that_its_row_of_audit_has() {
    let directory = tempfile::tempdir().unwrap();
    let served = serve(directory.path(), "json");
    let resend = format!("/api/person_requests/{SEED_REQUEST}/actions/resend_otp");
    let resend = ("POST", resend.as_str());
    // A code, a limit, no scope, an unknown token, and a caller whose address the proxy does not know.
    let without_scope = [("authorization", "Bearer demo-noscope-token")];
    for (peer, credentials, status) in [
        ("203.0.113.1", &MIS[..], 200),
        ("2001:db8::2", &MIS[..], 429),
        ("203.0.113.3", &without_scope, 403),
        ("203.0.113.4", &UNKNOWN, 401),
        ("unknown", &UNKNOWN, 401),
    ] {
        assert_eq!(served.forwarded(peer, resend, credentials, "").status, status, "{peer}");
    }
    let admin = [("authorization", "Bearer demo-admin-token")];
    let audit = call(served.internal, "GET", "/admin/audit", &admin, "");
    let rows = audit.data().as_array().unwrap();
    let of_rows: Vec<_> = rows.iter().map(|row| row["peer"].clone()).collect();
    let ended = served.program.stop();
    let refused = peers(&ended.stderr, "refused");
    assert_eq!(refused[..3], ["2001:db8::2", "203.0.113.3", "203.0.113.4"]);
    assert_eq!(refused[3..], [serde_json::Value::Null]);
    // The last answer is the one to the call that read the audit.
    let answered = peers(&ended.stderr, "answered");
    assert_eq!(answered[1..], ["127.0.0.1"]);
    assert_eq!([&answered[..1], &refused].concat(), of_rows);
}

#[test]
fn control_the_filter_finds_a_line_that_is_one() {
    let lines = FORGED.join("\n");
    assert_eq!(found(&lines), ["192.0.2.66"; 3]);
}
