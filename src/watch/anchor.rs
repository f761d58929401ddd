//! Terms by the words they are looked for by: a term of one word by that, one of several by two of its words side by
//! side, the two that fewest terms have. So common words cost next to nothing, however many phrases they are in.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;

use hashbrown::HashTable;

use super::filter::{Filter, Sieve};
use super::neighbour::Text;

/// A word of terms, as it is told from others. Every bit of its keys is as good as drawn.
pub trait Sought: Copy + Eq + Hash {
    /// By which a term of this word alone is looked for.
    fn alone(self) -> u64;
    /// By which a term is looked for with this word and the one behind it.
    fn beside(self, behind: Self) -> u64;
    /// Whether its keys tell it from all other words.
    fn told_by_key(self) -> bool;
}

/// Terms whose words are told apart as `W`.
#[derive(Debug)]
pub struct Anchors<W> {
    uses: HashMap<W, Uses>,
    /// The keys of terms of one word.
    alone: Filter,
    /// The keys of terms of several words.
    beside: Filter,
    /// Of the terms with one key the last; what finding it takes stands together.
    last: HashTable<Anchored>,
    earlier: Vec<Anchored>,
    /// The words of all terms, one term behind the other.
    words: Vec<W>,
}

/// What terms make of a word.
#[derive(Clone, Copy, Debug, Default)]
struct Uses {
    terms: u32,
    letters: u16,
    roles: Roles,
}

/// What may be found where a word is met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// A term of this word alone.
    pub alone: bool,
    /// A term with this word and the one behind it.
    pub before: bool,
    /// A term with this word and the one before it.
    pub behind: bool,
}

/// A term, and the way to the others with its key.
#[derive(Clone, Copy, Debug)]
pub struct Anchored {
    key: u64,
    name: Name,
    /// The one before with the same key, among the earlier ones counted from 1; 0 for none.
    previous: u32,
    /// Where its words begin.
    first: u32,
    /// How many words it has.
    words: u16,
    /// The first of the words it is looked for by.
    anchor: u16,
    /// Whether the key tells it from all other terms but those of the same words.
    told_by_key: bool,
}

/// The number of a term, and that of its atom.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    /// Whose it is.
    pub atom: u32,
    /// Which one it is.
    pub entry: u32,
}

/// A term in a text, and the numbers of its first and its last word there.
pub type Place = (Name, usize, usize);

impl<W: Sought> Anchors<W> {
    /// Adds a term by its words and how many letters each has.
    pub fn plant(&mut self, name: Name, words: &[(W, usize)]) {
        for (word, letters) in words {
            let uses = self.uses.entry(*word).or_default();
            (uses.terms, uses.letters) = (uses.terms + 1, *letters as u16);
        }
        let first = self.words.len() as u32;
        self.words.extend(words.iter().map(|(word, _)| *word));
        self.enter(name, first, words.len() as u16);
    }

    /// Looks for every term by the words that are the rarest now that all terms are known, and puts side by side what
    /// is looked for together.
    pub fn settle(&mut self) {
        let mut terms = std::mem::take(&mut self.earlier);
        terms.extend(self.last.drain());
        self.uses.values_mut().for_each(|uses| uses.roles = Roles::default());
        (self.alone, self.beside) = (Filter::default(), Filter::default());
        terms.sort_unstable_by_key(|term| (term.key, term.first));
        for term in terms {
            self.enter(term.name, term.first, term.words);
        }
    }

    /// Whether there is no term.
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// What may be found where a word is met.
    pub fn roles(&self, word: W) -> Roles {
        self.uses.get(&word).map(|uses| uses.roles).unwrap_or_default()
    }

    /// Which keys terms of one word may have; true of all that they have and of few others.
    #[inline]
    pub fn alone(&self) -> Sieve<'_> {
        self.alone.sieve()
    }

    /// Which keys terms of several words may have.
    #[inline]
    pub fn beside(&self) -> Sieve<'_> {
        self.beside.sieve()
    }

    /// Where the terms with a key are kept. To ask for several before any is looked for lets memory answer all at once.
    #[inline]
    pub fn with(&self, key: u64) -> Option<&Anchored> {
        self.last.find(key, |last| last.key == key)
    }

    /// Reads where the terms with these keys are kept, all at once; each would be waited for by itself otherwise.
    pub fn fetch(&self, keys: impl Iterator<Item = u64>) {
        let terms = keys.filter_map(|key| self.with(key));
        std::hint::black_box(terms.fold(0, |all, term| all ^ term.name.entry));
    }

    /// Tells those of the terms with one key that stand in a text at the word `first` and the word `next` right behind it; the two
    /// are one for a term of one word.
    pub fn find<M: Fn(usize, W) -> bool>(
        &self,
        text: &Text<'_, M>,
        terms: Option<&Anchored>,
        (first, next): (usize, usize),
        found: &mut impl FnMut(Place),
    ) {
        let earlier = |later: &&Anchored| self.earlier.get((later.previous as usize).checked_sub(1)?);
        for term in std::iter::successors(terms, earlier) {
            let name = term.name;
            if term.told_by_key {
                found((name, first, next));
                continue;
            }
            let (before, rest) = self.words_of(term).split_at(usize::from(term.anchor));
            match rest {
                [word] if text.meets(first, *word) => found((name, first, first)),
                [word, other, behind @ ..] if text.meets(first, *word) && text.meets(next, *other) => {
                    text.each_first(first, before, &mut |first| {
                        text.each_last(next, behind, &mut |last| found((name, first, last)));
                    });
                }
                _ => {}
            }
        }
    }

    /// Enters a term where it is to be looked for.
    fn enter(&mut self, name: Name, first: u32, count: u16) {
        let words = self.words(first, count);
        let anchor = self.rarest(words);
        let at = words.get(anchor..).unwrap_or_default();
        let Some(key) = key(at) else { return };
        let (word, next) = (at.first().copied(), at.get(1).copied());
        let told_by_key = count <= 2 && words.iter().all(|word| word.told_by_key());
        self.play(word, |roles| if next.is_some() { roles.before = true } else { roles.alone = true });
        self.play(next, |roles| roles.behind = true);
        let anchor = anchor as u16;
        let term = Anchored { key, name, previous: 0, first, words: count, anchor, told_by_key };
        if let Some(last) = self.last.find_mut(key, |last| last.key == key) {
            self.earlier.push(*last);
            *last = Anchored { previous: self.earlier.len() as u32, ..term };
        } else {
            if next.is_some() { &mut self.beside } else { &mut self.alone }.add(key);
            self.last.insert_unique(key, term, |last| last.key);
        }
    }

    fn play(&mut self, word: Option<W>, role: impl Fn(&mut Roles)) {
        if let Some(uses) = word.and_then(|word| self.uses.get_mut(&word)) {
            role(&mut uses.roles);
        }
    }

    /// The first of the two words side by side that fewest terms have; that no term of a large watchlist asks for them
    /// makes them rare in posts as well. Among those, long words are rarer than short ones.
    fn rarest(&self, words: &[W]) -> usize {
        let uses = |word: &W| self.uses.get(word).copied().unwrap_or_default();
        let pairs = words.windows(2).map(|pair| {
            let terms: u64 = pair.iter().map(|word| u64::from(uses(word).terms)).product();
            let letters: u16 = pair.iter().map(|word| uses(word).letters).fold(0, u16::saturating_add);
            (terms, Reverse(letters))
        });
        pairs.enumerate().min_by_key(|(_, rarity)| *rarity).map_or(0, |(at, _)| at)
    }

    fn words_of(&self, term: &Anchored) -> &[W] {
        self.words(term.first, term.words)
    }

    fn words(&self, first: u32, count: u16) -> &[W] {
        let words = self.words.get(first as usize..).unwrap_or_default();
        words.get(..usize::from(count)).unwrap_or_default()
    }
}

/// By which a term is looked for whose words from the rarest ones on are these.
fn key<W: Sought>(words: &[W]) -> Option<u64> {
    match words {
        [] => None,
        [word] => Some(word.alone()),
        [before, behind, ..] => Some(before.beside(*behind)),
    }
}

impl<W> Default for Anchors<W> {
    fn default() -> Self {
        let (alone, beside) = (Filter::default(), Filter::default());
        Self {
            uses: HashMap::new(),
            alone,
            beside,
            last: HashTable::new(),
            earlier: Vec::new(),
            words: Vec::new(),
        }
    }
}
