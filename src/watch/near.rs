//! Words that stand near one another.

use super::lexeme::Reach;
use super::lexicon::{Findings, Found};
use super::rule::Condition;
use super::scene::Scene;

/// So many ways to stand near are looked at and no more; what repeats its words thousands of times need not
/// be listed in full.
const MOST_SPANS: usize = 10_000;

/// Hits that stand near one another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The field they stand in, as a number in their order.
    pub field: usize,
    /// First token.
    pub first: usize,
    /// Token behind the last.
    pub end: usize,
    /// The numbers of the hits.
    pub hits: Vec<usize>,
}

/// The ways in which a condition holds at one stretch of text, in text order.
pub fn spans(condition: &Condition, scene: Scene) -> Vec<Span> {
    let alone = |(number, hit): (usize, &Found)| Span {
        field: hit.field,
        first: hit.first,
        end: hit.end,
        hits: vec![number],
    };
    let mut found: Vec<Span> = match condition {
        Condition::Atom(atom) => scene.hits(*atom).map(alone).collect(),
        Condition::Family(_, members) => {
            members.iter().flat_map(|atom| scene.hits(*atom)).map(alone).collect()
        }
        Condition::Any(parts) => parts.iter().flat_map(|part| spans(part, scene)).collect(),
        Condition::Near(first, others) => return chain(first, others, scene),
        // The grammar lets none of these stand beside NEAR.
        Condition::Not(_)
        | Condition::All(_)
        | Condition::Few(..)
        | Condition::Sentence(_)
        | Condition::Fact(_) => Vec::new(),
    };
    found.sort_unstable();
    found.dedup();
    found
}

/// The fewest tokens that stand between the first and some other of two conditions, whatever is asked for.
pub fn closest(first: &Condition, other: &Condition, scene: Scene) -> Option<usize> {
    let (left, right) = (spans(first, scene), spans(other, scene));
    let gap = |one: &Span, other: &Span| {
        if one.end <= other.first { other.first - one.end } else { one.first.saturating_sub(other.end) }
    };
    let pairs = left.iter().take(100).flat_map(|one| right.iter().take(100).map(move |other| (one, other)));
    let findings = &scene.reading.findings;
    pairs
        .filter(|(one, other)| one.field == other.field && apart(one, other, findings))
        .map(|(one, other)| gap(one, other))
        .min()
}

fn chain(first: &Condition, others: &[(Reach, Condition)], scene: Scene) -> Vec<Span> {
    others.iter().fold(spans(first, scene), |found, (reach, part)| {
        if found.is_empty() {
            found
        } else {
            near(&found, &spans(part, scene), *reach, &scene.reading.findings)
        }
    })
}

/// Each of `left` with each of `right` that stands within reach and shares no token with it.
fn near(left: &[Span], right: &[Span], reach: Reach, findings: &Findings) -> Vec<Span> {
    let distance = reach.distance;
    let longest = right.iter().map(|span| span.end - span.first).max().unwrap_or(0);
    let mut found = Vec::new();
    for one in left {
        let earliest = if reach.ordered { one.end } else { one.first.saturating_sub(distance + longest) };
        let from = right.partition_point(|other| (other.field, other.first) < (one.field, earliest));
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
