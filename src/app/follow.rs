//! Another configuration takes over while vigie runs: all of it or nothing, and who wished for it hears how it went.

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::App;
use super::reload::{self, Changes};
use super::tasks::{Task, Tasks};
use crate::config::Config;
use crate::errand::{Reloaded, Roster, Wish};

impl App {
    /// Lets the configuration as it is now take over, if it may; whoever wished for it is told how it went.
    ///
    /// # Errors
    /// What ends or pauses the daemon.
    pub(super) async fn reload(
        &mut self,
        wish: Option<Wish>,
        loops: &mut Tasks,
        stop: &CancellationToken,
    ) -> Task {
        let outcome = self.follow(loops, stop).await?;
        if let Some(wish) = wish {
            // Who wished may be gone.
            let _ = wish.send(outcome);
        }
        Ok(())
    }

    /// Tells what is in force now, or why nothing changed.
    async fn follow(
        &mut self,
        loops: &mut Tasks,
        stop: &CancellationToken,
    ) -> anyhow::Result<Result<Reloaded, String>> {
        let Some(changes) = &mut self.changes else { return Ok(Err("nothing can follow".into())) };
        let loaded = tokio::select! {
            loaded = changes.load() => loaded,
            () = stop.cancelled() => return Ok(Err("vigie is stopping".into())),
        };
        let outcome = match loaded {
            Ok(next) => self.take_over(next, loops, stop).await?,
            Err(why) => Err(why),
        };
        self.metrics.reloaded(outcome.is_ok());
        match &outcome {
            Ok(Reloaded { sources, sinks, rules }) => {
                info!(sources, sinks, rules, "the configuration was taken over as it is now");
            }
            Err(why) => warn!("the configuration was not taken over: {why}"),
        }
        self.stand(outcome.as_ref().err()).await?;
        Ok(outcome)
    }

    /// Replaces the loops by those of `next`, unless that would leave deliveries behind.
    async fn take_over(
        &mut self,
        next: Config,
        loops: &mut Tasks,
        stop: &CancellationToken,
    ) -> anyhow::Result<Result<Reloaded, String>> {
        // Asked first while everything runs, so that a refusal disturbs nothing.
        if let Some(why) = self.unfit(&next).await? {
            return Ok(Err(why));
        }
        std::mem::replace(loops, Tasks::under(stop)).stop().await?;
        self.store.release().await?;
        // Asked again, because the loops filed deliveries until they stopped.
        let unfit = self.unfit(&next).await?;
        if unfit.is_none() {
            self.config = next;
        }
        *loops = self.start(stop).await?;
        Ok(unfit.map_or_else(|| Ok(self.in_force()), Err))
    }

    async fn unfit(&self, next: &Config) -> anyhow::Result<Option<String>> {
        let reasons = reload::unfit(&self.config, next, &self.store.outbox().await?);
        Ok((!reasons.is_empty()).then(|| reasons.join("\n")))
    }

    /// Remembers whether the files are in force; the operators hear of a refusal once, and of its end.
    async fn stand(&self, refused: Option<&String>) -> anyhow::Result<()> {
        let Some(changes) = &self.changes else { return Ok(()) };
        let before = self.roster.borrow().refused.clone();
        let now = self.clock.now();
        let notice = match (&before, refused) {
            (Some(before), Some(why)) if before == why => None,
            (_, Some(why)) => Some(reload::refusal(why, changes.tried(), &self.config, now)),
            (Some(_), None) => Some(reload::mended(&self.config, now)),
            (None, None) => None,
        };
        self.roster.send_replace(Roster { refused: refused.cloned(), ..self.config.roster() });
        if let Some(notice) = notice {
            self.store.tell(vec![notice]).await?;
            self.filed.notify_waiters();
        }
        Ok(())
    }
}

/// Waits until the configuration changed; for ever, if nothing may follow.
pub(super) async fn changed(changes: &mut Option<Changes>) {
    match changes {
        Some(changes) => changes.wait().await,
        None => std::future::pending().await,
    }
}
