//! `esoz-otp check`, as an operator runs it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::binary::node::{init, serve};
use crate::binary::program::{Ended, Program, command, run};
use crate::support::call;

const GOOD: &str = "[sms]\nallow_plaintext_codes = true\n[store]\npath = \"node\"\n";

fn check(directory: &Path, text: &str, more: &[&str]) -> Ended {
    fs::write(directory.join("esoz-otp.toml"), text).unwrap();
    run(directory, &[&["check", "--config", "esoz-otp.toml"], more].concat())
}

fn is_in_order(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout, "configuration is in order");
    assert!(ended.stderr.is_empty(), "{}", ended.stderr);
}

#[test]
fn what_is_in_order_is_told_in_one_line() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let before = fs::read(directory.path().join("node/store/db")).unwrap();
    is_in_order(&check(directory.path(), GOOD, &[]));
    assert!(before == fs::read(directory.path().join("node/store/db")).unwrap());
}

#[test]
fn a_node_that_serves_is_not_disturbed() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    fs::write(directory.path().join("esoz-otp.toml"), GOOD).unwrap();
    let mut node = Program::start(directory.path(), &["serve", "--config", "esoz-otp.toml"]);
    node.address();
    is_in_order(&check(directory.path(), GOOD, &[]));
    assert_eq!(node.call("GET", "/health/ready", "").status, 200);
}

#[test]
fn everything_that_is_wrong_is_told_at_once_and_nothing_is_made() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    fs::write(directory.path().join("node.keyring"), "{").unwrap();
    fs::set_permissions(directory.path().join("node"), fs::Permissions::from_mode(0o755)).unwrap();
    let faulty = "[store]\npath = \"node\"\n[otp]\ndigit = 4\nattempts = 9\n";
    let ended = check(directory.path(), faulty, &[]);
    assert_eq!(ended.code, Some(78));
    for part in [
        "esoz-otp.toml:4: otp.digit is no setting. The nearest known one is otp.digits.",
        "esoz-otp.toml:5: otp.attempts is 9, but takes 1 to 5 attempts.",
        "prints codes and numbers in clear",
        "the keyring is no JSON",
        "mode 0755",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    assert!(ended.stdout.is_empty());

    let empty = tempfile::tempdir().unwrap();
    check(empty.path(), faulty, &["--data", "nowhere/node"]);
    let left: Vec<_> =
        fs::read_dir(empty.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["esoz-otp.toml"]);
}

#[test]
fn before_init_it_says_that_there_is_nothing_to_serve() {
    let directory = tempfile::tempdir().unwrap();
    let ended = check(directory.path(), GOOD, &[]);
    assert_eq!(ended.code, Some(78));
    assert!(ended.stderr.contains("esoz-otp init --data node"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("keyring"), "it will be made with it: {}", ended.stderr);
}

#[test]
fn a_database_without_its_keyring_is_not_in_order() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let ended = check(directory.path(), GOOD, &["--keyring", "lost"]);
    assert_eq!(ended.code, Some(78), "{}", ended.stdout);
    assert!(ended.stderr.contains("lost") && ended.stderr.contains("keyring"), "{}", ended.stderr);
}

#[test]
fn a_database_that_was_damaged_or_cannot_be_written_to_is_not_in_order() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let database = directory.path().join("node/store/db");
    let whole = fs::read(&database).unwrap();
    let mut damaged = whole.clone();
    damaged[1000] ^= 1;
    fs::write(&database, damaged).unwrap();
    let ended = check(directory.path(), GOOD, &[]);
    assert_eq!(ended.code, Some(78), "{}", ended.stdout);
    assert!(ended.stderr.contains("node is damaged: the file db"), "{}", ended.stderr);
    fs::write(&database, whole).unwrap();
    is_in_order(&check(directory.path(), GOOD, &[]));
}

#[test]
fn one_address_for_two_listeners_is_found_out() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let twice =
        "[server]\nlisten = [\"127.0.0.1:4711\"]\n[public]\nlisten = [\"127.0.0.1:4711\"]\n";
    let ended = check(directory.path(), &format!("{GOOD}{twice}"), &[]);
    let told = "esoz-otp.toml:8: public.listen has 127.0.0.1:4711, which server.listen has too.";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    assert_eq!(ended.code, Some(78));
}

#[test]
fn a_file_that_cannot_be_read_is_all_that_is_said_of_what_might_stand_in_it() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    for (name, text) in [("lost.toml", None), ("torn.toml", Some("[sms\nallow = true\n"))] {
        if let Some(text) = text {
            fs::write(directory.path().join(name), text).unwrap();
        }
        let ended = run(directory.path(), &["check", "--config", name, "--data", "node"]);
        assert_eq!(ended.code, Some(78));
        assert!(ended.stderr.contains(name), "{}", ended.stderr);
        assert!(!ended.stderr.contains("sms.drivers"), "{}", ended.stderr);
    }
}

#[test]
fn a_variable_with_an_underscore_too_few_is_no_stranger_s() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    for (name, value) in [
        ("ESOZ_OTP_OTP__DIGITS", "5"),
        ("ESOZ_OTP_DIALECT", "deployed"),
        ("ESOZ_OTP__OTP_DIGITS", "5"),
    ] {
        let mut command = command(directory.path(), &["check", "--data", "node"]);
        command.args(["--allow-plaintext-codes"]).env(name, value).env("ESOZ_OTP_LONG", "1");
        let ended = Program::spawn(&mut command).end();
        assert_eq!(ended.code, Some(78), "{name}");
        assert!(ended.stderr.contains(&format!("  {name}: ")), "{}", ended.stderr);
        assert!(ended.stderr.contains("wrong:"), "one fault: {}", ended.stderr);
        assert!(ended.stderr.contains("nearest known one is ESOZ_OTP__"), "{}", ended.stderr);
    }
}

#[test]
fn with_something_wrong_the_rest_is_printed_too() {
    let directory = tempfile::tempdir().unwrap();
    let ended = run(directory.path(), &["check", "--print-effective", "--data", "node"]);
    assert_eq!(ended.code, Some(78));
    assert!(ended.stdout.contains("digits = 6"), "{}", ended.stdout);
    assert!(ended.stderr.contains("sms.drivers"), "{}", ended.stderr);
}

#[test]
fn addresses_off_loopback_are_refused_before_anybody_serves_there() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let remote = "[server]\nlisten = [\"0.0.0.0:0\"]\n[public]\nlisten = [\"[::]:0\"]\n";
    let ended = check(directory.path(), &format!("{GOOD}{remote}"), &[]);
    assert_eq!(ended.code, Some(78));
    for part in [
        "wrong in 2 places",
        "esoz-otp.toml:6: server.listen has 0.0.0.0:0, which is not a loopback address",
        "internal_allow_remote",
        "esoz-otp.toml:8: public.listen has [::]:0, which is not a loopback address",
        "behind_proxy",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    let allowed =
        remote.replace("[public]", "internal_allow_remote = true\n[public]\nbehind_proxy = true");
    let ended = check(directory.path(), &format!("{GOOD}{allowed}"), &[]);
    assert_eq!(ended.code, Some(78));
    for part in [
        "esoz-otp.toml:9: public.trusted_proxies is empty, and with public.behind_proxy any caller could name",
        r#"public.trusted_proxies = ["127.0.0.1/32", "::1/128"]"#,
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    let allowed =
        format!("{allowed}trusted_proxies = [\"127.0.0.1/32\", \"::1\", \"10.0.0.0/8\"]\n");
    is_in_order(&check(directory.path(), &format!("{GOOD}{allowed}"), &[]));
}

#[test]
fn proxies_are_networks_and_are_named_only_where_there_is_one() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let proxied = |network: &str| {
        let public = "[public]\nlisten = [\"127.0.0.1:0\"]\nbehind_proxy = true\ntrusted_proxies";
        check(directory.path(), &format!("{GOOD}{public} = [\"{network}\"]\n"), &[])
    };
    for network in ["192.0.2.7", "192.0.2.0/24", "2001:db8::/32", "::ffff:192.0.2.0/120"] {
        is_in_order(&proxied(network));
    }
    for network in ["0.0.0.0/0", "::/0", "192.0.2.7/24", "proxy.example", "192.0.2.7:80", "[::1]"] {
        let ended = proxied(network);
        assert_eq!(ended.code, Some(78), "{network}");
        assert!(ended.stderr.contains("public.trusted_proxies holds"), "{}", ended.stderr);
    }
    let idle = format!("{GOOD}[public]\ntrusted_proxies = [\"192.0.2.7\"]\n");
    let ended = check(directory.path(), &idle, &[]);
    assert_eq!(ended.code, Some(78));
    let said = "names a proxy, and public.behind_proxy says that there is none";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
}

#[test]
fn a_public_listener_of_the_file_is_listened_on() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    fs::write(
        directory.path().join("esoz-otp.toml"),
        format!("{GOOD}[public]\nlisten = [\"127.0.0.1:0\"]\n"),
    )
    .unwrap();
    let mut node = Program::start(directory.path(), &["serve", "--config", "esoz-otp.toml"]);
    let line = node.line("public methods on http://");
    let address = line.rsplit('/').next().unwrap().parse().unwrap();
    assert_eq!(call(address, "GET", "/health/live", &[], "").status, 200);
    assert_eq!(call(address, "GET", "/verifications/+380958697085", &[], "").status, 404);
}

#[test]
fn serve_refuses_what_check_refuses() {
    let directory = tempfile::tempdir().unwrap();
    let faulty = "[otp]\ndigits = 12\n[server]\nlisten = [\"here\"]\n";
    let checked = check(directory.path(), faulty, &["--data", "node"]);
    let served = run(directory.path(), &["serve", "--config", "esoz-otp.toml", "--data", "node"]);
    assert_eq!((served.code, checked.code), (Some(78), Some(78)));
    assert_eq!(served.stderr.lines().count(), 4, "{}", served.stderr);
    assert!(
        checked.stderr.starts_with(served.stderr.trim_end()),
        "{}\n{}",
        checked.stderr,
        served.stderr
    );
    assert!(!directory.path().join("node").exists());
}

#[test]
fn what_is_printed_can_be_used_again_and_says_where_it_comes_from() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = command(
        directory.path(),
        &["check", "--print-effective", "--log", "warn", "--data", "node"],
    );
    command.args(["--allow-plaintext-codes"]).env("ESOZ_OTP__OTP__DIGITS", "4");
    let printed = Program::spawn(&mut command).end();
    assert_eq!(printed.code, Some(0), "{}", printed.stderr);
    for line in [
        "digits = 4  # ESOZ_OTP__OTP__DIGITS",
        "level = \"warn\"  # --log",
        "path = \"node\"  # --data",
        "allow_plaintext_codes = true  # --allow-plaintext-codes",
        "attempts = 3  # default",
    ] {
        assert!(
            printed.stdout.lines().any(|printed| printed == line),
            "{line}: {}",
            printed.stdout
        );
    }
    let again = check(directory.path(), &printed.stdout, &["--print-effective"]);
    let values = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split("  # ").next().unwrap().to_owned()).collect()
    };
    assert_eq!(values(&again.stdout), values(&printed.stdout));
}

#[test]
fn the_file_is_what_a_node_serves_by() {
    let directory = tempfile::tempdir().unwrap();
    let text = format!(
        "dialect = \"deployed\"\n{GOOD}[server]\nlisten = [\"127.0.0.1:0\"]\n[otp]\ndigits = 4\n[log]\nformat = \"text\"\n"
    );
    init(directory.path());
    fs::write(directory.path().join("esoz-otp.toml"), text).unwrap();
    let mut command = command(directory.path(), &["serve", "--config", "esoz-otp.toml"]);
    let mut node = Program::spawn(command.env("ESOZ_OTP__OTP__ATTEMPTS", "1"));
    let reply = node.initialize("+380958697085");
    assert_eq!(reply.status, 201);
    assert_eq!(node.code_for("+380958697085", 1).len(), 4);
    let nobody = [("authorization", "Bearer nobody")];
    let factor = call(node.address(), "GET", "/api/cabinet/authentication_factor", &nobody, "");
    assert_eq!(factor.status, 401, "as the live system answers");
    let ended = node.stop();
    assert_eq!(ended.code, Some(0));
    assert!(ended.stderr.contains("INFO sms sent"), "text is logged: {}", ended.stderr);
}

#[test]
fn a_log_that_nobody_watches_is_json() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let mut node = serve(directory.path(), &[]);
    assert_eq!(node.initialize("+380958697085").status, 201);
    node.code_for("+380958697085", 1);
    let log = node.stop().stderr;
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let sent = lines.iter().find(|line| line["message"] == "sms sent").expect("it is logged");
    assert_eq!((sent["level"].as_str(), sent["driver"].as_str()), (Some("INFO"), Some("console")));
}

#[test]
fn a_demo_reads_neither_file_nor_environment() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = command(directory.path(), &["demo", "--listen", "127.0.0.1:0"]);
    let mut demo = Program::spawn(command.env("ESOZ_OTP__OTP__DIGITS", "nonsense"));
    assert_eq!(demo.initialize("+380958697085").status, 201);
    assert_eq!(demo.code_for("+380958697085", 1).len(), 6);
    assert_eq!(run(directory.path(), &["demo", "--config", "x"]).code, Some(64));
    let help = run(directory.path(), &["demo", "--help"]).stdout;
    assert!(help.contains("no configuration file and no environment variable"), "{help}");
}
