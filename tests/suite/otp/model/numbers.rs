//! The numbers of the limits' table, as plain as src/otp/README.md has them; the same for the model and for the real one.

use std::time::Duration;

use esoz_otp::config::Config;
use esoz_otp::domain::Purpose;
use esoz_otp::domain::limits::{BudgetScope, Limits, Rule};

use super::super::direct::CHEAPEST;

pub(super) const DAY: Duration = Duration::from_hours(24);
pub(super) const YEAR: Duration = Duration::from_hours(365 * 24);
/// Fewer wrong guesses in a row than this lock no phone, whatever the setting.
pub(super) const LEAST_TO_LOCK: u32 = 10;
pub(super) const LIFE: Duration = Duration::from_mins(5);
pub(super) const ATTEMPTS: u8 = 3;
/// How many sends of a phone that never left are given back in a day.
pub(super) const GIVEN_BACK: u32 = 5;
pub(super) const DRIFT: Duration = Duration::from_secs(5);
pub(super) const REQUEST_LIFE: Duration = Duration::from_hours(30 * 24);
/// How long a verification is kept.
pub(super) const KEPT: Duration = Duration::from_hours(30 * 24);

/// So many in such a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) whole: u32,
    /// How many of them phone verifications may use up.
    pub(super) of_verifications: u32,
    pub(super) length: Duration,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    pub(super) pauses: [Duration; 4],
    pub(super) per_hour: Row,
    pub(super) per_day: Row,
    pub(super) per_range: Row,
    pub(super) per_client: Row,
    pub(super) per_node: Row,
    pub(super) guesses: Row,
    /// After so many, one in such a time.
    pub(super) lock: Row,
    pub(super) wrong_guesses: Row,
    pub(super) client_guesses: Row,
}

const fn row(whole: u32, of_verifications: u32, seconds: u64) -> Row {
    Row { whole, of_verifications, length: Duration::from_secs(seconds) }
}

const fn pauses(seconds: [u64; 4]) -> [Duration; 4] {
    let [a, b, c, d] = seconds;
    [Duration::from_secs(a), Duration::from_secs(b), Duration::from_secs(c), Duration::from_secs(d)]
}

/// The table in src/otp/README.md.
const AS_IT_COMES: Numbers = Numbers {
    pauses: pauses([60, 120, 300, 900]),
    per_hour: row(5, 5, 3600),
    per_day: row(10, 6, 86_400),
    per_range: row(20, 12, 600),
    per_client: row(120, 120, 60),
    per_node: row(1000, 600, 3600),
    guesses: row(10, 10, 3600),
    lock: row(100, 100, 3600),
    wrong_guesses: row(1000, 1000, 3600),
    client_guesses: row(300, 300, 3600),
};

/// Nothing is refused for limits in as many steps as a sequence has.
const WIDE: Numbers = Numbers {
    pauses: pauses([0, 1, 1, 2]),
    per_hour: row(300, 300, 3600),
    per_day: row(500, 300, 86_400),
    per_client: row(300, 300, 60),
    guesses: row(300, 300, 3600),
    per_range: row(500, 300, 600),
    ..AS_IT_COMES
};

/// Tables under which a few steps lead to a refusal, each narrow elsewhere: by their numbers.
pub(super) const TABLES: [Numbers; 8] = [
    AS_IT_COMES,
    Numbers {
        pauses: pauses([60, 120, 300, 900]),
        per_hour: row(3, 3, 3600),
        per_day: row(5, 3, 86_400),
        ..WIDE
    },
    Numbers {
        per_range: row(5, 3, 600),
        per_client: row(4, 4, 60),
        per_node: row(10, 6, 3600),
        ..WIDE
    },
    Numbers { guesses: row(4, 4, 3600), ..WIDE },
    Numbers { lock: row(6, 6, 120), ..WIDE },
    Numbers { wrong_guesses: row(4, 4, 3600), ..WIDE },
    Numbers {
        pauses: pauses([10, 20, 40, 80]),
        per_hour: row(4, 4, 3600),
        per_day: row(10, 6, 86_400),
        per_range: row(10, 6, 600),
        per_client: row(6, 6, 60),
        per_node: row(20, 12, 3600),
        guesses: row(5, 5, 3600),
        lock: row(8, 8, 7200),
        wrong_guesses: row(6, 6, 3600),
        client_guesses: row(8, 8, 3600),
    },
    Numbers { client_guesses: row(4, 4, 3600), ..WIDE },
];
pub(super) const NARROW_PHONES: usize = 1;
pub(super) const NARROW_BUDGETS: usize = 2;
pub(super) const NARROW_GUESSES: usize = 3;
pub(super) const SOON_LOCKED: usize = 4;
pub(super) const SOON_ALARMED: usize = 5;
pub(super) const NARROW_CLIENTS: usize = 7;

impl Row {
    /// How many of them this may use up.
    pub(super) fn share(self, purpose: Purpose) -> u32 {
        match purpose {
            Purpose::PhoneVerification => self.of_verifications,
            Purpose::PersonRequest(_) => self.whole,
        }
    }

    /// In what time one comes back.
    pub(super) fn piece(self) -> Duration {
        self.length / self.whole
    }

    pub(super) fn more(self) -> Self {
        Self { whole: self.whole + 1, of_verifications: self.of_verifications + 1, ..self }
    }
}

impl Numbers {
    pub(super) fn budget(&self, name: &str) -> Row {
        match name {
            "sends_per_range" => self.per_range,
            "sends_per_client" => self.per_client,
            "sends_per_node" => self.per_node,
            "wrong_guesses_per_hour" => self.wrong_guesses,
            "guesses_per_client" => self.client_guesses,
            "client_share_of_node" => self.client_share(),
            other => panic!("{other} is no budget"),
        }
    }

    /// What one client gets of the node's sends while others send: half of it.
    pub(super) fn client_share(&self) -> Row {
        let half = |count: u32| count.div_ceil(2);
        let Row { whole, of_verifications, length } = self.per_node;
        Row { whole: half(whole), of_verifications: half(of_verifications), length }
    }

    /// Settings with these numbers in the table.
    pub(super) fn config(&self, ready: usize) -> Config {
        let window = |row: Row| Rule::Window { most: row.whole as usize, length: row.length };
        let budget = |row: Row, per| Rule::Rate { per, burst: row.whole, period: row.length };
        let rules = [
            ("send_pause", Rule::Escalating(self.pauses)),
            ("sends_per_hour", window(self.per_hour)),
            ("sends_per_day", window(self.per_day)),
            ("sends_per_range", budget(self.per_range, BudgetScope::Range)),
            ("sends_per_client", budget(self.per_client, BudgetScope::Client)),
            ("sends_per_node", budget(self.per_node, BudgetScope::Node)),
            ("guesses_per_hour", window(self.guesses)),
            ("guesses_in_a_row", Rule::Lock { after: self.lock.whole, pause: self.lock.length }),
            ("wrong_guesses_per_hour", budget(self.wrong_guesses, BudgetScope::Node)),
            ("guesses_per_client", budget(self.client_guesses, BudgetScope::Client)),
        ];
        let mut config = Config::default();
        config.otp.argon2 = CHEAPEST;
        config.otp.ready = ready;
        for (name, rule) in rules {
            config.limits = config.limits.with(name, rule).unwrap();
        }
        config
    }
}

#[test]
fn the_readme_s_table_is_what_comes_without_a_word_of_configuration() {
    assert_eq!(AS_IT_COMES.config(0).limits, Limits::default());
}
