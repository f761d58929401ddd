//! What a single character means: its compatibility form, lower case, letter without diacritics, and kind.
//!
//! Everything here is a function of one character, so it is looked up in a table; a page of 256 characters is
//! built when the first of them is met.

use std::sync::OnceLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use super::script::Script;

/// What a character does to the words around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Part of a word.
    Letter,
    /// Part of the word or character before it: Indic vowel signs, kana voicing marks.
    Mark,
    /// Part of a number.
    Digit,
    /// A token of its own, in scripts that do not set words apart.
    Unspaced,
    /// A token of its own: emoji, arrows.
    Symbol,
    /// Half of a flag.
    Flag,
    /// Left out: invisible, or a diacritic that people add and omit at will.
    Noise,
    /// Separates.
    Other,
}

/// What is known of one character.
#[derive(Debug)]
pub struct Entry {
    /// What it does, once it is in its compatibility form.
    pub class: Class,
    /// Compatibility form: `𝗥` is `R`, `ﬁ` is `fi`, `٣` is `3`. None where that is the character itself.
    pub compat: Option<Box<str>>,
    /// Lower case with diacritics.
    pub lower: Box<str>,
    /// Lower case without diacritics.
    pub folded: Box<str>,
}

const PAGES: usize = 0x11_0000 >> 8;
static TABLE: [OnceLock<Box<[Entry]>>; PAGES] = [const { OnceLock::new() }; PAGES];

/// What is known of `c`.
pub fn entry(c: char) -> &'static Entry {
    let code = c as usize;
    let page = TABLE[code >> 8].get_or_init(|| {
        let first = (code & !0xFF) as u32;
        // A surrogate is no character; its place is filled so that the index stays plain.
        (first..first + 256).map(|code| Entry::of(char::from_u32(code).unwrap_or(' '))).collect()
    });
    &page[code & 0xFF]
}

/// `text` in lower case without diacritics, character by character.
pub fn folded(text: &str) -> String {
    text.chars().map(|c| &*entry(c).folded).collect()
}

impl Entry {
    fn of(c: char) -> Self {
        let compat = compatible(c);
        let lower: String = compat.chars().map(lower).collect();
        let folded = lower.chars().map(without_diacritics).collect::<String>().into();
        let itself = compat.chars().eq([c]);
        Self { class: class(c), compat: (!itself).then(|| compat.into()), lower: lower.into(), folded }
    }
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

/// The zeros of decimal digits outside ASCII that compatibility forms do not reach.
const ZEROS: [u32; 37] = [
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0,
    0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0x104A0, 0x1E950,
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

fn class(c: char) -> Class {
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

fn compatible(c: char) -> String {
    let code = c as u32;
    if let Some(zero) = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code)) {
        return char::from_digit(code - zero, 10).into_iter().collect();
    }
    match code {
        _ if within(&NOISE, c) => c.into(),
        // Trade mark signs hang on a word but are none of its letters.
        0x2120 | 0x2122 => " ".into(),
        // An acute accent on its own is typed as an apostrophe.
        0xB4 => "'".into(),
        // Letters in black circles and squares have no compatibility form of their own.
        0x1F150..=0x1F169 => letter(code - 0x1F150),
        0x1F170..=0x1F189 => letter(code - 0x1F170),
        _ => c.nfkc().fold(String::new(), |mut plain, c| {
            plain.push_str(small_capital(c).unwrap_or(c.encode_utf8(&mut [0; 4])));
            plain
        }),
    }
}

/// Small capitals, which are written for show: `ʀᴜssᴇs` is `russes`. Superscripts have compatibility forms.
fn small_capital(c: char) -> Option<&'static str> {
    Some(match c {
        'ᴀ' => "a",
        'ᴁ' => "ae",
        'ʙ' | 'ᴃ' => "b",
        'ᴄ' => "c",
        'ᴅ' => "d",
        'ᴆ' => "ð",
        'ᴇ' | 'ⱻ' => "e",
        'ꜰ' => "f",
        'ɢ' => "g",
        'ʜ' => "h",
        'ɪ' => "i",
        'Ɪ' => "I",
        'ᴊ' => "j",
        'ᴋ' => "k",
        'ʟ' | 'ᴌ' => "l",
        'ᴍ' => "m",
        'ɴ' | 'ᴎ' => "n",
        'ᴏ' => "o",
        'ɶ' => "oe",
        'ᴘ' => "p",
        'ꞯ' => "q",
        'ʀ' | 'ᴙ' | 'ʁ' => "r",
        'Ʀ' => "R",
        'ꜱ' => "s",
        'ᴛ' => "t",
        'ᴜ' => "u",
        'ᴠ' => "v",
        'ᴡ' => "w",
        'ʏ' => "y",
        'ᴢ' => "z",
        _ => return None,
    })
}

fn letter(place: u32) -> String {
    char::from_u32('A' as u32 + place).into_iter().collect()
}

fn lower(c: char) -> String {
    match c {
        // Its lower case is an i and a dot above; Turkish stems want the i.
        'İ' => "i".into(),
        _ => c.to_lowercase().nfc().collect(),
    }
}

fn without_diacritics(c: char) -> String {
    match Script::of(c) {
        // Only accents that mark stress go; й, ї and ў are letters of their own.
        Script::Cyrillic => match c {
            'ё' | 'ѐ' => "е".into(),
            'ѝ' => "и".into(),
            _ => c.into(),
        },
        Script::Latin | Script::Greek | Script::Arabic => {
            let mut bare = String::new();
            decompose_compatible(c, |part| {
                if !within(&NOISE, part) {
                    bare.push_str(plain(part).unwrap_or(part.encode_utf8(&mut [0; 4])));
                }
            });
            bare
        }
        _ => c.into(),
    }
}

/// Letters that have no decomposition but are written without their stroke, hook or dot where a keyboard
/// lacks them.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ⱥ' | 'ɑ' => "a",
        'ɓ' | 'ƀ' | 'ƃ' | 'ᵬ' => "b",
        'ƈ' | 'ȼ' | 'ɕ' => "c",
        'đ' | 'ð' | 'ɗ' | 'ɖ' | 'ƌ' | 'ȡ' | 'ᵭ' => "d",
        'ɛ' | 'ə' | 'ǝ' | 'ɇ' | 'ⱸ' => "e",
        'ƒ' | 'ᵮ' => "f",
        'ɣ' | 'ɠ' | 'ɡ' | 'ǥ' => "g",
        'ħ' | 'ɦ' | 'ⱨ' => "h",
        'ı' | 'ɨ' | 'ᵻ' => "i",
        'ȷ' | 'ɉ' | 'ʝ' => "j",
        'ƙ' | 'ĸ' | 'ⱪ' => "k",
        'ł' | 'ƚ' | 'ɫ' | 'ɬ' | 'ɭ' | 'ȴ' | 'ⱡ' => "l",
        'ɱ' | 'ᵯ' => "m",
        'ŋ' | 'ɲ' | 'ɳ' | 'ƞ' | 'ȵ' | 'ᵰ' => "n",
        'ø' | 'ɔ' | 'ɵ' | 'ⱺ' => "o",
        'ƥ' | 'ᵱ' | 'ᵽ' => "p",
        'ɋ' | 'ʠ' => "q",
        'ɍ' | 'ɾ' | 'ɽ' | 'ɼ' | 'ᵲ' | 'ᵳ' => "r",
        'ȿ' | 'ʂ' | 'ᵴ' => "s",
        'ŧ' | 'ƭ' | 'ƫ' | 'ʈ' | 'ȶ' | 'ⱦ' | 'ᵵ' => "t",
        'ʉ' | 'ᵾ' => "u",
        'ʋ' | 'ⱱ' | 'ⱴ' => "v",
        'ⱳ' => "w",
        'ƴ' | 'ɏ' => "y",
        'ƶ' | 'ȥ' | 'ɀ' | 'ʐ' | 'ʑ' | 'ⱬ' | 'ᵶ' => "z",
        'ς' => "σ",
        'ٱ' => "ا",
        'ى' | 'ی' | 'ے' => "ي",
        'ة' | 'ۃ' | 'ہ' | 'ھ' | 'ە' => "ه",
        'ک' => "ك",
        _ => return None,
    })
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

    #[test]
    fn letters_fold_to_what_people_type_without_them() {
        let table = [
            ("Traoré", "traore"),
            ("İstanbul ılık", "istanbul ilik"),
            ("Straße", "strasse"),
            ("ẞ", "ss"),
            ("Ærø Œuvre", "aero oeuvre"),
            ("Łódź Đakovo", "lodz dakovo"),
            ("yaƙi Ɓauna", "yaki bauna"),
            ("ǿ", "o"),
            ("ʀᴜꜱꜱᴇs ɢɪᴠᴇ ᴀʀᴍs", "russes give arms"),
            ("ᴿᵘˢˢᶦᵉⁿ ₐᵣₘₛ ᴬᴿᴹᴱᴱ", "russien arms armee"),
            ("ⱤⱯⱠⱣⱮ ⱡⱥⱦⱨⱪⱬⱱⱳⱸⱺ", "rɐlpm lathkzvweo"),
            ("ȺɃȻĐɆǤĦƗɈꝀŁØⱣɌŦɄɎƵ", "abcdeghijꝁloprtuyz"),
            ("Ёлка", "елка"),
            ("Андрей Київ Ўзбек", "андрей київ ўзбек"),
            ("Ἀθῆναι Σίσυφος", "αθηναι σισυφοσ"),
            ("أسلحة إلى آخر ٱلله", "اسلحه الي اخر الله"),
            ("مسؤول رئيس", "مسوول رييس"),
            ("ایران کشور", "ايران كشور"),
        ];
        for (written, typed) in table {
            assert_eq!(folded(written), typed, "{written}");
        }
    }

    #[test]
    fn compatibility_forms_are_plain_letters_and_digits() {
        let table = [
            ('𝗥', "R"),
            ('Ｒ', "R"),
            ('ﬁ', "fi"),
            ('٣', "3"),
            ('५', "5"),
            ('🅰', "A"),
            ('🄱', "B"),
            ('ª', "a"),
            ('ﻼ', "لا"),
        ];
        for (written, plain) in table {
            assert_eq!(entry(written).compat.as_deref(), Some(plain), "{written}");
        }
        assert!(entry('a').compat.is_none());
    }

    #[test]
    fn vowel_signs_and_voicing_marks_are_no_noise() {
        for mark in ['\u{93E}', '\u{94D}', '\u{9CD}', '\u{3099}', '\u{309A}', '\u{E31}'] {
            assert_ne!(entry(mark).class, Class::Noise, "{mark:?}");
            assert_ne!(entry(mark).class, Class::Other, "{mark:?}");
        }
        for noise in
            ['\u{200B}', '\u{AD}', '\u{202E}', '\u{FE0F}', '\u{640}', '\u{301}', '\u{64E}', '\u{5B8}']
        {
            assert_eq!(entry(noise).class, Class::Noise, "{noise:?}");
        }
    }

    #[test]
    fn every_character_has_an_entry_and_folds_once_and_for_all() {
        for c in ('\0'..='\u{2FFF}').chain(('\u{3000}'..='\u{1FFFF}').step_by(977)) {
            let once = &entry(c).folded;
            assert_eq!(&folded(once), &**once, "{c:?}");
        }
    }
}
