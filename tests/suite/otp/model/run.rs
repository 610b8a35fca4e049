//! One sequence: what the real one answers is what the model answers, and what must hold does after each step.

use std::sync::Arc;

use esoz_otp::config::Config;
use esoz_otp::domain::{
    AuthenticationMethod, Id, PersonRequest, PersonRequestId, PersonRequestStatus, Requester,
    Timestamp,
};
use esoz_otp::entropy::{Entropy, SeededEntropy};
use esoz_otp::store::Store;
use esoz_otp::store::schema::PERSON_REQUESTS;
use tempfile::TempDir;

use super::super::direct::{Direct, folder};
use super::faults::{Planted, put};
use super::ledger::{Found, Ledger};
use super::numbers::{DRIFT, LIFE, TABLES};
use super::rules::Model;
use super::seen::Seen;
use super::steps::{For, Guess, REQUESTS, Sequence, Step, Tick, client, phone};
use super::stored::Became;
use crate::support::start_of_time;

pub(super) struct Run<'s> {
    folder: TempDir,
    pub(super) config: Config,
    entropy: Arc<dyn Entropy>,
    real: Option<Direct>,
    pub(super) model: Model,
    pub(super) ledger: Ledger,
    pub(super) planted: Planted,
    pub(super) seen: &'s Seen,
    /// Whether messages are refused.
    pub(super) refuses: bool,
    /// When the last refusal said that it is over.
    pub(super) told: Timestamp,
    /// The request that is open for each.
    pub(super) open: [PersonRequestId; REQUESTS.len()],
    made: u8,
}

impl<'s> Run<'s> {
    /// Runs the sequence; an error says what was wrong at which step.
    pub(super) async fn all(sequence: &Sequence, planted: Planted, seen: &'s Seen) -> Found {
        let mut run = Self::start(sequence, planted, seen);
        for (number, step) in sequence.steps.iter().enumerate() {
            let done = run.step(*step).await;
            done.map_err(|wrong| format!("step {number}, {step:?}: {wrong}"))?;
        }
        run.ledger.what_was_written_down(&run.real().store)?;
        run.real.take().expect("it is open between steps").stop().await;
        Ok(())
    }

    fn start(sequence: &Sequence, planted: Planted, seen: &'s Seen) -> Self {
        let numbers = TABLES[sequence.table];
        let config = planted.config(planted.numbers(numbers).config(sequence.ready));
        let (folder, now) = (folder(), start_of_time());
        let store = Store::open(folder.path(), config.store).unwrap();
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(7));
        let real = Direct::start(store, config.clone(), Arc::clone(&entropy), now);
        let mut run = Self {
            folder,
            config,
            entropy,
            real: Some(real),
            model: Model::new(&numbers, now),
            ledger: Ledger::new(&numbers),
            planted,
            seen,
            refuses: false,
            told: now,
            open: [Id::from_bytes([0; 16]); REQUESTS.len()],
            made: 0,
        };
        (0..REQUESTS.len()).for_each(|slot| run.new_request(slot));
        run
    }

    pub(super) fn real(&self) -> &Direct {
        self.real.as_ref().expect("it is open between steps")
    }

    pub(super) fn real_mut(&mut self) -> &mut Direct {
        self.real.as_mut().expect("it is open between steps")
    }

    async fn step(&mut self, step: Step) -> Found {
        match step {
            Step::Send { to, by } => self.send(to, by).await?,
            Step::Try { at, guess, times } => self.attempts(at, guess, times).await?,
            Step::HangUp { at, guess } => self.hang_up(at, guess).await?,
            Step::SendAndTry { at, by, guess, times } => {
                self.send(at, by).await?;
                self.look()?;
                self.attempts(at, guess, times).await?;
            }
            Step::Clock(tick) => self.tick(tick),
            Step::Restart => self.restart().await,
            Step::Sweep => self.sweep().await?,
            Step::NewRequest(slot) => self.new_request(slot),
            Step::Unlock(number) => self.unlock(number).await?,
            Step::Gateway { refuses } => {
                self.refuses = refuses;
                self.real().driver_refuses(refuses);
            }
        }
        self.look()
    }

    async fn attempts(&mut self, at: For, guess: Guess, times: usize) -> Found {
        for _ in 0..times {
            self.attempt(at, guess).await?;
            self.look()?;
        }
        Ok(())
    }

    fn look(&mut self) -> Found {
        let real = self.real.as_ref().expect("it is open between steps");
        for became in self.ledger.look_at(&real.store)? {
            self.seen.note(match became {
                Became::Canceled => "a newer code takes the place of one",
                Became::Verified => "a code is used",
                Became::Unverified => "a code has no attempt left",
                Became::LastTry => "under alarm a try is a code's last",
                Became::Swept => "a verification is swept",
            });
        }
        Ok(())
    }

    fn tick(&mut self, tick: Tick) {
        let (before, was_alarm) = (self.model.now, self.model.alarm_until().is_some());
        let issued = |what| self.model.codes.get(&self.place(what)).map_or(before, |it| it.issued);
        let to = match tick {
            Tick::On(length) => before + length,
            Tick::Back(length) => before - length,
            Tick::AsTold(edge) => edge.of(self.told),
            Tick::End(what, edge) => edge.of(issued(what) + LIFE),
            Tick::Drift(what, edge) => edge.of(issued(what) - DRIFT),
        };
        // What starts with a clock before 1970 takes it for 1970.
        let to = to.max(Timestamp::from_micros(0));
        self.ledger.forward(to.since(before));
        self.model.now = to;
        self.real().it_is(to);
        self.seen.note_if(to < before, "the clock is set back");
        self.seen.note_if(was_alarm && self.model.alarm_until().is_none(), "an alarm ends");
    }

    async fn restart(&mut self) {
        self.real.take().expect("it is open between steps").stop().await;
        let store = Store::open(self.folder.path(), self.config.store).unwrap();
        self.planted.after_restart(&store);
        let entropy = Arc::clone(&self.entropy);
        self.real = Some(Direct::start(store, self.config.clone(), entropy, self.model.now));
        self.real().driver_refuses(self.refuses);
        self.model.restart();
        self.seen.note("a restart");
    }

    async fn sweep(&mut self) -> Found {
        self.real().store.sweep(self.model.now, usize::MAX).await.unwrap();
        let forgotten = self.model.sweep();
        self.planted.after_sweep(&self.real().store);
        self.ledger.forgotten(&forgotten)
    }

    async fn unlock(&mut self, number: usize) -> Found {
        let phone = phone(number);
        let in_a_row =
            self.real().service.unlock(Requester::default(), phone, self.model.now).await;
        self.model.guesses.remove(&phone);
        let now = self.model.now;
        self.model.sends.entry(phone).and_modify(|sends| sends.settle(now));
        let were = self.ledger.unlocked(phone);
        self.seen.note_if(were >= self.model.numbers.lock.whole, "an operator unlocks a phone");
        if in_a_row == Ok(were) { Ok(()) } else { Err(format!("{in_a_row:?}, not {were}")) }
    }

    fn new_request(&mut self, slot: usize) {
        self.made += 1;
        let (id, now) = (Id::from_bytes([self.made; 16]), self.model.now);
        let (to, by) = REQUESTS[slot];
        let request = PersonRequest {
            id,
            client_id: client(by).expect("a clinic makes it"),
            person_id: None,
            status: PersonRequestStatus::New,
            authentication_method: AuthenticationMethod::Otp { phone_number: phone(to) },
            approved_by: None,
            inserted_at: now,
            updated_at: now,
        };
        put(&self.real().store, PERSON_REQUESTS, id, request);
        self.model.requests.insert(id, (now, false));
        self.open[slot] = id;
    }
}
