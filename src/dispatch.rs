//! The way out: one loop per sink hands over what is due, and makes the end of each attempt count.

mod hearing;
mod measured;
mod tend;
mod verdict;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::clock::{Clock, sleep_until};
use crate::model::delivery::{Body, Delivery, DeliveryId, Notice, Settlement};
use crate::model::sink::{Gate, SinkId, is_unreachable};
use crate::pulse::Beat;
use crate::route::Routes;
use crate::sink::{Receipt, SendError, Sink};
use crate::store::{Store, StoreError};
use verdict::{Verdict, verdict};

pub use hearing::{UNHEARD, is_heard};
pub use measured::Measured;

/// The loop looks at the outbox at least this often.
const TICK: SignedDuration = SignedDuration::from_secs(30);

/// The longest the loop may take for one turn: a send that times out, and its settling.
pub const PERIOD: Duration = Duration::from_secs(45);

/// How long a send that is under way may go on after the daemon was asked to stop.
const GRACE: Duration = Duration::from_secs(5);

/// The longest a single run waits for a sink that asked for patience.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// How a sink stands to the operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The sink at which they hear of its troubles; itself if there is no other.
    pub elsewhere: SinkId,
    /// The sink at which they hear what it does not take, if they hear at it.
    pub fallback: Option<SinkId>,
    /// If it is the first at which they hear: all of them.
    pub all: Option<Vec<SinkId>>,
}

impl Standing {
    /// How `sink` stands to operators who hear at `operators`, the first of them first.
    pub fn of(sink: &SinkId, operators: &[SinkId]) -> Self {
        let other = operators.iter().find(|other| *other != sink);
        let next = operators.iter().skip_while(|other| *other != sink).nth(1);
        Self {
            elsewhere: other.cloned().unwrap_or_else(|| sink.clone()),
            fallback: next.cloned(),
            all: (operators.first() == Some(sink)).then(|| operators.to_vec()),
        }
    }
}

/// The way out to one sink.
pub struct Dispatch {
    sink: Arc<dyn Sink>,
    store: Arc<dyn Store>,
    routes: Arc<Routes>,
    operators: Standing,
    clock: Arc<dyn Clock>,
    rng: fastrand::Rng,
    filed: Arc<Notify>,
    gate: Gate,
    /// The remarks of the sink that people were told already.
    remarks: BTreeSet<String>,
    /// Whether the operators could be told something when it was looked last.
    heard: bool,
}

impl Dispatch {
    /// The way out to `sink`. `filed` rings when a delivery was filed; `operators` says where its troubles are told.
    pub async fn new(
        sink: Arc<dyn Sink>,
        store: Arc<dyn Store>,
        routes: Arc<Routes>,
        operators: Standing,
        clock: Arc<dyn Clock>,
        rng: fastrand::Rng,
        filed: Arc<Notify>,
    ) -> Result<Self, StoreError> {
        // Its configuration may have been mended since.
        let gate = store.gate(sink.id()).await?.restarted();
        let (remarks, heard) = (BTreeSet::new(), true);
        Ok(Self { sink, store, routes, operators, clock, rng, filed, gate, remarks, heard })
    }

    /// Hands over what is due until `stop`; a send under way then gets a grace time.
    pub async fn run(mut self, beat: Beat, stop: CancellationToken) -> Result<(), StoreError> {
        while !stop.is_cancelled() {
            beat.turn();
            let filed = self.filed.clone();
            // Registered before looking, so that what is filed meanwhile is not missed.
            let rung = filed.notified();
            tokio::pin!(rung);
            rung.as_mut().enable();
            let now = self.clock.now();
            self.tend(now).await?;
            let opens = self.gate.opens(now);
            let next = if opens > now {
                opens
            } else {
                let sealed = self.store.seal(self.sink.id(), 1, &self.routes, now).await?;
                if let Some(delivery) = sealed.deliveries.into_iter().next() {
                    self.attempt(delivery, &stop).await?;
                    continue;
                }
                sealed.next.unwrap_or(Timestamp::MAX)
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = rung => {}
                () = sleep_until(next, now, TICK) => {}
            }
        }
        Ok(())
    }

    /// Tries everything that is due now, once; waits a while for a sink that asks for patience.
    pub async fn once(mut self, stop: &CancellationToken) -> Result<(), StoreError> {
        let begun = self.clock.now();
        self.tend(begun).await?;
        while !stop.is_cancelled() {
            let now = self.clock.now();
            let opens = self.gate.opens(now);
            let wait = opens.duration_since(now);
            if wait > PATIENCE || (wait.is_positive() && self.gate.failures > 0) {
                return Ok(());
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = sleep_until(opens, now, PATIENCE) => {}
            }
            let at = begun.max(opens);
            let sealed = self.store.seal(self.sink.id(), 1, &self.routes, at).await?;
            match sealed.deliveries.into_iter().next() {
                Some(delivery) => self.attempt(delivery, stop).await?,
                None if sealed.next.is_some_and(|next| next <= at) => {}
                None => return Ok(()),
            }
        }
        Ok(())
    }

    async fn attempt(&mut self, delivery: Delivery, stop: &CancellationToken) -> Result<(), StoreError> {
        let grace = async {
            stop.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        let result = tokio::select! {
            result = self.sink.send(&delivery) => result,
            () = grace => Err(SendError::Ambiguous("vigie was stopped before the sink answered".into())),
        };
        let result = self.without_stale_remark(result);
        let now = self.clock.now();
        let before = self.gate.clone();
        let Verdict { settlement, gate } = verdict(&result, &delivery, self.gate.clone(), now, &mut self.rng);
        self.log(&delivery, &result, now);
        self.gate = gate.clone();
        self.store.settle(&delivery.id, settlement.clone(), gate, now).await?;
        let notice = self.notice(&delivery, &result, &settlement, &before, now);
        if let Some(notice) = notice {
            self.store.tell(vec![notice]).await?;
            self.filed.notify_waiters();
        }
        Ok(())
    }

    /// A remark counts once.
    fn without_stale_remark(&mut self, result: Result<Receipt, SendError>) -> Result<Receipt, SendError> {
        let mut fresh = |remark: &String| self.remarks.insert(remark.clone());
        result.map(|receipt| Receipt { remark: receipt.remark.filter(&mut fresh), ..receipt })
    }

    fn log(&self, delivery: &Delivery, result: &Result<Receipt, SendError>, now: Timestamp) {
        let (sink, id) = (self.sink.id(), &delivery.id);
        match result {
            Ok(receipt) => {
                if let Some(remark) = &receipt.remark {
                    warn!(%sink, "{remark}");
                }
                let took = now.duration_since(delivery.created_at).as_secs_f64();
                info!(%sink, delivery = %id, attempts = delivery.attempts, "delivered {took:.1} s after it was filed");
            }
            Err(SendError::Throttled(..)) => debug!(%sink, delivery = %id, "{}", result_text(result)),
            Err(_) => warn!(%sink, delivery = %id, "not delivered: {}", result_text(result)),
        }
    }

    /// What the operators hear of an attempt: a sink that breaks or works again, a delivery given up.
    ///
    /// A sink cannot tell of itself; if there is no other, that nobody hears is all that is told (`tend`).
    fn notice(
        &self,
        delivery: &Delivery,
        result: &Result<Receipt, SendError>,
        settlement: &Settlement,
        before: &Gate,
        now: Timestamp,
    ) -> Option<Delivery> {
        let parked = before.parked.is_some();
        let unreachable = |gate: &Gate| is_unreachable(gate.failures);
        let sink = self.sink.id();
        let operators = &self.operators.elsewhere;
        if sink == operators {
            return None;
        }
        let (title, text) = match (result, settlement) {
            (Ok(Receipt { remark, .. }), _) if parked || unreachable(before) => {
                let text = "What waited for it is being delivered.".to_owned();
                let text = remark.iter().fold(text, |text, remark| format!("{text}\n{remark}"));
                (format!("{sink} works again"), text)
            }
            (Ok(Receipt { remark: Some(remark), .. }), _) => {
                (format!("{sink} delivers, but look after it"), remark.clone())
            }
            (Err(SendError::SinkGone(why)), _) if !parked => {
                let text = format!(
                    "{why}\nIts deliveries wait without end; it is not tried again before a restart."
                );
                (format!("{sink} is gone"), text)
            }
            (Err(SendError::SinkBroken(why)), _) if !parked => {
                let text = format!(
                    "{why}\nIts deliveries wait without end; it is tried again after 5 minutes, 15 minutes, then hourly."
                );
                (format!("{sink} is broken"), text)
            }
            (Err(SendError::NotSent(why) | SendError::Ambiguous(why)), _)
                if !parked && unreachable(&self.gate) && !unreachable(before) =>
            {
                let text = format!(
                    "{why}\nIts deliveries wait without end; it is tried again every ten minutes at least."
                );
                (format!("{sink} is out of reach"), text)
            }
            (_, Settlement::Dead { why }) => {
                let text = format!("{why}\nThe delivery is kept; see `vigie outbox list`.");
                (format!("{sink} refused delivery {}", delivery.id), text)
            }
            _ => return None,
        };
        let id = DeliveryId::of_notice(&format!("{title} {now}"), operators);
        let body = Body::Notice(Notice { title, text: text.chars().take(1000).collect(), at: now });
        Some(Delivery::open(id, operators.clone(), body, now, now))
    }
}

fn result_text(result: &Result<Receipt, SendError>) -> String {
    result.as_ref().err().map(ToString::to_string).unwrap_or_default()
}
