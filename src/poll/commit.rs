//! The one task that makes looks count, so that every decision sees the state it is committed to.
//!
//! Looks that wait for it are made to count together, because a sync for each would cost more than all else.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, mpsc};
use tracing::{debug, info, warn};

use super::batch::{Batch, Decided};
use super::decide::Shown;
use super::look::Look;
use super::measure::{self, Measured};
use super::names::{self, Told};
use super::notice::{self, notice};
use super::tally::{Counted, Tally};
use super::troubles::Troubles;
use super::{Number, TICK, Watching, decide};
use crate::clock::Clock;
use crate::model::delivery::{Body, Delivery, DeliveryId, Notice};
use crate::model::look::Turned;
use crate::model::post::{Content, PostKey};
use crate::model::sink::SinkId;
use crate::model::spend::Reads;
use crate::model::timeline::TimelineId;
use crate::pulse::Beat;
use crate::route::Routes;
use crate::store::{News, Outcome, Sighting, Store, StoreError};

/// The silence of a source's accounts is asked about once in this time, however many of them are silent.
const ASKED_ONCE_IN: SignedDuration = SignedDuration::from_hours(1);

/// Looks that brought nothing are made to survive a crash once in this time, all together.
const KEPT_EVERY: SignedDuration = SignedDuration::from_secs(30);

/// Looks that are made to count together, at most.
const AT_ONCE: usize = 32;

/// Makes looks count.
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
            let mut batch = Vec::new();
            match tokio::time::timeout(TICK, looks.recv_many(&mut batch, AT_ONCE)).await {
                Ok(0) => return self.store.keep().await,
                Ok(_) => {
                    for due in self.take_all(batch).await? {
                        // Whoever looks is gone only when the daemon stops.
                        let _ = dues.send(due);
                    }
                }
                Err(_) => {}
            }
        }
    }

    /// Makes looks count, in their order; tells when their timelines are due again.
    #[expect(clippy::vec_box, reason = "they come boxed")]
    pub(crate) async fn take_all(
        &mut self,
        looks: Vec<Box<Look>>,
    ) -> Result<Vec<(Number, Timestamp)>, StoreError> {
        let now = self.clock.now();
        let (mut dues, mut batch) = (Vec::with_capacity(looks.len()), Batch::default());
        let revisions: Vec<_> = looks.iter().map(|look| decide::revisions(look)).collect();
        let all = revisions.concat();
        let sightings = if all.is_empty() { Vec::new() } else { self.store.sightings(&all).await? };
        let mut sightings = sightings.into_iter();
        for (look, revisions) in looks.into_iter().zip(revisions) {
            let costs = look.aside.is_some();
            // What is left of the money is reckoned from what counts already.
            if costs || batch.is_large() {
                self.commit(&mut batch, now).await?;
            }
            let number = look.number;
            let sightings = batch.sightings(&revisions, &mut sightings);
            let (outcome, decided) = self.decide(*look, revisions, sightings, now).await?;
            dues.push((number, outcome.state.due));
            batch.add(outcome, decided);
            if costs {
                self.commit(&mut batch, now).await?;
            }
        }
        self.commit(&mut batch, now).await?;
        Ok(dues)
    }

    /// What a look changes, and what is said of it once that counts.
    async fn decide(
        &mut self,
        mut look: Look,
        revisions: Vec<(PostKey, Content)>,
        sightings: Vec<Sighting>,
        now: Timestamp,
    ) -> Result<(Outcome, Decided), StoreError> {
        let (aside, named) = (look.aside.take(), look.named.take());
        let (read, name, moved) = match &mut look.result {
            Ok(page) => (page.read, page.name.take(), page.moved.take()),
            Err(_) => (Reads::default(), None, None),
        };
        let (timeline, watch) = (look.turn.timeline.clone(), look.watch.clone());
        let (source, account) = (watch.watching().id.as_str(), &*watch.account);
        let seen = count(&look, sightings.iter().map(|sighting| sighting.news));
        let matches = look.matches(&sightings);
        let measured = Measured::of(&look, &matches);
        let times = (self.running_since, now);
        let shown = Shown { revisions, sightings, matches };
        let (mut outcome, turned, rules) =
            decide::decide(look, shown, &self.audience.routes, times, &mut self.rng);
        for turned in turned {
            let notice = self.notice((source, account), &timeline, &turned, now);
            outcome.notices.extend(notice.map(|notice| self.file(notice)));
        }
        if watch.by_name && !timeline.is_unresolved() {
            let leads_to = named.as_ref();
            let told = Told { source, account, timeline: &timeline, name: name.as_deref(), leads_to };
            let notice = names::note(&mut outcome.state, &told, now);
            outcome.notices.extend(notice.map(|notice| self.file(notice)));
        }
        let moved = moved.map(|to| notice::moved((source, account), &to, now));
        outcome.notices.extend(moved.map(|notice| self.file(notice)));
        if let Some(aside) = &aside {
            let (charge, warning) = aside.settle(read, self.store.as_ref(), now).await?;
            outcome.charge = Some(charge);
            outcome.notices.extend(warning.map(|notice| self.file(notice)));
        }
        let counted = Counted { matched: outcome.filings.len() as u64, ..seen };
        let decided = Decided { watch, counted, measured, rules, gaps: outcome.gaps.clone(), _aside: aside };
        Ok((outcome, decided))
    }

    /// Makes a batch count, and says so.
    async fn commit(&mut self, batch: &mut Batch, now: Timestamp) -> Result<(), StoreError> {
        let (outcomes, decided) = batch.take();
        if outcomes.is_empty() {
            return Ok(());
        }
        let files =
            outcomes.iter().any(|outcome| !(outcome.filings.is_empty() && outcome.notices.is_empty()));
        self.store.commit_all(outcomes, now).await?;
        // Only now it counts; if the store is full the same posts come again.
        for Decided { watch, counted, measured, rules, gaps, .. } in decided {
            let (source, account) = (&watch.watching().id, &watch.account);
            self.tally.add(counted, now);
            measure::look(&self.tally.metrics, source, &measured, &counted);
            measure::alerts(&self.tally.metrics, source, &rules);
            measure::gaps(&self.tally.metrics, source, &gaps);
            let Counted { new, revised, matched, .. } = counted;
            if new + revised > 0 {
                info!(source, new, revised, matched, "{account}: posts seen");
            }
        }
        if files {
            self.filed.notify_waiters();
        }
        Ok(())
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
