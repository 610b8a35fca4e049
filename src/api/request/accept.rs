//! Checks the header `Accept` (RFC 9110, 12.5.1). Every answer is JSON.

use hyper::HeaderMap;
use hyper::header::{ACCEPT, HeaderValue};

use crate::api::refusal::Rejection;

/// Returns [`Rejection::NotAcceptable`] if `Accept` excludes `application/json`. A request without `Accept` accepts
/// JSON.
pub(in crate::api) fn ensure_accepts_json(headers: &HeaderMap) -> Result<(), Rejection> {
    let mut lines = headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes);
    let Some(first) = lines.next() else { return Ok(()) };
    let ranges: Vec<_> = std::iter::once(first).chain(lines).flat_map(ranges).collect();
    // The most exact range decides. Of two equally exact ranges, one with a weight above zero is enough.
    let most_exact = ranges.iter().filter_map(|range| range.exactness).max();
    let fits = |range: &Range| range.exactness == most_exact && range.is_wanted;
    let is_restricted = !ranges.is_empty();
    if is_restricted && !(most_exact.is_some() && ranges.iter().any(fits)) {
        return Err(Rejection::NotAcceptable);
    }
    Ok(())
}

/// One media range of `Accept`, such as `application/*;q=0.8`.
struct Range {
    /// 2 for `application/json`, 1 for `application/*`, 0 for `*/*`; `None` if the range does not include JSON.
    exactness: Option<u8>,
    /// Whether the weight `q` is above zero.
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

    fn accepts(lines: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT, HeaderValue::from_static(line));
        }
        ensure_accepts_json(&headers).is_ok()
    }

    #[test]
    fn json_is_accepted_unless_it_is_excluded() {
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
    fn an_excluded_json_is_not_accepted() {
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
}
