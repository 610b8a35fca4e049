//! Protects the memory of this process from other processes.

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

use super::CliError;

/// Forbids core files, and reading this memory from other processes of the user (`ptrace`, `/proc/PID/mem`): it has the
/// pepper, tokens and codes. Root can still read it.
pub(super) fn forbid_dumps() -> Result<(), CliError> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|error| {
        CliError::software(format_args!("cannot keep secrets out of core files: {error}"))
    })
}
