//! Whether a caller takes JSON (RFC 9110, 12.5.1).

use hyper::HeaderMap;
use hyper::header::{ACCEPT, HeaderValue};

use crate::api::refusal::Rejection;

/// Refuses a caller who says that the answer, which is always JSON, will not be taken. Whoever says nothing takes it.
pub(in crate::api) fn must_take_json(headers: &HeaderMap) -> Result<(), Rejection> {
    let mut lines = headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes);
    let Some(first) = lines.next() else { return Ok(()) };
    let ranges: Vec<_> = std::iter::once(first).chain(lines).flat_map(ranges).collect();
    // The most exact of those that fit counts; of two that are as exact, one that says yes.
    let most_exact = ranges.iter().filter_map(|range| range.exactness).max();
    let fits = |range: &Range| range.exactness == most_exact && range.is_wanted;
    let says_something = !ranges.is_empty();
    if says_something && !(most_exact.is_some() && ranges.iter().any(fits)) {
        return Err(Rejection::NotAcceptable);
    }
    Ok(())
}

/// A media range.
struct Range {
    /// How exactly it means JSON, if it does.
    exactness: Option<u8>,
    /// Its weight is not zero.
    is_wanted: bool,
}

fn ranges(line: &[u8]) -> impl Iterator<Item = Range> {
    let members = line.split(|b| *b == b',').map(<[u8]>::trim_ascii);
    members.filter(|member| !member.is_empty()).map(range)
}

fn range(text: &[u8]) -> Range {
    let mut parts = text.split(|b| *b == b';').map(<[u8]>::trim_ascii);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let exactness = match kind.as_slice() {
        b"application/json" => Some(2),
        b"application/*" => Some(1),
        b"*/*" => Some(0),
        _ => None,
    };
    let weight = parts.find_map(|part| part.strip_prefix(b"q=").or(part.strip_prefix(b"Q=")));
    Range { exactness, is_wanted: !weight.is_some_and(is_zero) }
}

fn is_zero(weight: &[u8]) -> bool {
    weight.starts_with(b"0") && weight.iter().all(|b| matches!(b, b'0' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(lines: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT, HeaderValue::from_static(line));
        }
        must_take_json(&headers).is_ok()
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
            assert!(takes(lines), "{lines:?}");
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
            assert!(!takes(lines), "{lines:?}");
        }
    }
}
