//! What people decide.

use jiff::Timestamp;

use super::core::Core;
use super::outbox::{forget, get_delivery, parts, put_header, put_new};
use super::stories::Stories;
use super::trees::{Draft, Tree};
use crate::model::decision::{Decision, no_silence, under_way, unknown};
use crate::model::delivery::{Body, Delivery, DeliveryId, State, waits_since};
use crate::model::silence::Silence;
use crate::model::sink::{Gate, SinkId};
use crate::route::Meters;
use crate::store::StoreError;

type Decided = Result<Result<(), String>, StoreError>;

impl Core {
    pub(super) fn silences(&self) -> Result<Vec<Silence>, StoreError> {
        let mut silences = Vec::new();
        for entry in self.trees.entries(Tree::Silence, b"") {
            let (id, _) = entry?;
            silences.extend(self.trees.get::<Silence>(Tree::Silence, &id)?);
        }
        Ok(silences)
    }

    pub(super) fn meters(&self) -> Result<Meters, StoreError> {
        let mut meters = Meters::new();
        for entry in self.trees.entries(Tree::Meter, b"") {
            let (name, _) = entry?;
            let Some(counted) = self.trees.get(Tree::Meter, &name)? else { continue };
            meters.insert(String::from_utf8_lossy(&name).into_owned(), counted);
        }
        Ok(meters)
    }

    pub(super) fn decide(&mut self, decision: Decision, now: Timestamp) -> Decided {
        match decision {
            Decision::Silence(silence) => {
                let id = self.silences()?.iter().map(|silence| silence.id).max().map_or(1, |last| last + 1);
                self.put_silence(&Silence { id, ..silence }, None)
            }
            Decision::Speak(id) => match self.trees.get::<Silence>(Tree::Silence, &id.to_be_bytes())? {
                Some(silence) => self.put_silence(&silence.ended(now), None),
                None => Ok(Err(no_silence(id))),
            },
            Decision::Told(id, notice) => {
                match self.trees.get::<Silence>(Tree::Silence, &id.to_be_bytes())? {
                    Some(silence) => self.put_silence(&Silence { told: true, ..silence }, Some(*notice)),
                    None => Ok(Err(no_silence(id))),
                }
            }
            Decision::Retry(id) => self.retry(&id, now),
            Decision::Drop(id) => self.drop(&id),
            Decision::Resume(sink) => {
                let mut draft = self.trees.draft();
                let gate = draft.get::<Gate>(Tree::Gate, sink.as_str().as_bytes())?.unwrap_or_default();
                draft.put(Tree::Gate, sink.as_str().as_bytes(), &gate.resumed())?;
                self.unsynced |= draft.apply()?;
                Ok(Ok(()))
            }
        }
    }

    fn put_silence(&mut self, silence: &Silence, notice: Option<Delivery>) -> Decided {
        let mut draft = self.trees.draft();
        draft.put(Tree::Silence, &silence.id.to_be_bytes(), silence)?;
        let notice = notice.map(|notice| put_new(&mut draft, notice)).transpose()?.flatten();
        self.unsynced |= draft.apply()?;
        if let Some(notice) = &notice {
            self.wait(notice);
        }
        Ok(Ok(()))
    }

    fn retry(&mut self, id: &DeliveryId, now: Timestamp) -> Decided {
        let mut draft = self.trees.draft();
        let Some(delivery) = get_delivery(&draft, id)? else { return Ok(Err(unknown(id))) };
        let Some(again) = delivery.again(now) else { return Ok(Err(under_way(id))) };
        put_header(&mut draft, &again)?;
        self.unsynced |= draft.apply()?;
        self.wait(&again);
        Ok(Ok(()))
    }

    fn drop(&mut self, id: &DeliveryId) -> Decided {
        let mut draft = self.trees.draft();
        let Some(delivery) = get_delivery(&draft, id)? else { return Ok(Err(unknown(id))) };
        if delivery.state == State::Sending {
            return Ok(Err(under_way(id)));
        }
        forget(&mut draft, id, parts(&delivery).len());
        self.unsynced |= draft.apply()?;
        if let Some(mine) = self.waiting.get_mut(&delivery.sink) {
            mine.remove(id);
        }
        Ok(Ok(()))
    }

    /// Gives some of the notices that wait for one sink to another. Tells how many.
    pub(super) fn pass_on(
        &mut self,
        from: &SinkId,
        to: &SinkId,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        /// So many change hands in one transaction.
        const AT_ONCE: usize = 50;
        let old = |order: (Timestamp, Option<Timestamp>)| waits_since(order.0, since, now);
        let mine = self.waiting.get(from).into_iter().flatten();
        let ids: Vec<DeliveryId> =
            mine.filter(|(_, waiting)| old(waiting.order)).map(|(id, _)| id.clone()).collect();
        let (mut draft, mut passed) = (self.trees.draft(), Vec::new());
        for id in ids {
            let Some(mut delivery) = get_delivery(&draft, &id)? else { continue };
            if passed.len() < AT_ONCE && delivery.pass_on(to, since, now).is_some() {
                put_header(&mut draft, &delivery)?;
                passed.push(delivery);
            }
        }
        self.unsynced |= draft.apply()?;
        for delivery in &passed {
            if let Some(mine) = self.waiting.get_mut(from) {
                mine.remove(&delivery.id);
            }
            self.wait(delivery);
        }
        Ok(passed.len())
    }
}

/// Ends a delivery that a silence holds.
pub(super) fn silence(
    stories: &mut Stories,
    id: u32,
    delivery: &Delivery,
    now: Timestamp,
    draft: &mut Draft<'_>,
) -> Result<(), StoreError> {
    forget(draft, &delivery.id, parts(delivery).len());
    let Body::Alert(alert) = &delivery.body else { return Ok(()) };
    if let Some(silence) = draft.get::<Silence>(Tree::Silence, &id.to_be_bytes())? {
        draft.put(Tree::Silence, &id.to_be_bytes(), &silence.held(alert))?;
    }
    if alert.again.is_none() {
        stories.silenced(alert.story, &delivery.sink, now, draft)?;
    }
    Ok(())
}
