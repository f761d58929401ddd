//! An alert in the words of the user: a template of their own, in the language of Jinja.
//!
//! A template makes plain text, so that no channel's markup can be broken: its first line is the heading, the words
//! that matched stay marked, and the link to the post, and that a message may be a repeat, are added by vigie. It is
//! tried at load; one that fails later gives way to vigie's own words, and the operators are told.

mod facts;

use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use toml_span::{Error, Spanned};

use self::facts::{Facts, MARK, UNMARK};
use super::quote::{one_line, paragraphs};
use super::{Message, Segment};
use crate::model::delivery::Alert;
use crate::setting::{nearest, wrong};

/// The longest text that a template may make, in UTF-16 units.
const MOST: usize = 2800;

/// Steps a template may take, so that a loop in it ends.
const STEPS: u64 = 100_000;

/// A template that was read and tried.
pub struct Template {
    /// The file's name, as the configuration has it.
    name: String,
    engine: Environment<'static>,
}

impl Template {
    /// Reads the template that the configuration names and tries it on samples.
    pub fn read(name: &Spanned<String>, dir: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(dir.join(&name.value));
        let refused = |why: String| wrong(name.span, why);
        let text =
            text.map_err(|cause| refused(format!("the template {} cannot be read: {cause}", name.value)))?;
        Self::parse(&name.value, text).map_err(refused)
    }

    fn parse(name: &str, text: String) -> Result<Self, String> {
        let mut engine = Environment::new();
        engine.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        engine.set_auto_escape_callback(|_| AutoEscape::None);
        engine.set_fuel(Some(STEPS));
        engine.set_syntax(
            SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().unwrap_or_default(),
        );
        engine.add_template_owned(name.to_owned(), text).map_err(|error| told(name, &error))?;
        let template = Self { name: name.to_owned(), engine };
        template.knows_its_words()?;
        for sample in facts::samples() {
            let text = template.render(sample)?;
            if text.trim().is_empty() {
                return Err(format!(
                    "{name}: it makes nothing of an alert; see docs/alerts.md for what it may use"
                ));
            }
            let units = text.encode_utf16().count();
            if units > MOST {
                return Err(format!(
                    "{name}: it makes {units} characters of an ordinary alert; {MOST} are the most"
                ));
            }
        }
        Ok(template)
    }

    /// Whether everything it speaks of is there, also where no sample leads.
    fn knows_its_words(&self) -> Result<(), String> {
        let known: Vec<&str> = facts::samples().iter().flatten().map(|(name, _)| *name).collect();
        let template = self.engine.get_template(&self.name).map_err(|error| told(&self.name, &error))?;
        let globals: Vec<&str> = self.engine.globals().map(|(name, _)| name).collect();
        let mut unknown: Vec<String> = template
            .undeclared_variables(false)
            .into_iter()
            .filter(|name| !known.contains(&name.as_str()) && !globals.contains(&name.as_str()))
            .collect();
        unknown.sort();
        let Some(name) = unknown.first() else { return Ok(()) };
        let line = template.source().lines().position(|line| line.contains(name.as_str())).unwrap_or(0) + 1;
        let hint = nearest(name, known.iter().copied()).map_or_else(
            || "docs/alerts.md has what there is".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        Err(format!("{}:{line}: there is no `{name}`; {hint}", self.name))
    }

    /// `message` in the template's words; as it was, with a remark, if the template fails.
    pub fn apply(&self, message: Message, alert: &Alert) -> Message {
        let rendered = self.render(facts::of(alert, &message));
        match rendered.as_deref().map(str::trim) {
            Ok("") => remarked(message, format!("{}: it made nothing of an alert", self.name)),
            Ok(text) => spoken(text, message),
            Err(why) => remarked(message, why.to_owned()),
        }
    }

    fn render(&self, facts: Facts) -> Result<String, String> {
        let template = self.engine.get_template(&self.name).map_err(|error| told(&self.name, &error))?;
        template.render(Value::from_pairs(facts)).map_err(|error| told(&self.name, &error))
    }
}

fn remarked(message: Message, why: String) -> Message {
    Message { remark: Some(format!("the template failed, so vigie's own words were sent: {why}")), ..message }
}

/// The message that says `text`.
fn spoken(text: &str, message: Message) -> Message {
    let (heading, rest) = text.split_once('\n').unwrap_or((text, ""));
    Message {
        heading: one_line(&heading.replace([MARK, UNMARK], ""), 150),
        text: segments(&paragraphs(rest, MOST)),
        who: None,
        quote: Vec::new(),
        details: Vec::new(),
        ..message
    }
}

/// The pieces of a text in which the words that matched are marked.
fn segments(text: &str) -> Vec<Segment> {
    let mut hit = false;
    let mut found = Vec::new();
    for piece in text.split_inclusive([MARK, UNMARK]) {
        let text = piece.trim_end_matches([MARK, UNMARK]);
        if !text.is_empty() {
            found.push(Segment { text: text.to_owned(), hit });
        }
        hit = piece.ends_with(MARK);
    }
    found
}

/// What is wrong with a template, and where.
fn told(name: &str, error: &minijinja::Error) -> String {
    let line = error.line().map(|line| format!(":{line}")).unwrap_or_default();
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    // What it was about may hold text from outside; one line of it will do.
    one_line(&format!("{name}{line}: {}{detail}", error.kind()), 300)
}

#[cfg(test)]
mod tests;
