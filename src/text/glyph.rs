//! What reading a text asks of every character, in eight bytes; the rest stays in [`fold`].

use std::ops::BitOr;
use std::sync::{LazyLock, OnceLock};

use unicode_normalization::char::is_combining_mark;

use super::fold::{self, Class};
use super::link;
use super::script::Script;

/// A character as words are made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyph {
    /// Its lower case, where that is one character; else the character itself.
    pub lower: char,
    /// What it does to the words around it.
    pub class: Class,
    /// Its script.
    pub script: Script,
    /// What else is to be known.
    pub traits: Traits,
}

/// What a character has, or any of several, in bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traits(u16);

/// It has a compatibility form.
const COMPATIBLE: u16 = 1;
/// It may be part of the character before it.
const JOINS: u16 = 1 << 1;
/// It is a capital.
const UPPER: u16 = 1 << 2;
/// It is a small letter.
const LOWER: u16 = 1 << 3;
/// Its lower case is not one character.
const LONG: u16 = 1 << 4;
/// It is another one without diacritics.
const FOLDS: u16 = 1 << 5;
/// It is a letter to be put behind the others and no more: it joins none, stands for none and has one lower case.
const EASY: u16 = 1 << 6;
/// An address may begin with it.
const FIRST: u16 = 1 << 7;
/// It stands for itself, joins none, and belongs to no word that stands before it.
const ENDS: u16 = 1 << 8;
/// The same, and it is nothing that is looked for.
const GAP: u16 = 1 << 9;
/// The scripts with look-alikes in one another.
const LATIN: u16 = 1 << 10;
const CYRILLIC: u16 = 1 << 11;
const GREEK: u16 = 1 << 12;

impl Traits {
    /// Whether any is another one, or several, without diacritics.
    pub fn folds(self) -> bool {
        self.0 & FOLDS != 0
    }

    /// Whether letters of two of the scripts stand together that have look-alikes in one another.
    pub fn mixes_scripts(self) -> bool {
        (self.0 & (LATIN | CYRILLIC | GREEK)).count_ones() > 1
    }
}

impl BitOr for Traits {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Characters below this stand in one table: Latin, Greek, Cyrillic, Arabic, the scripts of India and Ethiopia.
const NEAR: usize = 0x1400;
static NEAR_TABLE: LazyLock<Box<[Glyph]>> = LazyLock::new(|| (0..NEAR).map(Glyph::at).collect());

const PAGES: usize = 0x11_0000 >> 8;
static PAGE_TABLE: [OnceLock<Box<[Glyph]>>; PAGES] = [const { OnceLock::new() }; PAGES];

/// All glyphs.
#[derive(Clone, Copy)]
pub struct Glyphs {
    near: &'static [Glyph],
}

impl Glyphs {
    /// To be asked for once a text.
    pub fn get() -> Self {
        Self { near: &NEAR_TABLE }
    }

    /// The glyph of `c`.
    #[inline]
    pub fn of(self, c: char) -> Glyph {
        self.near.get(c as usize).copied().unwrap_or_else(|| glyph(c))
    }
}

/// The glyph of `c`, wherever it stands.
pub fn glyph(c: char) -> Glyph {
    let code = c as usize;
    let page = PAGE_TABLE[code >> 8]
        .get_or_init(|| (0..256).map(|place| Glyph::at((code & !0xFF) + place)).collect());
    page[code & 0xFF]
}

impl Glyph {
    /// A surrogate is no character; its place is filled so that the index stays plain.
    fn at(code: usize) -> Self {
        Self::of(char::from_u32(code as u32).unwrap_or(' '))
    }

    fn of(c: char) -> Self {
        let entry = fold::entry(c);
        let mut lower = entry.lower.chars();
        let single = lower.next().filter(|_| lower.next().is_none());
        let (plain, class) = (entry.compat.is_none() && !joins(c), entry.class);
        let ends = plain && !matches!(class, Class::Letter | Class::Mark | Class::Noise);
        let script = Script::of(c);
        let traits = [
            (entry.compat.is_some(), COMPATIBLE),
            (joins(c), JOINS),
            (c.is_uppercase(), UPPER),
            (c.is_lowercase(), LOWER),
            (single.is_none(), LONG),
            (entry.lower != entry.folded, FOLDS),
            (plain && class == Class::Letter && single.is_some(), EASY),
            (link::FIRST.contains(&c), FIRST),
            (ends, ENDS),
            (ends && class == Class::Other, GAP),
            (script == Script::Latin, LATIN),
            (script == Script::Cyrillic, CYRILLIC),
            (script == Script::Greek, GREEK),
        ];
        let traits = traits.into_iter().filter(|(has, _)| *has).map(|(_, bit)| bit).sum();
        Self { lower: single.unwrap_or(c), class, script, traits: Traits(traits) }
    }

    /// Whether it stands for other characters.
    pub fn has_compatible_form(self) -> bool {
        self.traits.0 & COMPATIBLE != 0
    }

    /// Whether it is a letter that joins none, stands for none and has one lower case.
    pub fn is_easy(self) -> bool {
        self.traits.0 & EASY != 0
    }

    /// Whether an address may begin with it.
    pub fn may_begin_address(self) -> bool {
        self.traits.0 & FIRST != 0
    }

    /// Whether it stands for itself and belongs to no word that stands before it.
    pub fn ends_words(self) -> bool {
        self.traits.0 & ENDS != 0
    }

    /// Whether it does that and is nothing that is looked for.
    pub fn is_gap(self) -> bool {
        self.traits.0 & GAP != 0
    }

    /// Whether it may be part of the character before it: a mark, or the vowel or final of a Korean syllable.
    pub fn joins(self) -> bool {
        self.traits.0 & JOINS != 0
    }

    /// Whether it is a capital.
    pub fn is_upper(self) -> bool {
        self.traits.0 & UPPER != 0
    }

    /// Whether it is a small letter.
    pub fn is_lower(self) -> bool {
        self.traits.0 & LOWER != 0
    }

    /// Whether it is another one, or several, without diacritics.
    pub fn folds(self) -> bool {
        self.traits.folds()
    }

    /// Whether its lower case is no single character, so that it has to be asked for.
    pub fn has_long_lower(self) -> bool {
        self.traits.0 & LONG != 0
    }
}

fn joins(c: char) -> bool {
    c >= '\u{300}' && (is_combining_mark(c) || matches!(c, '\u{1161}'..='\u{1175}' | '\u{11A8}'..='\u{11C2}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glyph_says_what_the_tables_say() {
        assert_eq!(size_of::<Glyph>(), 8);
        for c in ('\0'..='\u{2FFF}').chain(('\u{3000}'..='\u{1FFFF}').step_by(977)) {
            let (glyph, entry) = (glyph(c), fold::entry(c));
            assert_eq!((glyph.class, glyph.script), (entry.class, Script::of(c)), "{c:?}");
            assert_eq!(glyph.has_compatible_form(), entry.compat.is_some(), "{c:?}");
            let lower = if glyph.has_long_lower() { entry.lower.to_string() } else { glyph.lower.into() };
            assert_eq!(lower, &*entry.lower, "{c:?}");
            assert_eq!(glyph, Glyphs::get().of(c), "{c:?}");
            assert_eq!(glyph.folds(), entry.folded != entry.lower, "{c:?}");
        }
    }
}
