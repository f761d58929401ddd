//! A store that forgets when it is dropped: for tests, and as the specification of what a store does.

mod inner;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use self::inner::Inner;
use super::{News, Outcome, Saved, Sealed, Sighting, Store, StoreError};
use crate::model::coverage::Gap;
use crate::model::decision::Decision;
use crate::model::delivery::{Delivery, DeliveryId, Settlement};
use crate::model::post::{Content, Platform, Post, PostKey};
use crate::model::retention::Retention;
use crate::model::silence::Silence;
use crate::model::sink::{Gate, SinkId};
use crate::model::spend::{Charge, Spending};
use crate::model::story::{StoryId, Told};
use crate::model::timeline::{TimelineId, TimelineState, Turn};
use crate::route::{Meters, Routes};

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    inner: Mutex<Inner>,
}

impl MemoryStore {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store as it would be opened again after the process ended.
    pub fn reopened(&self, now: Timestamp) -> Self {
        Self { inner: Mutex::new(self.inner().clone().restarted(now)) }
    }

    /// What a sink was told of every story that is not over.
    pub fn told(&self, sink: &SinkId) -> Vec<(StoryId, Told)> {
        self.inner().stories.told(sink).collect()
    }

    /// Every post archived so far, in order.
    pub fn archive(&self) -> Vec<Post> {
        self.inner().archive.clone()
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn claim(&self, wanted: &[TimelineId], now: Timestamp) -> Result<Vec<Turn>, StoreError> {
        let mut inner = self.inner();
        let mut turns = Vec::new();
        for timeline in wanted {
            let state = inner.timelines.get(timeline).cloned();
            let due = state.as_ref().is_none_or(|state| state.due(now) <= now);
            if due && !inner.held.contains_key(timeline) {
                inner.fence += 1;
                let fence = inner.fence;
                inner.held.insert(timeline.clone(), fence);
                turns.push(Turn { timeline: timeline.clone(), fence, state });
            }
        }
        Ok(turns)
    }

    async fn release(&self) -> Result<(), StoreError> {
        self.inner().held.clear();
        Ok(())
    }

    async fn hasten(&self, timeline: &TimelineId, now: Timestamp) -> Result<(), StoreError> {
        if let Some(state) = self.inner().timelines.get_mut(timeline) {
            state.due = now;
        }
        Ok(())
    }

    async fn reopen(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut inner = self.inner();
        *inner = std::mem::take(&mut *inner).restarted(now);
        Ok(())
    }

    async fn room(&self) -> Result<u64, StoreError> {
        Ok(u64::MAX)
    }

    async fn resolved(&self, platform: &Platform, account: &str) -> Result<Option<TimelineId>, StoreError> {
        Ok(self.inner().resolved.get(&(platform.clone(), account.to_owned())).cloned())
    }

    async fn resolve(&self, platform: &Platform, account: &str, id: &TimelineId) -> Result<(), StoreError> {
        self.inner().resolved.insert((platform.clone(), account.to_owned()), id.clone());
        Ok(())
    }

    async fn sightings(&self, revisions: &[(PostKey, Content)]) -> Result<Vec<Sighting>, StoreError> {
        let inner = self.inner();
        let sighting = |(key, content): &(PostKey, Content)| match inner.seen.get(key) {
            None => Sighting { news: News::New, day: None, met: Vec::new() },
            Some(seen) => Sighting {
                news: if seen.content == *content { News::Known } else { News::Revised },
                day: Some(seen.day),
                met: seen.met.clone(),
            },
        };
        Ok(revisions.iter().map(sighting).collect())
    }

    async fn spent(&self, source: &str, days: RangeInclusive<i32>) -> Result<Spending, StoreError> {
        let inner = self.inner();
        let of_day = |day| inner.spending.get(&(source.to_owned(), day)).copied();
        Ok(days.filter_map(of_day).fold(Spending::default(), Spending::plus))
    }

    async fn charge(&self, charge: Charge) -> Result<(), StoreError> {
        self.inner().charge(&charge);
        Ok(())
    }

    async fn commit_all(&self, outcomes: Vec<Outcome>, now: Timestamp) -> Result<(), StoreError> {
        let mut inner = self.inner();
        if let Some(void) = outcomes.iter().find(|outcome| !inner.holds(&outcome.turn)) {
            return Err(StoreError::Broken(format!("{} was committed by somebody else", void.turn.timeline)));
        }
        outcomes.into_iter().try_for_each(|outcome| inner.commit(outcome, now))
    }

    async fn keep(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn seal(
        &self,
        sink: &SinkId,
        most: usize,
        routes: &Arc<Routes>,
        now: Timestamp,
    ) -> Result<Sealed, StoreError> {
        self.inner().seal(sink, most, routes, now)
    }

    async fn close(&self, now: Timestamp) -> Result<(), StoreError> {
        self.inner().outbox.values_mut().for_each(|delivery| delivery.close(now));
        Ok(())
    }

    async fn settle(
        &self,
        id: &DeliveryId,
        settlement: Settlement,
        gate: Gate,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut inner = self.inner();
        let Some(delivery) = inner.outbox.remove(id) else {
            return Err(StoreError::Broken(format!("delivery {id} was settled by somebody else")));
        };
        inner.gates.insert(delivery.sink.clone(), gate);
        if let (Settlement::Delivered { receipt }, Some(story)) = (&settlement, delivery.story()) {
            inner.stories.heard(*story, &delivery.sink, receipt.as_deref())?;
        }
        if let Some(left) = delivery.settle(settlement, now) {
            inner.outbox.insert(id.clone(), left);
        }
        Ok(())
    }

    async fn tell(&self, notices: Vec<Delivery>) -> Result<(), StoreError> {
        let mut inner = self.inner();
        for notice in notices {
            inner.outbox.entry(notice.id.clone()).or_insert(notice);
        }
        Ok(())
    }

    async fn hand_over(&self, gone: &SinkId, heir: &SinkId) -> Result<(), StoreError> {
        let mut inner = self.inner();
        for delivery in inner.outbox.values_mut().filter(|delivery| delivery.sink == *gone) {
            heir.clone_into(&mut delivery.sink);
        }
        Ok(())
    }

    async fn size(&self) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn pass_on(
        &self,
        from: &SinkId,
        to: &SinkId,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut inner = self.inner();
        let mine = inner.outbox.values_mut().filter(|delivery| delivery.sink == *from);
        let passed = mine.filter_map(|delivery| delivery.pass_on(to, since, now)).count();
        Ok(passed)
    }

    async fn decide(&self, decision: Decision, now: Timestamp) -> Result<Result<(), String>, StoreError> {
        Ok(self.inner().decide(decision, now))
    }

    async fn silences(&self) -> Result<Vec<Silence>, StoreError> {
        Ok(self.inner().silences.values().cloned().collect())
    }

    async fn check(&self, _now: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    async fn meters(&self) -> Result<Meters, StoreError> {
        Ok(self.inner().meters.clone().into_iter().collect())
    }

    async fn gate(&self, sink: &SinkId) -> Result<Gate, StoreError> {
        Ok(self.inner().gates.get(sink).cloned().unwrap_or_default())
    }

    async fn outbox(&self) -> Result<Vec<Delivery>, StoreError> {
        let mut all: Vec<_> = self.inner().outbox.values().cloned().collect();
        all.sort_by_key(Delivery::order);
        Ok(all)
    }

    async fn timeline(&self, id: &TimelineId) -> Result<Option<TimelineState>, StoreError> {
        Ok(self.inner().timelines.get(id).cloned())
    }

    async fn gaps(&self, id: &TimelineId) -> Result<Vec<Gap>, StoreError> {
        let inner = self.inner();
        let mine = inner.gaps.iter().filter(|((timeline, _), _)| timeline == id);
        Ok(mine.flat_map(|(_, gaps)| gaps.iter().cloned()).collect())
    }

    async fn retire(&self, kept: &Retention, now: Timestamp) -> Result<usize, StoreError> {
        let mut inner = self.inner();
        let before: BTreeSet<_> = inner.archive.iter().filter_map(archived).collect();
        inner.archive.retain(|post| {
            let day = archived(post).map(|(_, day)| day);
            kept.first_day(&post.platform, now).zip(day).is_none_or(|(first, day)| day >= first)
        });
        let after: BTreeSet<_> = inner.archive.iter().filter_map(archived).collect();
        Ok(before.len() - after.len())
    }

    async fn backup(&self, _: &Path) -> Result<Saved, StoreError> {
        Err(StoreError::Elsewhere("a store in memory has no files to save".into()))
    }

    async fn newest(&self) -> Result<Option<i32>, StoreError> {
        Ok(self.inner().seen.values().map(|seen| seen.day).max())
    }

    async fn prune(&self, before: i32, now: Timestamp) -> Result<(), StoreError> {
        let mut guard = self.inner();
        let inner = &mut *guard;
        inner.seen.retain(|_, seen| seen.day >= before);
        inner.spending.retain(|(_, day), _| *day >= before);
        inner.gaps.retain(|(_, day), _| *day >= before);
        inner.silences.retain(|_, silence| silence.is_remembered(now));
        inner.stories.prune(usize::MAX, now)?;
        Ok(())
    }
}

/// Under which platform and day a post is archived.
fn archived(post: &Post) -> Option<(Platform, Date)> {
    Some((post.platform.clone(), post.seen_at?.to_zoned(TimeZone::UTC).date()))
}
