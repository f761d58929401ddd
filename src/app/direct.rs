//! Telling the operators past the outbox, when the store takes no notice or vigie ends.

use std::time::Duration;

use jiff::Timestamp;
use tracing::warn;

use super::notice::notice;
use crate::config::Config;

/// How long one sink may take.
const PATIENCE: Duration = Duration::from_secs(4);

/// Tells the operators at the first of their sinks that takes it; whether one did.
pub(super) async fn tell(config: &Config, title: &str, text: &str, now: Timestamp) -> bool {
    for id in &config.hearing() {
        let Some(sink) = config.sinks.iter().find(|sink| sink.id() == id) else { continue };
        let mut delivery = notice(&format!("{title} {now}"), title, text, id, now);
        delivery.seal(None, now);
        match tokio::time::timeout(PATIENCE, sink.send(&delivery)).await {
            Ok(Ok(_)) => return true,
            Ok(Err(why)) => warn!(sink = %id, "{title}: not told there: {why}"),
            Err(_) => warn!(sink = %id, "{title}: not told there: no answer within {} s", PATIENCE.as_secs()),
        }
    }
    false
}
