//! What handing out the next deliveries of a sink changes: a plain function of what is due.

use jiff::{SignedDuration, Timestamp};

use crate::model::delivery::{Alert, Body, Delivery, DeliveryId, Digest, Occasion};
use crate::model::matched::Severity;
use crate::model::silence::Silence;
use crate::route::{Meter, Routes, Turn};

/// So many due deliveries are looked at in one step.
pub(crate) const AT_ONCE: usize = 32;

/// More alerts than this at once come as a digest.
const BACKLOG: usize = 20;

/// What waited longer than this without being held waited for the sink.
const OUTAGE: SignedDuration = SignedDuration::from_mins(10);

/// What sealing changes.
#[derive(Debug, Default)]
pub(crate) struct Sealing {
    /// Deliveries that were put off, and digests that grew.
    pub changed: Vec<Delivery>,
    /// Deliveries that a digest took in; they are no more.
    pub absorbed: Vec<Delivery>,
    /// Deliveries that a silence kept from people, each with the silence's id; they are no more.
    pub silenced: Vec<(u32, Delivery)>,
    /// Deliveries to be sealed and handed out.
    pub goes: Vec<Delivery>,
    /// Meters to be moved on by one.
    pub metered: Vec<Meter>,
}

impl Sealing {
    /// Whether something changed before anything was handed out: then there may be more to do at once.
    pub fn is_unfinished(&self) -> bool {
        let changed = self.changed.len() + self.absorbed.len() + self.silenced.len();
        self.goes.is_empty() && changed > 0
    }
}

/// What becomes of the first deliveries of a sink that are due, in their order; hands out at most `most`.
///
/// What a silence holds ends there. What its routes keep back is put off. What was put off and is due comes as one digest, and so does a backlog; of
/// what is critical only a backlog. While a digest grows nothing is handed out, so that it takes in all there is. What is
/// critical waits for nothing else, then digests go, then the rest in its order.
pub(crate) fn sealing(
    ready: Vec<Delivery>,
    most: usize,
    routes: &Routes,
    silences: &[Silence],
    counted: impl Fn(&Meter) -> u32,
    now: Timestamp,
) -> Sealing {
    let mut sealing = Sealing::default();
    let (digests, ready): (Vec<_>, Vec<_>) = ready.into_iter().partition(is_open_digest);
    let (mut going, mut meters) = (Vec::new(), Vec::<(DeliveryId, Meter)>::new());
    for mut delivery in ready {
        let held_by = |alert: &Alert| silences.iter().find(|silence| silence.holds(alert, now));
        if let Some(silence) = loose(&delivery).and_then(held_by) {
            sealing.silenced.push((silence.id, delivery));
            continue;
        }
        match routes.turn(&delivery, &counted, now) {
            Turn::Waits { until, why } => {
                delivery.wait(until, why, now);
                sealing.changed.push(delivery);
            }
            Turn::Goes(meter) => {
                meters.extend(meter.map(|meter| (delivery.id.clone(), meter)));
                going.push(delivery);
            }
        }
    }
    let left = gather(going, &digests, &mut sealing, now);
    if !sealing.is_unfinished() {
        let mut ordered: Vec<_> = digests.into_iter().chain(left).collect();
        ordered.sort_by_key(|delivery| !is_grave(delivery));
        for delivery in ordered {
            let meter = meters.iter().find(|(id, _)| *id == delivery.id).map(|(_, meter)| meter);
            // One for each meter, since the next is judged by what this one counts.
            if sealing.goes.len() < most && meter.is_none_or(|meter| !sealing.metered.contains(meter)) {
                sealing.metered.extend(meter.cloned());
                sealing.goes.push(delivery);
            }
        }
    }
    sealing
}

/// Gathers into digests what is not to go one by one; gives what is left.
fn gather(
    going: Vec<Delivery>,
    digests: &[Delivery],
    sealing: &mut Sealing,
    now: Timestamp,
) -> Vec<Delivery> {
    let (mut left, loose): (Vec<_>, Vec<_>) =
        going.into_iter().partition(|delivery| loose(delivery).is_none());
    let (graver, rest): (Vec<_>, Vec<_>) = loose.into_iter().partition(is_grave);
    for loose in [graver, rest] {
        let Some(first) = loose.first() else { continue };
        let grows = digests.iter().find(|digest| is_grave(digest) == is_grave(first)).cloned();
        let Some(mut digest) = grows.or_else(|| digest(&loose, now)) else {
            left.extend(loose);
            continue;
        };
        let whole = loose.len() > BACKLOG || digests.contains(&digest);
        for delivery in loose {
            if whole || delivery.held.is_some() {
                absorb(&mut digest, &delivery);
                sealing.absorbed.push(delivery);
            } else {
                left.push(delivery);
            }
        }
        sealing.changed.push(digest);
    }
    left.sort_by_key(Delivery::order);
    left
}

/// A digest for these alerts, if they are not to go one by one.
fn digest(loose: &[Delivery], now: Timestamp) -> Option<Delivery> {
    let held: Vec<&Delivery> = loose.iter().filter(|delivery| delivery.held.is_some()).collect();
    if loose.len() <= BACKLOG && held.len() < 2 {
        return None;
    }
    let first = held.first().copied().or(loose.first())?;
    let waited = now.duration_since(first.created_at) > OUTAGE;
    let occasion = first.held.unwrap_or(if waited { Occasion::Outage } else { Occasion::Burst });
    let id = DeliveryId::of_digest(&first.id, &first.sink);
    let body = Body::Digest(Digest::empty(occasion, now));
    Some(Delivery::open(id, first.sink.clone(), body, now, first.created_at))
}

fn absorb(digest: &mut Delivery, delivery: &Delivery) {
    if let (Body::Digest(digest), Some(alert)) = (&mut digest.body, loose(delivery)) {
        digest.absorb(alert.clone(), delivery.created_at);
    }
}

/// The alert of a delivery that was never tried, and so may still come in a digest.
fn loose(delivery: &Delivery) -> Option<&Alert> {
    match &delivery.body {
        Body::Alert(alert) if delivery.is_open() => Some(alert),
        _ => None,
    }
}

fn is_open_digest(delivery: &Delivery) -> bool {
    matches!(delivery.body, Body::Digest(_)) && delivery.is_open()
}

/// Whether it tells of something critical.
fn is_grave(delivery: &Delivery) -> bool {
    match &delivery.body {
        Body::Alert(alert) => alert.severity == Severity::Critical,
        Body::Digest(digest) => digest.severity == Severity::Critical,
        Body::Notice(_) => false,
    }
}

#[cfg(test)]
mod tests;
