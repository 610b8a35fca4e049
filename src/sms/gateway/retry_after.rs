use std::time::Duration;

use hyper::header::{HeaderMap, RETRY_AFTER};

use crate::domain::Timestamp;

/// No gateway is left alone for longer than this, even if it says so: by then a code has long been worth nothing, and a
/// slip of a gateway's should not silence it for a day.
const LONGEST: Duration = Duration::from_mins(15);

/// For how long an answer wants its gateway left alone: `Retry-After` in seconds or as a date (RFC 9110 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let rest = if is_number {
        text.parse().map_or(LONGEST, Duration::from_secs)
    } else {
        Timestamp::parse_date(text)?.since(now)
    };
    Some(rest.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn rest_of(value: &str) -> Option<u64> {
        let now = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(value).unwrap())]);
        retry_after(&headers, now).map(|rest| rest.as_secs())
    }

    #[test]
    fn both_forms_are_obeyed_for_as_long_as_is_sensible() {
        for (value, seconds) in [
            ("0", 0),
            ("7", 7),
            (" 120 ", 120),
            ("86400", 900),
            ("99999999999999999999999", 900),
            ("Sat, 21 Nov 2026 12:00:30 GMT", 30),
            ("Sat, 21 Nov 2026 12:00:30 +0000", 30),
            ("Saturday, 21-Nov-26 12:00:30 GMT", 30),
            ("Sat Nov 21 12:00:30 2026", 30),
            ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
            ("Sun, 22 Nov 2026 12:00:00 GMT", 900),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 900),
            ("Friday, 31-Dec-9999 23:59:59 GMT", 900),
            ("Fri Dec 31 23:59:59 9999", 900),
            ("9999-12-31T23:59:59Z", 900),
            ("9999-12-31T23:59:59.999999+02:00", 900),
        ] {
            assert_eq!(rest_of(value), Some(seconds), "{value}");
        }
        for value in ["", "soon", "-1", "1.5", "+3", "Sat, 99 Nov 2026 12:00:30 GMT"] {
            assert_eq!(rest_of(value), None, "{value}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), Timestamp::from_micros(0)), None);
    }
}
