//! Terms of which every word has one spelling, whatever its case and diacritics. Their words are told apart by hashes
//! that reading a text gives away: most of them are ended by two looks at a few bits.

use super::anchor::{Anchors, Name, Place, Sought};
use super::neighbour::Text;
use super::term::{Mode, Term};
use crate::text::Token;
use crate::text::words::{Words, cased_hash, spelling_hash};

/// All such terms.
#[derive(Debug, Default)]
pub struct Spelled {
    anchors: Anchors<Spelling>,
}

/// A word of such a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Spelling {
    /// Of its folded form.
    folded: u64,
    /// Of its capitals, if they matter.
    cased: Option<u64>,
}

impl Sought for Spelling {
    fn alone(self) -> u64 {
        self.folded
    }

    fn beside(self, behind: Self) -> u64 {
        side_by_side(self.folded, behind.folded)
    }

    fn told_by_key(self) -> bool {
        self.cased.is_none()
    }
}

/// The key of two words side by side, by their spellings.
#[inline]
fn side_by_side(before: u64, behind: u64) -> u64 {
    before.rotate_left(23) ^ behind
}

impl Spelled {
    /// Adds a term.
    pub fn plant(&mut self, name: Name, term: &Term) {
        let spelling = |token: &Token| Spelling {
            folded: spelling_hash(&token.folded),
            cased: (term.mode == Mode::Cased).then(|| cased_hash(&token.cased)),
        };
        let words = term.words.iter().map(|word| (spelling(&word.token), word.token.folded.chars().count()));
        self.anchors.plant(name, &words.collect::<Vec<_>>());
    }

    /// See [`Anchors::settle`].
    pub fn settle(&mut self) {
        self.anchors.settle();
    }

    /// Tells every term in a text to `found`.
    pub fn find(&self, words: &Words, found: &mut impl FnMut(Place)) {
        if self.anchors.is_empty() {
            return;
        }
        let (spellings, anchors) = (words.spellings(), &self.anchors);
        let meets = |number: usize, spelling: Spelling| {
            let word = words.found().get(number).filter(|_| spellings.get(number) == Some(&spelling.folded));
            word.is_some_and(|word| spelling.cased.is_none_or(|cased| words.cased_hash(word) == cased))
        };
        let text = Text::new(words, meets);
        let (alone, beside) = (anchors.alone(), anchors.beside());
        let mut last = 0;
        for (part, keys) in spellings.chunks(AT_ONCE).enumerate() {
            let (mut passed, mut count) = ([0; 2 * AT_ONCE], 0);
            // No branch depends on what passes, because nobody can tell beforehand.
            let mut look = |look: u32, passes: bool| {
                passed[count % (2 * AT_ONCE)] = look;
                count += usize::from(passes);
            };
            for (number, key) in (part as u32 * AT_ONCE as u32..).zip(keys) {
                look(number * 2, alone.has(*key));
                look(number * 2 + 1, beside.has(side_by_side(last, *key)));
                last = *key;
            }
            for looks in passed.get(..count).unwrap_or(&passed).chunks(TOGETHER) {
                let mut met = [None; TOGETHER];
                for (met, look) in met.iter_mut().zip(looks) {
                    *met = place(words, *look).and_then(|(key, numbers)| Some((anchors.with(key)?, numbers)));
                }
                for (terms, numbers) in met.into_iter().flatten() {
                    anchors.find(&text, Some(terms), numbers, found);
                }
            }
        }
        for [before, behind] in words.leaps().iter().map(|leap| leap.map(|number| number as usize)) {
            let keys = spellings.get(before).zip(spellings.get(behind));
            let key = keys.map_or(0, |(before, behind)| side_by_side(*before, *behind));
            if beside.has(key) {
                anchors.find(&text, anchors.with(key), (before, behind), found);
            }
        }
    }
}

/// So many words are looked at before any is looked for.
const AT_ONCE: usize = 32;

/// So many of those that passed are looked for at once: each waits for memory, and they wait together.
const TOGETHER: usize = 8;

/// The key of a look at a text, and the numbers of its first and its last word: twice the number of a word for that
/// alone, one more for the word with the one before it.
fn place(words: &Words, look: u32) -> Option<(u64, (usize, usize))> {
    let number = look as usize / 2;
    let key = words.spellings().get(number)?;
    if look.is_multiple_of(2) {
        return Some((*key, (number, number)));
    }
    let before = number.checked_sub(1)?;
    // The parts of a tag stand behind the whole of it, in the same place.
    let apart = words.widest() == 1 || words.spot(before).is_some_and(|word| word.width == 1);
    let first = words.spellings().get(before).filter(|_| apart)?;
    Some((side_by_side(*first, *key), (before, number)))
}
