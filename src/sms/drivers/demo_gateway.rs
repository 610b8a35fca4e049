//! The gateway of a demo: it takes every message, or behaves as gateways do on a bad day.
//!
//! It is an ordinary driver: what becomes of a message is decided, kept and told by the worker, as with any other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::memory::Memory;
use crate::clock::Clock;
use crate::config::Word;
use crate::domain::{DeliveryError, VendorStatus, VerificationId};
use crate::sms::driver::{Accepted, SendError, SendFuture, SmsDriver, SmsMessage};

/// How a demo's gateway behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GatewayMode {
    /// Takes every message at once.
    #[default]
    Ok,
    /// Takes every message after `SLOW`.
    Slow,
    /// Can't be reached: a message waits, and expires with its code.
    Down,
    /// Refuses every message for good.
    Refuse,
    /// Takes every message, and its answer is lost.
    Lost,
}

/// How long a slow gateway takes for a message.
const SLOW: Duration = Duration::from_secs(3);

/// What a gateway says that refuses a message.
const REFUSED: &str = "REFUSED_BY_THE_DEMO";

/// How a gateway behaves, and to how many messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GatewayPlan {
    /// How it behaves.
    pub mode: GatewayMode,
    /// To so many messages more, and after them as [`GatewayMode::Ok`]; to all when there is no number.
    pub messages: Option<u32>,
}

/// Takes a demo's messages: shows and remembers those that it takes.
#[derive(Clone)]
pub struct DemoGateway {
    /// What it took.
    pub sent: Memory,
    console: Arc<dyn SmsDriver>,
    state: Arc<Mutex<GatewayState>>,
}

struct GatewayState {
    at_start: GatewayMode,
    plan: GatewayPlan,
    /// How it behaves to messages that were counted: each is counted once, however often it is tried.
    counted: HashMap<VerificationId, GatewayMode>,
    /// Grows with each reset: a message of an older world is not shown.
    world: u64,
}

impl DemoGateway {
    /// A gateway that behaves like this, and shows on this console what it takes.
    pub fn new(mode: GatewayMode, console: Arc<dyn SmsDriver>, clock: Arc<dyn Clock>) -> Self {
        let plan = GatewayPlan { mode, messages: None };
        let state = GatewayState { at_start: mode, plan, counted: HashMap::new(), world: 0 };
        Self { sent: Memory::new(clock), console, state: Arc::new(Mutex::new(state)) }
    }

    /// How it behaves now.
    pub fn plan(&self) -> GatewayPlan {
        self.state().plan
    }

    /// From now on it behaves like this, to messages that wait for another try as well.
    pub fn follow(&self, plan: GatewayPlan) {
        let mut state = self.state();
        state.plan = plan;
        state.counted.clear();
    }

    /// The world is a new one: nothing was sent, and it behaves as at the start. What it still has in hand is not shown.
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
    /// How it behaves to this message.
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

impl Word for GatewayMode {
    const ALL: &'static [Self] = &[Self::Ok, Self::Slow, Self::Down, Self::Refuse, Self::Lost];

    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Slow => "slow",
            Self::Down => "down",
            Self::Refuse => "refuse",
            Self::Lost => "lost",
        }
    }
}

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
