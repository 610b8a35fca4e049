use std::process::Command;

use esoz_otp::api::routes::ROUTES;
use serde_json::Value;

use crate::binary::program::Program;
use crate::support::{SEED_PHONE, other_than};

#[test]
fn it_prints_every_route_every_secret_and_then_every_sms() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = Program::start(directory.path(), &["demo"]);
    let address = demo.address();
    demo.line("Every SMS appears below");
    assert_eq!(demo.printed[0], format!("esoz-otp demo on http://{address}  (Ctrl-C ends it)"));
    let banner = demo.printed.join("\n");
    for row in ROUTES {
        let is_shown = demo.printed.iter().any(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            words.get(..2) == Some(&[row.method, row.path])
        });
        assert!(is_shown, "{} {}", row.method, row.path);
    }
    for secret in ["demo-mis-token", "demo-patient-token", "demo-expired-token", "demo-api-key"] {
        assert!(demo.printed.iter().any(|line| line.ends_with(&format!(": {secret}"))), "{banner}");
    }

    assert_eq!(demo.resend().status, 200);
    let code = demo.code_for(SEED_PHONE, 1);
    let sms = demo.line("SMS +380");
    assert_eq!(sms, format!("SMS {SEED_PHONE} Код авторизації дій в системі eHealth: {code}"));
    let ended = demo.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[test]
fn its_curl_lines_do_the_whole_job_as_they_stand() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = Program::start(directory.path(), &["demo"]);
    demo.line("Every SMS appears below");
    let script: Vec<_> = demo
        .printed
        .iter()
        .skip_while(|line| !line.starts_with("To paste into another terminal"))
        .skip(1)
        .take_while(|line| !line.starts_with("Every SMS"))
        .map(String::as_str)
        .collect();
    let script = script.join("\n");
    assert_eq!(script.matches("curl ").count(), 4, "{script}");

    let answers = answers_of(&script);
    assert_eq!(answers.len(), 3, "{answers:#?}");
    assert_eq!(answers[0]["data"]["status"], "new");
    assert_eq!(answers[1]["meta"]["code"], 200, "{}", answers[1]);
    assert_eq!(answers[1]["data"]["status"], "APPROVED");
    assert_eq!(answers[2]["data"]["factor"], "+380881234567");

    let code = demo.code_for(SEED_PHONE, 1);
    let again = demo.approve(&code);
    assert_eq!((again.status, again.reason()), (409, Some("already_used")));
}

#[test]
fn the_lines_of_its_first_page_work_as_they_stand() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = Program::start(directory.path(), &["demo"]);
    demo.line("Every SMS appears below");
    let index = demo.call("GET", "/", "");
    let examples = index.data()["examples"].as_array().unwrap();
    let lines: Vec<_> = examples.iter().map(|it| it["line"].as_str().unwrap()).collect();
    let tokens = ["TOKEN=demo-patient-token", "TOKEN=demo-admin-token"];
    let script = [&lines[..5], &tokens[..1], &lines[5..6], &tokens[1..], &lines[6..7]].concat();
    assert!(lines[..5].iter().all(|line| !line.contains("TOKEN")), "{lines:#?}");
    let answers = answers_of(&script.join("\n"));
    let codes: Vec<_> = answers[..5].iter().map(|answer| answer["meta"]["code"].clone()).collect();
    assert_eq!(codes, [201, 200, 200, 200, 200], "{answers:#?}");
    assert_eq!(answers[1]["data"]["status"], "verified");
    assert_eq!(answers[4]["data"]["factor"], "+380881234567");
    let numbers: Vec<_> = answers[5..].iter().map(|row| row["number"].clone()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    assert!(numbers.len() >= 2, "{answers:#?}");

    assert!(lines[7..].iter().all(|line| !line.contains("TOKEN")), "{lines:#?}");
    let answers = answers_of(&lines[7..].join("\n"));
    assert_eq!(answers.len(), 5, "{answers:#?}");
    assert!(answers[..4].iter().all(|answer| answer["meta"]["code"] == 200), "{answers:#?}");
    assert_eq!(answers[1]["data"]["status"], "APPROVED");
    assert_eq!(answers[3]["data"]["phone_number"], "+38067*****12");
    assert_eq!(answers[4]["total"]["added"], 1);
}

#[test]
fn the_readme_s_main_job_works_as_pasted() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = Program::start(directory.path(), &["demo"]);
    let readme = include_str!("../../../../README.md");
    let fixtures = include_str!("../../../../fixtures/README.md");
    let section = |document: &str, head: &str, end: &str| {
        let (_, rest) = document.split_once(head).expect(head);
        let text = rest.split_once(end).expect(end).0;
        let blocks = text.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
        blocks.filter(|block| block.contains("curl ")).collect::<String>()
    };
    let script = [
        section(readme, "\n## The main job\n", "\n## Methods\n"),
        section(fixtures, "\n## A bad day at the gateway\n", "\n## In a container\n"),
    ];
    let script = script.concat().replace("localhost:4000", &demo.address().to_string());
    let answers = answers_of(&script);
    let codes: Vec<_> = answers.iter().map(|answer| answer["meta"]["code"].clone()).collect();
    assert_eq!(codes, [200, 200, 200, 201, 200, 200, 200, 200], "{answers:#?}");
    assert_eq!(answers[1]["data"]["status"], "APPROVED");
    assert_eq!(answers[4]["data"]["status"], "verified");
    assert_eq!(answers[7]["data"], serde_json::json!({"mode": "refuse", "messages": 2}));
}

#[test]
fn the_readme_s_line_for_a_code_gives_nothing_while_there_is_none() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = Program::start(directory.path(), &["demo"]);
    let readme = include_str!("../../../../README.md");
    let line = readme.lines().find(|line| line.starts_with("CODE=")).unwrap();
    let line = line.replace("localhost:4000", &demo.address().to_string());
    let code = || {
        let script = format!("{line}; printf '%s' \"$CODE\"");
        let ran = Command::new("bash").args(["-c", &script]).output().unwrap();
        String::from_utf8(ran.stdout).unwrap()
    };
    assert_eq!(code(), "");
    assert_eq!(demo.resend().status, 200);
    assert_eq!(code(), demo.code_for(SEED_PHONE, 1));
}

/// What curl prints: one JSON after the other.
fn answers_of(script: &str) -> Vec<Value> {
    let ran = Command::new("bash").args(["-c", script]).output().unwrap();
    let out = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{out}{}", String::from_utf8_lossy(&ran.stderr));
    let answers: Result<_, _> = serde_json::Deserializer::from_str(&out).into_iter().collect();
    answers.unwrap_or_else(|error| panic!("{error}: {out}"))
}

#[test]
fn the_messages_of_one_phone_can_be_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = Program::start(directory.path(), &["demo"]);
    assert_eq!(demo.resend().status, 200);
    assert_eq!(demo.initialize("+380671000099").status, 201);
    let code = demo.code_for(SEED_PHONE, 1);
    demo.code_for("+380671000099", 1);

    let all = demo.call("GET", "/demo/messages", "");
    assert_eq!(all.data().as_array().unwrap().len(), 2);
    for query in ["phone=+380958697084", "phone=%2B380958697084"] {
        let one = demo.call("GET", &format!("/demo/messages?{query}"), "");
        assert_eq!(one.data().as_array().unwrap().len(), 1, "{query}");
        assert_eq!(one.data()[0]["phone_number"], SEED_PHONE);
        assert!(one.data()[0]["text"].as_str().unwrap().ends_with(&code));
    }
    let none = demo.call("GET", "/demo/messages?phone=+380671000098", "");
    assert_eq!(none.data().as_array().map(Vec::len), Some(0));
}

#[test]
fn a_reset_brings_back_the_world_and_forgets_limits_and_messages() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = Program::start(directory.path(), &["demo"]);
    for messages in [1, 2] {
        assert_eq!(demo.resend().status, 200);
        assert_eq!(demo.resend().reason(), Some("send_pause"));
        let code = demo.code_for(SEED_PHONE, messages);
        assert_eq!(demo.approve(&other_than(&code)).reason(), Some("wrong_code"));
        assert_eq!(demo.approve(&code).data()["status"], "APPROVED");
        assert_eq!(demo.resend().message(), Some("Invalid transition"));

        assert_eq!(demo.call("POST", "/demo/reset", "").status, 200);
        let late = demo.approve(&code);
        assert_eq!((late.status, late.message()), (422, Some("Invalid verification code")));
        let sent = demo.call("GET", "/demo/messages", "");
        assert_eq!(sent.data().as_array().map(Vec::len), Some(0));
    }
    assert_eq!(demo.resend().status, 200);
}

#[test]
fn the_pause_can_be_left_out_or_made_short() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = Program::start(directory.path(), &["demo", "--pause", "0"]);
    for _ in 0..5 {
        assert_eq!(demo.resend().status, 200);
    }
    assert_eq!(demo.stop().code, Some(0));

    let mut demo = Program::start(directory.path(), &["demo", "--pause", "1"]);
    assert_eq!(demo.resend().status, 200);
    let early = demo.resend();
    assert_eq!((early.status, early.reason()), (429, Some("send_pause")));
    assert_eq!(early.header("retry-after"), Some("1"));
    let again = std::iter::repeat_with(|| demo.resend().status).find(|status| *status != 429);
    assert_eq!(again, Some(200), "a second later");
}
