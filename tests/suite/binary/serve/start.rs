use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{refused, serve, serve_a_world, world_of_digests};
use crate::binary::program::{Program, run};
use crate::support::{DEMO_WORLD, SEED_PHONE, call};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn codes_in_clear_on_the_console_must_be_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let ended = run(directory.path(), &["serve", "--data", "node", "--listen", "127.0.0.1:0"]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains("--allow-plaintext-codes"), "{}", ended.stderr);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_new_directory_and_its_keyring_are_for_their_owner_only() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = serve(directory.path(), &[]);
    node.address();
    assert_eq!(mode(&directory.path().join("node")), 0o700);
    assert_eq!(mode(&directory.path().join("node.keyring")), 0o600);
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn folders_on_the_way_to_a_new_directory_are_made() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["serve", "--data", "var/lib/node", "--allow-plaintext-codes"];
    let mut node = Program::start(directory.path(), &arguments);
    node.address();
    assert_eq!(mode(&directory.path().join("var/lib/node")), 0o700);
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn a_world_is_loaded_once_and_answers() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = serve_a_world(directory.path());
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE, 1);
    assert_eq!(node.approve(&code).data()["status"], "APPROVED");
    for path in ["/demo/messages", "/demo/reset"] {
        assert_eq!(node.call("GET", path, "").status, 404, "{path} is the demo's");
    }
    assert_eq!(node.stop().code, Some(0));

    let again = refused(directory.path(), &["--fixtures", "world.json"]);
    assert_eq!(again.code, Some(64));
    assert!(again.stderr.contains("node holds"), "{}", again.stderr);
}

#[test]
fn a_world_whose_secrets_everybody_knows_is_loaded_on_demand_only() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("demo.json"), DEMO_WORLD).unwrap();
    let ended = refused(directory.path(), &["--fixtures", "demo.json"]);
    assert_eq!(ended.code, Some(78));
    assert!(ended.stderr.contains("--allow-demo-secrets"), "{}", ended.stderr);
    assert!(!directory.path().join("node").exists());

    let mut node = serve(directory.path(), &["--fixtures", "demo.json", "--allow-demo-secrets"]);
    assert_eq!(node.resend().status, 200);
}

#[test]
fn a_world_that_was_refused_can_be_mended_and_loaded() {
    let directory = tempfile::tempdir().unwrap();
    let world = directory.path().join("world.json");
    let mut faulty = world_of_digests();
    faulty["tokens"][0]["user_id"] = "b0000000-0000-4000-8000-0000000000ff".into();
    for text in [String::from("{"), faulty.to_string()] {
        fs::write(&world, text).unwrap();
        let ended = refused(directory.path(), &["--fixtures", "world.json"]);
        assert_eq!(ended.code, Some(65), "{}", ended.stderr);
    }
    let mut node = serve_a_world(directory.path());
    assert_eq!(node.resend().status, 200);
}

#[test]
fn secrets_that_are_made_are_shown_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut world = world_of_digests();
    world["tokens"][1]["secret"] = serde_json::json!({"generate": true});
    fs::write(directory.path().join("world.json"), world.to_string()).unwrap();
    let mut node = serve(directory.path(), &["--fixtures", "world.json"]);
    let shown = node.line("token demo-patient-token: ");
    let bearer = format!("Bearer {}", shown.rsplit(' ').next().unwrap());
    let factor = |node: &mut Program| {
        let headers = [("authorization", bearer.as_str())];
        call(node.address(), "GET", "/api/cabinet/authentication_factor", &headers, "").status
    };
    assert_eq!(factor(&mut node), 200);
    node.stop();

    let mut node = serve(directory.path(), &[]);
    assert_eq!(factor(&mut node), 200);
    assert!(!node.stop().stdout.contains("token demo-patient-token"));
}

#[test]
fn a_second_node_on_the_directory_is_refused_and_the_first_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let mut first = serve_a_world(directory.path());
    assert_eq!(first.resend().status, 200);
    let second = refused(directory.path(), &[]);
    assert_eq!(second.code, Some(75), "{}", second.stderr);
    assert!(second.stderr.contains("node is in use by another esoz-otp"), "{}", second.stderr);

    let code = first.code_for(SEED_PHONE, 1);
    assert_eq!(first.approve(&code).status, 200);
    assert_eq!(first.stop().code, Some(0));
}

#[test]
fn a_place_that_cannot_be_written_to_is_named() {
    let directory = tempfile::tempdir().unwrap();
    // A file where a folder should be stops the owner of everything, too.
    fs::write(directory.path().join("file"), "").unwrap();
    let mut node = serve(directory.path(), &[]);
    node.address();
    node.stop();
    for more in [&[][..], &["--keyring", "node.keyring"]] {
        let always = ["serve", "--data", "file/node", "--allow-plaintext-codes"];
        let listen = ["--listen", "127.0.0.1:0"];
        let ended = run(directory.path(), &[&always[..], &listen, more].concat());
        assert_eq!(ended.code, Some(74), "{}", ended.stderr);
        assert!(ended.stderr.contains("file/node"), "{}", ended.stderr);
    }
}
