//! What people decide about deliveries, sinks and silences.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Desk, Unable};
use crate::model::decision::{Decision, no_silence};
use crate::model::delivery::{Delivery, DeliveryId};
use crate::model::silence::{Covers, Silence};
use crate::model::sink::{Gate, SinkId};
use crate::route::Meters;
use crate::setting::nearest;

/// The longest reason, name or word of a silence, in bytes.
const MOST_BYTES: usize = 300;

/// A silence that somebody wants.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wanted {
    /// What it covers.
    pub covers: Covers,
    /// Why.
    pub reason: String,
    /// Who wants it.
    pub by: String,
    /// When it ends.
    pub until: Timestamp,
}

/// What may keep alerts from people.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Hindrances {
    /// Every silence.
    pub silences: Vec<Silence>,
    /// How far each route is at each sink.
    pub meters: Meters,
    /// The sinks that may not be called yet or are parked.
    pub gates: BTreeMap<SinkId, Gate>,
}

pub(super) async fn hindrances(desk: &Desk) -> Result<Hindrances, Unable> {
    let now = desk.clock.now();
    let mut gates = BTreeMap::new();
    for sink in (desk.roster)().map_err(Unable::Problems)?.sinks {
        let gate = desk.store.gate(&sink).await?;
        if gate.parked.is_some() || gate.opens(now) > now {
            gates.insert(sink, gate);
        }
    }
    Ok(Hindrances { silences: desk.store.silences().await?, meters: desk.store.meters().await?, gates })
}

/// Decides on the one delivery whose id begins so; gives it as it was.
pub(super) async fn decide_on(
    desk: &Desk,
    id: String,
    decision: impl Fn(DeliveryId) -> Decision,
) -> Result<Delivery, Unable> {
    let delivery = find(&desk.store.outbox().await?, &id)?;
    decide(desk, decision(delivery.id.clone())).await?;
    Ok(delivery)
}

/// The one delivery of the outbox whose id begins so.
pub fn find(outbox: &[Delivery], id: &str) -> Result<Delivery, Unable> {
    let mut found = outbox.iter().filter(|delivery| delivery.id.as_str().starts_with(id));
    match (found.next(), found.count()) {
        (Some(delivery), 0) if !id.is_empty() => Ok(delivery.clone()),
        (None, _) => Err(Unable::Amiss(format!("no delivery in the outbox has an id that begins with {id}"))),
        (Some(_), more) => Err(Unable::Amiss(format!(
            "{} deliveries have an id that begins with `{id}`; say more of it",
            more + 1
        ))),
    }
}

pub(super) async fn resume(desk: &Desk, name: String) -> Result<(), Unable> {
    let sinks = (desk.roster)().map_err(Unable::Problems)?.sinks;
    if !sinks.iter().any(|sink| sink.as_str() == name) {
        let hint = nearest(&name, sinks.iter().map(SinkId::as_str));
        let hint = hint.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(Unable::Amiss(format!("no enabled sink is named `{name}`{hint}")));
    }
    decide(desk, Decision::Resume(SinkId::from(name))).await
}

pub(super) async fn silences(desk: &Desk) -> Result<Vec<Silence>, Unable> {
    Ok(desk.store.silences().await?)
}

pub(super) async fn silence(desk: &Desk, wanted: Wanted) -> Result<Silence, Unable> {
    let now = desk.clock.now();
    let Wanted { covers, reason, by, until } = wanted;
    check(&covers, &reason, &by).map_err(Unable::Amiss)?;
    if until <= now {
        return Err(Unable::Amiss(format!("a silence until {until:.0} is over already")));
    }
    let (id, alerts, posts, told) = (0, 0, 0, false);
    let silence = Silence { id, covers, reason, by, from: now, until, alerts, posts, told };
    decide(desk, Decision::Silence(silence.clone())).await?;
    let mut same = desk.store.silences().await?;
    same.retain(|other| Silence { id: 0, alerts: 0, posts: 0, ..other.clone() } == silence);
    same.pop().ok_or_else(|| Unable::Refused("the silence is gone already".into()))
}

/// Why nobody may want such a silence.
fn check(covers: &Covers, reason: &str, by: &str) -> Result<(), String> {
    if covers.is_everything() {
        return Err(
            "a silence of everything is not possible; name a rule, a watchlist, an account, a platform or \
                    words"
                .into(),
        );
    }
    if reason.trim().is_empty() || by.trim().is_empty() {
        return Err("a silence has a reason and says who wants it".into());
    }
    let texts = [&covers.rule, &covers.watchlist, &covers.account, &covers.words].into_iter().flatten();
    if texts.map(String::len).chain([reason.len(), by.len()]).any(|bytes| bytes > MOST_BYTES) {
        return Err(format!("each part of a silence has at most {MOST_BYTES} bytes"));
    }
    Ok(())
}

pub(super) async fn speak(desk: &Desk, id: u32) -> Result<Silence, Unable> {
    let silence = async || desk.store.silences().await.map(|all| all.into_iter().find(|one| one.id == id));
    silence().await?.ok_or_else(|| Unable::Amiss(no_silence(id)))?;
    decide(desk, Decision::Speak(id)).await?;
    silence().await?.ok_or_else(|| Unable::Refused(no_silence(id)))
}

async fn decide(desk: &Desk, decision: Decision) -> Result<(), Unable> {
    desk.store.decide(decision, desk.clock.now()).await?.map_err(Unable::Refused)?;
    desk.filed.notify_waiters();
    Ok(())
}
