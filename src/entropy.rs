//! Random bytes: codes, salts, ids and keys are drawn here and in no other module.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ring::rand::SecureRandom;
use zeroize::Zeroizing;

use crate::domain::{Code, CodeFormat, Id, Secret, to_hex};

/// A source of random bytes; tests use [`SeededEntropy`].
pub trait Entropy: Send + Sync + 'static {
    /// Fills the buffer with unpredictable bytes. [`NoEntropy`] if the source fails.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy>;
}

/// The system's random number generator failed: codes and keys can't be created.
#[derive(Debug, thiserror::Error)]
#[error("the system's random number generator gave nothing")]
pub struct NoEntropy;

/// The system's generator (`getrandom`), called through `ring`.
#[derive(Debug)]
#[expect(clippy::disallowed_types, reason = "the one place that asks the system for chance")]
pub struct SystemEntropy(ring::rand::SystemRandom);

impl SystemEntropy {
    /// A handle to the generator, without a state of its own.
    #[expect(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        clippy::new_without_default,
        reason = "the one place that asks the system for chance"
    )]
    pub fn new() -> Self {
        Self(ring::rand::SystemRandom::new())
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        self.0.fill(buffer).map_err(|_| NoEntropy)
    }
}

/// Random bytes that are recorded, to be replayed from the beginning: a world that is read again at a reset of `demo`
/// gets the same secrets as before.
pub struct EntropyRecording {
    source: Arc<dyn Entropy>,
    drawn: Mutex<Zeroizing<Vec<u8>>>,
}

/// Reads an [`EntropyRecording`] from its beginning.
pub struct EntropyReplay {
    recording: Arc<EntropyRecording>,
    at: AtomicUsize,
}

impl EntropyRecording {
    /// An empty recording. Bytes that a replay asks for beyond its end come from `source`.
    pub fn of(source: Arc<dyn Entropy>) -> Arc<Self> {
        Arc::new(Self { source, drawn: Mutex::default() })
    }

    /// A replay that starts with the first byte.
    pub fn replay(self: &Arc<Self>) -> EntropyReplay {
        EntropyReplay { recording: Arc::clone(self), at: AtomicUsize::new(0) }
    }
}

impl Entropy for EntropyReplay {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        let mut drawn = self.recording.drawn.lock().map_err(|_| NoEntropy)?;
        let start = self.at.fetch_add(buffer.len(), Ordering::Relaxed);
        let end = start + buffer.len();
        if let Some(missing) = end.checked_sub(drawn.len()) {
            let mut more = Zeroizing::new(vec![0; missing]);
            self.recording.source.fill(&mut more)?;
            drawn.extend_from_slice(&more);
        }
        buffer.copy_from_slice(&drawn[start..end]);
        Ok(())
    }
}

/// A generator for tests: the same `seed` gives the same bytes. Nothing about it is secret.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<u64>);

impl SeededEntropy {
    /// A generator that starts with this seed.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Entropy for SeededEntropy {
    /// `SplitMix64` (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        let mut state = self.0.lock().map_err(|_| NoEntropy)?;
        for chunk in buffer.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let bytes = (z ^ (z >> 31)).to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}

/// Draws a version 4 UUID as an [`Id`].
pub fn draw_id<T>(entropy: &dyn Entropy) -> Result<Id<T>, NoEntropy> {
    draw_bytes(entropy).map(Id::from_random)
}

/// Draws `N` random bytes: salts, nonces and keys.
pub fn draw_bytes<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N], NoEntropy> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

/// Draws a token or an `api-key`: 256 bits as 64 hexadecimal digits.
pub fn draw_secret(entropy: &dyn Entropy) -> Result<Secret, NoEntropy> {
    let bytes: [u8; 32] = draw_bytes(entropy)?;
    Ok(Secret::new(to_hex(&bytes)))
}

/// Draws a code; every code of the format is equally likely. A number from the incomplete last multiple of the range
/// would favour some codes, so it is drawn again.
pub fn draw_code(entropy: &dyn Entropy, format: CodeFormat) -> Result<Code, NoEntropy> {
    let (least, greatest) = format.drawn().into_inner();
    let count = greatest - least + 1;
    let fair = u64::MAX - u64::MAX % count;
    loop {
        let number = u64::from_le_bytes(draw_bytes(entropy)?);
        if number < fair {
            return format.code(least + number % count).map_err(|_| NoEntropy);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pearson's chi-squared for `counts` that should be equal.
    fn chi_squared(counts: &[u32]) -> f64 {
        let cells = u32::try_from(counts.len()).unwrap();
        let expected = f64::from(counts.iter().sum::<u32>()) / f64::from(cells);
        counts.iter().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum()
    }

    #[test]
    fn codes_are_even_in_every_digit_and_as_a_whole() {
        let entropy = SeededEntropy::new(20_261_121);
        let four = CodeFormat::new(4).unwrap();
        let six = CodeFormat::new(6).unwrap();
        let mut digits = [[0_u32; 10]; 6];
        let mut whole = vec![0_u32; 9_000];
        for _ in 0..100_000 {
            let code = draw_code(&entropy, six).unwrap();
            for (place, digit) in code.reveal().bytes().enumerate() {
                digits[place][usize::from(digit - b'0')] += 1;
            }
            let short = draw_code(&entropy, four).unwrap();
            whole[short.reveal().parse::<usize>().unwrap() - 1_000] += 1;
        }
        // Beyond these a fair source is found one time in a thousand: chi-squared with 8, 9 and 8 999 degrees of freedom.
        let [first, rest @ ..] = &digits;
        assert_eq!(first[0], 0, "no code begins with a zero");
        let found = chi_squared(&first[1..]);
        assert!(found < 26.12, "the first digit: {found}");
        for (place, counts) in rest.iter().enumerate() {
            let found = chi_squared(counts);
            assert!(found < 27.88, "digit {place} behind the first: {found}");
        }
        let found = chi_squared(&whole);
        assert!((8_589.0..9_419.0).contains(&found), "{found}");
    }

    proptest! {
        #[test]
        fn a_code_has_all_its_digits_and_follows_evenly_from_what_is_drawn(digits in CodeFormat::BOUNDS, number: u64) {
            let format = CodeFormat::new(digits).unwrap();
            let (least, greatest) = format.drawn().into_inner();
            let count = greatest - least + 1;
            let drawn = draw_code(&Scripted(Mutex::new(vec![1, number])), format).unwrap();
            let text = drawn.reveal();
            prop_assert_eq!(text.len(), usize::from(digits));
            prop_assert!(text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0'));
            // As many numbers lead to each code as to each other one; the few at the end that would not are drawn again.
            let is_fair = number < u64::MAX - u64::MAX % count;
            let expected = least + if is_fair { number % count } else { 1 };
            prop_assert_eq!(text, expected.to_string());
        }
    }

    /// Gives one fixed eight-byte draw after the other.
    struct Scripted(Mutex<Vec<u64>>);

    impl Entropy for Scripted {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
            let next = self.0.lock().map_err(|_| NoEntropy)?.pop().ok_or(NoEntropy)?;
            buffer.copy_from_slice(&next.to_le_bytes());
            Ok(())
        }
    }

    #[test]
    fn a_draw_from_the_uneven_end_is_drawn_again() {
        let six = CodeFormat::new(6).unwrap();
        let fair = u64::MAX - u64::MAX % 900_000;
        let draws = Scripted(Mutex::new(vec![fair - 1, u64::MAX, fair]));
        assert_eq!(draw_code(&draws, six).unwrap().reveal(), "999999");
        assert!(draw_code(&draws, six).is_err());
    }

    #[test]
    fn ids_are_version_4_uuids() {
        let id: Id<()> = draw_id(&SeededEntropy::new(1)).unwrap();
        let text = id.to_string();
        assert_eq!(&text[14..15], "4");
        assert!("89ab".contains(&text[19..20]));
        assert_eq!(Id::parse(&text), Some(id));
    }

    #[test]
    fn a_tape_gives_the_same_again_and_more_when_more_is_asked_for() {
        let recording = EntropyRecording::of(Arc::new(SystemEntropy::new()));
        let draw = |replay: &EntropyReplay| draw_bytes::<32>(replay).unwrap();
        let first = recording.replay();
        let (one, two) = (draw(&first), draw(&first));
        let again = recording.replay();
        assert_eq!((draw(&again), draw(&again)), (one, two));
        assert!(one != two && draw(&again) != two);
    }

    #[test]
    fn secrets_are_256_bits() {
        let entropy = SystemEntropy::new();
        let (one, two) = (draw_secret(&entropy).unwrap(), draw_secret(&entropy).unwrap());
        assert_eq!(one.reveal().len(), 64);
        assert_ne!(one.reveal(), two.reveal());
    }
}
