//! How often codes may be sent and guessed: rows of a table, and what they are counted in.
//!
//! | row | per | default | protects |
//! |---|---|---|---|
//! | `send_pause` | phone | 60, 120, 300, then 900 s between sends | a phone from being flooded |
//! | `sends_per_hour` | phone | 5 | a phone from being flooded |
//! | `sends_per_day` | phone | 10, a share kept | a phone from being flooded |
//! | `sends_per_range` | first eight digits after `+` | 20 in 10 minutes, a share kept | from numbers tried in a row |
//! | `sends_per_client` | client | 120 a minute | the node from a client that runs wild |
//! | `sends_per_node` | node | 1 000 an hour, a share kept | the bill |
//! | `client_share_of_node` | client | half of that while other clients send, a share kept | clients from one another |
//! | `guesses_per_hour` | phone | 10 | a code from being guessed across resends |
//! | `guesses_in_a_row` | phone | 100, then one an hour | a phone from patience |
//! | `guesses_per_client` | client | 300 an hour | all codes from one client that guesses |
//! | `wrong_guesses_per_hour` | node | 1 000, then alarm | all phones from one guess each |
//!
//! What is counted for a phone is kept moment by moment, in a [`SlidingWindow`], so its limits are exact. Everything else is a
//! budget that fills up again evenly, a [`Rate`]. What is allowed is counted in the same write that it allows, so a
//! restart forgives nothing; what is refused writes nothing, so a refusal never lengthens a wait.
//!
//! A send that never left gives its place in the phone's windows back, five a day at most, and nothing else: see [`Sends`].
//!
//! A *share kept*: of these counts the sends of phone verifications may use up only a part. The rest is there for person
//! requests, so that nobody who may verify phones can keep a patient from approving a request.

mod rate;
mod sends;
mod sliding_window;
mod wrong_guesses;

use std::time::Duration;

pub use rate::{Budget, Rate};
pub use sends::{GIVEN_BACK_A_DAY, Sends};
pub use sliding_window::{DAY, SlidingWindow};
pub use wrong_guesses::{LEAST_TO_LOCK, WrongGuesses};

use super::{ClientId, Phone, Purpose, Timestamp};

/// One row: a name for configuration and `error.reason`, a rule, and what it is there for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Name of the row.
    pub name: &'static str,
    /// What `error.reason` says when it refuses.
    pub reason: &'static str,
    /// What is allowed.
    pub rule: Rule,
    /// Whether a share of it is kept for person requests.
    pub keeps_a_share: bool,
    /// What it protects, for the people who set it.
    pub protects: &'static str,
}

/// What is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// For a phone, a pause after the first, a longer one after the second, and so on; the last pause is for all later
    /// ones. The pauses start again after a success, and a send older than a day counts no more.
    Escalating([Duration; 4]),
    /// For a phone, at most so many in any stretch of this length; at least one, at most a day.
    Window {
        /// How many.
        most: usize,
        /// In what length of time.
        length: Duration,
    },
    /// For a phone, after so many without a success only one in this length of time.
    Lock {
        /// How many.
        after: u32,
        /// The pause from then on.
        pause: Duration,
    },
    /// A budget of this share of the node's, in percent: for each client, and only while others send.
    Share {
        /// How much of it.
        percent: u8,
    },
    /// A budget that fills up evenly: GCRA (ITU-T I.371).
    Rate {
        /// What each budget is kept for.
        per: BudgetScope,
        /// The whole budget, which may be spent at once.
        burst: u32,
        /// In what time the whole budget comes back.
        period: Duration,
    },
}

/// Whose a budget is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetScope {
    /// All numbers that begin with the same eight digits.
    Range,
    /// The client that asks; all calls without a token are one.
    Client,
    /// This node.
    Node,
}

/// What one budget is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BudgetOwner {
    /// Numbers that begin with these digits after `+380`.
    Range(u32),
    /// This client; none is who calls without a token.
    Client(Option<ClientId>),
    /// This node.
    Node,
}

/// The table: which limits judge sends, which judge guesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Judge a code's sending, whichever route asks for it.
    pub sends: Vec<Limit>,
    /// Judge a code's comparing.
    pub guesses: Vec<Limit>,
    /// Counts wrong guesses of all phones. It refuses none, but raises the alarm.
    pub wrong_guesses: Limit,
    /// How much is kept for person requests where a share is kept, in percent.
    pub kept_percent: u8,
}

/// A limit says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    /// The word of the row that said so.
    pub limit: &'static str,
    /// From when on it says yes.
    pub next_attempt_at: Timestamp,
}

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

impl Default for Limits {
    fn default() -> Self {
        let row = |name, rule, protects| Limit {
            name,
            reason: name,
            rule,
            keeps_a_share: false,
            protects,
        };
        let keeping =
            |name, rule, protects| Limit { keeps_a_share: true, ..row(name, rule, protects) };
        let refusing_as = |reason, row| Limit { reason, ..row };
        let rate = |per, burst, period| Rule::Rate { per, burst, period };
        Self {
            sends: vec![
                row(
                    "send_pause",
                    Rule::Escalating([1, 2, 5, 15].map(Duration::from_mins)),
                    "a phone from being flooded",
                ),
                row(
                    "sends_per_hour",
                    Rule::Window { most: 5, length: HOUR },
                    "a phone from being flooded",
                ),
                keeping(
                    "sends_per_day",
                    Rule::Window { most: 10, length: DAY },
                    "a phone from being flooded",
                ),
                keeping(
                    "sends_per_range",
                    rate(BudgetScope::Range, 20, 10 * MINUTE),
                    "the bill from somebody who tries numbers in a row",
                ),
                row(
                    "sends_per_client",
                    rate(BudgetScope::Client, 120, MINUTE),
                    "the node from a client that runs wild",
                ),
                keeping(
                    "sends_per_node",
                    rate(BudgetScope::Node, 1000, HOUR),
                    "the bill as a whole",
                ),
                keeping(
                    "client_share_of_node",
                    Rule::Share { percent: 50 },
                    "clients from one that uses up `sends_per_node` while others send",
                ),
            ],
            guesses: vec![
                refusing_as(
                    "too_many_guesses",
                    row(
                        "guesses_per_hour",
                        Rule::Window { most: 10, length: HOUR },
                        "a code from being guessed across resends",
                    ),
                ),
                refusing_as(
                    "locked",
                    row(
                        "guesses_in_a_row",
                        Rule::Lock { after: 100, pause: HOUR },
                        "a phone from somebody with patience",
                    ),
                ),
                row(
                    "guesses_per_client",
                    rate(BudgetScope::Client, 300, HOUR),
                    "all codes from one client that guesses",
                ),
            ],
            wrong_guesses: row(
                "wrong_guesses_per_hour",
                rate(BudgetScope::Node, 1000, HOUR),
                "all phones from somebody who tries each once",
            ),
            kept_percent: 40,
        }
    }
}

impl Limits {
    /// The bounds of a [`Rule::Share`].
    pub const SHARE_PERCENT: std::ops::RangeInclusive<u8> = 10..=100;

    /// The bounds of `limits.kept_for_person_requests`.
    pub const KEPT_PERCENT: std::ops::RangeInclusive<u8> = 0..=80;

    /// A table that refuses nothing, for a demo.
    pub fn none() -> Self {
        let usual = Self::default();
        let rule = Rule::Rate { per: BudgetScope::Node, burst: 1_000_000, period: MINUTE };
        let wrong_guesses = Limit { rule, ..usual.wrong_guesses };
        Self { sends: Vec::new(), guesses: Vec::new(), wrong_guesses, ..usual }
    }

    /// Every row, whatever it judges.
    pub fn rows(&self) -> impl Iterator<Item = &Limit> {
        self.sends.iter().chain(&self.guesses).chain([&self.wrong_guesses])
    }

    /// The same table with the row of this name judging by another rule; `None` when there is no such row.
    pub fn with(mut self, name: &str, rule: Rule) -> Option<Self> {
        let rows = self.sends.iter_mut().chain(&mut self.guesses).chain([&mut self.wrong_guesses]);
        let row = rows.into_iter().find(|row| row.name == name)?;
        row.rule = rule;
        Some(self)
    }

    /// What is counted against a row as a budget; `None` when it counts moments, or a share of a budget that is not there.
    pub fn budget(&self, row: &Limit) -> Option<(BudgetScope, Budget)> {
        let (per, burst, period) = match row.rule {
            Rule::Rate { per, burst, period } => (per, burst, period),
            Rule::Share { percent } => {
                let (burst, period) = self.node_s_sends()?;
                let share = (u64::from(burst) * u64::from(percent)).div_ceil(100);
                (BudgetScope::Client, u32::try_from(share).unwrap_or(burst).max(1), period)
            }
            Rule::Escalating(_) | Rule::Window { .. } | Rule::Lock { .. } => return None,
        };
        let low_water = self.usable(row, burst, Purpose::PhoneVerification);
        Some((per, Budget { burst, period, low_water }))
    }

    fn node_s_sends(&self) -> Option<(u32, Duration)> {
        self.sends.iter().find_map(|row| match row.rule {
            Rule::Rate { per: BudgetScope::Node, burst, period } => Some((burst, period)),
            _ => None,
        })
    }

    /// How many of `most` this purpose may use up under this row: at least one.
    pub fn usable(&self, row: &Limit, most: u32, purpose: Purpose) -> u32 {
        match purpose {
            Purpose::PhoneVerification if row.keeps_a_share => {
                let kept = u64::from(most) * u64::from(self.kept_percent) / 100;
                (most - u32::try_from(kept).unwrap_or(most)).max(1)
            }
            Purpose::PhoneVerification | Purpose::PersonRequest(_) => most,
        }
    }
}

impl BudgetScope {
    /// The one that a code for this phone, asked for by this client, is counted for.
    pub fn subject(self, phone: Phone, client: Option<ClientId>) -> BudgetOwner {
        match self {
            Self::Range => BudgetOwner::Range(phone.range()),
            Self::Client => BudgetOwner::Client(client),
            Self::Node => BudgetOwner::Node,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Id;

    #[test]
    fn rows_have_names_of_their_own() {
        let limits = Limits::default();
        let mut names: Vec<_> = limits.rows().map(|row| row.name).collect();
        let rows = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), rows);
        assert!(limits.with("no_such_row", Rule::Escalating([Duration::ZERO; 4])).is_none());
    }

    #[test]
    fn a_client_s_share_is_a_part_of_the_node_s_budget_rounded_up_and_never_nothing() {
        let share_of = |burst, percent| {
            let node = Rule::Rate { per: BudgetScope::Node, burst, period: HOUR };
            let limits = Limits::default().with("sends_per_node", node).unwrap();
            let limits = limits.with("client_share_of_node", Rule::Share { percent }).unwrap();
            let row = limits.rows().find(|row| row.name == "client_share_of_node").unwrap();
            let (per, budget) = limits.budget(row).unwrap();
            assert_eq!((per, budget.period), (BudgetScope::Client, HOUR));
            budget.burst
        };
        assert_eq!([share_of(1000, 50), share_of(5, 50), share_of(1, 10)], [500, 3, 1]);
        assert_eq!(share_of(1_000_000, 100), 1_000_000);
    }

    #[test]
    fn what_is_kept_is_kept_from_phone_verifications_only_and_never_all_of_it() {
        let mut limits = Limits::default();
        let row = |name: &str| limits.rows().find(|row| row.name == name).unwrap().clone();
        let (day, pause) = (row("sends_per_day"), row("sends_per_hour"));
        let request = Purpose::PersonRequest(Id::from_bytes([1; 16]));
        assert_eq!(limits.usable(&day, 10, Purpose::PhoneVerification), 6);
        assert_eq!(limits.usable(&day, 10, request), 10);
        assert_eq!(limits.usable(&pause, 10, Purpose::PhoneVerification), 10);
        assert_eq!(limits.usable(&day, 1, Purpose::PhoneVerification), 1);
        limits.kept_percent = 80;
        assert_eq!(limits.usable(&day, 2, Purpose::PhoneVerification), 1);
    }
}
