use std::process::Command;

use super::child::example_path;
use super::is_long;

/// Sends, guesses and right codes, all of it swept before the next round.
#[test]
fn a_database_keeps_the_size_of_its_first_round() {
    let home = tempfile::tempdir().unwrap();
    let rounds = if is_long() { "10" } else { "3" };
    let output = Command::new(example_path("growth"))
        .args(["--rounds", rounds, "--sends", "5000", "--at-most", "1.3"])
        .arg(home.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    print!("{said}");
}
