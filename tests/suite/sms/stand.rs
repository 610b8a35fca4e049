//! An outbox by itself, its drivers scripted, its clock in the test's hand.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use esoz_otp::clock::ManualClock;
use esoz_otp::config::{SmsConfig, StoreConfig};
use esoz_otp::domain::{
    Code, CodeFormat, Delivery, DeliveryStatus, Id, Phone, Purpose, Refusal, Timestamp,
    VerificationId,
};
use esoz_otp::entropy::SystemEntropy;
use esoz_otp::keyring::Keyring;
use esoz_otp::sms::{
    Accepted, Outbox, OutboxParts, SendError, SendFuture, SmsDriver, SmsMessage, Worker, outbox,
};
use esoz_otp::store::schema::{DELIVERIES, OUTBOX, OUTBOX_DUE};
use esoz_otp::store::{Priority, Store, Write};
use tempfile::TempDir;

use crate::support::patience::PATIENCE;
use crate::support::{keyring, start_of_time};

/// How long a code lives here.
pub const LIFE: Duration = Duration::from_mins(5);

/// What all codes are for here.
const PURPOSE: Purpose = Purpose::PhoneVerification;

/// A driver that says what it is told to, and yes when nothing is left of that.
#[derive(Clone)]
pub struct Scripted {
    name: &'static str,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    seen: Arc<Mutex<Vec<SmsMessage>>>,
}

pub type Answer = Result<Accepted, SendError>;

impl Scripted {
    pub fn new(name: &'static str, answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = Arc::new(Mutex::new(answers.into_iter().collect()));
        Self { name, answers, seen: Arc::default() }
    }

    pub fn seen(&self) -> Vec<SmsMessage> {
        self.seen.lock().unwrap().clone()
    }
}

impl SmsDriver for Scripted {
    fn name(&self) -> &str {
        self.name
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a> {
        self.seen.lock().unwrap().push(message.clone());
        let answer = self.answers.lock().unwrap().pop_front();
        Box::pin(std::future::ready(answer.unwrap_or(Ok(Accepted::default()))))
    }
}

pub struct Stand {
    pub store: Store,
    pub clock: Arc<ManualClock>,
    pub outbox: Outbox,
    worker: Worker,
    directory: TempDir,
    config: SmsConfig,
}

impl Stand {
    pub fn with(drivers: Vec<Arc<dyn SmsDriver>>, config: SmsConfig) -> Self {
        let (directory, store) = (tempfile::tempdir().unwrap(), StoreConfig::default());
        Self::on(directory, store, start_of_time(), &keyring(), drivers, config)
    }

    pub fn of(drivers: &[&Scripted]) -> Self {
        Self::with(all(drivers), one_at_a_time())
    }

    fn on(
        directory: TempDir,
        store: StoreConfig,
        now: Timestamp,
        keyring: &Keyring,
        drivers: Vec<Arc<dyn SmsDriver>>,
        config: SmsConfig,
    ) -> Self {
        let store = Store::open(directory.path(), store).unwrap();
        let clock = Arc::new(ManualClock::at(now));
        let (outbox, worker) = outbox(OutboxParts {
            store: store.clone(),
            sealer: keyring.sealer(),
            drivers,
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy::new()),
            config: config.clone(),
        });
        outbox.recover(now).unwrap();
        Self { store, clock, outbox, worker, directory, config }
    }

    /// The process is started again, with these drivers and keys.
    pub fn again(self, drivers: &[&Scripted], keyring: &Keyring) -> Self {
        self.again_on(StoreConfig::default(), keyring, all(drivers))
    }

    /// The same with these settings of the store.
    pub fn again_on(
        self,
        kept: StoreConfig,
        keyring: &Keyring,
        drivers: Vec<Arc<dyn SmsDriver>>,
    ) -> Self {
        let Self { store, clock, outbox, worker, directory, config } = self;
        let now = esoz_otp::clock::Clock::now(&*clock);
        drop((store, outbox, worker));
        Self::on(directory, kept, now, keyring, drivers, config)
    }

    /// Accepts a message with the code 012345678N for a phone that ends in the same number.
    pub fn put(&self, number: u8) -> VerificationId {
        self.put_after(number, None).unwrap()
    }

    pub fn put_after(
        &self,
        number: u8,
        previous: Option<VerificationId>,
    ) -> Result<VerificationId, Refusal> {
        let id = Self::id_of(number.into());
        let phone = Phone::parse(&format!("+380671000{number:03}")).unwrap();
        let code = code(number);
        let now = esoz_otp::clock::Clock::now(&*self.clock);
        let delivery = Delivery::queue(id, None, phone, previous, now, now + LIFE);
        let place = self.outbox.reserve(None)?;
        let outbox = self.outbox.clone();
        let put = move |write: &mut Write<'_>| outbox.put(write, &delivery, &code, PURPOSE);
        self.store.write_blocking(Priority::Normal, put)?;
        place.fill();
        Ok(id)
    }

    /// Accepts so many messages for as many phones, a microsecond between one and the next.
    pub fn put_many(&self, many: u32) {
        let places: Vec<_> = (0..many).map(|_| self.outbox.reserve(None).unwrap()).collect();
        let (outbox, now) = (self.outbox.clone(), esoz_otp::clock::Clock::now(&*self.clock));
        let put_all = move |write: &mut Write<'_>| {
            for number in 0..many {
                let phone = Phone::from_national(670_000_000 + number).unwrap();
                let at = now - Duration::from_micros((many - number).into());
                let id = Self::id_of(number);
                let delivery = Delivery::queue(id, None, phone, None, at, now + LIFE);
                outbox.put(write, &delivery, &code(0), PURPOSE)?;
            }
            Ok::<_, Refusal>(())
        };
        self.store.write_blocking(Priority::Normal, put_all).unwrap();
        for place in places {
            place.fill();
        }
    }

    /// With letters in it: ten digits in a row are what the log is watched for.
    pub fn id_of(number: u32) -> VerificationId {
        let mut bytes = [0xab; 16];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        Id::from_bytes(bytes)
    }

    /// Lets the worker do all that is to be done now.
    pub fn work(&mut self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(self.worker.run(std::future::ready(())));
    }

    /// Lets the worker go on until something has happened, and then stops it in the middle of what it does.
    pub fn work_until(&mut self, mut has_happened: impl FnMut() -> bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let happened = async {
                while !has_happened() {
                    tokio::task::yield_now().await;
                }
            };
            let happened = tokio::time::timeout(PATIENCE, happened);
            tokio::select! {
                () = self.worker.run(std::future::pending()) => {}
                happened = happened => happened.expect("it happens"),
            }
        });
    }

    /// The same a while later.
    pub fn work_after(&mut self, seconds: u64) {
        self.clock.push(Duration::from_secs(seconds));
        self.work();
    }

    pub fn folder(&self) -> &Path {
        self.directory.path()
    }

    pub fn delivery(&self, id: VerificationId) -> Delivery {
        self.store.get(DELIVERIES, &id).unwrap().unwrap()
    }

    pub fn status(&self, id: VerificationId) -> DeliveryStatus {
        self.delivery(id).status()
    }

    /// What of messages is left in the outbox.
    pub fn kept(&self) -> usize {
        assert!(self.store.page(OUTBOX_DUE, None, 10_000).unwrap().len() <= self.sealed());
        self.sealed()
    }

    fn sealed(&self) -> usize {
        let kept = self.store.page(OUTBOX, None, 10_000).unwrap();
        let waiting = self.outbox.health(start_of_time()).unwrap().waiting;
        assert_eq!(kept.len(), waiting, "what is counted is what is there");
        kept.iter().filter(|(_, message)| !message.is_erased()).count()
    }
}

pub fn all(drivers: &[&Scripted]) -> Vec<Arc<dyn SmsDriver>> {
    drivers.iter().map(|driver| Arc::new((*driver).clone()) as Arc<dyn SmsDriver>).collect()
}

/// Settings under which messages are sent one after the other.
pub fn one_at_a_time() -> SmsConfig {
    SmsConfig { parallel: 1, ..SmsConfig::default() }
}

pub fn code(number: u8) -> Code {
    CodeFormat::new(10).unwrap().code(123_456_700 + u64::from(number)).unwrap()
}
