//! What had to be folded away for words of a post to meet a term.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use serde::Serialize;
use unicode_normalization::char::is_combining_mark;

use super::term::{Term, Word};
use crate::model::matched::Field;
use crate::text::Token;
use crate::text::fold::{Class, entry};
use crate::text::script::Script;
use crate::text::stem::Language;
use crate::text::token::{analyse, analyse_link};

/// A difference between a term and the words that met it, which did not keep them apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub enum Fold {
    /// Percent signs of an address.
    Address,
    /// Compatibility forms: `𝗥𝘂𝘀𝘀𝗶𝗮`.
    Compatibility,
    /// Invisible characters, tatweel.
    Noise,
    /// Letters of another script that look alike, or digits and signs that stand for letters or between them.
    LookAlike,
    /// Accents, vowel signs, hamza.
    Diacritics,
    /// Capitals.
    Case,
    /// Words written as one, or a phrase of the parts of a tag.
    Joined,
    /// The word is a part of a longer one, such as a tag.
    Part,
    /// The word begins as the term says.
    Prefix,
    /// Small words written together with it, in Arabic.
    Clitic,
    /// Another form of the word, in this language.
    Stem(String),
}

impl fmt::Display for Fold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "address",
            Self::Compatibility => "compatibility",
            Self::Noise => "noise",
            Self::LookAlike => "look-alike",
            Self::Diacritics => "diacritics",
            Self::Case => "case",
            Self::Joined => "joined",
            Self::Part => "part",
            Self::Prefix => "prefix",
            Self::Clitic => "clitic",
            Self::Stem(language) => return write!(f, "stem:{language}"),
        })
    }
}

impl From<Fold> for String {
    fn from(fold: Fold) -> Self {
        fold.to_string()
    }
}

/// Words of a post.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p> {
    /// The part of the post they stand in.
    pub field: Field,
    /// All it says.
    pub text: &'p str,
    /// Their first byte.
    pub start: usize,
    /// The byte behind them.
    pub end: usize,
}

/// What was folded in the texts of a post. The same words mostly meet the same terms again and again.
#[derive(Debug, Default)]
pub struct Traces<'p> {
    known: RefCell<HashMap<Form<'p>, Vec<Fold>>>,
}

/// The number of a term, whether the words that met it are of an address, and the words.
type Form<'p> = (usize, bool, &'p str);

impl<'p> Traces<'p> {
    /// What was folded so that the words at `place` met the term `written`, which inflects in `languages` and is known by a
    /// number; in the order of the analysis.
    pub fn folds(
        &self,
        (number, written): (usize, &str),
        languages: &[Language],
        place: Place<'p>,
    ) -> Vec<Fold> {
        let form = place.text.get(place.start..place.end).unwrap_or_default();
        let link = matches!(place.field, Field::Link(_));
        let mut known = self.known.borrow_mut();
        let of_form =
            known.entry((number, link, form)).or_insert_with(|| of_form(written, languages, form, link));
        let part = (!link && is_part(place)).then_some(Fold::Part);
        in_order(of_form.iter().cloned().chain(part))
    }
}

/// What the words themselves tell.
fn of_form(written: &str, languages: &[Language], form: &str, link: bool) -> Vec<Fold> {
    let mut found = of_characters(written, form, link);
    let tokens = if link { analyse_link(form) } else { analyse(form) };
    if let Ok(term) = Term::parse(written) {
        let tokens = as_many(tokens, term.words.len(), &mut found);
        match (tokens.as_slice(), term.joined()) {
            (tokens, _) if tokens.len() == term.words.len() => {
                for (word, token) in term.words.iter().zip(tokens) {
                    of_word(word, token, languages, &mut found);
                }
            }
            ([token], Some(joined)) => {
                found.push(Fold::Joined);
                joined.words.iter().for_each(|word| of_word(word, token, languages, &mut found));
            }
            _ => found.push(Fold::Joined),
        }
    }
    in_order(found)
}

/// The words as they are written if they are as many as those of a term, or as they are read if they are in disguise.
fn as_many(tokens: Vec<Token>, words: usize, found: &mut Vec<Fold>) -> Vec<Token> {
    let (wholes, mut written): (Vec<_>, Vec<_>) = tokens.into_iter().partition(|token| token.width > 1);
    if wholes.is_empty() || written.len() == words {
        return written;
    }
    found.push(Fold::LookAlike);
    written.retain(|part| !wholes.iter().any(|whole| (whole.at..whole.at + whole.width).contains(&part.at)));
    written.extend(wholes);
    written.sort_by_key(|token| token.at);
    written
}

fn of_characters(written: &str, form: &str, link: bool) -> Vec<Fold> {
    let mut found = Vec::new();
    if link && form.contains('%') {
        return vec![Fold::Address];
    }
    for c in form.chars().filter(|c| !written.contains(*c)) {
        let known = entry(c);
        let selector = matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}');
        match known.class {
            Class::Noise if is_combining_mark(c) && !selector => found.push(Fold::Diacritics),
            Class::Noise => found.push(Fold::Noise),
            _ if known.compat.is_some() => found.push(Fold::Compatibility),
            _ => {}
        }
    }
    let mixed = |word: &str| {
        let scripts = [Script::Latin, Script::Cyrillic, Script::Greek];
        let has = |script: &&Script| {
            let mut letters = word.chars().filter(|c| entry(*c).class == Class::Letter);
            letters.any(|c| {
                Script::of(entry(c).compat.as_deref().and_then(|form| form.chars().next()).unwrap_or(c))
                    == **script
            })
        };
        scripts.iter().filter(has).count() > 1
    };
    if form.split(|c: char| entry(c).class == Class::Other).any(mixed) {
        found.push(Fold::LookAlike);
    }
    found
}

fn of_word(word: &Word, token: &Token, languages: &[Language], found: &mut Vec<Fold>) {
    let (own, met) = (&word.token, token);
    let differ = |one: &str, other: &str, same: fn(char) -> String| {
        one.chars().zip(other.chars()).any(|(one, other)| one != other && same(one) == same(other))
    };
    if differ(&own.cased, &met.cased, |c| entry(c).lower.to_string()) {
        found.push(Fold::Case);
    }
    let spelled = own.folded == met.folded && own.lower != met.lower;
    if spelled || differ(&own.lower, &met.lower, |c| entry(c).folded.to_string()) {
        found.push(Fold::Diacritics);
    }
    if own.folded == met.folded {
        return;
    }
    if word.prefix {
        found.push(Fold::Prefix);
        return;
    }
    let asked = |language: &Language| language.term_stems(&own.lower, &own.folded);
    let shares = |stems: Vec<String>, asked: &[String]| stems.iter().any(|stem| asked.contains(stem));
    let meets = |language: &&Language| {
        language.inflects(met.script) && shares(language.stems(&met.lower, &met.folded), &asked(language))
    };
    let Some(language) = languages.iter().find(meets) else { return };
    let bare = shares(language.term_stems(&met.lower, &met.folded), &asked(language));
    if met.script == Script::Arabic && (!bare || met.folded.ends_with(&own.folded)) {
        found.push(Fold::Clitic);
    }
    if !(met.script == Script::Arabic && met.folded.ends_with(&own.folded)) {
        found.push(Fold::Stem(language.code().to_owned()));
    }
}

/// Whether letters or digits go on beyond the words, as in a tag.
fn is_part(place: Place) -> bool {
    let goes_on = |c: Option<char>| {
        c.is_some_and(|c| {
            matches!(entry(c).class, Class::Letter | Class::Digit) && Script::of(c) != Script::Unspaced
        })
    };
    let form = place.text.get(place.start..place.end).unwrap_or_default();
    let before = place.text.get(..place.start).and_then(|text| text.chars().next_back());
    let behind = place.text.get(place.end..).and_then(|text| text.chars().next());
    let ours = |c: Option<char>| c.is_some_and(|c| matches!(entry(c).class, Class::Letter | Class::Digit));
    (goes_on(before) && ours(form.chars().next())) || (goes_on(behind) && ours(form.chars().next_back()))
}

fn in_order(found: impl IntoIterator<Item = Fold>) -> Vec<Fold> {
    let mut folds: Vec<Fold> = Vec::new();
    for fold in found {
        if !folds.contains(&fold) {
            folds.push(fold);
        }
    }
    // The order of the variants is that of the analysis.
    folds.sort_by_key(|fold| match fold {
        Fold::Address => 0,
        Fold::Compatibility => 1,
        Fold::Noise => 2,
        Fold::LookAlike => 3,
        Fold::Case => 4,
        Fold::Diacritics => 5,
        Fold::Joined => 6,
        Fold::Part => 7,
        Fold::Prefix => 8,
        Fold::Clitic => 9,
        Fold::Stem(_) => 10,
    });
    folds
}

#[cfg(test)]
mod tests;
