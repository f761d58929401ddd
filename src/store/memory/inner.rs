//! What a store in memory holds, and what changes it.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::super::sealing::{AT_ONCE, sealing};
use super::super::shelf::Shelf;
use super::super::{Outcome, Sealed, StoreError};
use crate::model::coverage::{Gap, keep};
use crate::model::decision::{Decision, no_silence, under_way, unknown};
use crate::model::delivery::{Body, Delivery, DeliveryId, State};
use crate::model::post::{Content, Platform, Post, PostKey};
use crate::model::silence::Silence;
use crate::model::sink::{Gate, SinkId};
use crate::model::spend::{Charge, Spending};
use crate::model::timeline::{TimelineId, TimelineState, Turn};
use crate::route::{Meter, Routes};

/// All of it.
#[derive(Debug, Default, Clone)]
pub(super) struct Inner {
    pub(super) timelines: HashMap<TimelineId, TimelineState>,
    pub(super) gaps: BTreeMap<(TimelineId, i32), Vec<Gap>>,
    pub(super) held: HashMap<TimelineId, u64>,
    pub(super) fence: u64,
    pub(super) resolved: HashMap<(Platform, String), TimelineId>,
    pub(super) seen: HashMap<PostKey, Seen>,
    pub(super) spending: HashMap<(String, i32), Spending>,
    pub(super) meters: HashMap<String, (i64, u32)>,
    pub(super) stories: Shelf,
    pub(super) outbox: BTreeMap<DeliveryId, Delivery>,
    pub(super) gates: HashMap<SinkId, Gate>,
    pub(super) silences: BTreeMap<u32, Silence>,
    pub(super) archive: Vec<Post>,
}

/// What is known of a post.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) content: Content,
    pub(super) day: i32,
    pub(super) met: Vec<String>,
}

impl Inner {
    pub(super) fn restarted(mut self, now: Timestamp) -> Self {
        self.held.clear();
        self.gates = self.gates.into_iter().map(|(sink, gate)| (sink, gate.restarted())).collect();
        self.outbox = self.outbox.into_iter().map(|(id, delivery)| (id, delivery.restarted(now))).collect();
        self
    }

    /// Whether this turn is the one at its timeline.
    pub(super) fn holds(&self, turn: &Turn) -> bool {
        self.held.get(&turn.timeline) == Some(&turn.fence)
    }

    pub(super) fn commit(&mut self, outcome: Outcome, now: Timestamp) -> Result<(), StoreError> {
        let Outcome { turn, state, gaps, posts, filings, notices, charge, day } = outcome;
        self.held.remove(&turn.timeline);
        for gap in gaps {
            keep(self.gaps.entry((turn.timeline.clone(), gap.day())).or_default(), gap);
        }
        self.timelines.insert(turn.timeline, state);
        for post in posts {
            self.seen.insert(post.key, Seen { content: post.content, day, met: post.met });
            self.archive.extend(post.archive);
        }
        for filing in filings {
            let (_, deliveries) = self.stories.file(filing, |id| self.outbox.get(id).cloned(), now)?;
            self.outbox.extend(deliveries.into_iter().map(|delivery| (delivery.id.clone(), delivery)));
        }
        for notice in notices {
            self.outbox.entry(notice.id.clone()).or_insert(notice);
        }
        if let Some(charge) = charge {
            self.charge(&charge);
        }
        Ok(())
    }

    pub(super) fn seal(
        &mut self,
        sink: &SinkId,
        most: usize,
        routes: &Routes,
        now: Timestamp,
    ) -> Result<Sealed, StoreError> {
        let mine = self.outbox.values().filter(|delivery| delivery.sink == *sink);
        let mut ready: Vec<_> =
            mine.filter(|delivery| delivery.due(now).is_some_and(|due| due <= now)).cloned().collect();
        ready.sort_by_key(Delivery::order);
        ready.truncate(AT_ONCE.max(most));
        let counted = |meter: &Meter| meter.read(self.meters.get(&meter.name).copied());
        let silences: Vec<_> = self.silences.values().cloned().collect();
        let sealing = sealing(ready, most, routes, &silences, counted, now);
        let unfinished = sealing.is_unfinished();
        for delivery in sealing.changed {
            self.outbox.insert(delivery.id.clone(), delivery);
        }
        for delivery in sealing.absorbed {
            self.outbox.remove(&delivery.id);
        }
        for (id, delivery) in sealing.silenced {
            self.silence(id, &delivery)?;
        }
        for meter in sealing.metered {
            let counted = meter.read(self.meters.get(&meter.name).copied());
            self.meters.insert(meter.name, (meter.hour, counted.saturating_add(1)));
        }
        let mut deliveries = Vec::new();
        for mut delivery in sealing.goes {
            let story = delivery.story().map_or(Ok(None), |story| self.stories.story(*story))?;
            delivery.seal(story.as_ref().and_then(|story| story.thread(sink)), now);
            self.outbox.insert(delivery.id.clone(), delivery.clone());
            deliveries.push(delivery);
        }
        let mine = self.outbox.values().filter(|delivery| delivery.sink == *sink);
        let next = mine.filter_map(|delivery| delivery.due(now)).min();
        Ok(Sealed { deliveries, next: if unfinished { Some(now) } else { next } })
    }

    pub(super) fn charge(&mut self, charge: &Charge) {
        let spent = self.spending.entry((charge.source.clone(), charge.day)).or_default();
        *spent = spent.charged(charge);
    }

    /// Ends a delivery that a silence holds.
    pub(super) fn silence(&mut self, id: u32, delivery: &Delivery) -> Result<(), StoreError> {
        self.outbox.remove(&delivery.id);
        let Body::Alert(alert) = &delivery.body else { return Ok(()) };
        if let Some(silence) = self.silences.remove(&id) {
            self.silences.insert(id, silence.held(alert));
        }
        if alert.again.is_none() {
            self.stories.silenced(alert.story, &delivery.sink)?;
        }
        Ok(())
    }

    pub(super) fn decide(&mut self, decision: Decision, now: Timestamp) -> Result<(), String> {
        match decision {
            Decision::Silence(silence) => {
                let id = self.silences.keys().max().map_or(1, |last| last + 1);
                self.silences.insert(id, Silence { id, ..silence });
            }
            Decision::Speak(id) => {
                let silence = self.silences.remove(&id).ok_or_else(|| no_silence(id))?;
                self.silences.insert(id, silence.ended(now));
            }
            Decision::Told(id, notice) => {
                let silence = self.silences.get_mut(&id).ok_or_else(|| no_silence(id))?;
                silence.told = true;
                self.outbox.entry(notice.id.clone()).or_insert(*notice);
            }
            Decision::Retry(id) => {
                let delivery = self.outbox.get(&id).cloned().ok_or_else(|| unknown(&id))?;
                let again = delivery.again(now).ok_or_else(|| under_way(&id))?;
                self.outbox.insert(id, again);
            }
            Decision::Drop(id) => {
                let delivery = self.outbox.get(&id).ok_or_else(|| unknown(&id))?;
                if delivery.state == State::Sending {
                    return Err(under_way(&id));
                }
                self.outbox.remove(&id);
            }
            Decision::Resume(sink) => {
                let gate = self.gates.remove(&sink).unwrap_or_default();
                self.gates.insert(sink, gate.resumed());
            }
        }
        Ok(())
    }
}
