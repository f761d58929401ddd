//! What a delivery is known by, here and at the sink.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::model::post::hex;
use crate::model::sink::SinkId;
use crate::model::story::StoryId;

/// A delivery's identity and its idempotency key: 24 hexadecimal digits, derived, never drawn.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DeliveryId(String);

impl DeliveryId {
    /// The `n`-th delivery of a story to a sink.
    pub fn of_story(story: &StoryId, sink: &SinkId, n: u32) -> Self {
        Self::derived(&["story", &story.to_string(), sink.as_str(), &n.to_string()])
    }

    /// The digest that begins with this delivery.
    pub fn of_digest(first: &Self, sink: &SinkId) -> Self {
        Self::derived(&["digest", &first.0, sink.as_str()])
    }

    /// The delivery of a notice, told apart by `key`.
    pub fn of_notice(key: &str, sink: &SinkId) -> Self {
        Self::derived(&["notice", key, sink.as_str()])
    }

    fn derived(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part);
            hash.update([0]);
        }
        Self(hex(&hash.finalize()[..12]))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for DeliveryId {
    fn from(id: String) -> Self {
        Self(id)
    }
}
