//! Words that differ by a typing mistake: for messages that suggest the nearest known name.

/// Whether `word` may be a misspelling of `other`: the edit distance (`strsim::osa_distance`) is at most a third of the
/// longer word, and one letter is always allowed.
pub fn is_similar(word: &str, other: &str) -> bool {
    let longer = word.chars().count().max(other.chars().count());
    strsim::osa_distance(word, other) <= (longer / 3).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_may_differ_and_of_a_short_word_one_letter() {
        for (word, other) in
            [("ulr", "url"), ("digit", "digits"), ("k2026-01-31-7f3a", "k2026-01-31-7f3")]
        {
            assert!(is_similar(word, other), "{word} {other}");
        }
        for (word, other) in
            [("foo", "hosts"), ("nope", "k2026-01-31-7f3a"), ("", "by"), ("x", "url")]
        {
            assert!(!is_similar(word, other), "{word} {other}");
        }
    }
}
