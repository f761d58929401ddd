//! Examples of rules: whether each does what its watchlist says, and if not, why.

use std::collections::HashMap;

use super::Compiler;
use crate::watch::file;
use crate::watch::lexicon::{Desk, Lexicon};
use crate::watch::origin::Origin;
use crate::watch::rule::{Condition, Rule};
use crate::watch::scene::{Reading, Scene};

/// At most so many words are named in an explanation.
const MOST_NAMED: usize = 8;

impl Compiler<'_, '_> {
    /// Holds examples against their rule; without a rule, only against each other.
    pub(super) fn examples(&mut self, rule: Option<&Rule>, examples: &[file::Example]) {
        let same =
            |one: &file::Example, other: &file::Example| one.post == other.post && one.from == other.from;
        let mut first: HashMap<&str, &file::Example> = HashMap::new();
        for example in examples {
            let other = *first.entry(example.text.text.trim()).or_insert(example);
            if same(other, example) && other.alert != example.alert {
                let stands = if other.alert { "alert" } else { "quiet" };
                let message =
                    format!("this very example stands above with expect = \"{stands}\"; keep one of the two");
                self.fault(&example.text, 0, message);
                continue;
            }
            let contradicted = |later: &file::Example| same(later, example) && later.alert != example.alert;
            if let Some(message) = rule
                .filter(|_| !examples.iter().any(contradicted))
                .and_then(|rule| complaint(rule, self.around.lexicon, example))
            {
                self.fault(&example.text, 0, message);
            }
        }
    }
}

/// What is wrong if the rule, held against an example, does not do what is expected of it.
fn complaint(rule: &Rule, lexicon: &Lexicon, example: &file::Example) -> Option<String> {
    let origin = example.from.as_ref().map(|(platform, account)| Origin { platform, account });
    // The lexicon still grows, so nothing learnt of it may be kept for the next example.
    let reading = Reading::new(&example.post, origin.as_ref(), lexicon, &mut Desk::default());
    let account = Account { lexicon, scene: reading.scene() };
    match rule.holds(reading.scene()) {
        Some(hits) if !example.alert => {
            Some(format!("this example should be quiet, but `{}` alerts{}", rule.name, account.by(hits)))
        }
        None if example.alert => Some(format!(
            "this example should alert, but `{}` stays quiet: {}",
            rule.name,
            account.silence(rule)
        )),
        _ => None,
    }
}

struct Account<'a> {
    lexicon: &'a Lexicon,
    scene: Scene<'a>,
}

impl Account<'_> {
    /// Why the rule does not hold.
    fn silence(&self, rule: &Rule) -> String {
        let unless = rule.unless.as_ref().and_then(|unless| unless.holds(self.scene));
        match unless.filter(|_| rule.when.holds(self.scene).is_some()) {
            Some(hits) => format!("`unless` holds{}", self.by(hits)),
            None => self.missing(&rule.when),
        }
    }

    /// The words behind hits, and what they meet; nothing if there is none.
    fn by(&self, hits: Vec<usize>) -> String {
        let hits = self.scene.in_text_order(hits);
        let met = |number: &usize| {
            let hit = self.scene.reading.findings.hit(*number)?;
            let word = self.scene.reading.form(hit)?;
            Some(format!("`{word}` meets {}", self.lexicon.atom(hit.atom)?.label))
        };
        let more = if hits.len() > MOST_NAMED { ", ..." } else { "" };
        let named: Vec<String> = hits.iter().filter_map(met).take(MOST_NAMED).collect();
        if named.is_empty() { String::new() } else { format!(": {}{more}", named.join(", ")) }
    }

    /// What would have to be there for the condition to hold.
    fn missing(&self, condition: &Condition) -> String {
        let fails = |part: &&Condition| part.holds(self.scene).is_none();
        let each = |parts: &mut dyn Iterator<Item = &Condition>| -> Vec<String> {
            parts.filter(fails).map(|part| self.missing(part)).collect()
        };
        match condition {
            Condition::Any(parts) if !parts.iter().all(|part| matches!(part, Condition::Atom(_))) => {
                let mut missing = each(&mut parts.iter());
                missing.dedup();
                missing.join(", or ")
            }
            Condition::Atom(_) | Condition::Family(..) | Condition::Any(_) => {
                format!("nothing meets {}", condition.named(self.lexicon))
            }
            Condition::Fact(fact) => format!("`{fact}` is not true of it"),
            Condition::Not(part) => {
                let hits = part.holds(self.scene).unwrap_or_default();
                let what = self.by(hits);
                if what.is_empty() {
                    return format!("{} is true of it", part.named(self.lexicon));
                }
                format!("there is what must not be{what}")
            }
            Condition::All(parts) => each(&mut parts.iter()).join("; "),
            Condition::Few(least, parts) => {
                let held = parts.iter().filter(|part| !fails(part)).count();
                format!("{held} of the {least} that are asked for; {}", each(&mut parts.iter()).join("; "))
            }
            Condition::Near(first, others) => {
                let missing = each(&mut std::iter::once(&**first).chain(others.iter().map(|(_, part)| part)));
                let apart = if others.iter().any(|(reach, _)| reach.ordered) {
                    "not that near or not in this order"
                } else {
                    "not that near"
                };
                let all = || format!("all of {} is there, but {apart}", condition.named(self.lexicon));
                if missing.is_empty() { all() } else { missing.join("; ") }
            }
            Condition::Sentence(part) => {
                if part.holds(self.scene).is_none() {
                    return self.missing(part);
                }
                format!("all of {} is there, but not in one sentence", part.named(self.lexicon))
            }
        }
    }
}
