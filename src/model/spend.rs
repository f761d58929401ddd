//! What reading costs, and whether there is money for it: plain functions of prices, bounds, what was spent, and now.
//!
//! Money is set aside for the most that a call may cost before it is made, and what was not needed is given back after.

mod price;

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::price::{Money, Price, Reads};
use super::calendar::Per;

/// What one look may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Portion {
    /// With less it is of no use.
    pub least: Reads,
    /// More it never reads.
    pub most: Reads,
}

/// What was read, what it cost when it was read, and what people were told about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spending {
    /// What was read.
    pub reads: Reads,
    /// What it cost.
    pub money: Money,
    /// Whether people heard that most of the day's budget is spent.
    pub day_told: bool,
    /// Whether people heard that most of the month's budget is spent.
    pub month_told: bool,
}

/// A change of what a source spent on a UTC day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The source.
    pub source: String,
    /// The day, counted from 1970.
    pub day: i32,
    /// What was set aside and is given back.
    pub back: Spending,
    /// What is spent, or set aside.
    pub spent: Spending,
}

/// Prices, and how much may be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// What reading costs.
    pub price: Price,
    /// Posts that may be read in a UTC day.
    pub posts_per_day: Option<u32>,
    /// Money for a UTC day.
    pub per_day: Option<Money>,
    /// Money for a calendar month, in UTC.
    pub per_month: Option<Money>,
}

/// One of a budget's bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// How often it begins anew.
    pub per: Per,
    /// How much there is.
    pub most: Most,
}

/// How much there is of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Most {
    /// Posts.
    Posts(u32),
    /// Money.
    Money(Money),
}

/// What a source spent today and this month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Today.
    pub day: Spending,
    /// This month, today included.
    pub month: Spending,
}

/// Whether a look may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Yes, and it may read this much.
    Read(Reads),
    /// Not now: what is left is kept for accounts that matter more.
    Later(Timestamp),
    /// Not yet: what is left is set aside for looks under way, which may give some back.
    Wait,
    /// Nobody's, until then: this bound is reached.
    Over(Bound, Timestamp),
}

/// The part of a budget that even the least important account may spend at any time.
const HEAD_START: f64 = 0.25;

/// A look that must wait for money waits at least so long.
const SHORTEST_WAIT: SignedDuration = SignedDuration::from_mins(5);

/// The part of a budget at which people are told.
const TOLD_AT: f64 = 0.8;

impl Budget {
    /// Its bounds.
    pub fn bounds(&self) -> impl Iterator<Item = Bound> {
        let posts = self.posts_per_day.map(|posts| Bound { per: Per::Day, most: Most::Posts(posts) });
        let money = |per, money: Option<Money>| money.map(|money| Bound { per, most: Most::Money(money) });
        [posts, money(Per::Day, self.per_day), money(Per::Month, self.per_month)].into_iter().flatten()
    }

    /// The most that a day can cost, if there is a bound to it.
    pub fn most_per_day(&self) -> Option<Money> {
        let money = |bound: Bound| match bound.most {
            Most::Posts(posts) => self.price.of(Reads { posts, users: 0 }),
            Most::Money(money) => money,
        };
        self.bounds().map(money).min()
    }

    /// Whether a look that reads a `portion` may be made, when `spent` was spent and `aside` is set aside, today.
    ///
    /// `lesser` says how much less than others its account matters, from 0 to 1. The most important one may spend all
    /// there is at once; the least important one no more than passes with the time, after a head start.
    pub fn grant(
        &self,
        portion: Portion,
        spent: &Spent,
        aside: Spending,
        lesser: f64,
        now: Timestamp,
    ) -> Grant {
        let with_aside = Spent { day: spent.day.plus(aside), month: spent.month.plus(aside) };
        let enough = |bound: &Bound, spent: &Spent| {
            self.room(bound, spent, portion.least.users) >= portion.least.posts
        };
        let over = self.bounds().filter(|bound| !enough(bound, spent)).max_by_key(|bound| bound.per.end(now));
        if let Some(bound) = over {
            return Grant::Over(bound, bound.per.end(now));
        }
        if !self.bounds().all(|bound| enough(&bound, &with_aside)) {
            return Grant::Wait;
        }
        if let Some(until) = self.bounds().filter_map(|bound| bound.kept_until(spent, lesser, now)).max() {
            return Grant::Later(until);
        }
        let users = portion.most.users;
        let room = self.bounds().map(|bound| self.room(&bound, &with_aside, users)).min().unwrap_or(u32::MAX);
        Grant::Read(Reads { posts: portion.most.posts.min(room.max(portion.least.posts)), users })
    }

    /// The budget of which most is spent, if people have not heard of it; a day's before a month's.
    pub fn warning(&self, spent: &Spent) -> Option<Bound> {
        let told = |bound: &Bound| match bound.per {
            Per::Day => spent.day.day_told,
            Per::Month => spent.month.month_told,
        };
        self.bounds().find(|bound| bound.used(spent) >= TOLD_AT && !told(bound))
    }

    /// Posts that can be read within `bound`, beside `users`; none if not even these can.
    fn room(&self, bound: &Bound, spent: &Spent, users: u32) -> u32 {
        let spent = bound.of(spent);
        match bound.most {
            Most::Posts(most) => most.saturating_sub(spent.reads.posts),
            Most::Money(most) => {
                let users = self.price.of(Reads { posts: 0, users });
                match most.0.checked_sub(spent.money.0.saturating_add(users.0)) {
                    Some(left) => {
                        left.checked_div(self.price.post.0).unwrap_or(u64::MAX).try_into().unwrap_or(u32::MAX)
                    }
                    None => 0,
                }
            }
        }
    }
}

impl Bound {
    /// What counts against it.
    fn of(&self, spent: &Spent) -> Spending {
        if self.per == Per::Day { spent.day } else { spent.month }
    }

    /// The part of it that is used, from 0; 1 if there is nothing to use.
    pub fn used(&self, spent: &Spent) -> f64 {
        let spent = self.of(spent);
        let (used, most) = match self.most {
            Most::Posts(most) => (f64::from(spent.reads.posts), f64::from(most)),
            Most::Money(most) => (spent.money.0 as f64, most.0 as f64),
        };
        if most > 0.0 { used / most } else { 1.0 }
    }

    /// When it will be used up if it goes on like this; `None` if it begins anew before.
    pub fn used_up(&self, spent: &Spent, now: Timestamp) -> Option<Timestamp> {
        let (used, passed) = (self.used(spent), self.per.passed(now));
        let part = passed / used.max(f64::MIN_POSITIVE);
        (part < 1.0).then(|| self.per.at(part.max(passed), now))
    }

    /// Until when what is left is kept for accounts that matter more.
    fn kept_until(&self, spent: &Spent, lesser: f64, now: Timestamp) -> Option<Timestamp> {
        let used = self.used(spent);
        let open = |passed: f64| 1.0 - lesser * (1.0 - passed.max(HEAD_START));
        if lesser <= 0.0 || used < open(self.per.passed(now)) {
            return None;
        }
        let until = self.per.at(1.0 - (1.0 - used) / lesser, now);
        Some(until.max(now.saturating_add(SHORTEST_WAIT).unwrap_or(now)))
    }
}

impl Spending {
    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            reads: self.reads.plus(other.reads),
            money: Money(self.money.0.saturating_add(other.money.0)),
            day_told: self.day_told || other.day_told,
            month_told: self.month_told || other.month_told,
        }
    }

    /// This without what `other` read and cost.
    pub fn minus(self, other: Self) -> Self {
        let money = Money(self.money.0.saturating_sub(other.money.0));
        Self { reads: self.reads.minus(other.reads), money, ..self }
    }

    /// This after a charge.
    pub fn charged(self, charge: &Charge) -> Self {
        self.minus(charge.back).plus(charge.spent)
    }
}

impl Spent {
    /// This without what `other` read and cost today.
    pub fn minus(self, other: Spending) -> Self {
        Self { day: self.day.minus(other), month: self.month.minus(other) }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.most, self.per) {
            (Most::Posts(posts), Per::Day) => write!(f, "{posts} posts a day"),
            (Most::Posts(posts), Per::Month) => write!(f, "{posts} posts a month"),
            (Most::Money(money), Per::Day) => write!(f, "{money} a day"),
            (Most::Money(money), Per::Month) => write!(f, "{money} a month"),
        }
    }
}

#[cfg(test)]
mod tests;
