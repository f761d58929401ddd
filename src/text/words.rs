//! Reading texts into buffers that are used again: no allocation per word, and a hash by which words meet.

mod run;
mod spelling;

use std::ops::Range;

use unicode_normalization::char::compose;

pub use self::spelling::{cased_hash, spelling_hash};

use self::run::{Run, goes_on};
use self::spelling::{Spelling, of_capitals};
use super::fold::{self, Class};
use super::glyph::{Glyph, Glyphs, glyph};
use super::script::Script;
use super::token::Token;
use super::{confusable, link};

/// The words of one text at a time.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// The text's letters, and behind them those of words that were written in one script.
    letters: Vec<Letter>,
    found: Vec<Word>,
    /// Of every word the [`spelling_hash`] of its folded form: all that is looked at of most words.
    spellings: Vec<u64>,
    widest: u32,
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
        self.letters.reserve(text.len() / 2);
        let glyphs = Glyphs::get();
        let (mut run, mut rest, mut start) = (Run::new(true), text.chars(), 0);
        while let Some(c) = rest.next() {
            let (glyph, end) = (glyphs.of(c), text.len() - rest.as_str().len());
            if glyph.is_easy() {
                self.letters.reserve(rest.as_str().len() + 1);
                self.goes_on_in(&mut run, Class::Letter);
                let mut letter = Letter { start: start as u32, end: end as u32, c, glyph };
                // Most characters are followed by another of their kind.
                loop {
                    run.spelling = run.spelling.and(&letter);
                    self.letters.push(letter);
                    start = letter.end as usize;
                    let mut ahead = rest.clone();
                    let Some(c) = ahead.next() else { break };
                    let glyph = glyphs.of(c);
                    if !glyph.is_easy() {
                        break;
                    }
                    rest = ahead;
                    let end = text.len() - rest.as_str().len();
                    letter = Letter { start: start as u32, end: end as u32, c, glyph };
                }
            } else if let Some(address) =
                link::FIRST.contains(&c).then(|| link::address_at(text, start)).flatten()
            {
                rest = text.get(address.end..).unwrap_or_default().chars();
                start = address.end;
                self.put(&mut run, address, ' ');
            } else {
                self.put(&mut run, start..end, c);
                start = end;
            }
        }
        self.close(&mut run);
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

    /// The words in the order of the text; the whole of a tag stands before its parts.
    pub fn found(&self) -> &[Word] {
        &self.found
    }

    /// Of every word, in the same order, the [`spelling_hash`] of its folded form.
    pub fn spellings(&self) -> &[u64] {
        &self.spellings
    }

    /// The most places that a word of this text takes.
    pub fn widest(&self) -> u32 {
        self.widest
    }

    /// Everything that is known of a word of this text.
    pub fn token(&self, word: &Word) -> Token {
        let letters = || self.letters(word.first..word.behind).iter();
        Token {
            at: word.at as usize,
            width: word.width as usize,
            range: word.start as usize..word.end as usize,
            cased: letters().map(|letter| letter.c).collect(),
            lower: letters().map(|letter| &*fold::entry(letter.c).lower).collect(),
            folded: letters().map(|letter| &*fold::entry(letter.c).folded).collect(),
            script: word.script,
        }
    }

    /// A hash of a word as it is written, in capitals and small letters; never that of its lower case.
    pub fn cased_hash(&self, word: &Word) -> u64 {
        of_capitals(self.letters(word.first..word.behind).iter().map(|letter| letter.c))
    }

    fn clear(&mut self) {
        self.letters.clear();
        self.found.clear();
        self.spellings.clear();
        self.widest = 0;
    }

    fn letters(&self, range: Range<u32>) -> &[Letter] {
        self.letters.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// Adds a character in its compatibility form.
    fn put(&mut self, run: &mut Run, range: Range<usize>, c: char) {
        let (start, end) = (range.start as u32, range.end as u32);
        let glyph_of = glyph(c);
        if !glyph_of.has_compatible_form() {
            return self.put_letter(run, Letter { start, end, c, glyph: glyph_of });
        }
        for c in fold::entry(c).compat.as_deref().unwrap_or_default().chars() {
            self.put_letter(run, Letter { start, end, c, glyph: glyph(c) });
        }
    }

    /// Adds a letter, or joins it to the one before it; leaves noise out.
    fn put_letter(&mut self, run: &mut Run, letter: Letter) {
        if letter.glyph.joins()
            && let Some(last) = self.letters.last_mut()
        {
            if let Some(joined) = compose(last.c, letter.c) {
                (last.c, last.end, last.glyph) = (joined, letter.end, glyph(joined));
                run.stale = true;
                return;
            }
            if letter.glyph.class == Class::Noise {
                last.end = letter.end;
            }
        }
        if letter.glyph.class != Class::Noise {
            self.goes_on_in(run, letter.glyph.class);
            run.see(letter.c);
            run.spelling = run.spelling.and(&letter);
            self.letters.push(letter);
        }
    }

    /// Prepares for a letter of a class: it belongs to the run, or the run is closed and another one begins.
    fn goes_on_in(&mut self, run: &mut Run, class: Class) {
        if !goes_on(run.class, self.letters.len() - run.first, class) {
            self.close(run);
            (run.first, run.class) = (self.letters.len(), class);
        }
    }

    /// Makes a word of the run, if its letters are such.
    fn close(&mut self, run: &mut Run) {
        let (range, class) = (run.first..self.letters.len(), run.class);
        let spelling = if run.stale { self.spelling(&range) } else { run.spelling };
        (run.class, run.stale, run.spelling) = (Class::Other, false, Spelling::default());
        run.at = match class {
            Class::Other | Class::Noise | Class::Mark => run.at,
            Class::Letter if run.tag => self.tag_word(range, run.at),
            _ => self.word(range, spelling, run.at, 1),
        };
    }

    /// A word of a tag: the whole of it, and its parts if capitals divide it. Gives the place behind it.
    fn tag_word(&mut self, range: Range<usize>, at: u32) -> u32 {
        let inside = range.start + 1..range.end;
        let parts = inside.clone().filter(|place| self.begins_part(&range, *place)).count() as u32 + 1;
        let behind = self.word(range.clone(), self.spelling(&range), at, parts);
        if parts == 1 {
            return behind;
        }
        let (mut at, mut start) = (at, range.start);
        for place in inside.chain([range.end]) {
            if place == range.end || self.begins_part(&range, place) {
                at = self.word(start..place, self.spelling(&(start..place)), at, 1);
                start = place;
            }
        }
        at
    }

    /// `BurkinaFaso` is `Burkina` `Faso`, `USArmy` is `US` `Army`.
    fn begins_part(&self, tag: &Range<usize>, place: usize) -> bool {
        let of_tag = |place: usize| self.letters.get(place).filter(|_| tag.contains(&place));
        let upper = |place: usize| of_tag(place).is_some_and(|letter| letter.glyph.is_upper());
        let lower = |place: usize| of_tag(place).is_some_and(|letter| letter.glyph.is_lower());
        upper(place) && (lower(place - 1) || (upper(place - 1) && lower(place + 1)))
    }

    /// What a look at these letters tells.
    fn spelling(&self, range: &Range<usize>) -> Spelling {
        let letters = self.letters.get(range.clone()).unwrap_or_default();
        letters.iter().fold(Spelling::default(), Spelling::and)
    }

    /// Adds one word; gives the place behind it.
    fn word(&mut self, mut range: Range<usize>, mut spelling: Spelling, at: u32, width: u32) -> u32 {
        let letters = self.letters.get(range.clone()).unwrap_or_default();
        let [first, ..] = letters else { return at };
        let (start, end) = (first.start, letters.last().unwrap_or(first).end);
        let class = first.glyph.class;
        if spelling.mixes_scripts() && !matches!(class, Class::Digit | Class::Symbol | Class::Flag) {
            range = self.unmix(range);
            spelling = self.spelling(&range);
        }
        let letters = self.letters.get(range.clone()).unwrap_or_default();
        let script = match class {
            Class::Digit => Script::Number,
            Class::Symbol | Class::Flag => Script::Symbol,
            _ => letters.first().map_or(Script::Other, |letter| letter.glyph.script),
        };
        let (first, behind) = (range.start as u32, range.end as u32);
        self.widest = self.widest.max(width);
        self.spellings.push(spelling.folded(letters));
        self.found.push(Word { at, width, start, end, hash: spelling.lower, script, first, behind });
        at + width
    }

    /// Writes a word in one script, if it fits one; gives where its letters stand then.
    fn unmix(&mut self, range: Range<usize>) -> Range<usize> {
        let first = self.letters.len();
        self.letters.extend_from_within(range);
        let letters = self.letters.get_mut(first..).unwrap_or_default();
        let mut word: Vec<char> = letters.iter().map(|letter| letter.c).collect();
        confusable::unmix(&mut word);
        for (letter, c) in letters.iter_mut().zip(word) {
            (letter.c, letter.glyph) = (c, glyph(c));
        }
        first..self.letters.len()
    }
}

#[cfg(test)]
mod tests;
