use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, AssociatedData, Block, ParamsBuilder, Version};
use esoz_otp::config::Argon2Cost;

/// How many hashes of our cost the machine makes in a second when it does nothing else: every core for itself, one
/// after the other, in memory that stays.
pub(super) fn hashes_per_second(length: Duration) -> f64 {
    let cores = std::thread::available_parallelism().unwrap().get();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(move || rate(length))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

fn rate(length: Duration) -> f64 {
    let Argon2Cost { memory_kib, passes } = Argon2Cost::default();
    let data = AssociatedData::new(&[1; 16]).unwrap();
    let params =
        ParamsBuilder::new().m_cost(memory_kib).t_cost(passes).p_cost(1).data(data).build();
    let argon2 =
        Argon2::new_with_secret(&[7; 32], Algorithm::Argon2id, Version::V0x13, params.unwrap());
    let argon2 = argon2.unwrap();
    let mut memory = vec![Block::default(); memory_kib as usize];
    let start = Instant::now();
    let mut hashes = 0.0;
    while start.elapsed() < length {
        let mut hash = [0; 32];
        argon2.hash_password_into_with_memory(b"123456", &[2; 16], &mut hash, &mut memory).unwrap();
        hashes += 1.0;
    }
    hashes / start.elapsed().as_secs_f64()
}
