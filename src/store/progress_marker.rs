//! How far the database had come, noted beside it.
//!
//! After a crash there is no seal, and sled takes a damaged place in its log for the end of it: it drops what stands
//! behind, silently. So from time to time a number is put into the database, one higher each time, and once that is on
//! the device the same number goes into the file `DIR/mark`. A database that has a lower number than the file has lost
//! something since, and is not opened.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use super::error::StoreError;
use super::schema::{MARKS, Mark};
use super::trees::Trees;
use super::write::Write;
use crate::files;

pub(super) const FILE: &str = "mark";
const LAST: &str = "last";

/// Of the file, which holds a number.
const MOST_BYTES: u64 = 1024;

/// Puts the next number into the database, and says which.
pub(super) fn next(write: &mut Write<'_>) -> Result<u64, StoreError> {
    let number = write.get(MARKS, &LAST.to_owned())?.map_or(0, |mark| mark.number) + 1;
    write.put(MARKS, &LAST.to_owned(), &Mark { number })?;
    Ok(number)
}

/// Notes the number beside the database, in which it is durable by now.
pub(super) fn note(path: &Path, number: u64) -> io::Result<()> {
    let new = path.join("mark.new");
    let mut file = files::make_anew(&new)?;
    writeln!(file, "{number}")?;
    file.sync_all()?;
    fs::rename(&new, path.join(FILE))?;
    File::open(path)?.sync_all()
}

/// Holds the database against the file, if there is one; says what is wrong.
pub(super) fn check(path: &Path, trees: &Trees) -> Result<Result<(), String>, StoreError> {
    let read = |file| files::read(file, MOST_BYTES);
    let noted = match files::open(&path.join(FILE)).and_then(read) {
        Ok(noted) => String::from_utf8_lossy(&noted).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ok(())),
        Err(error) => return Err(error.into()),
    };
    let Ok(noted) = noted.trim().parse::<u64>() else {
        return Ok(Err("the file mark holds no number".into()));
    };
    let found = trees.get(MARKS, &LAST.to_owned())?.map_or(0, |mark| mark.number);
    if found >= noted {
        return Ok(Ok(()));
    }
    Ok(Err(format!(
        "it has lost what was stored lately, perhaps all of it: its last mark is {found}, and {noted} was noted"
    )))
}

/// Takes the file away, with the database that it is about.
pub(super) fn forget(path: &Path) -> io::Result<()> {
    match fs::remove_file(path.join(FILE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
