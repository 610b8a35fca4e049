use std::path::Path;
use std::time::Duration;

use esoz_otp::config::StoreConfig;
use esoz_otp::store::{Priority, Store, StoreError};

use crate::Outcome;
use crate::load::acknowledge;
use crate::records::{self, Shape, Turn};

/// Writes until the store fails, then looks at what whoever holds it sees.
pub(crate) fn fill(path: &Path, shape: Shape) -> Outcome<()> {
    // Without the reserve, which keeps the store from getting that far.
    let store = Store::open(path, StoreConfig { reserve_mib: 0, ..StoreConfig::default() })?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_time().worker_threads(2).build()?;
    runtime.block_on(async {
        let mut callers = tokio::task::JoinSet::new();
        for caller in 0..shape.callers {
            callers.spawn(until_it_fails(store.clone(), shape, caller));
        }
        for error in callers.join_all().await {
            eprintln!("in flight: {error:?}");
            if !matches!(error, StoreError::Failed(_)) {
                return Err(format!("in flight: {error:?}, not Failed").into());
            }
        }
        let failed = tokio::time::timeout(Duration::from_secs(5), store.failed()).await?;
        let later = write(&store, shape, Turn { caller: 0, turn: 1 }).await;
        if !matches!((&failed, &later), (StoreError::Failed(_), Err(StoreError::Failed(_)))) {
            return Err(format!("failed() told {failed:?}, a later write {later:?}").into());
        }
        if store.is_healthy() {
            return Err("the store has failed and calls itself healthy".into());
        }
        println!("failed as it should: {failed}");
        Ok(())
    })
}

async fn until_it_fails(store: Store, shape: Shape, caller: u64) -> StoreError {
    let mut turn = Turn { caller, turn: 0 };
    loop {
        turn.turn += 1;
        match write(&store, shape, turn).await {
            Ok(()) => acknowledge(shape.number(turn)),
            Err(error) => return error,
        }
    }
}

async fn write(store: &Store, shape: Shape, turn: Turn) -> Result<(), StoreError> {
    store.write(Priority::Normal, move |write| records::write(write, shape, turn)).await
}
