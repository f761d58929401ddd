//! The table `[source.bluesky.NAME]`.

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
    /// Handles without `@`, in lower case, or DIDs.
    pub accounts: Vec<String>,
    /// Where public posts are read.
    pub service: Url,
    /// Who reads them, if not the public.
    pub login: Option<Login>,
    /// How fast the service is called.
    pub pace: Pace,
}

/// An account of one's own to read with.
#[derive(Clone, Debug)]
pub struct Login {
    /// Its handle or DID.
    pub identifier: String,
    /// An app password of it.
    pub password: Secret,
    /// The server that keeps it.
    pub pds: Url,
}

/// Reads the whole table.
pub fn read(value: &mut Value<'_>) -> Result<(Common, Table), DeserError> {
    let span = value.span;
    let mut fields = Fields::new(value)?;
    let common =
        Common::take(&mut fields, SignedDuration::from_secs(60), Some(SignedDuration::from_hours(24)));
    let accounts = fields.required::<Names>("accounts");
    let accounts = accounts.map(|names| names.read(&mut fields, account));
    let public = service(&mut fields, "service").or_else(|| Url::parse("https://public.api.bsky.app").ok());
    let pds = service(&mut fields, "pds").or_else(|| Url::parse("https://bsky.social").ok());
    let pace = pace::take(&mut fields, Pace::new(Duration::from_millis(100), 20).resting(REST));
    let identifier = fields.optional::<String>("identifier");
    let password = fields.optional::<Secret>("password");
    if identifier.is_some() != password.is_some() && fields.errors.is_empty() {
        fields
            .errors
            .push(wrong(span, "`identifier` and `password` belong together: give both, or none to read"));
    }
    fields.finalize(None)?;
    let no_address = || wrong(span, "`service` or `pds` is no address");
    let (service, pds) = (public.ok_or_else(no_address)?, pds.ok_or_else(no_address)?);
    let login = identifier.zip(password).map(|(identifier, password)| {
        let identifier = identifier.trim().trim_start_matches('@').to_owned();
        Login { identifier, password, pds }
    });
    Ok((Common { pace: Some(pace), ..common }, Table { accounts: accounts?, service, login, pace }))
}

/// The handle or DID in `text`.
fn account(text: &str) -> Result<String, String> {
    let name = text.trim_start_matches('@');
    if is_did(name) {
        return Ok(name.to_owned());
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if name.len() <= 253 && name.contains('.') && name.split('.').all(label) {
        Ok(name.to_ascii_lowercase())
    } else {
        Err(format!(
            "`{text}` is no account of Bluesky; write its whole handle, such as \"name.bsky.social\", or its DID"
        ))
    }
}

/// Whether `text` is a permanent id of Bluesky.
pub fn is_did(text: &str) -> bool {
    let mut parts = text.splitn(3, ':');
    let (scheme, method, rest) = (parts.next(), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    scheme == Some("did")
        && !method.is_empty()
        && method.bytes().all(|b| b.is_ascii_lowercase())
        && (1..=200).contains(&rest.len())
        && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:%-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::Document;

    fn parse(text: &str) -> Result<(Common, Table), Vec<String>> {
        let document = Document::new("vigie.toml", text);
        let mut value = document.parse().unwrap();
        read(&mut value).map_err(|error| document.problems(error).iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_is_not_said_is_filled_in() {
        let (common, table) =
            parse("accounts = [\"@African-Hub.bsky.social\", \"did:plc:abc234\", \"did:web:e.example\"]")
                .unwrap();
        assert_eq!(table.accounts, ["african-hub.bsky.social", "did:plc:abc234", "did:web:e.example"]);
        assert_eq!(table.service.as_str(), "https://public.api.bsky.app/");
        assert!(table.login.is_none());
        assert_eq!((common.every.as_secs(), common.budget), (60, None));
        assert_eq!(common.backfill, Some(SignedDuration::from_hours(24)));
    }

    #[test]
    fn a_login_is_whole_or_not_there() {
        let with = |more: &str| parse(&format!("accounts = [\"a.example\"]\n{more}"));
        let (_, table) = with("identifier = \"@me.example\"\npassword = { env = \"P\" }").unwrap();
        let login = table.login.unwrap();
        assert_eq!((login.identifier.as_str(), login.pds.as_str()), ("me.example", "https://bsky.social/"));
        for half in ["identifier = \"me\"", "password = { env = \"P\" }"] {
            assert!(with(half).unwrap_err()[0].contains("belong together"), "{half}");
        }
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let problems = parse(
            "accounts = [\"nodot\", \"a.b/c\", \"a.example\", \"@A.example\", 3, \"did:x\"]\nservice = \"http://e.example\"\nacounts = 1\n",
        )
        .unwrap_err();
        assert!(problems.iter().any(|problem| problem.contains("a name is wanted")), "{problems:?}");
        let problems = parse("accounts = [\"nodot\", \"a.b/c\", \"a.example\", \"@A.example\", \"did:x\"]\nservice = \"http://e.example\"\n")
            .unwrap_err();
        let said = problems.join("\n");
        for word in ["nodot", "a.b/c", "named twice", "did:x", "https"] {
            assert!(said.contains(word), "{word} in\n{said}");
        }
        assert!(parse("accounts = []").is_err() && parse("").is_err());
    }
}
