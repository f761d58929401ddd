//! Which words of the watchlists a token meets.

use std::collections::HashMap;

use super::filter::Filter;
use super::term::{Mode, Word};
use crate::text::Token;
use crate::text::script::Script;
use crate::text::stem::Language;
use crate::text::words::{Word as Read, spelling_hash};

/// A word of the watchlists, as it is compared; the same word in many terms is one element.
pub type Element = u32;

/// All words of all watchlists.
#[derive(Debug, Default)]
pub struct Vocabulary {
    elements: HashMap<Key, Element>,
    exact: HashMap<String, Element>,
    /// By folded form, the cased forms that differ in capitals and diacritics.
    cased: HashMap<String, Vec<(String, Element)>>,
    prefixes: HashMap<String, Element>,
    /// The lengths, in characters, that prefixes have; ascending.
    lengths: Vec<usize>,
    inflected: Vec<Inflected>,
    /// Scripts in which words inflect, a bit for each.
    scripts: u32,
    /// By the hashes of folded forms: most words of posts are none that anybody looks for.
    filter: Filter,
}

/// The words that inflect in one language, by their stems.
#[derive(Debug)]
struct Inflected {
    language: Language,
    stems: HashMap<String, Vec<Element>>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    Exact(String),
    Cased(String),
    Prefix(String),
    Stems(Language, Vec<String>),
}

impl Vocabulary {
    /// The element of a term's word, which inflects in `language` where it can.
    pub fn element(&mut self, word: &Word, mode: Mode, language: Option<&Language>) -> Element {
        let token = &word.token;
        let language = language.filter(|language| mode == Mode::Inflected && language.inflects(token.script));
        let stems =
            language.map(|language| (language, stems(word, language))).filter(|(_, stems)| !stems.is_empty());
        let key = match (mode, stems) {
            _ if word.prefix => Key::Prefix(token.folded.clone()),
            (Mode::Cased, _) => Key::Cased(token.cased.clone()),
            (_, Some((language, stems))) => Key::Stems(language.clone(), stems),
            _ => Key::Exact(token.folded.clone()),
        };
        if let Some(element) = self.elements.get(&key) {
            return *element;
        }
        let element = self.elements.len() as Element;
        self.enter(&key, &token.folded, element);
        self.elements.insert(key, element);
        element
    }

    /// The elements that `token` meets, ascending.
    pub fn elements(&self, token: &Token) -> Vec<Element> {
        let mut found: Vec<Element> = self.exact.get(&token.folded).copied().into_iter().collect();
        let cased = self.cased.get(&token.folded).into_iter().flatten();
        found.extend(cased.filter(|(form, _)| *form == token.cased).map(|(_, element)| *element));
        self.add_prefixes(&token.folded, &mut found);
        for inflected in self.inflected.iter().filter(|inflected| inflected.language.inflects(token.script)) {
            let stems = inflected.language.stems(&token.lower, &token.folded);
            found.extend(stems.iter().filter_map(|stem| inflected.stems.get(stem)).flatten());
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether a word may meet anything, given with its spelling; true also for some that meet nothing.
    pub fn may_meet(&self, word: &Read, spelling: u64) -> bool {
        self.filter.has(spelling)
            || (self.scripts != 0 && self.scripts & bit(word.script) != 0)
            || !self.lengths.is_empty()
    }

    /// Whether the elements that `token` meets depend on its capitals.
    pub fn depends_on_case(&self, token: &Token) -> bool {
        self.cased.contains_key(&token.folded)
    }

    fn enter(&mut self, key: &Key, folded: &str, element: Element) {
        match key {
            Key::Exact(form) => {
                self.filter.add(spelling_hash(form));
                self.exact.insert(form.clone(), element);
            }
            Key::Cased(form) => {
                self.filter.add(spelling_hash(folded));
                self.cased.entry(folded.into()).or_default().push((form.clone(), element));
            }
            Key::Prefix(form) => {
                self.prefixes.insert(form.clone(), element);
                self.lengths.push(form.chars().count());
                self.lengths.sort_unstable();
                self.lengths.dedup();
            }
            Key::Stems(language, stems) => {
                let of_language = self.of_language(language);
                for stem in stems {
                    of_language.entry(stem.clone()).or_default().push(element);
                }
            }
        }
    }

    fn of_language(&mut self, language: &Language) -> &mut HashMap<String, Vec<Element>> {
        let at = self.inflected.iter().position(|inflected| inflected.language == *language);
        let at = at.unwrap_or_else(|| {
            self.inflected.push(Inflected { language: language.clone(), stems: HashMap::new() });
            let inflecting = Script::ALL.into_iter().filter(|script| language.inflects(*script));
            self.scripts = inflecting.fold(self.scripts, |bits, script| bits | bit(script));
            self.inflected.len() - 1
        });
        &mut self.inflected[at].stems
    }

    fn add_prefixes(&self, folded: &str, found: &mut Vec<Element>) {
        let mut lengths = self.lengths.iter().copied().peekable();
        let ends = folded.char_indices().map(|(at, c)| at + c.len_utf8()).zip(1..);
        for (end, length) in ends {
            match lengths.peek() {
                None => break,
                Some(wanted) if *wanted == length => {
                    found.extend(folded.get(..end).and_then(|prefix| self.prefixes.get(prefix)));
                    lengths.next();
                }
                Some(_) => {}
            }
        }
    }
}

fn bit(script: Script) -> u32 {
    1 << script as u32
}

/// What a term's word is met by in a language in which it inflects.
fn stems(word: &Word, language: &Language) -> Vec<String> {
    let mut stems = language.term_stems(&word.token.lower, &word.token.folded);
    stems.retain(|stem| stem.chars().count() > word.beyond);
    stems
}
