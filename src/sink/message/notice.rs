//! What vigie tells of itself.

use jiff::tz::TimeZone;

use super::quote::{one_line, paragraphs};
use super::{Message, Segment, alert, detail, when};
use crate::model::delivery::{DeliveryId, Notice};

/// The longest text, in UTF-16 units.
const TEXT: usize = 2800;

/// The parts of a message that tells `notice`.
pub fn message(notice: &Notice, id: &DeliveryId, timezone: &TimeZone) -> Message {
    let title = one_line(&notice.title, 150);
    Message {
        heading: if title.is_empty() { "vigie".to_owned() } else { title },
        text: Segment::plain(paragraphs(&notice.text, TEXT)),
        details: vec![detail("Time", when::full(notice.at, timezone)), detail("Notice", alert::short(id))],
        ..Message::default()
    }
}
