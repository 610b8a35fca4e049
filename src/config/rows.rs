//! What rows of the table are made of.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::takes::Takes;
use super::value::Value;

pub(super) fn number(bounds: RangeInclusive<impl Into<i128> + Copy>, unit: &'static str) -> Takes {
    Takes::Number { bounds: (*bounds.start()).into()..=(*bounds.end()).into(), unit: unit.into() }
}

pub(super) fn text(value: &Value) -> Option<String> {
    value.text().map(str::to_owned)
}

pub(super) fn parsed<T: FromStr>(value: &Value) -> Option<T> {
    value.text()?.parse().ok()
}

pub(super) fn set<T>(place: &mut T, value: Option<T>) -> Option<()> {
    *place = value?;
    Some(())
}

/// Sets a path that may be none: an empty text.
pub(super) fn set_place(place: &mut Option<PathBuf>, value: &Value) -> Option<()> {
    let text = value.text()?;
    *place = Some(text.into()).filter(|_| !text.is_empty());
    Some(())
}

/// Such a path as a value.
pub(super) fn placed(path: Option<&Path>) -> Value {
    path.unwrap_or(Path::new("")).to_string_lossy().as_ref().into()
}
