//! Terms of a concept that another term of it always meets: they only make the list longer.

use std::collections::HashMap;

use toml_span::Span;

use super::term::{Mode, Term};
use crate::text::script::Script;
use crate::text::stem::Language;

/// The terms of one concept, in the order of the file.
#[derive(Debug, Default)]
pub struct Terms(Vec<Listed>);

#[derive(Debug)]
struct Listed {
    span: Span,
    written: String,
    mode: Mode,
    /// Its words, folded; a star behind beginnings.
    key: String,
    /// Its words as written.
    cased: String,
    /// The beginning that it is, if it is a single one.
    prefix: Option<String>,
    /// Language and stems, if it inflects.
    stems: Option<(String, String)>,
    /// Whether its single word begins with more than its language may change.
    single: bool,
}

impl Terms {
    /// Adds a term of a list in `language`.
    pub fn add(&mut self, span: Span, written: &str, term: &Term, language: Option<&Language>) {
        let star = |prefix: bool| if prefix { "*" } else { "" };
        let each = |form: &dyn Fn(&super::term::Word) -> String| {
            term.words.iter().map(form).collect::<Vec<_>>().join(" ")
        };
        let inflects = |language: &&Language| {
            term.mode == Mode::Inflected
                && term.words.iter().any(|word| !word.prefix && language.inflects(word.token.script))
        };
        let stems = language.filter(inflects).map(|language| {
            let stem = |word: &super::term::Word| {
                if word.prefix {
                    return format!("{}*", word.token.folded);
                }
                language.term_stems(&word.token.lower, &word.token.folded).join("|")
            };
            (language.code().to_owned(), each(&stem))
        });
        let alone = term.words.len() == 1;
        let first = term.words.first();
        self.0.push(Listed {
            span,
            written: written.into(),
            mode: term.mode,
            key: each(&|word| format!("{}{}", word.token.folded, star(word.prefix))),
            cased: each(&|word| word.token.cased.clone()),
            prefix: first.filter(|word| alone && word.prefix).map(|word| word.token.folded.clone()),
            stems,
            single: alone && first.is_some_and(|word| word.token.script != Script::Arabic),
        });
    }

    /// What to say of each term that another one always meets.
    pub fn warnings(&self) -> impl Iterator<Item = (Span, String)> {
        self.shadowed().into_iter().map(|(term, by)| (term.span, message(term, by)))
    }

    /// The terms that another one always meets, each with that one.
    fn shadowed(&self) -> Vec<(&Listed, &Listed)> {
        let mut exact: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut stems: HashMap<(&str, &str), usize> = HashMap::new();
        let mut prefixes: HashMap<&str, usize> = HashMap::new();
        for (number, term) in self.0.iter().enumerate() {
            exact.entry(&term.key).or_default().push(number);
            if let Some((language, key)) = &term.stems {
                stems.entry((language, key)).or_insert(number);
            }
            if let Some(prefix) = &term.prefix {
                prefixes.entry(prefix).or_insert(number);
            }
        }
        let wider = |number: usize, term: &Listed| {
            let same = term.stems.as_ref().and_then(|(language, key)| stems.get(&(&**language, &**key)));
            let same = same.copied().filter(|other| *other < number);
            same.or_else(|| self.looser(number, term, exact.get(&*term.key)?)).or_else(|| {
                let beginning = term.beginning()?;
                let starts = beginning.char_indices().map(|(at, _)| at).skip(1).chain([beginning.len()]);
                starts
                    .filter_map(|end| prefixes.get(beginning.get(..end)?).copied())
                    .find(|other| *other != number)
            })
        };
        let all = self.0.iter().enumerate();
        all.filter_map(|(number, term)| Some((term, self.0.get(wider(number, term)?)?))).collect()
    }

    /// A term of the same words that meets all that this one meets.
    fn looser(&self, number: usize, term: &Listed, alike: &[usize]) -> Option<usize> {
        let meets_more = |other: &&usize| {
            self.0.get(**other).is_some_and(|by| match (term.rank(), by.rank()) {
                (own, theirs) if theirs > own => own < 2 || by.stems.is_some() && term.stems.is_none(),
                (0, 0) => **other < number && by.cased == term.cased,
                (1, 1) => **other < number,
                _ => false,
            })
        };
        alike.iter().find(meets_more).copied()
    }
}

impl Listed {
    /// 0 asks for capitals, 1 for the very form, 2 for any form.
    fn rank(&self) -> u8 {
        match self.mode {
            Mode::Cased => 0,
            Mode::Inflected if self.stems.is_some() => 2,
            Mode::Exact | Mode::Inflected => 1,
        }
    }

    /// How every word that this single-word term meets begins; none where that is not known.
    fn beginning(&self) -> Option<&str> {
        match &self.stems {
            _ if !self.single => None,
            None => Some(self.key.trim_end_matches('*')),
            // The last letter of a stem may change: history, historic.
            Some((_, stem)) => {
                let (last, _) = stem.char_indices().next_back()?;
                stem.get(..last).filter(|stem| !stem.contains('|') && self.key.starts_with(stem))
            }
        }
    }
}

fn message(term: &Listed, by: &Listed) -> String {
    if term.written == by.written {
        return format!("`{}` stands in this concept twice; remove one", term.written);
    }
    format!(
        "`{}` finds nothing that `{}` does not find; remove it, or the wider one",
        term.written, by.written
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shadowed(terms: &[(&str, &str)]) -> Vec<String> {
        let mut all = Terms::default();
        for (language, written) in terms {
            let language = Language::parse(language).ok();
            all.add(Span::new(0, 0), written, &Term::parse(written).unwrap(), language.as_ref());
        }
        all.shadowed().into_iter().map(|(term, _)| term.written.clone()).collect()
    }

    #[test]
    fn a_term_that_another_one_always_meets_is_told() {
        let table = [
            (vec![("en", "weapon"), ("en", "weapons")], vec!["weapons"]),
            (vec![("en", "weapon"), ("en", "=weapon")], vec!["=weapon"]),
            (vec![("en", "=Mali"), ("", "Mali")], vec!["Mali"]),
            (vec![("", "==US"), ("", "US")], vec!["==US"]),
            (vec![("en", "histo*"), ("en", "historical")], vec!["historical"]),
            (vec![("en", "histor*"), ("en", "=historian"), ("", "history*")], vec!["=historian", "history*"]),
            (vec![("en", "arms"), ("en", "arms")], vec!["arms"]),
            (vec![("en", "armed force"), ("en", "armed forces")], vec!["armed forces"]),
            (vec![("ru", "танк"), ("ru", "танки")], vec!["танки"]),
            (vec![("fr", "arme"), ("en", "arms"), ("fr", "=armée")], vec![]),
            (vec![("en", "Burkina"), ("en", "Burkina Faso")], vec![]),
            (vec![("", "==US"), ("", "==Us")], vec![]),
            (vec![("en", "his*"), ("en", "has")], vec![]),
        ];
        for (terms, expected) in table {
            assert_eq!(shadowed(&terms), expected, "{terms:?}");
        }
    }

    #[test]
    fn each_such_term_is_told_at_its_place() {
        let mut all = Terms::default();
        let english = Language::parse("en").unwrap();
        for (at, written) in ["arms", "weapon", "weapons", "arms", "weaponed"].into_iter().enumerate() {
            all.add(Span::new(at, at), written, &Term::parse(written).unwrap(), Some(&english));
        }
        let told: Vec<_> = all.warnings().map(|(place, message)| (place.start, message)).collect();
        assert_eq!(told.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [2, 3, 4]);
        assert!(told[0].1.contains("`weapons` finds nothing that `weapon` does not"), "{told:?}");
        assert!(told[1].1.contains("`arms` stands in this concept twice"), "{told:?}");
    }
}
