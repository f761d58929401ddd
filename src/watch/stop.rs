//! Words that stand in nearly every text of a language. A term made of nothing else finds everything.

use super::term::{Mode, Term};
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

fn is_stop_word(word: &str, language: &Language) -> bool {
    let base = language.code().split('-').next().unwrap_or_default();
    let words = WORDS.iter().find(|(code, _)| *code == base).map_or("", |(_, words)| *words);
    words.split_whitespace().any(|stop| folded(stop) == word)
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
    fn the_languages_stand_in_order() {
        assert!(WORDS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
