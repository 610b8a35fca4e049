//! Which numbers codes are sent to.

use esoz_otp::config::{NotSentTo, OtpConfig};
use esoz_otp::domain::Phone;

use super::{GATEWAY, gateway_with, load, refused};

const SETTINGS: &str = include_str!("../../../systemd/SETTINGS.md");

fn phone(text: &str) -> Phone {
    Phone::parse(text).unwrap()
}

/// The part of `systemd/SETTINGS.md` that is to be written into a file.
fn mobile_ranges() -> OtpConfig {
    let (_, rest) = SETTINGS.split_once("```toml\n[otp]\nallowed_prefixes = [").unwrap();
    let (list, _) = rest.split_once("```").unwrap();
    load(&format!("[otp]\nallowed_prefixes = [{list}")).unwrap().config.otp
}

#[test]
fn a_number_that_would_be_dialled_abroad_gets_no_code_unless_a_list_says_otherwise() {
    let otp = load("").unwrap().config.otp;
    assert_eq!(otp.not_sent_to(phone("+380029012345")), Some(NotSentTo::Refused("+3800")));
    assert_eq!(otp.not_sent_to(phone("+380671234567")), None);
    let otp = load("[otp]\nrefused_prefixes = []\n").unwrap().config.otp;
    assert_eq!(otp.not_sent_to(phone("+380029012345")), None, "no gateway writes it as 00…");
}

#[test]
fn a_gateway_that_takes_national_numbers_leaves_that_start_refused() {
    let national = gateway_with("number = \"national\"");
    assert!(load(&national).is_ok());
    for list in ["[]", "[\"+380900\", \"+38000\"]"] {
        let found = refused(&format!("otp.refused_prefixes = {list}\n{national}"));
        let said = format!(
            "esoz-otp.toml:1: otp.refused_prefixes has no \"+3800\", and gateway.{GATEWAY} writes numbers as `national`: \
             +380029012345 would be 0029012345, a call abroad. Put \"+3800\" into it"
        );
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].starts_with(&said), "{}", found[0]);
    }
    let kept = "otp.refused_prefixes = [\"+3800\"]\n";
    assert!(load(&format!("{kept}{national}")).is_ok());
    let plus = gateway_with("number = \"plus\"");
    assert!(load(&format!("otp.refused_prefixes = []\n{plus}")).is_ok());
}

#[test]
fn an_allowed_start_that_is_refused_all_the_same_is_a_fault() {
    for (allowed, start, refused_start) in
        [("\"+38067\", \"+38050\"", "+38050", "+38050"), ("\"+3805012\"", "+3805012", "+38050")]
    {
        let text =
            format!("[otp]\nallowed_prefixes = [{allowed}]\nrefused_prefixes = [\"+38050\"]\n");
        let said = format!(
            "esoz-otp.toml:2: otp.allowed_prefixes has \"{start}\", and otp.refused_prefixes has \"{refused_start}\": no \
             number that begins so gets a code. Remove it from one of them."
        );
        assert_eq!(refused(&text), [said]);
    }
    let found = refused("[otp]\nallowed_prefixes = [\"+380800\"]\n");
    assert!(found[0].contains("otp.refused_prefixes has \"+380800\""), "{found:#?}");
}

/// libphonenumber 9.0.43: of a thousand starts of three digits 201 are mobile.
#[test]
fn the_readme_s_list_has_the_mobile_ranges_and_no_others() {
    let otp = mobile_ranges();
    let not_sent = |start: u32| otp.not_sent_to(phone(&format!("+380{start:03}123456")));
    let sent = (0..1000).filter(|start| not_sent(*start).is_none()).count();
    assert_eq!(sent, 201);
    for start in [390, 501, 639, 667, 711, 739, 750, 777, 790, 910, 994] {
        assert_eq!(not_sent(start), None, "{start}");
    }
    for start in [440, 791, 880, 890, 322, 650] {
        assert_eq!(not_sent(start), Some(NotSentTo::NotAllowed), "{start}");
    }
    for (start, refused) in [(800, "+380800"), (900, "+380900"), (29, "+3800")] {
        assert_eq!(not_sent(start), Some(NotSentTo::Refused(refused)));
    }
}

#[test]
fn what_is_refused_stays_so_beside_a_list_of_what_is_allowed() {
    let text = "[otp]\nallowed_prefixes = [\"+38067\"]\nrefused_prefixes = [\"+380671\"]\n";
    let otp = load(text).unwrap().config.otp;
    assert_eq!(otp.not_sent_to(phone("+380672345678")), None);
    assert_eq!(otp.not_sent_to(phone("+380671234567")), Some(NotSentTo::Refused("+380671")));
    assert_eq!(otp.not_sent_to(phone("+380501234567")), Some(NotSentTo::NotAllowed));
}
