//! From a watchlist file to its part of the lexicon and its rules. Everything that is wrong is told at once.

use std::collections::HashMap;

use super::example;
use super::file::{self, File};
use super::grammar::{self, Expression, Kind};
use super::lexeme::{self, Fault};
use super::lexicon::{AtomId, Lexicon};
use super::quoted::Quoted;
use super::rule::{Condition, Rule};
use super::sense;
use super::term::Term;
use crate::setting::{Document, Problem, nearest};
use crate::text::analyse;
use crate::text::stem::Language;

/// Adds the watchlist `name` to the lexicon. Gives its rules, or all that is wrong with it in its order.
pub fn compile(name: &str, document: &Document, lexicon: &mut Lexicon) -> Result<Vec<Rule>, Vec<Problem>> {
    let mut problems = Vec::new();
    let file = file::read(document, &mut problems);
    let compiler =
        Compiler { name, document, lexicon, problems, concepts: HashMap::new(), bare_terms: HashMap::new() };
    compiler.compile(&file)
}

/// What is wrong with `name` as the name of a watchlist, rule or concept.
pub fn name_fault(name: &str) -> Option<String> {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    if name.split('-').all(part) {
        return None;
    }
    let parts = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let better = parts.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    let hint = if better.is_empty() { "arms-delivery".into() } else { better };
    Some(format!("`{name}` is no name; write small letters, digits and single hyphens, such as `{hint}`"))
}

struct Compiler<'l, 'd> {
    name: &'l str,
    document: &'d Document,
    lexicon: &'l mut Lexicon,
    problems: Vec<Problem>,
    /// With each concept, whether all of it could be read.
    concepts: HashMap<String, (AtomId, bool)>,
    bare_terms: HashMap<String, AtomId>,
}

impl Compiler<'_, '_> {
    fn compile(mut self, file: &File) -> Result<Vec<Rule>, Vec<Problem>> {
        file.concepts.iter().for_each(|concept| self.concept(concept));
        let mut names: Vec<&str> = Vec::new();
        let mut rules = Vec::new();
        for written in &file.rules {
            if let Some(name) = &written.name {
                self.rule_name(name, &names);
                names.push(&name.text);
            }
            let rule = self.rule(written, &file.languages);
            if let Some(rule) = &rule {
                self.examples(rule, &written.examples);
            }
            rules.extend(rule);
        }
        if self.problems.is_empty() {
            return Ok(rules);
        }
        self.problems.sort();
        Err(self.problems)
    }

    fn fault(&mut self, place: &Quoted, at: usize, message: impl Into<String>) {
        self.problems.push(place.problem(self.document, at, message));
    }

    fn concept(&mut self, concept: &file::Concept) {
        if let Some(message) = name_fault(&concept.name.text) {
            self.fault(&concept.name, 0, message);
        }
        let atom = self.lexicon.concept(&concept.name.text);
        let mut sound = concept.sound;
        for (language, terms) in &concept.lists {
            let languages: Vec<&Language> = language.iter().collect();
            for term in terms {
                match without_operators(&term.text).and_then(Term::parse) {
                    Ok(parsed) => self.lexicon.add(atom, &term.text, &parsed, &languages),
                    Err(message) => {
                        self.fault(term, 0, message);
                        sound = false;
                    }
                }
            }
        }
        self.concepts.insert(concept.name.text.to_string(), (atom, sound));
    }

    fn rule_name(&mut self, name: &Quoted, others: &[&str]) {
        if let Some(message) = name_fault(&name.text) {
            self.fault(name, 0, message);
        }
        if others.contains(&&*name.text) {
            self.fault(
                name,
                0,
                format!("a rule `{}` stands above already; give this one another name", name.text),
            );
        }
    }

    /// The rule, if nothing is wrong with it.
    fn rule(&mut self, rule: &file::Rule, languages: &[Language]) -> Option<Rule> {
        let when = rule.when.as_ref().map(|when| (when, self.condition(when, languages)));
        let unless = rule.unless.as_ref().map(|unless| self.condition(unless, languages));
        let (written, when) = when.and_then(|(written, when)| Some((written, when?)))?;
        let name = format!("{}/{}", self.name, rule.name.as_ref()?.text);
        let unless = match unless {
            Some(unless) => Some(unless?),
            None => None,
        };
        let label = |atom| self.lexicon.atom(atom).map(|atom| atom.label.clone()).unwrap_or_default();
        if let Some(message) = sense::fault(&when, unless.as_ref(), label) {
            self.fault(written, 0, message);
            return None;
        }
        Some(Rule { name, severity: rule.severity?, when, unless })
    }

    fn condition(&mut self, written: &Quoted, languages: &[Language]) -> Option<Condition> {
        let mut faults = Vec::new();
        let mut sound = true;
        let parsed = grammar::parse(&written.text);
        let mut resolver = Resolver { compiler: self, languages, faults: &mut faults, sound: &mut sound };
        let condition = match parsed {
            Ok(expression) => Some(resolver.resolve(&expression, false)),
            Err(found) => {
                for (at, name) in lexeme::concepts(&written.text) {
                    resolver.concept(at, name);
                }
                faults.extend(found);
                None
            }
        };
        sound &= faults.is_empty();
        for fault in faults {
            self.fault(written, fault.at, fault.message);
        }
        condition.filter(|_| sound)
    }

    fn examples(&mut self, rule: &Rule, examples: &[file::Example]) {
        for example in examples {
            let tokens = analyse(&example.text.text);
            let findings = self.lexicon.find([&*tokens]);
            let complaint =
                example::complaint(rule, self.lexicon, &example.text.text, &findings, example.alert);
            if let Some(message) = complaint {
                self.fault(&example.text, 0, message);
            }
        }
    }
}

/// A term of a concept with an operator in it would quietly be a phrase that nobody writes.
fn without_operators(term: &str) -> Result<&str, String> {
    let operator = term
        .split_whitespace()
        .find(|word| matches!(*word, "AND" | "OR" | "NOT") || word.starts_with("NEAR/"));
    operator.map_or(Ok(term), |operator| {
        Err(format!(
            "`{operator}` joins nothing here; list the terms one by one, or join them in the `when` of a rule"
        ))
    })
}

/// Resolves the names and terms of one condition.
struct Resolver<'r, 'l, 'd> {
    compiler: &'r mut Compiler<'l, 'd>,
    languages: &'r [Language],
    faults: &'r mut Vec<Fault>,
    sound: &'r mut bool,
}

impl Resolver<'_, '_, '_> {
    /// The condition for `expression`, or for its negation; negations move inwards on the way.
    fn resolve(&mut self, expression: &Expression, negated: bool) -> Condition {
        let all = match &expression.kind {
            Kind::Not(part) => return self.resolve(part, !negated),
            Kind::All(_) => !negated,
            Kind::Any(_) => negated,
            Kind::Term(_) | Kind::Concept(_) | Kind::Near(..) => {
                let part = self.part(expression);
                return if negated { Condition::Not(Box::new(part)) } else { part };
            }
        };
        let parts = match &expression.kind {
            Kind::All(parts) | Kind::Any(parts) => {
                parts.iter().map(|part| self.resolve(part, negated)).collect()
            }
            _ => Vec::new(),
        };
        if all { Condition::All(parts) } else { Condition::Any(parts) }
    }

    fn part(&mut self, expression: &Expression) -> Condition {
        match &expression.kind {
            Kind::Term(term) => Condition::Atom(self.term(expression.at, term)),
            Kind::Concept(name) => Condition::Atom(self.concept(expression.at, name)),
            Kind::Near(first, others) => {
                let first = self.resolve(first, false);
                let others = others.iter().map(|(distance, part)| (*distance, self.resolve(part, false)));
                Condition::Near(Box::new(first), others.collect())
            }
            _ => self.resolve(expression, false),
        }
    }

    fn concept(&mut self, at: usize, name: &str) -> AtomId {
        if let Some((atom, sound)) = self.compiler.concepts.get(name) {
            *self.sound &= *sound;
            return *atom;
        }
        let near = nearest(name, self.compiler.concepts.keys().map(String::as_str));
        let hint = near.map_or_else(
            || format!("add a [concept.{name}] with its terms, or drop the @ to look for the word"),
            |near| format!("did you mean `@{near}`?"),
        );
        self.faults.push(Fault { at, message: format!("unknown concept `@{name}`; {hint}") });
        AtomId::MAX
    }

    fn term(&mut self, at: usize, written: &str) -> AtomId {
        if let Some(atom) = self.compiler.bare_terms.get(written) {
            return *atom;
        }
        match Term::parse(written) {
            Ok(term) => {
                let atom = self.compiler.lexicon.bare_term(written);
                self.compiler.lexicon.add(atom, written, &term, &self.languages.iter().collect::<Vec<_>>());
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
