//! A right code, its successor and its end, all on their way at one moment.

use std::collections::BTreeMap;
use std::sync::{Arc, Barrier};

use esoz_otp::clock::{Clock as _, ManualClock};
use esoz_otp::config::Argon2Cost;
use esoz_otp::domain::{
    Code, CodeFormat, Phone, Purpose, Refusal, Requester, SpentReason, Verification,
    VerificationState, VerificationStatus,
};
use esoz_otp::entropy::SystemEntropy;
use esoz_otp::store::Store;
use esoz_otp::store::schema::{GUESSES, LIVE_CODES, VERIFICATIONS, VERIFIED_PHONES};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::super::direct::{Direct, code_in, folder};
use super::naive;
use crate::store::Chance;
use crate::support::{start_of_time, without_send_limits};

/// Codes that are ready: with them a send is one write, without them two.
const READY: [usize; 2] = [0, 64];

/// Long enough for something to come in between.
const COST: Argon2Cost = Argon2Cost { memory_kib: 256, passes: 1 };

const ROUNDS: u32 = 250;

/// More than it takes until every end was seen.
const MOST_ROUNDS: u32 = 20_000;

/// How it may end for the right code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// It came first.
    Used,
    /// Its time was over when it came.
    Expired,
    /// It was held against its successor.
    Wrong,
    /// Its successor was issued while it was compared.
    Superseded,
}

const ENDS: usize = 4;

struct Race {
    runtime: Runtime,
    direct: Direct,
    clock: ManualClock,
    _folder: TempDir,
}

/// Whose code it is, and the code.
struct Round {
    phone: Phone,
    old: Verification,
    code: Code,
}

type Answer = Result<Verification, Refusal>;

impl Race {
    fn start(ready: usize) -> Self {
        let mut config = without_send_limits();
        config.otp.argon2 = COST;
        config.otp.ready = ready;
        let folder = folder();
        let store = Store::open(folder.path(), config.store).unwrap();
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_time().build().unwrap();
        let clock = ManualClock::at(start_of_time());
        let entropy = Arc::new(SystemEntropy::new());
        let direct = runtime.block_on(async { Direct::start(store, config, entropy, clock.now()) });
        Self { runtime, direct, clock, _folder: folder }
    }

    fn send(&self, phone: Phone) -> Answer {
        let sending = self.direct.service.initialize(Requester::default(), phone, self.clock.now());
        self.runtime.block_on(sending)
    }

    fn complete(&self, phone: Phone, code: Code) -> Answer {
        let completing =
            self.direct.service.complete(Requester::default(), phone, code, self.clock.now());
        self.runtime.block_on(completing)
    }

    /// The code of the next message, which must be this one's.
    fn code_of(&mut self, verification: &Verification) -> Code {
        self.direct.it_is(verification.inserted_at);
        let message = self.direct.messages.blocking_recv().unwrap();
        assert_eq!(message.verification_id, verification.id);
        CodeFormat::new(6).unwrap().parse(code_in(&message)).unwrap()
    }

    fn begin(&mut self, number: u32) -> Round {
        let phone = Phone::from_national(672_000_000 + number).unwrap();
        let old = self.send(phone).unwrap();
        let code = self.code_of(&old);
        Round { phone, old, code }
    }

    /// Lets all three go. How late each sets off is left to chance.
    fn cross(&self, round: &Round, chance: &mut Chance) -> (Answer, Answer) {
        let late = [(); 3].map(|()| chance.below(100_000));
        let wait = |turn: usize| (0..late[turn]).for_each(|_| std::hint::spin_loop());
        let start = Barrier::new(3);
        std::thread::scope(|scope| {
            let completing = scope.spawn(|| {
                start.wait();
                wait(0);
                self.complete(round.phone, round.code.clone())
            });
            let sending = scope.spawn(|| {
                start.wait();
                wait(1);
                self.send(round.phone)
            });
            start.wait();
            wait(2);
            self.clock.set(round.old.code_expired_at);
            (completing.join().unwrap(), sending.join().unwrap())
        })
    }
}

/// Which end it is, if what is stored goes with it.
fn judge(
    store: &Store,
    round: &Round,
    completed: &Answer,
    new: &Verification,
) -> Result<End, String> {
    let (phone, place) = (round.phone, (round.phone, Purpose::PhoneVerification));
    let end = match completed {
        Ok(verified) if verified.id == round.old.id => End::Used,
        Err(Refusal::CodeExpired) => End::Expired,
        Err(Refusal::CodeWrong) => End::Wrong,
        Err(Refusal::CodeSpent(SpentReason::Superseded)) => End::Superseded,
        other => return Err(format!("{other:?}")),
    };
    let state = |id| store.get(VERIFICATIONS, &id).unwrap().unwrap().state;
    let guesses = store.get(GUESSES, &phone).unwrap().unwrap_or_default();
    let is_verified = store.get(VERIFIED_PHONES, &phone).unwrap().is_some();
    let live = store.get(LIVE_CODES, &place).unwrap().unwrap().verification_id;
    let attempts_left = match state(new.id) {
        VerificationState::New { attempts_left, .. } => attempts_left,
        other => return Err(format!("the successor is {other:?}")),
    };
    let is_as_it_should = match end {
        End::Used => state(round.old.id) == VerificationState::Verified,
        End::Expired | End::Wrong | End::Superseded => {
            state(round.old.id) == VerificationState::Canceled
        }
    };
    let wrong = guesses.remembered();
    let should = if end == End::Wrong { (1, 2) } else { (0, 3) };
    let is_as_it_should = is_as_it_should
        && is_verified == (end == End::Used)
        && live == new.id
        && (wrong, attempts_left) == should;
    let found =
        || format!("{end:?}, {:?}, {wrong} wrong, {attempts_left} left", state(round.old.id));
    if is_as_it_should { Ok(end) } else { Err(found()) }
}

/// The successor is good, unless its time is over as well.
fn the_new_one_is_good(race: &Race, new: &Verification, code: Code) {
    let tried = race.complete(new.phone_number, code);
    match new.status(race.clock.now()) {
        VerificationStatus::New => assert_eq!(tried.map(|verified| verified.id), Ok(new.id)),
        status => {
            assert_eq!((tried, status), (Err(Refusal::CodeExpired), VerificationStatus::Expired));
        }
    }
}

#[test]
fn a_right_code_its_successor_and_its_end_come_out_one_way_or_another_and_never_two() {
    for ready in READY {
        let mut race = Race::start(ready);
        let mut chance = Chance::new();
        let mut ends = BTreeMap::new();
        for number in 0.. {
            let round = race.begin(number);
            let (completed, sent) = race.cross(&round, &mut chance);
            let new = sent.unwrap();
            let code = race.code_of(&new);
            // One time in a million nobody can tell which of the two was right.
            if code != round.code {
                let end = judge(&race.direct.store, &round, &completed, &new);
                *ends.entry(end.unwrap()).or_insert(0) += 1;
                the_new_one_is_good(&race, &new, code);
            }
            assert!(race.direct.messages.is_empty(), "two codes, two messages");
            if number >= ROUNDS && ends.len() == ENDS {
                break;
            }
            assert!(number < MOST_ROUNDS, "{ends:?}, seed {}", chance.seed());
        }
        println!("{ready} ready: {ends:?}");
    }
}

#[test]
fn control_a_right_code_that_is_not_looked_at_again_is_used_behind_its_successor_and_its_end() {
    let mut race = Race::start(0);
    let round = race.begin(0);
    let read = naive::live(&race.direct.store, round.phone, Purpose::PhoneVerification);
    assert!(naive::is_right(&naive::hasher_of(COST), &read, &round.code));
    race.clock.set(round.old.code_expired_at);
    let new = race.send(round.phone).unwrap();
    naive::verify(&race.direct.store, read.clone());
    let late = judge(&race.direct.store, &round, &Ok(read.clone()), &new);
    assert!(late.is_err(), "it is used, but nothing else is as it should be");
    let kept = race.direct.store.get(VERIFICATIONS, &read.id).unwrap().unwrap();
    assert_eq!(
        (kept.state, read.status(race.clock.now())),
        (VerificationState::Verified, VerificationStatus::Expired)
    );
}
