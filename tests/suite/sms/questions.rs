//! A node asks its gateway what became of messages, by the settings that are ready-made for turbosms.ua.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use esoz_otp::clock::ManualClock;
use esoz_otp::domain::{DeliveryStatus, Id, Secret, Timestamp, VerificationId};
use esoz_otp::sms::{GatewaySecrets, HttpGateway};
use esoz_otp::store::schema::{DELIVERIES, QUESTIONS};

use crate::api::deliveries::id_of;
use crate::config::load;
use crate::support::gateway::{Answer, Behaviour, Receipts, StubGateway, When};
use crate::support::patience::wait_until;
use crate::support::{Setup, TestNode, quick, start_of_time};

const PHONE: &str = "+380671000021";
const OTHER_PHONE: &str = "+380671000022";
const FIRST: Duration = Duration::from_secs(15);
const LONGEST: Duration = Duration::from_mins(30);
const DAY: Duration = Duration::from_hours(24);

/// How long the gateway may take for an answer here.
const TIMEOUT: Duration = Duration::from_millis(400);

/// More questions than are asked in a day.
const MOST_QUESTIONS: usize = 100;

/// Takes messages at `stub`, and is asked at `asked_at`.
fn driver(stub: &StubGateway, asked_at: &str) -> HttpGateway {
    let text = format!(
        "[gateway.turbosms]\npreset = \"turbosms\"\nsender = \"Clinic\"\nsecret_file = \"t\"\nurl = \"{}\"\n\
         allow_http = true\nallow_local = true\n[gateway.turbosms.receipts]\nurl = \"{asked_at}\"\n",
        stub.url()
    );
    let gateway = load(&text).unwrap().config.sms.gateways.remove(0);
    let secret = Some(Secret::new("hunter2".into()));
    let secrets = GatewaySecrets { secret, ..GatewaySecrets::default() };
    let clock = Arc::new(ManualClock::at(start_of_time()));
    HttpGateway::of(&gateway, secrets, TIMEOUT, clock).unwrap()
}

/// A node on this directory, new or started again.
fn node(path: &Path, driver: Option<HttpGateway>, now: Timestamp, is_new: bool) -> TestNode {
    let mut config = quick();
    config.sms.timeout = TIMEOUT;
    let driver = driver.map(|driver| Arc::new(driver) as Arc<_>);
    TestNode::in_directory(path, Setup { config, driver, ..Setup::default() }, now, is_new)
}

/// Has a message sent. The worker has looked at all questions of this time by then, too: it does so before it sends.
fn send(node: &TestNode, phone: &str) -> VerificationId {
    let id = Id::parse(&id_of(&node.initialize(phone))).unwrap();
    node.delivered();
    assert_eq!(status(node, id), DeliveryStatus::Sent);
    id
}

fn status(node: &TestNode, id: VerificationId) -> DeliveryStatus {
    node.store.get(DELIVERIES, &id).unwrap().unwrap().status()
}

/// When gateways are asked next.
fn questions(node: &TestNode) -> Vec<Timestamp> {
    let kept = node.store.page(QUESTIONS, None, 10).unwrap();
    kept.into_iter().map(|(key, _)| key.at).collect()
}

fn no_questions(node: &TestNode) -> bool {
    questions(node).is_empty()
}

fn push_to(node: &TestNode, at: Timestamp) {
    node.clock.set(at);
    node.wake();
}

/// An answer that is counted.
fn badly(status: u16) -> Behaviour {
    Behaviour::Say(Answer { status, body: "<p>sorry</p>".into(), takes: true, ..Answer::default() })
}

#[test]
fn a_gateway_is_asked_after_a_while_and_its_last_word_ends_the_asking() {
    for (when, becomes) in
        [(When::After, DeliveryStatus::Delivered), (When::Undelivered, DeliveryStatus::Failed)]
    {
        let folder = tempfile::tempdir().unwrap();
        let stub = StubGateway::start();
        let of_stub = driver(&stub, &stub.status_url());
        let node = node(folder.path(), Some(of_stub), start_of_time(), true);
        let id = send(&node, PHONE);
        assert_eq!(questions(&node), [start_of_time() + FIRST]);
        stub.send_receipts(Receipts { when: When::Never, ..Receipts::default() });
        push_to(&node, start_of_time() + FIRST);
        // On its way is no last word.
        wait_until("it is asked again later", || questions(&node) == [start_of_time() + FIRST * 2]);
        assert_eq!(status(&node, id), DeliveryStatus::Sent);
        stub.send_receipts(Receipts { when, ..Receipts::default() });
        push_to(&node, start_of_time() + FIRST * 2);
        wait_until("the answer is kept", || status(&node, id) == becomes);
        push_to(&node, start_of_time() + FIRST * 4);
        send(&node, OTHER_PHONE);
        assert_eq!(questions(&node), [start_of_time() + FIRST * 5], "only what is new");
        assert_eq!((status(&node, id), stub.count()), (becomes, 2));
    }
}

#[test]
fn nobody_is_asked_before_it_is_time() {
    let folder = tempfile::tempdir().unwrap();
    let (stub, desk) = (StubGateway::start(), StubGateway::start());
    let node = node(folder.path(), Some(driver(&stub, &desk.url())), start_of_time(), true);
    send(&node, PHONE);
    push_to(&node, start_of_time() + FIRST - Duration::from_millis(1));
    send(&node, OTHER_PHONE);
    assert_eq!(desk.connections(), 0);
    push_to(&node, start_of_time() + FIRST);
    desk.wait_for_requests(1);
    assert_eq!(desk.wait_for(1)[0].body["messages"][0], stub.taken()[0].gateway_id.as_str());
}

#[test]
fn a_gateway_that_says_nothing_is_asked_ever_more_seldom_and_after_a_day_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let (stub, desk) = (StubGateway::start(), StubGateway::start());
    desk.next([badly(500), Behaviour::Hang, Behaviour::rubbish(), Behaviour::Garbage]);
    desk.set(badly(503));
    let node = node(folder.path(), Some(driver(&stub, &desk.url())), start_of_time(), true);
    let id = send(&node, PHONE);
    let (mut asked, mut pause) = (0, Duration::ZERO);
    for _ in 0..MOST_QUESTIONS {
        let [at] = questions(&node)[..] else { break };
        let next_pause = at.since(node.now());
        assert!(next_pause >= pause && next_pause <= LONGEST, "{next_pause:?} after {pause:?}");
        pause = next_pause;
        push_to(&node, at);
        if at.since(start_of_time()) < DAY {
            asked += 1;
            desk.wait_for_requests(asked);
        } else {
            wait_until("the asking has ended", || no_questions(&node));
        }
    }
    assert!(no_questions(&node) && asked > 20, "asked {asked} times");
    assert_eq!(desk.requests(), asked, "and no more");
    assert_eq!((pause, status(&node, id)), (LONGEST, DeliveryStatus::Sent));
    assert!(node.now() < start_of_time() + DAY + LONGEST);
}

#[test]
fn a_question_outlives_a_restart_even_one_that_was_being_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (stub, desk) = (StubGateway::start(), StubGateway::start());
    desk.set(Behaviour::Hang);
    let before = node(folder.path(), Some(driver(&stub, &desk.url())), start_of_time(), true);
    let id = send(&before, PHONE);
    before.stop();

    let first = start_of_time() + FIRST;
    let between = node(folder.path(), Some(driver(&stub, &desk.url())), first, false);
    desk.wait_for_requests(1);
    between.stop();

    let second = start_of_time() + FIRST * 2;
    let of_stub = driver(&stub, &stub.status_url());
    let after = node(folder.path(), Some(of_stub), second, false);
    wait_until("the answer is kept", || status(&after, id) == DeliveryStatus::Delivered);
    assert_eq!(stub.count(), 1);
}

#[test]
fn a_driver_that_is_no_longer_configured_is_not_asked_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let stub = StubGateway::start();
    let of_stub = driver(&stub, &stub.status_url());
    let before = node(folder.path(), Some(of_stub), start_of_time(), true);
    let id = send(&before, PHONE);
    before.stop();

    let after = node(folder.path(), None, start_of_time(), false);
    assert_eq!(questions(&after), [start_of_time() + FIRST]);
    push_to(&after, start_of_time() + FIRST);
    send(&after, OTHER_PHONE);
    assert!(no_questions(&after), "{:?}", questions(&after));
    assert_eq!(status(&after, id), DeliveryStatus::Sent);
}
