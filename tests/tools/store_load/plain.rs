//! sled as it comes: `flush()`, then the answer.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the control: what the store would be without its own fdatasync"
)]

use std::io::BufRead;
use std::path::Path;

use crate::Outcome;
use crate::load::acknowledge;

const VALUE_BYTES: usize = 3000;

fn open(path: &Path) -> sled::Result<sled::Db> {
    sled::Config::new().path(path).mode(sled::Mode::LowSpace).flush_every_ms(None).open()
}

/// Inserts one value after another until it is killed.
pub(crate) fn load(path: &Path) -> Outcome<()> {
    let database = open(path)?;
    for number in 0_u64..20_000 {
        database.insert(number.to_be_bytes(), vec![7; VALUE_BYTES])?;
        database.flush()?;
        acknowledge(number);
    }
    Ok(())
}

/// Every value that an `acked N` line names has to be there.
pub(crate) fn verify(path: &Path) -> Outcome<()> {
    let database = open(path)?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let Some(number) = line.strip_prefix("acked ") else { continue };
        if database.get(number.parse::<u64>()?.to_be_bytes())?.is_none() {
            return Err(format!("LOST: {number} was acknowledged").into());
        }
    }
    Ok(())
}
