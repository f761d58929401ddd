//! Why a rule holds for a post or does not: a tree of what it asks for, with the words that decided.

use std::collections::HashMap;

use serde::Serialize;

use super::Watch;
use super::lexicon::AtomId;
use super::near::closest;
use super::rule::{Condition, Rule};
use super::scene::{Reading, Scene};
use super::trace::{Fold, Place, Traces};
use crate::model::matched::{Hit, Severity};
use crate::model::post::Post;

/// A rule held against a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// The rule, as `watchlist/rule`.
    pub rule: String,
    /// How much it matters.
    pub severity: Severity,
    /// Whether it holds: `when` does and `unless` does not.
    pub holds: bool,
    /// What must hold.
    pub when: Branch,
    /// What must not hold, if the rule names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unless: Option<Branch>,
}

/// A condition, or a part of one, held against a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Branch {
    /// Whether it holds.
    pub holds: bool,
    /// What it asks for: `all of`, `2 of`, `@recipient`, `NEAR/12`, `has:media`.
    pub asks: String,
    /// The words by which it holds, in the order of the text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hits: Vec<Traced>,
    /// What there is to say if it does not hold, such as what was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Its parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Self>,
}

/// Words that met a term, and what had to be folded for that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Traced {
    /// The words and the term.
    #[serde(flatten)]
    pub hit: Hit,
    /// In the order of the analysis; empty if they stand there as the term is written.
    pub folds: Vec<Fold>,
}

/// At most so many terms are named of a concept that was not met.
const MOST_NAMED: usize = 5;

impl Watch {
    /// Every rule held against a post, in the order of watchlists and rules, whether it holds or not; or the one of them that is
    /// named `only`.
    pub fn explain(&self, post: &Post, only: Option<&str>) -> Vec<Explained> {
        let reading = self.desks.with(|desk| Reading::new(post, None, &self.lexicon, desk));
        let mut terms: HashMap<AtomId, Vec<usize>> = HashMap::new();
        for number in 0..self.lexicon.terms() {
            if let Some(entry) = self.lexicon.entry(number) {
                terms.entry(entry.atom).or_default().push(number);
            }
        }
        let explainer = Explainer { watch: self, terms, traces: Traces::default() };
        let rules = self.rules.iter().filter(|rule| only.is_none_or(|only| *rule.name == *only));
        rules.map(|rule| explainer.rule(rule, &reading)).collect()
    }
}

struct Explainer<'w> {
    watch: &'w Watch,
    /// The terms of each atom.
    terms: HashMap<AtomId, Vec<usize>>,
    traces: Traces<'w>,
}

impl<'w> Explainer<'w> {
    fn rule(&self, rule: &Rule, reading: &'w Reading<'w>) -> Explained {
        Explained {
            rule: rule.name.to_string(),
            severity: rule.severity,
            holds: rule.holds(reading.scene()).is_some(),
            when: self.branch(&rule.when, reading.scene()),
            unless: rule.unless.as_ref().map(|unless| self.branch(unless, reading.scene())),
        }
    }

    fn branch(&self, condition: &Condition, scene: Scene<'w>) -> Branch {
        let held = condition.holds(scene);
        let holds = held.is_some();
        // The words of all, any and some are those of their parts.
        let own = !matches!(condition, Condition::All(_) | Condition::Any(_) | Condition::Few(..));
        let hits = held.filter(|_| own).map(|hits| self.traced(hits, scene)).unwrap_or_default();
        let note = if holds { None } else { self.note(condition, scene) };
        Branch { holds, asks: self.asks(condition), hits, note, parts: self.parts(condition, scene) }
    }

    fn asks(&self, condition: &Condition) -> String {
        match condition {
            Condition::Not(_) => "NOT".into(),
            Condition::All(_) => "all of".into(),
            Condition::Any(_) => "any of".into(),
            Condition::Few(least, parts) => format!("{least} of {}", parts.len()),
            Condition::Near(_, others) => {
                others.iter().map(|(reach, _)| reach.to_string()).collect::<Vec<_>>().join(", ")
            }
            Condition::Sentence(_) => "SENTENCE".into(),
            Condition::Atom(_) | Condition::Family(..) | Condition::Fact(_) => {
                condition.named(&self.watch.lexicon)
            }
        }
    }

    fn parts(&self, condition: &Condition, scene: Scene<'w>) -> Vec<Branch> {
        let each = |parts: &[Condition], scene| parts.iter().map(|part| self.branch(part, scene)).collect();
        match condition {
            Condition::Not(part) => vec![self.branch(part, scene)],
            Condition::All(parts) | Condition::Any(parts) | Condition::Few(_, parts) => each(parts, scene),
            Condition::Near(first, others) => {
                let parts = std::iter::once(&**first).chain(others.iter().map(|(_, part)| part));
                parts.map(|part| self.branch(part, scene)).collect()
            }
            Condition::Sentence(part) => {
                // The sentence that decided, or else what the whole post has.
                let all = scene.sentences().iter().map(|sentence| scene.within(*sentence));
                let scene = all.into_iter().find(|one| part.holds(*one).is_some()).unwrap_or(scene);
                match &**part {
                    Condition::All(parts) => each(parts, scene),
                    part => vec![self.branch(part, scene)],
                }
            }
            Condition::Atom(_) | Condition::Family(..) | Condition::Fact(_) => Vec::new(),
        }
    }

    /// Why a condition does not hold, where its parts do not tell.
    fn note(&self, condition: &Condition, scene: Scene<'w>) -> Option<String> {
        match condition {
            Condition::Atom(atom) => self.looked_for(&[*atom]),
            Condition::Family(_, members) => self.looked_for(members),
            Condition::Fact(fact) => {
                let actual = fact.actual(scene.reading.post, scene.reading.origin)?;
                Some(format!("the post has {actual}"))
            }
            Condition::Few(_, parts) => {
                let held = parts.iter().filter(|part| part.holds(scene).is_some()).count();
                Some(format!("{held} hold"))
            }
            Condition::Near(first, others) => {
                let mut parts = std::iter::once(&**first).chain(others.iter().map(|(_, part)| part));
                if parts.any(|part| part.holds(scene).is_none()) {
                    return None;
                }
                match others.as_slice() {
                    [(reach, other)] => Some(match closest(first, other, scene) {
                        Some(gap) if reach.ordered => {
                            format!("the closest are {gap} words apart, in any order")
                        }
                        Some(gap) => format!("the closest are {gap} words apart"),
                        None => "they never stand in one text as different words".into(),
                    }),
                    _ => Some("all are there, but not that near".into()),
                }
            }
            Condition::Sentence(part) if part.holds(scene).is_some() => {
                Some("all are there, but not in one sentence".into())
            }
            _ => None,
        }
    }

    /// The terms of concepts that were not met; nothing for a term of the rule itself, which names it already.
    fn looked_for(&self, atoms: &[AtomId]) -> Option<String> {
        let lexicon = &self.watch.lexicon;
        if atoms.iter().all(|atom| lexicon.atom(*atom).is_some_and(|atom| atom.concept.is_none())) {
            return None;
        }
        let terms: Vec<&usize> = atoms.iter().filter_map(|atom| self.terms.get(atom)).flatten().collect();
        let written = |number: &&usize| lexicon.entry(**number).map(|entry| &*entry.written);
        let named: Vec<&str> = terms.iter().filter_map(written).take(MOST_NAMED).collect();
        let more = match terms.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!("looked for {}{more}", named.join(", ")))
    }

    fn traced(&self, mut hits: Vec<usize>, scene: Scene<'w>) -> Vec<Traced> {
        let reading = scene.reading;
        let traced = |found: &super::lexicon::Found| {
            let hit = self.watch.hit(found, reading)?;
            let text = reading.parts.get(found.field)?.text;
            let place = Place { field: hit.field, text, start: hit.start, end: hit.end };
            let languages = self.watch.languages.get(found.entry).map(Vec::as_slice).unwrap_or_default();
            let folds = self.traces.folds((found.entry, &hit.term), languages, place);
            Some(Traced { hit, folds })
        };
        reading.findings.widest(&mut hits).filter_map(traced).collect()
    }
}

#[cfg(test)]
mod tests;
