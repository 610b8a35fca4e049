//! The state machine alone, without store, hash or threads: sends and guesses cut into the steps that they take, and the
//! steps of several callers shuffled. Beside it stand callers that leave out what protects a code.

mod world;

use std::time::Duration;

use world::{Call, Care, World};

use super::on_all_cores;
use crate::store::Chance;

const INTERLEAVINGS: usize = 100_000;

/// How often each way to end was reached.
#[derive(Debug, Default)]
struct Ends([usize; 5]);

/// Shuffles the steps of a handful of calls.
fn interleave(chance: &mut Chance, care: Care, ends: &mut Ends) -> Result<(), String> {
    let mut world = World::new(care);
    let count = 2 + chance.below(9);
    let mut calls: Vec<Call> = (0..count).map(|_| call(chance)).collect();
    while !calls.is_empty() {
        let next = usize::try_from(chance.below(calls.len() as u64)).unwrap();
        match chance.below(40) {
            0 => world.now = world.now + Duration::from_secs(chance.below(400)),
            1 => world.now = world.now - Duration::from_secs(chance.below(7)),
            _ => {}
        }
        let before = world.kept.clone();
        calls[next] = world.step(calls[next].clone());
        world.check(&before)?;
        if matches!(calls[next], Call::Done) {
            calls.swap_remove(next);
        }
    }
    for kept in &world.kept {
        ends.0[kept.status(world.now) as usize] += 1;
    }
    if care == Care::All { world.check_at_the_end() } else { Ok(()) }
}

fn call(chance: &mut Chance) -> Call {
    let hangs_up = chance.below(4) == 0;
    match chance.below(16) {
        0..5 => Call::Guess { is_right: true, is_old: false, hangs_up },
        5..11 => Call::Guess { is_right: false, is_old: false, hangs_up },
        11 => Call::Guess { is_right: true, is_old: true, hangs_up },
        12..14 => Call::Send { is_ready: true },
        _ => Call::Send { is_ready: false },
    }
}

#[test]
fn however_the_steps_are_shuffled_a_code_is_good_once_and_no_more_guesses_are_compared() {
    const PARTS: usize = 10;
    on_all_cores(PARTS, |part| {
        let mut chance = Chance::of(1 + part as u64);
        let mut ends = Ends::default();
        for number in 0..INTERLEAVINGS / PARTS {
            let done = interleave(&mut chance, Care::All, &mut ends);
            assert_eq!(done, Ok(()), "interleaving {number} of part {part}");
        }
        println!("part {part}: {ends:?} of new, verified, unverified, canceled, expired");
        assert!(ends.0.iter().all(|end| *end > 100), "{ends:?}");
    });
}

#[test]
fn control_callers_that_leave_out_a_protection_are_found() {
    for care in [Care::SpendsLate, Care::DoesNotLookAgain, Care::KeepsTheOld, Care::GivesBackLate] {
        let mut chance = Chance::of(1);
        let found =
            (0..10_000).filter_map(|_| interleave(&mut chance, care, &mut Ends::default()).err());
        let found: Vec<_> = found.collect();
        println!("{care:?}: {} of 10000, such as {:?}", found.len(), found.first());
        assert!(found.len() > 100, "{care:?}");
    }
}
