//! Rules that cannot mean what they say: those that hold for nearly every post, and those that hold for none.

use std::collections::BTreeSet;

use super::lexicon::AtomId;
use super::rule::Condition;

type Atoms = BTreeSet<AtomId>;

/// What is wrong with a rule as a whole; `label` names an atom as the condition does.
pub fn fault(
    when: &Condition,
    unless: Option<&Condition>,
    label: impl Fn(AtomId) -> String,
) -> Option<String> {
    if when.needs(&|_| 1).is_none() {
        return Some(needless(when).into());
    }
    let needed = needed(when);
    if let Some(atom) = needed.intersection(&barred(when)).next() {
        return Some(format!("no post can meet this: it asks for {0} and for its absence", label(*atom)));
    }
    let atom = *unless.map(enough).unwrap_or_default().intersection(&needed).next()?;
    Some(format!("no post can meet this: `unless` holds wherever {0} is, and `when` needs {0}", label(atom)))
}

fn needless(when: &Condition) -> &'static str {
    fn positive(condition: &Condition) -> bool {
        match condition {
            Condition::Atom(_) | Condition::Near(..) => true,
            Condition::Not(_) => false,
            Condition::All(parts) | Condition::Any(parts) => parts.iter().any(positive),
        }
    }
    if positive(when) {
        "this holds for posts with none of its words, because NOT stands beside an OR; write AND NOT, \
         or move what must not be there to `unless`"
    } else {
        "this rule has no word to look for, only what must not be there; add what a post must say"
    }
}

/// The atoms without any one of which the condition does not hold.
fn needed(condition: &Condition) -> Atoms {
    match condition {
        Condition::Atom(atom) => [*atom].into(),
        Condition::Not(_) => Atoms::new(),
        Condition::All(parts) => union(parts.iter().map(needed)),
        Condition::Any(parts) => intersection(parts.iter().map(needed)),
        Condition::Near(first, others) => {
            union(others.iter().map(|(_, part)| part).chain([&**first]).map(needed))
        }
    }
}

/// The atoms with any one of which the condition does not hold.
fn barred(condition: &Condition) -> Atoms {
    match condition {
        Condition::Not(part) => enough(part),
        Condition::Atom(_) | Condition::Near(..) => Atoms::new(),
        Condition::All(parts) => union(parts.iter().map(barred)),
        Condition::Any(parts) => intersection(parts.iter().map(barred)),
    }
}

/// The atoms any one of which makes the condition hold.
fn enough(condition: &Condition) -> Atoms {
    match condition {
        Condition::Atom(atom) => [*atom].into(),
        Condition::Not(_) | Condition::Near(..) => Atoms::new(),
        Condition::All(parts) => intersection(parts.iter().map(enough)),
        Condition::Any(parts) => union(parts.iter().map(enough)),
    }
}

fn union(sets: impl Iterator<Item = Atoms>) -> Atoms {
    sets.flatten().collect()
}

fn intersection(mut sets: impl Iterator<Item = Atoms>) -> Atoms {
    let first = sets.next().unwrap_or_default();
    sets.fold(first, |common, set| &common & &set)
}
