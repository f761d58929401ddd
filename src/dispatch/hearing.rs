//! Whether the operators can be told anything.

use crate::model::sink::SinkId;
use crate::store::{Store, StoreError};

/// What people who look from outside are told when nobody hears.
pub const UNHEARD: &str = "no sink of the operators takes messages";

/// Whether one of the operators' sinks takes messages, as far as is known.
pub async fn is_heard(store: &dyn Store, operators: &[SinkId]) -> Result<bool, StoreError> {
    for sink in operators {
        if !store.gate(sink).await?.is_shut() {
            return Ok(true);
        }
    }
    Ok(operators.is_empty())
}
