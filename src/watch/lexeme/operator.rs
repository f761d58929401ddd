//! Operators: ours, and those of other languages, which are told apart from words.

use super::{Reach, Read, Sign, digits};

/// The operator that `word` is or was meant to be; `called` if a parenthesis opens behind it.
pub(super) fn operator(word: &str, called: bool) -> Option<Read<'static>> {
    let near = |name: &str| ["NEAR", "BEFORE"].into_iter().find(|near| near.eq_ignore_ascii_case(name));
    if let Some((written, distance)) = word.split_once('/')
        && let Some(name) = near(written)
    {
        return Some(reach(word, name, written == name, distance));
    }
    Some(Ok(match word {
        "AND" => Sign::And,
        "OR" => Sign::Or,
        "NOT" => Sign::Not,
        "NEAR" | "BEFORE" => return Some(Err(format!("`{word}` has no distance; {}", distance_hint(word)))),
        "SENTENCE" if called => Sign::Sentence,
        "SENTENCE" => {
            return Some(Err("`SENTENCE` has nothing to hold together; write `SENTENCE(a, b)`".into()));
        }
        _ if called && word.eq_ignore_ascii_case("sentence") => {
            return Some(Err("operators are written in capitals: `SENTENCE(a, b)`".into()));
        }
        _ => return None,
    }))
}

fn reach(word: &str, name: &str, capitals: bool, distance: &str) -> Read<'static> {
    match distance.parse().ok().filter(|distance| *distance <= FURTHEST) {
        Some(distance) if capitals => Ok(Sign::Near(Reach { distance, ordered: name == "BEFORE" })),
        Some(distance) => Err(format!("operators are written in capitals: `{name}/{distance}`")),
        None => Err(format!(
            "the distance in `{word}` is no number from 0 to {FURTHEST}; {}",
            distance_hint(name)
        )),
    }
}

fn distance_hint(name: &str) -> String {
    format!("write it as `{name}/10`: at most ten words stand between the two")
}

/// What to say of a word that is an operator elsewhere: `ONEAR/5`, `COUNT(`, `&&`.
pub(super) fn foreign(word: &str, called: bool) -> Option<String> {
    let instead = match word {
        "&&" | "&" | "+" => Some("AND"),
        "||" | "|" => Some("OR"),
        "!" | "-" => Some("NOT"),
        _ => None,
    };
    if let Some(operator) = instead {
        return Some(format!("unknown operator `{word}`; write `{operator}`"));
    }
    let capitals = |text: &str| text.len() > 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let slashed = word.split_once('/').filter(|(name, n)| capitals(name) && digits(n)).map(|(name, _)| name);
    let name = slashed.unwrap_or(word);
    let known = FOREIGN.iter().find(|(foreign, _)| *foreign == name).map(|(_, instead)| *instead);
    if known.is_none() && slashed.is_none() && !(called && capitals(word)) {
        return None;
    }
    let instead = known.map_or_else(String::new, |instead| format!("write `{instead}`; "));
    Some(format!(
        "unknown operator `{word}`; {instead}operators are AND, OR, NOT, NEAR/n, BEFORE/n, SENTENCE(...) and \
         n of (...); to look for it as a word, put it in quotes"
    ))
}

/// The furthest that words may stand apart and still be near.
const FURTHEST: usize = 100;

/// Operators of other search languages, and what to write here.
const FOREIGN: [(&str, &str); 8] = [
    ("ONEAR", "BEFORE/10"),
    ("ADJ", "BEFORE/0"),
    ("AFTER", "BEFORE/10, with the two sides exchanged"),
    ("WITHIN", "NEAR/10"),
    ("XOR", "(a AND NOT b) OR (b AND NOT a)"),
    ("ANDNOT", "AND NOT"),
    ("PARAGRAPH", "SENTENCE(a, b)"),
    ("ATLEAST", "2 of (a, b, c)"),
];
