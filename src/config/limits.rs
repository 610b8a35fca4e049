use std::borrow::Cow;
use std::time::Duration;

use super::setting::Setting;
use super::takes::Takes;
use super::value::Value;
use crate::domain::limits::{Limit, Limits, Rule};

/// The most that a window may allow: what it counts has to fit into one record.
const MOST: i128 = 100;
/// Beyond a day nothing is counted.
const LONGEST_PAUSE: i128 = 24 * 60 * 60;

/// One setting for every row of the limits' own table.
pub(super) fn limits() -> Vec<Setting> {
    Limits::default().rows().map(setting).collect()
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
        Rule::Ladder(pauses) => Takes::Pauses { count: pauses.len(), bounds: 0..=LONGEST_PAUSE },
        Rule::Window { length, .. } => Takes::Number { bounds: 1..=MOST, unit: within(length) },
    }
}

fn within(length: Duration) -> Cow<'static, str> {
    match length.as_secs() {
        60 => "a minute".into(),
        3_600 => "an hour".into(),
        86_400 => "a day".into(),
        seconds => format!("in {seconds} seconds").into(),
    }
}

fn value(rule: Rule) -> Value {
    match rule {
        Rule::Ladder(pauses) => {
            Value::List(pauses.iter().map(|pause| pause.as_secs().into()).collect())
        }
        Rule::Window { most, .. } => most.into(),
    }
}

/// The same kind of rule with another value.
fn with(rule: Rule, value: &Value) -> Option<Rule> {
    match rule {
        Rule::Ladder(_) => {
            Some(Rule::Ladder(value.items(|item| item.seconds(1))?.try_into().ok()?))
        }
        Rule::Window { length, .. } => Some(Rule::Window { most: value.number()?, length }),
    }
}
