//! Watched accounts: whom a post came by, and the accounts that a watchlist is for.

use std::fmt;
use std::sync::Arc;

use crate::model::post::Platform;
use crate::setting::nearest;

/// The platforms that sources read.
pub const PLATFORMS: [&str; 6] = ["x", "bluesky", "mastodon", "telegram", "feed", "file"];

/// The watched account that a post came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The platform of its source.
    pub platform: &'a Platform,
    /// Its name in the configuration: a handle, or the address of a feed.
    pub account: &'a str,
}

/// An account as people write it: `AfricanHub_`, `@AfricanHub_` or `x:AfricanHub_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its platform, if it is told.
    pub platform: Option<String>,
    /// Its name, without `@`.
    pub name: String,
}

/// All accounts that are watched, and the groups that the configuration makes of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Platform and name of every account that an enabled source watches.
    pub watched: Vec<(Platform, Arc<str>)>,
    /// The groups, by name.
    pub groups: Vec<(String, Vec<Account>)>,
}

impl Account {
    /// Reads an account; the error says how one is written.
    pub fn parse(written: &str) -> Result<Self, String> {
        let written = written.trim();
        let (platform, name) = match written.split_once(':') {
            Some((platform, name)) if PLATFORMS.contains(&platform) => (Some(platform.to_owned()), name),
            Some((platform, _)) if !written.contains("://") => {
                let hint = nearest(platform, PLATFORMS).unwrap_or("x");
                return Err(format!(
                    "no source has the platform `{platform}`; write it as `{hint}:NAME`, with one of {}",
                    PLATFORMS.join(", ")
                ));
            }
            _ => (None, written),
        };
        let name = name.trim_start_matches('@');
        if name.is_empty() {
            return Err("the name of an account is missing; write it as `x:AfricanHub_`".into());
        }
        Ok(Self { platform, name: name.into() })
    }

    /// Whether it is this watched account.
    pub fn is(&self, origin: &Origin) -> bool {
        self.platform.as_deref().is_none_or(|platform| platform == origin.platform.as_str())
            && same_name(&self.name, origin.account)
    }

    /// Whether no account is both.
    pub fn excludes(&self, other: &Self) -> bool {
        let apart = self.platform.is_some() && other.platform.is_some() && self.platform != other.platform;
        apart || !same_name(&self.name, &other.name)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(platform) = &self.platform {
            write!(f, "{platform}:")?;
        }
        f.write_str(&self.name)
    }
}

impl Accounts {
    /// Why `account` is not watched, with the nearest that is; none if it is watched.
    pub fn fault(&self, account: &Account) -> Option<String> {
        let watched =
            |(platform, name): &(Platform, Arc<str>)| account.is(&Origin { platform, account: name });
        if self.watched.iter().any(watched) {
            return None;
        }
        let written = account.to_string();
        let whole = |(platform, name): &(Platform, Arc<str>)| match &account.platform {
            Some(_) => format!("{platform}:{}", name.trim_start_matches('@')),
            None => name.trim_start_matches('@').to_owned(),
        };
        let known: Vec<String> = self.watched.iter().map(whole).collect();
        let elsewhere = self.watched.iter().find(|(_, name)| same_name(name, &account.name));
        let hint = match (elsewhere, nearest(&written, known.iter().map(String::as_str))) {
            (Some((platform, _)), _) => format!("did you mean `{platform}:{}`?", account.name),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => "add it to the accounts of a source, or enable its source".into(),
        };
        Some(format!("no enabled source watches `{written}`; {hint}"))
    }

    /// The accounts of the group `name`; the error names the nearest group.
    pub fn group(&self, name: &str) -> Result<&[Account], String> {
        let found = self.groups.iter().find(|(known, _)| known == name);
        found.map(|(_, accounts)| accounts.as_slice()).ok_or_else(|| {
            let hint = nearest(name, self.groups.iter().map(|(known, _)| known.as_str())).map_or_else(
                || format!("add a [group.{name}] with its `accounts` to the configuration"),
                |near| format!("did you mean `group:{near}`?"),
            );
            format!("no group is named `{name}`; {hint}")
        })
    }
}

/// Whether two names of accounts are the same but for capitals and a leading `@`.
pub fn same_name(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.trim().trim_start_matches('@').to_lowercase();
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(written: &str) -> Account {
        Account::parse(written).unwrap()
    }

    #[test]
    fn an_account_may_name_its_platform() {
        assert_eq!(account("x:@Hub").to_string(), "x:Hub");
        assert_eq!(account("@Hub").to_string(), "Hub");
        assert_eq!(account("feed:https://a.org/rss").name, "https://a.org/rss");
        assert_eq!(account("https://a.org/rss").platform, None);
        for written in ["", "@", "x:", "twiter:Hub", "group:a"] {
            assert!(Account::parse(written).is_err(), "{written}");
        }
    }

    #[test]
    fn an_account_that_nobody_watches_is_told_with_the_nearest_that_is() {
        let accounts = Accounts {
            watched: vec![(Platform::X, "AfricanHub_".into()), (Platform::FEED, "https://a.org/rss".into())],
            groups: vec![("ministries".into(), vec![account("x:AfricanHub_")])],
        };
        for watched in ["x:africanhub_", "AfricanHub_", "feed:https://a.org/rss", "https://a.org/rss"] {
            assert_eq!(accounts.fault(&account(watched)), None, "{watched}");
        }
        let table = [
            ("x:AfricanHb_", "did you mean `x:AfricanHub_`?"),
            ("AfricanHub", "did you mean `AfricanHub_`?"),
            ("telegram:AfricanHub_", "did you mean `x:AfricanHub_`?"),
            ("x:somebody", "add it to the accounts of a source"),
        ];
        for (written, hint) in table {
            let found = accounts.fault(&account(written)).unwrap();
            assert!(found.contains(hint), "{written}: {found}");
        }
        assert_eq!(accounts.group("ministries").unwrap().len(), 1);
        assert!(accounts.group("ministres").unwrap_err().contains("did you mean `group:ministries`?"));
        assert!(accounts.group("x").unwrap_err().contains("[group.x]"));
    }
}
