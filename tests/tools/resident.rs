//! The memory of a process, for measurements.

#![allow(clippy::unwrap_used, reason = "a measurement that can't be made should say so loudly")]

/// The resident memory of a process in KiB: `self`, or the id of another one.
pub(crate) fn resident_kib(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
