//! Puts a store under load: the child process that the tests kill and freeze, what looks at the store afterwards, and
//! the store's bench.
//!
//! `load` prints `acked N` for a write only after the store has answered; `verify` reads those lines and looks whether
//! each of these writes is there whole. `--ack-early` and `plain-load` answer before anything is on the device: they
//! show that the tests notice.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "a tool: it talks on its own streams and measures time"
)]

mod bench;
mod fill;
mod load;
mod mixed;
mod plain;
mod records;
mod verify;
mod version;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use esoz_otp::config::StoreConfig;
use esoz_otp::store::{RenewalRule, Store};

use records::Shape;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Parser)]
#[command(about = "Loads, looks through and measures a store of esoz-otp")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Args, Clone)]
struct Place {
    /// The data directory.
    directory: PathBuf,
    /// How many callers write at once.
    #[arg(long, default_value_t = 16)]
    callers: u64,
    /// How many records a large write of the first caller has; 0 for no large writes.
    #[arg(long, default_value_t = 0)]
    large: u64,
}

#[derive(Subcommand)]
enum Command {
    /// Writes until told otherwise, and says which writes were acknowledged.
    Load {
        #[command(flatten)]
        place: Place,
        /// Ends after this many writes.
        #[arg(long, default_value_t = u64::MAX)]
        writes: u64,
        /// Ends after this many seconds.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Acknowledges a write when its closure has run: wrong, for the tests to notice.
        #[arg(long)]
        ack_early: bool,
        /// Writes the database anew again and again.
        #[arg(long)]
        renew: bool,
    },
    /// Reads `acked N` lines and looks whether these writes, and all others, are there whole or not at all.
    Verify {
        #[command(flatten)]
        place: Place,
        /// Then sweeps everything that ends one day and looks whether it is gone. Nothing can be loaded afterwards.
        #[arg(long)]
        sweep: bool,
    },
    /// Writes until the disk is full, and looks at how the store fails.
    Fill {
        #[command(flatten)]
        place: Place,
    },
    /// Writes, reads, scans and sweeps together, and names whoever stands still for a second.
    Mixed {
        #[command(flatten)]
        place: Place,
        /// How long.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Writes another data version into a closed store, as a newer release would.
    SetVersion {
        /// The data directory.
        directory: PathBuf,
        /// The version.
        version: u32,
    },
    /// Measures durable writes beside a plain file.
    Bench {
        /// An empty directory on the disk to measure.
        directory: PathBuf,
        /// Seconds for each row.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// Writes with sled's `flush()` alone: not durable, for the tests to notice.
    PlainLoad {
        /// The data directory.
        directory: PathBuf,
    },
    /// Looks for what `plain-load` said it had written.
    PlainVerify {
        /// The data directory.
        directory: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Outcome<()> {
    match command {
        Command::Load { place, writes, seconds, ack_early, renew } => {
            let bounds = load::Bounds { writes, length: Duration::from_secs(seconds) };
            let rule = if renew { RenewalRule::ALWAYS } else { RenewalRule::default() };
            let store = Store::open_renewing(&place.directory, StoreConfig::default(), rule)?;
            load::load(store, place.shape(), bounds, ack_early)
        }
        Command::Verify { place, sweep } => verify::verify(&place.directory, place.shape(), sweep),
        Command::Fill { place } => fill::fill(&place.directory, place.shape()),
        Command::Mixed { place, seconds } => {
            mixed::mixed(&place.directory, place.shape(), Duration::from_secs(seconds))
        }
        Command::SetVersion { directory, version } => version::set(&directory, version),
        Command::Bench { directory, seconds } => {
            bench::bench(&directory, Duration::from_secs(seconds))
        }
        Command::PlainLoad { directory } => plain::load(&directory),
        Command::PlainVerify { directory } => plain::verify(&directory),
    }
}

impl Place {
    fn shape(&self) -> Shape {
        Shape { callers: self.callers, large: self.large }
    }
}
