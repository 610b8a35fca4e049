//! Masks phone numbers in text that callers and gateways wrote, before it reaches a log or the audit.

/// Fewest digits of a phone number, without its country code.
const FEWEST: usize = 9;
/// Most digits of a phone number (ITU-T E.164).
const MOST: usize = 15;
/// The masked digits begin this many before the end of a number, and end two before it.
const HIDDEN: usize = 7;
/// A word of this many hexadecimal digits counts as an id, for example of a trace.
const HEX_ID: usize = 16;
/// Lengths of the five words of a UUID.
const UUID: [usize; 5] = [8, 4, 4, 4, 12];

/// Replaces digits of phone numbers by `*`, except for the first ones and the last two. A number is found with or
/// without its country code, and with any punctuation between its digits. The length of the text stays the same.
///
/// In hexadecimal ids (UUIDs, trace ids) only a whole number with its country code is masked.
pub fn mask_numbers(text: &str) -> String {
    if text.bytes().filter(u8::is_ascii_digit).count() < FEWEST {
        return text.to_owned();
    }
    let mut hidden = hidden_in(text.as_bytes());
    if text.contains('%') {
        hidden.extend(hidden_in(&without_escapes(text)));
    }
    let shown = |(at, c)| if hidden.contains(&at) { '*' } else { c };
    text.char_indices().map(shown).collect()
}

/// The text with each percent-escape such as `%20` replaced by three spaces: digits of an escape belong to no number.
fn without_escapes(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let is_escape =
        |at: usize| matches!(bytes.get(at..at + 3), Some([b'%', a, b]) if is_hex(*a) && is_hex(*b));
    let escapes: Vec<_> = (0..bytes.len()).filter(|at| is_escape(*at)).collect();
    for at in escapes {
        bytes[at..at + 3].fill(b' ');
    }
    bytes
}

/// A run of digits without another character between them.
struct DigitGroup {
    start: usize,
    end: usize,
    /// Whether no letter stands directly before or after it.
    is_alone: bool,
    /// Whether a `+` stands directly before it.
    is_behind_plus: bool,
}

/// The positions of the digits to mask.
fn hidden_in(text: &[u8]) -> Vec<usize> {
    let words = words(text);
    let mut hidden = Vec::new();
    // The groups seen so far that only punctuation separates: one number may be spread over them.
    let mut run = Vec::new();
    let mut rest = &words[..];
    while let [word, after @ ..] = rest {
        let ids = words_of_an_id(text, rest);
        if ids > 0 {
            hide_numbers(text, &std::mem::take(&mut run), &mut hidden);
            for (start, end) in &rest[..ids] {
                hide_whole_number(text, *start..*end, &mut hidden);
            }
            rest = &rest[ids..];
            continue;
        }
        let mut at = word.0;
        while at < word.1 {
            if !text[at].is_ascii_digit() {
                hide_numbers(text, &std::mem::take(&mut run), &mut hidden);
                at += 1;
                continue;
            }
            let length = text[at..word.1].iter().take_while(|b| b.is_ascii_digit()).count();
            let end = at + length;
            let is_alone = (at, end) == *word;
            let is_behind_plus = at > 0 && text[at - 1] == b'+';
            run.push(DigitGroup { start: at, end, is_alone, is_behind_plus });
            at = end;
        }
        rest = after;
    }
    hide_numbers(text, &run, &mut hidden);
    hidden
}

/// Start and end of each word: letters and digits without another character between them. A byte that is not ASCII
/// counts as a letter.
fn words(text: &[u8]) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, byte) in text.iter().enumerate() {
        match (byte.is_ascii_alphanumeric() || !byte.is_ascii(), start) {
            (true, None) => start = Some(at),
            (false, Some(begun)) => {
                words.push((begun, at));
                start = None;
            }
            _ => {}
        }
    }
    words.extend(start.map(|begun| (begun, text.len())));
    words
}

/// How many of `words`, from the first one on, form a hexadecimal id: 5 for a UUID, 1 for a long word, otherwise 0.
fn words_of_an_id(text: &[u8], words: &[(usize, usize)]) -> usize {
    let is_hex_word = |(start, end): (usize, usize)| text[start..end].iter().all(|b| is_hex(*b));
    let is_uuid = words.get(..UUID.len()).is_some_and(|words| {
        let fits = words.iter().zip(UUID).all(|(word, length)| word.1 - word.0 == length);
        let is_joined = |pair: &[(usize, usize)]| text[pair[0].1..pair[1].0] == *b"-";
        fits && words.iter().all(|word| is_hex_word(*word)) && words.windows(2).all(is_joined)
    });
    if is_uuid {
        return UUID.len();
    }
    let is_id = words.first().is_some_and(|&(start, end)| {
        let has_letters = text[start..end].iter().any(u8::is_ascii_alphabetic);
        end - start >= HEX_ID && has_letters && is_hex_word((start, end))
    });
    usize::from(is_id)
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

/// Adds the positions to mask in every sequence of neighbouring groups that may be a number.
fn hide_numbers(text: &[u8], run: &[DigitGroup], hidden: &mut Vec<usize>) {
    for (index, first) in run.iter().enumerate() {
        hide_number_inside(text, first, hidden);
        let mut positions = Vec::new();
        for (others, group) in run[index..].iter().enumerate() {
            positions.extend(group.start..group.end);
            if positions.len() > MOST {
                break;
            }
            let digits: Vec<_> = positions.iter().map(|at| text[*at]).collect();
            if is_number(&digits, first, others == 0) {
                let length = positions.len();
                hidden.extend(&positions[length - HIDDEN..length - 2]);
            }
        }
    }
}

/// Whether `digits`, which begin with the group `first`, may be a phone number.
fn is_number(digits: &[u8], first: &DigitGroup, is_one_group: bool) -> bool {
    // Area and operator codes begin with 3 to 9. For a group that stands alone the code is not checked.
    let is_alone = is_one_group && first.is_alone;
    let has_code = |at: usize| is_alone || (b'3'..=b'9').contains(&digits[at]);
    let is_ours = match digits.len() {
        // One digit before others is a count, not the beginning of a code.
        9 => first.end - first.start > 1 && has_code(0),
        10 => digits.starts_with(b"0") && has_code(1),
        11 => digits.starts_with(b"80") && has_code(2),
        12 => digits.starts_with(b"380"),
        14 => digits.starts_with(b"00380"),
        _ => false,
    };
    let is_abroad = first.is_behind_plus && !digits.starts_with(b"38") && digits.len() >= FEWEST;
    is_ours || is_abroad
}

/// Masks numbers with their country code inside of a longer run of digits.
fn hide_number_inside(text: &[u8], group: &DigitGroup, hidden: &mut Vec<usize>) {
    for (at, digits) in text[group.start..group.end].windows(12).enumerate() {
        if digits.starts_with(b"380") && digits[3] >= b'3' {
            let end = group.start + at + 12;
            hidden.extend(end - HIDDEN..end - 2);
        }
    }
}

/// Masks a number of twelve digits from `380` on that stands between letters of an id.
fn hide_whole_number(text: &[u8], word: std::ops::Range<usize>, hidden: &mut Vec<usize>) {
    let mut at = word.start;
    for part in text[word].split(|b| !b.is_ascii_digit()) {
        let end = at + part.len();
        if part.len() == 12 && part.starts_with(b"380") {
            hidden.extend(end - HIDDEN..end - 2);
        }
        at = end + 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_hidden_whatever_stands_between_its_digits() {
        for (text, shown) in [
            ("0671234567", "067*****67"),
            ("067-123-45-67", "067-***-**-67"),
            ("38-067-1234567", "38-067-*****67"),
            ("067.123.45.67", "067.***.**.67"),
            ("(067)1234567", "(067)*****67"),
            ("+38(067)123-45-67", "+38(067)***-**-67"),
            ("8 (067) 123 45 67", "8 (067) *** ** 67"),
            ("67_123_45_67", "67_***_**_67"),
            ("tel0671234567", "tel067*****67"),
            ("visit-17-067/123/45/67-2", "visit-17-067/***/**/67-2"),
            ("00380671234567", "0038067*****67"),
            ("17380671234567", "1738067*****67"),
            ("067%20123%2045%2067", "067%20***%20**%2067"),
            ("50%0671234567", "50%067*****67"),
            ("+48 123 456 789", "+48 12* *** *89"),
            ("№0671234567ї", "№067*****67ї"),
        ] {
            assert_eq!(mask_numbers(text), shown, "{text}");
        }
    }

    #[test]
    fn ids_that_are_no_numbers_stay() {
        for id in [
            "0b9ac4a0-1111-4222-8333-444455556a66",
            "00000000-0000-4000-8000-067123456700",
            "req_6617aeec-15e2-4d6f-b9bd-53559c358f97#17810",
            "4bf92f3577b34da6067123456700473a",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "req-2026-12-01-000123",
            "2026-12-01T08:43:48.576389Z",
            "20261201-000123",
            "order-5-20261201",
            "1733040000123",
            "1733040000",
            "17",
            "",
        ] {
            assert_eq!(mask_numbers(id), id);
        }
    }

    /// The ways to begin a number, and to divide its last seven digits.
    const BEGINNINGS: [&str; 9] =
        ["", "0", "8|0", "38|0", "+38|0", "+380|", "380|", "0038|0", "+3|8|0"];
    const PARTS: [&[usize]; 6] = [&[7], &[3, 2, 2], &[3, 4], &[2, 2, 3], &[2, 3, 2], &[1, 3, 3]];

    proptest! {
        #[test]
        fn no_ukrainian_number_is_seen_in_any_usual_spelling(
            number in "[3-9][0-9]{8}",
            beginning in prop::sample::select(&BEGINNINGS[..]),
            parts in prop::sample::select(&PARTS[..]),
            between in prop::sample::select(&["", "-", ".", "_", " ", "/", ":", "?", ", ", "%20", " - "][..]),
            is_bracketed in any::<bool>(),
            before in prop::sample::select(&["", "req-", "visit17-", "tel", "patient:", "2026-12-01-", "17_", "№", "a=5&b="][..]),
            behind in prop::sample::select(&["", "-2", "x", "#17", "-2026", "/api"][..]),
        ) {
            let code = [&*beginning.replace('|', between), &number[..2]].concat();
            let mut text = if is_bracketed { format!("{before}({code})") } else { [before, &*code, between].concat() };
            let mut own = Vec::new();
            let mut rest = &number[2..];
            for (at, length) in parts.iter().enumerate() {
                text.push_str(if at > 0 { between } else { "" });
                own.extend(text.len()..text.len() + length);
                text.push_str(&rest[..*length]);
                rest = &rest[*length..];
            }
            text.push_str(behind);
            let shown = mask_numbers(&text);
            prop_assert_eq!(shown.len(), text.len());
            prop_assert!(own[..5].iter().all(|at| shown.as_bytes()[*at] == b'*'), "{}: {}", text, shown);
        }

        #[test]
        fn no_text_makes_it_panic_and_nothing_but_digits_is_hidden(text in any::<String>(), ascii in "[ -~]{0,200}") {
            for text in [text, ascii] {
                let shown = mask_numbers(&text);
                for (given, seen) in text.chars().zip(shown.chars()) {
                    prop_assert!(seen == given || (seen == '*' && given.is_ascii_digit()));
                }
            }
        }

        #[test]
        fn ids_of_traces_stay(id in "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{11}[a-f]", trace in "00-[0-9a-f]{31}[a-f]-[a-f][0-9a-f]{15}-0[01]") {
            prop_assume!(!id.contains("380") && !trace.contains("380"));
            prop_assert_eq!(mask_numbers(&id), id);
            prop_assert_eq!(mask_numbers(&trace), trace);
        }
    }
}
