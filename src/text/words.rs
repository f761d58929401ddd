//! Reading texts into buffers that are used again: no allocation per word, and a hash by which words meet.

mod disguised;
mod gather;
mod run;
mod spelling;
mod short;
mod spot;
mod tag;

use std::ops::Range;

pub use self::spelling::{cased_hash, spelling_hash};
pub use self::spot::Spot;

use self::run::Run;
use self::short::Short;
use self::spelling::{Spelling, of_capitals};
use self::spot::Spots;
use super::fold::{self, Class};
use super::glyph::{Glyph, Glyphs};
use super::link;
use super::script::Script;
use super::token::Token;

/// The words of one text at a time.
#[derive(Clone, Debug, Default)]
#[repr(C)]
pub struct Words {
    /// Words that stand side by side but not one behind the other here; see [`Words::leaps`].
    leaps: Short<[u32; 2], 4>,
    widest: u32,
    /// The last whole that has parts.
    whole: Option<u32>,
    /// Of every word the [`spelling_hash`] of its folded form: all that is looked at of most words.
    spellings: Short<u64, { spot::FEW }>,
    /// Where they stand: all that is looked at of those that are found.
    spots: Spots,
    /// Whether a word may be in disguise somewhere.
    disguised: bool,
    found: Vec<Word>,
    /// The letters of words that are not as the text has them, or had to be looked at one by one.
    letters: Vec<Letter>,
    /// The text, unless it is an address: the letters of most words stand only here.
    text: String,
}

/// A word, a number, a character of a script without spaces, or an emoji; see [`Token`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its place, counted in tokens from 0.
    pub at: u32,
    /// How many places it takes.
    pub width: u32,
    /// Its first byte in the original text.
    pub start: u32,
    /// The byte behind its last.
    pub end: u32,
    /// Of its lower case; another one in every process.
    pub hash: u64,
    /// Its script.
    pub script: Script,
    /// Where its letters stand; no place if they are as the text has them.
    first: u32,
    behind: u32,
}

/// A character in its compatibility form, with the bytes it came from.
#[derive(Clone, Copy, Debug)]
struct Letter {
    start: u32,
    end: u32,
    c: char,
    glyph: Glyph,
}

/// Longer texts are read up to here: places in them are told in 32 bits.
const LONGEST: usize = u32::MAX as usize;

impl Words {
    /// Reads a text; an address in it counts as one space.
    pub fn read(&mut self, text: &str) {
        self.clear();
        let text = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default();
        self.text.push_str(text);
        let glyphs = Glyphs::get();
        let (mut run, mut rest, mut start) = (Run::new(true), text.chars(), 0);
        while let Some(c) = rest.next() {
            let first = glyphs.of(c);
            if let Some(address) = address(text, start, first) {
                rest = text.get(address.end..).unwrap_or_default().chars();
                start = address.end;
                self.gap(&mut run, ' ');
                continue;
            }
            if !first.is_easy() {
                let end = text.len() - rest.as_str().len();
                if first.is_gap() {
                    self.gap(&mut run, c);
                } else {
                    self.put(&mut run, start..end, c);
                }
                start = end;
                continue;
            }
            // Most characters are followed by another of their kind.
            let begun = if run.class == Class::Letter { run.spelling } else { Spelling::default() };
            let mut spelling = begun.and_easy(first);
            let ends = loop {
                let ahead = rest.clone();
                let Some(c) = rest.next() else { break true };
                let glyph = glyphs.of(c);
                let begins = |at: usize| address(text, at, glyph).is_some();
                if !glyph.is_easy() || begins(text.len() - ahead.as_str().len()) {
                    rest = ahead;
                    break glyph.is_easy() || glyph.ends_words();
                }
                spelling = spelling.and_easy(glyph);
            };
            let end = text.len() - rest.as_str().len();
            self.stretch(&mut run, text, start..end, (spelling, first.script), ends);
            start = end;
        }
        self.close(&mut run);
        if self.disguised {
            self.undisguise();
        }
    }

    /// Reads an address: host and path, split at whatever is no letter.
    pub fn read_link(&mut self, address: &str) {
        self.clear();
        let address = address.get(..address.floor_char_boundary(LONGEST)).unwrap_or_default();
        let mut run = Run::new(false);
        for (range, c) in link::characters(address) {
            self.put(&mut run, range, c);
        }
        self.close(&mut run);
    }

    /// The words in the order of the text; the whole of a tag, or of a word in disguise, stands before its parts.
    pub fn found(&self) -> &[Word] {
        &self.found
    }

    /// Of every word, in the same order, the [`spelling_hash`] of its folded form.
    pub fn spellings(&self) -> &[u64] {
        self.spellings.all()
    }

    /// Where the word with this number stands.
    #[inline]
    pub fn spot(&self, number: usize) -> Option<Spot> {
        self.spots.get(number).or_else(|| self.found.get(number).map(Spot::of))
    }

    /// The most places that a word of this text takes.
    pub fn widest(&self) -> u32 {
        self.widest
    }

    /// The numbers of words that stand side by side although others are between them here. Beside them every word
    /// stands right before the next, but for a whole, which stands in the places of its parts.
    pub fn leaps(&self) -> &[[u32; 2]] {
        self.leaps.all()
    }

    /// Everything that is known of a word of this text.
    pub fn token(&self, word: &Word) -> Token {
        let letters = || self.letters_of(word);
        Token {
            at: word.at as usize,
            width: word.width as usize,
            range: word.start as usize..word.end as usize,
            cased: letters().collect(),
            lower: letters().map(|c| &*fold::entry(c).lower).collect(),
            folded: letters().map(|c| &*fold::entry(c).folded).collect(),
            script: word.script,
        }
    }

    /// A hash of a word as it is written, in capitals and small letters; never that of its lower case.
    pub fn cased_hash(&self, word: &Word) -> u64 {
        of_capitals(self.letters_of(word))
    }

    fn clear(&mut self) {
        self.text.clear();
        self.letters.clear();
        self.disguised = false;
        self.forget_words();
    }

    fn forget_words(&mut self) {
        self.found.clear();
        self.spellings.clear();
        self.spots.clear();
        self.leaps.clear();
        (self.whole, self.widest) = (None, 0);
    }

    fn letters_of(&self, word: &Word) -> impl Iterator<Item = char> {
        let (range, bytes) =
            (word.first as usize..word.behind as usize, word.start as usize..word.end as usize);
        let bytes = if range.is_empty() { bytes } else { 0..0 };
        let letters = self.letters.get(range).unwrap_or_default().iter().map(|letter| letter.c);
        letters.chain(self.text.get(bytes).unwrap_or_default().chars())
    }
}

/// The address that begins with a character at a byte of `text`, if one does.
#[inline]
fn address(text: &str, at: usize, first: Glyph) -> Option<Range<usize>> {
    first.may_begin_address().then(|| link::address_at(text, at)).flatten()
}

#[cfg(test)]
mod tests;
