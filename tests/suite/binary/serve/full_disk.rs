//! A disk that fills up while a node is on it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;

use crate::binary::node::{import, make, run_on_node, serve};
use crate::binary::program::{Program, command_after};
use crate::store::image::{FileSystem, Mounted, left_out};
use crate::support::{SEED_PHONE, SEED_REQUEST, call, try_call};

/// Room for a store, its ballast, and more than it keeps free.
const MIB: u64 = 160;

/// Below what is kept free.
const LITTLE_MIB: u64 = 20;

/// Of a request that no code was sent for.
const OTHER_REQUEST: &str =
    "/api/person_requests/e0000000-0000-4000-8000-000000000001/actions/resend_otp";

fn disk(home: &Path) -> Mounted {
    let image = home.join("image");
    FileSystem::Ext4.make(&image, MIB);
    let mounted = Mounted::new(&image, home.join("mounted"));
    fs::set_permissions(mounted.path(), Permissions::from_mode(0o700)).unwrap();
    mounted
}

/// A node on a disk of its own, and a code that it has just sent.
fn node_with_a_code(home: &Path) -> (Mounted, Program, String) {
    let mounted = disk(home);
    make(mounted.path());
    let mut node = serve(mounted.path(), &[]);
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE, 1);
    (mounted, node, code)
}

fn status(node: &mut Program, path: &str) -> u16 {
    node.call("GET", path, "").status
}

/// What reads goes on, what writes is refused with nothing spent, and everybody is told why.
fn reads_only(node: &mut Program, code: &str) {
    for refused in [
        node.initialize("+380671000077"),
        node.call("POST", OTHER_REQUEST, ""),
        node.approve(code),
        node.approve("000000"),
        node.call("GET", "/health/ready", ""),
    ] {
        assert_eq!(refused.status, 503, "{refused:?}");
        let message = refused.message().unwrap();
        assert!(message.contains("disk is nearly full"), "{message}");
        // `/health/ready` has no `Retry-After`.
        let is_page = refused.body["meta"]["url"].as_str().unwrap().ends_with("/health/ready");
        assert_eq!(refused.header("retry-after").is_none(), is_page, "{refused:?}");
    }
    assert_eq!(status(node, "/health/live"), 200);
    assert_eq!(status(node, &format!("/api/person_requests/{SEED_REQUEST}")), 200);
    let headers = [("authorization", "Bearer demo-patient-token")];
    let factor = call(node.address(), "GET", "/api/cabinet/authentication_factor", &headers, "");
    assert_eq!(factor.status, 200);
}

/// Where no file may have more bytes than the database has now, and some.
fn with_short_files(home: &Path, more_kib: u64, arguments: &[&str]) -> Program {
    let database = fs::metadata(home.join("node/store/db")).unwrap().len();
    let limit = format!("ulimit -c 0; ulimit -f {}", database / 1024 + more_kib);
    Program::spawn(&mut command_after(&limit, home, arguments))
}

#[test]
fn a_limit_on_file_sizes_is_reported_like_a_full_disk_and_kills_no_process() {
    let home = tempfile::tempdir().unwrap();
    make(home.path());
    let serve = ["serve", "--data", "node", "--allow-plaintext-codes", "--listen", "127.0.0.1:0"];
    let mut node = with_short_files(home.path(), 1024, &serve);
    let address = node.address();
    // What is refused for a limit writes too: a row of audit.
    let mut number = 0;
    let refused = loop {
        number += 1;
        assert!(number < 100_000, "it goes on and on");
        let body = json!({"phone_number": format!("+38067{number:07}")}).to_string();
        match try_call(address, "POST", "/verifications", &[], &body) {
            Ok(reply) if [201, 429].contains(&reply.status) => {}
            other => break other,
        }
    };
    if let Ok(reply) = refused {
        assert_eq!(reply.status, 503, "{reply:?}");
    }
    let ended = node.end();
    assert_eq!(ended.code, Some(74), "{}", ended.stderr);
    assert!(ended.stderr.contains("File too large"), "{}", ended.stderr);

    for arguments in [&serve[..], &["compact", "--data", "node"]] {
        let limit = "ulimit -c 0; ulimit -f 1";
        let ended = Program::spawn(&mut command_after(limit, home.path(), arguments)).end();
        assert_eq!(ended.code, Some(74), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("File too large"), "{}", ended.stderr);
    }
    let mut node = crate::binary::node::serve(home.path(), &[]);
    assert_eq!(status(&mut node, "/health/live"), 200, "nothing is lost");
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn a_nearly_full_disk_stops_writes_but_no_reads_and_it_goes_on_by_itself() {
    if left_out() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let (mounted, mut node, code) = node_with_a_code(home.path());

    let in_the_way = mounted.leave_free(LITTLE_MIB);
    reads_only(&mut node, &code);
    reads_only(&mut node, &code);
    fs::remove_file(in_the_way).unwrap();
    assert_eq!(status(&mut node, "/health/ready"), 200);
    assert_eq!(node.approve(&code).status, 200, "no attempt was spent meanwhile");
    assert_eq!(node.initialize("+380671000077").status, 201, "nor a send");
    let ended = node.stop();
    assert_eq!(ended.code, Some(0));
    let told = |part: &str| ended.stderr.matches(part).count();
    assert_eq!((told("is nearly full"), told("WARN")), (1, 1), "{}", ended.stderr);
    assert_eq!(told("there is room"), 1, "{}", ended.stderr);
}

#[test]
fn a_node_killed_on_a_full_disk_starts_on_it_with_all_it_had_answered() {
    if left_out() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let (mounted, mut node, code) = node_with_a_code(home.path());
    let phones: Vec<_> = (0..20).map(|n| format!("+38068{n:02}00001")).collect();
    for phone in &phones {
        assert_eq!(node.initialize(phone).status, 201);
    }
    let in_the_way = mounted.fill();
    reads_only(&mut node, &code);
    node.signal("KILL");
    assert_eq!(node.end().code, None);

    let mut node = serve(mounted.path(), &[]);
    reads_only(&mut node, &code);
    let ballast = mounted.path().join("node/ballast");
    assert!(!ballast.exists(), "given up to open");
    node.signal("KILL");
    assert_eq!(node.end().code, None);

    let mut node = serve(mounted.path(), &[]);
    fs::remove_file(in_the_way).unwrap();
    assert_eq!(status(&mut node, "/health/ready"), 200);
    for phone in &phones {
        assert_eq!(node.initialize(phone).reason(), Some("send_pause"), "{phone}");
    }
    assert_eq!(node.approve(&code).status, 200);
    assert!(ballast.exists(), "put back");
    let ended = node.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[test]
fn nothing_is_made_and_nothing_imported_on_a_full_disk() {
    if left_out() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let mounted = disk(home.path());
    make(mounted.path());
    let world = json!({"format": 1, "tokens": [{
        "name": "late",
        "secret": {"generate": true},
        "user_id": "d290f1ee-6c54-4b01-90e6-d701748f0851",
        "client_id": "c0000000-0000-4000-8000-000000000002",
        "scope": "person:read",
        "expires_at": "+1h",
    }]});
    let in_the_way = mounted.leave_free(LITTLE_MIB);
    let ended = import(mounted.path(), &world.to_string());
    assert_eq!(ended.code, Some(74), "{}", ended.stderr);
    assert!(ended.stderr.contains("nearly full") && ended.stderr.contains("Make room"));
    assert!(ended.stdout.is_empty(), "no secret is shown that is not kept: {}", ended.stdout);
    fs::remove_file(in_the_way).unwrap();

    let in_the_way = mounted.fill();
    for more in [&["--keyring", "ring"][..], &[]] {
        let ended = crate::binary::program::run(
            mounted.path(),
            &[&["init", "--data", "other/node"], more].concat(),
        );
        assert_eq!(ended.code, Some(74), "{}", ended.stderr);
        assert!(ended.stderr.contains("full"), "{}", ended.stderr);
        assert!(!mounted.path().join("other").exists() && !mounted.path().join("ring").exists());
    }
    fs::remove_file(in_the_way).unwrap();
    assert_eq!(run_on_node(mounted.path(), "import", &["world.json"]).code, Some(0));
}
