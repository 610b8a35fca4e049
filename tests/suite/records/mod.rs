//! What is stored today can be read by every later release.

mod samples;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use esoz_otp::domain::limits::Log;
use esoz_otp::domain::{
    AuthenticationFactor, Client, Person, PersonRequest, Token, User, Verification,
};
use esoz_otp::store::{BadRecord, Record, decode, encode, schema};
use proptest::prelude::*;
use samples::{Sample, samples};

#[test]
fn every_record_is_stored_and_read_as_its_file_has_it() {
    for sample in samples() {
        let path = folder().join(sample.path());
        let stored = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => write_when_asked(&sample),
            stored => stored.unwrap(),
        };
        let path = path.display();
        assert_eq!(sample.encoded, stored, "{path} holds other bytes than are stored today");
        assert_eq!(sample.value.is_read_from(&stored), Ok(true), "{path}");
    }
}

#[test]
fn every_tree_has_an_example() {
    let shown: BTreeSet<_> = samples().iter().map(|sample| sample.tree).collect();
    assert_eq!(shown, schema::tree_names().collect());
}

#[test]
fn every_file_is_the_example_of_one_record() {
    let samples = samples();
    let named: BTreeSet<_> = samples.iter().map(Sample::path).collect();
    assert_eq!(named.len(), samples.len(), "two examples share a file");
    for version in fs::read_dir(folder()).unwrap().map(Result::unwrap) {
        if !version.file_type().unwrap().is_dir() {
            continue;
        }
        for file in fs::read_dir(version.path()).unwrap().map(Result::unwrap) {
            let path = PathBuf::from(version.file_name()).join(file.file_name());
            assert!(named.contains(&path), "nothing reads {}", file.path().display());
        }
    }
}

#[test]
fn a_record_of_another_version_or_length_is_refused() {
    for Sample { tree, encoded, value, .. } in samples() {
        for found in (0..=u8::MAX).filter(|version| *version != encoded[0]) {
            let other = [&[found], &encoded[1..]].concat();
            let refused = BadRecord::Version { found, known: encoded[0] };
            assert_eq!(value.is_read_from(&other), Err(refused), "{tree}");
        }
        let longer = [encoded.as_slice(), &[0]].concat();
        assert_eq!(value.is_read_from(&longer), Err(BadRecord::Trailing(1)), "{tree}");
        for length in 0..encoded.len() {
            assert!(
                value.is_read_from(&encoded[..length]).is_err(),
                "{tree} cut to {length} bytes"
            );
        }
    }
}

/// A version byte that is known and a body that is not, or the stored form of a sample with a few bytes changed.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let body = proptest::collection::vec(any::<u8>(), 0..300);
    let noise = body.prop_map(|body| [vec![1], body].concat());
    let stored: Vec<_> = samples().into_iter().map(|sample| sample.encoded).collect();
    let changes = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    let damaged = (prop::sample::select(stored), changes).prop_map(|(mut bytes, changes)| {
        for (place, byte) in changes {
            *place.get_mut(&mut bytes) = byte;
        }
        bytes
    });
    prop_oneof![noise, damaged]
}

/// Not byte for byte: bincode also reads a small number that was written in more bytes than it needs.
fn refused_or_kept<V: Record + PartialEq + Debug>(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(value) = decode::<V>(bytes) {
        let again = encode(&value).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(again.len() <= bytes.len());
        prop_assert_eq!(decode(&again), Ok(value));
    }
    Ok(())
}

proptest! {
    #[test]
    fn damaged_bytes_are_refused_or_read_as_something_that_can_be_stored(bytes in damaged()) {
        refused_or_kept::<AuthenticationFactor>(&bytes)?;
        refused_or_kept::<Client>(&bytes)?;
        refused_or_kept::<Log>(&bytes)?;
        refused_or_kept::<Person>(&bytes)?;
        refused_or_kept::<PersonRequest>(&bytes)?;
        refused_or_kept::<Token>(&bytes)?;
        refused_or_kept::<User>(&bytes)?;
        refused_or_kept::<Verification>(&bytes)?;
        refused_or_kept::<schema::LiveCode>(&bytes)?;
    }
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/records"))
}

fn write_when_asked(sample: &Sample) -> Vec<u8> {
    let path = folder().join(sample.path());
    assert!(
        std::env::var_os("ESOZ_OTP_WRITE_RECORDS").is_some(),
        "{} is missing; this writes it: ESOZ_OTP_WRITE_RECORDS=1 cargo test records",
        path.display()
    );
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    File::create_new(&path).unwrap().write_all(&sample.encoded).unwrap();
    sample.encoded.clone()
}
