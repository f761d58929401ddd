//! Whether a rule holds for the hits in a post, and by which of them.

use super::lexicon::{AtomId, Findings, Found};
use crate::model::matched::Severity;

/// A rule, ready to be held against posts.
#[derive(Debug)]
pub struct Rule {
    /// Its full name, `watchlist/rule`.
    pub name: String,
    /// How much it matters.
    pub severity: Severity,
    /// What must hold.
    pub when: Condition,
    /// What must not hold.
    pub unless: Option<Condition>,
}

/// A condition over atoms. Negations stand directly before atoms and NEAR, so what holds by words is told
/// from what holds by their absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A term of the atom is there.
    Atom(AtomId),
    /// It does not hold.
    Not(Box<Condition>),
    /// All hold.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    /// Hits of the first, and of each further one with at most so many tokens between it and the stretch of
    /// those before it, in one field and in any order. No two of them share a token.
    Near(Box<Condition>, Vec<(usize, Condition)>),
}

/// So many ways to stand near are looked at and no more; what repeats its words thousands of times need not
/// be listed in full.
const MOST_SPANS: usize = 10_000;

/// Hits that stand near one another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    field: usize,
    first: usize,
    end: usize,
    hits: Vec<usize>,
}

impl Rule {
    /// The numbers of the hits by which the rule holds, in text order; none if it does not.
    pub fn holds(&self, findings: &Findings) -> Option<Vec<usize>> {
        let hits = self.when.holds(findings)?;
        match &self.unless {
            Some(unless) if unless.holds(findings).is_some() => None,
            _ => Some(in_text_order(hits, findings)),
        }
    }
}

impl Condition {
    /// The numbers of the hits by which it holds, in any order and perhaps repeated; none if it does not
    /// hold.
    pub fn holds(&self, findings: &Findings) -> Option<Vec<usize>> {
        match self {
            Self::Atom(atom) => {
                Some(findings.of_atom(*atom).collect()).filter(|hits: &Vec<_>| !hits.is_empty())
            }
            Self::Not(part) => part.holds(findings).is_none().then(Vec::new),
            Self::All(parts) => {
                let all: Option<Vec<_>> = parts.iter().map(|part| part.holds(findings)).collect();
                all.map(|hits| hits.concat())
            }
            Self::Any(parts) => {
                let some: Vec<_> = parts.iter().filter_map(|part| part.holds(findings)).collect();
                (!some.is_empty()).then(|| some.concat())
            }
            Self::Near(..) => {
                let spans = self.spans(findings);
                (!spans.is_empty()).then(|| spans.into_iter().flat_map(|span| span.hits).collect())
            }
        }
    }

    /// Atoms of which at least one is found in every post that this holds for; none if words are not needed.
    ///
    /// Where all parts must hold, the part with the fewest terms is asked for: it is found most rarely.
    pub fn needs(&self, terms: &impl Fn(AtomId) -> usize) -> Option<Vec<AtomId>> {
        let count = |atoms: &Vec<AtomId>| atoms.iter().map(|atom| terms(*atom)).sum::<usize>();
        match self {
            Self::Atom(atom) => Some(vec![*atom]),
            Self::Not(_) => None,
            Self::All(parts) => parts.iter().filter_map(|part| part.needs(terms)).min_by_key(count),
            Self::Any(parts) => {
                let all: Option<Vec<_>> = parts.iter().map(|part| part.needs(terms)).collect();
                all.map(|atoms| atoms.concat())
            }
            Self::Near(first, others) => {
                let parts = others.iter().map(|(_, part)| part).chain([&**first]);
                parts.filter_map(|part| part.needs(terms)).min_by_key(count)
            }
        }
    }

    /// The ways in which this holds at one stretch of text, in text order.
    fn spans(&self, findings: &Findings) -> Vec<Span> {
        let mut spans: Vec<Span> = match self {
            Self::Atom(atom) => findings
                .of_atom(*atom)
                .filter_map(|number| Some((number, findings.hit(number)?)))
                .map(|(number, hit)| Span {
                    field: hit.field,
                    first: hit.first,
                    end: hit.end,
                    hits: vec![number],
                })
                .collect(),
            Self::Any(parts) => parts.iter().flat_map(|part| part.spans(findings)).collect(),
            Self::Near(first, others) => {
                let first = first.spans(findings);
                return others.iter().fold(first, |spans, (distance, part)| {
                    if spans.is_empty() {
                        spans
                    } else {
                        near(&spans, &part.spans(findings), *distance, findings)
                    }
                });
            }
            // The grammar lets neither stand inside NEAR.
            Self::Not(_) | Self::All(_) => Vec::new(),
        };
        spans.sort_unstable();
        spans.dedup();
        spans
    }
}

/// Each of `left` with each of `right` that stands at most `distance` tokens away and shares no token with
/// it.
fn near(left: &[Span], right: &[Span], distance: usize, findings: &Findings) -> Vec<Span> {
    let longest = right.iter().map(|span| span.end - span.first).max().unwrap_or(0);
    let mut found = Vec::new();
    for one in left {
        let reach = (one.field, one.first.saturating_sub(distance + longest));
        let from = right.partition_point(|other| (other.field, other.first) < reach);
        let close = right
            .iter()
            .skip(from)
            .take_while(|other| other.field == one.field && other.first <= one.end + distance)
            .filter(|other| other.end + distance >= one.first && apart(one, other, findings));
        found.extend(close.map(|other| one.with(other)));
        if found.len() >= MOST_SPANS {
            break;
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// One word cannot stand for two.
fn apart(one: &Span, other: &Span, findings: &Findings) -> bool {
    let distinct = |one: &Found, other: &Found| one.end <= other.first || other.end <= one.first;
    let hit = |number: &usize| findings.hit(*number);
    one.hits
        .iter()
        .filter_map(hit)
        .all(|one| other.hits.iter().filter_map(hit).all(|other| distinct(one, other)))
}

impl Span {
    fn with(&self, other: &Self) -> Self {
        let mut hits: Vec<usize> = self.hits.iter().chain(&other.hits).copied().collect();
        hits.sort_unstable();
        Self { field: self.field, first: self.first.min(other.first), end: self.end.max(other.end), hits }
    }
}

/// The numbers of hits, each once, in the order of the text.
pub fn in_text_order(mut hits: Vec<usize>, findings: &Findings) -> Vec<usize> {
    hits.sort_unstable_by_key(|hit| (findings.hit(*hit).map(|hit| (hit.field, hit.first, hit.end)), *hit));
    hits.dedup();
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_waits_for_the_words_that_are_found_most_rarely() {
        let atom = Condition::Atom;
        let not = |atom| Condition::Not(Box::new(Condition::Atom(atom)));
        let near =
            |one, other| Condition::Near(Box::new(Condition::Atom(one)), vec![(3, Condition::Atom(other))]);
        let table = [
            (atom(1), Some(vec![1])),
            (not(1), None),
            (Condition::All(vec![atom(3), atom(1), not(0)]), Some(vec![1])),
            (Condition::Any(vec![atom(3), atom(1)]), Some(vec![3, 1])),
            (Condition::Any(vec![atom(3), not(1)]), None),
            (near(3, 2), Some(vec![2])),
            (Condition::All(vec![Condition::Any(vec![atom(1), atom(2)]), near(4, 5)]), Some(vec![1, 2])),
            (Condition::Any(vec![near(4, 5), Condition::All(vec![not(1), atom(2)])]), Some(vec![4, 2])),
        ];
        for (condition, expected) in table {
            assert_eq!(condition.needs(&|atom| atom), expected, "{condition:?}");
        }
    }
}
