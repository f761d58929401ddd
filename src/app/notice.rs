//! What vigie tells its operators of itself.

use jiff::Timestamp;

use crate::model::delivery::{Body, Delivery, DeliveryId, Notice};
use crate::model::sink::SinkId;

/// The longest text, in characters.
const MOST: usize = 1000;

/// A notice to `to`, due now; the same for the same `key`.
pub(super) fn notice(key: &str, title: &str, text: &str, to: &SinkId, now: Timestamp) -> Delivery {
    let body = Body::Notice(Notice { title: title.into(), text: text.chars().take(MOST).collect(), at: now });
    Delivery::open(DeliveryId::of_notice(key, to), to.clone(), body, now, now)
}
