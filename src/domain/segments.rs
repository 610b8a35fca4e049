//! How many parts (segments) an SMS has. Gateways charge each part.
//!
//! A text in the default alphabet of GSM 03.38 (3GPP TS 23.038, 6.2.1) fits 160 characters into one part; a character
//! of the extension table counts as two. Any other text is sent in UCS-2: 70 UTF-16 units in one part. In a text of
//! several parts each part has a header, and room for 153 or 67.

/// The default alphabet of 3GPP TS 23.038, 6.2.1, without the escape character.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿\
                     abcdefghijklmnopqrstuvwxyzäöñüà";
/// The extension table of 6.2.1.1: each character is sent as an escape and a second septet.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// Capacity of a single part, and of each part of several, in units of the alphabet.
const GSM: (usize, usize) = (160, 153);
const UCS_2: (usize, usize) = (70, 67);

/// The length of a text as a gateway charges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments {
    /// Length in units of the alphabet: septets of GSM 03.38, or UTF-16 units.
    pub length: usize,
    /// Units that a message of one part can hold: 160 or 70.
    pub room: usize,
    /// Number of parts, at least one even for an empty text.
    pub parts: usize,
}

impl Segments {
    /// Counts `text`, in GSM 03.38 if every character is in it, otherwise in UCS-2.
    pub fn of(text: &str) -> Self {
        let gsm: Option<Vec<usize>> = text.chars().map(septets).collect();
        let is_gsm = gsm.is_some();
        let widths = gsm.unwrap_or_else(|| text.chars().map(char::len_utf16).collect());
        let (room, room_of_each) = if is_gsm { GSM } else { UCS_2 };
        let length = widths.iter().sum();
        let parts = if length <= room { 1 } else { parts(&widths, room_of_each) };
        Self { length, room, parts }
    }
}

/// Number of parts when each holds `room` units. An escape pair or a surrogate pair is never split between two parts.
fn parts(widths: &[usize], room: usize) -> usize {
    let (mut parts, mut filled) = (1, 0);
    for width in widths {
        if filled + width > room {
            parts += 1;
            filled = 0;
        }
        filled += width;
    }
    parts
}

fn septets(character: char) -> Option<usize> {
    if BASIC.contains(character) { Some(1) } else { EXTENSION.contains(character).then_some(2) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> (usize, usize, usize) {
        let Segments { length, room, parts } = Segments::of(text);
        (length, room, parts)
    }

    #[test]
    fn a_text_of_gsm_03_38_has_160_in_one_part_and_153_in_each_of_several() {
        for (length, parts) in [(0, 1), (160, 1), (161, 2), (306, 2), (307, 3), (1530, 10)] {
            assert_eq!(of(&"a".repeat(length)), (length, 160, parts));
        }
        assert_eq!(of("Your code: 123456 @£¥Δ¿à"), (24, 160, 1));
    }

    #[test]
    fn any_other_has_70_and_67_units_of_utf_16() {
        for (length, parts) in [(70, 1), (71, 2), (134, 2), (135, 3), (670, 10)] {
            assert_eq!(of(&"ї".repeat(length)), (length, 70, parts));
        }
        assert_eq!(of("Код авторизації дій в системі eHealth: 123456").1, 70);
        // One character of another alphabet is enough.
        assert_eq!(of(&format!("{}ʼ", "a".repeat(70))), (71, 70, 2));
        assert_eq!(of("`"), (1, 70, 1));
    }

    #[test]
    fn what_counts_two_is_not_torn_apart() {
        assert_eq!(of("{€}"), (6, 160, 1));
        assert_eq!(of(&"€".repeat(80)), (160, 160, 1));
        // Of 153 there is one left over in each.
        assert_eq!(of(&"€".repeat(153)), (306, 160, 3));
        assert_eq!(of(&"🙂".repeat(35)), (70, 70, 1));
        assert_eq!(of(&"🙂".repeat(67)), (134, 70, 3));
    }

    #[test]
    fn the_alphabet_has_127_characters_and_an_extension_of_ten() {
        let mut all: Vec<_> = BASIC.chars().chain(EXTENSION.chars()).collect();
        assert_eq!((BASIC.chars().count(), EXTENSION.chars().count()), (127, 10));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 137);
    }

    proptest! {
        #[test]
        fn the_parts_have_room_for_the_whole_and_none_is_in_vain(text in "[a-z€{їʼ🙂]{0,400}") {
            let Segments { length, room, parts } = Segments::of(&text);
            let each = if room == 160 { 153 } else { 67 };
            prop_assert_eq!(parts == 1, length <= room);
            if parts > 1 {
                prop_assert!(length <= parts * each && length > (parts - 1) * (each - 1));
            }
        }
    }
}
