//! Runs argon2 in threads of its own, one for each core, never in a thread that serves requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::{Algorithm, Argon2, AssociatedData, Block, Params, ParamsBuilder, Version};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::hash_permits::{HashPermit, HashPermits};
use super::hash_pool::{HashJob, HashPool};
use super::request_context::{CallerStatus, RequestContext};
use crate::config::Argon2Cost;
use crate::domain::{Code, HashedCode, Refusal, VerificationId};
use crate::keyring::Keyring;

/// The permits of one client for each thread: about two seconds of work.
const WAITING: usize = 64;

/// The nice value of the hashing threads, so that threads that serve reads run first. Measured on two cores, Linux
/// 6.18, both hashing: at 0 the slowest 1 % of reads wait for about 3 ms, at 5 for 0.3 to 2.6 ms. A higher value gains
/// little, and slows hashing on a machine that is busy with reads.
const NICENESS: i32 = 5;

/// Hashes and compares codes, in a bounded pool of threads. Dropping it ends the threads after the queued jobs.
pub struct Hasher {
    pub(super) pool: Arc<HashPool>,
    pub(super) params: HashParams,
    permits: Arc<HashPermits>,
    hashed: Arc<AtomicU64>,
    compared: Arc<AtomicU64>,
}

/// The keys and the cost of argon2.
#[derive(Clone)]
pub(super) struct HashParams {
    keyring: Arc<Keyring>,
    cost: Argon2Cost,
}

/// A handle that compares guesses. It may outlive its hasher.
#[derive(Clone)]
pub(super) struct Comparer {
    pool: Arc<HashPool>,
    params: HashParams,
    compared: Arc<AtomicU64>,
}

type Hash = Zeroizing<[u8; 32]>;

impl Hasher {
    /// Starts `threads` threads. Errors are those of starting a thread.
    pub fn start(keyring: Keyring, cost: Argon2Cost, threads: usize) -> std::io::Result<Self> {
        let pool = Arc::new(HashPool::new(threads, cost.memory_kib as usize));
        let params = HashParams { keyring: Arc::new(keyring), cost };
        let permits = HashPermits::of(WAITING * threads);
        // If a thread does not start, the hasher is dropped and the earlier threads end.
        let hasher =
            Self { pool, params, permits, hashed: Arc::default(), compared: Arc::default() };
        for i in 0..threads {
            let pool = Arc::clone(&hasher.pool);
            std::thread::Builder::new().name(format!("argon2-{i}")).spawn(move || work(&pool))?;
        }
        Ok(hasher)
    }

    /// Takes a permit to hash for this caller. [`Refusal::Busy`] if too many hashes wait.
    pub fn reserve(&self, context: impl Into<RequestContext>) -> Result<HashPermit, Refusal> {
        self.permits.take(&context.into())
    }

    /// The permits of the node.
    pub(super) fn permits(&self) -> &Arc<HashPermits> {
        &self.permits
    }

    /// Hashes a new code with the newest key. A caller who has hung up still gets the message; one who was answered
    /// with a failure before its turn does not ([`Refusal::Busy`]).
    pub async fn hash(
        &self,
        permit: HashPermit,
        id: VerificationId,
        code: Code,
        salt: [u8; 16],
    ) -> Result<HashedCode, Refusal> {
        let (params, hashed) = (self.params.clone(), Arc::clone(&self.hashed));
        run(&self.pool, permit, CallerStatus::is_answered, move |memory| {
            hashed.fetch_add(1, Ordering::SeqCst);
            params.hash(id, &code, salt, memory)
        })
        .await
    }

    /// Whether `guess` is the code of this verification. [`Refusal::Busy`] if the caller was gone before its turn.
    pub async fn compare(
        &self,
        permit: HashPermit,
        id: VerificationId,
        guess: Code,
        kept: HashedCode,
    ) -> Result<bool, Refusal> {
        self.comparer().compare(permit, id, guess, kept).await
    }

    /// A handle for comparing in another task.
    pub(super) fn comparer(&self) -> Comparer {
        let (pool, params) = (Arc::clone(&self.pool), self.params.clone());
        Comparer { pool, params, compared: Arc::clone(&self.compared) }
    }

    /// The keys that peppers come from.
    pub(super) fn keyring(&self) -> &Arc<Keyring> {
        &self.params.keyring
    }

    /// The number of permits that are taken.
    pub fn permits_taken(&self) -> usize {
        self.permits.count()
    }

    /// The number of new codes that were hashed since the start while a caller waited.
    pub fn hashed(&self) -> u64 {
        self.hashed.load(Ordering::SeqCst)
    }

    /// The number of guesses that were compared since the start.
    pub fn compared(&self) -> u64 {
        self.compared.load(Ordering::SeqCst)
    }

    /// The highest number of hashes that ran at once since the start, those for the code pool included.
    pub fn most_at_once(&self) -> usize {
        self.pool.most_busy()
    }
}

impl Comparer {
    /// Whether `guess` is the code of this verification. [`Refusal::Busy`] means that the caller was gone before its
    /// turn, and that nothing was compared. [`Refusal::HashingFailed`] if argon2 fails.
    pub(super) async fn compare(
        &self,
        permit: HashPermit,
        id: VerificationId,
        guess: Code,
        kept: HashedCode,
    ) -> Result<bool, Refusal> {
        let (params, compared) = (self.params.clone(), Arc::clone(&self.compared));
        run(&self.pool, permit, CallerStatus::is_over, move |memory| {
            compared.fetch_add(1, Ordering::SeqCst);
            params.compare(id, &guess, &kept, memory)
        })
        .await
    }
}

/// Queues a hash in the permit's lane and waits for it. `is_dropped` decides at its turn, by the caller's status,
/// whether it is skipped with [`Refusal::Busy`].
async fn run<T: Send + 'static>(
    pool: &HashPool,
    permit: HashPermit,
    is_dropped: fn(&CallerStatus) -> bool,
    work: impl FnOnce(&mut [Block]) -> Option<T> + Send + 'static,
) -> Result<T, Refusal> {
    let (answer, told) = oneshot::channel();
    let lane = permit.lane;
    let job: HashJob = Box::new(move |memory| {
        let done = if is_dropped(&permit.waiting) {
            Err(Refusal::Busy)
        } else {
            work(memory).ok_or(Refusal::HashingFailed)
        };
        drop(answer.send(done));
        drop(permit);
    });
    pool.push(lane, job);
    let done = told.await.unwrap_or(Err(Refusal::HashingFailed));
    done.inspect_err(|refusal| {
        if *refusal == Refusal::HashingFailed {
            tracing::error!("a code could not be hashed");
        }
    })
}

impl Drop for Hasher {
    fn drop(&mut self) {
        self.pool.close();
    }
}

/// The loop of a hashing thread.
fn work(pool: &HashPool) {
    pool.stand_back(NICENESS);
    while let Some((job, mut slot)) = pool.next_job() {
        job(slot.memory());
        drop(slot);
    }
}

impl HashParams {
    /// The hash of a new code, with the newest key. `None` if argon2 fails.
    pub(super) fn hash(
        &self,
        id: VerificationId,
        code: &Code,
        salt: [u8; 16],
        memory: &mut [Block],
    ) -> Option<HashedCode> {
        let (key_id, pepper) = self.keyring.newest();
        let hash = argon2id(pepper, id, code, &salt, self.cost, memory)?;
        Some(HashedCode { key_id: key_id.to_owned(), salt, hash: *hash })
    }

    /// Whether the guess has the stored hash. `None` if argon2 fails, or the hash's key is not in the keyring.
    fn compare(
        &self,
        id: VerificationId,
        guess: &Code,
        kept: &HashedCode,
        memory: &mut [Block],
    ) -> Option<bool> {
        let pepper = self.keyring.pepper(&kept.key_id)?;
        let hash = argon2id(pepper, id, guess, &kept.salt, self.cost, memory)?;
        // Need not be in constant time: without the pepper a caller can't choose the hash of a guess.
        Some(*hash == kept.hash)
    }
}

/// argon2id with the pepper as secret and the verification's id as associated data: a hash fits one verification only.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CodeFormat, Id, Requester};
    use crate::otp::request_context::CallerGuard;

    fn hasher() -> Hasher {
        let key = "0123456789abcdef".repeat(4);
        let file = format!(
            r#"{{"format":1,"keys":[{{"id":"k","created_at":"2026-01-01T00:00:00Z","key":"{key}"}}]}}"#
        );
        let cost = Argon2Cost { memory_kib: 8, passes: 1 };
        Hasher::start(Keyring::parse(&file).unwrap(), cost, 1).unwrap()
    }

    #[test]
    fn a_guess_without_a_caller_is_not_hashed_but_the_send_of_one_who_hung_up_is() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let hasher = hasher();
        let code = CodeFormat::new(6).unwrap().parse("123456").unwrap();
        let id = Id::from_bytes([1; 16]);
        let kept = HashedCode { key_id: "k".into(), salt: [0; 16], hash: [0; 32] };
        // The only slot is occupied, so all jobs wait.
        let busy = hasher.pool.spare(|| false);
        let permit = |waiting| {
            hasher.reserve(RequestContext { waiting, ..Requester::default().into() }).unwrap()
        };
        let [waits, hangs_up, is_answered] = [(); 3].map(|()| CallerGuard::start());
        let (sent, gone, answered) = (waits.1, hangs_up.1, is_answered.1);
        let done = runtime.block_on(async {
            tokio::join!(
                hasher.hash(permit(sent), id, code.clone(), [0; 16]),
                hasher.hash(permit(gone.clone()), id, code.clone(), [0; 16]),
                hasher.hash(permit(answered.clone()), id, code.clone(), [0; 16]),
                hasher.compare(permit(gone), id, code.clone(), kept.clone()),
                hasher.compare(permit(answered), id, code.clone(), kept.clone()),
                async {
                    drop(hangs_up.0);
                    is_answered.0.answer();
                    drop(busy);
                }
            )
        });
        assert!(done.0.is_ok() && done.1.is_ok());
        assert_eq!(done.2, Err(Refusal::Busy));
        assert_eq!((done.3, done.4), (Err(Refusal::Busy), Err(Refusal::Busy)));
        assert_eq!((hasher.hashed(), hasher.compared()), (2, 0));
        drop(waits.0);
    }
}
