use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::secrets::GatewaySecrets;
use crate::domain::{Secret, VendorStatus};

/// So many words are told of; a gateway that goes on with others writes texts where words are looked for.
const MOST: usize = 32;

/// So much of a secret in a word is no chance.
const PART: usize = 8;

/// In place of a word that has part of a secret in it.
const NOT_SHOWN: &str = "(a word that is not shown)";

/// A gateway's words that are in no list of its settings: each stands in the log once.
pub(super) struct UnlistedWords {
    driver: String,
    what: &'static str,
    /// What the gateway was sent, or calls with, and may repeat.
    secrets: Vec<Secret>,
    told: Mutex<BTreeSet<String>>,
}

impl UnlistedWords {
    /// Those of this driver, told with these words.
    pub(super) fn of(driver: &str, what: &'static str, secrets: &GatewaySecrets) -> Self {
        let secrets = [&secrets.secret, &secrets.receipt_secret].into_iter().flatten();
        let secrets = secrets.cloned().collect();
        Self { driver: driver.to_owned(), what, secrets, told: Mutex::default() }
    }

    /// The gateway has said this.
    pub(super) fn note(&self, word: &str) {
        // All words that are not shown are one.
        let word = if self.has_secret(word) {
            NOT_SHOWN.into()
        } else {
            VendorStatus::of(word).to_string()
        };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() > MOST || !told.insert(word.clone()) {
            return;
        }
        let is_one_too_many = told.len() > MOST;
        drop(told);
        let (driver, what) = (&self.driver, self.what);
        if is_one_too_many {
            tracing::warn!(driver, "{what}; further words of this driver are not logged");
        } else {
            tracing::warn!(driver, word, "{what}; the same word is not logged again");
        }
    }

    fn has_secret(&self, word: &str) -> bool {
        let has = |part: &[u8]| word.as_bytes().windows(part.len()).any(|it| it == part);
        let of = |secret: &Secret| {
            let secret = secret.reveal().as_bytes();
            !secret.is_empty() && secret.windows(PART.min(secret.len())).any(has)
        };
        self.secrets.iter().any(of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_words_are_remembered_and_no_more() {
        let words = UnlistedWords::of("a", "a word", &GatewaySecrets::default());
        for number in 0..1000 {
            words.note(&format!("WORD {number}"));
            words.note("+380671234567");
        }
        assert_eq!(words.told.lock().unwrap().len(), MOST + 1);
    }

    #[test]
    fn a_word_with_part_of_a_secret_in_it_is_not_shown() {
        let secret = |text: &str| Some(Secret::new(text.into()));
        let secrets = GatewaySecrets {
            secret: secret("abc"),
            receipt_secret: secret("a-long-secret"),
            ..GatewaySecrets::default()
        };
        let words = UnlistedWords::of("a", "a word", &secrets);
        for word in ["abc", "xabcx", "a-long-s", "ong-secret and more"] {
            assert!(words.has_secret(word), "{word}");
        }
        for word in ["", "ab", "a-long", "secret"] {
            assert!(!words.has_secret(word), "{word}");
        }
    }
}
