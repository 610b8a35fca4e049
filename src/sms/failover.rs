use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::field::display;

use super::circuit_breaker::{Admission, CallFailure, CallPermit, CircuitBreaker, Transition, Try};
use super::driver::{Accepted, SendError, SmsDriver, SmsMessage};
use super::hanging::{Crowd, Hanging};
use crate::clock::Clock;
use crate::domain::{Attempt, AttemptOutcome, DeliveryError, Phone, Timestamp};

/// How much longer than its time-out a driver is waited for: it knows best whether anything had left by then.
const LAST_WORD: Duration = Duration::from_secs(1);

/// The rest of a driver that answers 429 without `Retry-After`.
const REST: Duration = Duration::from_secs(2);

/// The shortest rest. A `Retry-After` date that is past by this clock would otherwise release all waiting messages at once.
const LEAST_REST: Duration = Duration::from_secs(1);

/// Drivers in the order in which they are called: the next one when one does not take a message.
pub(super) struct Failover {
    routes: Vec<DriverRoute>,
    timeout: Duration,
}

struct DriverRoute {
    driver: Arc<dyn SmsDriver>,
    circuit_breaker: Mutex<CircuitBreaker>,
    hanging: Mutex<Hanging>,
}

/// How a message is to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct SendOptions<'a> {
    /// Whether it has hung before.
    pub(super) kind: Try,
    /// Whether a driver may have it already.
    pub(super) is_uncertain: bool,
    /// Which, as far as that is known: it comes last.
    pub(super) doubtful: Option<&'a str>,
    /// How much later it is tried again if no driver takes it.
    pub(super) pause: Duration,
}

impl SendOptions<'_> {
    /// Whether it is this driver that may have it.
    fn is_doubted(self, driver: &str) -> bool {
        self.is_uncertain && self.doubtful.is_none_or(|doubtful| doubtful == driver)
    }
}

impl Failover {
    /// Each driver has `timeout` for a message, and may be handed `parallel` messages at the same time.
    pub(super) fn of(drivers: Vec<Arc<dyn SmsDriver>>, timeout: Duration, parallel: usize) -> Self {
        let route = |driver| DriverRoute {
            driver,
            circuit_breaker: Mutex::new(CircuitBreaker::new(timeout + LAST_WORD)),
            hanging: Mutex::new(Hanging::new(timeout, parallel)),
        };
        Self { routes: drivers.into_iter().map(route).collect(), timeout }
    }

    /// How many messages of this kind it may be given.
    pub(super) fn admission(&self, kind: Try, now: Timestamp) -> Admission {
        let admissions =
            self.routes.iter().map(|route| route.circuit_breaker().admission(kind, now));
        admissions.reduce(more).unwrap_or(Admission::Blocked(now + REST))
    }

    /// Until when no driver may be called, not even with a message that has not hung yet.
    pub(super) fn delayed_until(&self, now: Timestamp) -> Option<Timestamp> {
        match self.admission(Try::First, now) {
            Admission::Blocked(until) => Some(until),
            Admission::Probe | Admission::Open => None,
        }
    }

    /// The driver of this name.
    pub(super) fn driver(&self, name: &str) -> Option<&Arc<dyn SmsDriver>> {
        self.routes.iter().map(|route| &route.driver).find(|driver| driver.name() == name)
    }

    /// Whether the driver of this name is there, and can be asked what became of a message.
    pub(super) fn is_asked(&self, name: &str) -> bool {
        self.driver(name).is_some_and(|driver| driver.is_asked())
    }

    /// How many drivers there are.
    pub(super) fn length(&self) -> usize {
        self.routes.len()
    }

    /// Drivers that are given up on, while messages wait or not, and whether those are all.
    pub(super) fn down(&self, messages_wait: bool, now: Timestamp) -> (Vec<String>, bool) {
        let is_down = |route: &&DriverRoute| route.circuit_breaker().is_down(messages_wait, now);
        let down: Vec<_> = self.routes.iter().filter(is_down).map(DriverRoute::name).collect();
        let are_all = down.len() == self.routes.len();
        (down, are_all)
    }

    /// Calls one driver after the other until one has the last word.
    pub(super) async fn send(
        &self,
        message: &SmsMessage,
        options: SendOptions<'_>,
        clock: &dyn Clock,
    ) -> Attempt {
        let (mut calls, mut doubtful_driver, mut last) = (0, None, (None, DeliveryError::AllDown));
        let now = clock.now();
        let is_open = |route: &DriverRoute| route.circuit_breaker().is_open_to_all(now);
        let is_only_hope = !self.routes.iter().any(is_open);
        for route in self.in_order(options.doubtful) {
            // Ask the circuit breaker.
            let permit = route.circuit_breaker().admit(options.kind, is_only_hope, clock.now());
            let Some(permit) = permit else { continue };
            // Call the driver, and tell its circuit breaker.
            calls += 1;
            let said = hand_over(&*route.driver, message, self.timeout).await;
            route.note(message, options.kind, permit, &said, clock.now());
            // Decide: a last word ends the loop, any other goes on to the next route.
            let driver = Some(route.name());
            let outcome = match said {
                Ok(Accepted { gateway_id }) => AttemptOutcome::Accepted(gateway_id),
                Err(SendError::AlreadyAccepted { gateway_id, .. })
                    if options.is_doubted(route.driver.name()) =>
                {
                    AttemptOutcome::AlreadyAccepted(gateway_id)
                }
                // The gateway may mean another message: this one was not known to be with it.
                Err(SendError::AlreadyAccepted { error, .. }) => {
                    last = (driver, error);
                    continue;
                }
                Err(SendError::Refused(error)) => AttemptOutcome::Refused(error),
                Err(SendError::Ambiguous(error)) => {
                    AttemptOutcome::Ambiguous { error, again_at: clock.now() + options.pause }
                }
                Err(SendError::NotAccepted { error, .. }) => {
                    if error.is_doubtful() {
                        doubtful_driver.clone_from(&driver);
                    }
                    last = (driver, error);
                    continue;
                }
            };
            return Attempt { calls, driver, doubtful_driver, outcome };
        }
        // No route had the last word.
        let (driver, error) = last;
        let again_at = clock.now() + options.pause;
        let outcome = AttemptOutcome::NotAccepted { error, again_at };
        Attempt { calls, driver, doubtful_driver, outcome }
    }

    fn in_order<'a>(&'a self, doubtful: Option<&'a str>) -> impl Iterator<Item = &'a DriverRoute> {
        let is_doubtful = move |route: &&DriverRoute| doubtful == Some(route.driver.name());
        let others = self.routes.iter().filter(move |route| !is_doubtful(route));
        others.chain(self.routes.iter().filter(is_doubtful))
    }
}

impl DriverRoute {
    fn name(&self) -> String {
        self.driver.name().to_owned()
    }

    fn note(
        &self,
        message: &SmsMessage,
        kind: Try,
        permit: CallPermit,
        said: &Result<Accepted, SendError>,
        now: Timestamp,
    ) {
        let (verification, phone, driver) =
            (message.verification_id, message.phone, self.driver.name());
        let request_id = message.request_id.map(display);
        match said {
            Ok(Accepted { gateway_id }) => {
                tracing::info!(%verification, %phone, request_id, driver, gateway_id, "sms sent");
            }
            Err(SendError::Refused(error)) => {
                tracing::warn!(%verification, %phone, request_id, driver, %error, "sms refused for good");
            }
            Err(SendError::NotAccepted { error, .. }) => {
                let doubtful = error.is_doubtful().then_some(true);
                tracing::warn!(%verification, %phone, request_id, driver, %error, doubtful, "sms not taken");
            }
            Err(SendError::Ambiguous(error)) => {
                tracing::warn!(%verification, %phone, request_id, driver, %error, "sms may have been taken");
            }
            Err(SendError::AlreadyAccepted { error, gateway_id }) => {
                tracing::info!(%verification, %phone, request_id, driver, gateway_id, %error, "sms taken before");
            }
        }
        if failure_of(said) == Some(CallFailure::Hang) && kind == Try::First {
            self.note_hanging(phone, now);
        }
        match self.judge(phone, permit, said, now) {
            Some(Transition::Down) => {
                tracing::error!(
                    driver,
                    "the driver has failed too often, and is tried now and then only"
                );
            }
            Some(Transition::Up) => tracing::info!(driver, "the driver works again"),
            None => {}
        }
    }

    /// Says when so many messages hang that others have to wait for a place.
    fn note_hanging(&self, phone: Phone, now: Timestamp) {
        let mut hanging = self.hanging.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Crowd { messages, starts }) = hanging.note(phone, now) {
            let driver = self.driver.name();
            tracing::warn!(
                driver,
                messages,
                starts,
                "the driver hangs for so many messages that others wait: they hold more than half of sms.parallel"
            );
        }
    }

    fn judge(
        &self,
        phone: Phone,
        permit: CallPermit,
        said: &Result<Accepted, SendError>,
        now: Timestamp,
    ) -> Option<Transition> {
        let mut breaker = self.circuit_breaker();
        let Err(SendError::NotAccepted { error, rest }) = said else {
            return match failure_of(said) {
                Some(failure) => breaker.fail(permit, failure, phone, now),
                None => breaker.succeed(now),
            };
        };
        let is_too_much = *error == DeliveryError::TooMany;
        // One that says no in its own words works, and may say yes to the next message.
        let is_orderly = matches!(error, DeliveryError::NotNow(_));
        let transition = if is_orderly {
            breaker.succeed(now)
        } else if is_too_much {
            None
        } else {
            breaker.fail(permit, CallFailure::Other, phone, now)
        };
        if let Some(rest) = rest.or(is_too_much.then_some(REST)) {
            breaker.rest(now, rest.max(LEAST_REST));
        }
        transition
    }

    fn circuit_breaker(&self) -> MutexGuard<'_, CircuitBreaker> {
        self.circuit_breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a call failed. A driver that refuses a message, or has it, works: the message does not.
fn failure_of(said: &Result<Accepted, SendError>) -> Option<CallFailure> {
    match said {
        Ok(_) | Err(SendError::Refused(_) | SendError::AlreadyAccepted { .. }) => None,
        Err(SendError::Ambiguous(DeliveryError::TimedOut)) => Some(CallFailure::Hang),
        Err(SendError::Ambiguous(_) | SendError::NotAccepted { .. }) => Some(CallFailure::Other),
    }
}

/// Gives a driver a message, and `timeout` for it.
pub async fn hand_over(
    driver: &dyn SmsDriver,
    message: &SmsMessage,
    timeout: Duration,
) -> Result<Accepted, SendError> {
    let said = tokio::time::timeout(timeout + LAST_WORD, driver.send(message)).await;
    said.unwrap_or(Err(SendError::Ambiguous(DeliveryError::TimedOut)))
}

/// The better of two; of two that are shut, the one that opens first.
fn more(one: Admission, other: Admission) -> Admission {
    match (one, other) {
        (Admission::Blocked(one), Admission::Blocked(other)) => Admission::Blocked(one.min(other)),
        (one, other) => one.max(other),
    }
}
