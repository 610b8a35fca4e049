//! The process's own memory, byte by byte.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use esoz_otp::domain::CodeFormat;
use esoz_otp::otp::{CodePool, Hasher, PoolFiller};

use super::wait_until;
use crate::support::{CountedCodes, keyring, quick};

const PAGE: usize = 4096;
const COUNT: usize = 200;
/// Ten digits each; those that they begin with stand nowhere else in memory, and in no order that a search would find
/// in itself.
const FIRST: u64 = 7_316_294_000;
/// The least code of ten digits, from which draws are counted.
const LEAST: u64 = 1_000_000_000;
const BEGINNING_BACKWARDS: &[u8; 7] = b"4926137";

/// How many places of memory that can be written to begin like one of the codes.
fn places() -> usize {
    let memory = File::open("/proc/self/mem").unwrap();
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let ranges = maps.lines().filter(|line| line.contains(" rw")).map(|line| {
        let (start, rest) = line.split_once('-').unwrap();
        let end = rest.split_once(' ').unwrap().0;
        [start, end].map(|place| u64::from_str_radix(place, 16).unwrap())
    });
    let ranges: Vec<_> = ranges.collect();
    let mut found = 0;
    for [start, end] in ranges {
        let mut page = [0; PAGE];
        for place in (start..end).step_by(PAGE) {
            // Others of the suite take memory and give it back meanwhile.
            let Ok(PAGE) = memory.read_at(&mut page, place) else { break };
            if page != [0; PAGE] {
                found += page.windows(7).filter(|bytes| begins_like_one(bytes)).count();
                // This page is memory, too.
                page.fill(0);
            }
        }
    }
    found
}

fn begins_like_one(bytes: &[u8]) -> bool {
    bytes[0] == BEGINNING_BACKWARDS[6] && bytes.iter().rev().eq(BEGINNING_BACKWARDS)
}

#[test]
fn codes_that_were_never_sent_are_wiped_when_they_go() {
    let hasher = Hasher::start(keyring(), quick().otp.argon2, 1).unwrap();
    let ready = CodePool::up_to(COUNT);
    let entropy = Arc::new(CountedCodes::from(FIRST - LEAST));
    let filler = PoolFiller::start(&ready, &hasher, entropy, CodeFormat::new(10).unwrap()).unwrap();
    wait_until("all are made", || ready.count() == COUNT);
    let before = places();
    assert!(before >= COUNT, "control: the search finds {before} of {COUNT}");

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(filler.end());
    assert_eq!(ready.count(), 0);
    let after = places();
    // The last one may still stand where it was written out and hashed.
    assert!(after < 10, "{after} of {before} are left");
}
