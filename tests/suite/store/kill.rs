use std::time::Duration;

use super::child::{BEFORE_LARGE, LARGE, LARGE_MICROS, Loaded, verify};
use super::{Chance, is_long};

/// Rounds on one directory: a store that has been killed is killed again.
const ROUNDS_A_DIRECTORY: u64 = 10;

#[test]
fn a_killed_process_has_lost_nothing_that_it_acknowledged() {
    let rounds = if is_long() { 500 } else { 50 };
    let mut chance = Chance::new();
    let mut redone = 0;
    let mut home = tempfile::tempdir().unwrap();
    for round in 0..rounds {
        if round % ROUNDS_A_DIRECTORY == 0 {
            home = tempfile::tempdir().unwrap();
        }
        let directory = home.path().join("data");
        let mut load = Loaded::start(&["load", "--large", "100"], &directory);
        load.wait_for_acks(17 + chance.below(800));
        // Anywhere in the course of a group, not only right behind an answer.
        std::thread::sleep(Duration::from_micros(chance.below(4000)));
        let acked = load.kill();
        let verdict = verify(&["verify", "--large", "100"], &directory, &acked);
        let seed = chance.seed;
        verdict.whole.unwrap_or_else(|why| panic!("round {round}, ESOZ_OTP_SEED={seed}: {why}"));
        redone += u64::from(verdict.redone);
    }
    println!("{rounds} kills, a write completed at open after {redone} of them");
}

/// Every killed process was counting, copying or just exchanging two databases.
#[test]
fn a_process_killed_while_its_database_is_written_anew_has_lost_nothing() {
    let rounds = if is_long() { 500 } else { 50 };
    let mut chance = Chance::new();
    let mut home = tempfile::tempdir().unwrap();
    let mut interrupted = 0;
    for round in 0..rounds {
        if round % ROUNDS_A_DIRECTORY == 0 {
            home = tempfile::tempdir().unwrap();
        }
        let directory = home.path().join("data");
        let mut load = Loaded::start(&["load", "--large", "100", "--renew"], &directory);
        load.wait_for_acks(17 + chance.below(800));
        std::thread::sleep(Duration::from_micros(chance.below(4000)));
        let acked = load.kill();
        interrupted += u64::from(directory.join("store.new").exists());
        let verdict = verify(&["verify", "--large", "100"], &directory, &acked);
        let seed = chance.seed;
        verdict.whole.unwrap_or_else(|why| panic!("round {round}, ESOZ_OTP_SEED={seed}: {why}"));
        assert!(!directory.join("store.new").exists());
    }
    assert!(interrupted > 0, "no kill has interrupted a copy");
    println!("{rounds} kills, {interrupted} of them in a copy");
}

#[test]
fn the_proof_by_kill_notices_answers_that_come_too_early() {
    let mut chance = Chance::new();
    let caught = (0..30).any(|_| {
        let home = tempfile::tempdir().unwrap();
        let mut load = Loaded::start(&["load", "--large", "100", "--ack-early"], home.path());
        load.wait_for_acks(17 + chance.below(800));
        let acked = load.kill();
        let verdict = verify(&["verify", "--large", "100"], home.path(), &acked);
        verdict.whole.is_err_and(|why| why.contains("LOST"))
    });
    assert!(caught, "thirty kills, and not one answer was noticed to be too early");
}

#[test]
fn a_large_write_that_a_kill_cuts_short_is_there_whole_or_not_at_all() {
    let rounds = if is_long() { 100 } else { 12 };
    let mut chance = Chance::new();
    let mut redone = 0;
    for round in 0..rounds {
        let home = tempfile::tempdir().unwrap();
        let mut load = Loaded::start(&["load", LARGE, "--callers", "1"], home.path());
        load.wait_for_acks(BEFORE_LARGE);
        std::thread::sleep(Duration::from_micros(chance.below(LARGE_MICROS)));
        let acked = load.kill();
        let verdict = verify(&["verify", LARGE, "--callers", "1"], home.path(), &acked);
        let seed = chance.seed;
        verdict.whole.unwrap_or_else(|why| panic!("round {round}, ESOZ_OTP_SEED={seed}: {why}"));
        redone += u64::from(verdict.redone);
    }
    println!("{rounds} kills in large writes, {redone} of them completed at open");
}
