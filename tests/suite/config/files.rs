//! The files that drivers need, as `check`, `serve` and `sms test` find them: one place reads them, and says the same.

use std::fs;
use std::path::Path;

use crate::binary::files::{files, set_mode};
use crate::binary::node::init;
use crate::binary::program::{Ended, Program, command, run};

/// A gateway with a token, on a node that is made already.
const SECTION: &str = "[sms]\ndrivers = [\"backup\"]\n[store]\npath = \"node\"\n[gateway.backup]\n\
    url = \"https://gateway.example/\"\nbody = '[\"{phone}\", \"{text}\"]'\n\
    headers = [\"Authorization: Bearer {secret}\"]\nsecret_file = \"token\"\n";
const CALLBACK: &str = "id_at = \"/id\"\n[gateway.backup.receipts]\nby = \"callback\"\nsecret_file = \"receipts\"\n\
    id_at = \"/id\"\nverdict_at = \"/status\"\ndelivered = [\"ok\"]\n";

/// A node with this configuration, and a token for it.
fn node(text: &str, token: &[u8]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    fs::write(directory.path().join("esoz-otp.toml"), text).unwrap();
    private(&directory.path().join("token"), token);
    directory
}

fn private(path: &Path, content: &[u8]) {
    fs::write(path, content).unwrap();
    set_mode(path, 0o600);
}

fn check(directory: &Path) -> Ended {
    run(directory, &["check", "--config", "esoz-otp.toml"])
}

/// `check` refuses it, `serve` and `sms test` in the same words.
fn refused(directory: &Path) -> String {
    let checked = check(directory);
    assert_eq!(checked.code, Some(78), "{}", checked.stdout);
    let serve = ["serve", "--config", "esoz-otp.toml", "--listen", "127.0.0.1:0"];
    let test = ["sms", "test", "+380671234567", "--config", "esoz-otp.toml"];
    for arguments in [&serve[..], &test[..]] {
        let other = run(directory, arguments);
        assert_eq!((other.code, &other.stderr), (Some(78), &checked.stderr), "{arguments:?}");
        assert!(other.stdout.is_empty());
    }
    checked.stderr
}

#[test]
fn a_gateway_s_secret_is_one_line_that_nobody_else_can_read() {
    for (token, said) in [
        (&b""[..], "is empty. Write the secret into it, and nothing else."),
        (b"\n", "is empty"),
        (b"one\ntwo\n", "has more than one line"),
        (b"one\r\n", "characters that are none of a secret"),
        (b"a\0b", "characters that are none of a secret"),
        (b"caf\xe9", "did not contain valid UTF-8. Name its file"),
        (&[b'x'; 4097], "it has more than 4 KiB"),
    ] {
        let directory = node(SECTION, token);
        let told = refused(directory.path());
        let start = "gateway.backup.secret_file: ";
        assert!(told.contains(start) && told.contains("the gateway's secret token"), "{told}");
        assert!(told.contains(said), "{told}");
    }
    let directory = node(SECTION, b"hunter2\n");
    set_mode(&directory.path().join("token"), 0o640);
    let told = refused(directory.path());
    assert!(
        told.contains("the gateway's secret token is open to other users (mode 0640)"),
        "{told}"
    );
    assert!(told.contains("chmod 600 token") && !told.contains("hunter2"), "{told}");
    fs::remove_file(directory.path().join("token")).unwrap();
    let told = refused(directory.path());
    let said =
        "gateway.backup.secret_file: cannot read the gateway's secret: No such file or directory";
    assert!(told.contains(said), "{told}");
    fs::create_dir(directory.path().join("token")).unwrap();
    assert!(refused(directory.path()).contains("it is no file"));
}

#[test]
fn the_secret_of_receipts_can_stand_in_a_path_and_is_not_to_be_guessed() {
    let directory = node(&format!("{SECTION}{CALLBACK}"), b"token");
    for (secret, said) in [
        ("short", "stands in a path, and has to be 16 to 200 letters, digits, -, ., _ or ~"),
        ("long enough, but not plain", "stands in a path"),
        ("", "is empty"),
    ] {
        private(&directory.path().join("receipts"), secret.as_bytes());
        let told = refused(directory.path());
        assert!(told.contains("the secret of the gateway's receipts receipts"), "{told}");
        assert!(told.contains(said) && (secret.is_empty() || !told.contains(secret)), "{told}");
    }
}

#[test]
fn a_secret_that_is_set_where_its_file_s_name_belongs_is_not_repeated() {
    let long = "hunter2".repeat(100);
    for secret in ["hunter2", "hunter2/with/slashes", "token/hunter2", &long] {
        for (key, name) in [
            ("backup.secret_file", "token"),
            ("backup.ca_file", "ca.pem"),
            ("backup.receipts.secret_file", "receipts"),
        ] {
            let text = format!("{SECTION}ca_file = \"ca.pem\"\n{CALLBACK}");
            let text = text.replace(&format!("file = \"{name}\""), &format!("file = \"{secret}\""));
            let directory = node(&text, b"token");
            let told = refused(directory.path());
            assert!(told.contains(&format!("gateway.{key}: cannot read the ")), "{told}");
            let said = "Name its file: a relative name counts from the directory that esoz-otp is started in. The value is \
                        not repeated here, in case it is the secret itself.";
            assert!(told.contains(said) && !told.contains("hunter2"), "{told}");
        }
    }
}

#[test]
fn certificates_have_to_be_there_and_to_be_some() {
    let directory = node(&format!("{SECTION}ca_file = \"ca.pem\"\n"), b"token");
    let told = refused(directory.path());
    assert!(
        told.contains("gateway.backup.ca_file: cannot read the certificates: No such file"),
        "{told}"
    );
    fs::write(directory.path().join("ca.pem"), "no certificate\n").unwrap();
    assert!(refused(directory.path()).contains("gateway.backup"));
}

#[test]
fn a_file_for_messages_needs_its_directory_and_is_not_made_by_a_check() {
    let text = "[store]\npath = \"node\"\n[sms]\ndrivers = [\"file\"]\nallow_plaintext_codes = true\n[sms.file]\n";
    let directory = node(&format!("{text}path = \"sent/sms.ndjson\"\n"), b"");
    let told = refused(directory.path());
    assert!(told.contains("cannot append messages to sent/sms.ndjson: No such file"), "{told}");
    assert!(told.contains("Make its directory"), "{told}");
    fs::create_dir(directory.path().join("sent")).unwrap();
    let before = files(directory.path());
    let ended = check(directory.path());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(before == files(directory.path()), "it changes nothing");

    let mut command = command(directory.path(), &["serve", "--config", "esoz-otp.toml"]);
    let mut node = Program::spawn(command.args(["--listen", "127.0.0.1:0"]));
    assert_eq!(node.initialize("+380958697085").status, 201);
    assert_eq!(node.stop().code, Some(0));
    let sent = fs::read_to_string(directory.path().join("sent/sms.ndjson")).unwrap();
    assert!(sent.contains("+380958697085") && sent.lines().count() == 1, "{sent}");
}

#[test]
fn what_is_wrong_with_any_file_is_told_at_once_with_its_setting_beside_what_is_set_wrongly() {
    let sections =
        SECTION.replace("https", "http").replace("\"backup\"]", "\"backup\", \"other\", \"file\"]");
    let other = SECTION
        .replace("[gateway.backup]", "\n[gateway.other]")
        .split_off(SECTION.find("[gateway.backup]").unwrap());
    let text = format!(
        "{sections}ca_file = \"ca.pem\"\n{CALLBACK}{}ca_file = \"lost.pem\"\n[sms.file]\npath = \"sent/here\"\n",
        other.replace("\"token\"", "\"lost.token\"")
    );
    let directory = node(&text, b"");
    private(&directory.path().join("receipts"), b"short");
    fs::write(directory.path().join("ca.pem"), "no certificate").unwrap();
    let told = check(directory.path()).stderr;
    for said in [
        "esoz-otp.toml:6: gateway.backup.url has no TLS",
        "\ngateway.backup.secret_file: the gateway's secret token is empty. Write the secret into it",
        "\ngateway.backup.receipts.secret_file: the secret of the gateway's receipts receipts stands in a path",
        "\ngateway.backup.ca_file: ca.pem: no certificate is in it, or one is damaged: write certificates in PEM",
        "\ngateway.other.secret_file: cannot read the gateway's secret: No such file",
        "\ngateway.other.ca_file: cannot read the certificates: No such file",
        "\ncannot append messages to sent/here: No such file",
    ] {
        assert!(told.contains(said), "{said}: {told}");
        assert_eq!(told.matches(said).count(), 1, "{said}: {told}");
    }
    assert!(!told.contains("gateway.backup: "), "{told}");
}

#[test]
fn a_secret_that_no_header_can_hold_is_refused_with_its_file_where_a_header_has_it() {
    let directory = node(SECTION, "пароль".as_bytes());
    let told = refused(directory.path());
    let said = "gateway.backup.secret_file: token: the secret in it cannot stand in a header: write one line";
    assert!(told.contains(said) && !told.contains("пароль"), "{told}");

    let text = SECTION.replace("\"{text}\"]", "\"{text}\", \"{secret}\"]");
    let text = text.replace("headers = [\"Authorization: Bearer {secret}\"]\n", "");
    let directory = node(&text, "пароль".as_bytes());
    let ended = check(directory.path());
    assert!(!ended.stderr.contains("gateway.backup"), "a body can: {}", ended.stderr);
}
