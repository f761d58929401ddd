//! The one task that makes looks count, so that every decision sees the state it is committed to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, mpsc};
use tracing::{debug, info, warn};

use super::look::Look;
use super::names::{self, Told};
use super::notice::{self, notice};
use super::troubles::Troubles;
use super::{Number, TICK, Watching, decide, measure};
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::model::calendar::day;
use crate::model::delivery::{Body, Delivery, DeliveryId, Notice};
use crate::model::look::Turned;
use crate::model::sink::SinkId;
use crate::model::spend::Reads;
use crate::model::timeline::TimelineId;
use crate::pulse::Beat;
use crate::route::Routes;
use crate::store::{News, Store, StoreError};

/// The silence of a source's accounts is asked about once in this time, however many of them are silent.
const ASKED_ONCE_IN: SignedDuration = SignedDuration::from_hours(1);

/// Looks that brought nothing are made to survive a crash once in this time, all together.
const KEPT_EVERY: SignedDuration = SignedDuration::from_secs(30);

/// Makes looks count, one page at a time.
pub struct Committer {
    store: Arc<dyn Store>,
    audience: Audience,
    clock: Arc<dyn Clock>,
    rng: fastrand::Rng,
    /// Rings when a delivery was filed.
    filed: Arc<Notify>,
    troubles: Troubles,
    /// When a source's silence was last asked about.
    asked: HashMap<String, Timestamp>,
    tally: Tally,
    running_since: Timestamp,
}

/// Who hears of what.
#[derive(Clone, Debug)]
pub struct Audience {
    /// Of matches.
    pub routes: Routes,
    /// Of vigie itself.
    pub operators: SinkId,
    /// The time zone they read.
    pub timezone: TimeZone,
}

/// What the committer counted, for whoever tells of it. Cheap to clone.
#[derive(Clone)]
pub struct Tally {
    counts: Arc<Mutex<Counts>>,
    metrics: Metrics,
}

/// What was counted since it was last taken, and on the present day.
#[derive(Debug, Default)]
struct Counts {
    untaken: Counted,
    today: Counted,
    day: i32,
}

impl Tally {
    /// Nothing counted yet; it is counted in `metrics` too.
    pub fn new(metrics: Metrics) -> Self {
        Self { counts: Arc::default(), metrics }
    }

    /// What was counted since the last time.
    pub fn take(&self) -> Counted {
        std::mem::take(&mut self.counts().untaken)
    }

    /// What was counted on the UTC day of `now`.
    pub fn today(&self, now: Timestamp) -> Counted {
        let counts = self.counts();
        if counts.day == day(now) { counts.today } else { Counted::default() }
    }

    fn add(&self, more: Counted, now: Timestamp) {
        let mut counts = self.counts();
        if counts.day != day(now) {
            (counts.day, counts.today) = (day(now), Counted::default());
        }
        counts.untaken = counts.untaken.plus(more);
        counts.today = counts.today.plus(more);
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was made to count so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Posts seen for the first time.
    pub new: u64,
    /// Edits of posts seen before.
    pub revised: u64,
    /// Posts that people hear of.
    pub matched: u64,
    /// Posts that could not be read.
    pub unreadable: u64,
}

impl Counted {
    fn plus(self, more: Self) -> Self {
        Self {
            new: self.new + more.new,
            revised: self.revised + more.revised,
            matched: self.matched + more.matched,
            unreadable: self.unreadable + more.unreadable,
        }
    }
}

impl Committer {
    /// A committer into `store` of what `sources` show. `filed` rings when a delivery was filed; `tally` is where it
    /// counts.
    pub async fn new(
        store: Arc<dyn Store>,
        sources: &[Watching],
        audience: Audience,
        clock: Arc<dyn Clock>,
        rng: fastrand::Rng,
        filed: Arc<Notify>,
        tally: Tally,
    ) -> Result<Self, StoreError> {
        let troubles = Troubles::load(sources, store.as_ref()).await?;
        let (asked, running_since) = (HashMap::new(), clock.now());
        Ok(Self { store, audience, clock, rng, filed, troubles, asked, tally, running_since })
    }

    /// Takes looks until nobody can send any more; tells of each when its timeline is due again.
    pub(crate) async fn run(
        mut self,
        mut looks: mpsc::Receiver<Box<Look>>,
        dues: mpsc::UnboundedSender<(Number, Timestamp)>,
        beat: Beat,
    ) -> Result<(), StoreError> {
        let mut kept = self.clock.now();
        loop {
            beat.turn();
            let now = self.clock.now();
            if now.duration_since(kept).abs() >= KEPT_EVERY {
                self.store.keep().await?;
                kept = now;
            }
            match tokio::time::timeout(TICK, looks.recv()).await {
                Ok(Some(look)) => {
                    let number = look.number;
                    let due = self.take(*look).await?;
                    // Whoever looks is gone only when the daemon stops.
                    let _ = dues.send((number, due));
                }
                Ok(None) => return self.store.keep().await,
                Err(_) => {}
            }
        }
    }

    /// Makes one look count; tells when its timeline is due again.
    pub(crate) async fn take(&mut self, mut look: Look) -> Result<Timestamp, StoreError> {
        let now = self.clock.now();
        let (aside, named) = (look.aside.take(), look.named.take());
        let (read, name, moved) = match &mut look.result {
            Ok(page) => (page.read, page.name.take(), page.moved.take()),
            Err(_) => (Reads::default(), None, None),
        };
        let (timeline, by_name) = (look.turn.timeline.clone(), look.watch.by_name);
        let revisions = decide::revisions(&look);
        let sightings =
            if revisions.is_empty() { Vec::new() } else { self.store.sightings(&revisions).await? };
        let seen = count(&look, sightings.iter().map(|sighting| sighting.news));
        measure::look(&self.tally.metrics, &look, &sightings);
        let (source, account) = (look.watch.watching().id.clone(), look.watch.account.clone());
        let times = (self.running_since, now);
        let (mut outcome, turned, rules) =
            decide::decide(look, sightings, &self.audience.routes, times, &mut self.rng);
        for turned in turned {
            let notice = self.notice((&source, &account), &timeline, &turned, now);
            outcome.notices.extend(notice.map(|notice| self.file(notice)));
        }
        if by_name && !timeline.is_unresolved() {
            let (source, account, leads_to) = (source.as_str(), &*account, named.as_ref());
            let told = Told { source, account, timeline: &timeline, name: name.as_deref(), leads_to };
            let notice = names::note(&mut outcome.state, &told, now);
            outcome.notices.extend(notice.map(|notice| self.file(notice)));
        }
        let moved = moved.map(|to| notice::moved((&source, &account), &to, now));
        outcome.notices.extend(moved.map(|notice| self.file(notice)));
        if let Some(aside) = &aside {
            let (charge, warning) = aside.settle(read, self.store.as_ref(), now).await?;
            outcome.charge = Some(charge);
            outcome.notices.extend(warning.map(|notice| self.file(notice)));
        }
        let files = !outcome.filings.is_empty() || !outcome.notices.is_empty();
        let counted = Counted { matched: outcome.filings.len() as u64, ..seen };
        let (due, gaps) = (outcome.state.due, outcome.gaps.clone());
        self.store.commit(outcome, now).await?;
        // Only now it counts; if the store is full the same posts come again.
        self.tally.add(counted, now);
        measure::alerts(&self.tally.metrics, &source, &rules);
        measure::gaps(&self.tally.metrics, &source, &gaps);
        let Counted { new, revised, matched, .. } = counted;
        if new + revised > 0 {
            info!(source, new, revised, matched, "{account}: posts seen");
        }
        if files {
            self.filed.notify_waiters();
        }
        Ok(due)
    }

    /// What the operators hear of a timeline that turned; nothing if its source says the same already.
    fn notice(
        &mut self,
        (source, account): (&str, &str),
        timeline: &TimelineId,
        turned: &Turned,
        now: Timestamp,
    ) -> Option<Notice> {
        let others = match turned {
            Turned::Blind(trouble) => self.troubles.begins(source, account, timeline, trouble).then_some(0),
            Turned::Back { trouble, .. } => self.troubles.ends(source, account, timeline, trouble),
            Turned::Quiet { canary: false, .. } => {
                let asked =
                    self.asked.get(source).is_some_and(|at| now.duration_since(*at).abs() < ASKED_ONCE_IN);
                if !asked {
                    self.asked.insert(source.to_owned(), now);
                }
                (!asked).then_some(0)
            }
            Turned::Quiet { .. } | Turned::Heard { .. } | Turned::Missed(_) => Some(0),
        };
        others.map(|others| notice(turned, (source, account), others, &self.audience.timezone, now))
    }

    /// A notice on its way to the operators.
    fn file(&self, notice: Notice) -> Delivery {
        let now = notice.at;
        let sink = &self.audience.operators;
        let id = DeliveryId::of_notice(&format!("{} {now}", notice.title), sink);
        Delivery::open(id, sink.clone(), Body::Notice(notice), now, now)
    }
}

/// What a look brought; says to the log what of it failed.
fn count(look: &Look, news: impl Iterator<Item = News>) -> Counted {
    let (source, account) = (&look.watch.watching().id, &look.watch.account);
    let (mut new, mut revised) = (0, 0);
    for news in news {
        new += u64::from(news == News::New);
        revised += u64::from(news == News::Revised);
    }
    let unreadable = look.result.as_ref().map_or(0, |page| page.unreadable.len() as u64);
    match &look.result {
        Ok(page) => {
            // Why may quote the post.
            for why in &page.unreadable {
                debug!(source, "{account}: {why}");
            }
            if unreadable > 0 {
                warn!(source, unreadable, "{account}: posts cannot be read; `vigie poll {source}` tells why");
            }
        }
        Err(error) => warn!(source, "{account}: {error}"),
    }
    Counted { new, revised, matched: 0, unreadable }
}
