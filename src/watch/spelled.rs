//! Terms of which every word has one spelling, whatever its case and diacritics. Their words are told apart by hashes
//! that reading a text gives away: most of them are ended by two looks at a few bits.

use super::anchor::{Anchors, Name, Place, Sought};
use super::neighbour::{self, Text};
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
        beside(self.folded, behind.folded)
    }

    fn told_by_key(self) -> bool {
        self.cased.is_none()
    }
}

/// The key of two words side by side, by their spellings.
#[inline]
fn beside(before: u64, behind: u64) -> u64 {
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
        for (number, key) in spellings.iter().enumerate().filter(|(_, key)| anchors.may_be_alone(**key)) {
            anchors.find(&text, *key, (number, number), found);
        }
        let mut look = |before: usize, behind: usize, key: u64| {
            if anchors.may_be_beside(key) {
                anchors.find(&text, key, (before, behind), found);
            }
        };
        if words.widest() == 1 {
            // Every word stands right behind the one before it.
            for (number, (before, behind)) in spellings.iter().zip(spellings.iter().skip(1)).enumerate() {
                look(number, number + 1, beside(*before, *behind));
            }
        } else {
            for (number, before) in spellings.iter().enumerate() {
                for behind in neighbour::behind(words, number) {
                    let key = spellings.get(behind).map(|behind| beside(*before, *behind));
                    look(number, behind, key.unwrap_or_default());
                }
            }
        }
    }
}
