//! The words and signs of a condition, each with its place.

use std::ops::Range;

use winnow::combinator::{alt, delimited, preceded, repeat, terminated};
use winnow::prelude::*;
use winnow::stream::LocatingSlice;
use winnow::token::{rest, take_till, take_while};

/// Something wrong with a condition, at a byte of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// First byte of what is to blame.
    pub at: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

/// A sign, an operator or a term of a condition, and its bytes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lexeme<'c> {
    /// What it is.
    pub sign: Sign<'c>,
    /// Its bytes.
    pub range: Range<usize>,
}

/// What stands in a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign<'c> {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `AND`
    And,
    /// `OR`
    Or,
    /// `NOT`
    Not,
    /// `NEAR/n`
    Near(usize),
    /// `@name`
    Concept(&'c str),
    /// A bare word.
    Word(&'c str),
    /// `"several words"`
    Phrase(&'c str),
    /// A quote without its partner.
    Unclosed,
}

/// The furthest that words may stand apart and still be near.
const FURTHEST: usize = 100;

/// Operators that other search languages have; here they are none, and not meant as words either.
const FOREIGN: [&str; 6] = ["BEFORE", "SENTENCE", "ONEAR", "WITHIN", "XOR", "ADJ"];

/// Divides a condition, or tells all that cannot stand in one.
pub fn lexemes(condition: &str) -> Result<Vec<Lexeme<'_>>, Vec<Fault>> {
    let raw = raw(condition);
    let mut faults = Vec::new();
    let mut lexemes = Vec::with_capacity(raw.len());
    for (at, lexeme) in raw.iter().enumerate() {
        match read(lexeme, raw.get(at + 1)) {
            Ok(sign) => lexemes.push(Lexeme { sign, range: lexeme.range.clone() }),
            Err(message) => faults.push(Fault { at: lexeme.range.start, message }),
        }
    }
    if faults.is_empty() { Ok(lexemes) } else { Err(faults) }
}

/// The concepts that a condition names, each with its place, whatever else is wrong with it.
pub fn concepts(condition: &str) -> Vec<(usize, &str)> {
    let concepts = raw(condition).into_iter().map(|lexeme| match lexeme.sign {
        Sign::Concept(name) if !name.is_empty() => Some((lexeme.range.start, name)),
        _ => None,
    });
    concepts.flatten().collect()
}

/// The pieces of a condition; operators still look like words.
fn raw(condition: &str) -> Vec<Lexeme<'_>> {
    let piece = alt((
        '('.value(Sign::Open),
        ')'.value(Sign::Close),
        delimited('"', take_till(0.., '"'), '"').map(Sign::Phrase),
        preceded('"', rest).value(Sign::Unclosed),
        preceded('@', take_while(0.., |c: char| c.is_alphanumeric() || c == '-' || c == '_'))
            .map(Sign::Concept),
        take_till(1.., |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"')).map(Sign::Word),
    ));
    let lexeme = piece.with_span().map(|(sign, range)| Lexeme { sign, range });
    let space = || take_while::<_, _, winnow::error::EmptyError>(0.., char::is_whitespace);
    let mut all = preceded(space(), repeat(0.., terminated(lexeme, space())));
    // Every character begins a piece, so nothing is left over and nothing fails.
    all.parse(LocatingSlice::new(condition)).unwrap_or_default()
}

fn read<'c>(lexeme: &Lexeme<'c>, next: Option<&Lexeme<'c>>) -> Result<Sign<'c>, String> {
    match lexeme.sign {
        Sign::Word(word) => {
            let next = next.map(|next| (next.sign, next.range.start == lexeme.range.end));
            operator(word).unwrap_or_else(|| plain_word(word, next))
        }
        Sign::Concept("") => Err("the name of a concept is missing behind `@`".into()),
        Sign::Phrase(phrase) if phrase.trim().is_empty() => {
            Err("there is nothing between these quotes; write a word or a phrase".into())
        }
        Sign::Unclosed => Err("this quote is never closed; add `\"` at the end of the phrase".into()),
        sign => Ok(sign),
    }
}

fn operator(word: &str) -> Option<Result<Sign<'static>, String>> {
    let hint = "write it as `NEAR/10`: at most ten words stand between the two";
    if let Some((near, distance)) = word.split_once('/').filter(|(near, _)| near.eq_ignore_ascii_case("near"))
    {
        let distance = distance.parse().ok().filter(|distance| *distance <= FURTHEST);
        return Some(match distance {
            Some(distance) if near == "NEAR" => Ok(Sign::Near(distance)),
            Some(distance) => Err(format!("operators are written in capitals: `NEAR/{distance}`")),
            None => Err(format!("the distance in `{word}` is no number from 0 to {FURTHEST}; {hint}")),
        });
    }
    Some(Ok(match word {
        "AND" => Sign::And,
        "OR" => Sign::Or,
        "NOT" => Sign::Not,
        "NEAR" => return Some(Err(format!("`NEAR` has no distance; {hint}"))),
        _ => return None,
    }))
}

/// A word, unless it is what other languages take for an operator.
fn plain_word<'c>(word: &'c str, next: Option<(Sign<'c>, bool)>) -> Result<Sign<'c>, String> {
    if let Some(operator) = foreign(word, next) {
        let known = "operators are AND, OR, NOT and NEAR/n; to look for it as a word, put it in quotes";
        return Err(format!("unknown operator `{operator}`; {known}"));
    }
    let instead = match word {
        "&&" | "&" | "+" => Some("AND"),
        "||" | "|" => Some("OR"),
        "!" | "-" => Some("NOT"),
        _ => None,
    };
    if let Some(operator) = instead {
        return Err(format!("unknown operator `{word}`; write `{operator}`"));
    }
    if let Some(rest) = word.strip_prefix(['-', '!']) {
        return Err(format!("`{word}` excludes nothing; write `NOT {rest}`, or \"{rest}\" to look for it"));
    }
    if let Some(rest) = word.strip_prefix('+') {
        return Err(format!(
            "`+` has no meaning here; write `{rest}`, and `AND` between what must all be there"
        ));
    }
    if word.starts_with(',') || word.ends_with(',') {
        return Err("a comma has no meaning here; write `OR` or `AND` between terms".into());
    }
    if word.contains(['“', '”', '„', '«', '»']) {
        return Err("phrases stand in straight quotes: \"military aid\"".into());
    }
    Ok(Sign::Word(word))
}

/// The part of `word` that is an operator elsewhere: `BEFORE/5`, `SENTENCE(`, `2 of`, `from:`.
fn foreign(word: &str, next: Option<(Sign, bool)>) -> Option<String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let capitals = |text: &str| text.len() > 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let letters = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let slash = word.split_once('/').is_some_and(|(name, n)| capitals(name) && digits(n));
    let call = capitals(word) && matches!(next, Some((Sign::Open, true)));
    let count = digits(word) && matches!(next, Some((Sign::Word("of" | "OF"), _)));
    if count {
        return Some(format!("{word} of"));
    }
    if slash || call || FOREIGN.contains(&word) {
        return Some(word.into());
    }
    word.split_once(':').filter(|(name, _)| letters(name)).map(|(name, _)| format!("{name}:"))
}
