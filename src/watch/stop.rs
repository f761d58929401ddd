//! Words that stand in nearly every text of a language. A term made of nothing else finds everything.

use std::collections::HashMap;

use super::term::{Mode, Term, Word};
use crate::text::fold::folded;
use crate::text::stem::Language;

/// By language, as people write them: articles, and the commonest prepositions and conjunctions. Verbs, pronouns and
/// question words stay out: "what if", "are in" and "not from" do say something.
const WORDS: [(&str, &str); 12] = [
    ("ar", "في من على إلى عن مع أو ثم و أن إن"),
    (
        "de",
        "der die das den dem des ein eine einer eines einem einen und oder in im an am auf aus bei mit von vom zu \
            zum zur für als",
    ),
    ("en", "a an the and or but of in on at to by for from with as this that these those"),
    ("es", "el la los las un una unos unas y o u de del en a al con por para que"),
    ("fr", "le la les un une des du de d l et ou à au aux en dans sur par pour avec que"),
    ("ha", "da na a daga zuwa ko kuma"),
    (
        "it",
        "il lo la i gli le un uno una e ed o di del della dei delle da dal in nel nella a al alla con per su sul che",
    ),
    ("pt", "o a os as um uma uns umas e ou de do da dos das em no na nos nas ao à aos às com por para que"),
    ("ru", "и в во на с со к ко у из от о об по за а да"),
    ("sw", "na ya wa la za cha vya kwa katika"),
    ("tr", "ve veya ile de da bu şu o bir ki"),
    ("zh", "的 了 和 与 及 也 或 之"),
];

/// Whether every word of `term` is such a word, all in one of `languages`.
pub fn says_nothing<'l>(term: &Term, languages: impl IntoIterator<Item = &'l Language>) -> bool {
    term.mode != Mode::Cased
        && languages.into_iter().any(|language| {
            term.words.iter().all(|word| !word.prefix && is_stop_word(&word.token.folded, language))
        })
}

/// The small words of some languages, as terms meet them.
#[derive(Debug)]
pub struct SmallWords {
    /// Each with the language it belongs to.
    words: Vec<(Word, SmallWord)>,
    /// By the language that a term inflects in, the small words that have a stem there.
    stems: HashMap<Language, HashMap<String, Vec<SmallWord>>>,
}

/// A small word and the code of its language.
type SmallWord = (&'static str, String);

impl SmallWords {
    /// Those of `languages`.
    pub fn of(languages: &[Language]) -> Self {
        let read = |language: &Language| {
            let code = language.code().to_owned();
            let word = move |written: &'static str| {
                let word = Term::parse(written).ok()?.words.into_iter().next()?;
                Some((word, (written, code.clone())))
            };
            words_of(language).filter_map(word).collect::<Vec<_>>()
        };
        Self { words: languages.iter().flat_map(read).collect(), stems: HashMap::new() }
    }

    /// Those of one language that all words of a term meet, which inflects in `language`, and the code of theirs.
    pub fn met(&mut self, term: &Term, language: Option<&Language>) -> Option<(String, String)> {
        if term.mode == Mode::Cased {
            return None;
        }
        let language = language.filter(|_| term.mode == Mode::Inflected);
        let each: Vec<_> = term.words.iter().map(|word| self.met_by(word, language)).collect();
        each.first()?.iter().find_map(|(_, code)| {
            let of_code =
                |met: &Vec<SmallWord>| met.iter().find(|(_, other)| other == code).map(|(word, _)| *word);
            let words: Option<Vec<_>> = each.iter().map(of_code).collect();
            Some((words?.join(" "), code.clone()))
        })
    }

    /// Those that a word meets, as it is written or by a stem.
    fn met_by(&mut self, word: &Word, language: Option<&Language>) -> Vec<SmallWord> {
        let token = &word.token;
        let same = self.words.iter().filter(|(small, _)| word.meets_form(&small.token.folded));
        let mut met: Vec<SmallWord> = same.map(|(_, small)| small.clone()).collect();
        let inflects = |language: &&Language| language.inflects(token.script);
        if let Some(language) = language.filter(inflects).filter(|_| !word.prefix) {
            let stems = self.stems.entry(language.clone()).or_insert_with(|| stems(&self.words, language));
            let own = language.term_stems(&token.lower, &token.folded);
            met.extend(own.iter().filter_map(|stem| stems.get(stem)).flatten().cloned());
        }
        met
    }
}

/// The small words among `words` by all stems they have in `language`.
fn stems(words: &[(Word, SmallWord)], language: &Language) -> HashMap<String, Vec<SmallWord>> {
    let mut found: HashMap<String, Vec<SmallWord>> = HashMap::new();
    for (Word { token, .. }, small) in words.iter().filter(|(word, _)| language.inflects(word.token.script)) {
        for stem in language.stems(&token.lower, &token.folded) {
            found.entry(stem).or_default().push(small.clone());
        }
    }
    found
}

fn is_stop_word(word: &str, language: &Language) -> bool {
    words_of(language).any(|stop| folded(stop) == word)
}

fn words_of(language: &Language) -> impl Iterator<Item = &'static str> + use<> {
    let base = language.code().split('-').next().unwrap_or_default();
    let words = WORDS.iter().find(|(code, _)| *code == base).map_or("", |(_, words)| *words);
    words.split_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_of_nothing_but_small_words_says_nothing() {
        let table = [
            ("of the", "en", true),
            ("The", "en", true),
            ("=the", "en", true),
            ("==IN", "en", false),
            ("the weapon", "en", false),
            ("of the", "fr", false),
            ("à la", "fr", true),
            ("d’un", "fr", true),
            ("из-за", "ru", true),
            ("what if", "en", false),
            ("are in", "en", false),
            ("في", "ar", true),
            ("的", "zh", true),
            ("the*", "en", false),
            ("na kwa", "sw", true),
            ("of the", "xx", false),
            ("de um", "pt-BR", true),
        ];
        for (term, language, expected) in table {
            let language = Language::parse(language).unwrap();
            assert_eq!(says_nothing(&Term::parse(term).unwrap(), [&language]), expected, "{term}");
        }
    }

    #[test]
    fn a_term_may_meet_small_words_of_any_language() {
        let all = ["en", "fr", "es", "tr", "ar", "ru"].map(|code| Language::parse(code).unwrap());
        let mut small = SmallWords::of(&all);
        let table = [
            ("cones", Some("es"), Some("con es")),
            ("=cones", Some("es"), None),
            ("inşa", Some("tr"), None),
            ("silah", Some("tr"), None),
            ("para", Some("tr"), Some("para es")),
            ("=para", Some("tr"), Some("para es")),
            ("==PARA", Some("tr"), None),
            ("para*", None, Some("para es")),
            ("pará", None, Some("para es")),
            ("parade", None, None),
            ("parade", Some("en"), None),
            ("weapon", Some("en"), None),
            ("para llevar", Some("es"), None),
            ("cones para", Some("es"), Some("con para es")),
            ("=cones para", Some("es"), None),
            ("cones the", Some("es"), None),
            ("que cones", Some("es"), Some("que con es")),
        ];
        for (written, language, expected) in table {
            let language = language.map(|code| Language::parse(code).unwrap());
            let met = small.met(&Term::parse(written).unwrap(), language.as_ref());
            let met = met.map(|(word, code)| format!("{word} {code}"));
            assert_eq!(met.as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn the_languages_stand_in_order() {
        assert!(WORDS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
