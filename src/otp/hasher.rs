//! Where argon2 runs: as many threads as the machine has cores, never one that serves reads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use argon2::{Algorithm, Argon2, AssociatedData, Block, Params, ParamsBuilder, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use zeroize::Zeroizing;

use super::keyring::Keyring;
use crate::config::Argon2Cost;
use crate::domain::{Code, HashedCode, Refusal, VerificationId};

/// Hashes that may wait, for each thread: about two seconds of work.
const WAITING: usize = 64;

/// A bounded pool for hashing and comparing codes.
pub struct Hasher {
    jobs: Sender<Job>,
    places: Arc<Semaphore>,
    keyring: Arc<Keyring>,
    cost: Argon2Cost,
    compared: Arc<AtomicU64>,
}

/// A place in the queue, taken before anything is spent on what is to be hashed.
pub struct HashPlace {
    _held: OwnedSemaphorePermit,
}

type Job = Box<dyn FnOnce(&mut [Block]) + Send>;
type Hash = Zeroizing<[u8; 32]>;

impl Hasher {
    /// Starts `threads` threads, each with memory of its own that it keeps.
    pub fn start(keyring: Keyring, cost: Argon2Cost, threads: usize) -> std::io::Result<Self> {
        let (jobs, waiting) = channel::<Job>();
        let places = Arc::new(Semaphore::new(WAITING * threads));
        let waiting = Arc::new(Mutex::new(waiting));
        for i in 0..threads {
            let waiting = Arc::clone(&waiting);
            std::thread::Builder::new()
                .name(format!("argon2-{i}"))
                .spawn(move || work(&waiting, cost))?;
        }
        Ok(Self { jobs, places, keyring: Arc::new(keyring), cost, compared: Arc::default() })
    }

    /// Takes a place, or says that too many wait already.
    pub fn reserve(&self) -> Result<HashPlace, Refusal> {
        let held = Arc::clone(&self.places).try_acquire_owned();
        held.map(|held| HashPlace { _held: held }).map_err(|_| Refusal::Busy)
    }

    /// Hashes a new code with the newest key.
    pub async fn hash(
        &self,
        place: HashPlace,
        id: VerificationId,
        code: Code,
        salt: [u8; 16],
    ) -> Result<HashedCode, Refusal> {
        let (keyring, cost) = (Arc::clone(&self.keyring), self.cost);
        self.run(place, move |memory| {
            let (key_id, pepper) = keyring.newest();
            let hash = argon2id(pepper, id, &code, &salt, cost, memory)?;
            Some(HashedCode { key_id: key_id.to_owned(), salt, hash: *hash })
        })
        .await
    }

    /// Whether `guess` is the code of this verification.
    pub async fn compare(
        &self,
        place: HashPlace,
        id: VerificationId,
        guess: Code,
        kept: HashedCode,
    ) -> Result<bool, Refusal> {
        let (keyring, cost) = (Arc::clone(&self.keyring), self.cost);
        let compared = Arc::clone(&self.compared);
        self.run(place, move |memory| {
            compared.fetch_add(1, Ordering::SeqCst);
            let pepper = keyring.pepper(&kept.key_id)?;
            let hash = argon2id(pepper, id, &guess, &kept.salt, cost, memory)?;
            // Where a comparison stops tells nothing: nobody steers a hash without the pepper.
            Some(*hash == kept.hash)
        })
        .await
    }

    /// The id of the key that new codes are hashed with.
    pub fn newest_key(&self) -> &str {
        self.keyring.newest().0
    }

    /// How many guesses have been compared since the start.
    pub fn compared(&self) -> u64 {
        self.compared.load(Ordering::SeqCst)
    }

    async fn run<T: Send + 'static>(
        &self,
        place: HashPlace,
        work: impl FnOnce(&mut [Block]) -> Option<T> + Send + 'static,
    ) -> Result<T, Refusal> {
        let (answer, told) = oneshot::channel();
        let job: Job = Box::new(move |memory| {
            drop(answer.send(work(memory)));
            drop(place);
        });
        // Without a thread to take the job, its answer is dropped with it.
        drop(self.jobs.send(job));
        told.await.ok().flatten().ok_or_else(|| {
            tracing::error!("a code could not be hashed");
            Refusal::HashingFailed
        })
    }
}

fn work(waiting: &Mutex<Receiver<Job>>, cost: Argon2Cost) {
    // Kept between hashes: to map and clear it anew would cost a third of the time again.
    let mut memory = Vec::new();
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        if memory.is_empty() {
            memory = vec![Block::default(); cost.memory_kib as usize];
        }
        job(&mut memory);
    }
}

fn argon2id(
    pepper: &[u8; 32],
    id: VerificationId,
    code: &Code,
    salt: &[u8; 16],
    cost: Argon2Cost,
    memory: &mut [Block],
) -> Option<Hash> {
    let context = Argon2::new_with_secret(
        pepper,
        Algorithm::Argon2id,
        Version::V0x13,
        params(cost, id.as_bytes())?,
    );
    let mut hash = Zeroizing::new([0; 32]);
    context
        .and_then(|argon2| {
            let code = code.reveal().as_bytes();
            argon2.hash_password_into_with_memory(code, salt, &mut *hash, memory)
        })
        .ok()?;
    Some(hash)
}

fn params(cost: Argon2Cost, data: &[u8]) -> Option<Params> {
    ParamsBuilder::new()
        .m_cost(cost.memory_kib)
        .t_cost(cost.passes)
        .p_cost(1)
        .output_len(32)
        .data(AssociatedData::new(data).ok()?)
        .build()
        .ok()
}
