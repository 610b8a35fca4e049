//! How large the data directory becomes: rounds of sends, each swept before the next. `tests/bench/growth` starts it.
//!
//! The sends are the node's own: limits, codes, messages, guesses and audit, at a clock that this program moves. Hashing is
//! turned down, so that what is measured is the store.

#![allow(clippy::print_stdout, reason = "a table is what it is for")]
#![allow(clippy::unwrap_used, reason = "a measurement that can't be made should say so loudly")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "it measures")]
#![allow(unreachable_pub, reason = "nothing is exported")]

mod node;
mod patients;
#[path = "../resident.rs"]
mod resident;
mod size;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use esoz_otp::domain::Timestamp;
use esoz_otp::store::RenewalRule;
use node::RunningNode;
use size::Size;

#[derive(Parser)]
struct Cli {
    /// An empty directory.
    directory: PathBuf,
    /// How many rounds.
    #[arg(long, default_value_t = 10)]
    rounds: u32,
    /// How many phones get a code in each round.
    #[arg(long, default_value_t = 50_000)]
    sends: u32,
    /// How many patients there are at once.
    #[arg(long, default_value_t = 64)]
    at_once: u32,
    /// How many days the clock moves between two rounds. All that a round leaves is over after 366 and a day of grace.
    #[arg(long, default_value_t = 368)]
    days: u32,
    /// Leave the database as sled keeps it: it is never written anew.
    #[arg(long)]
    as_sled_keeps_it: bool,
    /// Fail if the database is larger after a round than so much times what it was after the first. Where that was less than
    /// what the store leaves alone, it is held against that.
    #[arg(long)]
    at_most: Option<f64>,
}

/// The store does not write a database anew that has less than 16 MiB, and looks at it after some thousand changes only.
const LEFT_ALONE_MIB: f64 = 24.0;

const DAY: Duration = Duration::from_hours(24);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let rule = if cli.as_sled_keeps_it {
        RenewalRule { least_log: u64::MAX, ..RenewalRule::default() }
    } else {
        RenewalRule::default()
    };
    let mut now = Timestamp::parse("2026-12-01T08:00:00Z").unwrap();
    let mut first = None;
    let mut largest: f64 = 0.0;
    println!("round  store MiB  swept MiB  audit MiB  start ms  stop ms  sends/s  resident MiB");
    for round in 0..cli.rounds {
        let begin = Instant::now();
        let node = RunningNode::start(&cli.directory, rule, now);
        let start = begin.elapsed();
        let begin = Instant::now();
        now = patients::run(&node, round * cli.sends..(round + 1) * cli.sends, cli.at_once);
        let took = begin.elapsed();
        let after_sends = Size::of(&cli.directory);
        now = now + DAY * cli.days;
        node.sweep(now);
        node.wait_until_at_rest();
        let resident = size::resident();
        let begin = Instant::now();
        node.stop();
        let stop = begin.elapsed();
        let swept = Size::of(&cli.directory);
        println!(
            "{round:>5}  {:>9.1}  {:>9.1}  {:>9.1}  {:>8}  {:>7}  {:>7.0}  {resident:>12.1}",
            after_sends.store_mib(),
            swept.store_mib(),
            swept.audit_mib(),
            start.as_millis(),
            stop.as_millis(),
            f64::from(cli.sends) / took.as_secs_f64(),
        );
        let first = *first.get_or_insert(swept.store_mib().max(LEFT_ALONE_MIB));
        largest = largest.max(swept.store_mib() / first);
    }
    println!("largest / first {largest:.2}");
    match cli.at_most {
        Some(at_most) if largest > at_most => {
            println!("that is more than {at_most}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
