//! The table `[source.mastodon.NAME]`.

use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;
use toml_span::{DeserError, Value};
use url::Url;

use super::refusal::REST;
use crate::remote::Pace;
use crate::setting::{Fields, Secret, wrong};
use crate::source::names::{Names, service};
use crate::source::{Common, pace};

/// What the table says beside [`Common`].
#[derive(Clone, Debug)]
pub struct Table {
    /// Accounts and hashtags, in the order of the table.
    pub names: Vec<Name>,
    /// For instances that show nothing without one.
    pub token: Option<Secret>,
    /// Where every instance is, if not at its own address.
    pub base_url: Option<Url>,
    /// How fast each instance is called.
    pub pace: Pace,
}

/// Something that is watched on an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// An account at its home.
    Account(String, String),
    /// A hashtag, without `#`, as an instance sees it.
    Tag(String, String),
}

impl Name {
    /// The host of the instance, with its port if it has an unusual one.
    pub fn instance(&self) -> &str {
        match self {
            Self::Account(_, instance) | Self::Tag(_, instance) => instance,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(user, instance) => write!(f, "{user}@{instance}"),
            Self::Tag(tag, instance) => write!(f, "#{tag}@{instance}"),
        }
    }
}

/// Reads the whole table.
pub fn read(value: &mut Value<'_>) -> Result<(Common, Table), DeserError> {
    let span = value.span;
    let mut fields = Fields::new(value)?;
    let common =
        Common::take(&mut fields, SignedDuration::from_secs(60), Some(SignedDuration::from_hours(24)));
    let mut names = Vec::new();
    for (key, read) in [("accounts", account as fn(&str) -> _), ("hashtags", hashtag)] {
        if let Some(found) = fields.optional::<Names>(key) {
            names.extend(found.read(&mut fields, read));
        }
    }
    let token = fields.optional::<Secret>("token");
    let base_url = service(&mut fields, "base_url");
    // An instance allows a client 300 pages by id in a quarter of an hour.
    let pace = pace::take(&mut fields, Pace::new(Duration::from_secs(3), 20).resting(REST));
    if fields.errors.is_empty() {
        let other = names.iter().find(|name| Some(name.instance()) != names.first().map(Name::instance));
        match other {
            _ if names.is_empty() => fields.errors.push(wrong(span, "name `accounts`, `hashtags` or both")),
            Some(other) if token.is_some() => fields.errors.push(wrong(
                span,
                format!("`token` is of one instance and must not reach {other}; make a source for each"),
            )),
            _ => {}
        }
    }
    fields.finalize(None)?;
    Ok((Common { pace: Some(pace), ..common }, Table { names, token, base_url, pace }))
}

/// The account in `text`, in lower case, as every instance compares them.
pub fn account(text: &str) -> Result<Name, String> {
    let parts = text.trim_start_matches('@').split_once('@');
    let fits = |user: &str| {
        (1..=64).contains(&user.len())
            && user.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
    };
    let read = parts.filter(|(user, _)| fits(user)).zip(parts.and_then(|(_, host)| instance(host)));
    read.map(|((user, _), host)| Name::Account(user.to_ascii_lowercase(), host)).ok_or_else(|| {
        format!("`{text}` is no account; write it with its home instance, such as \"name@mastodon.social\"")
    })
}

/// The hashtag in `text`.
pub fn hashtag(text: &str) -> Result<Name, String> {
    let parts = text.trim_start_matches('#').split_once('@');
    let fits = |tag: &str| {
        (1..=200).contains(&tag.len()) && tag.chars().all(|c| c.is_alphanumeric() || "_·".contains(c))
    };
    let read = parts.filter(|(tag, _)| fits(tag)).zip(parts.and_then(|(_, host)| instance(host)));
    read.map(|((tag, _), host)| Name::Tag(tag.to_lowercase(), host)).ok_or_else(|| {
        format!(
            "`{text}` is no hashtag; write it with the instance to ask, such as \"#Mali@mastodon.social\""
        )
    })
}

/// The instance in `text`, in its plain form.
fn instance(text: &str) -> Option<String> {
    let url = base(text)?;
    let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let nobody = url.username().is_empty() && url.password().is_none();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    (plain && nobody).then(|| url.host_str().map(|host| format!("{host}{port}")))?
}

/// Where `instance` is.
pub fn base(instance: &str) -> Option<Url> {
    Url::parse(&format!("https://{instance}")).ok().filter(Url::has_host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::Document;

    fn parse(text: &str) -> Result<Table, Vec<String>> {
        let document = Document::new("vigie.toml", text);
        let mut value = document.parse().unwrap();
        let read = read(&mut value).map(|(_, table)| table);
        read.map_err(|error| document.problems(error).iter().map(ToString::to_string).collect())
    }

    #[test]
    fn names_are_read_however_they_are_written() {
        let table = parse(
            "accounts = [\"@Hub@Mastodon.Social\", \"a.b@e.example:8443\"]\nhashtags = [\"#Été@e.example\"]",
        )
        .unwrap();
        let names: Vec<String> = table.names.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["hub@mastodon.social", "a.b@e.example:8443", "#été@e.example"]);
    }

    #[test]
    fn a_token_stays_with_one_instance() {
        let with = |accounts: &str| parse(&format!("accounts = {accounts}\ntoken = {{ env = \"T\" }}"));
        assert!(with("[\"a@one.example\", \"b@one.example\"]").is_ok());
        let problems = with("[\"a@one.example\", \"b@two.example\"]").unwrap_err();
        assert!(problems[0].contains("two.example"), "{problems:?}");
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let problems = parse(
            "accounts = [\"hub\", \"a@b/c\", \"a@u:p@e.example\", \"x@e.example\", \"X@e.example\"]\n\
             hashtags = [\"#mali\", \"#a b@e.example\"]\nbase_url = \"http://e.example\"",
        )
        .unwrap_err();
        let said = problems.join("\n");
        for word in ["`hub`", "a@b/c", "u:p", "named twice", "#mali", "#a b", "https"] {
            assert!(said.contains(word), "{word} in\n{said}");
        }
        assert!(parse("").unwrap_err()[0].contains("`accounts`"));
        assert!(parse("accounts = []").is_err());
    }
}
