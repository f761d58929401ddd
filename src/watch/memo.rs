//! What the words of posts were found to meet, so that no word is stemmed twice. Its memory is bounded.

use super::anchor::Anchors;
use super::vocabulary::{Element, Vocabulary};
use crate::text::words::{Word, Words};

/// By the hash of a word, the elements it meets. One at a time uses it.
#[derive(Default)]
pub struct Memo {
    /// A table with open addressing; its size is a power of two, or 0.
    slots: Vec<Slot>,
    known: usize,
    sets: Sets,
}

#[derive(Clone, Copy)]
struct Slot {
    hash: u64,
    set: Set,
}

/// Sets of elements, one behind the other: first how many, then each.
#[derive(Default)]
pub struct Sets {
    numbers: Vec<u32>,
}

/// Elements that a word meets: the only one of them or their place among the sets; or what else is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Set(u32);

/// At most so many words are remembered, beside those of the text at hand; 16 bytes each in a table at most half full:
/// 8 MiB.
const MOST_WORDS: usize = 1 << 18;

/// At most so many numbers are kept in sets, beside those of the text at hand: 4 MiB.
const MOST_NUMBERS: usize = 1 << 20;

/// The smallest table.
const FEWEST_SLOTS: usize = 1 << 10;

impl Set {
    /// No element.
    pub const EMPTY: Self = Self(0);
    /// No word is here.
    const VACANT: Self = Self(u32::MAX);
    /// It depends on capitals.
    const BY_CASE: Self = Self(u32::MAX - 1);
    /// What may be found where it is met.
    const ALONE: u32 = 1 << 31;
    const BEFORE: u32 = 1 << 30;
    const BEHIND: u32 = 1 << 29;
    /// It has one element, which is the rest of the number.
    const SINGLE: u32 = 1 << 28;

    /// Whether there is nothing in it.
    pub fn is_empty(self) -> bool {
        self == Self::EMPTY
    }

    /// Whether a term of one word is found where this is met.
    pub fn alone(self) -> bool {
        self.0 & Self::ALONE != 0
    }

    /// Whether a term may be found with this word and the one behind it.
    pub fn before(self) -> bool {
        self.0 & Self::BEFORE != 0
    }

    /// Whether a term may be found with this word and the one before it.
    pub fn behind(self) -> bool {
        self.0 & Self::BEHIND != 0
    }
}

impl Sets {
    /// The elements of a set, ascending.
    pub fn elements(&self, set: Set) -> impl Iterator<Item = Element> {
        let number = set.0 & (Set::SINGLE - 1);
        let single = (set.0 & Set::SINGLE != 0).then_some(number);
        let several =
            if single.is_some() || set.is_empty() { &[][..] } else { self.several(number as usize) };
        single.into_iter().chain(several.iter().copied())
    }

    /// Adds a set.
    pub fn add(&mut self, elements: &[Element], anchors: &Anchors<Element>) -> Set {
        let roles = elements.iter().map(|element| anchors.roles(*element));
        let roles = roles.fold(0, |bits, roles| {
            let role = |has: bool, bit: u32| if has { bit } else { 0 };
            let neighbours = role(roles.before, Set::BEFORE) | role(roles.behind, Set::BEHIND);
            bits | role(roles.alone, Set::ALONE) | neighbours
        });
        match elements {
            [] => Set::EMPTY,
            // The highest numbers stand for something else.
            [element] if *element < Set::SINGLE - 2 => Set(*element | Set::SINGLE | roles),
            _ => {
                // The place 0 would be no set.
                if self.numbers.is_empty() {
                    self.numbers.push(0);
                }
                let at = self.numbers.len() as u32;
                self.numbers.push(elements.len() as u32);
                self.numbers.extend_from_slice(elements);
                Set(at | roles)
            }
        }
    }

    fn several(&self, at: usize) -> &[Element] {
        let count = self.numbers.get(at).map_or(0, |count| *count as usize);
        self.numbers.get(at + 1..at + 1 + count).unwrap_or_default()
    }
}

impl Memo {
    /// The sets that are told by this memo.
    pub fn sets(&self) -> &Sets {
        &self.sets
    }

    /// Forgets all if there is too much of it; sets told before are no longer valid.
    pub fn trim(&mut self) {
        if self.known > MOST_WORDS || self.sets.numbers.len() > MOST_NUMBERS {
            *self = Self::default();
        }
    }

    /// Reads where these words are kept, all at once; each would be waited for by itself otherwise.
    pub fn fetch<'w>(&self, words: impl Iterator<Item = &'w Word>) {
        let mask = self.slots.len().saturating_sub(1);
        let slots = words.filter_map(|word| self.slots.get(word.hash as usize & mask));
        std::hint::black_box(slots.fold(0, |all, slot| all ^ slot.hash));
    }

    /// The elements that a word of `words` meets.
    pub fn meets(
        &mut self,
        words: &Words,
        word: &Word,
        vocabulary: &Vocabulary,
        anchors: &Anchors<Element>,
    ) -> Set {
        match self.get(word.hash) {
            Some(Set::BY_CASE) => {}
            Some(set) => return set,
            None => {
                let token = words.token(word);
                if !vocabulary.depends_on_case(&token) {
                    return self.learn(word.hash, &vocabulary.elements(&token), anchors);
                }
                self.insert(word.hash, Set::BY_CASE);
            }
        }
        let hash = words.cased_hash(word);
        match self.get(hash) {
            Some(set) => set,
            None => self.learn(hash, &vocabulary.elements(&words.token(word)), anchors),
        }
    }

    fn learn(&mut self, hash: u64, elements: &[Element], anchors: &Anchors<Element>) -> Set {
        let set = self.sets.add(elements, anchors);
        self.insert(hash, set);
        set
    }

    fn get(&self, hash: u64) -> Option<Set> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots.get(at)?;
            if slot.hash == hash && slot.set != Set::VACANT {
                return Some(slot.set);
            }
            if slot.set == Set::VACANT {
                return None;
            }
            at = (at + 1) & mask;
        }
    }

    fn insert(&mut self, hash: u64, set: Set) {
        if (self.known + 1) * 2 > self.slots.len() {
            let larger = (self.slots.len() * 2).max(FEWEST_SLOTS);
            let old = std::mem::replace(&mut self.slots, vec![Slot { hash: 0, set: Set::VACANT }; larger]);
            old.into_iter().filter(|slot| slot.set != Set::VACANT).for_each(|slot| self.place(slot));
        }
        self.known += 1;
        self.place(Slot { hash, set });
    }

    /// Puts a slot where a search for it ends; there is room.
    fn place(&mut self, slot: Slot) {
        let mask = self.slots.len().saturating_sub(1);
        let mut at = slot.hash as usize & mask;
        while let Some(here) = self.slots.get_mut(at) {
            if here.set == Set::VACANT {
                *here = slot;
                return;
            }
            at = (at + 1) & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::stem::Language;
    use crate::watch::term::{Mode, Term};

    /// What a memo makes of every word of a text, by a vocabulary of one word.
    fn learn(memo: &mut Memo, text: &str) {
        let mut vocabulary = Vocabulary::default();
        let term = Term::parse("weapon").unwrap();
        vocabulary.element(&term.words[0], Mode::Inflected, Some(&Language::parse("en").unwrap()));
        let mut words = Words::default();
        words.read(text);
        for word in words.found() {
            assert!(memo.meets(&words, word, &vocabulary, &Anchors::default()).is_empty());
        }
    }

    #[test]
    fn a_memo_stays_within_its_bounds() {
        let mut memo = Memo::default();
        let letters = || 'a'..='z';
        let words =
            letters().flat_map(|a| letters().flat_map(move |b| ['r', 's'].map(|c| format!("{a}{b}{c}o "))));
        let text: String = words.collect();
        learn(&mut memo, &text);
        let (known, slots) = (memo.known, memo.slots.len());
        learn(&mut memo, &text);
        assert_eq!((memo.known, memo.slots.len()), (known, slots));
        assert!(known == 26 * 26 * 2 && slots >= known * 2, "{known} {slots}");
        memo.trim();
        assert_eq!(memo.known, known);
        memo.known = MOST_WORDS + 1;
        memo.trim();
        assert_eq!((memo.known, memo.slots.len(), memo.sets.numbers.len()), (0, 0, 0));
    }

    #[test]
    fn what_was_learnt_is_found_again_also_in_a_larger_table() {
        let mut memo = Memo::default();
        // All want the same place.
        let hashes: Vec<u64> = (1..3_000_u64).map(|n| n << 32).collect();
        for (n, hash) in (0..).zip(&hashes) {
            memo.insert(*hash, Set(n));
        }
        for (n, hash) in (0..).zip(&hashes) {
            assert_eq!(memo.get(*hash), Some(Set(n)));
        }
        assert_eq!(memo.get(7), None);
    }
}
