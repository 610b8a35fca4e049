//! Which of a row's media types a caller prefers (RFC 9110, 12.5.1).

use hyper::HeaderMap;
use hyper::header::{ACCEPT, HeaderValue};

use crate::api::media_type::MediaType;
use crate::api::refusal::Rejection;

/// The type among these that the caller prefers: of two with the same weight, the one named first here. A caller without
/// `Accept` gets the first.
pub(in crate::api) fn choose(
    headers: &HeaderMap,
    answers: &[MediaType],
) -> Result<MediaType, Rejection> {
    let first = answers.first().copied().unwrap_or(MediaType::Json);
    let mut lines = headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes);
    let Some(line) = lines.next() else { return Ok(first) };
    let ranges: Vec<_> = std::iter::once(line).chain(lines).flat_map(ranges).collect();
    if ranges.is_empty() {
        return Ok(first);
    }
    let mut best = (0, Err(Rejection::NotAcceptable));
    for answer in answers {
        let weight = weight(&ranges, *answer);
        if weight > best.0 {
            best = (weight, Ok(*answer));
        }
    }
    best.1
}

/// The weight of this type: that of the most exact range that has it, and of several as exact the largest.
fn weight(ranges: &[Range<'_>], answer: MediaType) -> u16 {
    let fitting = ranges.iter().filter_map(|range| Some((range.exactness(answer)?, range.weight)));
    fitting.max().map_or(0, |(_, weight)| weight)
}

/// A media range, with its weight in thousandths.
struct Range<'h> {
    kind: &'h [u8],
    weight: u16,
}

impl Range<'_> {
    /// How exactly it means this type, if it does.
    fn exactness(&self, answer: MediaType) -> Option<u8> {
        let name = answer.name().as_bytes();
        if self.kind.eq_ignore_ascii_case(name) {
            return Some(2);
        }
        match self.kind.strip_suffix(b"*")? {
            b"*/" => Some(0),
            main if main.ends_with(b"/") => {
                let of_name = name.get(..main.len())?;
                main.eq_ignore_ascii_case(of_name).then_some(1)
            }
            _ => None,
        }
    }
}

fn ranges(line: &[u8]) -> impl Iterator<Item = Range<'_>> {
    let members = line.split(|b| *b == b',').map(<[u8]>::trim_ascii);
    members.filter(|member| !member.is_empty()).map(range)
}

fn range(text: &[u8]) -> Range<'_> {
    let mut parts = text.split(|b| *b == b';').map(<[u8]>::trim_ascii);
    let kind = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix(b"q=").or(part.strip_prefix(b"Q=")));
    Range { kind, weight: weight.map_or(1000, thousandths) }
}

/// A weight in thousandths. One that is malformed counts as 1, and one below a thousandth as a thousandth.
fn thousandths(weight: &[u8]) -> u16 {
    let (first, digits) = match weight {
        [first, b'.', digits @ ..] => (first, digits),
        [first] => (first, &[][..]),
        _ => return 1000,
    };
    if *first != b'0' || !digits.iter().all(u8::is_ascii_digit) {
        return 1000;
    }
    let place = |place: usize| digits.get(place).map_or(0, |digit| u16::from(digit - b'0'));
    let is_zero = digits.iter().all(|digit| *digit == b'0');
    let least = u16::from(!is_zero);
    (place(0) * 100 + place(1) * 10 + place(2)).max(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(lines: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT, HeaderValue::from_static(line));
        }
        choose(&headers, &[MediaType::Json]).is_ok()
    }

    #[test]
    fn json_is_taken_by_whoever_does_not_exclude_it() {
        for lines in [
            &[][..],
            &[""],
            &["*/*"],
            &["application/*"],
            &["application/json"],
            &["Application/JSON; charset=utf-8"],
            &["application/json;q=0.1"],
            &["text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8"],
            &["text/html", "application/json"],
            &["*/*;q=0, application/json"],
            &["application/*;q=0", "application/json;q=0.001"],
            &["text/html;q=0, */*"],
            &[", application/json ,"],
        ] {
            assert!(accepts(lines), "{lines:?}");
        }
    }

    #[test]
    fn who_excludes_json_does_not_take_it() {
        for lines in [
            &["text/html"][..],
            &["application/xml, text/*"],
            &["application/json;q=0"],
            &["application/json; q=0.000, */*"],
            &["*/*;q=0"],
            &["application/*;Q=0., */*"],
            &["application/jsonp"],
            &["json"],
            &["text/html", "image/png"],
        ] {
            assert!(!accepts(lines), "{lines:?}");
        }
    }

    /// The answer of a row that has a page and JSON, the page second.
    fn chosen(accept: &'static str) -> Option<MediaType> {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        choose(&headers, &[MediaType::Json, MediaType::Html]).ok()
    }

    #[test]
    fn of_several_types_the_one_with_the_largest_weight_is_chosen() {
        for (accept, expected) in [
            ("", Some(MediaType::Json)),
            ("*/*", Some(MediaType::Json)),
            ("text/html, application/json", Some(MediaType::Json)),
            ("text/html;q=0.5, application/json;q=0.4", Some(MediaType::Html)),
            ("text/html;q=0.501, application/json;q=0.5", Some(MediaType::Html)),
            ("text/html;q=0.0001, application/json;q=0", Some(MediaType::Html)),
            ("text/html;q=0.9, */*;q=0.8", Some(MediaType::Html)),
            ("text/html;q=0.7, */*;q=0.8", Some(MediaType::Json)),
            ("TEXT/*", Some(MediaType::Html)),
            ("text/*;q=0.9, text/html;q=0.1, application/json;q=0.5", Some(MediaType::Json)),
            ("text/html;q=x, application/json;q=0.9", Some(MediaType::Html)),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                Some(MediaType::Html),
            ),
            ("application/json;q=0, */*", Some(MediaType::Html)),
            ("image/png", None),
            ("application/json;q=0, text/html;q=0.000", None),
            ("text/", None),
            ("*", None),
            ("*html", None),
        ] {
            assert_eq!(chosen(accept), expected, "{accept}");
        }
    }
}
