use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use jiff::fmt::temporal::Pieces;
use serde::{Deserialize, Serialize};

/// A point in time: microseconds since 1970-01-01T00:00:00Z, the precision of ЕСОЗ (`…T12:20:16.300597Z`).
///
/// `+` and `-` saturate, so no `Duration` of a configuration can turn a later time into an earlier one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// The text is not an RFC 3339 time. The error contains the text.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no RFC 3339 time such as 2026-01-31T12:00:00Z")]
pub struct NotATime(String);

impl Timestamp {
    /// The time this many microseconds after 1970-01-01T00:00:00Z.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z; negative before it.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Reads an RFC 3339 time and truncates digits beyond microseconds. The last hours of the year 9999 become the
    /// latest time of `jiff`.
    pub fn parse(text: &str) -> Result<Self, NotATime> {
        let at = text.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_microsecond);
        let at = at.ok().or_else(|| last_day(text));
        at.map(Self).ok_or_else(|| NotATime(text.to_owned()))
    }

    /// The duration from `earlier` to `self`; zero if `earlier` is the later one.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// [`Timestamp::since`] in whole seconds, rounded up: the value of `Retry-After`.
    pub fn seconds_since(self, earlier: Self) -> u64 {
        let length = self.since(earlier);
        length.as_secs() + u64::from(length.subsec_micros() > 0)
    }

    /// The day in UTC, for example `2026-12-01`. Times before 1970 give `1970-01-01`.
    pub fn day(self) -> String {
        let mut text = calendar(self.0.max(0)).to_string();
        text.truncate("2026-12-01".len());
        text
    }

    /// The next whole second, or `self` if it is one. A client that waits until then has waited long enough, even if it
    /// does not read fractions.
    #[must_use]
    pub fn rounded_up(self) -> Self {
        let seconds = self.0.div_euclid(1_000_000) + i64::from(self.0.rem_euclid(1_000_000) > 0);
        Self(seconds.saturating_mul(1_000_000))
    }

    /// RFC 3339 in whole seconds, rounded up: for messages to operators.
    pub fn to_whole_second(self) -> String {
        format!("{:.0}", calendar(self.rounded_up().0))
    }
}

/// The last hours of the year 9999, which many systems write for "never". `jiff` excludes them, so that every time
/// exists in every time zone; they are read as `jiff::Timestamp::MAX`.
fn last_day(text: &str) -> Option<i64> {
    let pieces = Pieces::parse(text).ok()?;
    let is_whole = pieces.time().is_some() && pieces.to_numeric_offset().is_some();
    (is_whole && pieces.date().year() == LAST_YEAR).then(|| jiff::Timestamp::MAX.as_microsecond())
}

/// RFC 3339 writes a year with four digits.
const LAST_YEAR: i16 = 9999;

fn calendar(micros: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    })
}

/// RFC 3339 in UTC with six digits of fraction: `2026-12-01T12:20:16.300597Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", calendar(self.0))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn micros(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, length: Duration) -> Self {
        Self(self.0.saturating_add(micros(length)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(micros(length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_esoz_prints() {
        let at = Timestamp::parse("2017-07-10T12:20:16.300597Z").unwrap();
        assert_eq!(at.to_string(), "2017-07-10T12:20:16.300597Z");
        let whole = Timestamp::parse("2017-07-10T15:20:16+03:00").unwrap();
        assert_eq!(whole.to_string(), "2017-07-10T12:20:16.000000Z");
    }

    #[test]
    fn the_last_day_of_the_calendar_is_a_time_and_later_than_others() {
        let never = Timestamp::parse("9999-12-31T23:59:59Z").unwrap();
        assert!(never > Timestamp::parse("9999-12-30T21:00:00Z").unwrap());
        assert_eq!(never, Timestamp::parse("9999-12-31T23:59:59.999999z").unwrap());
        assert!(never.to_string().starts_with("9999-12-30T"), "{never}");
        assert_eq!(never, Timestamp::parse("9999-12-31T23:59:59-02:00").unwrap());
        for wrong in
            ["9999-12-32T00:00:00Z", "10000-01-01T00:00:00Z", "9999-12-31", "9999-12-31T23:59:59"]
        {
            assert!(Timestamp::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_client_told_to_wait_waits_long_enough() {
        let now = Timestamp::from_micros(1_000_000);
        let next = Timestamp::from_micros(1_000_001);
        assert_eq!(next.seconds_since(now), 1);
        assert_eq!(next.to_whole_second(), "1970-01-01T00:00:02Z");
        assert_eq!(next.rounded_up().to_string(), "1970-01-01T00:00:02.000000Z");
        assert_eq!(now.rounded_up(), now);
        assert_eq!(Timestamp(-1).rounded_up(), Timestamp(0));
        assert_eq!(now.to_whole_second(), "1970-01-01T00:00:01Z");
        assert_eq!(now.since(next), Duration::ZERO);
    }

    #[test]
    fn a_day_has_ten_letters_whatever_the_time() {
        for (micros, day) in [
            (i64::MIN, "1970-01-01"),
            (0, "1970-01-01"),
            (1_796_083_199_999_999, "2026-11-30"),
            (1_796_083_200_000_000, "2026-12-01"),
            (i64::MAX, "9999-12-30"),
        ] {
            assert_eq!(Timestamp::from_micros(micros).day(), day);
        }
    }

    #[test]
    fn no_length_wraps_round() {
        let end = Timestamp::from_micros(i64::MAX - 1) + Duration::MAX;
        assert!(end > Timestamp::from_micros(0));
        assert!(!end.to_string().is_empty());
    }
}
