//! Deliveries in and out of the outbox, and when each is due.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::core::Core;
use super::outbox::{forget, get_delivery, parts, put_header, put_new};
use super::trees::Tree;
use crate::model::delivery::{Delivery, DeliveryId, Settlement};
use crate::model::sink::{Gate, SinkId};
use crate::store::StoreError;

/// Deliveries that change hands in one transaction.
const HANDED_OVER_AT_ONCE: usize = 100;

/// What finding the next delivery needs to know of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    due: Option<Timestamp>,
    set_at: Timestamp,
    pub(super) order: (Timestamp, Option<Timestamp>),
}

impl Waiting {
    /// When it may be sent; `None` if it never will.
    pub(super) fn due(&self, now: Timestamp) -> Option<Timestamp> {
        self.due.map(|due| if now < self.set_at { now } else { due })
    }
}

impl Core {
    pub(super) fn settle(
        &mut self,
        id: &DeliveryId,
        settlement: Settlement,
        gate: &Gate,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut draft = self.trees.draft();
        let Some(delivery) = get_delivery(&draft, id)? else {
            return Err(StoreError::Broken(format!("delivery {id} was settled by somebody else")));
        };
        let sink = delivery.sink.clone();
        draft.put(Tree::Gate, sink.as_str().as_bytes(), gate)?;
        if let (Settlement::Delivered { receipt }, Some(story)) = (&settlement, delivery.story()) {
            self.stories.heard(*story, &sink, receipt.as_deref(), now, &mut draft)?;
        }
        let parts = parts(&delivery).len();
        let left = delivery.settle(settlement, now);
        if let Some(left) = &left {
            put_header(&mut draft, left)?;
        } else {
            forget(&mut draft, id, parts);
        }
        self.unsynced |= draft.apply()?;
        if let Some(mine) = self.waiting.get_mut(&sink) {
            mine.remove(id);
        }
        if let Some(left) = &left {
            self.wait(left);
        }
        Ok(())
    }

    pub(super) fn tell(&mut self, notices: Vec<Delivery>) -> Result<(), StoreError> {
        let mut draft = self.trees.draft();
        let mut new = Vec::new();
        for notice in notices {
            new.extend(put_new(&mut draft, notice)?);
        }
        self.unsynced |= draft.apply()?;
        for notice in &new {
            self.wait(notice);
        }
        Ok(())
    }

    pub(super) fn hand_over(&mut self, gone: &SinkId, heir: &SinkId) -> Result<(), StoreError> {
        let moving: Vec<_> = self.waiting.get(gone).into_iter().flat_map(BTreeMap::keys).cloned().collect();
        for some in moving.chunks(HANDED_OVER_AT_ONCE) {
            let (mut draft, mut moved) = (self.trees.draft(), Vec::new());
            for id in some {
                let Some(delivery) = get_delivery(&draft, id)? else { continue };
                moved.push(Delivery { sink: heir.clone(), ..delivery });
            }
            moved.iter().try_for_each(|delivery| put_header(&mut draft, delivery))?;
            self.unsynced |= draft.apply()?;
            for delivery in &moved {
                if let Some(waiting) = self.waiting.get_mut(gone) {
                    waiting.remove(&delivery.id);
                }
                self.wait(delivery);
            }
        }
        Ok(())
    }

    pub(super) fn outbox(&self) -> Result<Vec<Delivery>, StoreError> {
        let draft = self.trees.draft();
        let mut all = Vec::new();
        for entry in self.trees.entries(Tree::Outbox, b"") {
            let (id, _) = entry?;
            all.extend(get_delivery(&draft, &String::from_utf8_lossy(&id).into_owned().into())?);
        }
        all.sort_by_key(Delivery::order);
        Ok(all)
    }

    /// Keeps in mind when a delivery is due.
    pub(super) fn wait(&mut self, delivery: &Delivery) {
        let due = delivery.due(delivery.set_at).map(|_| delivery.due);
        let (created_at, posted_at, id) = delivery.order();
        let mine = self.waiting.entry(delivery.sink.clone()).or_default();
        mine.insert(id, Waiting { due, set_at: delivery.set_at, order: (created_at, posted_at) });
    }
}
