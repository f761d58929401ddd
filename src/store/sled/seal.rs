//! Handing out deliveries.

use std::cell::Cell;

use jiff::Timestamp;

use super::core::Core;
use super::deliveries::Waiting;
use super::outbox::{forget, get_delivery, parts, put_header, put_whole};
use super::people::silence;
use super::trees::Tree;
use crate::model::delivery::DeliveryId;
use crate::model::sink::SinkId;
use crate::route::{Meter, Routes};
use crate::store::sealing::{AT_ONCE, Sealing, sealing};
use crate::store::{Sealed, StoreError};

/// So many deliveries are closed in one transaction.
const CLOSED_AT_ONCE: usize = 100;

impl Core {
    pub(super) fn seal(
        &mut self,
        sink: &SinkId,
        most: usize,
        routes: &Routes,
        now: Timestamp,
    ) -> Result<Sealed, StoreError> {
        let mut draft = self.trees.draft();
        let mut ready = Vec::new();
        for id in self.ready(sink, most.max(AT_ONCE), now) {
            ready.extend(get_delivery(&draft, &id)?);
        }
        let failed = Cell::new(None);
        let counted = |meter: &Meter| {
            let kept = self.trees.get(Tree::Meter, meter.name.as_bytes());
            meter.read(kept.unwrap_or_else(|error| {
                failed.set(Some(error));
                None
            }))
        };
        let silences = self.silences()?;
        let sealing = sealing(ready, most, routes, &silences, counted, now);
        if let Some(error) = failed.take() {
            return Err(error);
        }
        let unfinished = sealing.is_unfinished();
        let Sealing { changed, absorbed, silenced, goes, metered } = sealing;
        for delivery in &changed {
            put_whole(&mut draft, delivery)?;
        }
        for delivery in &absorbed {
            forget(&mut draft, &delivery.id, parts(delivery).len());
        }
        for (id, delivery) in &silenced {
            silence(&mut self.stories, *id, delivery, now, &mut draft)?;
        }
        for meter in metered {
            let counted = meter.read(draft.get(Tree::Meter, meter.name.as_bytes())?);
            draft.put(Tree::Meter, meter.name.as_bytes(), &(meter.hour, counted.saturating_add(1)))?;
        }
        let mut deliveries = Vec::new();
        for mut delivery in goes {
            let story = delivery.story().map_or(Ok(None), |story| self.stories.story(*story))?;
            delivery.seal(story.as_ref().and_then(|story| story.thread(sink)), now);
            put_header(&mut draft, &delivery)?;
            deliveries.push(delivery);
        }
        self.unsynced |= draft.apply()?;
        if let Some(mine) = self.waiting.get_mut(sink) {
            let gone = absorbed.iter().chain(silenced.iter().map(|(_, delivery)| delivery));
            for delivery in gone {
                mine.remove(&delivery.id);
            }
        }
        for delivery in changed.iter().chain(&deliveries) {
            self.wait(delivery);
        }
        let mine = self.waiting.get(sink).into_iter().flatten();
        let next = mine.filter_map(|(_, waiting)| waiting.due(now)).min();
        Ok(Sealed { deliveries, next: if unfinished { Some(now) } else { next } })
    }

    /// The first deliveries of a sink that are due, in their order.
    fn ready(&self, sink: &SinkId, most: usize, now: Timestamp) -> Vec<DeliveryId> {
        let mine = self.waiting.get(sink).into_iter().flatten();
        let due = mine.filter(|(_, waiting)| waiting.due(now).is_some_and(|due| due <= now));
        let mut ready: Vec<(&DeliveryId, &Waiting)> = due.collect();
        ready.sort_by_key(|(id, waiting)| (waiting.order, *id));
        ready.into_iter().take(most).map(|(id, _)| id.clone()).collect()
    }

    /// Ends some of the gathering. Tells whether there may be more.
    pub(super) fn close(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        let later = self.waiting.values().flatten().filter(|(_, waiting)| waiting.due(now) > Some(now));
        let ids: Vec<DeliveryId> = later.map(|(id, _)| id.clone()).collect();
        let (mut draft, mut closed) = (self.trees.draft(), Vec::new());
        for id in ids {
            let Some(mut delivery) = get_delivery(&draft, &id)? else { continue };
            delivery.close(now);
            if delivery.due <= now && closed.len() < CLOSED_AT_ONCE {
                put_header(&mut draft, &delivery)?;
                closed.push(delivery);
            }
        }
        self.unsynced |= draft.apply()?;
        for delivery in &closed {
            self.wait(delivery);
        }
        Ok(closed.len() == CLOSED_AT_ONCE)
    }
}
