//! What kind of character one is.

use unicode_normalization::char::is_combining_mark;

use super::Class;
use crate::text::script::Script;

pub(super) fn class(c: char) -> Class {
    let unspaced = Script::of(c) == Script::Unspaced;
    match c {
        '0'..='9' => Class::Digit,
        '\u{1F1E6}'..='\u{1F1FF}' => Class::Flag,
        _ if within(&NOISE, c) => Class::Noise,
        _ if within(&SYMBOLS, c) => Class::Symbol,
        _ if apostrophe(c) => Class::Other,
        _ if unspaced && is_combining_mark(c) => Class::Mark,
        _ if unspaced && c.is_alphabetic() => Class::Unspaced,
        _ if c.is_alphabetic() => Class::Letter,
        _ if is_combining_mark(c) => Class::Mark,
        _ if c.is_numeric() => Class::Digit,
        _ => Class::Other,
    }
}

/// Whether a character is left out of words.
pub(super) fn is_noise(c: char) -> bool {
    within(&NOISE, c)
}

/// Marks and invisible characters that carry no meaning for a search. Vowel signs of Indic scripts and
/// voicing marks of kana are no noise: without them a word is another word.
const NOISE: [(u32, u32); 34] = [
    (0x00AD, 0x00AD), // soft hyphen
    (0x0300, 0x036F), // Latin, Greek and Cyrillic marks
    (0x0483, 0x0489), // Cyrillic marks
    (0x0591, 0x05BD), // Hebrew points
    (0x05BF, 0x05BF),
    (0x05C1, 0x05C2),
    (0x05C4, 0x05C5),
    (0x05C7, 0x05C7),
    (0x0610, 0x061A), // Arabic marks
    (0x061C, 0x061C), // Arabic letter mark
    (0x0640, 0x0640), // tatweel
    (0x064B, 0x065F), // Arabic vowels
    (0x0670, 0x0670),
    (0x06D6, 0x06DC), // Quranic marks
    (0x06DF, 0x06E4),
    (0x06E7, 0x06E8),
    (0x06EA, 0x06ED),
    (0x08CA, 0x08FF),
    (0x115F, 0x1160), // Hangul fillers
    (0x17B4, 0x17B5), // Khmer inherent vowels, invisible
    (0x180B, 0x180F), // Mongolian selectors
    (0x1AB0, 0x1AFF), // further marks
    (0x1DC0, 0x1DFF),
    (0x200B, 0x200F),   // zero width, directions
    (0x202A, 0x202E),   // embeddings and overrides
    (0x2060, 0x206F),   // word joiner, isolates
    (0x20D0, 0x20FF),   // marks around symbols, keycaps
    (0x2DE0, 0x2DFF),   // Cyrillic letters above
    (0x3164, 0x3164),   // Hangul filler
    (0xFE00, 0xFE0F),   // variation selectors
    (0xFE20, 0xFE2F),   // half marks
    (0xFEFF, 0xFEFF),   // byte order mark
    (0x1F3FB, 0x1F3FF), // skin tones
    (0xE0000, 0xE01EF), // tags, variation selectors
];

/// Emoji, arrows and what is used like them. Geometric bullets are none.
const SYMBOLS: [(u32, u32); 11] = [
    (0x2190, 0x21FF),
    (0x2300, 0x23FF),
    (0x25AA, 0x25AB),
    (0x25B6, 0x25B6),
    (0x25C0, 0x25C0),
    (0x25FB, 0x25FE),
    (0x2600, 0x27BF),
    (0x2900, 0x297F),
    (0x2B00, 0x2BFF),
    (0x1F000, 0x1F1E5),
    (0x1F200, 0x1FAFF),
];

fn within(ranges: &[(u32, u32)], c: char) -> bool {
    let code = c as u32;
    let at = ranges.partition_point(|(_, last)| *last < code);
    ranges.get(at).is_some_and(|(first, _)| *first <= code)
}

/// Apostrophes of all kinds, also those that Unicode counts as letters.
fn apostrophe(c: char) -> bool {
    matches!(c, '\'' | '`' | '\u{B4}' | '\u{2018}'..='\u{201B}' | '\u{2032}')
        || matches!(c, '\u{2B9}'..='\u{2BF}' | '\u{2C8}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_sorted_and_apart() {
        for ranges in [&NOISE[..], &SYMBOLS[..]] {
            assert!(ranges.windows(2).all(|pair| pair[0].1 < pair[1].0));
            assert!(ranges.iter().all(|(first, last)| first <= last));
        }
    }
}
