use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::{Stand, id, message_of, settings_of};
use crate::support::gateway::StubGateway;

/// Whatever stands in a text: quotes, backslashes, controls, other planes, and what looks like a template's word.
#[test]
fn what_the_gateway_reads_is_what_was_sent() {
    let stub = StubGateway::start();
    let mut config = settings_of(&stub);
    config.sender = "\"{phone}\\".into();
    let stand = Stand::of(&config);
    let text =
        r#"(\PC|[\x00-\x1f"\\{}\u{2028}\u{10000}-\u{10ffff}]|\{(phone|text|sender|id)\}){1,40}"#;
    let mut runner = TestRunner::new(ProptestConfig::with_cases(256));
    let sent = runner.run(&text, |text| {
        let message = message_of(id(3), &text);
        prop_assert!(stand.send_this(&message).is_ok());
        let took = stub.taken().pop().unwrap();
        prop_assert_eq!(&took.text, &text);
        let sms = json!({"sender": "\"{phone}\\", "text": text});
        prop_assert_eq!(&took.body["sms"], &sms);
        prop_assert_eq!(&took.body["recipients"], &json!(["380958697084"]));
        Ok(())
    });
    sent.unwrap();
}
