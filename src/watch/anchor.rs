//! Where in a post terms stand. A term is looked for only where the rarest of its words is met, so that common words
//! cost nothing however many phrases they are in.

use std::cmp::Reverse;

use super::memo::{Set, Sets};
use super::vocabulary::Element;
use crate::text::words::Word;

/// All terms, by the rarest of their words.
#[derive(Debug, Default)]
pub struct Anchors {
    /// By element, the last term that is looked for there, counted from 1; 0 for none.
    last: Vec<u32>,
    /// By element, how many terms it is in.
    uses: Vec<u32>,
    terms: Vec<Anchored>,
    /// The words of terms of several words, one term behind the other.
    elements: Vec<Element>,
}

#[derive(Clone, Copy, Debug)]
struct Anchored {
    entry: u32,
    /// The one before that is looked for at the same element, counted from 1; 0 for none.
    before: u32,
    /// Where its words begin among the elements.
    first: u32,
    words: u16,
    /// Which of its words is the rarest.
    anchor: u16,
    /// The word before the rarest, or behind it if it is the first: most terms are told from others by it.
    beside: Element,
}

/// A word of a term: its element, and how many letters it has.
pub type Wanted = (Element, usize);

/// A term in a text: its number, and the first and the last of the words there.
pub type Place<'t> = (usize, &'t Word, &'t Word);

impl Anchors {
    /// Adds a term by its words.
    ///
    /// The rarest is the one that fewest terms so far have; that no term of a large watchlist asks for it makes it rare
    /// in posts as well. Among those, long words are rarer than short ones.
    pub fn plant(&mut self, entry: usize, words: &[Wanted]) {
        for (element, _) in words {
            let needed = *element as usize + 1;
            self.last.resize(self.last.len().max(needed), 0);
            self.uses.resize(self.uses.len().max(needed), 0);
            if let Some(uses) = self.uses.get_mut(*element as usize) {
                *uses += 1;
            }
        }
        let uses = |element: Element| self.uses.get(element as usize).copied().unwrap_or(0);
        let rarest = words.iter().enumerate();
        let rarest = rarest.min_by_key(|(_, (element, letters))| (uses(*element), Reverse(*letters)));
        let Some((anchor, (element, _))) = rarest else { return };
        let first = self.elements.len() as u32;
        if words.len() > 1 {
            self.elements.extend(words.iter().map(|(element, _)| *element));
        }
        let Some(last) = self.last.get_mut(*element as usize) else { return };
        self.terms.push(Anchored {
            entry: entry as u32,
            before: std::mem::replace(last, self.terms.len() as u32 + 1),
            first,
            words: words.len() as u16,
            anchor: anchor as u16,
            beside: words.get(anchor.checked_sub(1).unwrap_or(1)).map_or(0, |(element, _)| *element),
        });
    }

    /// Puts terms that are looked for at one element side by side.
    pub fn settle(&mut self) {
        let mut settled = Vec::with_capacity(self.terms.len());
        for last in &mut self.last {
            let first = settled.len() as u32;
            let mut next = *last;
            while let Some(term) = (next as usize).checked_sub(1).and_then(|at| self.terms.get(at)) {
                next = term.before;
                let before = if next == 0 { 0 } else { settled.len() as u32 + 2 };
                settled.push(Anchored { before, ..*term });
            }
            *last = if settled.len() as u32 > first { first + 1 } else { 0 };
        }
        self.terms = settled;
    }

    /// Whether a term is looked for at this element.
    pub fn at(&self, element: Element) -> bool {
        self.last.get(element as usize).is_some_and(|last| *last != 0)
    }

    /// Tells every term in a text to `found`. The text is given as its words and the set of elements that each meets.
    pub fn find<'t>(
        &self,
        (words, met, sets): (&'t [Word], &[Set], &Sets),
        mut found: impl FnMut(Place<'t>),
    ) {
        let mut places = None;
        for (number, (word, set)) in words.iter().zip(met).enumerate().filter(|(_, (_, set))| set.anchors()) {
            for element in sets.elements(*set) {
                for term in self.anchored(element) {
                    if term.words == 1 {
                        found((term.entry as usize, word, word));
                        continue;
                    }
                    let text = places.get_or_insert_with(|| Text::new(words, met, sets));
                    if !text.may_stand_at(term, number) {
                        continue;
                    }
                    let wanted = self.elements.get(term.first as usize..).unwrap_or_default();
                    let wanted = wanted.get(..usize::from(term.words)).unwrap_or_default();
                    text.find(wanted, usize::from(term.anchor), number, |first, last| {
                        found((term.entry as usize, first, last));
                    });
                }
            }
        }
    }

    /// The terms that are looked for at an element.
    fn anchored(&self, element: Element) -> impl Iterator<Item = &Anchored> {
        let term = |number: u32| self.terms.get((number as usize).checked_sub(1)?);
        let last = self.last.get(element as usize).and_then(|last| term(*last));
        std::iter::successors(last, move |anchored| term(anchored.before))
    }
}

/// A text while phrases are looked for.
struct Text<'t, 's> {
    words: &'t [Word],
    met: &'s [Set],
    sets: &'s Sets,
    /// Where a word takes several places: by place, the first word that begins there; and by the place behind each
    /// word, the words. Else the n-th word stands at place n, and these are empty.
    starts: Vec<usize>,
    ends: Vec<(u32, usize)>,
}

impl<'t, 's> Text<'t, 's> {
    fn new(words: &'t [Word], met: &'s [Set], sets: &'s Sets) -> Self {
        let mut text = Self { words, met, sets, starts: Vec::new(), ends: Vec::new() };
        if words.iter().any(|word| word.width != 1) {
            for (number, word) in words.iter().enumerate() {
                text.starts.resize(text.starts.len().max(word.at as usize + 1), number);
            }
            text.starts.push(words.len());
            text.ends = words.iter().map(|word| word.at + word.width).zip(0..).collect();
            text.ends.sort_unstable();
        }
        text
    }

    /// Whether a term may be found with its rarest word at the word `number`, as far as its neighbour tells.
    fn may_stand_at(&self, term: &Anchored, number: usize) -> bool {
        if self.starts.is_empty() {
            let beside = if term.anchor == 0 { Some(number + 1) } else { number.checked_sub(1) };
            return beside.is_some_and(|beside| self.meets(beside, term.beside));
        }
        let Some(word) = self.words.get(number) else { return false };
        let meets = |beside| self.meets(beside, term.beside);
        if term.anchor == 0 {
            self.beginning_at(word.at + word.width).any(meets)
        } else {
            self.ending_at(word.at).any(meets)
        }
    }

    /// Tells the first and the last word of every stretch that meets `wanted`, one element after the other, and meets
    /// that at `anchor` with the word `number`.
    fn find(
        &self,
        wanted: &[Element],
        anchor: usize,
        number: usize,
        mut found: impl FnMut(&'t Word, &'t Word),
    ) {
        let (before, after) = wanted.split_at(anchor);
        let after = after.get(1..).unwrap_or_default();
        if self.starts.is_empty() {
            let Some(first) = number.checked_sub(before.len()) else { return };
            let met = |(number, element): (usize, &Element)| self.meets(number, *element);
            let (Some(first_word), Some(last_word)) =
                (self.words.get(first), self.words.get(number + after.len()))
            else {
                return;
            };
            if (first..).zip(before).all(met) && (number + 1..).zip(after).all(met) {
                found(first_word, last_word);
            }
            return;
        }
        let first = before.iter().rev().try_fold(vec![number], |words, element| {
            self.next(&words, |word| self.ending_at(word.at), *element)
        });
        let Some(first) = first else { return };
        let last = after.iter().try_fold(vec![number], |words, element| {
            self.next(&words, |word| self.beginning_at(word.at + word.width), *element)
        });
        for last in last.unwrap_or_default() {
            for first in &first {
                if let (Some(first), Some(last)) = (self.words.get(*first), self.words.get(last)) {
                    found(first, last);
                }
            }
        }
    }

    fn meets(&self, number: usize, element: Element) -> bool {
        self.met.get(number).is_some_and(|set| self.sets.elements(*set).any(|met| met == element))
    }

    /// The words beside any of `words` that meet an element; none if there are none.
    fn next<I: Iterator<Item = usize>>(
        &self,
        words: &[usize],
        beside: impl Fn(&Word) -> I,
        element: Element,
    ) -> Option<Vec<usize>> {
        let words = words.iter().filter_map(|number| self.words.get(*number));
        let mut next: Vec<usize> =
            words.flat_map(beside).filter(|number| self.meets(*number, element)).collect();
        next.sort_unstable();
        next.dedup();
        (!next.is_empty()).then_some(next)
    }

    fn beginning_at(&self, place: u32) -> impl Iterator<Item = usize> + use<'_, 't, 's> {
        let end = self.starts.get(place as usize + 1).copied().unwrap_or(0);
        self.starts.get(place as usize).copied().unwrap_or(end)..end
    }

    fn ending_at(&self, place: u32) -> impl Iterator<Item = usize> + use<'_, 't, 's> {
        let from = self.ends.partition_point(|(end, _)| *end < place);
        let ends = self.ends.iter().skip(from).take_while(move |(end, _)| *end == place);
        ends.map(|(_, number)| *number)
    }
}
