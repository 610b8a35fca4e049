use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use esoz_otp::domain::{Id, VerificationId};
use esoz_otp::store::schema::OUTBOX;

use super::load::{Load, Phones};
use super::service::Service;
use super::verdict::{Accepted, Tally, all, interrupted_twice, judge, judge_audit};
use crate::support::call;
use crate::support::gateway::{Behaviour, StubGateway};

/// How the gateway takes messages until the service ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mode {
    /// At once.
    Quick,
    /// So slowly that messages wait.
    Slow,
    /// It takes them and hangs up without a word.
    Silent,
}

pub(super) const MODES: [Mode; 5] = [Mode::Quick, Mode::Slow, Mode::Slow, Mode::Slow, Mode::Silent];

/// How often the service may be started until nothing is left to be sent. What nobody was told of is not waited for, and
/// may have to wait for its next try.
const MOST_STARTS: usize = 50;

/// The service in a directory, and what is known of its messages from outside.
pub(super) struct Stand {
    pub(super) service: Service,
    pub(super) gateway: StubGateway,
    phones: Phones,
    accepted: Vec<VerificationId>,
    /// How many of those have been seen to have ended.
    ended: usize,
    /// How often it was killed since it was last served to the end.
    kills: usize,
    /// Messages that more than one kill has kept from being sent.
    excused: HashSet<VerificationId>,
}

impl Stand {
    pub(super) fn in_directory(directory: &Path) -> Self {
        let gateway = StubGateway::start();
        let service = Service::made(directory, &gateway.url());
        Self {
            service,
            gateway,
            phones: Phones::new(),
            accepted: Vec::new(),
            ended: 0,
            kills: 0,
            excused: HashSet::new(),
        }
    }

    /// Serves under load until so many messages have been accepted and this time has passed.
    pub(super) fn serve(&mut self, mode: Mode, messages: usize, rest: Duration) -> Load {
        self.gateway.set(behaviour(mode));
        let mut load = Load::on(self.service.start(), &self.phones);
        load.wait_for(messages);
        std::thread::sleep(rest);
        load
    }

    /// The same, and then it is killed.
    pub(super) fn serve_and_kill(&mut self, mode: Mode, messages: usize, rest: Duration) {
        let load = self.serve(mode, messages, rest);
        self.kill();
        self.accepted(load.end());
    }

    /// Starts, and is killed whatever it is doing then.
    pub(super) fn start_and_kill(&mut self, after: Duration) {
        self.service.begin_to_start();
        std::thread::sleep(after);
        self.kill();
    }

    fn kill(&mut self) {
        self.service.kill();
        self.kills += 1;
    }

    /// Serves until nothing is left to be sent, stops, and holds what is kept against what was accepted and what the
    /// gateway got.
    pub(super) fn serve_to_the_end(&mut self) -> Result<Tally, String> {
        self.gateway.set(Behaviour::Take);
        for _ in 0..MOST_STARTS {
            let address = self.service.start();
            for id in &self.accepted[self.ended..] {
                wait_until_it_has_ended(address, *id);
            }
            self.ended = self.accepted.len();
            self.service.stop();
            self.service.verify_audit()?;
            let store = self.service.store();
            if all(&store, OUTBOX).is_empty() {
                if std::mem::take(&mut self.kills) > 1 {
                    self.excused = interrupted_twice(&store);
                }
                judge_audit(&store, &self.accepted)?;
                return judge(&store, &self.accepted, &self.taken(), &self.excused);
            }
        }
        Err(format!("messages stay in the outbox over {MOST_STARTS} starts"))
    }

    /// These were accepted, too.
    pub(super) fn accepted(&mut self, more: Vec<VerificationId>) {
        self.accepted.extend(more);
    }

    pub(super) fn all_accepted(&self) -> &[VerificationId] {
        &self.accepted
    }

    /// Goes on in a copy of its directory.
    pub(super) fn move_to(&mut self, directory: &Path) {
        self.service = Service::found(directory, &self.gateway.url());
    }

    pub(super) fn taken(&self) -> Accepted {
        let mut taken = HashMap::new();
        for took in self.gateway.taken() {
            *taken.entry(Id::parse(&took.id.unwrap()).unwrap()).or_default() += 1;
        }
        taken
    }
}

fn behaviour(mode: Mode) -> Behaviour {
    match mode {
        Mode::Quick => Behaviour::Take,
        Mode::Slow => Behaviour::Slow(Duration::from_millis(100)),
        Mode::Silent => Behaviour::TakeAndDrop,
    }
}

fn wait_until_it_has_ended(address: SocketAddr, id: VerificationId) {
    const MOST_QUESTIONS: usize = 20_000;
    let path = format!("/verifications/{id}/delivery");
    let mut statuses = (0..MOST_QUESTIONS).map(|_| {
        let reply = call(address, "GET", &path, &[], "");
        reply.data()["status"].as_str().map(str::to_owned)
    });
    // A message that nobody knows of is for the judge.
    let is_over = |status: &Option<String>| match status.as_deref() {
        Some("queued" | "submitting") => false,
        Some(_) | None => true,
    };
    assert!(statuses.any(|status| is_over(&status)), "{id} stays under way");
}
