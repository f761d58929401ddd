//! The money of one source: set aside before a call for the most that it may cost, settled after it.
//!
//! What is set aside stands in the store as spent, so that a crash can never make vigie spend more than it may.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::model::calendar::{Per, day};
use crate::model::delivery::Notice;
use crate::model::spend::{Bound, Budget, Charge, Grant, Portion, Reads, Spending, Spent};
use crate::source::SourceError;
use crate::store::{Store, StoreError};

/// Looks of one source that may have money set aside at the same time: what each holds is missing for the others.
const AT_ONCE: usize = 4;

/// The money of one source.
pub(crate) struct Purse {
    source: String,
    budget: Budget,
    /// What is set aside for looks under way.
    aside: Mutex<Spending>,
    hands: Arc<Semaphore>,
    /// Held while money is set aside, so that no two looks count on the same.
    drawing: tokio::sync::Mutex<()>,
}

/// Money set aside for one look. Dropping it only forgets that it may come back.
pub(crate) struct Aside {
    purse: Arc<Purse>,
    day: i32,
    reads: Reads,
    _hand: Option<OwnedSemaphorePermit>,
}

impl Purse {
    pub(super) fn new(source: &str, budget: Budget) -> Self {
        let hands = Arc::new(Semaphore::new(AT_ONCE));
        Self {
            source: source.to_owned(),
            budget,
            aside: Mutex::default(),
            hands,
            drawing: tokio::sync::Mutex::default(),
        }
    }

    /// Sets aside what a look may read, if there is money for it.
    pub(super) async fn draw(
        self: &Arc<Self>,
        store: &dyn Store,
        portion: Portion,
        lesser: f64,
        now: Timestamp,
    ) -> Result<Aside, SourceError> {
        let mut hand = self.hands(1).await;
        let mut reads = self.set_aside(store, portion, lesser, now).await?;
        if reads.is_none() {
            drop(hand);
            // With all hands here nothing is under way, and whatever was not needed has come back.
            let mut all = self.hands(AT_ONCE as u32).await;
            reads = self.set_aside(store, portion, lesser, now).await?;
            hand = all.as_mut().and_then(|all| all.split(1));
        }
        let missing =
            || SourceError::Retry(None, format!("money of {} that was set aside is missing", self.source));
        Ok(Aside { purse: self.clone(), day: day(now), reads: reads.ok_or_else(missing)?, _hand: hand })
    }

    async fn hands(&self, count: u32) -> Option<OwnedSemaphorePermit> {
        self.hands.clone().acquire_many_owned(count).await.ok()
    }

    /// Sets aside what a look may read; nothing if that must wait for looks under way.
    async fn set_aside(
        &self,
        store: &dyn Store,
        portion: Portion,
        lesser: f64,
        now: Timestamp,
    ) -> Result<Option<Reads>, SourceError> {
        let _alone = self.drawing.lock().await;
        let aside = *self.aside();
        let failed = |error: StoreError| SourceError::Retry(None, error.to_string());
        let spent = spent(store, &self.source, now).await.map_err(failed)?.minus(aside);
        let reads = match self.budget.grant(portion, &spent, aside, lesser, now) {
            Grant::Read(reads) => reads,
            Grant::Wait => return Ok(None),
            Grant::Later(until) => {
                let source = &self.source;
                let why =
                    format!("what is left of the budget of {source} is kept for accounts that matter more");
                return Err(SourceError::Later(until, why));
            }
            Grant::Over(bound, until) => return Err(over(&self.source, &bound, until)),
        };
        let set = self.budget.price.bill(reads);
        let back = Spending::default();
        let charge = Charge { source: self.source.clone(), day: day(now), back, spent: set };
        if reads != Reads::default() {
            store.charge(charge).await.map_err(failed)?;
        }
        *self.aside() = aside.plus(set);
        Ok(Some(reads))
    }

    fn aside(&self) -> MutexGuard<'_, Spending> {
        self.aside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Aside {
    /// How many posts may be read for it.
    pub(super) fn posts(&self) -> u32 {
        self.reads.posts
    }

    /// The charge after `read` was read for it, and what the operators should hear of the budget.
    pub(super) async fn settle(
        &self,
        read: Reads,
        store: &dyn Store,
        now: Timestamp,
    ) -> Result<(Charge, Option<Notice>), StoreError> {
        let Purse { source, budget, .. } = self.purse.as_ref();
        let mut charge = self.charge(read);
        let aside = *self.purse.aside();
        let spent = spent(store, source, now).await?.minus(aside);
        let spent = Spent { day: spent.day.plus(charge.spent), month: spent.month.plus(charge.spent) };
        let Some(bound) = budget.warning(&spent) else { return Ok((charge, None)) };
        match bound.per {
            Per::Day => charge.spent.day_told = true,
            Per::Month => charge.spent.month_told = true,
        }
        Ok((charge, Some(nearly_over(source, &bound, &spent, now))))
    }

    /// Settles a look-up, which costs only what it finds.
    pub(super) async fn looked_up<T>(
        self,
        found: Result<T, SourceError>,
        store: &dyn Store,
    ) -> Result<T, SourceError> {
        let read = if found.is_ok() { self.reads } else { Reads::default() };
        let settled = store.charge(self.charge(read)).await;
        settled.map_err(|error| SourceError::Retry(None, error.to_string()))?;
        found
    }

    fn charge(&self, read: Reads) -> Charge {
        let price = self.purse.budget.price;
        let (back, spent) = (price.bill(self.reads), price.bill(read));
        Charge { source: self.purse.source.clone(), day: self.day, back, spent }
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let mut aside = self.purse.aside();
        *aside = aside.minus(self.purse.budget.price.bill(self.reads));
    }
}

/// What `source` spent today and this month.
pub async fn spent(store: &dyn Store, source: &str, now: Timestamp) -> Result<Spent, StoreError> {
    let day = store.spent(source, Per::Day.days(now)).await?;
    Ok(Spent { day, month: store.spent(source, Per::Month.days(now)).await? })
}

/// The pause of a source that may spend no more.
fn over(source: &str, bound: &Bound, until: Timestamp) -> SourceError {
    let why = format!(
        "{source} may read no more: {bound} are spent; it goes on at {until:.0}. Posts until then are read late; raise the \
         bound in the configuration to read them now"
    );
    SourceError::Paused(until, why)
}

/// What the operators hear while there is still time.
fn nearly_over(source: &str, bound: &Bound, spent: &Spent, now: Timestamp) -> Notice {
    let percent = (bound.used(spent) * 100.0).floor();
    let end = bound.per.end(now);
    let goes_on = match bound.used_up(spent, now) {
        Some(at) => {
            format!("At this pace nothing is left at {at:.0}, and nothing is read from then until {end:.0}.")
        }
        None => format!("At this pace it lasts until {end:.0}."),
    };
    Notice {
        title: format!("{source} has spent {percent} % of {bound}"),
        text: format!(
            "{goes_on} Accounts further down in `accounts` wait longer from now on, so that the first ones are read to the end."
        ),
        at: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::spend::{Money, Price};
    use crate::store::memory::MemoryStore;

    #[tokio::test]
    async fn a_look_waits_for_what_others_under_way_give_back() {
        let price = Price { post: Money(1), user: Money(1) };
        let budget = Budget { price, posts_per_day: Some(30), per_day: None, per_month: None };
        let posts = |posts| Reads { posts, users: 0 };
        let portion = Portion { least: posts(5), most: posts(30) };
        let (store, purse) = (MemoryStore::default(), Arc::new(Purse::new("x.hub", budget)));
        let now = "2026-06-16T12:00:00Z".parse().unwrap();
        let first = purse.draw(&store, portion, 0.0, now).await.unwrap();
        assert_eq!(first.posts(), 30);
        let giving_back = async {
            let (charge, _) = first.settle(posts(10), &store, now).await.unwrap();
            store.charge(charge).await.unwrap();
            drop(first);
        };
        let (second, ()) = tokio::join!(purse.draw(&store, portion, 0.0, now), giving_back);
        assert_eq!(second.unwrap().posts(), 20);
        let over = purse.draw(&store, portion, 0.0, now).await.err();
        assert!(matches!(over, Some(SourceError::Paused(..))), "what was never settled counts as spent");
    }
}
