//! Deliveries as sled keeps them: the excerpts or items of each stand beside it.

use serde::{Deserialize, Serialize};

use super::trees::{Draft, Tree};
use crate::model::delivery::{Body, Delivery, DeliveryId, Excerpt, Item};
use crate::store::StoreError;

/// A delivery as it is kept: its excerpts or items stand beside it, each a value of its own.
#[derive(Serialize, Deserialize)]
struct Stored {
    delivery: Delivery,
    excerpts: u8,
}

/// Puts a notice in, unless it is there: its id is derived, so a repeat says nothing new.
pub(super) fn put_new(draft: &mut Draft<'_>, notice: Delivery) -> Result<Option<Delivery>, StoreError> {
    if get_delivery(draft, &notice.id)?.is_some() {
        return Ok(None);
    }
    put_whole(draft, &notice)?;
    Ok(Some(notice))
}

pub(super) fn put_whole(draft: &mut Draft<'_>, delivery: &Delivery) -> Result<(), StoreError> {
    for (n, part) in parts(delivery).iter().enumerate() {
        draft.put(Tree::Excerpt, &excerpt_key(&delivery.id, n), part)?;
    }
    put_header(draft, delivery)
}

pub(super) fn put_header(draft: &mut Draft<'_>, delivery: &Delivery) -> Result<(), StoreError> {
    let mut stored = Stored { excerpts: parts(delivery).len() as u8, delivery: delivery.clone() };
    match &mut stored.delivery.body {
        Body::Alert(alert) => alert.excerpts.clear(),
        Body::Digest(digest) => digest.items.clear(),
        Body::Notice(_) => {}
    }
    draft.put(Tree::Outbox, delivery.id.as_str().as_bytes(), &stored)
}

pub(super) fn get_delivery(draft: &Draft<'_>, id: &DeliveryId) -> Result<Option<Delivery>, StoreError> {
    let Some(Stored { mut delivery, excerpts }) = draft.get(Tree::Outbox, id.as_str().as_bytes())? else {
        return Ok(None);
    };
    for n in 0..usize::from(excerpts) {
        let key = excerpt_key(id, n);
        match &mut delivery.body {
            Body::Alert(alert) => alert.excerpts.extend(draft.get::<Excerpt>(Tree::Excerpt, &key)?),
            Body::Digest(digest) => digest.items.extend(draft.get::<Item>(Tree::Excerpt, &key)?),
            Body::Notice(_) => {}
        }
    }
    Ok(Some(delivery))
}

/// Removes a delivery that has so many parts.
pub(super) fn forget(draft: &mut Draft<'_>, id: &DeliveryId, parts: usize) {
    draft.remove(Tree::Outbox, id.as_str().as_bytes());
    (0..parts).for_each(|n| draft.remove(Tree::Excerpt, &excerpt_key(id, n)));
}

/// What of a delivery stands beside it, each a value of its own.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Part<'a> {
    Excerpt(&'a Excerpt),
    Item(&'a Item),
}

pub(super) fn parts(delivery: &Delivery) -> Vec<Part<'_>> {
    match &delivery.body {
        Body::Alert(alert) => alert.excerpts.iter().map(Part::Excerpt).collect(),
        Body::Digest(digest) => digest.items.iter().map(Part::Item).collect(),
        Body::Notice(_) => Vec::new(),
    }
}

fn excerpt_key(id: &DeliveryId, n: usize) -> Vec<u8> {
    let mut key = id.as_str().as_bytes().to_vec();
    key.push(n as u8);
    key
}
