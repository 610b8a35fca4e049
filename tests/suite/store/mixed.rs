use super::child::tool;
use super::is_long;

#[test]
fn writes_reads_scans_and_sweeps_never_wait_for_each_other_for_long() {
    let home = tempfile::tempdir().unwrap();
    let seconds = if is_long() { "60" } else { "5" };
    let output = tool().args(["mixed", "--seconds", seconds]).arg(home.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    print!("{}", String::from_utf8_lossy(&output.stdout));
}
