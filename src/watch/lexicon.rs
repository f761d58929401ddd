//! All terms of all watchlists, and their hits in a post: one pass over its tokens, however many terms there
//! are.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

use super::anchor::{Name, Place};
use super::memo::{Memo, Set};
use super::spelled::Spelled;
use super::term::{Mode, Term};
use super::varied::Varied;
use crate::text::stem::Language;
use crate::text::words::Words;

/// What conditions are made of: a concept, or a term that stands in conditions of its own.
pub type AtomId = usize;

/// A concept or a term of a condition.
#[derive(Debug)]
pub struct Atom {
    /// The concept; none for a term of a condition.
    pub concept: Option<Arc<str>>,
    /// As a condition names it: `@recipient`, `"food aid"`.
    pub label: String,
    /// How many terms it has.
    pub terms: usize,
}

/// A term as the watchlist has it.
#[derive(Debug)]
pub struct Entry {
    /// Whose it is.
    pub atom: AtomId,
    /// The concept of that; it stands here so that telling a hit need not look at the atom.
    pub concept: Option<Arc<str>>,
    /// As written.
    pub written: Arc<str>,
}

/// All terms.
#[derive(Debug, Default)]
pub struct Lexicon {
    spelled: Spelled,
    varied: Varied,
    entries: Vec<Entry>,
    atoms: Vec<Atom>,
    /// The terms as they were added, for a search without shortcuts.
    #[cfg(test)]
    plain: plain::Terms,
}

/// What is used again from post to post. One at a time uses it, with one lexicon that no longer grows.
#[derive(Default)]
pub struct Desk {
    words: Words,
    memo: Memo,
    met: Vec<Set>,
    hits: Vec<Found>,
    /// Those of the post before.
    pub findings: Findings,
    /// Rules by their numbers, and hits by theirs.
    pub numbers: [Vec<usize>; 2],
}

/// A term's place in a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Whose term it is.
    pub atom: AtomId,
    /// The field it stands in, as a number in their order.
    pub field: usize,
    /// First token.
    pub first: usize,
    /// Token behind the last.
    pub end: usize,
    /// The term, by its number.
    pub entry: usize,
    /// First byte.
    pub start_byte: usize,
    /// Byte behind the last.
    pub end_byte: usize,
}

/// All hits in a post, atom by atom, each in text order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    hits: Vec<Found>,
    /// By atom, ascending, its hits.
    atoms: Vec<(AtomId, Range<usize>)>,
}

impl Lexicon {
    /// A new concept, still without terms.
    pub fn concept(&mut self, name: &str) -> AtomId {
        self.atoms.push(Atom { concept: Some(name.into()), label: format!("@{name}"), terms: 0 });
        self.atoms.len() - 1
    }

    /// A term of a condition, still to be added.
    pub fn bare_term(&mut self, written: &str) -> AtomId {
        self.atoms.push(Atom { concept: None, label: format!("\"{written}\""), terms: 0 });
        self.atoms.len() - 1
    }

    /// Adds a term to an atom. It inflects in each of `languages` that it fits.
    pub fn add(&mut self, atom: AtomId, written: &str, term: &Term, languages: &[&Language]) {
        let entry = self.entries.len();
        let whose = self.atoms.get_mut(atom).map(|atom| {
            atom.terms += 1;
            atom.concept.clone()
        });
        self.entries.push(Entry { atom, concept: whose.flatten(), written: written.into() });
        for term in [Some(term), term.joined().as_ref()].into_iter().flatten() {
            let inflecting = |language: &&&Language| {
                term.mode == Mode::Inflected
                    && term.words.iter().any(|word| language.inflects(word.token.script))
            };
            let fitting: Vec<_> =
                languages.iter().filter(inflecting).map(|language| Some(*language)).collect();
            for language in if fitting.is_empty() { vec![None] } else { fitting } {
                self.plant((atom, entry), term, language);
            }
        }
    }

    /// Puts in order what is looked at together. For speed only: more can be added.
    pub fn settle(&mut self) {
        self.spelled.settle();
        self.varied.settle();
    }

    /// The atom with this number.
    pub fn atom(&self, atom: AtomId) -> Option<&Atom> {
        self.atoms.get(atom)
    }

    /// The term with this number.
    pub fn entry(&self, entry: usize) -> Option<&Entry> {
        self.entries.get(entry)
    }

    /// How many terms there are.
    pub fn terms(&self) -> usize {
        self.entries.len()
    }

    /// Finds all terms in the fields of a post; `read` reads each of them into the buffer it is given.
    pub fn search<T>(
        &self,
        desk: &mut Desk,
        fields: impl IntoIterator<Item = T>,
        read: impl Fn(T, &mut Words),
    ) -> Findings {
        for (field, text) in fields.into_iter().enumerate() {
            read(text, &mut desk.words);
            let Desk { words, memo, met, hits, .. } = desk;
            self.search_words((field, words), memo, met, hits);
        }
        let mut findings = std::mem::take(&mut desk.findings);
        findings.take(&mut desk.hits);
        findings
    }

    /// How many hits all terms have in one text.
    pub fn count(&self, desk: &mut Desk, words: &Words) -> usize {
        self.search_words((0, words), &mut desk.memo, &mut desk.met, &mut desk.hits);
        settle(&mut desk.hits);
        desk.hits.drain(..).count()
    }

    fn search_words(
        &self,
        (field, words): (usize, &Words),
        memo: &mut Memo,
        met: &mut Vec<Set>,
        hits: &mut Vec<Found>,
    ) {
        let mut tell = |place: Place| hits.extend(found(field, words, place));
        self.spelled.find(words, &mut tell);
        self.varied.find(words, memo, met, &mut tell);
    }

    fn plant(&mut self, (atom, entry): (AtomId, usize), term: &Term, language: Option<&Language>) {
        let name = Name { atom: atom as u32, entry: entry as u32 };
        if language.is_some() || term.words.iter().any(|word| word.prefix) {
            self.varied.plant(name, term, language);
        } else {
            self.spelled.plant(name, term);
        }
        #[cfg(test)]
        self.plain.plant(entry, term, language);
    }
}

/// A term where it stands in a field.
fn found(field: usize, words: &Words, (name, first, last): Place) -> Option<Found> {
    let (first, last) = (words.spot(first)?, words.spot(last)?);
    Some(Found {
        atom: name.atom as AtomId,
        field,
        first: first.at as usize,
        end: (last.at + last.width) as usize,
        entry: name.entry as usize,
        start_byte: first.start as usize,
        end_byte: last.end as usize,
    })
}

/// Puts hits in order, each once.
fn settle(hits: &mut Vec<Found>) {
    if hits.len() < 2 {
        return;
    }
    hits.sort_unstable();
    // Two terms of one atom at one place say the same thing: the first written stays.
    hits.dedup_by_key(|hit| (hit.atom, hit.field, hit.first, hit.end));
}

#[cfg(test)]
pub mod plain;

impl Findings {
    /// Takes all hits out of `hits`, instead of those of the post before.
    fn take(&mut self, hits: &mut Vec<Found>) {
        settle(hits);
        // Both buffers stay, so that they need not grow anew for every post.
        std::mem::swap(&mut self.hits, hits);
        hits.clear();
        self.atoms.clear();
        for (number, hit) in self.hits.iter().enumerate() {
            match self.atoms.last_mut().filter(|(atom, _)| *atom == hit.atom) {
                Some((_, range)) => range.end = number + 1,
                None => self.atoms.push((hit.atom, number..number + 1)),
            }
        }
    }

    /// All of them.
    pub fn hits(&self) -> &[Found] {
        &self.hits
    }

    /// How many hits there are.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.hits.len()
    }

    /// The atoms that were found at all.
    pub fn atoms(&self) -> impl Iterator<Item = AtomId> + '_ {
        self.atoms.iter().map(|(atom, _)| *atom)
    }

    /// The numbers of an atom's hits; empty if there is none.
    pub fn of_atom(&self, atom: AtomId) -> Range<usize> {
        let at = self.atoms.binary_search_by_key(&atom, |(atom, _)| *atom).ok();
        at.and_then(|at| self.atoms.get(at)).map(|(_, range)| range.clone()).unwrap_or_default()
    }

    /// The hit with this number.
    pub fn hit(&self, number: usize) -> Option<&Found> {
        self.hits.get(number)
    }

    /// These hits in text order, each once, without those that lie within a wider one of the same atom: beside `Burkina
    /// Faso`, the hit `Burkina` says nothing.
    pub fn widest(&self, numbers: &mut Vec<usize>) -> impl Iterator<Item = &Found> {
        if numbers.len() > 1 {
            let hit = |number: usize| self.hits.get(number);
            numbers.sort_unstable_by_key(|number| {
                hit(*number).map(|hit| (hit.atom, hit.field, hit.first, Reverse(hit.end)))
            });
            numbers.dedup_by(|number, wider| {
                hit(*number).zip(hit(*wider)).is_some_and(|(hit, wider)| {
                    (wider.atom, wider.field) == (hit.atom, hit.field) && wider.end >= hit.end
                })
            });
            numbers.sort_unstable_by_key(|number| {
                hit(*number).map(|hit| (hit.field, hit.first, hit.end, hit.atom))
            });
        }
        numbers.iter().filter_map(|number| self.hits.get(*number))
    }
}
