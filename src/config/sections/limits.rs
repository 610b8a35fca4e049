//! `limits.*`: one setting for each row of [`Limits`], and one for the share that is kept for person requests.

use std::borrow::Cow;
use std::time::Duration;

use crate::config::setting::{Row, Section};
use crate::config::value::{SettingValue, Value};
use crate::config::value_type::{ValueType, number};
use crate::domain::limits::{LEAST_TO_LOCK, Limit, Limits, Rule};

/// The most that a window may allow: its moments fit into one record.
const MAX_IN_WINDOW: i128 = 100;
/// A phone is locked after a hundred wrong guesses in a row at the latest (NIST SP 800-63B 5.2.2).
const LOCK_AFTER: std::ops::RangeInclusive<i128> = LEAST_TO_LOCK as i128..=100;
/// The greatest burst of a budget.
const MAX_BURST: i128 = 1_000_000;
/// The longest pause in seconds: sends and guesses older than a day do not count.
const MAX_PAUSE: i128 = 24 * 60 * 60;

impl Section for Limits {
    fn rows() -> Vec<Row<Self>> {
        let kept = Row::of_field(
            "limits.kept_for_person_requests",
            number(Self::KEPT_PERCENT, "percent"),
            &[
                "Share of `sends_per_day`, `sends_per_range`, `sends_per_node` and a client's share of that which phone \
               verifications leave to person requests.",
            ],
            |limits: &Self| &limits.kept_percent,
            |limits| &mut limits.kept_percent,
        );
        Self::default().rows().map(setting).chain([kept]).collect()
    }
}

fn setting(limit: &Limit) -> Row<Limits> {
    let name = limit.name;
    Row::new(
        format!("limits.{name}"),
        value_type(limit.rule),
        format!("Protects {}.", limit.protects),
        move |limits: &Limits| {
            let row = limits.rows().find(|row| row.name == name);
            row.map_or(Value::List(Vec::new()), |row| value(row.rule))
        },
        move |limits, value| {
            let row = limits.rows().find(|row| row.name == name)?;
            let rule = with(row.rule, value)?;
            *limits = limits.clone().with(name, rule)?;
            Some(())
        },
    )
}

fn value_type(rule: Rule) -> ValueType {
    let within = |max, length| ValueType::Number { bounds: 1..=max, unit: within(length) };
    match rule {
        Rule::Escalating(pauses) => {
            ValueType::Pauses { count: pauses.len(), bounds: 0..=MAX_PAUSE }
        }
        Rule::Window { length, .. } => within(MAX_IN_WINDOW, length),
        Rule::Lock { .. } => number(LOCK_AFTER, "in a row"),
        Rule::Rate { period, .. } => within(MAX_BURST, period),
        Rule::Share { .. } => number(Limits::SHARE_PERCENT, "percent"),
    }
}

fn within(length: Duration) -> Cow<'static, str> {
    match length.as_secs() {
        60 => "a minute".into(),
        3_600 => "an hour".into(),
        86_400 => "a day".into(),
        600 => "in ten minutes".into(),
        seconds => format!("in {seconds} seconds").into(),
    }
}

fn value(rule: Rule) -> Value {
    match rule {
        Rule::Escalating(pauses) => pauses.to_vec().to_value(),
        Rule::Window { most, .. } => most.to_value(),
        Rule::Lock { after, .. } => after.to_value(),
        Rule::Rate { burst, .. } => burst.to_value(),
        Rule::Share { percent } => percent.to_value(),
    }
}

/// The same kind of rule with another value.
fn with(rule: Rule, value: &Value) -> Option<Rule> {
    match rule {
        Rule::Escalating(_) => {
            Some(Rule::Escalating(Vec::<Duration>::from_value(value)?.try_into().ok()?))
        }
        Rule::Window { length, .. } => Some(Rule::Window { most: value.number()?, length }),
        Rule::Lock { pause, .. } => Some(Rule::Lock { after: value.number()?, pause }),
        Rule::Rate { per, period, .. } => Some(Rule::Rate { per, burst: value.number()?, period }),
        Rule::Share { .. } => Some(Rule::Share { percent: value.number()? }),
    }
}
