//! An operator's change has its row of audit: one function writes both.

use std::fs;
use std::path::Path;

use super::{root, sources};

#[test]
fn one_file_of_the_operators_service_writes_to_the_store() {
    let folder = Path::new("service/admin");
    let files: Vec<_> = sources().into_iter().filter(|path| path.starts_with(folder)).collect();
    assert!(files.len() > 3);
    let writes = |path: &&std::path::PathBuf| {
        let text = fs::read_to_string(root().join("src").join(path)).unwrap();
        // Without line breaks, so that a call over several lines is found.
        let text: String = text.split_whitespace().collect();
        ["store.write(", "write_blocking("].iter().any(|call| text.contains(call))
    };
    let found: Vec<_> = files.iter().filter(writes).collect();
    assert_eq!(found, [Path::new("service/admin/change.rs")]);
}
