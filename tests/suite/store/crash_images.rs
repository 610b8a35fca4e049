//! A power cut, as the disk sees it: what had reached the device at a moment that nobody chose.

use std::time::Duration;

use super::child::{BEFORE_LARGE, LARGE, LARGE_MICROS, Loaded, Verdict, verify};
use super::image::{FileSystem, Mounted, left_out};
use super::{Chance, is_long};

const MIB: u64 = 320;

/// Runs the load on a file system, takes a copy of the device while it is frozen, and looks at that copy.
fn crash(
    file_system: FileSystem,
    load: &[&str],
    look: &[&str],
    acks: u64,
    delay: Duration,
) -> Verdict {
    let home = tempfile::tempdir().unwrap();
    let (file, copy) = (home.path().join("image"), home.path().join("copy"));
    file_system.make(&file, MIB);
    let acked = {
        let mounted = Mounted::new(&file, home.path().join("mounted"));
        let mut load = Loaded::start(load, &mounted.path().join("data"));
        load.wait_for_acks(acks);
        std::thread::sleep(delay);
        load.freeze();
        mounted.copy_still(&file, &copy);
        // Frozen from the copy to its end, it has acknowledged nothing since.
        load.kill()
    };
    let mounted = Mounted::new(&copy, home.path().join("after"));
    verify(look, &mounted.path().join("data"), &acked)
}

/// A kind of load, and how many lines it says before it is cut short at the latest.
struct Load {
    options: [&'static str; 2],
    /// What only the load is told, and not the look afterwards.
    only_written: &'static [&'static str],
    acks: std::ops::Range<u64>,
    micros: u64,
}

fn nothing_is_lost(file_system: FileSystem, images: u64, load: &Load) {
    if left_out() {
        return;
    }
    let images = if is_long() { images * 10 } else { images };
    let mut chance = Chance::new();
    let mut redone = 0;
    for image in 0..images {
        let acks = load.acks.start + chance.below(load.acks.end - load.acks.start);
        let delay = Duration::from_micros(chance.below(load.micros));
        let write = [&["load"], &load.options[..], load.only_written].concat();
        let look = [&["verify", "--sweep"], &load.options[..]].concat();
        let verdict = crash(file_system, &write, &look, acks, delay);
        let seed = chance.seed;
        verdict.whole.unwrap_or_else(|why| {
            panic!("{file_system:?}, image {image}, ESOZ_OTP_SEED={seed}: {why}")
        });
        redone += u64::from(verdict.redone);
    }
    println!(
        "{images} images of {file_system:?}, a write completed at open after {redone} of them"
    );
}

/// Sixteen callers, and now and then a write of 450 KB among the small ones.
fn many_callers() -> Load {
    let most = if is_long() { 12_000 } else { 2500 };
    let options = ["--large=300", "--callers=16"];
    Load { options, only_written: &[], acks: 17..17 + most, micros: 4000 }
}

/// The same, while the database is written anew all the time.
fn renewing() -> Load {
    Load { only_written: &["--renew"], ..many_callers() }
}

/// Cut short in a write of 7.5 MB, or soon after it.
fn large_write() -> Load {
    let acks = BEFORE_LARGE..BEFORE_LARGE + 1;
    Load { options: [LARGE, "--callers=1"], only_written: &[], acks, micros: LARGE_MICROS }
}

#[test]
fn a_power_cut_on_ext4_loses_nothing_that_was_acknowledged() {
    nothing_is_lost(FileSystem::Ext4, 5, &many_callers());
}

#[test]
fn a_power_cut_on_xfs_loses_nothing_that_was_acknowledged() {
    nothing_is_lost(FileSystem::Xfs, 5, &many_callers());
}

#[test]
fn a_power_cut_on_ext4_within_a_large_write_loses_nothing_that_was_acknowledged() {
    nothing_is_lost(FileSystem::Ext4, 5, &large_write());
}

#[test]
fn a_power_cut_on_xfs_within_a_large_write_loses_nothing_that_was_acknowledged() {
    nothing_is_lost(FileSystem::Xfs, 5, &large_write());
}

#[test]
fn a_power_cut_on_ext4_while_the_database_is_written_anew_loses_nothing() {
    nothing_is_lost(FileSystem::Ext4, 5, &renewing());
}

#[test]
fn a_power_cut_on_xfs_while_the_database_is_written_anew_loses_nothing() {
    nothing_is_lost(FileSystem::Xfs, 5, &renewing());
}

fn is_caught(load: &[&str], look: &[&str]) -> bool {
    let mut chance = Chance::new();
    (0..20).any(|_| {
        let acks = 100 + chance.below(500);
        let verdict = crash(FileSystem::Ext4, load, look, acks, Duration::ZERO);
        verdict.whole.inspect_err(|why| println!("noticed: {why}")).is_err()
    })
}

#[test]
fn the_proof_by_images_notices_a_flush_without_fdatasync() {
    assert!(left_out() || is_caught(&["plain-load"], &["plain-verify"]));
}

#[test]
fn the_proof_by_images_notices_answers_that_come_too_early() {
    assert!(left_out() || is_caught(&["load", "--ack-early"], &["verify"]));
}
