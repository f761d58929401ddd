//! All terms of all watchlists, and their hits in a post: one pass over its tokens, however many terms there
//! are.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;

use super::term::{Mode, Term};
use super::vocabulary::{Element, Vocabulary};
use crate::text::Token;
use crate::text::stem::Language;

/// What conditions are made of: a concept, or a term that stands in conditions of its own.
pub type AtomId = usize;

/// A concept or a term of a condition.
#[derive(Debug)]
pub struct Atom {
    /// The concept; none for a term of a condition.
    pub concept: Option<String>,
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
    /// As written.
    pub written: String,
}

/// All terms, as a tree of their words.
#[derive(Debug, Default)]
pub struct Lexicon {
    vocabulary: Vocabulary,
    nodes: Vec<Node>,
    entries: Vec<Entry>,
    atoms: Vec<Atom>,
}

#[derive(Debug, Default)]
struct Node {
    next: HashMap<Element, usize>,
    ends: Vec<usize>,
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
#[derive(Debug, Default)]
pub struct Findings {
    hits: Vec<Found>,
    atoms: HashMap<AtomId, Range<usize>>,
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
        self.entries.push(Entry { atom, written: written.into() });
        if let Some(atom) = self.atoms.get_mut(atom) {
            atom.terms += 1;
        }
        for term in [Some(term), term.joined().as_ref()].into_iter().flatten() {
            let inflecting = |language: &&&Language| {
                term.mode == Mode::Inflected
                    && term.words.iter().any(|word| language.inflects(word.token.script))
            };
            let fitting: Vec<_> =
                languages.iter().filter(inflecting).map(|language| Some(*language)).collect();
            for language in if fitting.is_empty() { vec![None] } else { fitting } {
                self.plant(entry, term, language);
            }
        }
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

    /// Finds all terms in the fields of a post, given as their tokens.
    pub fn find<'t>(&self, fields: impl IntoIterator<Item = &'t [Token]>) -> Findings {
        let mut hits = Vec::new();
        for (field, tokens) in fields.into_iter().enumerate() {
            self.find_in(field, tokens, &mut hits);
        }
        Findings::of(hits)
    }

    fn plant(&mut self, entry: usize, term: &Term, language: Option<&Language>) {
        if self.nodes.is_empty() {
            self.nodes.push(Node::default());
        }
        let mut at = 0;
        for word in &term.words {
            let element = self.vocabulary.element(word, term.mode, language);
            let new = self.nodes.len();
            at = *self.nodes[at].next.entry(element).or_insert(new);
            if at == new {
                self.nodes.push(Node::default());
            }
        }
        let ends = &mut self.nodes[at].ends;
        if !ends.contains(&entry) {
            ends.push(entry);
        }
    }

    fn find_in(&self, field: usize, tokens: &[Token], hits: &mut Vec<Found>) {
        let elements: Vec<Vec<Element>> =
            tokens.iter().map(|token| self.vocabulary.elements(token)).collect();
        // Where the tokens of each place begin: a tag and its first part share one.
        let places = tokens.last().map_or(0, |last| last.at + 1);
        let mut starts = Vec::with_capacity(places + 1);
        for (number, token) in tokens.iter().enumerate() {
            starts.resize(starts.len().max(token.at + 1), number);
        }
        starts.push(tokens.len());
        let text = Text { field, tokens, elements: &elements, starts: &starts };
        for (number, token) in tokens.iter().enumerate() {
            self.walk(&text, 0, (number, token), token, hits);
        }
    }

    /// Follows the terms that go on from `node` with the token `number`; `first` is where they began.
    fn walk(
        &self,
        text: &Text,
        node: usize,
        (number, token): (usize, &Token),
        first: &Token,
        hits: &mut Vec<Found>,
    ) {
        let Some(node) = self.nodes.get(node) else { return };
        for next in text.elements[number].iter().filter_map(|element| node.next.get(element)) {
            for entry in self.nodes.get(*next).into_iter().flat_map(|node| &node.ends) {
                hits.extend(self.entries.get(*entry).map(|Entry { atom, .. }| Found {
                    atom: *atom,
                    field: text.field,
                    first: first.at,
                    end: token.at + token.width,
                    entry: *entry,
                    start_byte: first.range.start,
                    end_byte: token.range.end,
                }));
            }
            for following in text.at(token.at + token.width) {
                self.walk(text, *next, following, first, hits);
            }
        }
    }
}

/// The tokens of a field while terms are looked for.
struct Text<'t> {
    field: usize,
    tokens: &'t [Token],
    elements: &'t [Vec<Element>],
    starts: &'t [usize],
}

impl<'t> Text<'t> {
    /// The tokens that begin at a place, with their numbers.
    fn at(&self, place: usize) -> impl Iterator<Item = (usize, &'t Token)> + use<'t> {
        let end = self.starts.get(place + 1).copied().unwrap_or(0);
        let start = self.starts.get(place).copied().unwrap_or(end).min(end);
        let tokens = self.tokens.get(start..end).unwrap_or_default();
        (start..).zip(tokens)
    }
}

impl Findings {
    fn of(mut hits: Vec<Found>) -> Self {
        hits.sort_unstable();
        // Two terms of one atom at one place say the same thing: the first written stays.
        hits.dedup_by_key(|hit| (hit.atom, hit.field, hit.first, hit.end));
        let mut atoms: HashMap<AtomId, Range<usize>> = HashMap::new();
        for (number, hit) in hits.iter().enumerate() {
            atoms.entry(hit.atom).or_insert(number..number).end = number + 1;
        }
        Self { hits, atoms }
    }

    /// The atoms that were found at all.
    pub fn atoms(&self) -> impl Iterator<Item = AtomId> + '_ {
        self.atoms.keys().copied()
    }

    /// The numbers of an atom's hits; empty if there is none.
    pub fn of_atom(&self, atom: AtomId) -> Range<usize> {
        self.atoms.get(&atom).cloned().unwrap_or_default()
    }

    /// The hit with this number.
    pub fn hit(&self, number: usize) -> Option<&Found> {
        self.hits.get(number)
    }

    /// These hits in text order, without those that lie within a wider one of the same atom: beside `Burkina
    /// Faso`, the hit `Burkina` says nothing.
    pub fn widest(&self, numbers: &[usize]) -> Vec<&Found> {
        let mut hits: Vec<&Found> = numbers.iter().filter_map(|number| self.hits.get(*number)).collect();
        hits.sort_unstable_by_key(|hit| (hit.atom, hit.field, hit.first, Reverse(hit.end)));
        let mut widest: Vec<&Found> = Vec::new();
        for hit in hits {
            let wider =
                |other: &&Found| (other.atom, other.field) == (hit.atom, hit.field) && other.end >= hit.end;
            if !widest.last().is_some_and(wider) {
                widest.push(hit);
            }
        }
        widest.sort_unstable_by_key(|hit| (hit.field, hit.first, hit.end, hit.atom));
        widest
    }
}
