//! The gateway that takes messages nowhere, as anyone runs it.

use std::path::Path;
use std::process::Command;

use crate::binary::program::Program;
use crate::support::call;

#[test]
fn told_to_end_it_says_what_it_took() {
    let built = Path::new(env!("CARGO_BIN_EXE_esoz-otp")).parent().unwrap();
    for signal in ["INT", "TERM"] {
        let mut stub = Program::spawn(
            Command::new(built.join("examples/stub-gateway")).args(["--listen", "127.0.0.1:0"]),
        );
        let address = stub.address_after("stub gateway: http://");
        let message = r#"{"phone": "380671234567", "text": "a"}"#;
        let tell = |mode: &str| call(address, "POST", "/control", &[], mode).status;
        assert_eq!(call(address, "POST", "/send", &[], message).status, 200);
        assert_eq!(tell(r#"{"mode": "503"}"#), 200);
        assert_eq!(call(address, "POST", "/send", &[], message).status, 503);
        stub.signal(signal);
        let ended = stub.end();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let last = ended.stdout.lines().last();
        assert_eq!(last, Some("stub gateway: took 1 of 2 messages, ends"), "{}", ended.stdout);
    }
}
