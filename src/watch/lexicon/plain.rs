//! The same search without shortcuts: at every token a walk down a tree of all terms, every word stemmed anew. What the
//! fast one is held against.

use std::collections::HashMap;

use super::{Findings, Found, Lexicon, Term};
use crate::text::Token;
use crate::text::stem::Language;
use crate::watch::vocabulary::{Element, Vocabulary};

/// All terms by their words.
#[derive(Debug, Default)]
pub struct Terms {
    vocabulary: Vocabulary,
    planted: Vec<(usize, Vec<Element>)>,
}

impl Terms {
    /// Adds a term, which inflects in `language` where it can.
    pub fn plant(&mut self, entry: usize, term: &Term, language: Option<&Language>) {
        let words = term.words.iter().map(|word| self.vocabulary.element(word, term.mode, language));
        self.planted.push((entry, words.collect()));
    }
}

/// All terms, as a tree of their words.
#[derive(Default)]
pub struct Tree {
    nodes: Vec<Node>,
}

#[derive(Default)]
struct Node {
    next: HashMap<Element, usize>,
    ends: Vec<usize>,
}

impl Tree {
    /// The tree of all terms of a lexicon.
    pub fn of(lexicon: &Lexicon) -> Self {
        let mut tree = Self { nodes: vec![Node::default()] };
        for (entry, words) in &lexicon.plain.planted {
            let mut at = 0;
            for element in words {
                let new = tree.nodes.len();
                at = *tree.nodes[at].next.entry(*element).or_insert(new);
                if at == new {
                    tree.nodes.push(Node::default());
                }
            }
            tree.nodes[at].ends.push(*entry);
        }
        tree
    }

    /// Finds all terms in the fields of a post, given as their tokens.
    pub fn find<'t>(&self, lexicon: &Lexicon, fields: impl IntoIterator<Item = &'t [Token]>) -> Findings {
        let mut hits = Vec::new();
        for (field, tokens) in fields.into_iter().enumerate() {
            let elements: Vec<Vec<Element>> =
                tokens.iter().map(|token| lexicon.plain.vocabulary.elements(token)).collect();
            let text = Text { field, tokens, elements: &elements };
            for (number, token) in tokens.iter().enumerate() {
                self.walk(lexicon, &text, 0, (number, token), token, &mut hits);
            }
        }
        let mut findings = Findings::default();
        findings.take(&mut hits);
        findings
    }

    /// Follows the terms that go on from `node` with the token `number`; `first` is where they began.
    fn walk(
        &self,
        lexicon: &Lexicon,
        text: &Text,
        node: usize,
        (number, token): (usize, &Token),
        first: &Token,
        hits: &mut Vec<Found>,
    ) {
        let node = &self.nodes[node];
        for next in text.elements[number].iter().filter_map(|element| node.next.get(element)) {
            for entry in &self.nodes[*next].ends {
                let atom = lexicon.entries[*entry].atom;
                hits.push(Found {
                    atom,
                    field: text.field,
                    first: first.at,
                    end: token.at + token.width,
                    entry: *entry,
                    start_byte: first.range.start,
                    end_byte: token.range.end,
                });
            }
            let place = token.at + token.width;
            for following in text.tokens.iter().enumerate().filter(|(_, token)| token.at == place) {
                self.walk(lexicon, text, *next, following, first, hits);
            }
        }
    }
}

/// The tokens of a field while terms are looked for.
struct Text<'t> {
    field: usize,
    tokens: &'t [Token],
    elements: &'t [Vec<Element>],
}
