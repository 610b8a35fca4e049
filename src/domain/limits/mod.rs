//! How often codes may be sent and guessed: rows of a table, and what they are counted in.
//!
//! | row | per | default | protects |
//! |---|---|---|---|
//! | `send_pause` | phone | 60, 120, 300, then 900 s between sends | a phone from being flooded |
//! | `sends_per_hour` | phone | 5 | a phone from being flooded |
//! | `sends_per_day` | phone | 10, a share kept | a phone from being flooded |
//! | `sends_per_range` | first eight digits after `+` | 20 in 10 minutes, a share kept | the bill from numbers tried in a row |
//! | `sends_per_client` | client | 120 a minute | the node from a client that runs wild |
//! | `sends_per_node` | node | 1 000 an hour, a share kept | the bill |
//! | `client_share_of_node` | client | half of that while other clients send, a share kept | clients from one another |
//! | `guesses_per_hour` | phone | 10 | a code from being guessed across resends |
//! | `guesses_in_a_row` | phone | 100, then one an hour | a phone from guesses over weeks |
//! | `guesses_per_client` | client | 300 an hour | all codes from one client that guesses |
//! | `wrong_guesses_per_hour` | node | 1 000, then alarm | all phones from one guess each |
//!
//! Counts for a phone are kept moment by moment in a [`SlidingWindow`], so these limits are exact. Every other limit is a
//! budget that refills evenly: a [`Rate`]. A send or guess is counted in the write that it belongs to, so a restart forgets
//! none. A refusal writes nothing, so it never makes a wait longer.
//!
//! | kind of rule | computed by |
//! |---|---|
//! | [`Rule::Escalating`], [`Rule::Window`], [`Rule::Lock`] | `SlidingWindow::allows_at`, in `sliding_window.rs` |
//! | [`Rule::Rate`] | [`Rate::allows_at`], in `rate.rs` |
//! | [`Rule::Share`] | `src/otp/limits.rs`, as a budget that applies while other clients send |
//!
//! A send of a message that never left the node is given back to the phone's windows, at most five a day: see [`Sends`].
//!
//! *A share kept*: phone verifications can use only a part of such a limit. The rest is left for person requests, so that a
//! client with the right to verify phones can't block a patient's approval.

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

/// One row of the table of limits: a name, a rule, and the reason for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The setting's key below `limits`, for example `sends_per_hour`.
    pub name: &'static str,
    /// `error.reason` of the refusal; it differs from `name` for guesses.
    pub reason: &'static str,
    /// How much the row allows, and what it counts.
    pub rule: Rule,
    /// Whether phone verifications leave `Limits::kept_percent` of this limit to person requests.
    pub keeps_a_share: bool,
    /// What the limit protects, for the description of its setting.
    pub protects: &'static str,
}

/// How a limit counts, with its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// For a phone: pauses between sends that grow. After the first send the first pause applies, after the fourth and
    /// every later one the last. A right code, or a day without a send, starts them again.
    Escalating([Duration; 4]),
    /// For a phone: at most `most` in any period of this `length`. `most` is at least 1, `length` at most a [`DAY`].
    Window {
        /// How many the window allows.
        most: usize,
        /// Length of the window.
        length: Duration,
    },
    /// For a phone: after this many wrong guesses without a right one, one guess per `pause`.
    Lock {
        /// Wrong guesses in a row that lock the phone: at least [`LEAST_TO_LOCK`].
        after: u32,
        /// Time between two guesses for a locked phone.
        pause: Duration,
    },
    /// For a client: a share of the node's budget of sends, applied only while other clients send as well.
    Share {
        /// The share in percent of the node's `burst`, within [`Limits::SHARE_PERCENT`].
        percent: u8,
    },
    /// A budget that refills evenly, counted by GCRA (ITU-T I.371, annex A).
    Rate {
        /// Whether each range, each client or the node has one budget.
        per: BudgetScope,
        /// Size of the budget: this many may be spent at once.
        burst: u32,
        /// Time in which an empty budget refills completely.
        period: Duration,
    },
}

/// Which requests share one budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetScope {
    /// Requests for phones with the same five digits after `+380`: [`Phone::range`].
    Range,
    /// Requests of the same client. Requests without a token form one client.
    Client,
    /// All requests to this node.
    Node,
}

/// The owner of one budget: part of its key in the tree of rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BudgetOwner {
    /// The phones with these five digits after `+380`.
    Range(u32),
    /// This client; `None` for requests without a token.
    Client(Option<ClientId>),
    /// The node, for budgets that all requests share.
    Node,
}

/// All limits: rows that judge sends, and rows that judge guesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Rows that are checked before a code is sent, on every route that sends one.
    pub sends: Vec<Limit>,
    /// Rows that are checked before a guess is compared.
    pub guesses: Vec<Limit>,
    /// Counts the wrong guesses for all phones. It refuses no request: if it is used up, the node raises the alarm.
    pub wrong_guesses: Limit,
    /// Percentage of each row with `keeps_a_share` that only person requests can use.
    pub kept_percent: u8,
}

/// The refusal of one row: becomes `Refusal::SendLimited` or `Refusal::GuessLimited`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    /// `Limit::reason` of the row that refuses.
    pub limit: &'static str,
    /// When the row has room again if nothing else is counted before.
    pub next_attempt_at: Timestamp,
}

/// How much of a [`Rule::Window`] a phone has used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowUse {
    /// `Limit::reason` of the row.
    pub limit: &'static str,
    /// The moments within the window.
    pub count: usize,
    /// How many the window allows.
    pub most: usize,
    /// Length of the window.
    pub length: Duration,
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
                    "the bill from a caller who tries numbers in a row",
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
                        "a phone from guesses over weeks",
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
                "all phones from a caller who tries each once",
            ),
            kept_percent: 40,
        }
    }
}

impl Limits {
    /// Bounds of the setting `limits.client_share_of_node`, in percent: [`Rule::Share`].
    pub const SHARE_PERCENT: std::ops::RangeInclusive<u8> = 10..=100;

    /// Bounds of the setting `limits.kept_for_person_requests`, in percent.
    pub const KEPT_PERCENT: std::ops::RangeInclusive<u8> = 0..=80;

    /// [`Limit::reason`] of every row, each once.
    pub const REASONS: [&'static str; 11] = [
        "send_pause",
        "sends_per_hour",
        "sends_per_day",
        "sends_per_range",
        "sends_per_client",
        "sends_per_node",
        "client_share_of_node",
        "too_many_guesses",
        "locked",
        "guesses_per_client",
        "wrong_guesses_per_hour",
    ];

    /// A table for `demo` that refuses nothing: no rows, and an alarm that never comes in practice.
    pub fn none() -> Self {
        let usual = Self::default();
        let rule = Rule::Rate { per: BudgetScope::Node, burst: 1_000_000, period: MINUTE };
        let wrong_guesses = Limit { rule, ..usual.wrong_guesses };
        Self { sends: Vec::new(), guesses: Vec::new(), wrong_guesses, ..usual }
    }

    /// Every row: those for sends, those for guesses, and `wrong_guesses`.
    pub fn rows(&self) -> impl Iterator<Item = &Limit> {
        self.sends.iter().chain(&self.guesses).chain([&self.wrong_guesses])
    }

    /// The same table with another rule in the row `name`; `None` if no row has this name.
    pub fn with(mut self, name: &str, rule: Rule) -> Option<Self> {
        let rows = self.sends.iter_mut().chain(&mut self.guesses).chain([&mut self.wrong_guesses]);
        let row = rows.into_iter().find(|row| row.name == name)?;
        row.rule = rule;
        Some(self)
    }

    /// The budget of a row and which requests share it. `None` for rules that count moments, and for a [`Rule::Share`]
    /// if the table has no budget of the node.
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

    /// How many of `most` this purpose can use under `row`. Phone verifications leave the kept share; at least 1.
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
    /// The owner of the budget that a code for this phone, requested by this client, counts against.
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
    fn the_list_of_reasons_has_those_of_all_rows() {
        let limits = Limits::default();
        let reasons: Vec<_> = limits.rows().map(|row| row.reason).collect();
        assert_eq!(reasons, Limits::REASONS);
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
