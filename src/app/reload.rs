//! Another configuration while vigie runs: when it is looked for, whether it may take over, who hears of a refusal.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::notice::notice;
use crate::config::{Config, Configs, Digest};
use crate::model::delivery::{Delivery, State};
use crate::model::sink::SinkId;

/// How often the files are looked at. What changed is taken once it stood still from one look to the next, because
/// files are written piece by piece.
const LOOK: Duration = Duration::from_secs(2);

/// The files of the configuration, watched.
///
/// They are read and hashed again and again, rather than watched through the kernel: that sees every way in which files
/// are replaced (editors, the swapped links of mounted configuration, network and overlay file systems), and costs
/// milliseconds.
pub(super) struct Changes {
    configs: Arc<dyn Configs>,
    /// What the last reload read, or the start.
    tried: Digest,
    /// What the last look found, if it was something else.
    seen: Option<Digest>,
}

impl Changes {
    /// Watches `configs`; what they are now is known.
    pub(super) fn of(configs: Arc<dyn Configs>) -> Self {
        Self { tried: configs.digest(), configs, seen: None }
    }

    /// Waits until there is something that was not tried yet.
    pub(super) async fn wait(&mut self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let configs = self.configs.clone();
            let Ok(found) = tokio::task::spawn_blocking(move || configs.digest()).await else { continue };
            if found == self.tried {
                self.seen = None;
            } else if self.seen.replace(found) == Some(found) {
                return;
            }
        }
    }

    /// Reads what is there now; or a refusal of everything that is wrong with it.
    pub(super) async fn load(&mut self) -> Result<Config, String> {
        let configs = self.configs.clone();
        // The digest first: what changes meanwhile is then seen as another change.
        let read = tokio::task::spawn_blocking(move || (configs.digest(), configs.load())).await;
        let (digest, loaded) = read.map_err(|cause| format!("reading the configuration failed: {cause}"))?;
        (self.tried, self.seen) = (digest, None);
        loaded.map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    /// What was read last, in a few letters.
    pub(super) fn tried(&self) -> Digest {
        self.tried
    }
}

/// Why `new` may not follow `old`, given what waits in the outbox; a line each, with what to do.
pub(super) fn unfit(old: &Config, new: &Config, outbox: &[Delivery]) -> Vec<String> {
    let mut reasons = Vec::new();
    let (is, wants) = (&old.basics, &new.basics);
    if is.listen != wants.listen {
        reasons.push(fixed("listen", &is.listen.to_string(), &wants.listen.to_string()));
    }
    if is.store != wants.store {
        reasons.push(fixed("store", &is.store.display().to_string(), &wants.store.display().to_string()));
    }
    if is.open_metrics != wants.open_metrics {
        reasons.push(fixed("open_metrics", &is.open_metrics.to_string(), &wants.open_metrics.to_string()));
    }
    reasons.extend(orphans(new, outbox).iter().map(|(sink, waiting)| orphaned(sink, *waiting)));
    reasons
}

/// What the operators hear at a start of deliveries that nobody would send.
pub(super) fn tell_of_orphans(config: &Config, outbox: &[Delivery], now: Timestamp) -> Vec<Delivery> {
    let told = |(sink, waiting): (SinkId, usize)| {
        let title = format!("deliveries wait for {sink}, which is gone");
        notice(&format!("orphans of {sink} {now}"), &title, &orphaned(&sink, waiting), &config.operators, now)
    };
    orphans(config, outbox).into_iter().map(told).collect()
}

/// What the operators hear of a refusal; the same of the same content.
pub(super) fn refusal(why: &str, tried: Digest, config: &Config, now: Timestamp) -> Delivery {
    let text = format!("{why}\nThe earlier configuration stays in force.");
    notice(&format!("refused {tried}"), "a changed configuration was refused", &text, &config.operators, now)
}

/// What the operators hear once a refused configuration was mended.
pub(super) fn mended(config: &Config, now: Timestamp) -> Delivery {
    let text = "The configuration is in force again as its files have it.";
    notice(&format!("mended {now}"), "the configuration is accepted", text, &config.operators, now)
}

fn fixed(key: &str, is: &str, wants: &str) -> String {
    format!("`{key}` cannot change while vigie runs, from {is} to {wants}; restart it, or set it back")
}

fn orphaned(sink: &SinkId, waiting: usize) -> String {
    let s = if waiting == 1 { "delivery waits" } else { "deliveries wait" };
    format!(
        "{waiting} {s} for {sink}, which is not enabled: enable it until they are sent, name it in the `replaces` of the \
         sink that takes them over, or give them up with `vigie outbox drop`; then `vigie reload`"
    )
}

/// The sinks for which deliveries wait though nobody sends there, and how many.
fn orphans(config: &Config, outbox: &[Delivery]) -> BTreeMap<SinkId, usize> {
    let mut orphans = BTreeMap::new();
    for delivery in outbox {
        let sink = &delivery.sink;
        let served = config.sinks.iter().any(|known| known.id() == sink) || config.heirs.contains_key(sink);
        if !served && !matches!(delivery.state, State::Dead { .. }) {
            *orphans.entry(sink.clone()).or_default() += 1;
        }
    }
    orphans
}
