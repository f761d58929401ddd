//! How everything is right now: what is watched and how far, what waits, what is broken.

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::delivery::{Delivery, State};
use crate::model::sink::SinkId;
use crate::model::spend::{Spending, Spent};
use crate::poll::{Watching, spent};
use crate::store::{Store, StoreError};

/// The state of the whole, as `vigie status --json` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// When it was so.
    pub at: Timestamp,
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
}

/// How far an account is watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its source.
    pub source: String,
    /// The account as the configuration names it.
    pub account: String,
    /// When a look last reached its newest post.
    pub seen_until: Option<Timestamp>,
    /// Looks that failed since.
    pub failures: u32,
    /// Whether it can be trusted to be seen.
    pub sight: Sight,
    /// Why not.
    pub why: Option<String>,
}

/// Whether an account is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sight {
    /// It is read as often as it should be.
    Seen,
    /// Nobody looked yet.
    New,
    /// The last look is longer ago than three periods.
    Late,
    /// It cannot be read.
    Blind,
}

/// How a sink is, and what waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkStatus {
    /// Its name.
    pub sink: SinkId,
    /// Deliveries that wait.
    pub waiting: usize,
    /// When the oldest of them was filed.
    pub oldest: Option<Timestamp>,
    /// Deliveries that were refused for good and wait for a person.
    pub dead: usize,
    /// Why it is parked, if it is.
    pub parked: Option<String>,
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
            let every = watched.every.unwrap_or(watching.common.every);
            let timeline = match watched.timeline {
                Some(timeline) => Some(timeline),
                None => store.resolved(&watching.platform, &watched.account).await?,
            };
            let state = match timeline {
                Some(timeline) => store.timeline(&timeline).await?,
                None => None,
            };
            let seen_until = state.as_ref().and_then(|state| state.complete_at);
            let trouble = state.as_ref().and_then(|state| state.trouble.as_ref());
            accounts.push(Account {
                source: watching.id.clone(),
                account: watched.account,
                seen_until,
                failures: state.as_ref().map_or(0, |state| state.failures),
                sight: sight(seen_until, trouble.is_some(), every, now),
                why: trouble.map(|trouble| trouble.why.clone()),
            });
        }
    }
    let outbox = store.outbox().await?;
    let mut found = Vec::new();
    for sink in sinks {
        let parked = store.gate(sink).await?.parked;
        found.push(of_sink(sink, &outbox, parked));
    }
    let spending = spending(sources, store, now).await?;
    Ok(Status { at: now, accounts, sinks: found, spending })
}

async fn spending(
    sources: &[Watching],
    store: &Arc<dyn Store>,
    now: Timestamp,
) -> Result<Vec<SourceSpending>, StoreError> {
    let mut all = Vec::new();
    for Watching { id, common, .. } in sources {
        let Some(budget) = common.budget else { continue };
        let Spent { day, month } = spent(store.as_ref(), id, now).await?;
        let bounds = budget.bounds().map(|bound| bound.to_string()).collect();
        all.push(SourceSpending { source: id.clone(), today: day, month, bounds });
    }
    Ok(all)
}

fn sight(seen_until: Option<Timestamp>, blind: bool, every: SignedDuration, now: Timestamp) -> Sight {
    // A look takes its time, and is shifted by up to a tenth of the period.
    let patience = every.saturating_mul(3).max(SignedDuration::from_secs(30));
    match seen_until {
        _ if blind => Sight::Blind,
        None => Sight::New,
        Some(seen) if now.duration_since(seen) > patience => Sight::Late,
        Some(_) => Sight::Seen,
    }
}

fn of_sink(sink: &SinkId, outbox: &[Delivery], parked: Option<String>) -> SinkStatus {
    let is_dead = |delivery: &&Delivery| matches!(delivery.state, State::Dead { .. });
    let mine = || outbox.iter().filter(|delivery| delivery.sink == *sink);
    SinkStatus {
        sink: sink.clone(),
        waiting: mine().filter(|delivery| !is_dead(delivery)).count(),
        oldest: mine().filter(|delivery| !is_dead(delivery)).map(|delivery| delivery.created_at).min(),
        dead: mine().filter(is_dead).count(),
        parked,
    }
}

impl fmt::Display for SourceSpending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, today, month, bounds } = self;
        let (today, read, month, bounds) = (today.money, today.reads.posts, month.money, bounds.join(", "));
        write!(f, "{source}  {today} today ({read} posts), {month} this month; at most {bounds}")
    }
}

impl Status {
    /// Whether nobody needs to look after anything.
    pub fn is_well(&self) -> bool {
        let seen = |account: &Account| matches!(account.sight, Sight::Seen | Sight::New);
        self.accounts.iter().all(seen)
            && self.sinks.iter().all(|sink| sink.parked.is_none() && sink.dead == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_late_after_three_periods_and_blind_when_it_cannot_be_read() {
        let at = |second: i64| Timestamp::from_second(1_750_000_000 + second).unwrap();
        let minute = SignedDuration::from_secs(60);
        let cases = [
            (None, false, Sight::New),
            (None, true, Sight::Blind),
            (Some(at(0)), false, Sight::Seen),
            (Some(at(-179)), false, Sight::Seen),
            (Some(at(-181)), false, Sight::Late),
            (Some(at(0)), true, Sight::Blind),
        ];
        for (seen, blind, expected) in cases {
            assert_eq!(sight(seen, blind, minute, at(0)), expected, "{seen:?} {blind}");
        }
    }
}
