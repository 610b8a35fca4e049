//! A new database in the place of one that has grown.
//!
//! Every record is copied, byte for byte, and compared with its original before anything is swapped (see `swap`).

use std::fs;
use std::io;
use std::path::Path;

use super::database::{Database, DatabaseCopy};
use super::directory::{self, NEW, at};
use super::error::{OpenError, StoreError};
use super::open::{self, Opened};
use super::swap::{Exchange, Observer, SwapStep, exchange, put_right, swap};
use super::{checksums, disk_space};
use crate::config::StoreConfig;

/// What a byte of keys and values comes to in a new log, at most.
const GROWTH: u64 = 6;

/// What a database needs that holds hardly anything.
const LEAST_BYTES: u64 = 16 * 1024 * 1024;

/// What a database had on the disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Before.
    pub before: u64,
    /// After.
    pub after: u64,
}

/// Replaces the database of a closed directory by a new one with the same records, if that is smaller.
pub(super) fn compact(path: &Path, config: StoreConfig) -> Result<Compacted, OpenError> {
    carry_out(path, config, exchange, &mut |_| Ok(())).inspect_err(|_| {
        // What can't be taken away now is at the next start.
        if let Ok(_lock) = directory::lock(path) {
            drop(put_right(path));
        }
    })
}

fn carry_out(
    path: &Path,
    config: StoreConfig,
    exchange: Exchange,
    observer: Observer<'_>,
) -> Result<Compacted, OpenError> {
    let Opened { trees, database, lock, space } = open::open(path, config)?;
    drop((trees, space));
    let (home, new) = (lock.home(), path.join(NEW));
    let before = size(&home).map_err(at(&home))?;
    let filled = fill(path, &database, &new, config, observer);
    drop(database);
    let swapped = filled.and_then(|()| {
        checksums::wait_until_closed(&home.join("db")).map_err(at(&home))?;
        if size(&new).map_err(at(&new))? < before {
            swap(path, exchange, observer).map_err(at(path))?;
        }
        Ok(())
    });
    // The old database or the new one: it is closed in order.
    let sealed = checksums::seal(path, &home).map_err(at(&home));
    swapped.and(sealed)?;
    observer(SwapStep::Sealed).map_err(at(path))?;
    put_right(path).map_err(at(path))?;
    Ok(Compacted { before, after: size(&home).map_err(at(&home))? })
}

/// Makes the new database, closed and on the device.
fn fill(
    path: &Path,
    from: &Database,
    new: &Path,
    config: StoreConfig,
    observer: Observer<'_>,
) -> Result<(), OpenError> {
    let wrong = |error: StoreError| open::failed(path, &error);
    check_room(path, live_bytes(from).map_err(wrong)?)?;
    observer(SwapStep::Opened).map_err(at(path))?;
    directory::make_folders(new).map_err(at(new))?;
    let to = Database::open(new, config).map_err(|error| open::explain(path, error))?;
    copy(from, to).map_err(wrong)?;
    checksums::wait_until_closed(&new.join("db")).map_err(at(new))?;
    observer(SwapStep::Copied).map_err(at(path))?;

    // Read anew, from the device's files.
    let to = Database::open(new, config).map_err(|error| open::explain(path, error))?;
    compare(from, &to).map_err(wrong)?;
    drop(to);
    checksums::wait_until_closed(&new.join("db")).map_err(at(new))?;
    directory::close_to_others(new).map_err(at(new))?;
    open::sync_names(path, new).map_err(at(new))?;
    observer(SwapStep::Compared).map_err(at(path))
}

fn live_bytes(from: &Database) -> Result<u64, StoreError> {
    let mut bytes = 0;
    let mut pass = from.pass()?;
    while !pass.step(|key, value| {
        bytes += (key.len() + value.len()) as u64;
        Ok(())
    })? {}
    Ok(bytes)
}

/// Refuses when the new database may not fit beside the old one.
fn check_room(path: &Path, live: u64) -> Result<(), OpenError> {
    let needed = live.saturating_mul(GROWTH).saturating_add(LEAST_BYTES);
    match disk_space::free(path) {
        Some(free) if free < needed => {
            Err(OpenError::NoRoom { path: path.to_owned(), needed, free })
        }
        Some(_) | None => Ok(()),
    }
}

/// Fills `to` and closes it.
fn copy(from: &Database, to: Database) -> Result<(), StoreError> {
    let mut copy = DatabaseCopy::of(from, to)?;
    while !copy.step()? {}
    copy.to.sync()
}

fn compare(from: &Database, to: &Database) -> Result<(), StoreError> {
    let other = || StoreError::Failed("the copy is not what it was copied from".into());
    for name in from.tree_names() {
        let mut copied = to.tree(&name)?.iter();
        for row in &from.tree(&name)? {
            if copied.next().transpose()? != Some(row?) {
                return Err(other());
            }
        }
        if copied.next().is_some() {
            return Err(other());
        }
    }
    Ok(())
}

fn size(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() {
            size(&entry.path())?
        } else {
            entry.metadata()?.len()
        };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use rustix::io::Errno;

    use super::*;
    use crate::domain::{Phone, Timestamp};
    use crate::store::directory::{HOME, names};
    use crate::store::schema::{VERIFIED_PHONES, VerifiedPhone};
    use crate::store::{Priority, Store};

    const STEPS: [SwapStep; 6] = [
        SwapStep::Opened,
        SwapStep::Copied,
        SwapStep::Compared,
        SwapStep::Moved,
        SwapStep::Swapped,
        SwapStep::Sealed,
    ];

    fn config() -> StoreConfig {
        StoreConfig { cache_mib: 8, reserve_mib: 0 }
    }

    fn cannot(_: &Path, _: &Path) -> Result<(), Errno> {
        Err(Errno::INVAL)
    }

    /// With 300 records.
    fn directory() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        fs::set_permissions(home.path(), Permissions::from_mode(0o700)).unwrap();
        let store = Store::open(home.path(), config()).unwrap();
        for number in 0..300 {
            let phone = Phone::from_national(number).unwrap();
            let record = VerifiedPhone { verified_at: Timestamp::from_micros(number.into()) };
            let put = store.write_blocking::<_, StoreError, _>(Priority::Normal, move |write| {
                write.put(VERIFIED_PHONES, &phone, &record)
            });
            put.unwrap();
        }
        store.mark_blocking().unwrap();
        home
    }

    fn records(path: &Path) -> usize {
        let store = Store::open(path, config()).unwrap();
        store.page(VERIFIED_PHONES, None, 1000).unwrap().len()
    }

    #[test]
    fn a_compacted_directory_has_every_record_and_nothing_else() {
        for exchange in [exchange as Exchange, cannot] {
            let home = directory();
            let before = names(home.path());
            let sizes = carry_out(home.path(), config(), exchange, &mut |_| Ok(())).unwrap();
            assert!(sizes.after <= sizes.before, "{sizes:?}");
            assert_eq!(names(home.path()), before);
            checksums::check(home.path(), &home.path().join(HOME)).unwrap().unwrap();
            assert_eq!(records(home.path()), 300);
            for entry in fs::read_dir(home.path().join(HOME)).unwrap() {
                let found = entry.unwrap().metadata().unwrap();
                let mode = if found.is_dir() { 0o700 } else { 0o600 };
                assert_eq!(found.permissions().mode() & 0o777, mode);
            }
        }
    }

    #[test]
    fn a_crash_after_any_step_leaves_the_old_database_or_the_new_one() {
        for (exchange, is_in_one_step) in [(exchange as Exchange, true), (cannot, false)] {
            for step in STEPS {
                let home = directory();
                let before = names(home.path());
                let mut crash =
                    |now| if now == step { Err(io::Error::other("crash")) } else { Ok(()) };
                let ended = carry_out(home.path(), config(), exchange, &mut crash);
                // An exchange moves nothing out of the way.
                assert_eq!(ended.is_ok(), step == SwapStep::Moved && is_in_one_step);
                if step != SwapStep::Sealed {
                    drop(fs::remove_file(home.path().join("seal")));
                }
                Store::check_made(home.path()).unwrap();
                assert_eq!(records(home.path()), 300, "{step:?}");
                let left = names(home.path());
                assert!(left.iter().all(|name| before.contains(name)), "{step:?}: {left:?}");
            }
        }
    }

    #[test]
    fn a_disk_without_room_is_said_with_what_is_needed() {
        let home = tempfile::tempdir().unwrap();
        check_room(home.path(), 1).unwrap();
        let refusal = check_room(home.path(), u64::MAX / 4).unwrap_err();
        assert!(matches!(refusal, OpenError::NoRoom { .. }), "{refusal}");
        assert!(refusal.to_string().contains("MiB"), "{refusal}");
    }
}
