//! What the database's files were when they were last closed.
//!
//! sled takes a damaged end of its log for one that a crash has torn: it drops it, silently, and writes over it. So a
//! database that was closed in order is sealed: `DIR/seal` has the SHA-256 of every file (`sha256sum -c ../seal` in
//! `DIR/store` reads it too). It is compared before sled sees anything, and taken away while the store is open. After
//! a crash there is none.

use std::fmt::Write as _;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ring::digest::{Context, SHA256};

use super::snapshot;
use crate::domain::to_hex;
use crate::files;

/// Of the seal: more than a line for each file that sled ever has.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// How long sled may take to let go of its files after it has been closed.
const CLOSE_TRIES: u32 = 100;
const CLOSE_PAUSE: Duration = Duration::from_millis(20);

/// Seals the closed database in `home`. No process may have it open.
pub(super) fn seal(path: &Path, home: &Path) -> io::Result<()> {
    wait_until_closed(&home.join("db"))?;
    let new = path.join("seal.new");
    let mut file = files::make_anew(&new)?;
    file.write_all(contents(home, true)?.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path.join("seal"))?;
    File::open(path)?.sync_all()
}

/// How the files differ from the seal.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BrokenSeal {
    /// A file of this name was not there when the store was closed.
    Stray(String),
    /// Something else, in words.
    Other(String),
}

/// Compares the files with the seal, if there is one. A snapshot that is broken or missing is no difference: all that was in
/// the database is in the log.
pub(super) fn check(path: &Path, home: &Path) -> io::Result<Result<(), BrokenSeal>> {
    let read = |file| files::read(file, MOST_BYTES);
    let sealed = match files::open(&path.join("seal")).and_then(read) {
        Ok(sealed) => sealed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ok(())),
        Err(error) => return Err(error),
    };
    let found = contents(home, false)?;
    if found.as_bytes() == sealed {
        return Ok(Ok(()));
    }
    let sealed = String::from_utf8_lossy(&sealed);
    let name_in = |line: &str| line.split_once("  ").map(|(_, name)| name.to_owned());
    let is_told =
        |lines: &str, name: &String| lines.lines().filter_map(name_in).any(|it| it == *name);
    let other = |lines: &str, than: &str| -> Vec<_> {
        let lines = lines.lines().filter(|line| !than.lines().any(|it| it == *line));
        lines.filter_map(name_in).collect()
    };
    let is_done_without = |name: &String| snapshot::is_done_without(home, name);
    let (new, gone) = (other(&found, &sealed), other(&sealed, &found));
    let is_stray = |name: &&String| !is_told(&sealed, name) && !snapshot::is_sled_s(name);
    if let Some(stray) = new.iter().find(is_stray) {
        return Ok(Err(BrokenSeal::Stray(stray.clone())));
    }
    match new.iter().chain(&gone).find(|name| !is_done_without(name)) {
        Some(name) => Ok(Err(BrokenSeal::Other(changed(name)))),
        None if new.is_empty() && gone.is_empty() => Ok(Err(BrokenSeal::Other(changed("seal")))),
        None => Ok(Ok(())),
    }
}

fn changed(name: &str) -> String {
    format!(
        "the file {name} is not what it was when the store was closed; nothing has been changed"
    )
}

/// Takes the seal away, durably: what sled writes from now on is not what it says. Says whether there was one.
pub(super) fn break_seal(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path.join("seal")) {
        Ok(()) => File::open(path)?.sync_all().map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// sled locks its log, and its threads outlive a drop a little.
pub(super) fn wait_until_closed(log: &Path) -> io::Result<()> {
    let file = files::open(log)?;
    for _ in 0..CLOSE_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(CLOSE_PAUSE),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::Error::from(io::ErrorKind::ResourceBusy))
}

/// A line for each file, in the order of their names.
fn contents(home: &Path, sync: bool) -> io::Result<String> {
    let mut names = Vec::new();
    list(home, Path::new(""), &mut names)?;
    names.sort();
    let mut lines = String::new();
    for name in names {
        let mut file = files::open(&home.join(&name))?;
        if sync {
            file.sync_all()?;
        }
        let digest = to_hex(digest(&mut file)?.as_ref());
        writeln!(lines, "{digest}  {}", name.display()).map_err(io::Error::other)?;
    }
    Ok(lines)
}

fn list(home: &Path, below: &Path, names: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(home.join(below))? {
        let entry = entry?;
        let name = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            list(home, &name, names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}

fn digest(file: &mut File) -> io::Result<ring::digest::Digest> {
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(context.finish()),
            read => context.update(&buffer[..read]),
        }
    }
}
