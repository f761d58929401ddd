//! One look at a timeline: fetched, not yet made to count.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::time::Instant;

use super::agenda::Number;
use super::purse::Aside;
use super::{Matcher, Watch, names};
use crate::model::matched::Match;
use crate::model::post::Post;
use crate::model::timeline::{TimelineId, Turn};
use crate::remote::waited;
use crate::source::{Ask, Page, SourceError};
use crate::store::{News, Sighting, Store};
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
    matcher: Matcher,
    /// Whom the account's name leads to now, if that was asked.
    pub(crate) named: Option<Result<TimelineId, SourceError>>,
    /// What was set aside for it.
    pub(crate) aside: Option<Aside>,
    /// How long its source took to answer; to wait for money and for a turn is no part of that.
    pub(crate) took: Duration,
}

/// A look under way.
pub(super) type Looking = BoxFuture<'static, Box<Look>>;

/// A host that takes longer only to fail keeps others waiting as one that does not answer.
const SLOW: Duration = Duration::from_secs(10);

impl Look {
    /// Whether its host answers, if it was asked.
    pub(super) fn answered(&self) -> Option<bool> {
        answered(&self.result, self.took)
    }

    /// For each post of the page, in order, the rules that hold for it if it is news.
    pub(super) fn matches(&self, sightings: &[Sighting]) -> Vec<Vec<Match>> {
        let posts = self.result.as_ref().map(|page| page.posts.as_slice()).unwrap_or_default();
        let watching = self.watch.watching();
        let matches = |(post, sighting): (&Post, &Sighting)| {
            // Most posts of most pages are known.
            if sighting.news == News::Known {
                return Vec::new();
            }
            let account = watching.source.came_by(&self.watch.account, post);
            (self.matcher)(post, &Origin { platform: &watching.platform, account })
        };
        posts.iter().zip(sightings).map(matches).collect()
    }
}

/// Whether a host answers, by how a look ended that took so long. Of one that answers for many, one failing is no sign
/// that the others do.
fn answered(result: &Result<Page, SourceError>, took: Duration) -> Option<bool> {
    match result {
        Ok(_) | Err(SourceError::Broken(_) | SourceError::Barred(..) | SourceError::Suspicious(_)) => {
            Some(true)
        }
        Err(SourceError::Retry(None, _)) => Some(took < SLOW),
        Err(SourceError::Unanswered(_)) => Some(false),
        Err(SourceError::Retry(Some(_), _) | SourceError::Later(..) | SourceError::Paused(..)) => None,
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
        return looking_up((number, watch), turn, store, matcher, now).boxed();
    }
    let backfill = watch.watching().common.backfill;
    let since = backfill.map(|back| now.saturating_sub(back).unwrap_or(Timestamp::MIN));
    let since = turn.state.as_ref().map_or(since, |state| state.since);
    let looking = async move {
        let cursor = turn.state.as_ref().and_then(|state| state.cursor.as_ref());
        let mut took = Duration::ZERO;
        let (result, aside) = match set_aside(&watch, Some(&turn.timeline), store.as_ref(), now).await {
            Ok(aside) => {
                let allowance = aside.as_ref().map(Aside::posts);
                let ask = Ask { timeline: &turn.timeline, account: &watch.account, cursor, since, allowance };
                let begun = Instant::now();
                let (result, waited) = waited(watch.watching().source.fetch(ask)).await;
                took = begun.elapsed().saturating_sub(waited);
                (result, aside)
            }
            Err(error) => (Err(error), None),
        };
        let named = watch.by_name && names::is_due(turn.state.as_ref(), watch.of.purse.is_some(), now);
        let named = if named { Some(look_up(&watch, store.as_ref(), now).await) } else { None };
        let (asked_at, found) = (now, None);
        Box::new(Look { number, turn, watch, asked_at, result, found, matcher, named, aside, took })
    };
    looking.boxed()
}

/// A look-up of an account whose timeline is not known: a look at the one that stands for its name.
async fn looking_up(
    (number, watch): (Number, Watch),
    turn: Turn,
    store: Arc<dyn Store>,
    matcher: Matcher,
    now: Timestamp,
) -> Box<Look> {
    let begun = Instant::now();
    let (found, waited) = waited(look_up(&watch, store.as_ref(), now)).await;
    let took = begun.elapsed().saturating_sub(waited);
    let (found, result) = match found {
        Ok(timeline) => (Some(timeline), Ok(Page::default())),
        Err(error) => (None, Err(error)),
    };
    let (asked_at, named, aside) = (now, None, None);
    Box::new(Look { number, turn, watch, asked_at, result, found, matcher, named, aside, took })
}

/// Sets money aside for a look at a timeline, or for a look-up; nothing where reading costs nothing.
async fn set_aside(
    watch: &Watch,
    timeline: Option<&TimelineId>,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Option<Aside>, SourceError> {
    match &watch.of.purse {
        Some(purse) => {
            let portion = watch.watching().source.portion(timeline);
            purse.draw(store, portion, watch.lesser.into(), now).await.map(Some)
        }
        None => Ok(None),
    }
}

/// Asks whom the account's name leads to.
async fn look_up(watch: &Watch, store: &dyn Store, now: Timestamp) -> Result<TimelineId, SourceError> {
    let aside = set_aside(watch, None, store, now).await?;
    let found = watch.watching().source.resolve(&watch.account).await;
    match aside {
        Some(aside) => aside.looked_up(found, store).await,
        None => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::coverage::Cause;

    #[test]
    fn a_host_is_silent_if_it_gives_no_answer_or_takes_long_to_fail_but_not_if_one_of_its_feeds_is_missing() {
        let (soon, late) = (Duration::from_secs(1), Duration::from_secs(30));
        let (why, at) = (String::new, Timestamp::UNIX_EPOCH);
        let cases = [
            (Ok(Page::default()), soon, Some(true)),
            (Ok(Page::default()), late, Some(true)),
            (Err(SourceError::Retry(None, "HTTP 404".into())), soon, Some(true)),
            (Err(SourceError::Retry(None, "HTTP 504".into())), late, Some(false)),
            (Err(SourceError::Unanswered("refused".into())), soon, Some(false)),
            (Err(SourceError::Broken(why())), late, Some(true)),
            (Err(SourceError::Barred(Cause::Credentials, why())), soon, Some(true)),
            (Err(SourceError::Suspicious(why())), soon, Some(true)),
            (Err(SourceError::Retry(Some(at), why())), late, None),
            (Err(SourceError::Later(at, why())), soon, None),
            (Err(SourceError::Paused(at, why())), soon, None),
        ];
        for (result, took, expected) in cases {
            assert_eq!(answered(&result, took), expected, "{result:?} after {took:?}");
        }
    }
}
