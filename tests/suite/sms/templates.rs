//! A code's message has the text for what the code is for.

use esoz_otp::config::Templates;
use esoz_otp::sms::Accepted;

use super::stand::Scripted;
use crate::support::{SEED_PHONE, TestNode, quick};

const PHONE: &str = "+380671000041";

#[test]
fn a_request_and_a_phone_have_a_text_each() {
    let driver = Scripted::new("a", [Ok(Accepted::default()), Ok(Accepted::default())]);
    let mut config = quick();
    config.sms.template = Templates {
        approval: "{code} - approve 2026".into(),
        verification: "Phone 2026: {code}".into(),
    };
    let node = TestNode::with_driver(config, driver.clone());
    assert_eq!(node.resend().status, 200);
    node.delivered();
    assert_eq!(node.initialize(PHONE).status, 201);
    node.delivered();
    let seen: Vec<_> =
        driver.seen().iter().map(|it| (it.phone.full(), it.text().to_owned())).collect();
    let [(to_patient, approval), (to_phone, verification)] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((to_patient.as_str(), to_phone.as_str()), (SEED_PHONE, PHONE));
    let is_code = |code: &str| code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    assert!(approval.strip_suffix(" - approve 2026").is_some_and(is_code), "{approval}");
    assert!(verification.strip_prefix("Phone 2026: ").is_some_and(is_code), "{verification}");
}
