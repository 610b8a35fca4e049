use std::fmt;
use std::time::Duration;

use crate::domain::Timestamp;

/// Name of a file: its day and its part, for example `2026-12-01.2.log`. Most days have one part, without a number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileName {
    day: String,
    part: u32,
}

impl FileName {
    /// The name after `newest`: for `day`, or for the day of `newest` if the clock was set back.
    pub(super) fn next(newest: Option<&Self>, day: &str) -> Self {
        match newest {
            Some(newest) if newest.day.as_str() >= day => {
                Self { day: newest.day.clone(), part: newest.part.saturating_add(1) }
            }
            _ => Self { day: day.to_owned(), part: 1 },
        }
    }

    /// Whether rows of `day` belong into a later file.
    pub(super) fn is_before(&self, day: &str) -> bool {
        self.day.as_str() < day
    }

    /// Midnight UTC after the file's day.
    pub(super) fn end_of_day(&self) -> Timestamp {
        let start = Timestamp::parse(&format!("{}T00:00:00Z", self.day));
        start.unwrap_or(Timestamp::from_micros(i64::MAX)) + Duration::from_hours(24)
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let stem = text.strip_suffix(".log")?;
        let (day, part) = match stem.split_once('.') {
            None => (stem, 1),
            Some((day, part)) => (day, part.parse().ok()?),
        };
        let start = Timestamp::parse(&format!("{day}T00:00:00Z")).ok()?;
        let name = Self { day: start.day(), part };
        (name.leaf() == text && part > 0).then_some(name)
    }

    /// The name within the folder `audit`.
    pub(super) fn leaf(&self) -> String {
        match self.part {
            1 => format!("{}.log", self.day),
            part => format!("{}.{part}.log", self.day),
        }
    }
}

/// The path from the data directory, for messages to operators.
impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "audit/{}", self.leaf())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_day_and_a_part_and_sorts_as_they_do() {
        let name = |text| FileName::parse(text).unwrap();
        let names = ["2026-11-30.log", "2026-12-01.log", "2026-12-01.2.log", "2026-12-01.10.log"];
        assert!(names.is_sorted_by_key(|text| name(text)));
        for text in names {
            assert_eq!(name(text).leaf(), text);
        }
        for text in [
            "2026-12-01",
            "2026-12-32.log",
            "2026-12-01.1.log",
            "2026-12-01.0.log",
            "x.log",
            "2026-12-01.02.log",
            "2026-12-01.log.1",
            "+2026-12-01.log",
            "2026-12-1.log",
        ] {
            assert_eq!(FileName::parse(text), None, "{text}");
        }
        assert_eq!(name("2026-12-01.2.log").end_of_day().day(), "2026-12-02");
    }

    #[test]
    fn no_file_is_of_an_earlier_day_than_the_one_before_it() {
        let first = FileName::next(None, "2026-12-01");
        let same = FileName::next(Some(&first), "2026-12-01");
        let earlier = FileName::next(Some(&same), "2020-01-01");
        let later = FileName::next(Some(&earlier), "2026-12-02");
        let names = [first, same, earlier, later].map(|name| name.leaf());
        assert_eq!(
            names,
            ["2026-12-01.log", "2026-12-01.2.log", "2026-12-01.3.log", "2026-12-02.log"]
        );
    }
}
