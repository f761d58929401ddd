//! A rule that held for a post, and the words that made it hold. Its JSON is a public format.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A rule that held for a post. What stands in the watchlist is shared with it, not copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The rule, as `watchlist/rule`.
    pub rule: Arc<str>,
    /// How much it matters.
    pub severity: Severity,
    /// The words that made it hold, in the order of the text.
    pub hits: Vec<Hit>,
}

/// Words of a post that met a term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// The concept the term belongs to; none for a term of the rule itself.
    pub concept: Option<Arc<str>>,
    /// The term as the watchlist has it.
    pub term: Arc<str>,
    /// The words as the post has them.
    pub form: String,
    /// Which field of the post they stand in.
    #[serde(rename = "in")]
    pub field: Field,
    /// First byte in that field.
    pub start: usize,
    /// Byte behind the last in that field.
    pub end: usize,
}

/// A part of a post that words can stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Field {
    /// The headline.
    Title,
    /// The content warning.
    Warning,
    /// The text.
    Text,
    /// The text of the quoted post.
    Quote,
    /// The description of the n-th medium, from 0.
    Media(usize),
    /// The n-th link, from 0.
    Link(usize),
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Title => f.write_str("title"),
            Self::Warning => f.write_str("warning"),
            Self::Text => f.write_str("text"),
            Self::Quote => f.write_str("quote"),
            Self::Media(n) => write!(f, "media.{n}"),
            Self::Link(n) => write!(f, "link.{n}"),
        }
    }
}

impl From<Field> for String {
    fn from(field: Field) -> Self {
        field.to_string()
    }
}

impl TryFrom<String> for Field {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let numbered = |prefix: &str| text.strip_prefix(prefix).and_then(|n| n.parse().ok());
        match text.as_str() {
            "title" => Ok(Self::Title),
            "warning" => Ok(Self::Warning),
            "text" => Ok(Self::Text),
            "quote" => Ok(Self::Quote),
            _ => numbered("media.")
                .map(Self::Media)
                .or_else(|| numbered("link.").map(Self::Link))
                .ok_or_else(|| format!("no field of a post is named {text:?}")),
        }
    }
}

/// How much a match matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth a look some day.
    #[default]
    Low,
    /// Worth a look today.
    Medium,
    /// Worth an interruption.
    High,
    /// Worth waking somebody.
    Critical,
}

impl Severity {
    /// All of them, from the least.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name used in watchlists, routes and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.as_str() == text)
            .ok_or("a severity is low, medium, high or critical")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_reads_back_as_written() {
        let fields =
            [Field::Title, Field::Warning, Field::Text, Field::Quote, Field::Media(3), Field::Link(0)];
        for field in fields {
            assert_eq!(Field::try_from(field.to_string()), Ok(field));
        }
        assert!(Field::try_from("media.x".to_owned()).is_err());
    }

    #[test]
    fn severities_are_ordered() {
        assert!(Severity::ALL.is_sorted());
    }
}
