//! Rules of the house that the compiler does not know.

mod layers;
mod lints;
mod paths;
mod tokens;
mod top_level;

use std::path::Path;

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
