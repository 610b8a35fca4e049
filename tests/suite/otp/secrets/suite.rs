//! Every node of this suite is read along at its most talkative, and so is every `error`: see `support::watch`. Here is
//! that the reader would notice.

use crate::support::{SEED_PHONE, TestNode, quick, telling};
use esoz_otp::domain::CodeFormat;

#[test]
fn the_reader_of_logs_and_errors_knows_a_secret_when_it_sees_one() {
    let mut config = quick();
    config.otp.format = CodeFormat::new(10).unwrap();
    let node = TestNode::with(config);
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    let code = node.code_for(SEED_PHONE);
    for secret in [&code, SEED_PHONE, &SEED_PHONE[1..], "demo-mis-token", "demo-api-key"] {
        assert!(telling(&format!("sent text={secret} took=1")).is_some(), "{secret}");
        assert!(telling(&format!(r#"{{"message":"{secret}"}}"#)).is_some(), "{secret}");
    }
    let harmless = "sms sent phone=+38095*****84 id=13809586-9708-4123-8000-1380958697084 380 \
                    id=49cb21ca-e3ba-49d8-a288-380958697084";
    assert_eq!(telling(harmless), None);
}
