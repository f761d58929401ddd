//! What is compared. Every engine is a pass over all posts that counts the hits.

use std::fmt::Write;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::{RegexSet, RegexSetBuilder};
use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;
use vigie::model::post::{Platform, Post};
use vigie::setting::Document;
use vigie::text::{Words, analyse};
use vigie::watch::Watch;

use crate::corpus::{Corpus, TONGUES};

/// Terms with their languages by number.
pub type Terms = [(usize, String)];

/// How many rules a watchlist file has.
const RULES: usize = 1_000;

/// A watchlist that looks for every term with a rule of its own; in its language, or as it is written.
pub fn watch(terms: &Terms, inflected: bool) -> Watch {
    let codes: Vec<String> = TONGUES.iter().map(|tongue| format!("\"{}\"", tongue.code)).collect();
    let codes = if inflected { codes.join(", ") } else { String::new() };
    let file = |(n, terms): (usize, &Terms)| {
        let mut text = format!("languages = [{codes}]\n");
        for (rule, (tongue, term)) in terms.iter().enumerate() {
            let language = if inflected { TONGUES[*tongue].code } else { "any" };
            write!(
                text,
                "[concept.c{rule}]\n{language} = [\"{term}\"]\n\
                 [[rule]]\nname = \"r{rule}\"\nseverity = \"low\"\nwhen = \"@c{rule}\"\n"
            )
            .unwrap();
        }
        (format!("list-{n}"), Document::new(format!("list-{n}.toml"), text))
    };
    let files: Vec<_> = terms.chunks(RULES).enumerate().map(file).collect();
    Watch::load(&files).unwrap_or_else(|problems| panic!("{}", problems[0]))
}

/// The words of every post, read once.
pub fn words(corpus: &Corpus) -> Vec<Words> {
    let read = |text: &String| {
        let mut words = Words::default();
        words.read(text);
        words
    };
    corpus.posts.iter().map(read).collect()
}

/// The posts as `vigie` gets them.
pub fn posts(corpus: &Corpus) -> Vec<Post> {
    corpus.posts.iter().map(|text| Post::new(Platform::X, "1", text.clone())).collect()
}

/// Folded words between spaces, so that an automaton too finds whole words only. The whole of a tag is left out.
pub fn prepared(corpus: &Corpus) -> Vec<String> {
    let text = |text: &String| {
        let words = analyse(text).into_iter().filter(|token| token.width == 1).map(|token| token.folded);
        format!(" {} ", words.collect::<Vec<_>>().join(" "))
    };
    corpus.posts.iter().map(text).collect()
}

/// The terms between spaces.
pub fn automaton<'t>(terms: impl IntoIterator<Item = &'t str>) -> AhoCorasick {
    AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .match_kind(MatchKind::Standard)
        .build(terms.into_iter().map(|term| format!(" {term} ")))
        .unwrap()
}

/// The terms as one set of expressions.
pub fn regex_set(terms: &Terms) -> RegexSet {
    let expressions = terms.iter().map(|(_, term)| format!(" {term} "));
    RegexSetBuilder::new(expressions).size_limit(1 << 30).dfa_size_limit(1 << 28).build().unwrap()
}

/// What one would put together from crates: compatibility forms, lower case, decomposition, marks off, words, stems of
/// every language that is written in a word's script, and an automaton for each language.
pub struct Chain {
    languages: Vec<(Script, Stemmer, AhoCorasick)>,
}

/// The scripts of the corpus.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Cyrillic,
    Arabic,
    Other,
}

impl Chain {
    /// A chain that looks for terms, each in its language.
    pub fn new(terms: &Terms) -> Self {
        let language = |(number, code): (usize, &str)| {
            let (script, stemmer) = match code {
                "ru" => (Script::Cyrillic, Stemmer::create(Algorithm::Russian)),
                "ar" => (Script::Arabic, Stemmer::create(Algorithm::Arabic)),
                "fr" => (Script::Latin, Stemmer::create(Algorithm::French)),
                "pt" => (Script::Latin, Stemmer::create(Algorithm::Portuguese)),
                "es" => (Script::Latin, Stemmer::create(Algorithm::Spanish)),
                _ => (Script::Latin, Stemmer::create(Algorithm::English)),
            };
            let stems =
                |term: &str| term.split(' ').map(|word| stemmer.stem(word)).collect::<Vec<_>>().join(" ");
            let terms = terms.iter().filter(|(tongue, _)| *tongue == number);
            let stems: Vec<String> = terms.map(|(_, term)| stems(term)).collect();
            let automaton = automaton(stems.iter().map(String::as_str));
            (script, stemmer, automaton)
        };
        let codes = TONGUES.iter().map(|tongue| tongue.code).enumerate();
        Self { languages: codes.map(language).collect() }
    }

    /// How often terms stand in a text.
    pub fn count(&self, text: &str) -> usize {
        let compatible: String = text.nfkc().collect();
        let lower = compatible.to_lowercase();
        let bare: String = lower.nfkd().filter(|c| !is_combining_mark(*c)).collect();
        let words: Vec<(&str, Script)> = bare.unicode_words().map(|word| (word, script(word))).collect();
        let count = |(script, stemmer, automaton): &(Script, Stemmer, AhoCorasick)| {
            if words.iter().all(|(_, other)| other != script) {
                return 0;
            }
            let mut stems = String::from(" ");
            for (word, other) in &words {
                if other == script {
                    stems.push_str(&stemmer.stem(word));
                } else {
                    stems.push_str(word);
                }
                stems.push(' ');
            }
            automaton.find_overlapping_iter(&stems).count()
        };
        self.languages.iter().map(count).sum()
    }

    /// Bytes of its automata.
    pub fn memory(&self) -> usize {
        self.languages.iter().map(|(.., automaton)| automaton.memory_usage()).sum()
    }
}

fn script(word: &str) -> Script {
    match word.chars().next() {
        Some('a'..='z') => Script::Latin,
        Some('\u{400}'..='\u{52F}') => Script::Cyrillic,
        Some('\u{600}'..='\u{6FF}') => Script::Arabic,
        _ => Script::Other,
    }
}
