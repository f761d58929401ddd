//! From a watchlist file to its part of the lexicon and its rules. Everything that is wrong is told at once.

mod concept;
mod example;
mod resolve;

use std::collections::HashMap;

use super::file::{self, File};
use super::grammar;
use super::lexeme;
use super::lexicon::{AtomId, Lexicon};
use super::origin::{Account, Accounts};
use super::quoted::Quoted;
use super::rule::{Condition, Rule};
use super::sense;
use super::shadow::Terms;
use super::stop::SmallWords;
use crate::setting::{Document, Problem};
use crate::text::stem::Language;
use resolve::Resolver;

/// A watchlist, ready but for the rules of others.
#[derive(Debug)]
pub struct Compiled {
    /// Its rules, in their order.
    pub rules: Vec<Rule>,
    /// The accounts it is for; none if it is for all.
    pub accounts: Option<Vec<Account>>,
}

/// What a watchlist is compiled with.
pub struct Surroundings<'a> {
    /// The lexicon of all watchlists.
    pub lexicon: &'a mut Lexicon,
    /// By term of the lexicon, the languages it inflects in.
    pub languages: &'a mut Vec<Vec<Language>>,
    /// The accounts that are watched, where that is known.
    pub accounts: Option<&'a Accounts>,
    /// What may be meant but seldom is.
    pub warnings: &'a mut Vec<Problem>,
}

/// Adds the watchlist `name`, the `number`-th, to the lexicon. Gives its rules, or all that is wrong with it in
/// its order. Either way its warnings are added to the others, in its order.
pub fn compile(
    (number, name): (usize, &str),
    document: &Document,
    around: Surroundings,
) -> Result<Compiled, Vec<Problem>> {
    let mut problems = Vec::new();
    let file = file::read(document, &mut problems);
    let compiler = Compiler {
        name,
        number,
        document,
        languages: &file.languages,
        around,
        problems,
        warnings: Vec::new(),
        concepts: HashMap::new(),
        bare_terms: HashMap::new(),
        terms: Terms::default(),
        small_words: SmallWords::of(&file.languages),
    };
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

struct Compiler<'a, 'd> {
    name: &'a str,
    number: usize,
    document: &'d Document,
    languages: &'a [Language],
    around: Surroundings<'a>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    concepts: HashMap<String, Concept>,
    bare_terms: HashMap<String, AtomId>,
    /// The terms of the concept that is being read.
    terms: Terms,
    small_words: SmallWords,
}

/// A concept, as conditions use it.
struct Concept {
    atom: AtomId,
    /// All atoms it is made of, its own first.
    members: Vec<AtomId>,
    /// Whether all of it could be read.
    sound: bool,
}

impl Compiler<'_, '_> {
    fn compile(mut self, file: &File) -> Result<Compiled, Vec<Problem>> {
        let accounts = file.accounts.as_ref().map(|accounts| self.accounts(accounts));
        self.take_concepts(&file.concepts);
        let mut names: Vec<&str> = Vec::new();
        let mut rules = Vec::new();
        for written in &file.rules {
            if let Some(name) = &written.name {
                self.rule_name(name, &names);
                names.push(&name.text);
                if written.all_examples {
                    self.uncovered(name, &written.examples);
                }
            }
            let rule = self.rule(written);
            self.examples(rule.as_ref(), &written.examples);
            rules.extend(rule);
        }
        self.warnings.sort();
        self.around.warnings.append(&mut self.warnings);
        if self.problems.is_empty() {
            return Ok(Compiled { rules, accounts });
        }
        self.problems.sort();
        Err(self.problems)
    }

    fn fault(&mut self, place: &Quoted, at: usize, message: impl Into<String>) {
        self.problems.push(place.problem(self.document, at, message));
    }

    fn warn(&mut self, place: &Quoted, at: usize, message: impl Into<String>) {
        self.warnings.push(place.problem(self.document, at, message));
    }

    /// The accounts that the watchlist is for, groups resolved.
    fn accounts(&mut self, written: &[Quoted]) -> Vec<Account> {
        let mut found = Vec::new();
        for place in written {
            let read = match (place.text.strip_prefix("group:"), self.around.accounts) {
                (Some(name), Some(accounts)) => accounts.group(name).map(<[_]>::to_vec),
                // Without a configuration there is nothing to hold a group against.
                (Some(_), None) => Ok(Vec::new()),
                (None, _) => Account::parse(&place.text).and_then(|account| match self.unwatched(&account) {
                    Some(message) => Err(message),
                    None => Ok(vec![account]),
                }),
            };
            match read {
                Ok(accounts) => found.extend(accounts),
                Err(message) => self.fault(place, 0, message),
            }
        }
        if written.is_empty() {
            let span = toml_span::Span::new(0, 0);
            let message =
                "`accounts` is empty, so no post is ever looked at; name some, or leave it out for all";
            self.problems.push(self.document.problem(span, message));
        }
        found
    }

    /// Why an account is not watched, where that is known.
    fn unwatched(&self, account: &Account) -> Option<String> {
        self.around.accounts.and_then(|accounts| accounts.fault(account))
    }

    fn rule_name(&mut self, name: &Quoted, others: &[&str]) {
        if let Some(message) = name_fault(&name.text) {
            self.fault(name, 0, message);
        }
        if others.contains(&&*name.text) {
            let message = format!("a rule `{}` stands above already; give this one another name", name.text);
            self.fault(name, 0, message);
        }
    }

    /// Warns of a rule that nobody would notice if it stopped working.
    fn uncovered(&mut self, name: &Quoted, examples: &[file::Example]) {
        if !examples.iter().any(|example| example.alert) {
            let message = format!(
                "no example shows `{}` at work; add a [[rule.example]] with expect = \"alert\"",
                name.text
            );
            self.warn(name, 0, message);
        }
    }

    /// The rule, if nothing is wrong with it.
    fn rule(&mut self, rule: &file::Rule) -> Option<Rule> {
        let when = rule.when.as_ref().map(|when| (when, self.condition(when)));
        let unless = rule.unless.as_ref().map(|unless| self.condition(unless));
        let (written, when) = when.and_then(|(written, when)| Some((written, when?)))?;
        let name = format!("{}/{}", self.name, rule.name.as_ref()?.text).into();
        let unless = match unless {
            Some(unless) => Some(unless?),
            None => None,
        };
        let lexicon = &*self.around.lexicon;
        let label = |atom| lexicon.atom(atom).map(|atom| atom.label.clone()).unwrap_or_default();
        if let Some(message) = sense::fault(&when, unless.as_ref(), label) {
            self.fault(written, 0, message);
            return None;
        }
        Some(Rule { name, watchlist: self.number, severity: rule.severity?, when, unless })
    }

    fn condition(&mut self, written: &Quoted) -> Option<Condition> {
        let parsed = grammar::parse(&written.text);
        let mut resolver = Resolver::new(self, written);
        let condition = match parsed {
            Ok(expression) => Some(resolver.resolve(&expression, false)),
            Err(found) => {
                for (at, name) in lexeme::concepts(&written.text) {
                    resolver.concept(at, name);
                }
                resolver.faults.extend(found);
                None
            }
        };
        let (faults, sound) = (resolver.faults, resolver.sound);
        let sound = sound && faults.is_empty();
        for fault in faults {
            self.fault(written, fault.at, fault.message);
        }
        condition.filter(|_| sound)
    }
}
