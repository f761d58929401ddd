//! How everything is right now: what is watched and how far, what waits, what is broken.

mod account;
mod measure;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::account::{Account, Sight};
use crate::model::delivery::{Delivery, State};
use crate::model::sink::{Gate, SinkId, is_unreachable};
use crate::model::spend::{Budget, Spending, Spent};
use crate::poll::{Counted, Watching, spent};
use crate::store::{Store, StoreError};

/// The state of the whole, as `vigie status --json` prints it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// When it was so.
    pub at: Timestamp,
    /// Since when the daemon runs; `None` if none does.
    pub since: Option<Timestamp>,
    /// Why the running daemon pauses, if it does: nothing is polled then.
    #[serde(default)]
    pub paused: Option<String>,
    /// Why the configuration, as its files have it now, is not in force.
    pub refused: Option<String>,
    /// Whether no sink of the operators takes messages.
    #[serde(default)]
    pub unheard: bool,
    /// What was made to count on this UTC day, as far as the running daemon knows.
    pub today: Option<Counted>,
    /// Silences in force.
    #[serde(default)]
    pub silences: usize,
    /// What the store takes on disk, in bytes.
    pub store_bytes: u64,
    /// Every watched account.
    pub accounts: Vec<Account>,
    /// Every sink.
    pub sinks: Vec<SinkStatus>,
    /// What every source spent whose reading costs.
    #[serde(default)]
    pub spending: Vec<SourceSpending>,
}

/// What a source spent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceSpending {
    /// The source.
    pub source: String,
    /// Today, in UTC.
    pub today: Spending,
    /// This month, in UTC.
    pub month: Spending,
    /// Its bounds, in words.
    pub bounds: Vec<String>,
    /// How much of the bound that is nearest is used, in percent.
    pub used_percent: u32,
}

/// How a sink is, and what waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkStatus {
    /// Its name.
    pub sink: SinkId,
    /// Deliveries that wait for their turn or for the sink.
    pub waiting: usize,
    /// When the oldest of them was filed.
    pub oldest: Option<Timestamp>,
    /// Deliveries that quiet hours or an hourly limit keep back.
    #[serde(default)]
    pub held: usize,
    /// When the first of them may go.
    #[serde(default)]
    pub held_until: Option<Timestamp>,
    /// Deliveries that were refused for good and wait for a person.
    pub dead: usize,
    /// Why it is parked, if it is.
    pub parked: Option<String>,
    /// Calls in a row that did not get through.
    #[serde(default)]
    pub failures: u32,
    /// When it is called again, if it may not be called now; `None` also if it never is.
    #[serde(default)]
    pub again: Option<Timestamp>,
}

/// Gathers the state of everything that `sources` watch and `sinks` hear.
pub async fn gather(
    sources: &[Watching],
    sinks: &[SinkId],
    store: &Arc<dyn Store>,
    now: Timestamp,
) -> Result<Status, StoreError> {
    let mut accounts = Vec::new();
    for watching in sources {
        for watched in watching.source.accounts() {
            let timeline = watching.timeline(&watched, store.as_ref()).await?;
            let state = store.timeline(&timeline).await?;
            accounts.push(Account::of(&watching.id, watched.account.to_string(), state.as_ref(), now));
        }
    }
    let outbox = store.outbox().await?;
    let mut found = Vec::new();
    for sink in sinks {
        found.push(of_sink(sink, &outbox, store.gate(sink).await?, now));
    }
    let spending = spending(sources, store, now).await?;
    for sink in gone(sinks, &outbox) {
        let why = "it is not in the configuration, so nothing is sent there".to_owned();
        found.push(of_sink(&sink, &outbox, Gate::default().close(why, now), now));
    }
    let store_bytes = store.size().await?;
    let silences = store.silences().await?.iter().filter(|silence| silence.is_on(now)).count();
    Ok(Status { at: now, silences, store_bytes, accounts, sinks: found, spending, ..Status::default() })
}

async fn spending(
    sources: &[Watching],
    store: &Arc<dyn Store>,
    now: Timestamp,
) -> Result<Vec<SourceSpending>, StoreError> {
    let mut all = Vec::new();
    for Watching { id, common, .. } in sources {
        let Some(budget) = common.budget else { continue };
        let spent = spent(store.as_ref(), id, now).await?;
        let (Spent { day, month }, used_percent) = (spent, used_percent(budget, &spent));
        let bounds = budget.bounds().map(|bound| bound.to_string()).collect();
        all.push(SourceSpending { source: id.clone(), today: day, month, bounds, used_percent });
    }
    Ok(all)
}

/// How much of the bound that is nearest is used.
fn used_percent(budget: Budget, spent: &Spent) -> u32 {
    let used = budget.bounds().map(|bound| bound.used(spent)).fold(0.0, f64::max);
    (used * 100.0) as u32
}

/// The sinks for which deliveries wait though nobody sends there.
fn gone(sinks: &[SinkId], outbox: &[Delivery]) -> BTreeSet<SinkId> {
    let waiting = outbox.iter().filter(|delivery| !matches!(delivery.state, State::Dead { .. }));
    waiting.map(|delivery| delivery.sink.clone()).filter(|sink| !sinks.contains(sink)).collect()
}

fn of_sink(sink: &SinkId, outbox: &[Delivery], gate: Gate, now: Timestamp) -> SinkStatus {
    let is_dead = |delivery: &&Delivery| matches!(delivery.state, State::Dead { .. });
    let is_held = |delivery: &&Delivery| delivery.held.is_some() && delivery.is_open();
    let mine = || outbox.iter().filter(|delivery| delivery.sink == *sink);
    let waiting = || mine().filter(|delivery| !is_dead(delivery) && !is_held(delivery));
    let again = Some(gate.opens(now)).filter(|opens| *opens > now && *opens < Timestamp::MAX);
    SinkStatus {
        sink: sink.clone(),
        waiting: waiting().count(),
        oldest: waiting().map(|delivery| delivery.created_at).min(),
        held: mine().filter(is_held).count(),
        held_until: mine().filter(is_held).map(|delivery| delivery.due).min(),
        dead: mine().filter(is_dead).count(),
        parked: gate.parked,
        failures: gate.failures,
        again,
    }
}

impl fmt::Display for SourceSpending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, today, month, bounds, .. } = self;
        let (today, read, month, bounds) = (today.money, today.reads.posts, month.money, bounds.join(", "));
        write!(f, "{source}  {today} today ({read} posts), {month} this month; at most {bounds}")
    }
}

impl Status {
    /// Whether nobody needs to look after anything.
    pub fn is_well(&self) -> bool {
        let seen = |account: &Account| matches!(account.sight, Sight::Seen | Sight::Quiet | Sight::New);
        self.paused.is_none()
            && self.refused.is_none()
            && self.accounts.iter().all(seen)
            && self
                .sinks
                .iter()
                .all(|sink| sink.parked.is_none() && sink.dead == 0 && !is_unreachable(sink.failures))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::model::delivery::{Body, DeliveryId, Notice, Occasion};

    #[test]
    fn what_is_held_is_told_apart_from_what_waits_for_its_sink() {
        let at = |second: i64| Timestamp::from_second(1_750_000_000 + second).unwrap();
        let sink = SinkId::new("slack", "desk");
        let filed = |n: i64| {
            let body = Body::Notice(Notice { title: n.to_string(), text: String::new(), at: at(n) });
            Delivery::open(DeliveryId::of_notice(&n.to_string(), &sink), sink.clone(), body, at(n), at(n))
        };
        let mut held = filed(1);
        held.wait(at(500), Occasion::Quiet, at(2));
        let mut dead = filed(2);
        dead.state = State::Dead { at: at(3), why: "400".into() };
        let outbox = [held, dead, filed(5)];
        let status = of_sink(&sink, &outbox, Gate::default(), at(9));
        assert_eq!((status.waiting, status.held, status.dead), (1, 1, 1));
        assert_eq!((status.oldest, status.held_until), (Some(at(5)), Some(at(500))));
        let silent =
            (0..20).fold(Gate::default(), |gate, _| gate.failed(SignedDuration::from_mins(1), at(9)));
        let status = of_sink(&sink, &[], silent, at(9));
        assert_eq!(status.again, Some(at(69)));
        let whole = Status { sinks: vec![status], ..Status::default() };
        assert!(!whole.is_well(), "a sink that nobody reaches needs somebody");
    }
}
