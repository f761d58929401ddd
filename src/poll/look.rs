//! One look at a timeline: fetched, its posts matched, not yet made to count.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::agenda::Number;
use super::purse::Aside;
use super::{Matcher, Watch, names};
use crate::model::matched::Match;
use crate::model::timeline::{TimelineId, Turn};
use crate::source::{Ask, Page, SourceError};
use crate::store::Store;
use crate::watch::Origin;

/// A look at a timeline, on its way to the committer.
pub(crate) struct Look {
    /// The number of its timeline on the agenda.
    pub(crate) number: Number,
    pub(crate) turn: Turn,
    pub(crate) watch: Watch,
    pub(crate) asked_at: Timestamp,
    pub(crate) result: Result<Page, SourceError>,
    /// The timeline that the account was looked up to have.
    pub(crate) found: Option<TimelineId>,
    /// For each post of the page, the rules that hold for it.
    pub(crate) matches: Vec<Vec<Match>>,
    /// Whom the account's name leads to now, if that was asked.
    pub(crate) named: Option<Result<TimelineId, SourceError>>,
    /// What was set aside for it.
    pub(crate) aside: Option<Aside>,
}

/// A look under way.
pub(super) type Looking = BoxFuture<'static, Box<Look>>;

impl Look {
    /// Whether its host answers, if it was asked. One that only says that it fails counts as one that does not.
    pub(super) fn answered(&self) -> Option<bool> {
        match &self.result {
            Ok(_) | Err(SourceError::Broken(_) | SourceError::Barred(..) | SourceError::Suspicious(_)) => {
                Some(true)
            }
            Err(SourceError::Retry(None, _)) => Some(false),
            Err(SourceError::Retry(Some(_), _) | SourceError::Later(..) | SourceError::Paused(..)) => None,
        }
    }
}

/// A look at the timeline of `turn`.
pub(super) fn look(
    (number, watch): (Number, Watch),
    turn: Turn,
    store: Arc<dyn Store>,
    matcher: Matcher,
    now: Timestamp,
) -> Looking {
    if turn.timeline.is_unresolved() {
        return looking_up((number, watch), turn, store, now).boxed();
    }
    let backfill = watch.common.backfill;
    let since = backfill.map(|back| now.saturating_sub(back).unwrap_or(Timestamp::MIN));
    let since = turn.state.as_ref().map_or(since, |state| state.since);
    let looking = async move {
        let cursor = turn.state.as_ref().and_then(|state| state.cursor.as_ref());
        let (result, aside) = match set_aside(&watch, Some(&turn.timeline), store.as_ref(), now).await {
            Ok(aside) => {
                let allowance = aside.as_ref().map(Aside::posts);
                let ask = Ask { timeline: &turn.timeline, account: &watch.account, cursor, since, allowance };
                (watch.watching.source.fetch(ask).await, aside)
            }
            Err(error) => (Err(error), None),
        };
        let named = watch.by_name && names::is_due(turn.state.as_ref(), now);
        let named = if named { Some(look_up(&watch, store.as_ref(), now).await) } else { None };
        let posts = result.as_ref().map(|page| page.posts.as_slice()).unwrap_or_default();
        let matches = posts.iter().map(|post| {
            let account = watch.watching.source.came_by(&watch.account, post);
            matcher(post, &Origin { platform: &watch.watching.platform, account })
        });
        let matches = matches.collect();
        let (asked_at, found) = (now, None);
        Box::new(Look { number, turn, watch, asked_at, result, found, matches, named, aside })
    };
    looking.boxed()
}

/// A look-up of an account whose timeline is not known: a look at the one that stands for its name.
async fn looking_up(
    (number, watch): (Number, Watch),
    turn: Turn,
    store: Arc<dyn Store>,
    now: Timestamp,
) -> Box<Look> {
    let (found, result) = match look_up(&watch, store.as_ref(), now).await {
        Ok(timeline) => (Some(timeline), Ok(Page::default())),
        Err(error) => (None, Err(error)),
    };
    let matches = Vec::new();
    Box::new(Look { number, turn, watch, asked_at: now, result, found, matches, named: None, aside: None })
}

/// Sets money aside for a look at a timeline, or for a look-up; nothing where reading costs nothing.
async fn set_aside(
    watch: &Watch,
    timeline: Option<&TimelineId>,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Option<Aside>, SourceError> {
    match &watch.purse {
        Some(purse) => {
            let portion = watch.watching.source.portion(timeline);
            purse.draw(store, portion, watch.lesser, now).await.map(Some)
        }
        None => Ok(None),
    }
}

/// Asks whom the account's name leads to.
async fn look_up(watch: &Watch, store: &dyn Store, now: Timestamp) -> Result<TimelineId, SourceError> {
    let aside = set_aside(watch, None, store, now).await?;
    let found = watch.watching.source.resolve(&watch.account).await;
    match aside {
        Some(aside) => aside.looked_up(found, store).await,
        None => found,
    }
}
