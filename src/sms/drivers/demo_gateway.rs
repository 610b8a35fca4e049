//! The gateway of a demo: it accepts every message, or fails as [`GatewayMode`] says.
//!
//! It is an ordinary driver: the worker decides, stores and logs its outcomes as those of any other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use strum::{IntoStaticStr, VariantArray, VariantNames};

use super::memory::Memory;
use crate::clock::Clock;
use crate::config::keyword;
use crate::domain::{DeliveryError, VendorStatus, VerificationId};
use crate::sms::driver::{Accepted, SendError, SendFuture, SmsDriver, SmsMessage};

/// How a demo's gateway answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, VariantArray, VariantNames, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum GatewayMode {
    /// Accepts every message at once.
    #[default]
    Ok,
    /// Accepts every message after three seconds.
    Slow,
    /// Not reachable: a message waits, and expires with its code.
    Down,
    /// Refuses every message for good.
    Refuse,
    /// Accepts every message, but its answer is lost.
    Lost,
}

/// The answer time of [`GatewayMode::Slow`].
const SLOW: Duration = Duration::from_secs(3);

/// The status word of [`GatewayMode::Refuse`].
const REFUSED: &str = "REFUSED_BY_THE_DEMO";

/// A mode, and how many messages it holds for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GatewayPlan {
    /// The mode.
    pub mode: GatewayMode,
    /// The number of messages, after which the mode is [`GatewayMode::Ok`] again; `None` for all.
    pub messages: Option<u32>,
}

/// The driver of a demo. It prints and remembers the messages that it accepts.
#[derive(Clone)]
pub struct DemoGateway {
    /// The messages that it accepted.
    pub sent: Memory,
    console: Arc<dyn SmsDriver>,
    state: Arc<Mutex<GatewayState>>,
}

struct GatewayState {
    at_start: GatewayMode,
    plan: GatewayPlan,
    /// The mode for each message that was counted. Further tries of a message do not count again.
    counted: HashMap<VerificationId, GatewayMode>,
    /// The number of resets. A message of an older world is not shown.
    world: u64,
}

impl DemoGateway {
    /// A gateway in this mode that prints on `console`.
    pub fn new(mode: GatewayMode, console: Arc<dyn SmsDriver>, clock: Arc<dyn Clock>) -> Self {
        let plan = GatewayPlan { mode, messages: None };
        let state = GatewayState { at_start: mode, plan, counted: HashMap::new(), world: 0 };
        Self { sent: Memory::new(clock), console, state: Arc::new(Mutex::new(state)) }
    }

    /// The plan for the next message.
    pub fn plan(&self) -> GatewayPlan {
        self.state().plan
    }

    /// Follows another plan, for messages that wait for another try as well.
    pub fn follow(&self, plan: GatewayPlan) {
        let mut state = self.state();
        state.plan = plan;
        state.counted.clear();
    }

    /// Forgets the messages and returns to the first mode. A message that it has in hand is not shown.
    pub fn reset(&self) {
        let mut state = self.state();
        let plan = GatewayPlan { mode: state.at_start, messages: None };
        *state = GatewayState { plan, counted: HashMap::new(), world: state.world + 1, ..*state };
        self.sent.clear();
    }

    async fn take(&self, message: &SmsMessage, world: u64) -> Result<Accepted, SendError> {
        if self.state().world != world {
            return Ok(Accepted::default());
        }
        drop(self.sent.send(message).await);
        self.console.send(message).await
    }

    fn state(&self) -> MutexGuard<'_, GatewayState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GatewayState {
    /// The mode for this message, which is counted if it is new.
    fn behave_to(&mut self, message: VerificationId) -> GatewayMode {
        if let Some(mode) = self.counted.get(&message) {
            return *mode;
        }
        let GatewayPlan { mode, messages } = self.plan;
        if let Some(left) = messages {
            self.counted.insert(message, mode);
            self.plan.messages = left.checked_sub(1).filter(|left| *left > 0);
            if self.plan.messages.is_none() {
                self.plan.mode = GatewayMode::Ok;
            }
        }
        mode
    }
}

impl SmsDriver for DemoGateway {
    fn name(&self) -> &str {
        self.console.name()
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a> {
        let (mode, world) = {
            let mut state = self.state();
            (state.behave_to(message.verification_id), state.world)
        };
        Box::pin(async move {
            match mode {
                GatewayMode::Ok => self.take(message, world).await,
                GatewayMode::Slow => {
                    tokio::time::sleep(SLOW).await;
                    self.take(message, world).await
                }
                GatewayMode::Down => Err(SendError::not_accepted(DeliveryError::Unreachable)),
                GatewayMode::Refuse => {
                    Err(SendError::Refused(DeliveryError::Verdict(VendorStatus::of(REFUSED))))
                }
                GatewayMode::Lost => {
                    self.take(message, world).await?;
                    Err(SendError::Ambiguous(DeliveryError::CutOff))
                }
            }
        })
    }
}

keyword!(GatewayMode);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Id;

    #[test]
    fn a_message_is_counted_once_and_keeps_what_it_was_told() {
        let plan = GatewayPlan { mode: GatewayMode::Down, messages: Some(2) };
        let at_start = GatewayMode::Slow;
        let mut state = GatewayState { at_start, plan, counted: HashMap::new(), world: 0 };
        let message = |number: u8| Id::from_bytes([number; 16]);
        for (number, mode, left) in [
            (1, GatewayMode::Down, Some(1)),
            (1, GatewayMode::Down, Some(1)),
            (2, GatewayMode::Down, None),
            (3, GatewayMode::Ok, None),
            (2, GatewayMode::Down, None),
            (1, GatewayMode::Down, None),
        ] {
            assert_eq!(state.behave_to(message(number)), mode, "{number}");
            assert_eq!(state.plan.messages, left, "{number}");
        }
    }
}
