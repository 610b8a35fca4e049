//! What an earlier version has left behind.

use esoz_otp::domain::{CodeFormat, Requester, VerificationState};
use esoz_otp::store::Priority;
use esoz_otp::store::schema::{LIVE_CODES, VERIFICATIONS};

use super::TestNode;

impl TestNode {
    /// Puts this code in the place of the only one that was sent: versions that drew codes with leading zeros may have sent
    /// it before this one was started.
    pub fn as_if_sent(&self, code: &str) {
        let live = self.store.page(LIVE_CODES, None, 2).unwrap();
        let [(_, live)] = &live[..] else { panic!("{} codes were sent", live.len()) };
        let mut verification =
            self.store.get(VERIFICATIONS, &live.verification_id).unwrap().unwrap();
        let api = self.api();
        let argon2 = &api.service().otp().hasher;
        let format = CodeFormat::new(code.len().try_into().unwrap()).unwrap();
        let hashing = argon2.hash(
            argon2.reserve(Requester::default()).unwrap(),
            verification.id,
            format.parse(code).unwrap(),
            [7; 16],
        );
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let hashed = runtime.block_on(hashing).unwrap();
        verification.state = VerificationState::New { code: hashed, attempts_left: 3 };
        let put = self.store.write_blocking(Priority::Normal, move |write| {
            write.put(VERIFICATIONS, &verification.id, &verification)
        });
        put.unwrap();
    }
}
