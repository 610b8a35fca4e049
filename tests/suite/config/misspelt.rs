//! One name that is none keeps nothing else from being told: what stands under it is read as what it may stand for.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::binary::node::init;
use crate::binary::program::{Ended, Program, command, run};

const GATEWAY: &str =
    "[gateway.turbosms]\npreset = \"turbosms\"\nsender = \"Clinic\"\nsecret_file = \"not-there\"\n";
const MISSING_FILE: &str = "gateway.turbosms.secret_file: cannot read the gateway's secret";

fn check(directory: &Path, text: &str) -> Ended {
    fs::write(directory.join("esoz-otp.toml"), text).unwrap();
    run(directory, &["check", "--config", "esoz-otp.toml", "--data", "node"])
}

#[test]
fn a_driver_that_nobody_has_described_hides_no_file_of_another() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    for drivers in [
        "[sms]\ndrivers = [\"turbosmss\"]\n",
        "[sms]\ndrivers = [\"Turbo SMS\"]\n",
        "[sms]\ndriver = [\"turbosms\"]\n",
        "[sms]\ndrivers = [\"console\", \"other\"]\nallow_plaintext_codes = true\n",
    ] {
        let ended = check(directory.path(), &format!("{drivers}{GATEWAY}"));
        assert_eq!(ended.code, Some(78));
        for part in ["esoz-otp.toml:2: sms.driver", MISSING_FILE] {
            assert_eq!(ended.stderr.matches(part).count(), 1, "{drivers}{}", ended.stderr);
        }
    }
}

#[test]
fn what_stands_in_a_misspelt_section_is_judged_as_well() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let text = "[opt]\ndigits = 99\nattempt = 2\n[sms]\nallow_plaintext_codes = true\n";
    let ended = check(directory.path(), text);
    for part in [
        "esoz-otp.toml:1: opt is no section. The nearest known one is [otp].",
        "esoz-otp.toml:2: otp.digits is too large, but takes 4 to 10 digits.",
        "esoz-otp.toml:3: opt.attempt is no setting. The nearest known one is otp.attempts.",
        "wrong in 3 places",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    let far = check(directory.path(), "[elsewhere]\ndigits = 99\n");
    assert!(!far.stderr.contains("otp.digits"), "nobody knows what that is: {}", far.stderr);
}

#[test]
fn a_section_that_no_gateway_can_be_called_like_is_judged_as_a_gateway_s() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let text = "[sms]\ndrivers = [\"Turbo\"]\n[gateway.Turbo]\npreset = \"turbosms\"\nsendr = \"Clinic\"\n\
                secret_file = \"not-there\"\nmethod = \"GET\"\n";
    let ended = check(directory.path(), text);
    for part in [
        "esoz-otp.toml:3: gateway.Turbo is a section, and no gateway can be called so.",
        "esoz-otp.toml:5: gateway.Turbo.sendr is no setting. The nearest known one is gateway.NAME.sender.",
        "esoz-otp.toml:7: gateway.NAME.method is another word, but takes `POST` or `PUT`.",
        "gateway.NAME.secret_file: cannot read the gateway's secret",
    ] {
        assert_eq!(ended.stderr.matches(part).count(), 1, "{part}: {}", ended.stderr);
    }
    let printed =
        run(directory.path(), &["check", "--config", "esoz-otp.toml", "--print-effective"]);
    assert!(!printed.stdout.contains("NAME"), "{}", printed.stdout);
}

#[test]
fn a_misspelt_setting_s_value_is_judged_and_not_repeated() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let text =
        "[otp]\ndigit = 99\nlife = \"a-secret-of-mine\"\n[sms]\nallow_plaintext_codes = true\n";
    let ended = check(directory.path(), text);
    for part in [
        "esoz-otp.toml:2: otp.digit is no setting.",
        "esoz-otp.toml:2: otp.digits is too large, but takes 4 to 10 digits.",
        "esoz-otp.toml:3: otp.life is no setting.",
        "esoz-otp.toml:3: otp.life_seconds is no whole number, but takes 30 to 600 seconds.",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("99") && !ended.stderr.contains("mine"), "{}", ended.stderr);

    let mut command = command(directory.path(), &["check", "--data", "node"]);
    command.args(["--allow-plaintext-codes"]).env("ESOZ_OTP__OTP__DIGIT", "99");
    let ended = Program::spawn(&mut command).end();
    let told = "ESOZ_OTP__OTP__DIGIT: otp.digits is too large, but takes 4 to 10 digits.";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
}

#[test]
fn the_directory_that_a_misspelt_setting_names_is_the_one_that_is_looked_at() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    fs::set_permissions(directory.path().join("node"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(directory.path().join("node.keyring"), "{").unwrap();
    let text = "[sms]\nallow_plaintext_codes = true\n[store]\npaths = \"node\"\n";
    fs::write(directory.path().join("esoz-otp.toml"), text).unwrap();
    let arguments = ["check", "--config", "esoz-otp.toml"];
    let ended = run(directory.path(), &arguments);
    for part in ["store.paths is no setting", "mode 0755", "the keyring is no JSON"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("/var/lib"), "{}", ended.stderr);
    // What a node would run with is not what somebody may have meant.
    let printed = run(directory.path(), &[&arguments[..], &["--print-effective"]].concat());
    assert!(
        printed.stdout.contains("path = \"/var/lib/esoz-otp\"  # default"),
        "{}",
        printed.stdout
    );
}

#[test]
fn variables_that_look_like_ours_and_are_not_read_are_told_once_by_name() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    for name in ["check", "serve"] {
        let mut command = command(directory.path(), &[name, "--data", "node"]);
        command.args(["--allow-plaintext-codes"]).env("ESOZ_OTP_LONG", "a-value");
        command.env("ESOZ_OTP__OTP__DIGITS", "5").env("ESOZ_OTPOTHER", "1");
        if name == "serve" {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let mut program = Program::spawn(&mut command);
        let ended = if name == "serve" {
            program.address();
            program.stop()
        } else {
            program.end()
        };
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let told =
            "esoz-otp: warning: these environment variables are set, and not read: ESOZ_OTP_LONG.";
        assert_eq!(ended.stderr.matches(told).count(), 1, "{}", ended.stderr);
        assert!(!ended.stderr.contains("a-value"), "{}", ended.stderr);
    }
}
