//! Nouns and verbs over a running node.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::node::{make, serve};
use super::program::{Ended, Program, run};
use crate::support::{DEMO_WORLD, SEED_PHONE, SEED_REQUEST};

/// A demo with one sent code, its URL, and a directory with the token files `token` and `mis`.
fn demo() -> (Program, String, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    for (name, token) in [("token", "demo-admin-token"), ("other", "demo-direct-token")] {
        let path = directory.path().join(name);
        fs::write(&path, token).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let mut demo = Program::start(directory.path(), &["demo"]);
    let url = format!("http://{}", demo.address());
    assert_eq!(demo.resend().status, 200);
    demo.code_for(SEED_PHONE, 1);
    (demo, url, directory)
}

/// Runs a verb with the token in this file.
fn verb(directory: &Path, url: &str, token: &str, line: &str) -> Ended {
    let arguments = line.split(' ').chain(["--url", url, "--token-file", token]);
    run(directory, &arguments.collect::<Vec<_>>())
}

fn json_of(directory: &Path, url: &str, line: &str) -> Value {
    let ended = verb(directory, url, "token", &format!("{line} -o json"));
    assert_eq!(ended.code, Some(0), "{line}: {}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn text_of(directory: &Path, url: &str, line: &str) -> String {
    let ended = verb(directory, url, "token", line);
    assert_eq!(ended.code, Some(0), "{line}: {}", ended.stderr);
    ended.stdout
}

#[test]
fn deliveries_are_listed_and_shown() {
    let (_demo, url, directory) = demo();
    let home = directory.path();
    let list = json_of(home, &url, "delivery list --page-size 1");
    let id = list[0]["verification_id"].as_str().unwrap();
    let text = text_of(home, &url, "delivery list");
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("VERIFICATION_ID  "), "{text}");
    assert!(lines[1].starts_with(id) && lines[1].contains("+38095*****84"), "{text}");
    let show = format!("delivery show {id}");
    assert_eq!(json_of(home, &url, &show)["verification_id"], id);
    let text = text_of(home, &url, &show);
    let mut lines = text.lines();
    let of_id = lines.find(|line| line.starts_with("verification_id ")).unwrap();
    assert!(of_id.ends_with(&format!(" {id}")), "{text}");
}

#[test]
fn a_phone_is_shown_and_unlocked() {
    let (_demo, url, directory) = demo();
    let home = directory.path();
    let show = format!("phone show {SEED_PHONE}");
    let shown = json_of(home, &url, &show);
    assert_eq!(shown["codes"][0]["person_request_id"], SEED_REQUEST);
    let text = text_of(home, &url, &show);
    assert!(text.contains("guesses.wrong_in_a_row") && text.contains("\ncodes:\n"), "{text}");
    assert!(!text.contains(SEED_PHONE), "{text}");
    let unlocked = text_of(home, &url, &format!("phone unlock {SEED_PHONE}"));
    assert_eq!(unlocked, "phone_number   +38095*****84\nwrong_guesses  0");
}

#[test]
fn rows_of_audit_are_listed_by_filters_and_page_by_page() {
    let (_demo, url, directory) = demo();
    let home = directory.path();
    text_of(home, &url, &format!("phone unlock {SEED_PHONE}"));
    let ended = verb(home, &url, "token", "audit list --page-size 1");
    assert_eq!(ended.stdout.lines().count(), 2);
    assert_eq!(ended.stderr, "esoz-otp: there are more: --after 1\n");
    let text = text_of(home, &url, "audit list --after 1");
    assert!(text.contains("phone_unlocked") && !text.contains("code_issued"), "{text}");
    let nothing = verb(home, &url, "token", "audit list --event receipts_refused");
    assert_eq!((nothing.code, nothing.stdout.as_str()), (Some(0), ""));
    assert_eq!(nothing.stderr, "esoz-otp: nothing found\n");
    let none = json_of(home, &url, "audit list --event receipts_refused");
    assert_eq!(none, Value::Array(Vec::new()));
}

#[test]
fn scripts_can_tell_what_a_verb_met() {
    let (_demo, url, directory) = demo();
    let home = directory.path();
    let missing = "delivery show d0000000-0000-4000-8000-00000000dead";
    for (token, line, code, part) in [
        ("token", missing, 66, "the node has no such delivery"),
        ("token", "phone show 0671234567", 64, "phone: "),
        ("token", "delivery list --page-size 501", 64, "page_size: expected a whole number"),
        ("token", "delivery list --status gone", 64, "possible values"),
        ("other", "audit list", 77, "Missing allowances"),
        ("missing", "audit list", 64, "cannot read missing"),
    ] {
        let ended = verb(home, &url, token, line);
        assert_eq!(ended.code, Some(code), "{line}: {}", ended.stderr);
        assert!(ended.stderr.contains(part), "{line}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{line}");
        assert!(!ended.stderr.contains("671234567"), "{line}: {}", ended.stderr);
    }
    for (arguments, code, part) in [
        (&["audit", "list"][..], 69, "no node can be reached at "),
        (&["audit", "list", "--url", &url], 64, "--token-file"),
        (&["audit", "list", "--socket", "none.sock"], 69, "none.sock"),
        (&["phone"], 64, "Usage: esoz-otp phone"),
        (&["phone", "show"], 64, "<PHONE>"),
    ] {
        let ended = run(home, arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(part), "{arguments:?}: {}", ended.stderr);
    }
}

#[test]
fn drivers_limits_and_the_status_are_shown() {
    let (_demo, url, directory) = demo();
    let home = directory.path();
    let drivers = json_of(home, &url, "driver list");
    let name = drivers[0]["name"].as_str().unwrap();
    let text = text_of(home, &url, "driver list");
    assert!(text.contains(&format!("{name}  closed  ")), "{text}");
    let text = text_of(home, &url, "limits show");
    assert!(text.contains("kept_for_person_requests") && text.contains("\nlimits:\n"), "{text}");
    assert_eq!(json_of(home, &url, "limits show")["kept_for_person_requests"], 40);
    let text = text_of(home, &url, "status");
    assert!(text.contains("is_ready") && text.contains("\ndrivers:\n"), "{text}");
    assert_eq!(json_of(home, &url, "status")["is_demo"], true);
}

#[test]
fn what_cant_be_taken_back_needs_yes_where_no_terminal_is() {
    let (mut demo, url, directory) = demo();
    let home = directory.path();
    let name = json_of(home, &url, "driver list")[0]["name"].as_str().unwrap().to_owned();
    let line = format!("driver test {name} --phone-number +380671112233");
    let ended = verb(home, &url, "token", &line);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""), "{}", ended.stderr);
    assert!(ended.stderr.contains("needs --yes"), "{}", ended.stderr);
    let text = text_of(home, &url, &format!("{line} --yes"));
    assert!(text.contains("accepted") && text.contains("+38067*****33"), "{text}");
    demo.line("A test of esoz-otp, no code in it.");
    let ended = verb(home, &url, "token", "driver test none --phone-number +380671112233 --yes");
    assert_eq!(ended.code, Some(66), "{}", ended.stderr);
}

/// Every text in the demo's world that is a secret or a phone number.
fn secrets_and_numbers(world: &Value, found: &mut Vec<String>) {
    match world {
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_one = ["plain", "phone_number", "factor"].contains(&name.as_str());
                match value.as_str() {
                    Some(text) if is_one => found.push(text.to_owned()),
                    _ => secrets_and_numbers(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| secrets_and_numbers(item, found)),
        _ => {}
    }
}

#[test]
fn a_report_for_a_ticket_has_every_setting_and_no_secret_and_no_number() {
    const GATEWAY_SECRET: &str = "the-secret-of-the-gateway";
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path();
    make(home);
    let file = home.join("gateway.secret");
    fs::write(&file, GATEWAY_SECRET).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let set = "[admin]\nsocket = \"admin.sock\"\n[sms]\ndrivers = [\"console\", \"near\"]\n[gateway.near]\n\
         url = \"http://127.0.0.1:9/send\"\nallow_http = true\nallow_local = true\n\
         body = '{\"to\": \"{phone}\", \"text\": \"{text}\"}'\n\
         headers = [\"authorization: Basic {secret}\"]\nsecret_file = \"gateway.secret\"\n";
    fs::write(home.join("c.toml"), set).unwrap();
    let mut node = serve(home, &["--config", "c.toml"]);
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE, 1);
    let mut secret = vec![GATEWAY_SECRET.to_owned(), code];
    secrets_and_numbers(&serde_json::from_str(DEMO_WORLD).unwrap(), &mut secret);
    assert!(secret.len() > 10, "{}", secret.len());
    for form in ["text", "json"] {
        let arguments = ["status", "--report", "--socket", "admin.sock", "-o", form];
        let ended = run(home, &arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        for part in ["otp.life_seconds", "default", "c.toml:2", "near", "console", "version"] {
            assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
        }
        for text in &secret {
            let text = text.trim_start_matches("+380");
            assert!(!ended.stdout.contains(text), "{text}: {}", ended.stdout);
        }
    }
}

/// A user of the demo's world.
const USER: &str = "b0000000-0000-4000-8000-000000000001";

#[test]
fn clients_their_keys_and_their_tokens_are_made_shown_and_ended() {
    let (_demo, url, directory) = demo();
    let home = directory.path();
    let of = |line: String| json_of(home, &url, &line);
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    // A client.
    let client =
        id(&of("client add --name polyclinic --access-type DIRECT --broker-scope otp:read".into()));
    assert_eq!(of(format!("client show {client}"))["priv_settings"]["access_type"], "DIRECT");
    assert!(text_of(home, &url, "client list --name polyclinic").contains(&client));
    let block = format!("client block {client} --block-reason unpaid");
    assert_eq!(verb(home, &url, "token", &block).code, Some(64), "it needs --yes");
    assert_eq!(of(format!("{block} --yes"))["block_reason"], "unpaid");
    assert_eq!(
        verb(home, &url, "token", &format!("{block} --yes")).code,
        Some(65),
        "it is blocked"
    );
    assert_eq!(of(format!("client unblock {client}"))["is_blocked"], false);
    // Its keys: each is shown once.
    let key = of(format!("key put {client} --consumer-id {client}"));
    let secret = key["secret"].as_str().unwrap().to_owned();
    let key = id(&key);
    let rotated = of(format!("key rotate {client} {key} --overlap-seconds 60 --yes"));
    assert_ne!(rotated["secret"].as_str().unwrap(), secret);
    let shown = text_of(home, &url, &format!("key show {client} {key}"));
    assert!(!shown.contains(&secret) && shown.contains("previous_accepted_until"), "{shown}");
    assert!(text_of(home, &url, &format!("key list {client}")).contains(&key));
    let gone = verb(home, &url, "token", &format!("key delete {client} {key} --yes"));
    assert_eq!((gone.code, gone.stdout.as_str()), (Some(0), ""), "{}", gone.stderr);
    // A token.
    let made = of(format!(
        "token add --user-id {USER} --client-id {client} --scope admin:read --expires-at +1d"
    ));
    fs::write(home.join("new"), made["value"].as_str().unwrap()).unwrap();
    fs::set_permissions(home.join("new"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(verb(home, &url, "new", "audit list").code, Some(0));
    let token = id(&made);
    assert!(text_of(home, &url, &format!("token list --client-id {client}")).contains(&token));
    assert_eq!(verb(home, &url, "token", &format!("token revoke {token} --yes")).code, Some(0));
    assert_eq!(verb(home, &url, "new", "audit list").code, Some(77));
    let delete = format!("client delete {client} --yes");
    assert_eq!(verb(home, &url, "token", &delete).code, Some(0));
    assert_eq!(verb(home, &url, "token", &delete).code, Some(66));
}
