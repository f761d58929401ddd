//! Why an example does not do what its watchlist says it does.

use super::lexicon::{Findings, Lexicon};
use super::rule::{Condition, Rule, in_text_order};

/// At most so many words are named in an explanation.
const MOST_NAMED: usize = 8;

/// What is wrong if the rule, held against `text`, does not do what is expected of it.
pub fn complaint(
    rule: &Rule,
    lexicon: &Lexicon,
    text: &str,
    findings: &Findings,
    alert: bool,
) -> Option<String> {
    let account = Account { lexicon, text, findings };
    match rule.holds(findings) {
        Some(hits) if !alert => {
            Some(format!("this example should be quiet, but `{}` alerts: {}", rule.name, account.met(&hits)))
        }
        None if alert => Some(format!(
            "this example should alert, but `{}` stays quiet: {}",
            rule.name,
            account.silence(rule)
        )),
        _ => None,
    }
}

struct Account<'a> {
    lexicon: &'a Lexicon,
    text: &'a str,
    findings: &'a Findings,
}

impl Account<'_> {
    /// Why the rule does not hold.
    fn silence(&self, rule: &Rule) -> String {
        match rule.unless.as_ref().and_then(|unless| unless.holds(self.findings)) {
            Some(hits) if rule.when.holds(self.findings).is_some() && hits.is_empty() => {
                "`unless` holds".into()
            }
            Some(hits) if rule.when.holds(self.findings).is_some() => {
                format!("`unless` holds: {}", self.met(&hits))
            }
            _ => self.missing(&rule.when),
        }
    }

    /// The words behind hits, and what they meet.
    fn met(&self, hits: &[usize]) -> String {
        let hits = in_text_order(hits.to_vec(), self.findings);
        let met = |number: &usize| {
            let hit = self.findings.hit(*number)?;
            let word = self.text.get(hit.start_byte..hit.end_byte)?;
            Some(format!("`{word}` meets {}", self.lexicon.atom(hit.atom)?.label))
        };
        let more = if hits.len() > MOST_NAMED { ", ..." } else { "" };
        let named: Vec<String> = hits.iter().filter_map(met).take(MOST_NAMED).collect();
        format!("{}{more}", named.join(", "))
    }

    /// What would have to be there for the condition to hold.
    fn missing(&self, condition: &Condition) -> String {
        let fails = |part: &&Condition| part.holds(self.findings).is_none();
        match condition {
            Condition::Any(parts) if !parts.iter().all(|part| matches!(part, Condition::Atom(_))) => {
                let mut missing: Vec<String> = parts.iter().map(|part| self.missing(part)).collect();
                missing.dedup();
                missing.join(", or ")
            }
            Condition::Atom(_) | Condition::Any(_) => format!("nothing meets {}", self.named(condition)),
            Condition::Not(part) => {
                format!(
                    "there is what must not be: {}",
                    self.met(&part.holds(self.findings).unwrap_or_default())
                )
            }
            Condition::All(parts) => {
                parts.iter().filter(fails).map(|part| self.missing(part)).collect::<Vec<_>>().join("; ")
            }
            Condition::Near(first, others) => {
                let parts = || std::iter::once(&**first).chain(others.iter().map(|(_, part)| part));
                let missing: Vec<String> = parts().filter(fails).map(|part| self.missing(part)).collect();
                if missing.is_empty() {
                    format!("all of {} is there, but not that near", self.named(condition))
                } else {
                    missing.join("; ")
                }
            }
        }
    }

    /// The condition as one would write it.
    fn named(&self, condition: &Condition) -> String {
        let joined = |parts: &[Condition], operator: &str| {
            parts.iter().map(|part| self.named(part)).collect::<Vec<_>>().join(operator)
        };
        match condition {
            Condition::Atom(atom) => {
                self.lexicon.atom(*atom).map(|atom| atom.label.clone()).unwrap_or_default()
            }
            Condition::Not(part) => format!("NOT {}", self.named(part)),
            Condition::All(parts) => format!("({})", joined(parts, " AND ")),
            Condition::Any(parts) => format!("({})", joined(parts, " OR ")),
            Condition::Near(first, others) => {
                let near = |(n, part): &(usize, Condition)| format!(" NEAR/{n} {}", self.named(part));
                format!("{}{}", self.named(first), others.iter().map(near).collect::<Vec<_>>().concat())
            }
        }
    }
}
