use std::ops::RangeInclusive;

use super::Rejection;
use super::validation::Fault;
use crate::domain::{Id, Refusal, VerificationId};
use crate::http::query_value;

/// The parameters of a query, and what is wrong with them. Those that nobody asks for are not looked at.
pub(super) struct Query<'q> {
    text: Option<&'q str>,
    faults: Vec<Fault>,
}

impl<'q> Query<'q> {
    pub(super) fn of(text: Option<&'q str>) -> Self {
        Self { text, faults: Vec::new() }
    }

    /// A whole number within these bounds; `default` when it is not given, or wrong.
    pub(super) fn number(
        &mut self,
        name: &'static str,
        bounds: RangeInclusive<u64>,
        default: u64,
    ) -> u64 {
        // The router has found the query to be text.
        let Ok(Some(text)) = query_value(self.text, name) else { return default };
        let is_number = text.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(number) if is_number && bounds.contains(&number) => number,
            Ok(_) | Err(_) => {
                self.faults.push(Fault::parameter(name, &bounds));
                default
            }
        }
    }

    /// The id of a delivery that this list has; none when it is not given, or wrong.
    pub(super) fn delivery(
        &mut self,
        name: &'static str,
        is_listed: impl FnOnce(VerificationId) -> Result<bool, Refusal>,
    ) -> Result<Option<VerificationId>, Refusal> {
        let Ok(Some(text)) = query_value(self.text, name) else { return Ok(None) };
        let id = Id::parse(&text);
        if let Some(id) = id
            && is_listed(id)?
        {
            return Ok(Some(id));
        }
        self.faults.push(Fault::not_listed(name));
        Ok(None)
    }

    pub(super) fn finish(self) -> Result<(), Rejection> {
        if self.faults.is_empty() { Ok(()) } else { Err(Rejection::Invalid(self.faults)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_digits_within_its_bounds() {
        for (query, expected) in [
            (None, Some(7)),
            (Some(""), Some(7)),
            (Some("other=x"), Some(7)),
            (Some("n=1"), Some(1)),
            (Some("a=b&n=007&n=x"), Some(7)),
            (Some("n=%39"), Some(9)),
            (Some("n=9"), Some(9)),
            (Some("n=10"), None),
            (Some("n=0"), None),
            (Some("n="), None),
            (Some("n=+1"), None),
            (Some("n=-1"), None),
            (Some("n=1.0"), None),
            (Some("n=18446744073709551617"), None),
            (Some("n=١"), None),
        ] {
            let mut given = Query::of(query);
            let number = given.number("n", 1..=9, 7);
            assert_eq!(given.finish().ok().map(|()| number), expected, "{query:?}");
        }
    }
}
