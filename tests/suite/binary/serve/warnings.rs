//! The log's lines when a client sends or guesses more than people do.

use std::fs;

use crate::binary::node::{make, serve};
use crate::support::other_than;

#[test]
fn a_range_or_a_node_that_runs_low_and_the_alarm_are_one_line_each() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let limits = "[limits]\nsends_per_range = 2\nsends_per_node = 5\nwrong_guesses_per_hour = 4\n";
    fs::write(directory.path().join("limits.toml"), limits).unwrap();
    let mut node = serve(directory.path(), &["--config", "limits.toml"]);
    let phone = |number: usize| format!("+3806710000{number:02}");
    for number in 0..2 {
        assert_eq!(node.initialize(&phone(number)).status, 201);
        let code = node.code_for(&phone(number), 1);
        let wrong = serde_json::json!({"code": other_than(&code)}).to_string();
        let path = format!("/verifications/{}/actions/complete", phone(number));
        assert_eq!(node.call("PATCH", &path, &wrong).reason(), Some("wrong_code"));
        assert_eq!(node.call("PATCH", &path, &wrong).status, 403);
    }
    for number in 2..5 {
        assert_eq!(node.initialize(&phone(number)).status, 429);
    }
    assert_eq!(node.resend().status, 200);
    let ended = node.stop();

    let lines = |part: &str| {
        let lines = ended.stderr.lines().filter(|line| line.contains(part));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let [range] = &lines("many codes are sent to one range")[..] else {
        panic!("{}", ended.stderr);
    };
    for part in ["WARN", "sends_per_range", "+38067…"] {
        assert!(range.contains(part), "{range}");
    }
    let [node] = &lines("this node sends many codes")[..] else { panic!("{}", ended.stderr) };
    assert!(node.contains("WARN") && node.contains("sends_per_node"), "{node}");
    let [alarm] = &lines("alarm: ")[..] else { panic!("{}", ended.stderr) };
    assert!(alarm.contains("ERROR") && alarm.contains("wrong_guesses_per_hour"), "{alarm}");
    for sources in ["guesses\":4", "phones\":2", "clients\":1", "addresses\":1"] {
        assert!(alarm.contains(sources), "{alarm}");
    }
}
