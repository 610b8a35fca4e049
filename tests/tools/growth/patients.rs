use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use esoz_otp::api::Api;
use esoz_otp::clock::{Clock, ManualClock};
use esoz_otp::domain::{Code, CodeFormat, Phone, Refusal, Requester, Timestamp};

use crate::node::{Phones, RunningNode};

/// How far the clock moves with each code: some 70 000 of them in an hour.
const PACE: Duration = Duration::from_millis(50);

/// Spreads neighbours over all ranges of numbers: it has no divisor in common with their count.
const SPREAD: u64 = 387_420_489;

/// The first number, and how many there are: none of them is refused for its start.
const NUMBERS: (u64, u64) = (500_000_000, 290_000_000);

/// Sends a code to each of these phones, and says what time it is then. Of ten patients seven complete it at once, one at the
/// second guess, one guesses once and leaves it, and one leaves it.
pub fn run(node: &RunningNode, numbers: Range<u32>, at_once: u32) -> Timestamp {
    let next = Arc::new(AtomicU32::new(numbers.start));
    node.runtime.block_on(async {
        let mut patients = tokio::task::JoinSet::new();
        for _ in 0..at_once {
            let patient = Patient {
                api: Arc::clone(&node.api),
                clock: Arc::clone(&node.clock),
                phones: node.phones.clone(),
            };
            let (next, end) = (Arc::clone(&next), numbers.end);
            patients.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= end {
                        return;
                    }
                    patient.come(number).await.unwrap();
                }
            });
        }
        patients.join_all().await;
    });
    node.clock.now()
}

struct Patient {
    api: Arc<Api>,
    clock: Arc<ManualClock>,
    phones: Phones,
}

impl Patient {
    async fn come(&self, number: u32) -> Result<(), Refusal> {
        let spread = NUMBERS.0 + u64::from(number) * SPREAD % NUMBERS.1;
        let phone = Phone::from_national(u32::try_from(spread).unwrap()).unwrap();
        let code = self.phones.next_code(phone);
        self.clock.push(PACE);
        let service = self.api.service();
        service.initialize(Requester::default(), phone, self.clock.now()).await?;
        let code = code.await.unwrap();
        let right = self.code(&code);
        if matches!(number % 10, 7 | 8) {
            let wrong = self.code(&other_than(&code));
            let refused =
                service.complete(Requester::default(), phone, wrong, self.clock.now()).await;
            assert_eq!(refused.unwrap_err(), Refusal::CodeWrong);
        }
        if number % 10 < 8 {
            service.complete(Requester::default(), phone, right, self.clock.now()).await?;
        }
        Ok(())
    }

    fn code(&self, digits: &str) -> Code {
        let format: CodeFormat = self.api.service().code_format();
        format.code(digits.parse().unwrap()).unwrap()
    }
}

/// A code with another last digit.
fn other_than(code: &str) -> String {
    let (start, last) = code.split_at(code.len() - 1);
    format!("{start}{}", (last.parse::<u8>().unwrap() + 1) % 10)
}
