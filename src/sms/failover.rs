use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::field::display;

use super::circuit_breaker::{
    Admission, CallFailure, CallPermit, CircuitBreaker, CircuitReport, Transition, Try,
};
use super::driver::{Accepted, SendError, SmsDriver, SmsMessage};
use super::hanging::{Crowd, Hanging};
use crate::clock::Clock;
use crate::domain::{Attempt, AttemptOutcome, DeliveryError, Phone, Timestamp};

/// Time beyond the time-out in which a driver can still answer: it knows best whether anything had left.
const LAST_WORD: Duration = Duration::from_secs(1);

/// The pause of a driver that answers `429` without `Retry-After`.
const REST: Duration = Duration::from_secs(2);

/// The shortest pause. Otherwise a `Retry-After` date in this clock's past would release all waiting messages at once.
const LEAST_REST: Duration = Duration::from_secs(1);

/// Drivers in the order of `sms.drivers`. When one does not accept a message, the next one is called.
pub(super) struct Failover {
    routes: Vec<DriverRoute>,
    timeout: Duration,
}

struct DriverRoute {
    driver: Arc<dyn SmsDriver>,
    circuit_breaker: Mutex<CircuitBreaker>,
    hanging: Mutex<Hanging>,
}

/// A driver, for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverReport {
    /// Its name in `sms.drivers`.
    pub name: String,
    /// The host of a gateway's URL.
    pub host: Option<String>,
    /// Its circuit breaker.
    pub circuit: CircuitReport,
}

/// The circumstances of one send.
#[derive(Clone, Copy, Debug)]
pub(super) struct SendOptions<'a> {
    /// Whether the message has hung before.
    pub(super) kind: Try,
    /// Whether a driver may have the message already.
    pub(super) is_uncertain: bool,
    /// The driver that may have it, if that is known. It is called last.
    pub(super) doubtful: Option<&'a str>,
    /// The pause before the next try, if no driver accepts the message.
    pub(super) pause: Duration,
}

impl SendOptions<'_> {
    /// Whether this driver may have the message already.
    fn is_doubted(self, driver: &str) -> bool {
        self.is_uncertain && self.doubtful.is_none_or(|doubtful| doubtful == driver)
    }
}

impl Failover {
    /// Each driver has `timeout` for a message. `parallel` messages may be with drivers at the same time.
    pub(super) fn of(drivers: Vec<Arc<dyn SmsDriver>>, timeout: Duration, parallel: usize) -> Self {
        let route = |driver| DriverRoute {
            driver,
            circuit_breaker: Mutex::new(CircuitBreaker::new(timeout + LAST_WORD)),
            hanging: Mutex::new(Hanging::new(timeout, parallel)),
        };
        Self { routes: drivers.into_iter().map(route).collect(), timeout }
    }

    /// How many messages of this kind the drivers let through, taken together.
    pub(super) fn admission(&self, kind: Try, now: Timestamp) -> Admission {
        let admissions =
            self.routes.iter().map(|route| route.circuit_breaker().admission(kind, now));
        admissions.reduce(more).unwrap_or(Admission::Blocked(now + REST))
    }

    /// The end of the pause, while no driver may be called, not even for a [`Try::First`].
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

    /// Whether there is a driver of this name, and it can be asked for the state of a message.
    pub(super) fn is_asked(&self, name: &str) -> bool {
        self.driver(name).is_some_and(|driver| driver.is_asked())
    }

    /// The number of drivers.
    pub(super) fn length(&self) -> usize {
        self.routes.len()
    }

    /// The names of the drivers that are down, and whether all are.
    pub(super) fn down(&self, messages_wait: bool, now: Timestamp) -> (Vec<String>, bool) {
        let is_down = |route: &&DriverRoute| route.circuit_breaker().is_down(messages_wait, now);
        let down: Vec<_> = self.routes.iter().filter(is_down).map(DriverRoute::name).collect();
        let are_all = down.len() == self.routes.len();
        (down, are_all)
    }

    /// Every driver and the state of its circuit breaker, in the order of `sms.drivers`.
    pub(super) fn reports(&self, now: Timestamp) -> Vec<DriverReport> {
        let report = |route: &DriverRoute| DriverReport {
            name: route.name(),
            host: route.driver.host(),
            circuit: route.circuit_breaker().report(now),
        };
        self.routes.iter().map(report).collect()
    }

    /// Calls the driver of this name by itself, without its circuit breaker. `None` if there is no such driver.
    pub(super) async fn test(
        &self,
        name: &str,
        message: &SmsMessage,
    ) -> Option<Result<Accepted, SendError>> {
        let driver = Arc::clone(self.driver(name)?);
        Some(hand_over(&*driver, message, self.timeout).await)
    }

    /// Calls one driver after the other until one accepts the message, refuses it for good or leaves that unclear.
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
            // Decide: a final outcome ends the loop, any other goes on to the next route.
            let driver = Some(route.name());
            let outcome = match said {
                Ok(Accepted { gateway_id }) => AttemptOutcome::Accepted(gateway_id),
                Err(SendError::AlreadyAccepted { gateway_id, .. })
                    if options.is_doubted(route.driver.name()) =>
                {
                    AttemptOutcome::AlreadyAccepted(gateway_id)
                }
                // The gateway may mean another message: nothing said that it had this one.
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
        // No route had a final outcome: try again after the pause.
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

    /// Logs it when so many messages hang that others wait for a place.
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
        // A driver that refuses in its own words works, and may accept the next message.
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

/// How the driver failed. `None` if it works: it refused this message for good, or has it already.
fn failure_of(said: &Result<Accepted, SendError>) -> Option<CallFailure> {
    match said {
        Ok(_) | Err(SendError::Refused(_) | SendError::AlreadyAccepted { .. }) => None,
        Err(SendError::Ambiguous(DeliveryError::TimedOut)) => Some(CallFailure::Hang),
        Err(SendError::Ambiguous(_) | SendError::NotAccepted { .. }) => Some(CallFailure::Other),
    }
}

/// Calls the driver. The outcome is [`SendError::Ambiguous`] if there is no answer a second after `timeout`.
pub async fn hand_over(
    driver: &dyn SmsDriver,
    message: &SmsMessage,
    timeout: Duration,
) -> Result<Accepted, SendError> {
    let said = tokio::time::timeout(timeout + LAST_WORD, driver.send(message)).await;
    said.unwrap_or(Err(SendError::Ambiguous(DeliveryError::TimedOut)))
}

/// The wider admission. Of two that are blocked, the one that ends first.
fn more(one: Admission, other: Admission) -> Admission {
    match (one, other) {
        (Admission::Blocked(one), Admission::Blocked(other)) => Admission::Blocked(one.min(other)),
        (one, other) => one.max(other),
    }
}
