//! The one task that makes looks count, so that every decision sees the state it is committed to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, mpsc};
use tracing::{info, warn};

use super::names::{self, Told};
use super::{Look, Lost, Message, TICK, decide};
use crate::clock::Clock;
use crate::model::coverage::Cause;
use crate::model::delivery::{Body, Delivery, DeliveryId, Notice};
use crate::model::look::Turned;
use crate::model::sink::SinkId;
use crate::model::spend::Reads;
use crate::model::timeline::Trouble;
use crate::pulse::Beat;
use crate::route::Routes;
use crate::store::{News, Store, StoreError};

/// The same trouble of a source is told once in this time, however many of its accounts meet it.
const TOLD_ONCE_IN: SignedDuration = SignedDuration::from_hours(1);

/// Makes looks count, one page at a time.
pub struct Committer {
    store: Arc<dyn Store>,
    routes: Routes,
    operators: SinkId,
    clock: Arc<dyn Clock>,
    rng: fastrand::Rng,
    /// Rings when a delivery was filed.
    filed: Arc<Notify>,
    told: HashMap<(String, String), Timestamp>,
    tally: Tally,
    running_since: Timestamp,
}

/// What the committer counted, for whoever tells of it. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Mutex<Counted>>);

impl Tally {
    /// What was counted since the last time.
    pub fn take(&self) -> Counted {
        std::mem::take(&mut *self.counted())
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was made to count so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

impl Committer {
    /// A committer into `store`. `filed` rings when a delivery was filed; `tally` is where it counts.
    pub fn new(
        store: Arc<dyn Store>,
        routes: Routes,
        operators: SinkId,
        clock: Arc<dyn Clock>,
        rng: fastrand::Rng,
        filed: Arc<Notify>,
        tally: Tally,
    ) -> Self {
        let (told, running_since) = (HashMap::new(), clock.now());
        Self { store, routes, operators, clock, rng, filed, told, tally, running_since }
    }

    /// Takes messages until nobody can send any more. `committed` rings after each.
    pub(crate) async fn run(
        mut self,
        mut messages: mpsc::Receiver<Message>,
        committed: Arc<Notify>,
        beat: Beat,
    ) -> Result<(), StoreError> {
        loop {
            beat.turn();
            match tokio::time::timeout(TICK, messages.recv()).await {
                Ok(Some(Message::Look(look))) => self.take(*look).await?,
                Ok(Some(Message::Lost(lost))) => self.tell(&lost).await?,
                Ok(None) => return Ok(()),
                Err(_) => continue,
            }
            committed.notify_one();
        }
    }

    /// Makes one look count.
    pub(crate) async fn take(&mut self, mut look: Look) -> Result<(), StoreError> {
        let now = self.clock.now();
        let (aside, named) = (look.aside.take(), look.named.take());
        let (read, name) = match &look.result {
            Ok(page) => (page.read, page.name.clone()),
            Err(_) => (Reads::default(), None),
        };
        let (timeline, by_name) = (look.turn.timeline.clone(), look.watch.by_name);
        let sightings = self.store.sightings(&decide::revisions(&look)).await?;
        self.count(&look, sightings.iter().map(|sighting| sighting.news));
        let (source, account) = (look.watch.watching.id.clone(), look.watch.account.clone());
        let times = (self.running_since, now);
        let (mut outcome, turned) = decide::decide(look, sightings, &self.routes, times, &mut self.rng);
        let told = turned.into_iter().filter_map(|turned| self.notice(&source, &account, turned, now));
        outcome.notices.extend(told);
        if by_name {
            let (source, account, leads_to) = (source.as_str(), account.as_str(), named.as_ref());
            let told = Told { source, account, timeline: &timeline, name: name.as_deref(), leads_to };
            let notice = names::note(&mut outcome.state, &told, now);
            outcome.notices.extend(notice.map(|notice| self.file(notice)));
        }
        if let Some(aside) = &aside {
            let (charge, warning) = aside.settle(read, self.store.as_ref(), now).await?;
            outcome.charge = Some(charge);
            outcome.notices.extend(warning.map(|notice| self.file(notice)));
        }
        let files = !outcome.filings.is_empty() || !outcome.notices.is_empty();
        self.tally.counted().matched += outcome.filings.len() as u64;
        if !outcome.filings.is_empty() {
            info!(source, matched = outcome.filings.len(), "{account}: alerts filed");
        }
        self.store.commit(outcome, now).await?;
        if files {
            self.filed.notify_waiters();
        }
        Ok(())
    }

    /// Tells the operators of an account that cannot be found.
    pub(crate) async fn tell(&mut self, lost: &Lost) -> Result<(), StoreError> {
        let now = self.clock.now();
        let why = lost.why.chars().take(400).collect();
        let trouble = Trouble { since: now, cause: Cause::Refusal, why };
        if let Some(notice) = self.notice(&lost.source, &lost.account, Turned::Blind(trouble), now) {
            self.store.tell(vec![notice]).await?;
            self.filed.notify_waiters();
        }
        Ok(())
    }

    fn count(&mut self, look: &Look, news: impl Iterator<Item = News>) {
        let (source, account) = (&look.watch.watching.id, &look.watch.account);
        let (mut new, mut revised) = (0, 0);
        for news in news {
            new += u64::from(news == News::New);
            revised += u64::from(news == News::Revised);
        }
        let unreadable = look.result.as_ref().map_or(0, |page| page.unreadable.len() as u64);
        {
            let mut counted = self.tally.counted();
            counted.new += new;
            counted.revised += revised;
            counted.unreadable += unreadable;
        }
        match &look.result {
            Ok(page) => {
                for why in &page.unreadable {
                    warn!(source, "{account}: {why}");
                }
                if new + revised > 0 {
                    info!(source, new, revised, "{account}: posts seen");
                }
            }
            Err(error) => warn!(source, "{account}: {error}"),
        }
    }

    /// What the operators hear of a timeline that turned; nothing if its source just said the same.
    fn notice(&mut self, source: &str, account: &str, turned: Turned, now: Timestamp) -> Option<Delivery> {
        let (title, text, what) = match turned {
            Turned::Blind(trouble) => {
                let text = format!(
                    "{}\nNothing of it was read since {:.0}. Other accounts of {source} in the same trouble are not \
                     told one by one.",
                    trouble.why, trouble.since
                );
                (format!("{source} cannot read {account}"), text, trouble.why)
            }
            Turned::Missed(gap) => {
                let text = format!("From {:.0} to {:.0}: {}", gap.from, gap.until, gap.why);
                (format!("{source} may have missed posts of {account}"), text, "missed".to_owned())
            }
            Turned::Quiet { since, .. } => {
                (format!("{source}: {account} is silent"), format!("since {since:.0}"), "silent".to_owned())
            }
            Turned::Heard { since } => {
                (format!("{source}: {account} posts again"), format!("since {since:.0}"), "posts".to_owned())
            }
            Turned::Back { trouble, .. } => {
                let text = format!(
                    "It could not be read since {:.0}. What was posted meanwhile is being caught up.",
                    trouble.since
                );
                (format!("{source} reads {account} again"), text, "back".to_owned())
            }
        };
        self.told.retain(|_, told| now.duration_since(*told).abs() < TOLD_ONCE_IN);
        let told = self.told.insert((source.to_owned(), what.clone()), now);
        if told.is_some() {
            return None;
        }
        let text = text.chars().take(1000).collect();
        Some(self.file(Notice { title: title.chars().take(200).collect(), text, at: now }))
    }

    /// A notice on its way to the operators.
    fn file(&self, notice: Notice) -> Delivery {
        let now = notice.at;
        let id = DeliveryId::of_notice(&format!("{} {now}", notice.title), &self.operators);
        Delivery::open(id, self.operators.clone(), Body::Notice(notice), now, now)
    }
}
