//! From an expression to a condition: names become atoms, terms enter the lexicon, negations move inwards.

use super::Compiler;
use super::concept::nothing_said;
use crate::setting::nearest;
use crate::watch::fact::Fact;
use crate::watch::grammar::{Expression, Kind};
use crate::watch::lexeme::Fault;
use crate::watch::lexicon::AtomId;
use crate::watch::quoted::Quoted;
use crate::watch::rule::Condition;
use crate::watch::stop::says_nothing;
use crate::watch::term::Term;

/// Resolves the names and terms of one condition.
pub(super) struct Resolver<'r, 'a, 'd> {
    compiler: &'r mut Compiler<'a, 'd>,
    written: &'r Quoted<'r>,
    /// What is wrong with the condition.
    pub(super) faults: Vec<Fault>,
    /// Whether all concepts it names could be read.
    pub(super) sound: bool,
}

impl<'r, 'a, 'd> Resolver<'r, 'a, 'd> {
    /// A resolver for the condition `written`.
    pub(super) fn new(compiler: &'r mut Compiler<'a, 'd>, written: &'r Quoted<'r>) -> Self {
        Self { compiler, written, faults: Vec::new(), sound: true }
    }

    /// The condition for `expression`, or for its negation; negations move inwards on the way.
    pub(super) fn resolve(&mut self, expression: &Expression, negated: bool) -> Condition {
        match &expression.kind {
            Kind::Not(part) => self.resolve(part, !negated),
            Kind::All(parts) if !negated => Condition::All(self.each(parts, false)),
            Kind::All(parts) => Condition::Any(self.each(parts, true)),
            Kind::Any(parts) if !negated => Condition::Any(self.each(parts, false)),
            Kind::Any(parts) => Condition::All(self.each(parts, true)),
            Kind::Few(least, parts) if !negated => Condition::Few(*least, self.each(parts, false)),
            // So many do not hold if fewer than that are left that may fail.
            Kind::Few(least, parts) => {
                Condition::Few((parts.len() + 1).saturating_sub(*least), self.each(parts, true))
            }
            kind => {
                let part = self.part(expression.at, kind);
                if negated { Condition::Not(Box::new(part)) } else { part }
            }
        }
    }

    fn each(&mut self, parts: &[Expression], negated: bool) -> Vec<Condition> {
        parts.iter().map(|part| self.resolve(part, negated)).collect()
    }

    fn part(&mut self, at: usize, kind: &Kind) -> Condition {
        match kind {
            Kind::Term(term) => Condition::Atom(self.term(at, term)),
            Kind::Concept(name) => self.concept(at, name),
            Kind::Fact(fact) => self.fact(at, fact),
            Kind::Near(first, others) => {
                let first = self.resolve(first, false);
                let others = others.iter().map(|(reach, part)| (*reach, self.resolve(part, false)));
                Condition::Near(Box::new(first), others.collect())
            }
            Kind::Sentence(part) => Condition::Sentence(Box::new(self.resolve(part, false))),
            Kind::Not(_) | Kind::All(_) | Kind::Any(_) | Kind::Few(..) => Condition::All(Vec::new()),
        }
    }

    /// The condition for the concept `name`.
    pub(super) fn concept(&mut self, at: usize, name: &str) -> Condition {
        if let Some(concept) = self.compiler.concepts.get(name) {
            self.sound &= concept.sound;
            return match concept.members.as_slice() {
                [only] => Condition::Atom(*only),
                members => Condition::Family(concept.atom, members.to_vec()),
            };
        }
        let near = nearest(name, self.compiler.concepts.keys().map(String::as_str));
        let hint = near.map_or_else(
            || format!("add a [concept.{name}] with its terms, or drop the @ to look for the word"),
            |near| format!("did you mean `@{near}`?"),
        );
        self.faults.push(Fault { at, message: format!("unknown concept `@{name}`; {hint}") });
        Condition::Atom(AtomId::MAX)
    }

    fn fact(&mut self, at: usize, fact: &Fact) -> Condition {
        if let Fact::From(account) = fact
            && let Some(message) = self.compiler.unwatched(account)
        {
            self.faults.push(Fault { at, message });
        }
        Condition::Fact(fact.clone())
    }

    fn term(&mut self, at: usize, written: &str) -> AtomId {
        if let Some(atom) = self.compiler.bare_terms.get(written) {
            return *atom;
        }
        let languages = self.compiler.languages;
        let parsed = Term::parse(written).and_then(|term| {
            let empty = term.words.len() > 1 && says_nothing(&term, languages);
            if empty { Err(nothing_said(written)) } else { Ok(term) }
        });
        match parsed {
            Ok(term) => {
                let atom = self.compiler.around.lexicon.bare_term(written);
                if !self.compiler.broad(self.written, at, &term, languages) {
                    self.compiler.too_common(self.written, at, &term, languages);
                }
                self.compiler.add(atom, written, &term, languages);
                self.compiler.bare_terms.insert(written.into(), atom);
                atom
            }
            Err(message) => {
                self.faults.push(Fault { at, message });
                AtomId::MAX
            }
        }
    }
}
