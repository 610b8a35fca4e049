use std::path::Path;

use crate::cli::CliError;
use crate::config::StoreConfig;
use crate::store::{OpenError, Store};

/// Opens the store of the data directory, or returns the reason why a command on the keyring works without it: a node runs,
/// there is no directory here, or it is another user's.
pub(super) fn open(data: &Path, config: StoreConfig) -> Result<Result<Store, String>, CliError> {
    let opened = Store::check_made(data).and_then(|()| Store::open(data, config));
    Ok(Err(match opened {
        Ok(store) => return Ok(Ok(store)),
        Err(OpenError::Locked(path)) => {
            format!("{} is in use by a node that runs.", path.display())
        }
        Err(OpenError::NotMade(path)) => format!("there is no data in {} yet.", path.display()),
        Err(OpenError::NotOwned { path, owner, .. }) => {
            format!(
                "{} belongs to user {owner}: run this as that user to see more.",
                path.display()
            )
        }
        Err(
            error @ (OpenError::Io { .. }
            | OpenError::Damaged { .. }
            | OpenError::Newer { .. }
            | OpenError::Stray(_)
            | OpenError::NoRoom { .. }
            | OpenError::Unfinished(_)
            | OpenError::Restored(_)
            | OpenError::NotEmpty(_)
            | OpenError::TooOpen { .. }),
        ) => return Err(error.into()),
    }))
}
