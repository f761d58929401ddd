//! What people decide about what waits.

use serde::{Deserialize, Serialize};

use super::delivery::{Delivery, DeliveryId};
use super::silence::Silence;
use super::sink::SinkId;

/// What a person decided, or vigie because time passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// A silence begins; its id is given by the store.
    Silence(Silence),
    /// A silence ends now.
    Speak(u32),
    /// People are told that a silence ended.
    Told(u32, Box<Delivery>),
    /// A delivery goes as soon as its sink may be called, a dead letter and what is held too; it keeps its id.
    Retry(DeliveryId),
    /// A delivery is given up.
    Drop(DeliveryId),
    /// A sink is called again at once.
    Resume(SinkId),
}

/// Why nobody can decide about a delivery that is not in the outbox.
pub fn unknown(id: &DeliveryId) -> String {
    format!("there is no delivery {id} in the outbox")
}

/// Why nobody can decide about a delivery at this moment.
pub fn under_way(id: &DeliveryId) -> String {
    format!("delivery {id} is being sent right now; ask again in a moment")
}

/// Why nobody can end a silence that is not known.
pub fn no_silence(id: u32) -> String {
    format!("there is no silence {id}")
}
