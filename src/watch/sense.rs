//! Rules that cannot mean what they say: those that hold for nearly every post, and those that hold for none.

use std::collections::BTreeSet;

use super::fact::Fact;
use super::lexicon::AtomId;
use super::rule::Condition;

/// What a condition asks for in the end: words of an atom, or a field as it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Leaf {
    Atom(AtomId),
    Fact(String),
}

type Leaves = BTreeSet<Leaf>;

/// What is wrong with a rule as a whole; `label` names an atom as the condition does.
pub fn fault(
    when: &Condition,
    unless: Option<&Condition>,
    label: impl Fn(AtomId) -> String,
) -> Option<String> {
    if !grounded(when) {
        return Some(needless(when).into());
    }
    if [Some(when), unless].into_iter().flatten().any(wordless_sentence) {
        return Some(
            "a `SENTENCE` of nothing but `NOT` holds for nearly every post; add a word it must have".into(),
        );
    }
    let label = |leaf: &Leaf| match leaf {
        Leaf::Atom(atom) => label(*atom),
        Leaf::Fact(fact) => format!("`{fact}`"),
    };
    if let Some(why) = needed_facts(when)
        .iter()
        .enumerate()
        .find_map(|(n, one)| needed_facts(when).iter().skip(n + 1).find_map(|other| one.excludes(other)))
    {
        return Some(format!("no post can meet this: {why}"));
    }
    let needed = needed(when);
    if let Some(leaf) = needed.intersection(&barred(when)).next() {
        return Some(format!("no post can meet this: it asks for {0} and for its absence", label(leaf)));
    }
    let leaf = unless.map(enough).unwrap_or_default().intersection(&needed).next().map(label)?;
    Some(format!("no post can meet this: `unless` holds wherever {leaf} is, and `when` needs {leaf}"))
}

/// Whether something must be there for the condition to hold, a word or a field.
pub fn grounded(condition: &Condition) -> bool {
    match condition {
        Condition::Not(_) => false,
        Condition::All(parts) => parts.iter().any(grounded),
        Condition::Any(parts) => parts.iter().all(grounded),
        Condition::Few(least, parts) => parts.iter().filter(|part| !grounded(part)).count() < *least,
        Condition::Sentence(part) => grounded(part),
        Condition::Atom(_) | Condition::Family(..) | Condition::Near(..) | Condition::Fact(_) => true,
    }
}

fn needless(when: &Condition) -> &'static str {
    fn positive(condition: &Condition) -> bool {
        match condition {
            Condition::Not(_) => false,
            Condition::All(parts) | Condition::Any(parts) | Condition::Few(_, parts) => {
                parts.iter().any(positive)
            }
            Condition::Sentence(part) => positive(part),
            _ => true,
        }
    }
    if positive(when) {
        "this holds for posts with none of its words, because NOT stands beside an OR; write AND NOT, \
         or move what must not be there to `unless`"
    } else {
        "this rule has no word to look for, only what must not be there; add what a post must say"
    }
}

fn wordless_sentence(condition: &Condition) -> bool {
    match condition {
        Condition::Sentence(part) => !grounded(part),
        Condition::Not(part) => wordless_sentence(part),
        Condition::All(parts) | Condition::Any(parts) | Condition::Few(_, parts) => {
            parts.iter().any(wordless_sentence)
        }
        _ => false,
    }
}

/// The fields without any one of which the condition does not hold.
fn needed_facts(condition: &Condition) -> Vec<&Fact> {
    match condition {
        Condition::Fact(fact) => vec![fact],
        Condition::All(parts) => parts.iter().flat_map(needed_facts).collect(),
        _ => Vec::new(),
    }
}

/// The leaves without any one of which the condition does not hold.
fn needed(condition: &Condition) -> Leaves {
    match condition {
        Condition::Atom(atom) | Condition::Family(atom, _) => [Leaf::Atom(*atom)].into(),
        Condition::Fact(fact) => [Leaf::Fact(fact.to_string())].into(),
        Condition::Not(_) => Leaves::new(),
        Condition::All(parts) => union(parts.iter().map(needed)),
        Condition::Any(parts) => intersection(parts.iter().map(needed)),
        Condition::Few(least, parts) => in_most(parts, parts.len() + 1 - least, needed),
        Condition::Near(first, others) => {
            union(others.iter().map(|(_, part)| part).chain([&**first]).map(needed))
        }
        Condition::Sentence(part) => needed(part),
    }
}

/// The leaves with any one of which the condition does not hold.
fn barred(condition: &Condition) -> Leaves {
    match condition {
        Condition::Not(part) => enough(part),
        Condition::All(parts) => union(parts.iter().map(barred)),
        Condition::Any(parts) => intersection(parts.iter().map(barred)),
        Condition::Few(least, parts) => in_most(parts, parts.len() + 1 - least, barred),
        // A word in another sentence bars nothing.
        Condition::Sentence(_)
        | Condition::Atom(_)
        | Condition::Family(..)
        | Condition::Fact(_)
        | Condition::Near(..) => Leaves::new(),
    }
}

/// The leaves any one of which makes the condition hold.
fn enough(condition: &Condition) -> Leaves {
    match condition {
        Condition::Atom(atom) => [Leaf::Atom(*atom)].into(),
        Condition::Family(_, members) => members.iter().map(|atom| Leaf::Atom(*atom)).collect(),
        Condition::Fact(fact) => [Leaf::Fact(fact.to_string())].into(),
        Condition::Not(_) | Condition::Near(..) | Condition::Sentence(_) => Leaves::new(),
        Condition::All(parts) => intersection(parts.iter().map(enough)),
        Condition::Any(parts) => union(parts.iter().map(enough)),
        Condition::Few(least, parts) => in_most(parts, *least, enough),
    }
}

/// The leaves of at least `least` parts.
fn in_most(parts: &[Condition], least: usize, leaves: fn(&Condition) -> Leaves) -> Leaves {
    let each: Vec<Leaves> = parts.iter().map(leaves).collect();
    let often = |leaf: &Leaf| each.iter().filter(|leaves| leaves.contains(leaf)).count() >= least;
    each.iter().flatten().filter(|leaf| often(leaf)).cloned().collect()
}

fn union(sets: impl Iterator<Item = Leaves>) -> Leaves {
    sets.flatten().collect()
}

fn intersection(mut sets: impl Iterator<Item = Leaves>) -> Leaves {
    let first = sets.next().unwrap_or_default();
    sets.fold(first, |common, set| &common & &set)
}
