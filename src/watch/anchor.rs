//! Where in a post terms stand. A term of one word is looked for where that is met; one of several only where two of
//! its words meet side by side, the two that fewest terms have: so common words cost next to nothing, however many
//! phrases they are in.

use std::cmp::Reverse;

use hashbrown::HashTable;

use super::filter::Filter;
use super::memo::{Set, Sets};
use super::vocabulary::Element;
use crate::text::words::{Word, Words};

/// All terms, by their words.
#[derive(Debug, Default)]
pub struct Anchors {
    /// By element.
    words: Vec<Anchor>,
    pairs: HashTable<Pair>,
    filter: Filter,
    terms: Vec<Anchored>,
    /// The words of terms of several words, one term behind the other.
    elements: Vec<Element>,
}

/// What is looked for at an element.
#[derive(Clone, Copy, Debug, Default)]
struct Anchor {
    /// The last term of this word alone, counted from 1; 0 for none.
    last: u32,
    /// How many terms it is in.
    uses: u32,
    /// How many letters it has.
    letters: u16,
    roles: Roles,
}

/// What the elements of a word may begin to find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// A term of this word alone.
    pub alone: bool,
    /// A term with this word and the one behind it.
    pub before: bool,
    /// A term with this word and the one before it.
    pub behind: bool,
}

/// Two words side by side.
#[derive(Clone, Copy, Debug)]
struct Pair {
    elements: [Element; 2],
    /// The last term that is looked for where they meet, counted from 1.
    last: u32,
}

#[derive(Clone, Copy, Debug)]
struct Anchored {
    entry: u32,
    /// The one before that is looked for at the same place, counted from 1; 0 for none.
    previous: u32,
    /// Where its words begin among the elements.
    first: u32,
    /// How many words it has.
    words: u16,
    /// The first of the two words it is looked for by.
    anchor: u16,
}

/// A word of a term: its element, and how many letters it has.
pub type Wanted = (Element, usize);

/// A term in a text: its number, and the first and the last of the words there.
pub type Place<'t> = (usize, &'t Word, &'t Word);

impl Anchors {
    /// Adds a term by its words.
    pub fn plant(&mut self, entry: usize, words: &[Wanted]) {
        for (element, letters) in words {
            let needed = *element as usize + 1;
            self.words.resize(self.words.len().max(needed), Anchor::default());
            if let Some(word) = self.words.get_mut(*element as usize) {
                word.uses += 1;
                word.letters = *letters as u16;
            }
        }
        let first = self.elements.len() as u32;
        self.elements.extend(words.iter().map(|(element, _)| *element));
        let term = Anchored { entry: entry as u32, previous: 0, first, words: words.len() as u16, anchor: 0 };
        self.anchor(term);
    }

    /// Looks for every term by the words that are the rarest now that all terms are known, and puts side by side what
    /// is looked for together.
    pub fn settle(&mut self) {
        let mut terms = std::mem::take(&mut self.terms);
        for word in &mut self.words {
            (word.last, word.roles) = (0, Roles::default());
        }
        (self.pairs, self.filter) = (HashTable::new(), Filter::default());
        terms.sort_by_cached_key(|term| {
            let words = self.words_of(term);
            let anchor = self.rarest(words);
            let pair = words.get(anchor..anchor + 2).or(words.get(..1)).unwrap_or_default();
            (pair.to_vec(), term.entry)
        });
        for term in terms {
            self.anchor(term);
        }
    }

    /// What may be found where an element is met.
    pub fn roles(&self, element: Element) -> Roles {
        self.words.get(element as usize).map(|word| word.roles).unwrap_or_default()
    }

    /// Tells every term in a text to `found`; `met` is the set of elements that each of its words meets.
    pub fn find<'t>(&self, text: &'t Words, met: &[Set], sets: &Sets, mut found: impl FnMut(Place<'t>)) {
        let text = Text { words: text.found(), met, sets, widest: text.widest() };
        for (number, (word, set)) in text.words.iter().zip(met).enumerate() {
            if set.alone() {
                let last = |element: Element| self.words.get(element as usize).map_or(0, |word| word.last);
                for term in sets.elements(*set).flat_map(|element| self.chain(last(element))) {
                    found((term.entry as usize, word, word));
                }
            }
            if set.before() {
                for behind in text.behind(number).filter(|behind| text.set(*behind).behind()) {
                    self.find_pairs(&text, number, behind, &mut found);
                }
            }
        }
    }

    /// Tells every term that is looked for where two words meet.
    fn find_pairs<'t>(
        &self,
        text: &Text<'t, '_>,
        before: usize,
        behind: usize,
        found: &mut impl FnMut(Place<'t>),
    ) {
        for element in text.sets.elements(text.set(before)) {
            for next in text.sets.elements(text.set(behind)) {
                for term in self.chain(self.last_of([element, next])) {
                    let (earlier, rest) = self.words_of(term).split_at(usize::from(term.anchor));
                    text.each_first(before, earlier, &mut |first| {
                        text.each_last(behind, rest.get(2..).unwrap_or_default(), &mut |last| {
                            if let (Some(first), Some(last)) = (text.words.get(first), text.words.get(last)) {
                                found((term.entry as usize, first, last));
                            }
                        });
                    });
                }
            }
        }
    }

    /// Enters a term where it is to be looked for.
    fn anchor(&mut self, term: Anchored) {
        let words = self.words_of(&term);
        let anchor = self.rarest(words);
        let number = self.terms.len() as u32 + 1;
        let previous = match words.get(anchor..).unwrap_or_default() {
            [] => return,
            [element] => {
                let element = *element;
                let Some(word) = self.words.get_mut(element as usize) else { return };
                word.roles.alone = true;
                std::mem::replace(&mut word.last, number)
            }
            [before, behind, ..] => self.enter([*before, *behind], number),
        };
        self.terms.push(Anchored { previous, anchor: anchor as u16, ..term });
    }

    /// Enters a pair; gives the last term looked for there so far.
    fn enter(&mut self, elements: [Element; 2], last: u32) -> u32 {
        let [before, behind] = elements.map(|element| element as usize);
        if let Some(word) = self.words.get_mut(before) {
            word.roles.before = true;
        }
        if let Some(word) = self.words.get_mut(behind) {
            word.roles.behind = true;
        }
        let hash = hash(elements);
        if let Some(pair) = self.pairs.find_mut(hash, |pair| pair.elements == elements) {
            return std::mem::replace(&mut pair.last, last);
        }
        self.filter.add(hash);
        self.pairs.insert_unique(hash, Pair { elements, last }, |pair| self::hash(pair.elements));
        0
    }

    /// The first of the two words side by side that fewest terms have; that no term of a large watchlist asks for them
    /// makes them rare in posts as well. Among those, long words are rarer than short ones.
    fn rarest(&self, words: &[Element]) -> usize {
        let word = |element: &Element| self.words.get(*element as usize).copied().unwrap_or_default();
        let pairs = words.windows(2).map(|pair| {
            let uses: u64 = pair.iter().map(|element| u64::from(word(element).uses)).product();
            let letters: u16 = pair.iter().map(|element| word(element).letters).fold(0, u16::saturating_add);
            (uses, Reverse(letters))
        });
        pairs.enumerate().min_by_key(|(_, rarity)| *rarity).map_or(0, |(at, _)| at)
    }

    fn words_of(&self, term: &Anchored) -> &[Element] {
        let words = self.elements.get(term.first as usize..).unwrap_or_default();
        words.get(..usize::from(term.words)).unwrap_or_default()
    }

    fn last_of(&self, elements: [Element; 2]) -> u32 {
        let hash = hash(elements);
        let pair = self.filter.has(hash).then(|| self.pairs.find(hash, |pair| pair.elements == elements));
        pair.flatten().map_or(0, |pair| pair.last)
    }

    /// The terms that are looked for at the same place.
    fn chain(&self, last: u32) -> impl Iterator<Item = &Anchored> {
        let term = |number: u32| self.terms.get((number as usize).checked_sub(1)?);
        std::iter::successors(term(last), move |anchored| term(anchored.previous))
    }
}

/// Elements are numbered by us, so nobody can choose them to collide.
fn hash([before, behind]: [Element; 2]) -> u64 {
    let product = u128::from(u64::from(before) << 32 | u64::from(behind)) * 0x9E37_79B9_7F4A_7C15;
    (product >> 64) as u64 ^ product as u64
}

/// A text while terms are looked for.
struct Text<'t, 's> {
    words: &'t [Word],
    met: &'s [Set],
    sets: &'s Sets,
    /// The most places that one of its words takes.
    widest: u32,
}

impl Text<'_, '_> {
    fn set(&self, number: usize) -> Set {
        self.met.get(number).copied().unwrap_or(Set::EMPTY)
    }

    /// The words that begin where another one ends.
    fn behind(&self, number: usize) -> impl Iterator<Item = usize> {
        let place = self.words.get(number).map_or(u32::MAX, |word| word.at + word.width);
        let words = self.words.iter().enumerate().skip(number + 1);
        let words = words.skip_while(move |(_, word)| word.at < place);
        words.take_while(move |(_, word)| word.at == place).map(|(number, _)| number)
    }

    /// The words that end where another one begins.
    fn before(&self, number: usize) -> impl Iterator<Item = usize> {
        let place = self.words.get(number).map_or(0, |word| word.at);
        let words = self.words.iter().enumerate().take(number).rev();
        let words = words.take_while(move |(_, word)| word.at + self.widest >= place);
        words.filter(move |(_, word)| word.at + word.width == place).map(|(number, _)| number)
    }

    /// Tells the first word of every stretch that meets `wanted` and ends before the word `number`.
    fn each_first(&self, number: usize, wanted: &[Element], told: &mut impl FnMut(usize)) {
        let Some((element, rest)) = wanted.split_last() else { return told(number) };
        for before in self.before(number).filter(|before| self.meets(*before, *element)) {
            self.each_first(before, rest, told);
        }
    }

    /// Tells the last word of every stretch that meets `wanted` and begins behind the word `number`.
    fn each_last(&self, number: usize, wanted: &[Element], told: &mut impl FnMut(usize)) {
        let Some((element, rest)) = wanted.split_first() else { return told(number) };
        for behind in self.behind(number).filter(|behind| self.meets(*behind, *element)) {
            self.each_last(behind, rest, told);
        }
    }

    fn meets(&self, number: usize, element: Element) -> bool {
        self.sets.elements(self.set(number)).any(|met| met == element)
    }
}
