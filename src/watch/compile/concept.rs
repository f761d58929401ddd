//! The concepts of a watchlist: their terms, and the concepts they are made of.

use std::collections::HashMap;

use super::{Compiler, Concept, name_fault};
use crate::setting::nearest;
use crate::text::fold::folded;
use crate::text::script::Script;
use crate::text::stem::Language;
use crate::watch::family::families;
use crate::watch::file;
use crate::watch::lexicon::AtomId;
use crate::watch::quoted::Quoted;
use crate::watch::stop::says_nothing;
use crate::watch::term::{Mode, Term};

impl Compiler<'_, '_> {
    /// Takes in all concepts; one may use those that stand below it.
    pub(super) fn take_concepts(&mut self, concepts: &[file::Concept]) {
        let own: Vec<(AtomId, bool)> = concepts.iter().map(|concept| self.concept(concept)).collect();
        let numbers: HashMap<&str, usize> =
            concepts.iter().enumerate().map(|(number, concept)| (&*concept.name.text, number)).collect();
        let mut broken = vec![false; concepts.len()];
        let mut uses = Vec::with_capacity(concepts.len());
        for (number, concept) in concepts.iter().enumerate() {
            let found: Vec<Option<usize>> =
                concept.uses.iter().map(|used| self.used(used, &numbers)).collect();
            if let Some(flag) = broken.get_mut(number) {
                *flag = found.contains(&None);
            }
            uses.push(found.into_iter().flatten().collect::<Vec<usize>>());
        }
        let (families, rings) = families(&uses);
        for ring in rings {
            self.ring(concepts, &ring);
        }
        for ((number, concept), family) in concepts.iter().enumerate().zip(families) {
            let member = |number: &usize| own.get(*number).map(|(atom, _)| *atom);
            let sound = |number: &usize| {
                own.get(*number).is_some_and(|(_, sound)| *sound) && broken.get(*number) == Some(&false)
            };
            let Some((atom, _)) = own.get(number) else { continue };
            let known = Concept {
                atom: *atom,
                sound: family.iter().all(sound),
                members: family.iter().filter_map(member).collect(),
            };
            self.concepts.insert(concept.name.text.to_string(), known);
        }
    }

    /// The number of a concept that another one is made of.
    fn used(&mut self, used: &Quoted, numbers: &HashMap<&str, usize>) -> Option<usize> {
        let name = used.text.strip_prefix('@').unwrap_or_default();
        if let Some(number) = numbers.get(name) {
            return Some(*number);
        }
        let hint = nearest(name, numbers.keys().copied()).map_or_else(
            || format!("add a [concept.{name}] with its terms, or drop the @ to look for the word"),
            |near| format!("did you mean `@{near}`?"),
        );
        self.fault(used, 0, format!("unknown concept `@{name}`; {hint}"));
        None
    }

    fn ring(&mut self, concepts: &[file::Concept], ring: &[(usize, usize)]) {
        let name = |number: usize| concepts.get(number).map_or("", |concept| &concept.name.text);
        let way: Vec<String> = ring.iter().map(|(concept, _)| format!("`@{}`", name(*concept))).collect();
        let Some((first, number)) = ring.first() else { return };
        let message = match way.as_slice() {
            [only] => format!("{only} is made of itself; remove it from its own list"),
            [first, rest @ ..] => {
                let rest = rest.join(", which uses ");
                format!("{first} uses {rest}, which uses {first} again; take it out of one of them")
            }
            [] => return,
        };
        // The uses that were not found are told already and leave the others in place.
        let known = |used: &&Quoted| {
            let name = used.text.strip_prefix('@').unwrap_or_default();
            concepts.iter().any(|concept| concept.name.text == name)
        };
        let place = concepts.get(*first).and_then(|concept| concept.uses.iter().filter(known).nth(*number));
        if let Some(place) = place {
            self.fault(place, 0, message);
        }
    }

    /// The terms of a concept itself, and whether all of them could be read.
    fn concept(&mut self, concept: &file::Concept) -> (AtomId, bool) {
        if let Some(message) = name_fault(&concept.name.text) {
            self.fault(&concept.name, 0, message);
        }
        let atom = self.around.lexicon.concept(&concept.name.text);
        let (mut sound, warned) = (concept.sound, self.warnings.len());
        let before = std::mem::take(&mut self.terms);
        for (language, terms) in &concept.lists {
            for term in terms {
                match without_operators(&term.text).and_then(Term::parse) {
                    Ok(parsed) => sound &= self.listed(atom, term, &parsed, language.as_ref()),
                    Err(message) => {
                        self.fault(term, 0, message);
                        sound = false;
                    }
                }
            }
        }
        let terms = std::mem::replace(&mut self.terms, before);
        let document = self.document;
        self.warnings.extend(terms.warnings().map(|(place, message)| document.problem(place, message)));
        if !concept.sound {
            // What could not be read of it may be what they miss.
            self.warnings.truncate(warned);
        }
        (atom, sound)
    }

    /// Adds a term of a list to its concept, unless it says nothing.
    fn listed(&mut self, atom: AtomId, written: &Quoted, term: &Term, language: Option<&Language>) -> bool {
        let phrase = term.words.len() > 1;
        let of_list = says_nothing(term, language);
        if of_list || (phrase && says_nothing(term, self.languages)) {
            self.fault(written, 0, nothing_said(&written.text));
            return false;
        }
        if !self.broad(written, 0, term, language.map_or(self.languages, std::slice::from_ref)) {
            self.too_common(written, 0, term, language.map(std::slice::from_ref).unwrap_or_default());
        }
        self.add(atom, &written.text, term, language.map(std::slice::from_ref).unwrap_or_default());
        self.terms.add(written.span, &written.text, term, language);
        true
    }

    /// Adds a term to the lexicon.
    pub(super) fn add(&mut self, atom: AtomId, written: &str, term: &Term, languages: &[Language]) {
        self.around.lexicon.add(atom, written, term, &languages.iter().collect::<Vec<_>>());
        self.around.languages.push(languages.to_vec());
    }

    /// Warns of a term that meets nearly everything; tells whether it did.
    pub(super) fn broad(&mut self, place: &Quoted, at: usize, term: &Term, languages: &[Language]) -> bool {
        let [word] = term.words.as_slice() else { return false };
        let (letters, written) = (word.token.folded.chars().count(), &word.token.cased);
        let message = if says_nothing(term, languages) {
            format!("`{written}` stands in nearly every text; leave it out, or make it part of a phrase")
        } else if word.token.script == Script::Unspaced && letters == 1 && term.mode == Mode::Inflected {
            format!(
                "`{written}` is a single character and meets every word that has it; add the others of its word, \
                 or write `={written}` if that is meant"
            )
        } else if matches!(word.token.script, Script::Symbol | Script::Unspaced) {
            return false;
        } else if letters < 2 || (letters < 3 && term.mode == Mode::Inflected) {
            format!(
                "`{written}` is very short and meets much else; write `==` before it to keep its capitals"
            )
        } else {
            return false;
        };
        self.warn(place, at, message);
        true
    }

    /// Warns of a term that inflects in `languages` and so meets a small word, perhaps of another language.
    pub(super) fn too_common(&mut self, place: &Quoted, at: usize, term: &Term, languages: &[Language]) {
        let met = match languages {
            [] => self.small_words.met(term, None),
            _ => languages.iter().find_map(|language| self.small_words.met(term, Some(language))),
        };
        let Some((small, code)) = met else { return };
        let written: Vec<&str> = term.words.iter().map(|word| &*word.token.cased).collect();
        let written = written.join(" ");
        let remedy = match term.words.as_slice() {
            [word] if word.prefix => "write more letters before the `*`".into(),
            [word] if word.meets_form(&folded(&small)) => {
                "make it part of a phrase, or keep its capitals with `==`".into()
            }
            _ => format!("write `={written}` to look for this form only"),
        };
        let message = format!(
            "`{written}` also meets `{small}`, which stands in nearly every text in {code}; {remedy}"
        );
        self.warn(place, at, message);
    }
}

/// What to say of a term that stands in every text.
pub(super) fn nothing_said(written: &str) -> String {
    format!(
        "`{written}` has only words that stand in nearly every text; add a word that means something, or write \
         `==` before it to look for these very capitals"
    )
}

/// A term of a concept with an operator in it would quietly be a phrase that nobody writes.
fn without_operators(term: &str) -> Result<&str, String> {
    let operator = |word: &&str| {
        matches!(*word, "AND" | "OR" | "NOT")
            || word.starts_with("NEAR/")
            || word.starts_with("BEFORE/")
            || word.starts_with("SENTENCE(")
    };
    term.split_whitespace().find(operator).map_or(Ok(term), |operator| {
        Err(format!(
            "`{operator}` joins nothing here; list the terms one by one, or join them in the `when` of a rule"
        ))
    })
}
