//! Random sequences of sends, tries, steps of the clock, restarts and sweeps, on a real store and on a model of it that
//! is written from src/otp/README.md ([`rules`]). Each answer is the model's, and after each call what must hold does
//! ([`ledger`], [`stored`]). What a run has to come to is a table ([`seen`]).
//!
//! `ESOZ_OTP_LONG=1` runs 10 000 sequences, other ones each time; `ESOZ_OTP_SEED` repeats them.

mod calls;
mod counts;
mod faults;
mod ledger;
mod numbers;
mod rules;
mod run;
mod seen;
mod steps;
mod stored;

use std::cell::Cell;

use faults::{Finder, Planted};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use run::Run;
use seen::Seen;
use steps::{Sequence, sequences, sequences_under};

use super::on_all_cores;
use crate::store::{Chance, is_long};

/// Sequences come in batches, each from a seed of its own: how many threads there are changes none of them.
const BATCHES: usize = 16;

#[test]
fn whatever_happens_it_answers_as_the_rules_say() {
    let (seed, cases) = if is_long() { (Chance::new().seed(), 625) } else { (0, 25) };
    println!("seed {seed}, {BATCHES} batches of {cases} sequences");
    let reached = Seen::default();
    on_all_cores(BATCHES, |number| {
        let mut runner = runner(seed.wrapping_add(number as u64), cases, true);
        if let Err(wrong) = search(&mut runner, &sequences(), &reached, Planted::default) {
            panic!("{wrong}");
        }
    });
    reached.print();
    reached.is_everything();
}

/// The model, and the invariants without it, each find every fault that is theirs to find.
#[test]
fn control_whatever_is_wrong_is_found() {
    on_all_cores(faults::ALL.len(), |number| {
        let (fault, table, finder) = faults::ALL[number];
        let ways = if finder == Finder::Both { &[false, true][..] } else { &[false] };
        for is_model_deaf in ways {
            let runs = Cell::new(0);
            let planted = || {
                runs.set(runs.get() + 1);
                Planted::one(fault, *is_model_deaf)
            };
            let sequences = sequences_under(table);
            let found = search(&mut runner(1, 400, false), &sequences, &Seen::default(), planted);
            let wrong = found.expect_err(&format!("{fault:?} is not found"));
            let by = if *is_model_deaf { "the invariants" } else { "both" };
            let wrong = wrong.lines().next().unwrap();
            println!("{fault:?}, found by {by} in sequence {}: {wrong}", runs.get());
        }
    });
}

/// A failure is made smaller, and kept for all later runs, if it is none that was planted.
fn runner(seed: u64, cases: u32, is_kept: bool) -> TestRunner {
    let mut config =
        Config { cases, source_file: Some(file!()), max_shrink_iters: 2000, ..Config::default() };
    if !is_kept {
        config = Config { failure_persistence: None, max_shrink_iters: 0, ..config };
    }
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

fn search(
    runner: &mut TestRunner,
    sequences: &impl Strategy<Value = Sequence>,
    seen: &Seen,
    planted: impl Fn() -> Planted,
) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let run = |sequence: Sequence| {
        let done = runtime.block_on(Run::all(&sequence, planted(), seen));
        done.map_err(TestCaseError::fail)
    };
    match runner.run(sequences, run) {
        Ok(()) => Ok(()),
        Err(TestError::Fail(wrong, sequence)) => Err(format!("{wrong}\n{sequence:?}")),
        Err(error) => Err(error.to_string()),
    }
}
