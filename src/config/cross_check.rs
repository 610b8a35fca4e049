use std::collections::BTreeMap;

use super::fault::{Fault, Source};

/// The source of each value that is not a default, by key.
pub(super) type Sources = BTreeMap<String, Source>;

/// A rule between settings of the section `S`.
pub(super) struct CrossCheck<S> {
    /// The settings that it reads. A fault names the first.
    pub(super) keys: &'static [&'static str],
    /// Whether only a node that serves needs it.
    pub(super) is_for_serving: bool,
    /// What is wrong, to be read behind the first key.
    pub(super) violation: fn(&S) -> Option<String>,
    /// What the operator can do.
    pub(super) remedy: &'static str,
}

impl<S> CrossCheck<S> {
    /// A rule for every command.
    pub(super) const fn new(
        keys: &'static [&'static str],
        violation: fn(&S) -> Option<String>,
        remedy: &'static str,
    ) -> Self {
        Self { keys, is_for_serving: false, violation, remedy }
    }

    /// A rule for a node that serves.
    pub(super) const fn for_serving(
        keys: &'static [&'static str],
        violation: fn(&S) -> Option<String>,
        remedy: &'static str,
    ) -> Self {
        Self { is_for_serving: true, ..Self::new(keys, violation, remedy) }
    }
}

/// What cross-checks know beside the configuration.
pub(super) struct CheckContext<'a> {
    pub(super) sources: &'a Sources,
    /// The faults of single settings. A rule that reads one of these settings is skipped.
    pub(super) faults: &'a [Fault],
    pub(super) is_to_serve: bool,
}

impl CheckContext<'_> {
    /// The faults of `section`.
    pub(super) fn faults_of<S>(&self, checks: &[CrossCheck<S>], section: &S) -> Vec<Fault> {
        let checks = checks.iter().filter(|check| self.is_to_serve || !check.is_for_serving);
        let fault = |check: &CrossCheck<S>| {
            let keys = check.keys.iter().map(|key| (*key).to_owned()).collect();
            self.fault(keys, || (check.violation)(section), check.remedy)
        };
        checks.filter_map(fault).collect()
    }

    /// The fault of a rule between these keys; `None` if the rule holds or is skipped.
    pub(super) fn fault(
        &self,
        keys: Vec<String>,
        violation: impl FnOnce() -> Option<String>,
        remedy: &str,
    ) -> Option<Fault> {
        if self.faults.iter().any(|fault| keys.iter().any(|key| fault.concerns(key))) {
            return None;
        }
        let what = violation()?;
        let source = keys.iter().find_map(|key| self.sources.get(key)).cloned().unwrap_or_default();
        let key = keys.into_iter().next()?;
        Some(Fault { source, key, what, remedy: remedy.into(), meant: None })
    }
}
