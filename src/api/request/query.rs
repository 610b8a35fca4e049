//! Query parameters: which ones a row accepts.

use std::borrow::Cow;

use crate::api::refusal::{FieldError, InputPart};
use crate::contract::{Context, FaultLimits, Fields, Pairs, Place, Reader, Shape};
use crate::http::decode;

/// The query parameters that a row accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameters {
    /// Any. Unknown ones are ignored, as upstream does.
    Any,
    /// The fields of this shape. Unknown ones are ignored, as upstream does.
    Known(&'static Shape),
    /// The fields of this shape, once each and with a value. Others are refused: a misspelt filter would show all records.
    Only(&'static Shape),
}

impl Parameters {
    /// No parameter at all.
    pub(in crate::api) const NONE: Self =
        Self::Only(&Shape::Object(Fields { about: "No parameter.", all: &[] }));
}

/// The faults of parameters that the row does not have, and of those that are given twice or without a value.
pub(in crate::api) fn surplus(
    parameters: Parameters,
    query: Option<&str>,
    context: Context,
) -> Vec<FieldError> {
    let Parameters::Only(shape) = parameters else { return Vec::new() };
    let mut reader = Reader::new(context, FaultLimits::ANSWER, Place::root(None));
    let names = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    // A name without `=` counts as given twice: both faults have the same words.
    let names = names.flat_map(|pair| match pair.split_once('=') {
        Some((name, _)) => [Some(name), None],
        None => [Some(pair), Some(pair)],
    });
    let names: Vec<_> = names.flatten().map(|name| (name, Cow::Borrowed(""))).collect();
    let members = reader.object(shape, Pairs::All(&names));
    let faults = reader.finish(members).err().unwrap_or_default();
    faults.iter().map(|fault| FieldError::of(InputPart::Query, fault)).collect()
}

/// Names and their values. The router has found that all values can be decoded.
pub(super) fn pairs(query: Option<&str>) -> Vec<(&str, Cow<'_, str>)> {
    let pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter_map(|(name, value)| Some((name, decode(value).ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::typed;
    use super::*;
    use crate::contract::{Any, Shaped as _, Whole, shape};
    use crate::domain::Timestamp;

    shape! {
        /// Two parameters.
        struct Two {
            /// One.
            _phone: Option<Any> as "phone",
            /// The other.
            _after: Option<Any> as "after",
        }

        /// A number.
        struct Number {
            /// The number.
            n: Whole<1, 9> = 7,
        }
    }

    const CONTEXT: Context =
        Context { now: Timestamp::from_micros(0), codes: None, clear_secrets: false };

    #[test]
    fn what_a_row_does_not_know_is_refused_where_it_says_so() {
        let surplus = |parameters, query| surplus(parameters, query, CONTEXT);
        let only = Parameters::Only(Two::SHAPE);
        for query in [None, Some(""), Some("phone=1"), Some("&after=&phone=%31&"), Some("phone==")]
        {
            assert_eq!(surplus(only, query), [], "{query:?}");
        }
        for query in
            ["phone", "phone=1&phone=1", "Phone=1", "%70hone=1", "=1", "=", "phone=1&a", "phone;=1"]
        {
            assert_eq!(surplus(only, Some(query)).len(), 1, "{query}");
            assert_eq!(surplus(Parameters::Any, Some(query)), [], "{query}");
            assert!(!surplus(Parameters::NONE, Some(query)).is_empty(), "{query}");
        }
        let many: Vec<_> = (b'a'..=b'z').map(|b| char::from(b).to_string()).collect();
        assert_eq!(surplus(only, Some(&many.join("&"))).len(), 16);
    }

    #[test]
    fn a_number_is_digits_within_its_bounds() {
        for (query, expected) in [
            (None, Some(7)),
            (Some(""), Some(7)),
            (Some("other=x"), Some(7)),
            (Some("n"), Some(7)),
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
            let read = typed::query::<Number>(query, CONTEXT);
            assert_eq!(read.finish().ok().map(|read| read.n.0), expected, "{query:?}");
        }
    }
}
