//! What others may see of this process's memory.

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

use super::CliError;

/// Keeps it from being written to a core file, and from being read by other processes of this user (`ptrace`,
/// `/proc/PID/mem`): pepper, tokens and codes stand in it. Root may read it all the same.
pub(super) fn close() -> Result<(), CliError> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|error| {
        CliError::software(format_args!("cannot keep secrets out of core files: {error}"))
    })
}
