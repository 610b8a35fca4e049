//! What gateways do, and what becomes of a message then: a new behaviour is a new row.

use std::time::Duration;

use esoz_otp::domain::{DeliveryError, VendorStatus};

use super::TIMEOUT;
use crate::support::gateway::{Behaviour, When};

/// One behaviour, and all that can be seen of it.
pub(super) struct Row {
    /// What the gateway does, as systemd/GATEWAYS.md says it.
    pub(super) gateway: &'static str,
    pub(super) does: Does,
    /// How many messages it took, each of which is an SMS.
    pub(super) left: usize,
    pub(super) status: &'static str,
    pub(super) attempts: u16,
    pub(super) uncertain: bool,
    pub(super) last_error: Option<DeliveryError>,
}

pub(super) enum Does {
    /// This to the first call, and it takes whatever comes then.
    First(Behaviour),
    /// This to the first two calls.
    InTurn([Behaviour; 2]),
    /// This to every call.
    Always(Behaviour),
    /// Nobody is there for so long.
    IsDown(Duration),
    /// It takes the message, and says then what became of it.
    Tells(When),
}

impl Row {
    /// The message leaves once, for sure.
    fn sent(gateway: &'static str, does: Does, attempts: u16) -> Self {
        let (left, status) = (1, "sent");
        Self { gateway, does, left, status, attempts, uncertain: false, last_error: None }
    }

    /// It may have left; it is tried twice at the most.
    fn uncertain(
        gateway: &'static str,
        does: Does,
        left: usize,
        last_error: Option<DeliveryError>,
    ) -> Self {
        let (status, attempts, uncertain) = ("uncertain", 2, true);
        Self { gateway, does, left, status, attempts, uncertain, last_error }
    }

    /// It never leaves.
    fn ended(
        gateway: &'static str,
        does: Does,
        status: &'static str,
        attempts: u16,
        why: DeliveryError,
    ) -> Self {
        let last_error = Some(why);
        Self { gateway, does, left: 0, status, attempts, uncertain: false, last_error }
    }
}

/// How often a message is tried here until its code has expired.
const UNTIL_IT_EXPIRES: u16 = 10;

pub(super) fn rows() -> Vec<Row> {
    [well(), unclear(), not_now(), never(), receipts()].into_iter().flatten().collect()
}

fn well() -> Vec<Row> {
    let (quick, slow) = (Behaviour::Take, Behaviour::Slow(TIMEOUT / 4));
    vec![
        Row::sent("takes the message", Does::Always(quick), 1),
        Row::sent("takes it, and answers slowly but in time", Does::Always(slow), 1),
    ]
}

fn unclear() -> Vec<Row> {
    use Behaviour::{Hang, Reset, Slow, TakeAndDrop, TakeAndStutter};
    use Does::{Always, First, InTurn};
    vec![
        Row::uncertain(
            "takes it, and answers too late (`timeout_seconds`)",
            Always(Slow(TIMEOUT * 4)),
            2,
            Some(DeliveryError::TimedOut),
        ),
        Row::uncertain("never answers", Always(Hang), 0, Some(DeliveryError::TimedOut)),
        Row::uncertain("does not answer, and takes it the second time", First(Hang), 1, None),
        Row::uncertain(
            "takes it, drops the connection, and takes it again",
            First(TakeAndDrop),
            2,
            None,
        ),
        Row {
            uncertain: true,
            ..Row::sent(
                "takes it, drops the connection, and says then that it has it (`taken_before`)",
                InTurn([TakeAndDrop, Behaviour::duplicate()]),
                2,
            )
        },
        Row::uncertain(
            "takes it and drops the connection, always",
            Always(TakeAndDrop),
            2,
            Some(DeliveryError::CutOff),
        ),
        Row::uncertain(
            "takes it, and its answer breaks off",
            Always(TakeAndStutter),
            2,
            Some(DeliveryError::CutOff),
        ),
        Row::uncertain(
            "resets the connection, and takes it the second time",
            First(Reset),
            1,
            None,
        ),
        Row::uncertain("resets every connection", Always(Reset), 0, Some(DeliveryError::CutOff)),
        Row::uncertain(
            "answers 200 with rubbish, and takes it the second time",
            First(Behaviour::rubbish()),
            1,
            None,
        ),
        Row::uncertain(
            "answers 200 with rubbish, always",
            Always(Behaviour::rubbish()),
            0,
            Some(DeliveryError::Unintelligible),
        ),
        Row::uncertain(
            "answers what is no HTTP",
            Always(Behaviour::Garbage),
            0,
            Some(DeliveryError::Unintelligible),
        ),
        Row::uncertain(
            "answers 502 or 504, which comes from something before it",
            Always(Behaviour::status(502)),
            0,
            Some(DeliveryError::Status(502)),
        ),
    ]
}

fn not_now() -> Vec<Row> {
    use Does::{Always, First, IsDown};
    vec![
        Row::sent("is down for a minute", IsDown(Duration::from_mins(1)), 3),
        Row::sent("answers 503, and takes it later", First(Behaviour::status(503)), 2),
        Row {
            status: "uncertain",
            uncertain: true,
            ..Row::ended(
                "answers 500 as long as the code lives",
                Always(Behaviour::status(500)),
                "expired",
                UNTIL_IT_EXPIRES,
                DeliveryError::Status(500),
            )
        },
        Row {
            status: "uncertain",
            uncertain: true,
            ..Row::sent("answers 500, and takes it later", First(Behaviour::status(500)), 2)
        },
        Row::sent(
            "answers 429 with `Retry-After`, which is obeyed, and takes it later",
            First(Behaviour::too_many(Some("10"))),
            2,
        ),
        Row::sent("answers 429 without, and takes it later", First(Behaviour::too_many(None)), 2),
        Row::sent(
            "says that there is no money left (`not_taken`), and takes it later",
            First(Behaviour::no_money()),
            2,
        ),
        Row::ended(
            "says that there is no money left as long as the code lives",
            Always(Behaviour::no_money()),
            "expired",
            UNTIL_IT_EXPIRES,
            DeliveryError::NotNow(VendorStatus::of("REQUIRED_BALANCE")),
        ),
        Row::sent(
            "says that it has what it never took (`taken_before`), and takes it later",
            First(Behaviour::duplicate()),
            2,
        ),
        Row::ended(
            "redirects",
            Always(Behaviour::redirect("http://127.0.0.1:9/elsewhere")),
            "expired",
            UNTIL_IT_EXPIRES,
            DeliveryError::Redirected(307),
        ),
    ]
}

fn never() -> Vec<Row> {
    let word = DeliveryError::Verdict(VendorStatus::of("INVALID_PHONE"));
    vec![
        Row::ended(
            "says that there is no such number (`refused`)",
            Does::Always(Behaviour::refused()),
            "failed",
            1,
            word,
        ),
        Row::ended(
            "answers a status of `refused_statuses`",
            Does::Always(Behaviour::status(422)),
            "failed",
            1,
            DeliveryError::Status(422),
        ),
    ]
}

fn receipts() -> Vec<Row> {
    let delivered =
        |gateway, when| Row { status: "delivered", ..Row::sent(gateway, Does::Tells(when), 1) };
    vec![
        delivered("takes it, and says later that it has arrived", When::After),
        delivered("says that it has arrived before it answers", When::BeforeAnswer),
        delivered("says so twice", When::Twice),
        Row::sent("takes it, and never says what became of it", Does::Tells(When::Never), 1),
        Row {
            left: 1,
            ..Row::ended(
                "takes it, and says later that it could not be delivered",
                Does::Tells(When::Undelivered),
                "failed",
                1,
                DeliveryError::Undelivered(VendorStatus::of("Undelivered")),
            )
        },
    ]
}
