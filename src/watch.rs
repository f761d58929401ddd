//! What people look for: watchlists, and the rules of theirs that hold for a post.
//!
//! All terms of all watchlists are found in one pass over a post; then only the rules that one of the found
//! words could make hold are evaluated.

mod anchor;
mod compile;
mod desk;
mod explain;
mod fact;
mod family;
mod file;
mod filter;
mod grammar;
mod lexeme;
mod lexicon;
mod memo;
mod named;
mod near;
mod neighbour;
mod origin;
mod quoted;
mod rule;
mod scene;
mod sense;
mod sentence;
mod shadow;
mod spelled;
mod stop;
mod term;
mod trace;
mod varied;
mod vocabulary;
mod waiting;

pub use self::explain::{Branch, Explained, Traced};
pub(crate) use self::fact::speaks;
pub use self::origin::{Account, Accounts, Origin};
pub use self::trace::Fold;

use std::sync::Arc;

use self::compile::{Compiled, Surroundings};
use self::desk::Desks;
use self::lexicon::{AtomId, Findings, Found, Lexicon};
use self::rule::Rule;
use self::scene::Reading;
use self::waiting::Waiting;
use crate::model::matched::{Hit, Match};
use crate::model::post::Post;
use crate::setting::{Document, Problem};
use crate::text::stem::Language;
use crate::text::words::Words;

/// All watchlists, ready to be held against posts.
#[derive(Debug)]
pub struct Watch {
    watchlists: Vec<Watchlist>,
    lexicon: Lexicon,
    /// By term, the languages it inflects in.
    languages: Vec<Vec<Language>>,
    rules: Vec<Rule>,
    waiting: Waiting,
    /// The rules that may hold for a post without any word.
    wordless: Vec<usize>,
    desks: Desks,
}

/// What is known of a watchlist beside its rules.
#[derive(Debug)]
struct Watchlist {
    name: String,
    /// The accounts it is for; none if it is for all.
    accounts: Option<Vec<Account>>,
}

impl Watch {
    /// What may also stand in the files of the folder of a watchlist's name.
    pub const PARTS: [&str; 2] = ["concept", "rule"];

    /// Compiles watchlists; each is its name (the stem of its file) and its document.
    ///
    /// # Errors
    /// Every problem of every file, file by file in the order of lines; each says what to do.
    pub fn load(documents: &[(String, Document)]) -> Result<Self, Vec<Problem>> {
        Self::load_for(documents, None, &mut Vec::new())
    }

    /// The same where it is known which accounts are watched; a name that nobody watches is an error.
    ///
    /// Whatever is wrong otherwise, `warnings` gets what may be meant but seldom is: broad terms, terms that others cover,
    /// rules without an example that alerts. File by file in the order of lines.
    pub fn load_for(
        documents: &[(String, Document)],
        accounts: Option<&Accounts>,
        warnings: &mut Vec<Problem>,
    ) -> Result<Self, Vec<Problem>> {
        let mut watch = Self {
            watchlists: Vec::new(),
            lexicon: Lexicon::default(),
            languages: Vec::new(),
            rules: Vec::new(),
            waiting: Waiting::default(),
            wordless: Vec::new(),
            desks: Desks::default(),
        };
        let mut problems = Vec::new();
        for (number, (name, document)) in documents.iter().enumerate() {
            problems.extend(watch.name_fault(name).map(|message| Problem {
                file: document.path.clone(),
                at: None,
                message,
            }));
            let (lexicon, languages) = (&mut watch.lexicon, &mut watch.languages);
            let around = Surroundings { lexicon, languages, accounts, warnings };
            let mut list = Watchlist { name: name.clone(), accounts: None };
            match compile::compile((number, name), document, around) {
                Ok(Compiled { rules, accounts }) => {
                    watch.rules.extend(rules);
                    list.accounts = accounts;
                }
                Err(found) => problems.extend(found),
            }
            watch.watchlists.push(list);
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        watch.lexicon.settle();
        watch.wait();
        Ok(watch)
    }

    /// The rules that hold for a post, in the order of watchlists and rules; hits in text order, without
    /// those of `unless`.
    ///
    /// Where nothing is known of the watched account, `from:` asks for the writer, and watchlists are for all
    /// accounts.
    pub fn matches(&self, post: &Post) -> Vec<Match> {
        self.found(post, None)
    }

    /// The same for a post that came by a watched account.
    pub fn matches_from(&self, post: &Post, origin: &Origin) -> Vec<Match> {
        self.found(post, Some(origin))
    }

    /// How often terms stand in a text that was read before, whatever the rules make of it.
    pub fn count(&self, words: &Words) -> usize {
        self.desks.with(|desk| self.lexicon.count(desk, words))
    }

    /// The names of the watchlists, in their order.
    pub fn watchlists(&self) -> impl Iterator<Item = &str> {
        self.watchlists.iter().map(|list| &*list.name)
    }

    /// The names of the rules, as `watchlist/rule`, in their order.
    pub fn rule_names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| &*rule.name)
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
        compile::name_fault(name)
            .or_else(|| self.watchlists.iter().any(|other| other.name == name).then(twice))
    }

    /// Lets every rule wait for the words it needs.
    fn wait(&mut self) {
        let terms = |atom: AtomId| self.lexicon.atom(atom).map_or(0, |atom| atom.terms);
        let mut waiting = Vec::new();
        for (number, rule) in self.rules.iter().enumerate() {
            let Some(mut atoms) = rule.when.needs(&terms) else {
                self.wordless.push(number);
                continue;
            };
            atoms.sort_unstable();
            atoms.dedup();
            waiting.extend(atoms.into_iter().map(|atom| (atom, number)));
        }
        self.waiting = Waiting::new(waiting);
    }

    fn found(&self, post: &Post, origin: Option<&Origin>) -> Vec<Match> {
        self.desks.with(|desk| {
            let [mut candidates, mut numbers] = std::mem::take(&mut desk.numbers);
            let reading = Reading::new(post, origin, &self.lexicon, desk);
            let waiting = reading.findings.atoms().flat_map(|atom| self.waiting.rules(atom));
            candidates.clear();
            candidates.extend(waiting.chain(self.wordless.iter().copied()));
            candidates.sort_unstable();
            candidates.dedup();
            self.fetch(&candidates, &reading.findings);
            let holds = |rule: &Rule| {
                let holds = rule.holds_by(reading.scene(), &mut numbers);
                holds.then(|| Match {
                    rule: rule.name.clone(),
                    severity: rule.severity,
                    hits: self.hits(&mut numbers, &reading),
                })
            };
            let rules = candidates.iter().filter_map(|rule| self.rules.get(*rule));
            let found = rules.filter(|rule| self.is_for(rule, origin)).filter_map(holds).collect();
            (desk.findings, desk.numbers) = (reading.findings, [candidates, numbers]);
            found
        })
    }

    /// Reads what is needed of rules that may hold and of the terms that were found, all at once. To share a name its
    /// count is raised, which waits for memory and lets nothing overtake.
    fn fetch(&self, candidates: &[usize], findings: &Findings) {
        let rules = candidates.iter().filter_map(|rule| self.rules.get(*rule));
        let names = rules.map(|rule| (Some(&rule.name), rule.unless.is_some()));
        let entries = findings.hits().iter().filter_map(|hit| self.lexicon.entry(hit.entry));
        let terms =
            entries.flat_map(|entry| [(Some(&entry.written), false), (entry.concept.as_ref(), false)]);
        let byte = |name: Option<&Arc<str>>| name.and_then(|name| name.as_bytes().first()).copied();
        let bytes = names.chain(terms).map(|(name, more)| byte(name).unwrap_or(0) ^ u8::from(more));
        std::hint::black_box(bytes.fold(0, |all, byte| all ^ byte));
    }

    fn hits(&self, numbers: &mut Vec<usize>, reading: &Reading) -> Vec<Hit> {
        reading.findings.widest(numbers).filter_map(|found| self.hit(found, reading)).collect()
    }

    /// Whether the rule's watchlist is for posts that came by `origin`.
    fn is_for(&self, rule: &Rule, origin: Option<&Origin>) -> bool {
        let accounts = self.watchlists.get(rule.watchlist).and_then(|list| list.accounts.as_ref());
        match (accounts, origin) {
            (Some(accounts), Some(origin)) => accounts.iter().any(|account| account.is(origin)),
            _ => true,
        }
    }

    fn hit(&self, found: &Found, reading: &Reading) -> Option<Hit> {
        let entry = self.lexicon.entry(found.entry)?;
        Some(Hit {
            concept: entry.concept.clone(),
            term: entry.written.clone(),
            form: reading.form(found)?.into(),
            field: reading.parts.get(found.field)?.field,
            start: found.start_byte,
            end: found.end_byte,
        })
    }
}

#[cfg(test)]
mod tests;
