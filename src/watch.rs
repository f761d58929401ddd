//! What people look for: watchlists, and the rules of theirs that hold for a post.
//!
//! All terms of all watchlists are found in one pass over a post; then only the rules that one of the found
//! words could make hold are evaluated.

mod anchor;
mod compile;
mod example;
mod file;
mod grammar;
mod lexeme;
mod lexicon;
mod memo;
mod quoted;
mod rule;
mod sense;
mod term;
mod vocabulary;

use std::fmt;
use std::sync::{Mutex, PoisonError};

use self::lexicon::{AtomId, Desk, Found, Lexicon};
use self::rule::Rule;
use crate::model::matched::{Field, Hit, Match};
use crate::model::post::Post;
use crate::setting::{Document, Problem};
use crate::text::words::Words;

/// All watchlists, ready to be held against posts.
#[derive(Debug)]
pub struct Watch {
    watchlists: Vec<String>,
    lexicon: Lexicon,
    rules: Vec<Rule>,
    /// By atom, the rules that cannot hold unless one of a few atoms, of which it is one, is found.
    waiting: Vec<Vec<usize>>,
    desks: Desks,
}

/// As many desks as there were ever posts matched at a time.
#[derive(Default)]
struct Desks(Mutex<Vec<Desk>>);

/// A text of a post.
#[derive(Clone, Copy)]
struct Part<'p> {
    field: Field,
    text: &'p str,
}

impl Watch {
    /// Compiles watchlists; each is its name (the stem of its file) and its document.
    ///
    /// # Errors
    /// Every problem of every file, file by file in the order of lines; each says what to do.
    pub fn load(documents: &[(String, Document)]) -> Result<Self, Vec<Problem>> {
        let mut watch = Self {
            watchlists: Vec::new(),
            lexicon: Lexicon::default(),
            rules: Vec::new(),
            waiting: Vec::new(),
            desks: Desks::default(),
        };
        let mut problems = Vec::new();
        for (name, document) in documents {
            problems.extend(watch.name_fault(name).map(|message| Problem {
                file: document.path.clone(),
                at: None,
                message,
            }));
            match compile::compile(name, document, &mut watch.lexicon) {
                Ok(rules) => watch.rules.extend(rules),
                Err(found) => problems.extend(found),
            }
            watch.watchlists.push(name.clone());
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        watch.wait();
        watch.lexicon.settle();
        Ok(watch)
    }

    /// The rules that hold for a post, in the order of watchlists and rules; hits in text order, without
    /// those of `unless`.
    pub fn matches(&self, post: &Post) -> Vec<Match> {
        let parts = parts(post);
        let findings = self.desks.with(|desk| self.lexicon.search(desk, &parts, Part::read));
        let mut candidates: Vec<usize> =
            findings.atoms().filter_map(|atom| self.waiting.get(atom)).flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        let holds = |rule: &Rule| {
            let hits = rule.holds(&findings)?;
            let hits =
                findings.widest(&hits).into_iter().filter_map(|found| self.hit(found, &parts)).collect();
            Some(Match { rule: rule.name.clone(), severity: rule.severity, hits })
        };
        candidates.into_iter().filter_map(|rule| self.rules.get(rule)).filter_map(holds).collect()
    }

    /// How often terms stand in a text that was read before, whatever the rules make of it.
    pub fn count(&self, words: &Words) -> usize {
        self.desks.with(|desk| self.lexicon.search_one(desk, words)).count()
    }

    /// The names of the watchlists, in their order.
    pub fn watchlists(&self) -> impl Iterator<Item = &str> {
        self.watchlists.iter().map(String::as_str)
    }

    /// How many rules there are in all watchlists.
    pub fn rules(&self) -> usize {
        self.rules.len()
    }

    /// How many terms there are in all watchlists: those of concepts, and those that stand in conditions.
    pub fn terms(&self) -> usize {
        self.lexicon.terms()
    }

    fn name_fault(&self, name: &str) -> Option<String> {
        let twice = || format!("there are two watchlists named `{name}`; rename one of the files");
        compile::name_fault(name).or_else(|| self.watchlists.iter().any(|other| other == name).then(twice))
    }

    /// Lets every rule wait for the words it needs.
    fn wait(&mut self) {
        let terms = |atom: AtomId| self.lexicon.atom(atom).map_or(0, |atom| atom.terms);
        for (number, rule) in self.rules.iter().enumerate() {
            for atom in rule.when.needs(&terms).into_iter().flatten() {
                self.waiting.resize_with(self.waiting.len().max(atom + 1), Vec::new);
                if let Some(waiting) = self.waiting.get_mut(atom) {
                    waiting.push(number);
                }
            }
        }
    }

    fn hit(&self, found: &Found, parts: &[Part]) -> Option<Hit> {
        let part = parts.get(found.field)?;
        Some(Hit {
            concept: self.lexicon.atom(found.atom)?.concept.clone(),
            term: self.lexicon.entry(found.entry)?.written.clone(),
            form: part.text.get(found.start_byte..found.end_byte)?.into(),
            field: part.field,
            start: found.start_byte,
            end: found.end_byte,
        })
    }
}

/// The texts of a post that words are looked for in.
fn parts(post: &Post) -> Vec<Part<'_>> {
    let quote = post.quote_of.as_ref().and_then(|quote| quote.text.as_deref());
    let media = post.media.iter().enumerate();
    let media = media.filter_map(|(n, media)| Some((Field::Media(n), media.alt.as_deref()?)));
    let texts = [
        (Field::Title, post.title.as_deref()),
        (Field::Warning, post.warning.as_deref()),
        (Field::Text, Some(&*post.text)),
        (Field::Quote, quote),
    ];
    let texts = texts.into_iter().filter_map(|(field, text)| Some((field, text?))).chain(media);
    let links = post.links.iter().enumerate().map(|(n, link)| (Field::Link(n), &**link));
    texts.chain(links).map(|(field, text)| Part { field, text }).collect()
}

impl Part<'_> {
    fn read(&self, words: &mut Words) {
        match self.field {
            Field::Link(_) => words.read_link(self.text),
            _ => words.read(self.text),
        }
    }
}

impl Desks {
    fn with<T>(&self, work: impl FnOnce(&mut Desk) -> T) -> T {
        let mut desk = self.lock().pop().unwrap_or_default();
        let done = work(&mut desk);
        self.lock().push(desk);
        done
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Desk>> {
        // A desk is out while it is in use, so no panic can leave a broken one here.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Desks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desks").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
