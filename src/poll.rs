//! The way in: looks at timelines when they are due, matches what they show, and makes it count.
//!
//! ```text
//! claim -> fetch -> match     many at a time, here; a fetch may be dropped at any moment
//! unseen -> story -> route -> commit     one page at a time, in the committer; never dropped
//! ```

mod commit;
mod decide;
mod measure;
mod names;
mod notice;
mod purse;
mod troubles;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use self::purse::{Aside, Purse};
pub use commit::{Audience, Committer, Counted, Tally};
pub use purse::spent;

use crate::clock::{Clock, sleep_until};
use crate::model::matched::Match;
use crate::model::post::{Platform, Post};
use crate::model::timeline::{TimelineId, Turn};
use crate::pulse::Beat;
use crate::source::{Ask, Common, Page, Source, SourceError, Watched};
use crate::store::{Store, StoreError};
use crate::watch::Origin;

/// The loop turns at least this often, whatever is due.
pub const TICK: Duration = Duration::from_secs(5);

/// Fetches under way at the same time; each host bounds its own further.
const AT_ONCE: usize = 64;

/// The rules that hold for a post that came by a watched account.
pub type Matcher = Arc<dyn Fn(&Post, &Origin) -> Vec<Match> + Send + Sync>;

/// A source as the loop sees it.
#[derive(Clone)]
pub struct Watching {
    /// Its name, `platform.name`.
    pub id: String,
    /// Its platform.
    pub platform: Platform,
    /// Its pace and bounds.
    pub common: Common,
    /// The adapter.
    pub source: Arc<dyn Source>,
}

impl Watching {
    /// The timeline of an account; until it is looked up, the one that stands for its name.
    pub async fn timeline(&self, watched: &Watched, store: &dyn Store) -> Result<TimelineId, StoreError> {
        let known = match &watched.timeline {
            Some(timeline) => Some(timeline.clone()),
            None => store.resolved(&self.platform, &watched.account).await?,
        };
        Ok(known.unwrap_or_else(|| TimelineId::unresolved(&self.platform, &watched.account)))
    }
}

/// A timeline and who watches it.
#[derive(Clone)]
pub(crate) struct Watch {
    pub(crate) watching: Arc<Watching>,
    pub(crate) account: String,
    /// Its pace and bounds.
    pub(crate) common: Common,
    /// Whether its timeline was found by its name.
    by_name: bool,
    /// How many accounts the source has.
    pub(crate) among: usize,
    /// How much less it matters than the source's other accounts, by their order: from 0 to 1.
    lesser: f64,
    /// The source's money, where reading costs.
    purse: Option<Arc<Purse>>,
}

/// A look at a timeline, on its way to the committer.
pub(crate) struct Look {
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
type Looking = BoxFuture<'static, Box<Look>>;

/// What the way in works with.
pub struct Poll {
    watched: HashMap<TimelineId, Watch>,
    wanted: Vec<TimelineId>,
    store: Arc<dyn Store>,
    matcher: Matcher,
    clock: Arc<dyn Clock>,
}

impl Poll {
    /// The way in from these sources.
    pub async fn new(
        sources: Vec<Watching>,
        store: Arc<dyn Store>,
        matcher: Matcher,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let mut poll = Self { watched: HashMap::new(), wanted: Vec::new(), store, matcher, clock };
        for watching in sources.into_iter().map(Arc::new) {
            let purse = watching.common.budget.map(|budget| Arc::new(Purse::new(&watching.id, budget)));
            let accounts = watching.source.accounts();
            let among = accounts.len();
            for (place, watched) in accounts.into_iter().enumerate() {
                let timeline = watching.timeline(&watched, poll.store.as_ref()).await?;
                let every = watched.every.unwrap_or(watching.common.every);
                let common = Common { every, ..watching.common.clone() };
                let lesser = place as f64 / among.saturating_sub(1).max(1) as f64;
                let (by_name, account) = (watched.timeline.is_none(), watched.account);
                let (watching, purse) = (watching.clone(), purse.clone());
                poll.watch(timeline, Watch { watching, account, common, by_name, among, lesser, purse });
            }
        }
        Ok(poll)
    }

    /// Watches a timeline, unless it is watched already under another name.
    fn watch(&mut self, timeline: TimelineId, watch: Watch) -> bool {
        if let Some(other) = self.watched.get(&timeline) {
            let (first, second) = (&other.account, &watch.account);
            warn!(%timeline, "{first} and {second} are the same account; it is watched once, by {}", other.watching.id);
            return false;
        }
        self.wanted.push(timeline.clone());
        self.watched.insert(timeline, watch);
        true
    }

    /// Looks at timelines until `stop`; what is under way then is dropped, what was handed to `looks` is not.
    ///
    /// `committed` rings when a look was made to count.
    pub(crate) async fn run(
        mut self,
        looks: mpsc::Sender<Box<Look>>,
        committed: Arc<Notify>,
        beat: Beat,
        stop: CancellationToken,
    ) -> Result<(), StoreError> {
        let mut under_way: FuturesUnordered<Looking> = FuturesUnordered::new();
        loop {
            beat.turn();
            let now = self.clock.now();
            let free = AT_ONCE.saturating_sub(under_way.len());
            let mut next = Timestamp::MAX;
            // With no hand free, the next thing to wait for is a hand.
            if free > 0 {
                let claimed = self.store.claim(&self.wanted, free, now).await?;
                for turn in claimed.turns {
                    let look = self.look(turn, now)?;
                    under_way.push(look);
                }
                next = claimed.next.unwrap_or(next);
            }
            let look = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                Some(look) = under_way.next() => look,
                () = committed.notified() => continue,
                () = sleep_until(next, now, TICK.try_into().unwrap_or(SignedDuration::ZERO)) => continue,
            };
            self.found(&look).await?;
            // The committer is gone only when the daemon stops.
            let _ = looks.send(look).await;
        }
    }

    /// Looks once at every timeline, to its end, whatever is due; `commit` makes each page count.
    pub(crate) async fn once(
        &mut self,
        committer: &mut Committer,
        stop: &CancellationToken,
    ) -> Result<Vec<String>, StoreError> {
        let mut failed = Vec::new();
        let now = self.clock.now();
        let mut left = self.wanted.clone();
        let mut under_way: FuturesUnordered<Looking> = FuturesUnordered::new();
        loop {
            let claimed =
                self.store.claim(&left, AT_ONCE.saturating_sub(under_way.len()), Timestamp::MAX).await?;
            for turn in claimed.turns {
                let waits = turn.state.as_ref().filter(|state| state.failures > 0 && state.due(now) > now);
                if let (Some(state), Some(watch)) = (waits, self.watched.get(&turn.timeline)) {
                    let why = state.trouble.as_ref().map_or("it failed", |trouble| trouble.why.as_str());
                    failed.push(format!(
                        "{} {}: waits until {:.0}: {why}",
                        watch.watching.id, watch.account, state.due
                    ));
                    left.retain(|id| *id != turn.timeline);
                    continue;
                }
                let look = self.look(turn, now)?;
                under_way.push(look);
            }
            let look = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(failed),
                look = under_way.next() => look,
            };
            let Some(look) = look else { return Ok(failed) };
            left.extend(self.found(&look).await?);
            let more = matches!(&look.result, Ok(page) if page.more);
            if let Err(error) = &look.result {
                failed.push(format!("{} {}: {error}", look.watch.watching.id, look.watch.account));
            }
            if !more {
                left.retain(|id| *id != look.turn.timeline);
            }
            committer.take(*look).await?;
        }
    }

    /// A look at the timeline of `turn`.
    fn look(&self, turn: Turn, now: Timestamp) -> Result<Looking, StoreError> {
        let Some(watch) = self.watched.get(&turn.timeline).cloned() else {
            return Err(StoreError::Broken(format!("{} was handed out but is not watched", turn.timeline)));
        };
        let store = self.store.clone();
        if turn.timeline.is_unresolved() {
            return Ok(looking_up(turn, watch, store, now).boxed());
        }
        let backfill = watch.common.backfill;
        let since = backfill.map(|back| now.saturating_sub(back).unwrap_or(Timestamp::MIN));
        let since = turn.state.as_ref().map_or(since, |state| state.since);
        let matcher = self.matcher.clone();
        let looking = async move {
            let cursor = turn.state.as_ref().and_then(|state| state.cursor.as_ref());
            let (result, aside) = match set_aside(&watch, Some(&turn.timeline), store.as_ref(), now).await {
                Ok(aside) => {
                    let allowance = aside.as_ref().map(Aside::posts);
                    let ask =
                        Ask { timeline: &turn.timeline, account: &watch.account, cursor, since, allowance };
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
            Box::new(Look { turn, watch, asked_at, result, found, matches, named, aside })
        };
        Ok(looking.boxed())
    }

    /// Watches the timeline that a look-up found; gives it, if it was not watched yet.
    async fn found(&mut self, look: &Look) -> Result<Option<TimelineId>, StoreError> {
        let Some(timeline) = look.found.clone() else { return Ok(None) };
        let Watch { watching, account, .. } = &look.watch;
        debug!(source = watching.id, %timeline, "{account} looked up");
        self.store.resolve(&watching.platform, account, &timeline).await?;
        self.wanted.retain(|wanted| *wanted != look.turn.timeline);
        self.watched.remove(&look.turn.timeline);
        Ok(self.watch(timeline.clone(), look.watch.clone()).then_some(timeline))
    }
}

/// A look-up of an account whose timeline is not known: a look at the one that stands for its name.
async fn looking_up(turn: Turn, watch: Watch, store: Arc<dyn Store>, now: Timestamp) -> Box<Look> {
    let (found, result) = match look_up(&watch, store.as_ref(), now).await {
        Ok(timeline) => (Some(timeline), Ok(Page::default())),
        Err(error) => (None, Err(error)),
    };
    let matches = Vec::new();
    Box::new(Look { turn, watch, asked_at: now, result, found, matches, named: None, aside: None })
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
