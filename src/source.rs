//! The ways in. A source is one adapter of one platform: it knows accounts and pages, and nothing of rules, stores or
//! sinks.
//!
//! To add a platform: a file below, a `pub mod` line, a line in [`KINDS`].

mod answer;
pub mod bluesky;
pub mod feed;
pub mod file;
#[cfg(fuzzing)]
pub mod fuzz;
pub mod mastodon;
mod mended;
mod names;
pub mod pace;
pub mod telegram;
pub mod x;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use toml_span::{DeserError, Error, Value};

use crate::clock::Clock;
use crate::model::coverage::Cause;
use crate::model::look::Missed;
use crate::model::post::Post;
use crate::model::spend::{Budget, Portion, Reads};
use crate::model::timeline::{Cursor, TimelineId};
use crate::remote::{Pace, Remotes};
use crate::setting::{Fields, Period, wrong};

/// Every kind of source: its name in `[source.KIND.NAME]` and how its table is read.
pub const KINDS: &[(&str, Read)] = &[
    ("bluesky", bluesky::read),
    ("feed", feed::read),
    ("file", file::read),
    ("mastodon", mastodon::read),
    ("telegram", telegram::read),
    ("x", x::read),
];

/// Reads the table of one source.
pub type Read = for<'de> fn(&mut Value<'de>) -> Result<Plan, DeserError>;

/// One configured way in, platform words on one side, vigie's on the other.
///
/// # Contract
/// - A cursor may move only over posts that were handed out: whoever gets a page stores it together with its cursor.
/// - Bytes from outside never panic; a post that cannot be read is dropped and told in [`Page::unreadable`].
/// - A dropped call leaves nothing behind.
#[async_trait]
pub trait Source: Send + Sync {
    /// Whom it watches, in the order of the configuration.
    fn accounts(&self) -> Vec<Watched>;

    /// Asks the platform for the permanent id of an account that came without one.
    ///
    /// # Errors
    /// As [`Source::fetch`]; `Broken` if there is no such account.
    async fn resolve(&self, account: &str) -> Result<TimelineId, SourceError> {
        Err(SourceError::Broken(format!("{account} needs no look-up")))
    }

    /// What one look at a timeline may read of what the platform bills; of a look-up, if no timeline is named.
    fn portion(&self, _timeline: Option<&TimelineId>) -> Portion {
        Portion::default()
    }

    /// The watched account that a post came by which was read for `account`: itself, unless that stands for several.
    fn came_by<'a>(&'a self, account: &'a str, _post: &Post) -> &'a str {
        account
    }

    /// The host that answers for an account, if the source asks several.
    fn host(&self, _account: &str) -> Option<String> {
        None
    }

    /// Reads one page of a timeline.
    async fn fetch(&self, ask: Ask<'_>) -> Result<Page, SourceError>;
}

/// An account as the configuration names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The name people gave: a handle, an address, a path.
    pub account: Arc<str>,
    /// Its timeline, if the name tells; otherwise it must be resolved first.
    pub timeline: Option<TimelineId>,
    /// The wait between two looks at it, if it is not the source's.
    pub every: Option<SignedDuration>,
}

/// What is asked of a source.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Which timeline.
    pub timeline: &'a TimelineId,
    /// The account as the configuration names it.
    pub account: &'a str,
    /// Where the last page ended; `None` at first sight.
    pub cursor: Option<&'a Cursor>,
    /// At first sight, posts from before this instant need not be read.
    pub since: Option<Timestamp>,
    /// How many posts may be read, where reading costs; never less than the portion needs.
    pub allowance: Option<u32>,
}

/// One page of a timeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Its posts, in any order; some may have been handed out before.
    pub posts: Vec<Post>,
    /// Where the next page begins; `None` leaves the cursor where it is.
    pub next: Option<Cursor>,
    /// Whether posts are known to wait behind `next`. A page without more ends the look: from the newest post back to
    /// what earlier looks reached, everything was handed out.
    pub more: bool,
    /// With the page that ends a look: what of that the platform no longer shows.
    pub missed: Option<Missed>,
    /// Whether the platform shows only its newest posts, however many there were since: if none of them is known, some
    /// may be missed.
    pub window: bool,
    /// What could not be read, a line each, fit to be shown.
    pub unreadable: Vec<String>,
    /// Calls the platform still allows in this window, and when it ends.
    pub limit: Option<(u64, Timestamp)>,
    /// What the platform bills for the page.
    pub read: Reads,
    /// How the platform calls the account now, if the page tells.
    pub name: Option<String>,
    /// Where the account is read from now on, if that changed with this page: people are told.
    pub moved: Option<Move>,
    /// The host that answered, if it is not the one that [`Source::host`] names.
    pub host: Option<String>,
}

/// Where an account is read from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// At this address, fit to be shown, instead of the one that people gave.
    Away(String),
    /// At the address that people gave again.
    Back,
}

/// Why a page could not be read, named by what the caller does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceError {
    /// It failed: try again, not before the given instant or after a back-off.
    Retry(Option<Timestamp>, String),
    /// The host gave no answer: try again after a back-off, and bother it with little else meanwhile.
    Unanswered(String),
    /// Nothing until then, because others go first; nobody needs to hear of it.
    Later(Timestamp, String),
    /// Nothing until then; people are told.
    Paused(Timestamp, String),
    /// Nothing of this account until a person acts; tried again now and then; people are told.
    Broken(String),
    /// Nothing of the whole source until a person acts: its credentials or its credit; as `Broken` otherwise.
    Barred(Cause, String),
    /// An answer that cannot be true, such as an empty timeline that was full before; people are told.
    Suspicious(String),
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry(None, why)
            | Self::Unanswered(why)
            | Self::Broken(why)
            | Self::Barred(_, why)
            | Self::Suspicious(why) => f.write_str(why),
            Self::Retry(Some(at), why) => write!(f, "{why} (again not before {at})"),
            Self::Later(until, why) => write!(f, "{why} (its turn comes at {until:.0})"),
            Self::Paused(until, why) => write!(f, "{why} (paused until {until})"),
        }
    }
}

impl std::error::Error for SourceError {}

impl SourceError {
    /// What kind of failure it is, for the ledger.
    pub fn cause(&self) -> Cause {
        match self {
            Self::Retry(Some(_), _) => Cause::RateLimit,
            Self::Retry(None, _) | Self::Unanswered(_) => Cause::Outage,
            Self::Later(..) | Self::Paused(..) => Cause::Credit,
            Self::Broken(_) => Cause::Refusal,
            Self::Barred(cause, _) => *cause,
            Self::Suspicious(_) => Cause::Doubt,
        }
    }
}

/// What every source has in its table, beside what is its adapter's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Common {
    /// Whether it is watched at all.
    pub enabled: bool,
    /// The wait between two looks at a timeline.
    pub every: SignedDuration,
    /// The longest that wait may become for an account that posts rarely, where looks are scarce.
    pub slowest: SignedDuration,
    /// An account that is known to post.
    pub canary: Option<Canary>,
    /// How far back the first look alerts; `None`: all the way.
    pub backfill: Option<SignedDuration>,
    /// What reading costs and how much may be spent, where reading costs.
    pub budget: Option<Budget>,
    /// How fast each of its hosts is called, where that is known beforehand.
    pub pace: Option<Pace>,
}

/// An account that is known to post, so that its silence is an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canary {
    /// The account as the configuration names it.
    pub account: String,
    /// The longest silence it is allowed.
    pub within: SignedDuration,
}

impl Common {
    /// Takes what every source has out of its table.
    pub fn take(fields: &mut Fields<'_>, every: SignedDuration, backfill: Option<SignedDuration>) -> Self {
        let shortest = SignedDuration::from_millis(100);
        let every = fields.optional::<Period>("every").map_or(every, |period| period.0.max(shortest));
        let slowest =
            fields.optional::<Period>("slowest").map_or(every.saturating_mul(10), |period| period.0);
        Self {
            enabled: fields.optional("enabled").unwrap_or(true),
            every,
            slowest: slowest.max(every),
            canary: canary(fields),
            backfill: fields.optional::<Period>("backfill").map_or(backfill, |period| Some(period.0)),
            budget: None,
            pace: None,
        }
    }
}

fn canary(fields: &mut Fields<'_>) -> Option<Canary> {
    let account = fields.optional::<String>("canary");
    let within = fields.optional_s::<Period>("canary_within");
    if let (None, Some(within)) = (&account, &within) {
        fields
            .errors
            .push(wrong(within.span, "`canary_within` without a `canary` watches over nobody; name one"));
    }
    let within = within.map_or(SignedDuration::from_hours(24), |within| within.value.0);
    account.map(|account| Canary { account, within })
}

/// A source as its table describes it.
pub struct Plan {
    /// What every source has.
    pub common: Common,
    /// Makes the source; reads its secrets.
    pub build: Build,
}

/// Makes a source.
pub type Build = Box<dyn FnOnce(&Kit) -> Result<Arc<dyn Source>, Error> + Send>;

/// What a source is built with.
#[derive(Clone)]
pub struct Kit {
    /// The way to other hosts.
    pub remotes: Remotes,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The folder that relative paths start from.
    pub dir: PathBuf,
}
