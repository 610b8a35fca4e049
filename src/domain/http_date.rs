//! HTTP dates (RFC 9110, 5.6.7), for `Retry-After` of gateways. Reading is lenient, since gateways write them in many
//! ways.

use jiff::fmt::rfc2822::DateTimeParser;

use super::Timestamp;

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The names of UTC that replace an offset.
const UTC: [&str; 3] = ["GMT", "UTC", "Z"];

/// The year 9999 means "never". Times of `jiff` end before it does, so it is read as 9998, which is as far away.
const NEVER: &str = "9999";
const BEFORE_NEVER: &str = "9998";

impl Timestamp {
    /// Reads one of the three formats of RFC 9110, 5.6.7, or RFC 3339. The weekday is ignored, the day may have one
    /// digit, and the zone may be an offset or missing (UTC).
    pub fn parse_date(text: &str) -> Option<Self> {
        let sooner = text.strip_prefix(NEVER).map(|rest| [BEFORE_NEVER, rest].concat());
        if let Ok(at) = Self::parse(sooner.as_deref().unwrap_or(text)) {
            return Some(at);
        }
        let (day, month, year, time, zone) = parts(text)?;
        let year = if year == NEVER { BEFORE_NEVER } else { year };
        let zone = if UTC.contains(&zone) { "+0000" } else { zone };
        let month = month.get(..3)?;
        let written = format!("{day} {month} {year} {time} {zone}");
        let at = DateTimeParser::new().parse_timestamp(&written).ok()?;
        Some(Self::from_micros(at.as_microsecond()))
    }
}

/// The words for day, month, year, time and zone.
fn parts(text: &str) -> Option<(&str, &str, &str, &str, &str)> {
    let words = text.split([' ', ',', '\t']).filter(|word| !word.is_empty());
    let words: Vec<_> = words.skip_while(|word| is_weekday(word)).collect();
    match words[..] {
        [day, month, year, time] if starts_with_digit(day) => Some((day, month, year, time, "GMT")),
        [day, month, year, time, zone] => Some((day, month, year, time, zone)),
        // The format of C's `asctime`: `Sun Nov  6 08:49:37 1994`.
        [month, day, time, year] => Some((day, month, year, time, "GMT")),
        // The format of RFC 850: `Sunday, 06-Nov-94 08:49:37 GMT`.
        [date, time, zone] => {
            let (day, rest) = date.split_once('-')?;
            let (month, year) = rest.split_once('-')?;
            Some((day, month, year, time, zone))
        }
        _ => None,
    }
}

fn is_weekday(word: &str) -> bool {
    let start = word.get(..3).map(str::to_ascii_lowercase);
    start.is_some_and(|start| WEEKDAYS.contains(&&*start))
}

fn starts_with_digit(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<String> {
        Timestamp::parse_date(text).map(Timestamp::to_whole_second)
    }

    #[test]
    fn the_three_forms_of_http_and_what_is_written_in_their_place_are_one_time() {
        for text in [
            "Sun, 01 Nov 2026 12:00:30 GMT",
            "Sunday, 01-Nov-26 12:00:30 GMT",
            "Sun Nov  1 12:00:30 2026",
            "Sun, 01 Nov 2026 12:00:30 +0000",
            "Sun, 01 Nov 2026 12:00:30 UTC",
            "Sun, 01 Nov 2026 12:00:30",
            "Sun, 1 Nov 2026 12:00:30 GMT",
            "Sunday, 1-Nov-26 12:00:30 GMT",
            "Sun Nov 01 12:00:30 2026",
            "Mon, 01 Nov 2026 12:00:30 GMT",
            "Friday, 01-Nov-26 12:00:30 GMT",
            "Wed Nov  1 12:00:30 2026",
            "01 Nov 2026 12:00:30 GMT",
            "sun, 01 nov 2026 12:00:30 GMT",
            "Sun, 01-Nov-2026 12:00:30 GMT",
            "Sun, 01 November 2026 12:00:30 GMT",
            "Sun, 01 Nov 2026 14:00:30 +0200",
            "2026-11-01T12:00:30Z",
        ] {
            assert_eq!(read(text).as_deref(), Some("2026-11-01T12:00:30Z"), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "Sun",
            "soon",
            "Sun, 99 Nov 2026 12:00:30 GMT",
            "Sun, 31 Nov 2026 12:00:30 GMT",
            "Sun, 01 Nov 2026 25:00:30 GMT",
            "Sun, 01 Foo 2026 12:00:30 GMT",
            "Sun, 01 Nov 2026 12:00:30 GMT again",
            "Sun, 01 Nov 2026",
            "ї, ї ї ї ї ї",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_second_is_read_as_it_was_written(
            second in 0_i64..4_000_000_000,
            form in prop::sample::select(vec![
                "%a, %d %b %Y %H:%M:%S GMT",
                "%a, %-d %b %Y %H:%M:%S +0000",
                "%a %b %e %H:%M:%S %Y",
            ]),
        ) {
            let at = jiff::Timestamp::from_second(second).unwrap();
            let read = Timestamp::parse_date(&at.strftime(form).to_string());
            prop_assert_eq!(read.map(Timestamp::as_micros), Some(second * 1_000_000));
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = Timestamp::parse_date(&text);
        }
    }
}
