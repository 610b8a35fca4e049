//! Callers, step by step, and what must hold after each step.

use std::time::Duration;

use esoz_otp::domain::limits::{Limits, Rule, Sends, WrongGuesses};
use esoz_otp::domain::{
    HashedCode, Id, Phone, Purpose, Timestamp, Verification, VerificationRules, VerificationState,
    VerificationStatus,
};

use crate::support::{SEED_PHONE, start_of_time, without_send_limits};

const PURPOSE: Purpose = Purpose::PhoneVerification;
const RULES: VerificationRules = VerificationRules { life: Duration::from_mins(5), attempts: 3 };

const HOUR: Duration = Duration::from_hours(1);
const MOST_GUESSES: usize = 4;

/// No code is this one.
const WRONG: u8 = u8::MAX;

/// What a caller does without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    All,
    /// It compares, and then spends the attempt.
    SpendsLate,
    /// Its code was right, so it takes the verification for what it was when it read it.
    DoesNotLookAgain,
    /// It issues a code and leaves the old one good.
    KeepsTheOld,
    /// It gives back a guess that was compared.
    GivesBackLate,
}

/// What is left to do of a call.
#[derive(Clone, Debug)]
pub(super) enum Call {
    /// The first write of a guess: at the live code, or at the first of all.
    Guess {
        is_right: bool,
        is_old: bool,
        hangs_up: bool,
    },
    /// The comparison, if the caller still waits for it.
    Compare {
        paid: Paid,
        hangs_up: bool,
    },
    /// The second write of a guess that was not compared.
    GiveBack(Paid),
    /// The second write.
    Settle {
        paid: Paid,
        is_right: bool,
    },
    /// The first write of a send, and the only one if a code is ready.
    Send {
        is_ready: bool,
    },
    /// The second.
    Issue,
    Done,
}

#[derive(Clone, Debug)]
pub(super) struct Paid {
    /// The verification as it was read.
    read: Verification,
    number: usize,
    code: HashedCode,
    guess: u8,
    counted_at: Timestamp,
}

/// What is kept, and what was seen.
pub(super) struct World {
    pub(super) now: Timestamp,
    care: Care,
    limits: Limits,
    pub(super) kept: Vec<Verification>,
    sends: Sends,
    guesses: WrongGuesses,
    compared: Vec<u8>,
    /// Guesses at each that are paid for.
    unjudged: Vec<u8>,
    right: Vec<u8>,
    wrong: usize,
}

impl World {
    pub(super) fn new(care: Care) -> Self {
        let (compared, unjudged, right, wrong) = (Vec::new(), Vec::new(), Vec::new(), 0);
        let (sends, guesses) = (Sends::default(), WrongGuesses::default());
        let hour = Rule::Window { most: MOST_GUESSES, length: HOUR };
        let limits = without_send_limits().limits.with("guesses_per_hour", hour).unwrap();
        let (now, kept) = (start_of_time(), Vec::new());
        let mut world =
            Self { now, care, limits, kept, sends, guesses, compared, unjudged, right, wrong };
        world.issue();
        world
    }

    fn live(&mut self) -> &mut Verification {
        self.kept.last_mut().expect("it begins with one")
    }

    fn issue(&mut self) {
        let number = u8::try_from(self.kept.len()).unwrap();
        let phone = Phone::parse(SEED_PHONE).unwrap();
        let code = HashedCode { key_id: String::new(), salt: [0; 16], hash: [number; 32] };
        if self.care != Care::KeepsTheOld
            && let Some(old) = self.kept.last_mut()
            && let Some(canceled) = old.clone().cancel(self.now)
        {
            *old = canceled;
        }
        let id = Id::from_bytes([number; 16]);
        self.kept.push(Verification::issue(id, phone, PURPOSE, code, RULES, self.now));
        self.compared.push(0);
        self.unjudged.push(0);
        self.right.push(0);
    }

    /// One step; what is left of the call.
    pub(super) fn step(&mut self, call: Call) -> Call {
        match call {
            Call::Guess { is_right, is_old, hangs_up } => self.spend(is_right, is_old, hangs_up),
            Call::Compare { paid, hangs_up: true } => {
                self.compared[paid.number] += u8::from(self.care == Care::GivesBackLate);
                Call::GiveBack(paid)
            }
            Call::GiveBack(paid) => {
                self.give_back(&paid);
                Call::Done
            }
            Call::Compare { paid, hangs_up: false } => {
                self.compared[paid.number] += 1;
                let is_right = paid.code.hash[0] == paid.guess;
                Call::Settle { paid, is_right }
            }
            Call::Settle { paid, is_right } => {
                self.settle(paid, is_right);
                Call::Done
            }
            Call::Send { is_ready } => {
                if self.sends.refusal(&self.limits, PURPOSE, self.now).is_some() {
                    return Call::Done;
                }
                self.sends.count(&self.limits, self.now);
                if !is_ready {
                    return Call::Issue;
                }
                self.issue();
                Call::Done
            }
            Call::Issue => {
                self.issue();
                Call::Done
            }
            Call::Done => Call::Done,
        }
    }

    fn spend(&mut self, is_right: bool, is_old: bool, hangs_up: bool) -> Call {
        let number = self.kept.len() - 1;
        let guess = match (is_right, is_old) {
            (true, false) => u8::try_from(number).unwrap(),
            (true, true) => 0,
            (false, _) => WRONG,
        };
        let read = self.live().clone();
        if self.care == Care::SpendsLate {
            let VerificationState::New { code, attempts_left: 1.. } = read.state.clone() else {
                return Call::Done;
            };
            let paid = Paid { read, number, code, guess, counted_at: self.now };
            return Call::Compare { paid, hangs_up: false };
        }
        let mut guesses = self.guesses.clone();
        let Ok(counted_at) = guesses.spend(&self.limits, PURPOSE, self.now) else {
            return Call::Done;
        };
        let Ok((spent, code)) = read.clone().spend_attempt(self.now) else { return Call::Done };
        *self.live() = spent;
        self.guesses = guesses;
        self.unjudged[number] += 1;
        Call::Compare { paid: Paid { read, number, code, guess, counted_at }, hangs_up }
    }

    fn give_back(&mut self, paid: &Paid) {
        self.unjudged[paid.number] -= 1;
        self.guesses.give_back(paid.counted_at);
        let kept = &mut self.kept[paid.number];
        *kept = kept.clone().give_back(1).unwrap_or_else(|| kept.clone());
    }

    fn settle(&mut self, paid: Paid, is_right: bool) {
        let Paid { read, number, counted_at, .. } = paid;
        let now = self.now;
        let mut verification = if self.care == Care::DoesNotLookAgain && is_right {
            read
        } else {
            self.kept[number].clone()
        };
        self.unjudged[number] = self.unjudged[number].saturating_sub(1);
        if self.care == Care::SpendsLate {
            let Ok((spent, _)) = verification.spend_attempt(now) else { return };
            verification = spent;
            self.guesses.spend(&self.limits, PURPOSE, now).ok();
        }
        if !is_right {
            self.wrong += 1;
            let is_last = self.unjudged[number] == 0;
            let over = verification.clone().reject(now).filter(|_| is_last);
            self.kept[number] = over.unwrap_or(verification);
            return;
        }
        self.guesses.forgive(counted_at);
        if let Ok(verified) = verification.verify(now) {
            self.kept[number] = verified;
            self.right[number] += 1;
            self.sends.restart();
        }
    }

    /// What must hold after each step.
    pub(super) fn check(&self, before: &[Verification]) -> Result<(), String> {
        let is_new = |kept: &&Verification| matches!(kept.state, VerificationState::New { .. });
        let new = self.kept.iter().filter(is_new).count();
        if new > 1 {
            return Err(format!("{new} codes are good"));
        }
        if self.wrong > MOST_GUESSES && self.now < start_of_time() + HOUR {
            return Err(format!("{} wrong guesses in an hour", self.wrong));
        }
        for (number, kept) in self.kept.iter().enumerate() {
            if self.compared[number] > RULES.attempts || self.right[number] > 1 {
                let (compared, right) = (self.compared[number], self.right[number]);
                return Err(format!("compared {compared} times, right {right} times"));
            }
            if (kept.state == VerificationState::Verified) != (self.right[number] == 1) {
                return Err(format!("{kept:?}, and right {} times", self.right[number]));
            }
            // What reads as new can be tried, and nothing else can.
            let (status, tried) = (kept.status(self.now), kept.clone().spend_attempt(self.now));
            if (status == VerificationStatus::New) != tried.is_ok() {
                return Err(format!("{kept:?} reads {status:?}, and a try is {tried:?}"));
            }
        }
        before.iter().zip(&self.kept).try_for_each(|(before, kept)| may_become(before, kept))
    }

    /// What must hold when all calls are done: a right guess was none of the wrong ones, and an attempt is gone only with a
    /// comparison.
    pub(super) fn check_at_the_end(&self) -> Result<(), String> {
        for (kept, compared) in self.kept.iter().zip(&self.compared) {
            let left = match kept.state {
                VerificationState::Verified | VerificationState::Canceled => continue,
                VerificationState::New { .. } | VerificationState::Unverified => {
                    kept.attempts_left()
                }
            };
            if left + compared != RULES.attempts {
                return Err(format!("compared {compared} times, and {kept:?}"));
            }
        }
        let counted = self.guesses.remembered();
        if counted == self.wrong {
            Ok(())
        } else {
            Err(format!("{counted} of {} wrong", self.wrong))
        }
    }
}

/// Attempts fall, but for one that is given back, and what is over stays so; but a right code that was paid for may come
/// after the last wrong one.
fn may_become(before: &Verification, after: &Verification) -> Result<(), String> {
    let may = match (&before.state, &after.state) {
        (
            VerificationState::New { attempts_left: had, .. },
            VerificationState::New { attempts_left: has, .. },
        ) => *has <= had + 1,
        (
            VerificationState::New { .. },
            VerificationState::Verified
            | VerificationState::Unverified
            | VerificationState::Canceled,
        )
        | (VerificationState::Unverified, VerificationState::Verified) => true,
        (was, is) => was == is,
    };
    let may = may && after.updated_at >= before.updated_at;
    if may { Ok(()) } else { Err(format!("{before:?} became {after:?}")) }
}
