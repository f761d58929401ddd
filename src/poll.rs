//! The way in: looks at timelines when they are due, matches what is news, and makes it count.
//!
//! ```text
//! claim -> fetch     many at a time, here; a fetch may be dropped at any moment
//! unseen -> match -> story -> route -> commit     one page at a time, in the committer; never dropped
//! ```

mod agenda;
mod batch;
mod commit;
mod decide;
mod look;
mod measure;
mod names;
mod notice;
mod numbers;
mod once;
mod purse;
mod tally;
mod troubles;
mod watching;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until as sleep_until_instant};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use self::agenda::Agenda;
pub(crate) use self::agenda::Number;
use self::look::{Look, Looking};
use self::numbers::Numbers;
use self::purse::Purse;
use self::watching::Shared;
pub use commit::{Audience, Committer};
pub use purse::spent;
pub use tally::{Counted, Tally};
pub(crate) use watching::Watch;
pub use watching::Watching;

use crate::clock::{Clock, sleep_until};
use crate::model::matched::Match;
use crate::model::post::Post;
use crate::model::timeline::{TimelineId, Turn};
use crate::pulse::Beat;
use crate::store::{Store, StoreError};
use crate::watch::Origin;

/// The loop turns at least this often, whatever is due.
pub const TICK: Duration = Duration::from_secs(5);

/// Looks begin together at most once in this time: to be woken for each by itself costs more than most looks do.
const BREATH: Duration = Duration::from_millis(100);

/// The same where a source had too few hands for all that was due.
const SHORT_BREATH: Duration = Duration::from_millis(10);

/// Calls that may be under way at a host whose pace is not known.
const CALLS: usize = 4;

/// The rules that hold for a post that came by a watched account.
pub type Matcher = Arc<dyn Fn(&Post, &Origin) -> Vec<Match> + Send + Sync>;

/// What the way in works with.
pub struct Poll {
    /// What is watched, by its number on the agenda; `None` once it was looked up and has another.
    watched: Vec<Option<(TimelineId, Watch)>>,
    numbers: Numbers,
    agenda: Agenda,
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
        let (watched, numbers, agenda) = (Vec::new(), Numbers::default(), Agenda::default());
        let now = clock.now();
        let mut poll = Self { watched, numbers, agenda, store, matcher, clock };
        for (number, watching) in sources.into_iter().enumerate() {
            let purse = watching.common.budget.map(|budget| Arc::new(Purse::new(&watching.id, budget)));
            let watched = watching.source.accounts();
            let accounts = watched.len();
            let of = Arc::new(Shared { number, watching, accounts, purse });
            poll.watched.reserve_exact(accounts);
            let calls = of.watching.common.pace.map_or(CALLS, |pace| pace.at_once);
            poll.agenda.open(accounts, calls);
            for (place, watched) in watched.into_iter().enumerate() {
                let timeline = of.watching.timeline(&watched, poll.store.as_ref()).await?;
                let due = poll.due_anew(&timeline, now).await?;
                let every = watched.every.unwrap_or(of.watching.common.every).as_millis() as i64;
                let lesser = place as f32 / accounts.saturating_sub(1).max(1) as f32;
                let (by_name, account) = (watched.timeline.is_none(), watched.account);
                poll.watch(timeline, due, Watch { of: of.clone(), account, every, lesser, by_name });
            }
        }
        Ok(poll)
    }

    /// Watches a timeline, unless it is watched already under another name.
    fn watch(&mut self, timeline: TimelineId, due: Timestamp, watch: Watch) -> bool {
        let there = self.numbers.get(&timeline, &self.watched);
        if let Some(other) = there.and_then(|number| self.watched[number].as_ref()) {
            let (first, second) = (&other.1.account, &watch.account);
            let by = &other.1.watching().id;
            warn!(%timeline, "{first} and {second} are the same account; it is watched once, by {by}");
            return false;
        }
        let host = watch.watching().source.host(&watch.account);
        let number = self.agenda.add(watch.of.number, host.as_deref(), due);
        self.watched.push(Some((timeline, watch)));
        self.numbers.insert(number, &self.watched);
        true
    }

    /// When a timeline is due for one who starts: people mend what failed, then start vigie or change its configuration.
    async fn due_anew(&self, timeline: &TimelineId, now: Timestamp) -> Result<Timestamp, StoreError> {
        let Some(state) = self.store.timeline(timeline).await? else { return Ok(now) };
        let due = state.due(now);
        if due <= now || !state.may_be_mended() {
            return Ok(due);
        }
        self.store.hasten(timeline, now).await?;
        Ok(now)
    }

    /// When a timeline is due, as the store has it.
    async fn due(&self, timeline: &TimelineId, now: Timestamp) -> Result<Timestamp, StoreError> {
        Ok(self.store.timeline(timeline).await?.map_or(now, |state| state.due(now)))
    }

    /// Looks at timelines until `stop`; what is under way then is dropped, what was handed to `looks` is not.
    ///
    /// `dues` tells of each look that was made to count when its timeline is due again.
    pub(crate) async fn run(
        mut self,
        looks: mpsc::Sender<Box<Look>>,
        mut dues: mpsc::UnboundedReceiver<(Number, Timestamp)>,
        beat: Beat,
        stop: CancellationToken,
    ) -> Result<(), StoreError> {
        let mut under_way: FuturesUnordered<Looking> = FuturesUnordered::new();
        // Looks for which the committer has no room yet. Until it has, no other begins, so they stay few.
        let mut ended = VecDeque::new();
        let mut breath = Instant::now();
        loop {
            beat.turn();
            let now = self.clock.now();
            while let Ok((number, due)) = dues.try_recv() {
                self.agenda.wait(number, due);
            }
            // While vigie pauses, or the committer has no room, nothing more is begun.
            let begins = ended.is_empty() && !beat.is_paused();
            if begins && Instant::now() >= breath {
                for (number, turn) in self.claim(now).await? {
                    under_way.push(self.look(number, turn, now)?);
                    let rest = if self.agenda.is_stretched() { SHORT_BREATH } else { BREATH };
                    breath = Instant::now() + rest;
                }
            }
            // With no hand free, the next thing to wait for is a hand.
            let next = self.agenda.next().filter(|_| begins).unwrap_or(Timestamp::MAX);
            let awake = async {
                sleep_until(next, now, TICK.try_into().unwrap_or(SignedDuration::ZERO)).await;
                sleep_until_instant(breath).await;
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => {
                    while let Some(look) = ended.pop_front() && looks.try_send(look).is_ok() {}
                    return Ok(());
                }
                Ok(room) = looks.reserve(), if !ended.is_empty() => {
                    if let Some(look) = ended.pop_front() {
                        room.send(look);
                    }
                }
                Some(look) = under_way.next() => {
                    let mut next = Some(look);
                    // Looks that began together often end together.
                    while let Some(look) = next {
                        self.ended(&look, now).await?;
                        ended.push_back(look);
                        next = under_way.next().now_or_never().flatten();
                    }
                    while let Some(look) = ended.pop_front() {
                        if let Err(full) = looks.try_send(look) {
                            ended.push_front(full.into_inner());
                            break;
                        }
                    }
                }
                Some((number, due)) = dues.recv() => self.agenda.wait(number, due),
                () = awake => {}
            }
        }
    }

    /// Turns at what is due at `by`, as far as there are hands.
    async fn claim(&mut self, by: Timestamp) -> Result<Vec<(Number, Turn)>, StoreError> {
        let started = self.agenda.start(by);
        if started.is_empty() {
            return Ok(Vec::new());
        }
        let timeline = |number: Number| self.watched[number].as_ref().map(|(timeline, _)| timeline.clone());
        let wanted: Vec<_> = started.iter().filter_map(|number| timeline(*number)).collect();
        let turns = self.store.claim(&wanted, by).await?;
        let mut turns: HashMap<_, _> = turns.into_iter().map(|turn| (turn.timeline.clone(), turn)).collect();
        let mut claimed = Vec::with_capacity(started.len());
        for (number, timeline) in started.into_iter().zip(wanted) {
            if let Some(turn) = turns.remove(&timeline) {
                claimed.push((number, turn));
                continue;
            }
            // The store knows better when it is due: the clock jumped.
            let (due, soon) =
                (self.due(&timeline, by).await?, by.saturating_add(TICK).unwrap_or(Timestamp::MAX));
            self.agenda.ended(number, None);
            self.agenda.wait(number, due.max(soon));
        }
        Ok(claimed)
    }

    fn watch_of(&self, number: Number) -> Option<&Watch> {
        self.watched[number].as_ref().map(|(_, watch)| watch)
    }

    fn look(&self, number: Number, turn: Turn, now: Timestamp) -> Result<Looking, StoreError> {
        let Some(watch) = self.watch_of(number).cloned() else {
            return Err(StoreError::Broken(format!("{} was handed out but is not watched", turn.timeline)));
        };
        Ok(look::look((number, watch), turn, self.store.clone(), self.matcher.clone(), now))
    }

    /// Frees the hand of a look. The timeline that a look-up found is watched instead of the name.
    async fn ended(&mut self, look: &Look, now: Timestamp) -> Result<(), StoreError> {
        self.agenda.ended(look.number, look.answered());
        if let Ok(page) = &look.result {
            self.agenda.led(look.number, page.host.as_deref());
        }
        let Some(timeline) = look.found.clone() else { return Ok(()) };
        let (watching, account) = (look.watch.watching(), &look.watch.account);
        debug!(source = watching.id, %timeline, "{account} looked up");
        self.store.resolve(&watching.platform, account, &timeline).await?;
        self.agenda.leave(look.number);
        self.numbers.remove(&look.turn.timeline, &self.watched);
        self.watched[look.number] = None;
        let due = self.due(&timeline, now).await?;
        self.watch(timeline, due, look.watch.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
