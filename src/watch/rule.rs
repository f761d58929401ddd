//! Whether a rule holds for a post, and by which of the words found in it.

use std::sync::Arc;

use super::fact::Fact;
use super::lexeme::Reach;
use super::lexicon::AtomId;
use super::near::spans;
use super::scene::Scene;
use crate::model::matched::Severity;

/// A rule, ready to be held against posts.
#[derive(Debug)]
pub struct Rule {
    /// Its full name, `watchlist/rule`.
    pub name: Arc<str>,
    /// Its watchlist, by its number.
    pub watchlist: usize,
    /// How much it matters.
    pub severity: Severity,
    /// What must hold.
    pub when: Condition,
    /// What must not hold.
    pub unless: Option<Condition>,
}

/// A condition over atoms and fields. Negations stand directly before what has no parts of its own, so what
/// holds by words is told from what holds by their absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A term of the atom is there.
    Atom(AtomId),
    /// A term of a concept that uses others is there: its own atom, then all atoms it is made of.
    Family(AtomId, Vec<AtomId>),
    /// It is true of the post.
    Fact(Fact),
    /// It does not hold.
    Not(Box<Condition>),
    /// All hold.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    /// At least so many hold.
    Few(usize, Vec<Condition>),
    /// Hits of the first, and of each further one with at most so many tokens between it and the stretch of
    /// those before it, in one field. No two of them share a token.
    Near(Box<Condition>, Vec<(Reach, Condition)>),
    /// It holds by the words of one sentence.
    Sentence(Box<Condition>),
}

impl Rule {
    /// The numbers of the hits by which the rule holds, in text order; none if it does not.
    pub fn holds(&self, scene: Scene) -> Option<Vec<usize>> {
        let mut hits = Vec::new();
        self.holds_by(scene, &mut hits).then(|| scene.in_text_order(hits))
    }

    /// Whether the rule holds, and then the numbers of the hits by which, in any order and perhaps repeated, instead of
    /// what `hits` held before.
    pub fn holds_by(&self, scene: Scene, hits: &mut Vec<usize>) -> bool {
        hits.clear();
        self.when.holds_by(scene, hits)
            && self.unless.as_ref().is_none_or(|unless| unless.holds(scene).is_none())
    }
}

impl Condition {
    /// The numbers of the hits by which it holds, in any order and perhaps repeated; none if it does not
    /// hold.
    pub fn holds(&self, scene: Scene) -> Option<Vec<usize>> {
        let mut hits = Vec::new();
        self.holds_by(scene, &mut hits).then_some(hits)
    }

    /// Whether it holds, and if so the same numbers behind those in `hits`.
    fn holds_by(&self, scene: Scene, hits: &mut Vec<usize>) -> bool {
        let before = hits.len();
        let holds = match self {
            Self::Atom(atom) => {
                hits.extend(scene.hits(*atom).map(|(number, _)| number));
                hits.len() > before
            }
            Self::Family(_, members) => {
                let all = members.iter().flat_map(|atom| scene.hits(*atom));
                hits.extend(all.map(|(number, _)| number));
                hits.len() > before
            }
            Self::Fact(fact) => fact.holds(scene.reading.post, scene.reading.origin),
            Self::Not(part) => {
                let holds = !part.holds_by(scene, hits);
                hits.truncate(before);
                holds
            }
            Self::All(parts) => parts.iter().all(|part| part.holds_by(scene, hits)),
            Self::Any(parts) => few(1, parts, scene, hits),
            Self::Few(least, parts) => few(*least, parts, scene, hits),
            Self::Near(..) => {
                hits.extend(spans(self, scene).into_iter().flat_map(|span| span.hits));
                hits.len() > before
            }
            Self::Sentence(part) => {
                let sentences = scene.sentences().iter();
                sentences.filter(|one| part.holds_by(scene.within(**one), hits)).count() > 0
            }
        };
        if !holds {
            hits.truncate(before);
        }
        holds
    }

    /// Atoms of which at least one is found in every post that this holds for; none if words are not needed.
    ///
    /// Where several parts must hold, those with the fewest terms are asked for: they are found most rarely.
    pub fn needs(&self, terms: &impl Fn(AtomId) -> usize) -> Option<Vec<AtomId>> {
        let count = |atoms: &Vec<AtomId>| atoms.iter().map(|atom| terms(*atom)).sum::<usize>();
        match self {
            Self::Atom(atom) => Some(vec![*atom]),
            Self::Family(_, members) => Some(members.clone()),
            Self::Not(_) | Self::Fact(_) => None,
            Self::All(parts) => parts.iter().filter_map(|part| part.needs(terms)).min_by_key(count),
            Self::Any(parts) => {
                let all: Option<Vec<_>> = parts.iter().map(|part| part.needs(terms)).collect();
                all.map(|atoms| atoms.concat())
            }
            Self::Few(least, parts) => {
                // Where so many hold, one of any others than the last few does.
                let mut known: Vec<_> = parts.iter().filter_map(|part| part.needs(terms)).collect();
                known.sort_by_key(count);
                let enough = (parts.len() + 1).saturating_sub(*least);
                known.get(..enough).map(<[_]>::concat)
            }
            Self::Near(first, others) => {
                let parts = others.iter().map(|(_, part)| part).chain([&**first]);
                parts.filter_map(|part| part.needs(terms)).min_by_key(count)
            }
            Self::Sentence(part) => part.needs(terms),
        }
    }
}

/// Whether enough parts hold; the hits of all that do.
fn few(least: usize, parts: &[Condition], scene: Scene, hits: &mut Vec<usize>) -> bool {
    parts.iter().filter(|part| part.holds_by(scene, hits)).count() >= least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_waits_for_the_words_that_are_found_most_rarely() {
        let atom = Condition::Atom;
        let not = |atom| Condition::Not(Box::new(Condition::Atom(atom)));
        let reach = Reach { distance: 3, ordered: false };
        let near = |one, other| {
            Condition::Near(Box::new(Condition::Atom(one)), vec![(reach, Condition::Atom(other))])
        };
        let fact = || Condition::Fact(Fact::By("a".into()));
        let table = [
            (atom(1), Some(vec![1])),
            (not(1), None),
            (fact(), None),
            (Condition::Family(7, vec![7, 1]), Some(vec![7, 1])),
            (Condition::All(vec![atom(3), atom(1), not(0), fact()]), Some(vec![1])),
            (Condition::Any(vec![atom(3), atom(1)]), Some(vec![3, 1])),
            (Condition::Any(vec![atom(3), not(1)]), None),
            (Condition::Any(vec![atom(3), fact()]), None),
            (Condition::Few(2, vec![atom(3), atom(1), atom(2)]), Some(vec![1, 2])),
            (Condition::Few(3, vec![atom(3), atom(1), atom(2)]), Some(vec![1])),
            (Condition::Few(2, vec![atom(3), atom(1), fact()]), Some(vec![1, 3])),
            (Condition::Few(1, vec![atom(3), atom(1), fact()]), None),
            (near(3, 2), Some(vec![2])),
            (Condition::Sentence(Box::new(Condition::All(vec![atom(3), atom(1)]))), Some(vec![1])),
            (Condition::All(vec![Condition::Any(vec![atom(1), atom(2)]), near(4, 5)]), Some(vec![1, 2])),
            (Condition::Any(vec![near(4, 5), Condition::All(vec![not(1), atom(2)])]), Some(vec![4, 2])),
        ];
        for (condition, expected) in table {
            assert_eq!(condition.needs(&|atom| atom), expected, "{condition:?}");
        }
    }
}
