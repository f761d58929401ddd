//! The words and signs of a condition, each with its place.

mod operator;

use std::fmt;
use std::ops::Range;

use winnow::combinator::{alt, delimited, preceded, repeat, terminated};
use winnow::prelude::*;
use winnow::stream::LocatingSlice;
use winnow::token::{rest, take_till, take_while};

use self::operator::{foreign, operator};
use super::fact::{self, Fact};
use crate::setting::nearest;

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
    /// `,`
    Comma,
    /// `AND`
    And,
    /// `OR`
    Or,
    /// `NOT`
    Not,
    /// `NEAR/n` or `BEFORE/n`
    Near(Reach),
    /// `SENTENCE`, which an opening parenthesis follows
    Sentence,
    /// `n of`, which an opening parenthesis follows
    Of(usize),
    /// `@name`
    Concept(&'c str),
    /// `name:value`
    Fact(&'c str, &'c str),
    /// A bare word.
    Word(&'c str),
    /// `"several words"`
    Phrase(&'c str),
    /// A quote without its partner.
    Unclosed,
}

/// How two things must stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// At most so many tokens stand between them.
    pub distance: usize,
    /// Whether the first must stand first.
    pub ordered: bool,
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", if self.ordered { "BEFORE" } else { "NEAR" }, self.distance)
    }
}

/// Divides a condition, or tells all that cannot stand in one.
pub fn lexemes(condition: &str) -> Result<Vec<Lexeme<'_>>, Vec<Fault>> {
    let raw = raw(condition);
    let (mut faults, mut lexemes) = (Vec::new(), Vec::with_capacity(raw.len()));
    let mut at = 0;
    while let Some(lexeme) = raw.get(at) {
        let (start, taken) = (lexeme.range.start, joined(raw.get(at..).unwrap_or_default()));
        let (sign, count) = taken.unwrap_or_else(|| (read(lexeme, raw.get(at + 1)), 1));
        at += count;
        let end = raw.get(at - 1).map_or(start, |last| last.range.end);
        match sign {
            Ok(sign) => lexemes.push(Lexeme { sign, range: start..end }),
            Err(message) => faults.push(Fault { at: start, message }),
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
    let all: Vec<Lexeme> = all.parse(LocatingSlice::new(condition)).unwrap_or_default();
    all.into_iter().flat_map(at_commas).collect()
}

/// A word in its pieces around commas; one between digits belongs to the number.
fn at_commas(lexeme: Lexeme<'_>) -> Vec<Lexeme<'_>> {
    let Sign::Word(word) = lexeme.sign else { return vec![lexeme] };
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let divides = |at: &usize| {
        let (before, behind) = (word.get(..*at).unwrap_or(""), word.get(at + 1..).unwrap_or(""));
        !(digit(before.chars().next_back()) && digit(behind.chars().next()))
    };
    let commas: Vec<usize> = word.match_indices(',').map(|(at, _)| at).filter(divides).collect();
    let mut pieces = Vec::new();
    let mut from = 0;
    let place = |from: usize, to: usize| lexeme.range.start + from..lexeme.range.start + to;
    for at in commas.iter().copied().chain([word.len()]) {
        if let Some(piece) = word.get(from..at).filter(|piece| !piece.is_empty()) {
            pieces.push(Lexeme { sign: Sign::Word(piece), range: place(from, at) });
        }
        if at < word.len() {
            pieces.push(Lexeme { sign: Sign::Comma, range: place(at, at + 1) });
        }
        from = at + 1;
    }
    pieces
}

type Read<'c> = Result<Sign<'c>, String>;

/// What several pieces say together, and how many they are: `2 of (`, `by:"African Hub"`.
fn joined<'c>(lexemes: &[Lexeme<'c>]) -> Option<(Read<'c>, usize)> {
    let touches = |first: &Lexeme, next: &Lexeme| first.range.end == next.range.start;
    match lexemes {
        [Lexeme { sign: Sign::Word(count), .. }, Lexeme { sign: Sign::Word(of), .. }, rest @ ..]
            if digits(count) && of.eq_ignore_ascii_case("of") =>
        {
            let open = matches!(rest.first(), Some(Lexeme { sign: Sign::Open, .. }));
            Some((counted(count, of, open), 2))
        }
        [
            first @ Lexeme { sign: Sign::Word(word), .. },
            next @ Lexeme { sign: Sign::Phrase(value), .. },
            ..,
        ] if touches(first, next) => {
            let name = word.strip_suffix(':').filter(|name| letters(name))?;
            Some((named(name, value), 2))
        }
        _ => None,
    }
}

fn counted(count: &str, of: &str, open: bool) -> Read<'static> {
    if of != "of" {
        return Err(format!("write `{count} of (...)` with a small `of`"));
    }
    if !open {
        return Err(format!(
            "`{count} of` counts what stands in parentheses behind it: `{count} of (a, b, c)`; to look for the \
             words, put them in quotes"
        ));
    }
    let few = count.parse().ok().filter(|few| (1..=1000).contains(few));
    few.map(Sign::Of).ok_or_else(|| format!("`{count} of` has no sensible number; write `2 of (a, b, c)`"))
}

/// `name:value`, if there is such a field.
fn named<'c>(name: &'c str, value: &'c str) -> Read<'c> {
    if !fact::NAMES.contains(&name) {
        let near = nearest(&name.to_ascii_lowercase(), fact::NAMES);
        let hint = near.map_or_else(
            || format!("fields are {}:", fact::NAMES.join(": ")),
            |near| format!("did you mean `{near}:`?"),
        );
        return Err(format!("unknown field `{name}:`; {hint} To look for it as a word, put it in quotes"));
    }
    if value.trim().is_empty() {
        return Err(format!("the value of `{name}:` is missing; write it behind the colon, without a space"));
    }
    Fact::parse(name, value).map(|_| Sign::Fact(name, value))
}

fn read<'c>(lexeme: &Lexeme<'c>, next: Option<&Lexeme<'c>>) -> Read<'c> {
    match lexeme.sign {
        Sign::Word(word) => {
            let called = next.is_some_and(|next| next.sign == Sign::Open);
            let touching = called && next.is_some_and(|next| next.range.start == lexeme.range.end);
            operator(word, called).unwrap_or_else(|| plain_word(word, touching))
        }
        Sign::Concept("") => Err("the name of a concept is missing behind `@`".into()),
        Sign::Phrase(phrase) if phrase.trim().is_empty() => {
            Err("there is nothing between these quotes; write a word or a phrase".into())
        }
        Sign::Unclosed => Err("this quote is never closed; add `\"` at the end of the phrase".into()),
        sign => Ok(sign),
    }
}

/// A word, unless it is what other languages take for an operator; `called` if a parenthesis touches it.
fn plain_word(word: &str, called: bool) -> Read<'_> {
    if let Some((name, value)) = word.split_once(':').filter(|(name, _)| letters(name)) {
        return named(name, value);
    }
    if let Some(message) = foreign(word, called) {
        return Err(message);
    }
    if let Some(rest) = word.strip_prefix(['-', '!']) {
        return Err(format!("`{word}` excludes nothing; write `NOT {rest}`, or \"{rest}\" to look for it"));
    }
    if let Some(rest) = word.strip_prefix('+') {
        return Err(format!(
            "`+` has no meaning here; write `{rest}`, and `AND` between what must all be there"
        ));
    }
    if word.contains(['“', '”', '„', '«', '»']) {
        return Err("phrases stand in straight quotes: \"military aid\"".into());
    }
    Ok(Sign::Word(word))
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn letters(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}
