use crate::config::effective::Effective;
use crate::config::fault::{Fault, Source};

/// The fault of a relation between settings of these keys, unless it holds, or one of them is wrong already.
pub(super) fn fault(
    effective: &Effective,
    faults: &[Fault],
    keys: Vec<String>,
    broken: impl FnOnce() -> Option<String>,
    remedy: &str,
) -> Option<Fault> {
    if faults.iter().any(|fault| keys.iter().any(|key| fault.concerns(key))) {
        return None;
    }
    let what = broken()?;
    let mut sources = keys.iter().map(|key| effective.source(key));
    let source = sources.find(|source| *source != Source::Default).unwrap_or_default();
    let key = keys.into_iter().next()?;
    Some(Fault { source, key, what, remedy: remedy.into(), meant: None })
}
