//! The pause while the store cannot be written: every loop stops as at the end of the process, the operators are told past
//! the outbox, and once the store can be opened anew the loops start as at the start of one. So nothing needs to be
//! right here that a crash does not need as well.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::notice::notice;
use super::tasks::{Task, Tasks, wants_room};
use super::{App, House, direct};
use crate::pulse::Pause;
use crate::store::StoreError;

/// The first wait before the store is opened anew, and the longest; each is twice the one before.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// How a pause ends.
pub(super) enum Ended {
    /// The loops run again.
    Over(Tasks),
    /// vigie is to stop, for a reason or as it was asked.
    Stopped(Task),
}

impl App {
    /// Stops the loops after `cause`; if that was only that the store cannot be written, waits until it can.
    pub(super) async fn paused(
        &mut self,
        cause: anyhow::Error,
        loops: Tasks,
        house: &mut House,
        stop: &CancellationToken,
    ) -> Ended {
        let rest = loops.stop().await;
        if let Some(worse) = rest.err().filter(|_| wants_room(&cause)).filter(|rest| !wants_room(rest)) {
            return Ended::Stopped(Err(worse));
        }
        if !wants_room(&cause) {
            return Ended::Stopped(Err(cause));
        }
        let since = self.clock.now();
        let mut why = format!("{cause:#}");
        warn!("{why}; vigie pauses until it can be written");
        let (mut told, mut wait) = (false, FIRST);
        loop {
            self.pulse.pause(Some(Pause::Store(format!("vigie pauses since {since:.0}: {why}"))));
            if !told {
                let text = format!(
                    "{why}\nNothing is read and nothing is sent until the store can be written; then vigie goes on by itself \
                     and nothing is lost. Make room on its disk, or make it writable."
                );
                told = tokio::select! {
                    told = direct::tell(&self.config, "vigie pauses: its store cannot be written", &text, since) => told,
                    () = stop.cancelled() => return Ended::Stopped(Ok(())),
                };
            }
            let awake = tokio::time::sleep(wait);
            tokio::pin!(awake);
            loop {
                tokio::select! {
                    () = stop.cancelled() => return Ended::Stopped(Ok(())),
                    cause = house.tasks.failure() => return Ended::Stopped(Err(cause)),
                    Some(wish) = house.wishes.recv() => {
                        let _ = wish.send(Err(format!("vigie pauses: {why}")));
                    }
                    () = &mut awake => break,
                }
            }
            wait = LONGEST.min(wait * 2);
            match self.resume(since, house, stop).await {
                Ok(loops) => return Ended::Over(loops),
                Err(cause) if wants_room(&cause) => why = format!("{cause:#}"),
                Err(cause) => return Ended::Stopped(Err(cause)),
            }
        }
    }

    /// Opens the store anew and starts the loops.
    async fn resume(
        &mut self,
        since: Timestamp,
        house: &House,
        stop: &CancellationToken,
    ) -> anyhow::Result<Tasks> {
        let now = self.clock.now();
        self.store.reopen(now).await?;
        house.open_to_commands(&self.config.basics.store).map_err(StoreError::from)?;
        let title = "vigie goes on: its store can be written again";
        let text = format!(
            "It could not be for {:#}, from {since:.0} on. What was posted meanwhile is read now.",
            SignedDuration::from_secs(now.duration_since(since).as_secs())
        );
        let operators = &self.config.operators;
        self.store.tell(vec![notice(&format!("{title} {now}"), title, &text, operators, now)]).await?;
        self.pulse.pause(None);
        let loops = self.start(stop).await?;
        info!("the store can be written again; vigie goes on");
        Ok(loops)
    }
}
