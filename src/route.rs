//! Who hears of a match, and when.

mod quiet;
#[cfg(test)]
mod tests;
mod turn;

use std::fmt;

use jiff::{SignedDuration, Timestamp};

pub use self::quiet::Quiet;
pub use self::turn::{Meter, Meters, Turn};
use crate::model::matched::{Match, Severity};
use crate::model::post::{Platform, Post};
use crate::model::sink::SinkId;
use crate::watch::{Account, Origin, speaks};

/// One `[[route]]`: matches that fit go to its sinks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub only: Only,
    /// Where to.
    pub sinks: Vec<SinkId>,
    /// How long a story that is less than grave gathers before it is told.
    pub gather: SignedDuration,
    /// When people want to hear nothing.
    pub quiet: Vec<Quiet>,
    /// How many messages each of its sinks gets in an hour; the others come together at its end.
    pub most_per_hour: Option<u32>,
}

/// What a route is for. An empty list asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Only {
    /// Rules of these watchlists.
    pub watchlists: Vec<String>,
    /// These rules, as `watchlist/rule`.
    pub rules: Vec<String>,
    /// This severity and above.
    pub severity: Severity,
    /// Posts that declare one of these languages, or a variety of it.
    pub languages: Vec<String>,
    /// Posts on these platforms.
    pub platforms: Vec<Platform>,
    /// Posts that came by these watched accounts.
    pub accounts: Vec<Account>,
}

/// What routes look at in a post.
#[derive(Clone, Copy, Debug)]
pub struct Traits<'a> {
    /// Where it was posted.
    pub platform: &'a Platform,
    /// The language it declares.
    pub lang: Option<&'a str>,
    /// The watched account that it came by.
    pub origin: &'a Origin<'a>,
}

/// Why a route is not for a match: what it asks for and the match or its post lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Miss {
    /// Another watchlist.
    Watchlist,
    /// Another rule.
    Rule,
    /// More severity.
    Severity,
    /// Another language.
    Language,
    /// Another platform.
    Platform,
    /// Another account.
    Account,
}

/// All routes; without any, every match goes to every sink.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    /// The routes, in the order of the configuration.
    pub routes: Vec<Route>,
    /// The sinks that hear everything if there is no route.
    pub everywhere: Vec<SinkId>,
    /// How long stories gather if there is no route.
    pub gather: SignedDuration,
}

/// What a sink hears of a post, and by which routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The sink.
    pub sink: SinkId,
    /// The matches meant for it.
    pub matches: Vec<Match>,
    /// The names of the routes that lead there.
    pub routes: Vec<String>,
    /// How long the story gathers, at the shortest of these routes.
    pub gather: SignedDuration,
}

impl Routes {
    /// What each sink hears of a post; sinks that hear nothing are left out.
    pub fn address(&self, matches: &[Match], post: &Traits) -> Vec<Heard> {
        if matches.is_empty() {
            return Vec::new();
        }
        if self.routes.is_empty() {
            let all = |sink: &SinkId| {
                let (sink, matches) = (sink.clone(), matches.to_vec());
                Heard { sink, matches, routes: Vec::new(), gather: self.gather }
            };
            return self.everywhere.iter().map(all).collect();
        }
        let mut sinks: Vec<&SinkId> = Vec::new();
        for sink in self.routes.iter().flat_map(|route| &route.sinks) {
            if !sinks.contains(&sink) {
                sinks.push(sink);
            }
        }
        sinks.into_iter().filter_map(|sink| self.heard(sink, matches, post)).collect()
    }

    fn heard(&self, sink: &SinkId, matches: &[Match], post: &Traits) -> Option<Heard> {
        let leads = |route: &Route, found: &Match| {
            route.sinks.contains(sink) && route.only.miss(found, post).is_none()
        };
        let led: Vec<&Route> =
            self.routes.iter().filter(|route| matches.iter().any(|found| leads(route, found))).collect();
        let meant = |found: &&Match| led.iter().any(|route| leads(route, found));
        Some(Heard {
            sink: sink.clone(),
            matches: matches.iter().filter(meant).cloned().collect(),
            routes: led.iter().map(|route| route.name.clone()).collect(),
            gather: led.iter().map(|route| route.gather).min()?,
        })
    }
}

impl Heard {
    /// The highest severity among the matches.
    pub fn severity(&self) -> Severity {
        self.matches.iter().map(|found| found.severity).max().unwrap_or(Severity::Low)
    }

    /// When a message that opens now may go: what is grave does not wait for company.
    pub fn due(&self, now: Timestamp) -> Timestamp {
        let wait = if self.severity() >= Severity::High { SignedDuration::ZERO } else { self.gather };
        now.saturating_add(wait).unwrap_or(now)
    }
}

impl<'a> Traits<'a> {
    /// Those of `post`, which came by the account of `origin`.
    pub fn of(post: &'a Post, origin: &'a Origin<'a>) -> Self {
        Self { platform: &post.platform, lang: post.lang.as_deref(), origin }
    }
}

impl Only {
    /// Why the route is not for a match of `post`; `None` if it is.
    pub fn miss(&self, found: &Match, post: &Traits) -> Option<Miss> {
        let watchlist = found.rule.split('/').next().unwrap_or("");
        let language = |wanted: &String| post.lang.is_some_and(|lang| speaks(lang, wanted));
        let fits = [
            (Miss::Watchlist, asks(&self.watchlists, |name| name == watchlist)),
            (Miss::Rule, asks(&self.rules, |rule| **rule == *found.rule)),
            (Miss::Severity, found.severity >= self.severity),
            (Miss::Language, asks(&self.languages, language)),
            (Miss::Platform, asks(&self.platforms, |platform| platform == post.platform)),
            (Miss::Account, asks(&self.accounts, |account| account.is(post.origin))),
        ];
        fits.into_iter().find(|(_, fits)| !fits).map(|(miss, _)| miss)
    }
}

fn asks<T>(wanted: &[T], fits: impl FnMut(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(fits)
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Watchlist => "it is for other watchlists",
            Self::Rule => "it is for other rules",
            Self::Severity => "it is for graver matches",
            Self::Language => "it is for other languages than the post declares",
            Self::Platform => "it is for other platforms",
            Self::Account => "it is for other accounts",
        })
    }
}
