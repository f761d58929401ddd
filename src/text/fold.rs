//! What a single character means: its compatibility form, lower case, letter without diacritics, and kind.
//!
//! Everything here is a function of one character, so it is looked up in a table; a page of 256 characters is
//! built when the first of them is met.

mod bare;
mod class;
mod compatible;

use std::sync::OnceLock;

use unicode_normalization::UnicodeNormalization;

use self::bare::without_diacritics;
use self::class::class;
use self::compatible::compatible;

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

fn lower(c: char) -> String {
    match c {
        // Its lower case is an i and a dot above; Turkish stems want the i.
        'İ' => "i".into(),
        _ => c.to_lowercase().nfc().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
