//! What is stored today can be read by every later release.

mod deliveries;
mod samples;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use esoz_otp::domain::{ClientId, Phone, Purpose, SecretDigest};
use esoz_otp::store::schema::{AtKey, GatewayKey};
use esoz_otp::store::{BadRecord, TableKey, schema};
use proptest::prelude::*;
use samples::{Sample, samples};

/// Bytes that the fields of later versions add to a record when they are empty.
const NEW_FIELDS: usize = 32;

#[test]
fn every_record_is_stored_and_read_as_its_file_has_it() {
    for sample in samples() {
        let path = folder().join(sample.path());
        let stored = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => write_when_asked(&sample),
            stored => stored.unwrap(),
        };
        let path = path.display();
        if !sample.is_earlier {
            assert_eq!(sample.encoded, stored, "{path} holds other bytes than are stored today");
        }
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
        let known = value.version();
        for found in (0..=u8::MAX).filter(|version| *version == 0 || *version > known) {
            let other = [&[found], &encoded[1..]].concat();
            let refused = BadRecord::Version { found, known };
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

/// Anything; a version byte that is known and a body that is not; the stored form of a sample with a few bytes changed.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let anything = || proptest::collection::vec(any::<u8>(), 0..300);
    let body = (1_u8..=2, anything()).prop_map(|(version, body)| [vec![version], body].concat());
    let stored: Vec<_> = samples().into_iter().map(|sample| sample.encoded).collect();
    let changes = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    let damaged = (prop::sample::select(stored), changes).prop_map(|(mut bytes, changes)| {
        for (place, byte) in changes {
            *place.get_mut(&mut bytes) = byte;
        }
        bytes
    });
    prop_oneof![1 => anything(), 3 => body, 3 => damaged]
}

proptest! {
    /// Every type of record there is, for every tree has an example. Not byte for byte: bincode also reads a small
    /// number that was written in more bytes than it needs.
    #[test]
    fn bytes_are_refused_or_read_as_something_that_can_be_stored(bytes in damaged()) {
        for sample in samples() {
            if let Ok(again) = sample.value.stored_again(&bytes) {
                let most = most_again(&bytes, &sample);
                prop_assert!(again.len() <= most, "{}", sample.tree);
                let once_more = sample.value.stored_again(&again);
                prop_assert_eq!(once_more, Ok(again), "{}", sample.tree);
            }
        }
    }

    /// A length in the bytes is no reason to make room for it.
    #[test]
    fn lengths_that_are_not_there_are_refused(
        cut in any::<prop::sample::Index>(), length in prop_oneof![any::<u64>(), 4096_u64..100_000],
    ) {
        for sample in samples() {
            let Sample { tree, encoded, value, .. } = &sample;
            // bincode's mark for a number of eight bytes.
            let tail = [&[0xfd], length.to_le_bytes().as_slice()].concat();
            let bytes = [&encoded[..cut.index(encoded.len())], tail.as_slice()].concat();
            let most = most_again(&bytes, &sample);
            prop_assert!(value.stored_again(&bytes).map_or(true, |it| it.len() <= most), "{tree}");
        }
    }

    #[test]
    fn keys_are_refused_or_are_the_same_bytes_again(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        key_again::<ClientId>(&bytes)?;
        key_again::<SecretDigest>(&bytes)?;
        key_again::<Phone>(&bytes)?;
        key_again::<(Phone, Purpose)>(&bytes)?;
        key_again::<String>(&bytes)?;
        key_again::<u64>(&bytes)?;
        key_again::<AtKey>(&bytes)?;
        key_again::<GatewayKey>(&bytes)?;
    }
}

/// The most that these bytes may come to when they are read and stored again: a record of an earlier version gets its new
/// fields, which are empty.
fn most_again(bytes: &[u8], sample: &Sample) -> usize {
    let is_earlier = bytes.first().is_some_and(|version| *version < sample.value.version());
    bytes.len() + if is_earlier { NEW_FIELDS } else { 0 }
}

fn key_again<K: TableKey>(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Some(key) = K::from_bytes(bytes) {
        prop_assert_eq!(key.to_bytes(), bytes);
    }
    Ok(())
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
