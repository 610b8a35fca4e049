//! Masks a path that no row of the route table has, so that it can be logged.

use super::routes::ROUTES;

/// The longest masked path in a log line, in characters.
const LONGEST: usize = 200;

/// Replaces a segment that is not shown.
const HIDDEN: &str = "*";

/// The path with `*` for each segment that is neither a fixed word of some row nor a version: in a mistyped path it may
/// be a phone, a code, a token or a gateway's secret.
pub(super) fn masked(path: &str) -> String {
    let shown = |segment| if is_shown(segment) { segment } else { HIDDEN };
    let segments: Vec<_> = path.split('/').map(shown).collect();
    segments.join("/").chars().take(LONGEST).collect()
}

fn is_shown(segment: &str) -> bool {
    segment.is_empty() || is_a_version(segment) || is_of_a_row(segment)
}

/// `v` and one digit: a later client may call `v4`.
fn is_a_version(segment: &str) -> bool {
    matches!(segment.as_bytes(), [b'v', digit] if digit.is_ascii_digit())
}

fn is_of_a_row(segment: &str) -> bool {
    !segment.starts_with('{') && ROUTES.iter().any(|row| row.path.split('/').any(|s| s == segment))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_words_of_rows_and_versions_stay_and_nothing_else() {
        for (path, expected) in [
            ("/receipt/turbosms/not-a-real-secret", "/*/*/*"),
            ("/turbosms/not-a-real-secret", "/*/*"),
            ("/api/demo-mis-token", "/api/*"),
            ("/api/AbCdEf0123456789GhIjKl", "/api/*"),
            ("/api/v4/person_requests/17/actions/aprove", "/api/v4/person_requests/*/actions/*"),
            ("/api/v44/person_request/17", "/api/*/*/*"),
            ("/receipts/turbosms/s3cret/more", "/receipts/*/*/*"),
            ("/receipts%2Fturbosms%2Fs3cret", "/*"),
            ("/API/verifications/{id}", "/*/verifications/*"),
            ("//api///verifications/", "//api///verifications/"),
            ("/", "/"),
            ("*", "*"),
            ("", ""),
        ] {
            assert_eq!(masked(path), expected, "{path}");
        }
        assert_eq!(masked(&"/a".repeat(10_000)).len(), LONGEST);
    }

    proptest! {
        #[test]
        fn no_segment_of_the_caller_s_own_is_seen(path in "(/(api|v[0-9]|verifications|[-A-Za-z0-9+.%]{1,20})){0,6}/?") {
            let shown = masked(&path);
            for (given, seen) in path.split('/').zip(shown.split('/')) {
                prop_assert!(seen == HIDDEN || (seen == given && is_shown(seen)), "{}", shown);
            }
        }
    }
}
