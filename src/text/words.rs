//! Reading texts into buffers that are used again: no allocation per word, and a hash by which words meet.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::sync::LazyLock;

use unicode_normalization::char::compose;

use super::fold::{self, Class};
use super::glyph::{Glyph, glyph};
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

/// Nobody outside can know it, so nobody can write words that are taken for others.
static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0));

/// Longer texts are read up to here: places in them are told in 32 bits.
const LONGEST: usize = u32::MAX as usize;

/// Of its forms only the script is kept, and no hash.
impl From<&Token> for Word {
    fn from(token: &Token) -> Self {
        Self {
            at: token.at as u32,
            width: token.width as u32,
            start: token.range.start as u32,
            end: token.range.end as u32,
            hash: 0,
            script: token.script,
            first: 0,
            behind: 0,
        }
    }
}

impl Words {
    /// Reads a text; an address in it counts as one space.
    pub fn read(&mut self, text: &str) {
        self.clear();
        let text = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default();
        self.letters.reserve(text.len() / 2);
        let (mut rest, mut before) = (text.chars(), ' ');
        loop {
            let at = text.len() - rest.as_str().len();
            let Some(c) = rest.next() else { break };
            let begins = matches!(c, 'h' | 'H' | 'w' | 'W');
            let address = if begins { link::address_at(text, at, before.is_alphanumeric()) } else { None };
            if let Some(address) = address {
                rest = text.get(address.end..).unwrap_or_default().chars();
                before = ' ';
                self.put(address, ' ');
            } else {
                before = c;
                let (glyph, end) = (glyph(c), at + c.len_utf8());
                if glyph.is_special() {
                    self.put(at..end, c);
                } else {
                    self.letters.push(Letter { start: at as u32, end: end as u32, c, glyph });
                }
            }
        }
        self.divide(true);
    }

    /// Reads an address: host and path, split at whatever is no letter.
    pub fn read_link(&mut self, address: &str) {
        self.clear();
        let address = address.get(..address.floor_char_boundary(LONGEST)).unwrap_or_default();
        for (range, c) in link::characters(address) {
            self.put(range, c);
        }
        self.divide(false);
    }

    /// The words in the order of the text; the whole of a tag stands before its parts.
    pub fn found(&self) -> &[Word] {
        &self.found
    }

    /// Of every word, in the same order, the [`spelling_hash`] of its folded form.
    pub fn spellings(&self) -> &[u64] {
        &self.spellings
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
        let letters = self.letters(word.first..word.behind);
        letters.iter().fold(!*SEED, |hash, letter| mixed(hash, letter.c))
    }

    fn clear(&mut self) {
        self.letters.clear();
        self.found.clear();
        self.spellings.clear();
    }

    fn letters(&self, range: Range<u32>) -> &[Letter] {
        self.letters.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// Adds a character in its compatibility form.
    fn put(&mut self, range: Range<usize>, c: char) {
        let (start, end) = (range.start as u32, range.end as u32);
        let glyph_of = glyph(c);
        if !glyph_of.has_compatible_form() {
            return self.put_letter(Letter { start, end, c, glyph: glyph_of });
        }
        for c in fold::entry(c).compat.as_deref().unwrap_or_default().chars() {
            self.put_letter(Letter { start, end, c, glyph: glyph(c) });
        }
    }

    /// Adds a letter, or joins it to the one before it; leaves noise out.
    fn put_letter(&mut self, letter: Letter) {
        if letter.glyph.joins()
            && let Some(last) = self.letters.last_mut()
        {
            if let Some(joined) = compose(last.c, letter.c) {
                (last.c, last.end, last.glyph) = (joined, letter.end, glyph(joined));
                return;
            }
            if letter.glyph.class == Class::Noise {
                last.end = letter.end;
            }
        }
        if letter.glyph.class != Class::Noise {
            self.letters.push(letter);
        }
    }

    /// Groups letters into words. With `tags`, `#` and `@` begin a tag, in which a capital begins a word.
    fn divide(&mut self, tags: bool) {
        let behind = self.letters.len();
        let (mut first, mut tag, mut at) = (0, false, 0);
        while let Some(letter) = self.letters.get(first).filter(|_| first < behind) {
            let (c, class) = (letter.c, letter.glyph.class);
            let end = first + length(self.letters.get(first..behind).unwrap_or_default(), class);
            match class {
                Class::Other | Class::Noise | Class::Mark => {
                    tag = tags && (matches!(c, '#' | '@') || (tag && c == '_'));
                }
                Class::Letter if tag => at = self.tag_word(first..end, at),
                _ => at = self.word(first..end, at, 1),
            }
            first = end;
        }
    }

    /// A word of a tag: the whole of it, and its parts if capitals divide it. Gives the place behind it.
    fn tag_word(&mut self, range: Range<usize>, at: u32) -> u32 {
        let inside = range.start + 1..range.end;
        let parts = inside.clone().filter(|place| self.begins_part(&range, *place)).count() as u32 + 1;
        let behind = self.word(range.clone(), at, parts);
        if parts == 1 {
            return behind;
        }
        let (mut at, mut start) = (at, range.start);
        for place in inside.chain([range.end]) {
            if place == range.end || self.begins_part(&range, place) {
                at = self.word(start..place, at, 1);
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

    /// Adds one word; gives the place behind it.
    fn word(&mut self, range: Range<usize>, at: u32, width: u32) -> u32 {
        let letters = self.letters.get(range.clone()).unwrap_or_default();
        let (Some(first), Some(last)) = (letters.first(), letters.last()) else { return at };
        let (start, end, class) = (first.start, last.end, first.glyph.class);
        let (mut range, mut spelling) = (range, Spelling::of(letters));
        if spelling.mixes_scripts() && !matches!(class, Class::Digit | Class::Symbol | Class::Flag) {
            range = self.unmix(range);
            spelling = Spelling::of(self.letters.get(range.clone()).unwrap_or_default());
        }
        let script = match class {
            Class::Digit => Script::Number,
            Class::Symbol | Class::Flag => Script::Symbol,
            _ => self.letters.get(range.start).map_or(Script::Other, |letter| letter.glyph.script),
        };
        let (first, behind) = (range.start as u32, range.end as u32);
        self.spellings.push(spelling.folded);
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

/// How many letters belong together with the first one, which is of `class`.
fn length(letters: &[Letter], class: Class) -> usize {
    let tail = letters.get(1..).unwrap_or_default();
    let while_class =
        |fits: fn(Class) -> bool| tail.iter().take_while(|letter| fits(letter.glyph.class)).count();
    1 + match class {
        Class::Letter => while_class(|class| matches!(class, Class::Letter | Class::Mark)),
        Class::Digit => while_class(|class| class == Class::Digit),
        Class::Unspaced => while_class(|class| class == Class::Mark),
        Class::Flag => usize::from(tail.first().is_some_and(|next| next.glyph.class == Class::Flag)),
        Class::Symbol | Class::Mark | Class::Noise | Class::Other => 0,
    }
}

/// What one look at the letters of a word tells.
struct Spelling {
    lower: u64,
    folded: u64,
    scripts: u32,
}

impl Spelling {
    fn of(letters: &[Letter]) -> Self {
        let (mut lower, mut scripts, mut folds) = (*SEED, 0, false);
        for Letter { c, glyph, .. } in letters {
            scripts |= 1 << glyph.script as u32;
            folds |= glyph.folds();
            lower = if glyph.has_long_lower() {
                fold::entry(*c).lower.chars().fold(lower, mixed)
            } else {
                mixed(lower, glyph.lower)
            };
        }
        let folded = || letters.iter().flat_map(|letter| fold::entry(letter.c).folded.chars());
        Self { lower, folded: if folds { folded().fold(*SEED, mixed) } else { lower }, scripts }
    }

    /// Whether letters of two of the scripts stand together that have look-alikes in one another.
    fn mixes_scripts(&self) -> bool {
        let alike = [Script::Latin, Script::Cyrillic, Script::Greek];
        alike.into_iter().filter(|script| self.scripts & (1 << *script as u32) != 0).count() > 1
    }
}

/// By which a word meets its folded form.
pub fn spelling_hash(folded: &str) -> u64 {
    folded.chars().fold(*SEED, mixed)
}

/// Both halves of the product of a hash and a large odd number, so that every bit meets every other.
fn mixed(hash: u64, c: char) -> u64 {
    let product = u128::from(hash ^ u64::from(c)) * 0x9E37_79B9_7F4A_7C15;
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_meet_by_their_lower_case_and_by_their_capitals() {
        let hashes = |text: &str| {
            let mut words = Words::default();
            words.read(text);
            let first = words.found()[0];
            (first.hash, words.cased_hash(&first))
        };
        let (weapons, cased) = hashes("weapons");
        for same in ["WEAPONS", "wеapons", "𝐖eapons", "wea\u{AD}pons"] {
            assert_eq!(hashes(same).0, weapons, "{same}");
        }
        assert_ne!(hashes("WEAPONS").1, cased);
        assert_eq!(hashes("wеapons").1, cased);
        for (text, folded) in
            [("ÉQUIPÉS", "equipes"), ("Straße", "strasse"), ("Ёлка", "елка"), ("arms", "arms")]
        {
            let mut words = Words::default();
            words.read(text);
            assert_eq!(words.spellings(), [spelling_hash(folded)], "{text}");
        }
        for other in ["weapon", "weaponss", "snopaew", "équipe", "equipe"] {
            assert_ne!(hashes(other).0, weapons, "{other}");
        }
    }

    #[test]
    fn a_buffer_forgets_the_text_before() {
        let mut words = Words::default();
        words.read("many words stand here");
        words.read("two wеapons");
        assert_eq!(words.found().len(), 2);
        assert_eq!(words.token(&words.found()[1]).folded, "weapons");
        words.read_link("https://x.org/a");
        assert_eq!(words.found().len(), 3);
    }
}
