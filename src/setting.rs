//! Values in configuration files, each read with its place, and all problems at once.
//!
//! A table is read field by field with [`Fields`]; whatever is wrong is kept with its place until the whole file was
//! read.

mod document;
mod secret;
mod size;

pub use self::document::{Document, part_files, toml_files};
pub use self::secret::Secret;
pub use self::size::Size;

use std::fmt;
use std::path::PathBuf;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use toml_span::de_helpers::{TableHelper, expected};
use toml_span::value::ValueInner;
use toml_span::{DeserError, Deserialize, Error, ErrorKind, Span, Value};
use url::Url;

/// A table being read field by field.
pub type Fields<'de> = TableHelper<'de>;

/// Something wrong with a configuration file: what, where, what to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// Line and column from 1, if a place in the file is to blame.
    pub at: Option<(usize, usize)>,
    /// What is wrong, and a hint where there is one.
    pub message: String,
}

impl Problem {
    /// The file, with line and column where they are known.
    fn place(&self) -> String {
        let at = self.at.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        format!("{}{at}", self.file.display())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place(), self.message)
    }
}

/// An error at `span` with a message of one's own.
pub fn wrong(span: Span, message: impl Into<String>) -> Error {
    Error { kind: ErrorKind::Custom(message.into().into()), span, line_info: None }
}

/// The spelling among `known` that `word` most likely meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let alike = |other: &'a str| (strsim::damerau_levenshtein(word, other), other);
    let most = 1 + word.chars().count() / 4;
    known.into_iter().map(alike).filter(|(distance, _)| *distance <= most).min().map(|(_, other)| other)
}

/// A span of time as people write it: `60s`, `5m`, `1h 30m`, `1d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(pub SignedDuration);

impl<'de> Deserialize<'de> for Period {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let span = value.span;
        let text = value.take_string(Some("a time such as \"60s\", \"5m\" or \"1h 30m\""))?;
        let read = jiff::fmt::friendly::SpanParser::new()
            .parse_span(text.as_ref())
            .ok()
            .and_then(|parsed| parsed.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok());
        match read {
            Some(duration) if !duration.is_negative() => Ok(Self(duration)),
            _ => Err(wrong(
                span,
                format!("`{text}` is no time; write it as \"60s\", \"5m\", \"1h 30m\" or \"1d\""),
            )
            .into()),
        }
    }
}

/// A time zone by its IANA name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(pub TimeZone);

impl<'de> Deserialize<'de> for Zone {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let span = value.span;
        let name = value.take_string(Some("the name of a time zone such as \"Europe/Paris\""))?;
        TimeZone::get(&name).map(Self).map_err(|_| {
            let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
            let hint = nearest(&name, known.iter().map(String::as_str));
            let hint = hint
                .map_or("such as \"Europe/Paris\"".to_owned(), |near| format!("did you mean \"{near}\"?"));
            wrong(span, format!("no time zone is named \"{name}\"; it takes an IANA name, {hint}")).into()
        })
    }
}

/// An `http` or `https` address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(pub Url);

impl Address {
    /// The address in `text`.
    pub fn parse(text: &str) -> Result<Self, String> {
        match Url::parse(text.trim()) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(Self(url)),
            Ok(_) => Err("an address starts with https:// or http://".into()),
            Err(cause) => Err(format!("this is no address: {cause}")),
        }
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let span = value.span;
        let text = value.take_string(Some("an address"))?;
        Self::parse(&text).map_err(|message| wrong(span, message).into())
    }
}

/// A text that is one of a few, such as a severity.
pub fn one_of<T: Copy>(
    value: &mut Value<'_>,
    known: &'static [&'static str],
    all: &[T],
) -> Result<T, DeserError> {
    let span = value.span;
    let text = value.take_string(None)?;
    let found = known.iter().position(|name| *name == text).and_then(|at| all.get(at).copied());
    let unknown = || Error {
        kind: ErrorKind::UnexpectedValue { expected: known, value: Some(text.to_string()) },
        span,
        line_info: None,
    };
    found.ok_or_else(|| unknown().into())
}

impl<'de> Deserialize<'de> for crate::model::matched::Severity {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        one_of(value, &["low", "medium", "high", "critical"], &Self::ALL)
    }
}

impl<'de> Deserialize<'de> for crate::model::spend::Money {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let span = value.span;
        let amount = match value.take() {
            ValueInner::Float(amount) => Self::dollars(amount),
            ValueInner::Integer(amount) => Self::dollars(amount as f64),
            _ => None,
        };
        amount.ok_or_else(|| wrong(span, "an amount of US dollars is wanted here, such as 2.50").into())
    }
}

/// The table in `value`, or the error that says there is none.
pub fn table<'de>(value: &mut Value<'de>) -> Result<toml_span::value::Table<'de>, Error> {
    let span = value.span;
    match value.take() {
        ValueInner::Table(table) => Ok(table),
        other => Err(expected("a table", other, span)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::new("vigie.toml", text)
    }

    pub(super) fn problems<T: for<'de> Deserialize<'de>>(text: &str) -> Vec<String> {
        let document = document(text);
        let mut value = document.parse().unwrap();
        let mut fields = Fields::new(&mut value).unwrap();
        let _ = fields.required::<T>("it");
        let found = document.problems(fields.finalize(None).unwrap_err());
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_misspelt_key_is_named_with_line_column_and_the_nearest_spelling() {
        let document = document("\n  evry = \"60s\"\ntoken = 1\n");
        let mut value = document.parse().unwrap();
        let mut fields = Fields::new(&mut value).unwrap();
        let _ = fields.optional::<Period>("every");
        let found = document.problems(fields.finalize(None).unwrap_err());
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "vigie.toml:2:3: unknown key `evry`; did you mean `every`?",
                "vigie.toml:3:1: unknown key `token`; known here: every"
            ]
        );
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, seconds) in [("60s", 60), ("5m", 300), ("1h 30m", 5400), ("24h", 86_400), ("2d", 172_800)]
        {
            let text = format!("it = {text:?}");
            let mut value = toml_span::parse(&text).unwrap();
            let mut fields = Fields::new(&mut value).unwrap();
            let period: Period = fields.required("it").unwrap();
            assert_eq!(period.0, SignedDuration::from_secs(seconds));
        }
        for text in ["\"soon\"", "\"-5s\"", "60"] {
            assert_eq!(problems::<Period>(&format!("it = {text}")).len(), 1, "{text}");
        }
    }

    #[test]
    fn an_address_is_web_only() {
        assert!(Address::parse("https://example.org/a").is_ok());
        for text in ["file:///etc/passwd", "example.org", "https://", ""] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }
}
