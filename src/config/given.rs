use super::fault::Source;
use super::value::Value;

/// A value for a setting, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) key: String,
    pub(super) value: Value,
    pub(super) source: Source,
}
