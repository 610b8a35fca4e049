//! Sends and tries: asked of both, compared, and entered into the ledger.

use esoz_otp::domain::{
    ClientId, CodeFormat, Id, Phone, Purpose, Refusal, Requester, User, VerificationId,
};
use esoz_otp::otp::{CallerStatus, Target};
use esoz_otp::service::Caller;

use super::super::direct::code_in;
use super::super::hang_up_before_its_turn;
use super::ledger::Found;
use super::numbers::DRIFT;
use super::rules::{No, Place};
use super::run::Run;
use super::steps::{For, Guess, REQUESTS, client, phone};
use crate::support::other_than;

/// What a code is for, who had it sent, and whether others have sent lately.
pub(super) type Asked = (Place, Option<ClientId>, bool);

/// What a call came to: the verification, where it is told.
type Answer = Result<Option<VerificationId>, Refusal>;

impl Run<'_> {
    pub(super) async fn send(&mut self, to: For, by: usize) -> Found {
        let (place, by) = (self.place(to), caller(to, by));
        self.planted.before(&self.real().store, place);
        let before = self.spent();
        let real = self.ask_for_a_code(to, by).await;
        self.real().delivered().await;
        let after = self.spent();
        let is_shared = self.model.others_send(by);
        let model = self.model.send(place, by);
        self.compare(&real, &model)?;
        let spent = (after.0 - before.0, after.1 - before.1);
        match (real, spent) {
            // One write or two, and two of the delivery.
            (Ok(Some(id)), (3, 0) | (4, 1)) => {
                self.arrived((place, by, is_shared), id).await?;
                self.note_given_back(place.0);
                let limits = &self.config.limits;
                self.planted.after_send(&self.real().store, place, self.model.now, limits);
                self.note_sent(place, by, spent.1 == 0);
                Ok(())
            }
            (Err(_), (0, 0)) if self.real_mut().messages.is_empty() => Ok(()),
            (real, spent) => Err(format!("{real:?}, and writes and hashes are {spent:?}")),
        }
    }

    async fn ask_for_a_code(&self, to: For, by: Option<ClientId>) -> Answer {
        let (service, now) = (&self.real().service, self.planted.told(self.model.now));
        let sent = match to {
            For::Phone(number) => {
                let by = Requester { client_id: by, ..Requester::default() };
                service.initialize(by, phone(number), now).await
            }
            For::Request(slot) => service.resend_otp(&clinic(by), self.open[slot], now).await,
        };
        sent.map(|verification| Some(verification.id))
    }

    /// The one message of a send.
    async fn arrived(&mut self, asked: Asked, id: VerificationId) -> Found {
        let (place, ..) = asked;
        let messages = &mut self.real_mut().messages;
        let message = messages.recv().await.expect("the worker lives as long as it");
        if message.verification_id != id || message.phone != place.0 || !messages.is_empty() {
            return Err(format!("{message:?} is not what was asked for"));
        }
        let code = code_in(&message);
        if let Some(kept) = self.model.codes.get_mut(&place) {
            code.clone_into(&mut kept.text);
        }
        self.ledger.sent(asked, id, code, !self.refuses)
    }

    /// What was refused never left.
    fn note_given_back(&mut self, phone: Phone) {
        if !self.refuses {
            return;
        }
        let sends = self.model.sends.entry(phone).or_default();
        let is_given_back = sends.give_back(self.model.now);
        self.seen.note(if is_given_back {
            "a send that never left is given back"
        } else {
            "no more sends are given back"
        });
    }

    fn note_sent(&self, (_, purpose): Place, by: Option<ClientId>, was_ready: bool) {
        self.seen.note(match (by, purpose) {
            (None, _) => "a code is sent without a token",
            (Some(_), Purpose::PhoneVerification) => "a code is sent for a token",
            (Some(_), Purpose::PersonRequest(_)) => "a code is sent for a request",
        });
        self.seen.note(if was_ready {
            "a ready code is sent, in one write"
        } else {
            "a code is hashed and sent, in two writes"
        });
    }

    pub(super) async fn attempt(&mut self, at: For, guess: Guess) -> Found {
        let place = self.place(at);
        let text = self.text(place, guess);
        self.planted.before(&self.real().store, place);
        let was = Before {
            in_a_row: self.ledger.in_a_row(place.0),
            is_alarm: self.model.alarm_until().is_some(),
            is_ahead: self.is_ahead(place),
        };
        let before = (self.spent().0, self.compared());
        let shown = self.planted.shown(guess, || self.text(place, Guess::Right), &text);
        let real = self.show(at, &shown).await;
        let writes = self.spent().0 - before.0;
        let was_compared = self.compared() > before.1;
        let model = self.model.complete(place, caller(at, 0), &text);
        self.compare(&real, &model)?;
        self.ledger.tried(caller(at, 0), writes > 0 && real.is_err())?;
        if was_compared {
            self.ledger.judged(place, &text, real.clone().ok().flatten())?;
        }
        match (&real, writes) {
            // It is counted, though there is nothing to compare it with.
            (Err(Refusal::NotFound | Refusal::CodeWrong), 1) if !was_compared => {}
            (Ok(_), 2) => self.planted.after_success(&self.real().store, place),
            (Err(Refusal::CodeWrong), 2) => {
                self.planted.after_failure(&self.real().store, place);
            }
            (Err(_), 0) => {}
            (real, writes) => return Err(format!("{writes} writes for {real:?}")),
        }
        self.note_tried(at, guess, &real, was_compared, &was);
        Ok(())
    }

    pub(super) async fn hang_up(&mut self, at: For, guess: Guess) -> Found {
        let (phone, purpose) = self.place(at);
        let code = CodeFormat::new(6).unwrap().parse(&self.text((phone, purpose), guess)).unwrap();
        let before = (self.spent().0, self.compared());
        let by = Requester { client_id: caller(at, 0), ..Requester::default() };
        let (service, now) = (&self.real().service, self.planted.told(self.model.now));
        let target = Target { phone, purpose };
        let real = hang_up_before_its_turn(service, now, by, target, code).await;
        let real = real.map(|verification| Some(verification.id));
        let model = self.model.hang_up((phone, purpose), by.client_id);
        self.compare(&real, &model)?;
        self.ledger.tried(by.client_id, real == Err(Refusal::NotFound))?;
        let cost = (self.spent().0 - before.0, self.compared() - before.1);
        match (&real, cost) {
            (Err(Refusal::Busy), (2, 0)) | (Err(Refusal::NotFound), (1, 0)) => Ok(()),
            (Err(refusal), (0, 0)) if *refusal != Refusal::Busy => Ok(()),
            (real, cost) => Err(format!("{real:?}, and writes and comparisons are {cost:?}")),
        }
    }

    async fn show(&self, at: For, shown: &str) -> Answer {
        let (service, now) = (&self.real().service, self.planted.told(self.model.now));
        let code = CodeFormat::new(6).unwrap().parse(shown).unwrap();
        match at {
            For::Phone(number) => {
                let done = service.complete(Requester::default(), phone(number), code, now).await;
                done.map(|verification| Some(verification.id))
            }
            For::Request(slot) => {
                let clinic = clinic(caller(at, 0));
                let done = service.approve(&clinic, self.open[slot], code, now).await;
                done.map(|request| request.approved_by)
            }
        }
    }

    fn note_tried(&self, at: For, guess: Guess, real: &Answer, was_compared: bool, was: &Before) {
        let note_if = |is_so, what| self.seen.note_if(is_so, what);
        let is_expired = *real == Err(Refusal::CodeExpired);
        note_if(is_expired && was.is_ahead, "a code from the future is expired");
        if real.is_ok() {
            let was_locked = was.in_a_row >= self.model.numbers.lock.whole;
            note_if(was_locked, "a right code unlocks a phone");
            note_if(was.is_alarm, "under alarm a right code passes");
            note_if(matches!(at, For::Request(_)), "a request is approved");
        } else if was_compared {
            let is_alarm = self.model.alarm_until().is_some();
            note_if(is_alarm && !was.is_alarm, "an alarm rises");
            note_if(guess == Guess::Old, "an old code is a wrong guess");
            note_if(guess == Guess::Foreign, "a code for something else is a wrong guess");
        }
    }

    /// The real one's answer is the model's, and where several limits refuse, the one that does so longest.
    fn compare(&mut self, real: &Answer, model: &Result<(), No>) -> Found {
        let mut limit_and_end = None;
        if let Err(refusal) = real {
            self.seen.note_refusal(refusal);
            if let Refusal::SendLimited { limit, next_attempt_at }
            | Refusal::GuessLimited { limit, next_attempt_at } = *refusal
            {
                self.told = next_attempt_at;
                limit_and_end = Some((limit, next_attempt_at));
            }
        }
        let is_same = match (real, model) {
            (Ok(_), Ok(())) => true,
            (Err(real), Err(No::Refused(model))) => real == model,
            (Err(_), Err(No::Wait(waits))) => {
                let longest = waits.iter().map(|(_, end)| *end).max();
                limit_and_end.is_some_and(|it| Some(it.1) == longest && waits.contains(&it))
            }
            (Ok(_), Err(_)) | (Err(_), Ok(())) => false,
        };
        if is_same || self.planted.is_model_deaf() {
            return Ok(());
        }
        Err(format!("at {} it answers {real:?}, and should {model:?}", self.model.now))
    }

    pub(super) fn place(&self, what: For) -> Place {
        match what {
            For::Phone(number) => (phone(number), Purpose::PhoneVerification),
            For::Request(slot) => {
                (phone(REQUESTS[slot].0), Purpose::PersonRequest(self.open[slot]))
            }
        }
    }

    fn is_ahead(&self, place: Place) -> bool {
        let code = self.model.codes.get(&place);
        code.is_some_and(|code| self.model.now + DRIFT < code.issued)
    }

    /// What is shown. Where there is no such code, a wrong one.
    fn text(&self, place: Place, guess: Guess) -> String {
        let mut of_place = self.ledger.codes(|other| other == place);
        let right = of_place.next_back().unwrap_or("000000");
        let is_foreign = |other: Place| other.0 == place.0 && other.1 != place.1;
        let text = match guess {
            Guess::Right => Some(right),
            Guess::Wrong => None,
            Guess::Old => of_place.next_back(),
            Guess::Foreign => self.ledger.codes(is_foreign).next_back(),
        };
        text.map_or_else(|| other_than(right), str::to_owned)
    }

    /// Writes, and hashes that were waited for.
    fn spent(&self) -> (u64, u64) {
        (self.real().store.written(), self.real().service.otp().hasher.hashed())
    }

    fn compared(&self) -> u64 {
        self.real().service.otp().hasher.compared()
    }
}

/// How things stood before a try.
struct Before {
    in_a_row: u32,
    is_alarm: bool,
    is_ahead: bool,
}

/// Who asks: for a request, the clinic that has made it.
fn caller(what: For, by: usize) -> Option<ClientId> {
    match what {
        For::Phone(_) => client(by),
        For::Request(slot) => client(REQUESTS[slot].1),
    }
}

fn clinic(by: Option<ClientId>) -> Caller {
    let client_id = by.expect("a clinic asks");
    let user = User {
        id: Id::from_bytes([9; 16]),
        person_id: None,
        is_blocked: false,
        block_reason: None,
        inserted_at: None,
        updated_at: None,
    };
    let (client_name, waiting) = (String::new(), CallerStatus::default());
    Caller { client_id, client_name, user, peer: None, request_id: None, waiting }
}
