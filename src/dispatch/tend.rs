//! What a sink's loop looks after beside its deliveries.

use jiff::{SignedDuration, Timestamp};
use tracing::{error, info, warn};

use super::{Dispatch, UNHEARD, is_heard};
use crate::model::decision::Decision;
use crate::model::delivery::{Body, Delivery, DeliveryId, Notice};
use crate::model::silence::Silence;
use crate::model::sink::SinkId;
use crate::store::StoreError;

/// A notice that its sink did not take for so long is told at the next one.
const PASSED_ON_AFTER: SignedDuration = SignedDuration::from_mins(10);

impl Dispatch {
    /// Looks whether a person opened the gate, whether the operators must hear elsewhere, and whether a silence ended.
    pub(super) async fn tend(&mut self, now: Timestamp) -> Result<(), StoreError> {
        if self.gate.opens(now) > now {
            let kept = self.store.gate(self.sink.id()).await?;
            if kept.opens(now) < self.gate.opens(now) {
                self.gate = kept;
            }
        }
        if let Some(fallback) = &self.operators.fallback {
            let patience = if self.gate.parked.is_some() { SignedDuration::ZERO } else { PASSED_ON_AFTER };
            let since = now.saturating_sub(patience).unwrap_or(Timestamp::MIN);
            let passed = self.store.pass_on(self.sink.id(), fallback, since, now).await?;
            if passed > 0 {
                warn!(sink = %self.sink.id(), notices = passed, "told at {fallback} instead");
                self.filed.notify_waiters();
            }
        }
        if let Some(all) = &self.operators.all {
            let heard = is_heard(self.store.as_ref(), all).await?;
            match (self.heard, heard) {
                (true, false) => error!("{UNHEARD}: what vigie tells of itself waits; see `vigie status`"),
                (false, true) => info!("the operators hear again"),
                _ => {}
            }
            self.heard = heard;
            self.tell_silences(now).await?;
        }
        Ok(())
    }

    async fn tell_silences(&self, now: Timestamp) -> Result<(), StoreError> {
        let silences = self.store.silences().await?;
        for silence in silences.iter().filter(|silence| !silence.told && silence.until <= now) {
            let notice = lapsed(silence, self.sink.id(), now);
            // One that is gone needs no telling.
            let _ = self.store.decide(Decision::Told(silence.id, Box::new(notice)), now).await?;
        }
        Ok(())
    }
}

/// What people hear when a silence ended.
fn lapsed(silence: &Silence, to: &SinkId, now: Timestamp) -> Delivery {
    let Silence { id, reason, by, alerts, posts, from, .. } = silence;
    let title = format!("silence {id} ended: it held {alerts} alerts");
    let text = format!("{posts} posts were in them. {by} wanted it from {from:.0} on: {reason}");
    let key = format!("silence {id} ended {}", silence.until);
    let body = Body::Notice(Notice { title, text, at: silence.until });
    Delivery::open(DeliveryId::of_notice(&key, to), to.clone(), body, now, now)
}

#[cfg(test)]
mod tests {
    use super::super::Standing;
    use super::*;

    #[test]
    fn the_operators_hear_of_a_sink_at_another_one_and_of_all_else_at_the_next() {
        let [desk, ops, mail] =
            ["slack.desk", "slack.ops", "email.ops"].map(|name| SinkId::from(name.to_owned()));
        let standing = |sink: &SinkId, operators: &[&SinkId]| {
            let operators: Vec<SinkId> = operators.iter().map(|sink| (*sink).clone()).collect();
            let Standing { elsewhere, fallback, all } = Standing::of(sink, &operators);
            (elsewhere, fallback, all.is_some())
        };
        assert_eq!(standing(&desk, &[&ops]), (ops.clone(), None, false));
        assert_eq!(standing(&ops, &[&ops]), (ops.clone(), None, true));
        assert_eq!(standing(&ops, &[&ops, &mail]), (mail.clone(), Some(mail.clone()), true));
        assert_eq!(standing(&mail, &[&ops, &mail]), (ops.clone(), None, false));
    }
}
