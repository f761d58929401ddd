//! Room on the disk: below a bound nothing is polled, so that what was found can still be delivered.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::App;
use super::notice::notice;
use super::tasks::Task;
use crate::clock::Clock;
use crate::model::sink::SinkId;
use crate::pulse::{Pause, Pulse};
use crate::setting::Size;
use crate::store::{Store, StoreError};

/// How often the room is measured.
const LOOK: Duration = Duration::from_secs(10);

/// Watches how much room there is.
pub(super) struct Room {
    store: Arc<dyn Store>,
    least: Size,
    pulse: Pulse,
    clock: Arc<dyn Clock>,
    operators: SinkId,
    filed: Arc<Notify>,
}

impl Room {
    pub(super) fn of(app: &App) -> Self {
        Self {
            store: app.store.clone(),
            least: app.config.basics.min_free,
            pulse: app.pulse.clone(),
            clock: app.clock.clone(),
            operators: app.config.operators.clone(),
            filed: app.filed.clone(),
        }
    }

    /// Pauses and goes on until `stop`.
    pub(super) async fn run(self, stop: CancellationToken) -> Task {
        while !stop.is_cancelled() {
            self.look().await?;
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        Ok(())
    }

    /// Measures once, and says so where something changes.
    pub(super) async fn look(&self) -> Result<(), StoreError> {
        let free = Size(self.store.room().await?);
        let paused = self.pulse.paused();
        let pauses = is_short(free, self.least, paused.is_some());
        if pauses == paused.is_some() {
            return Ok(());
        }
        let now = self.clock.now();
        if pauses {
            let why = format!(
                "the disk of the store has {free} left, less than `min_free` = {}: nothing is polled until there is more",
                self.least
            );
            warn!("{why}");
            self.pulse.pause(Some(Pause::Room(why.clone())));
            let text =
                format!("{why}. What was found is still delivered. Make room; vigie then goes on by itself.");
            self.tell("too little room: vigie looks at nothing", &text, now).await
        } else {
            info!("the disk of the store has {free} left: polling goes on");
            self.pulse.pause(None);
            let text =
                format!("{free} are left on the disk of the store. What was posted meanwhile is read now.");
            self.tell("there is room again: vigie goes on", &text, now).await
        }
    }

    async fn tell(&self, title: &str, text: &str, now: Timestamp) -> Result<(), StoreError> {
        let notice = notice(&format!("{title} {now}"), title, text, &self.operators, now);
        self.store.tell(vec![notice]).await?;
        self.filed.notify_waiters();
        Ok(())
    }
}

/// Whether `free` is too little. Once it was, a tenth more than `least` is wanted, so that it does not come and go.
fn is_short(free: Size, least: Size, was: bool) -> bool {
    free.0 < if was { least.0.saturating_add(least.0 / 10) } else { least.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_that_was_short_must_be_ample_before_it_is_enough() {
        let least = Size(100);
        for (free, was, short) in
            [(99, false, true), (100, false, false), (109, true, true), (110, true, false)]
        {
            assert_eq!(is_short(Size(free), least, was), short, "{free} {was}");
        }
        assert!(!is_short(Size(0), Size(0), true), "`min_free` may be nothing");
    }
}
