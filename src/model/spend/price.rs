//! Money, what is read for it, and what that costs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Spending;

/// An amount of money, in millionths of a US dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Money(pub u64);

/// Things read that a platform may bill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reads {
    /// Posts.
    pub posts: u32,
    /// Profiles of users.
    pub users: u32,
}

/// What reading one thing costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// A post.
    pub post: Money,
    /// A profile.
    pub user: Money,
}

impl Price {
    /// What `reads` cost.
    pub fn of(&self, reads: Reads) -> Money {
        let posts = self.post.0.saturating_mul(reads.posts.into());
        Money(posts.saturating_add(self.user.0.saturating_mul(reads.users.into())))
    }

    /// `reads` with what they cost.
    pub fn bill(&self, reads: Reads) -> Spending {
        Spending { reads, money: self.of(reads), ..Spending::default() }
    }
}

impl Reads {
    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        let add = u32::saturating_add;
        Self { posts: add(self.posts, other.posts), users: add(self.users, other.users) }
    }

    /// This without `other`.
    pub fn minus(self, other: Self) -> Self {
        let sub = u32::saturating_sub;
        Self { posts: sub(self.posts, other.posts), users: sub(self.users, other.users) }
    }
}

impl Money {
    /// An amount in dollars, if it is one: not negative, at most a billion.
    pub fn dollars(amount: f64) -> Option<Self> {
        (0.0..=1e9).contains(&amount).then(|| Self((amount * 1e6).round() as u64))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = format!("{:06}", self.0 % 1_000_000);
        let digits = part.trim_end_matches('0').len().max(2);
        write!(f, "${}.{}", self.0 / 1_000_000, &part[..digits])
    }
}
