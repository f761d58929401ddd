//! Terms with words that stand in many forms: inflected, or with any ending. A word of a text is known by the elements
//! it meets.

use super::anchor::{Anchors, Name, Place, Sought};
use super::memo::{Memo, Set, Sets};
use super::neighbour::{self, Text};
use super::term::Term;
use super::vocabulary::{Element, Vocabulary};
use crate::text::stem::Language;
use crate::text::words::{Word, Words};

/// All such terms.
#[derive(Debug, Default)]
pub struct Varied {
    vocabulary: Vocabulary,
    anchors: Anchors<Element>,
}

/// Elements are numbered by us, so nobody can choose them to collide.
impl Sought for Element {
    fn alone(self) -> u64 {
        mixed(u64::from(self) | u64::from(u32::MAX) << 32)
    }

    fn beside(self, behind: Self) -> u64 {
        mixed(u64::from(self) << 32 | u64::from(behind))
    }

    fn told_by_key(self) -> bool {
        true
    }
}

/// Another number for every number.
fn mixed(number: u64) -> u64 {
    let mixed = (number ^ number >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ mixed >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Varied {
    /// Adds a term, which inflects in `language` where it can.
    pub fn plant(&mut self, name: Name, term: &Term, language: Option<&Language>) {
        let mut element = |word| self.vocabulary.element(word, term.mode, language);
        let words = term.words.iter().map(|word| (element(word), word.token.folded.chars().count()));
        let words: Vec<_> = words.collect();
        self.anchors.plant(name, &words);
    }

    /// See [`Anchors::settle`].
    pub fn settle(&mut self) {
        self.anchors.settle();
    }

    /// Tells every term in a text to `found`. The memo is that of no other terms; `met` is used again.
    pub fn find(&self, words: &Words, memo: &mut Memo, met: &mut Vec<Set>, found: &mut impl FnMut(Place)) {
        if self.anchors.is_empty() {
            return;
        }
        memo.trim();
        let both = || words.found().iter().zip(words.spellings());
        let may_meet = |(word, spelling): &(&Word, &u64)| self.vocabulary.may_meet(word, **spelling);
        memo.fetch(both().filter(may_meet).map(|(word, _)| word));
        met.clear();
        met.extend(both().map(|(word, spelling)| {
            if may_meet(&(word, spelling)) {
                memo.meets(words, word, &self.vocabulary, &self.anchors)
            } else {
                Set::EMPTY
            }
        }));
        self.find_in(words, met, memo.sets(), found);
    }

    fn find_in(&self, words: &Words, met: &[Set], sets: &Sets, found: &mut impl FnMut(Place)) {
        let set = |number: usize| met.get(number).copied().unwrap_or(Set::EMPTY);
        let text = Text::new(words, |number, element| sets.elements(set(number)).any(|met| met == element));
        let beside = self.anchors.beside();
        let alone = met.iter().filter(|set| set.alone()).flat_map(|set| sets.elements(*set));
        self.anchors.fetch(alone.map(Element::alone));
        for (number, first) in met.iter().enumerate() {
            if first.alone() {
                for key in sets.elements(*first).map(Element::alone) {
                    self.anchors.find(&text, self.anchors.with(key), (number, number), found);
                }
            }
            if !first.before() {
                continue;
            }
            for behind in neighbour::behind(words, number).filter(|behind| set(*behind).behind()) {
                for element in sets.elements(*first) {
                    let keys = sets.elements(set(behind)).map(|next| element.beside(next));
                    for key in keys.filter(|key| beside.has(*key)) {
                        self.anchors.find(&text, self.anchors.with(key), (number, behind), found);
                    }
                }
            }
        }
    }
}
