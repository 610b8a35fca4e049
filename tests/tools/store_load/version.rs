#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "what this release's store would never write"
)]

use std::path::Path;

use crate::Outcome;

/// As large as the store's own, or sled would refuse the log.
const SEGMENT_BYTES: usize = 4 * 1024 * 1024;

/// The store may not be open.
pub(crate) fn set(path: &Path, version: u32) -> Outcome<()> {
    // What the file digests in it say is about to change.
    std::fs::remove_file(path.join("seal"))?;
    let database = sled::Config::new()
        .path(path.join("store"))
        .segment_size(SEGMENT_BYTES)
        .mode(sled::Mode::LowSpace)
        .open()?;
    database.open_tree("meta")?.insert("version", &version.to_be_bytes())?;
    database.flush()?;
    Ok(())
}
