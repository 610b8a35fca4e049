use std::time::Duration;

use esoz_otp::domain::DeliveryError;
use esoz_otp::sms::SendError;

use super::{Authority, PATIENCE, Stand, TEXT, id, message_of, secrets, settings_of};
use crate::support::gateway::{Behaviour, StubGateway};

#[test]
fn messages_share_a_connection() {
    let stub = StubGateway::start();
    let stand = Stand::of(&settings_of(&stub));
    for _ in 0..20 {
        stand.send().unwrap();
    }
    assert!(stub.taken().iter().all(|took| took.connection == 1));
    assert_eq!((stub.count(), stub.connections()), (20, 1));
    stub.next([Behaviour::status(500), Behaviour::too_many(None)]);
    assert!(stand.send().is_err() && stand.send().is_err() && stand.send().is_ok());
    assert_eq!(stub.connections(), 1, "a refusal ends no connection");
}

#[test]
fn messages_do_not_wait_for_one_another() {
    let stub = StubGateway::start();
    stub.set(Behaviour::Slow(Duration::from_millis(300)));
    let stand = Stand::of(&settings_of(&stub));
    assert!(stand.send_many(32).iter().all(Result::is_ok));
    assert_eq!((stub.count(), stub.connections()), (32, 32));
}

#[test]
fn a_connection_that_the_gateway_closed_while_it_idled_is_not_used() {
    let authority = Authority::new();
    let ca = || super::GatewaySecrets { ca: Some(authority.pem()), ..secrets() };
    for stub in [StubGateway::start(), StubGateway::secure(authority.server("127.0.0.1"))] {
        let stand = Stand::with(&settings_of(&stub), ca(), PATIENCE).on_threads();
        for round in 1..=50 {
            assert!(stand.send().is_ok(), "round {round}");
            assert!(stand.send().is_ok(), "round {round}");
            stub.close_connections();
        }
        assert_eq!(stub.count(), 100);
    }
}

/// The time is over at every moment of a call once: whoever was first is right, and never both.
#[test]
fn what_is_said_not_to_have_left_has_not() {
    let stub = StubGateway::start();
    let call = |round: u8| {
        let timeout = Duration::from_micros(u64::from(round) * 10);
        let stand = Stand::with(&settings_of(&stub), secrets(), timeout).on_threads();
        stand.send_this(&message_of(id(round), TEXT))
    };
    let said: Vec<_> = (0..250).map(|round| (round, call(round))).collect();
    // Connections come in in their order: with this one all are in. Then each is read to its end.
    Stand::of(&settings_of(&stub)).send_this(&message_of(id(255), TEXT)).unwrap();
    stub.wait_until_nobody_is_in();
    let taken = stub.taken();
    let (mut not_sent, mut unclear) = (0, 0);
    for (round, said) in said {
        let its = Some(id(round).to_string());
        let times = taken.iter().filter(|took| took.id == its).count();
        match said {
            Ok(_) => assert_eq!(times, 1, "round {round}"),
            Err(SendError::NotAccepted { error, rest: None }) => {
                assert_eq!((error, times), (DeliveryError::ConnectingTimedOut, 0), "round {round}");
                not_sent += 1;
            }
            Err(SendError::Ambiguous(DeliveryError::TimedOut)) => {
                assert!(times <= 1, "round {round}");
                unclear += 1;
            }
            Err(other) => panic!("round {round}: {other:?}"),
        }
    }
    println!("of 250 calls {not_sent} were given up before they began, {unclear} after");
}
