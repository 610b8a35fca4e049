use std::borrow::Cow;
use std::time::Duration;

use super::setting::Setting;
use super::takes::Takes;
use super::value::Value;
use crate::domain::limits::{LEAST_TO_LOCK, Limit, Limits, Rule};

/// The most that a window may allow: what it counts has to fit into one record.
const MOST: i128 = 100;
/// A phone is locked after a hundred wrong guesses in a row at the latest (NIST SP 800-63B 5.2.2).
const LOCK_AFTER: std::ops::RangeInclusive<i128> = LEAST_TO_LOCK as i128..=100;
/// The most that a budget may hold.
const MOST_OF_A_BUDGET: i128 = 1_000_000;
/// Beyond a day nothing is counted.
const LONGEST_PAUSE: i128 = 24 * 60 * 60;

/// One setting for every row of the limits' own table, and one for what is kept.
pub(super) fn limits() -> Vec<Setting> {
    let kept = Setting::new(
        "limits.kept_for_person_requests",
        Takes::Number {
            bounds: (*Limits::KEPT_PERCENT.start()).into()..=(*Limits::KEPT_PERCENT.end()).into(),
            unit: "percent".into(),
        },
        "how much of `sends_per_day`, `sends_per_range`, `sends_per_node` and a client's share of it phone verifications leave to person requests",
        |config| u32::from(config.limits.kept_percent).into(),
        |config, value| {
            config.limits.kept_percent = value.number()?;
            Some(())
        },
    );
    Limits::default().rows().map(setting).chain([kept]).collect()
}

fn setting(limit: &Limit) -> Setting {
    let name = limit.name;
    Setting::new(
        format!("limits.{name}"),
        takes(limit.rule),
        format!("protects {}", limit.protects),
        move |config| {
            let row = config.limits.rows().find(|row| row.name == name);
            row.map_or(Value::List(Vec::new()), |row| value(row.rule))
        },
        move |config, value| {
            let row = config.limits.rows().find(|row| row.name == name)?;
            let rule = with(row.rule, value)?;
            config.limits = config.limits.clone().with(name, rule)?;
            Some(())
        },
    )
}

fn takes(rule: Rule) -> Takes {
    match rule {
        Rule::Escalating(pauses) => {
            Takes::Pauses { count: pauses.len(), bounds: 0..=LONGEST_PAUSE }
        }
        Rule::Window { length, .. } => Takes::Number { bounds: 1..=MOST, unit: within(length) },
        Rule::Lock { .. } => Takes::Number { bounds: LOCK_AFTER, unit: "in a row".into() },
        Rule::Rate { period: length, .. } => {
            Takes::Number { bounds: 1..=MOST_OF_A_BUDGET, unit: within(length) }
        }
        Rule::Share { .. } => Takes::Number {
            bounds: (*Limits::SHARE_PERCENT.start()).into()..=(*Limits::SHARE_PERCENT.end()).into(),
            unit: "percent".into(),
        },
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
        Rule::Escalating(pauses) => {
            Value::List(pauses.iter().map(|pause| pause.as_secs().into()).collect())
        }
        Rule::Window { most, .. } => most.into(),
        Rule::Lock { after, .. } => after.into(),
        Rule::Rate { burst, .. } => burst.into(),
        Rule::Share { percent } => u32::from(percent).into(),
    }
}

/// The same kind of rule with another value.
fn with(rule: Rule, value: &Value) -> Option<Rule> {
    match rule {
        Rule::Escalating(_) => {
            Some(Rule::Escalating(value.items(|item| item.seconds(1))?.try_into().ok()?))
        }
        Rule::Window { length, .. } => Some(Rule::Window { most: value.number()?, length }),
        Rule::Lock { pause, .. } => Some(Rule::Lock { after: value.number()?, pause }),
        Rule::Rate { per, period, .. } => Some(Rule::Rate { per, burst: value.number()?, period }),
        Rule::Share { .. } => Some(Rule::Share { percent: value.number()? }),
    }
}
