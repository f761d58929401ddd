//! The way in: looks at timelines when they are due, matches what they show, and makes it count.
//!
//! ```text
//! claim -> fetch -> match     many at a time, here; a fetch may be dropped at any moment
//! unseen -> story -> route -> commit     one page at a time, in the committer; never dropped
//! ```

mod commit;
mod decide;
mod names;
mod purse;

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
pub use commit::{Committer, Counted, Tally};
pub use purse::spent;

use crate::clock::{Clock, sleep_until};
use crate::model::backoff::full_jitter;
use crate::model::look::FAILURES_TOLD;
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

/// A timeline and who watches it.
#[derive(Clone)]
pub(crate) struct Watch {
    pub(crate) watching: Arc<Watching>,
    pub(crate) account: String,
    /// Its pace and bounds.
    pub(crate) common: Common,
    /// Whether its timeline was found by its name.
    by_name: bool,
    /// How much less it matters than the source's other accounts, by their order: from 0 to 1.
    lesser: f64,
    /// The source's money, where reading costs.
    purse: Option<Arc<Purse>>,
}

/// What the committer is told.
pub(crate) enum Message {
    /// A look to make count.
    Look(Box<Look>),
    /// An account that has no timeline.
    Lost(Lost),
}

/// An account that could not be looked up.
pub(crate) struct Lost {
    pub(crate) source: String,
    pub(crate) account: String,
    pub(crate) why: String,
}

/// A look at a timeline, on its way to the committer.
pub(crate) struct Look {
    pub(crate) turn: Turn,
    pub(crate) watch: Watch,
    pub(crate) asked_at: Timestamp,
    pub(crate) result: Result<Page, SourceError>,
    /// For each post of the page, the rules that hold for it.
    pub(crate) matches: Vec<Vec<Match>>,
    /// Whom the account's name leads to now, if that was asked.
    pub(crate) named: Option<Result<TimelineId, SourceError>>,
    /// What was set aside for it.
    pub(crate) aside: Option<Aside>,
}

/// An account that has no timeline yet.
struct Unresolved {
    watch: Watch,
    due: Timestamp,
    failures: u32,
}

/// How something under way ended.
enum Done {
    Looked(Box<Look>),
    Resolved(Box<Unresolved>, Result<TimelineId, SourceError>),
}

/// What the way in works with.
pub struct Poll {
    watched: HashMap<TimelineId, Watch>,
    wanted: Vec<TimelineId>,
    unresolved: Vec<Unresolved>,
    store: Arc<dyn Store>,
    matcher: Matcher,
    clock: Arc<dyn Clock>,
    rng: fastrand::Rng,
}

impl Poll {
    /// The way in from these sources.
    pub async fn new(
        sources: Vec<Watching>,
        store: Arc<dyn Store>,
        matcher: Matcher,
        clock: Arc<dyn Clock>,
        rng: fastrand::Rng,
    ) -> Result<Self, StoreError> {
        let (watched, wanted, unresolved) = (HashMap::new(), Vec::new(), Vec::new());
        let mut poll = Self { watched, wanted, unresolved, store, matcher, clock, rng };
        let now = poll.clock.now();
        for watching in sources.into_iter().map(Arc::new) {
            let purse = watching.common.budget.map(|budget| Arc::new(Purse::new(&watching.id, budget)));
            let accounts = watching.source.accounts();
            let last = accounts.len().saturating_sub(1).max(1) as f64;
            for (place, Watched { account, timeline, every }) in accounts.into_iter().enumerate() {
                let lesser = place as f64 / last;
                let every = every.unwrap_or(watching.common.every);
                let common = Common { every, ..watching.common };
                let (by_name, purse) = (timeline.is_none(), purse.clone());
                let watch = Watch { watching: watching.clone(), account, common, by_name, lesser, purse };
                let known = match timeline {
                    Some(timeline) => Some(timeline),
                    None => poll.store.resolved(&watching.platform, &watch.account).await?,
                };
                match known {
                    Some(timeline) => poll.watch(timeline, watch),
                    None => poll.unresolved.push(Unresolved { watch, due: now, failures: 0 }),
                }
            }
        }
        Ok(poll)
    }

    fn watch(&mut self, timeline: TimelineId, watch: Watch) {
        if let Some(other) = self.watched.get(&timeline) {
            let (first, second) = (&other.account, &watch.account);
            warn!(%timeline, "{first} and {second} are the same account; it is watched once, by {}", other.watching.id);
            return;
        }
        self.wanted.push(timeline.clone());
        self.watched.insert(timeline, watch);
    }

    /// Looks at timelines until `stop`; what is under way then is dropped, what was handed to `messages` is not.
    ///
    /// `committed` rings when a look was made to count.
    pub(crate) async fn run(
        mut self,
        messages: mpsc::Sender<Message>,
        committed: Arc<Notify>,
        beat: Beat,
        stop: CancellationToken,
    ) -> Result<(), StoreError> {
        let mut under_way: FuturesUnordered<BoxFuture<'static, Done>> = FuturesUnordered::new();
        loop {
            beat.turn();
            let now = self.clock.now();
            under_way.extend(self.resolve(now));
            let mut next = self.unresolved.iter().map(|account| account.due).min();
            let free = AT_ONCE.saturating_sub(under_way.len());
            // With no hand free, the next thing to wait for is a hand.
            if free > 0 {
                let claimed = self.store.claim(&self.wanted, free, now).await?;
                for turn in claimed.turns {
                    let look = self.look(turn, now)?;
                    under_way.push(look);
                }
                next = next.into_iter().chain(claimed.next).min();
            }
            let next = next.unwrap_or(Timestamp::MAX);
            let done = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                Some(done) = under_way.next() => done,
                () = committed.notified() => continue,
                () = sleep_until(next, now, TICK.try_into().unwrap_or(SignedDuration::ZERO)) => continue,
            };
            let message = match done {
                Done::Looked(look) => Some(Message::Look(look)),
                Done::Resolved(account, result) => self.resolved(*account, result).await?.map(Message::Lost),
            };
            if let Some(message) = message {
                // The committer is gone only when the daemon stops.
                let _ = messages.send(message).await;
            }
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
        for account in std::mem::take(&mut self.unresolved) {
            let Done::Resolved(account, result) = resolving(account, self.store.clone(), now).await else {
                continue;
            };
            if let Err(error) = &result {
                failed.push(format!("{} {}: {error}", account.watch.watching.id, account.watch.account));
            }
            if let Some(lost) = self.resolved(*account, result).await? {
                committer.tell(&lost).await?;
            }
        }
        let mut left = self.wanted.clone();
        let mut under_way: FuturesUnordered<BoxFuture<'static, Done>> = FuturesUnordered::new();
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
            let done = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(failed),
                done = under_way.next() => done,
            };
            let Some(Done::Looked(look)) = done else { return Ok(failed) };
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
    fn look(&self, turn: Turn, now: Timestamp) -> Result<BoxFuture<'static, Done>, StoreError> {
        let Some(watch) = self.watched.get(&turn.timeline).cloned() else {
            return Err(StoreError::Broken(format!("{} was handed out but is not watched", turn.timeline)));
        };
        let backfill = watch.common.backfill;
        let since = backfill.map(|back| now.saturating_sub(back).unwrap_or(Timestamp::MIN));
        let since = turn.state.as_ref().map_or(since, |state| state.since);
        let (store, matcher) = (self.store.clone(), self.matcher.clone());
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
            Done::Looked(Box::new(Look { turn, watch, asked_at: now, result, matches, named, aside }))
        };
        Ok(looking.boxed())
    }

    /// Look-ups of accounts that are due.
    fn resolve(&mut self, now: Timestamp) -> Vec<BoxFuture<'static, Done>> {
        let due = self.unresolved.extract_if(.., |account| account.due <= now);
        due.map(|account| resolving(account, self.store.clone(), now).boxed()).collect()
    }

    /// Takes the end of a look-up; returns what the operators should hear of it.
    async fn resolved(
        &mut self,
        mut account: Unresolved,
        result: Result<TimelineId, SourceError>,
    ) -> Result<Option<Lost>, StoreError> {
        let now = self.clock.now();
        let Watch { watching, account: name, .. } = &account.watch;
        match result {
            Ok(timeline) => {
                debug!(source = watching.id, %timeline, "{name} resolved");
                self.store.resolve(&watching.platform, name, &timeline).await?;
                self.watch(timeline, account.watch);
                Ok(None)
            }
            Err(error) => {
                warn!(source = watching.id, "{name} cannot be looked up: {error}");
                account.failures = account.failures.saturating_add(1);
                let cap = SignedDuration::from_mins(15);
                let wait = full_jitter(account.failures, watching.common.every, cap, &mut self.rng);
                let not_before = match error {
                    SourceError::Retry(Some(at), _)
                    | SourceError::Later(at, _)
                    | SourceError::Paused(at, _) => at,
                    _ => now,
                };
                account.due = not_before.max(now.saturating_add(wait).unwrap_or(now));
                let passing = matches!(error, SourceError::Retry(..) | SourceError::Later(..));
                let told = account.failures == if passing { FAILURES_TOLD } else { 1 };
                let (source, account_name) = (watching.id.clone(), name.clone());
                self.unresolved.push(account);
                Ok(told.then(|| Lost { source, account: account_name, why: error.to_string() }))
            }
        }
    }
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

async fn resolving(account: Unresolved, store: Arc<dyn Store>, now: Timestamp) -> Done {
    let result = look_up(&account.watch, store.as_ref(), now).await;
    Done::Resolved(Box::new(account), result)
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
