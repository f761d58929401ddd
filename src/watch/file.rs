//! A watchlist file: its tables and texts, each with its place.

mod sample;

use toml_span::de_helpers::expected;
use toml_span::value::{Key, ValueInner};
use toml_span::{DeserError, Deserialize, Error, Span, Value};

use super::quoted::Quoted;
use crate::model::matched::Severity;
use crate::model::post::{Platform, Post};
use crate::setting::{Document, Fields, Problem, table, wrong};
use crate::text::stem::Language;

/// What a watchlist file says. What is wrong with it was told apart, and is left out here.
#[derive(Debug, Default)]
pub struct File<'d> {
    /// The languages that bare words inflect in.
    pub languages: Vec<Language>,
    /// The accounts it is for, as written; none if it is for all.
    pub accounts: Option<Vec<Quoted<'d>>>,
    /// Its concepts, as they stand in it.
    pub concepts: Vec<Concept<'d>>,
    /// Its rules, as they stand in it.
    pub rules: Vec<Rule<'d>>,
}

/// A concept's terms.
#[derive(Debug)]
pub struct Concept<'d> {
    /// Its name.
    pub name: Quoted<'d>,
    /// Lists of terms, with the language in which they inflect.
    pub lists: Vec<(Option<Language>, Vec<Quoted<'d>>)>,
    /// The concepts it is made of, as they stand in its lists.
    pub uses: Vec<Quoted<'d>>,
    /// Whether all of it could be read.
    pub sound: bool,
}

/// A rule as written. What is missing was told apart.
#[derive(Debug)]
pub struct Rule<'d> {
    /// Its name within the watchlist.
    pub name: Option<Quoted<'d>>,
    /// How much it matters.
    pub severity: Option<Severity>,
    /// What must hold.
    pub when: Option<Quoted<'d>>,
    /// What must not hold.
    pub unless: Option<Quoted<'d>>,
    /// Texts with what the rule shall make of them.
    pub examples: Vec<Example<'d>>,
    /// Whether these are all that stand there; others could not be read.
    pub all_examples: bool,
}

/// A post, and what its rule shall make of it.
#[derive(Debug)]
pub struct Example<'d> {
    /// Its text, with its place.
    pub text: Quoted<'d>,
    /// All of it.
    pub post: Post,
    /// The watched account it came by, if the example names one.
    pub from: Option<(Platform, String)>,
    /// Whether the rule shall hold for it.
    pub alert: bool,
}

/// Reads a watchlist file; what is wrong goes to `problems`.
pub fn read<'d>(document: &'d Document, problems: &mut Vec<Problem>) -> File<'d> {
    let root = document
        .parse()
        .and_then(|mut root| Fields::new(&mut root).map_err(|error| document.problems(error)));
    let mut fields = match root {
        Ok(fields) => fields,
        Err(found) => {
            problems.extend(found);
            return File::default();
        }
    };
    let _ = fields.optional::<String>("title");
    let accounts = fields.optional::<Vec<Quoted>>("accounts");
    let mut found = Vec::new();
    let languages = fields.required::<Languages>("languages").unwrap_or_default();
    found.extend(languages.errors.iter().cloned());
    let concepts = fields.take("concept").map(|(_, value)| concepts(value, &languages, &mut found));
    let rules = fields.take("rule").map(|(_, value)| rules(value, &mut found));
    if rules.is_none() {
        found.push(wrong(
            Span::default(),
            "there is no rule here; add a [[rule]] with `name`, `severity` and `when`",
        ));
    }
    settle(fields, &mut found);
    problems.extend(document.problems(DeserError { errors: found }));
    let Languages { known, .. } = languages;
    File {
        languages: known,
        accounts,
        concepts: concepts.unwrap_or_default(),
        rules: rules.unwrap_or_default(),
    }
}

/// The last look at a table: what is missing in it or unknown.
fn settle(fields: Fields, found: &mut Vec<Error>) {
    found.extend(fields.finalize(None).err().into_iter().flat_map(|error| error.errors));
}

/// The languages of a watchlist, and what is wrong with others.
#[derive(Default)]
struct Languages {
    known: Vec<Language>,
    errors: Vec<Error>,
}

impl<'de> Deserialize<'de> for Languages {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let mut languages = Self::default();
        for mut value in array(value, "a list of language codes such as [\"en\", \"fr\"]")? {
            match Code::deserialize(&mut value) {
                Ok(code) if languages.known.contains(&code.0) => {
                    let message = format!("`{}` stands here twice; remove one", code.0.code());
                    languages.errors.push(wrong(value.span, message));
                }
                Ok(code) => languages.known.push(code.0),
                Err(error) => languages.errors.extend(error.errors),
            }
        }
        Ok(languages)
    }
}

/// A language code.
struct Code(Language);

impl<'de> Deserialize<'de> for Code {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let span = value.span;
        let code = value.take_string(Some("a language code such as \"fr\""))?;
        Language::parse(&code).map(Self).map_err(|message| wrong(span, message).into())
    }
}

fn concepts<'d>(mut value: Value<'d>, languages: &Languages, found: &mut Vec<Error>) -> Vec<Concept<'d>> {
    let mut concepts: Vec<Concept> = match table(&mut value) {
        Ok(table) => table.into_iter().map(|(name, value)| concept(&name, value, languages, found)).collect(),
        Err(error) => {
            found.push(error);
            Vec::new()
        }
    };
    concepts.sort_by_key(|concept| concept.name.span.start);
    concepts
}

fn concept<'d>(
    name: &Key<'d>,
    mut value: Value<'d>,
    languages: &Languages,
    found: &mut Vec<Error>,
) -> Concept<'d> {
    let known = found.len();
    let mut lists = Vec::new();
    match table(&mut value) {
        Ok(table) => {
            for (key, mut value) in table {
                let place = (key.span, value.span.start);
                let language = language(&key, languages).map_err(|error| found.push(error)).ok().flatten();
                match Vec::<Quoted>::deserialize(&mut value) {
                    Ok(terms) => lists.push((place, language, terms)),
                    Err(error) => found.extend(error.errors),
                }
            }
        }
        Err(error) => found.push(error),
    }
    lists.sort_by_key(|((_, start), ..)| *start);
    if found.len() == known && lists.iter().all(|(.., terms)| terms.is_empty()) {
        let message =
            format!("the concept `{}` has no terms; list some, such as `any = [\"...\"]`", name.name);
        found.push(wrong(name.span, message));
    }
    let mut uses = Vec::new();
    let mut apart = |(_, language, terms): (_, Option<Language>, Vec<Quoted<'d>>)| {
        let (others, terms): (Vec<_>, Vec<_>) =
            terms.into_iter().partition(|term| term.text.starts_with('@'));
        if let (Some(language), Some(other)) = (&language, others.first()) {
            let message = format!(
                "`{}` brings its own languages; list it in `any`, not in `{}`",
                other.text,
                language.code()
            );
            found.push(wrong(other.span, message));
        }
        uses.extend(others);
        (language, terms)
    };
    let lists = lists.into_iter().map(&mut apart).collect();
    Concept { name: name.into(), lists, uses, sound: found.len() == known }
}

/// The language of a list of terms; none for `any`.
fn language(key: &Key, languages: &Languages) -> Result<Option<Language>, Error> {
    if key.name == "any" {
        return Ok(None);
    }
    let language = Language::parse(&key.name).map_err(|message| wrong(key.span, message))?;
    // Where the list of languages is broken, it may be the one that is missing there.
    if languages.known.contains(&language) || !languages.errors.is_empty() {
        return Ok(Some(language));
    }
    Err(wrong(
        key.span,
        format!("`{0}` is none of this watchlist's languages; add \"{0}\" to `languages`", key.name),
    ))
}

fn rules<'d>(mut value: Value<'d>, found: &mut Vec<Error>) -> Vec<Rule<'d>> {
    entries(&mut value, found).into_iter().filter_map(|value| rule(value, found)).collect()
}

fn rule<'d>(mut value: Value<'d>, found: &mut Vec<Error>) -> Option<Rule<'d>> {
    let mut fields = Fields::new(&mut value).map_err(|error| found.extend(error.errors)).ok()?;
    let known = found.len();
    let examples = fields.take("example").map(|(_, value)| examples(value, found)).unwrap_or_default();
    let rule = Rule {
        name: fields.required("name").ok(),
        severity: fields.required("severity").ok(),
        when: fields.required("when").ok(),
        unless: fields.optional("unless"),
        examples,
        all_examples: found.len() == known,
    };
    settle(fields, found);
    Some(rule)
}

fn examples<'d>(mut value: Value<'d>, found: &mut Vec<Error>) -> Vec<Example<'d>> {
    entries(&mut value, found).into_iter().filter_map(|value| sample::read(value, found)).collect()
}

/// The entries of an array of tables, `[[rule]]`.
fn entries<'d>(value: &mut Value<'d>, found: &mut Vec<Error>) -> Vec<Value<'d>> {
    array(value, "an array of tables, in double brackets,")
        .map_err(|error| found.push(error))
        .unwrap_or_default()
}

fn array<'d>(value: &mut Value<'d>, what: &'static str) -> Result<Vec<Value<'d>>, Error> {
    match value.take() {
        ValueInner::Array(entries) => Ok(entries),
        other => Err(expected(what, other, value.span)),
    }
}
