//! Resends while the gateway answers, and while it does not, in turn.

use std::sync::Arc;
use std::time::Duration;

use super::Gateway;
use super::connection::resend;
use super::figures::Figures;
use super::gateway::Behaviour;
use super::load::{self, Calls};
use super::service::Service;

const ROUNDS: usize = 10;
const CALLS: usize = 100;
/// No round takes so long.
const EVER: Duration = Duration::from_mins(1);

pub(super) fn measure(service: &Service, gateway: &Gateway) {
    println!("resends, one after the other, {CALLS} of each kind in turn:");
    service.wait_until_full();
    let (mut healthy, mut hanging) = (Figures::default(), Figures::default());
    let mut sent = 0;
    for _ in 0..ROUNDS {
        for (behaviour, figures) in
            [(Behaviour::Take, &mut healthy), (Behaviour::Hang, &mut hanging)]
        {
            gateway.stub.set(behaviour);
            let (now, _) = load::run(service.address(), 1, EVER, &resends_from(sent));
            figures.join(now);
            sent += CALLS;
            // What hangs is tried again, once that is noticed; then the next kind finds nothing that waits.
            gateway.stub.set(Behaviour::Take);
            gateway.stub.close_connections();
            gateway.wait_for(sent);
        }
    }
    healthy.print("the gateway answers");
    hanging.print("the gateway hangs");
    let ratio = |part| hanging.within(part) / healthy.within(part);
    println!("    hanging to healthy: p50 {:.2}, p99 {:.2}", ratio(50), ratio(99));
}

/// Each for another phone, so that none takes the place of one that waits.
fn resends_from(first: usize) -> Calls {
    Arc::new(move |number| (number < CALLS).then(|| resend(first + number)))
}
