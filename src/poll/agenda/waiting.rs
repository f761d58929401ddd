//! The timelines that wait in a queue, by when they are due: mostly a single one, which takes no memory of its own.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::Timestamp;

use super::Number;

/// When something is due, in milliseconds since 1970, never before it really is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due(i64);

impl Due {
    /// The first millisecond that is not before `at`.
    pub(super) fn of(at: Timestamp) -> Self {
        let further = i64::from(at.subsec_nanosecond()) + 999_999;
        Self(at.as_second() * 1000 + further.div_euclid(1_000_000))
    }

    /// Whether it is so late.
    pub(super) fn is_over(self, now: Timestamp) -> bool {
        self.at() <= now
    }

    /// The instant.
    pub(super) fn at(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::MAX)
    }
}

/// What waits in a queue.
#[derive(Debug)]
pub(super) enum Waiting {
    Nobody,
    One(Due, u32),
    Many(BinaryHeap<Reverse<(Due, u32)>>),
}

impl Waiting {
    /// When what is due first is due.
    pub(super) fn first(&self) -> Option<Due> {
        match self {
            Self::Nobody => None,
            Self::One(due, _) => Some(*due),
            Self::Many(all) => all.peek().map(|Reverse((due, _))| *due),
        }
    }

    pub(super) fn push(&mut self, due: Due, number: Number) {
        let number = number as u32;
        match self {
            Self::Nobody => *self = Self::One(due, number),
            Self::One(earlier, other) => {
                *self = Self::Many([Reverse((*earlier, *other)), Reverse((due, number))].into());
            }
            Self::Many(all) => all.push(Reverse((due, number))),
        }
    }

    /// Takes what is due first.
    pub(super) fn pop(&mut self) -> Option<Number> {
        let number = match self {
            Self::Nobody => return None,
            Self::One(_, number) => *number,
            Self::Many(all) => return all.pop().map(|Reverse((_, number))| number as Number),
        };
        *self = Self::Nobody;
        Some(number as Number)
    }

    /// Makes all of it due at `now` at the latest.
    pub(super) fn all_due(&mut self, now: Timestamp) {
        let now = Due::of(now);
        match self {
            Self::Nobody => {}
            Self::One(due, _) => *due = now.min(*due),
            Self::Many(all) => {
                *all = all.drain().map(|Reverse((due, number))| Reverse((due.min(now), number))).collect();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_due_before_it_is() {
        for nanosecond in [-1_500_000, -1, 0, 1, 999_999, 1_000_000, 1_750_000_000_123_456_789] {
            let at = Timestamp::from_nanosecond(nanosecond).unwrap();
            let due = Due::of(at);
            assert!(due.at() >= at && due.at().as_nanosecond() - nanosecond < 1_000_000, "{at}");
            assert!(due.is_over(due.at()) && !due.is_over(due.at() - jiff::SignedDuration::from_nanos(1)));
        }
        assert_eq!(Due::of(Timestamp::MAX).at(), Timestamp::MAX);
    }

    #[test]
    fn what_is_due_first_is_taken_first() {
        let mut rng = fastrand::Rng::with_seed(7);
        let mut waiting = Waiting::Nobody;
        for _ in 0..100 {
            let mut dues: Vec<_> = (0..rng.usize(0..4)).map(|number| (rng.i64(0..9), number)).collect();
            for (due, number) in &dues {
                waiting.push(Due(*due), *number);
            }
            dues.sort_unstable();
            assert_eq!(waiting.first(), dues.first().map(|(due, _)| Due(*due)));
            let taken: Vec<_> = std::iter::from_fn(|| waiting.pop()).collect();
            assert_eq!(taken, dues.iter().map(|(_, number)| *number).collect::<Vec<_>>());
        }
    }

    #[test]
    fn one_that_waits_takes_24_bytes() {
        assert_eq!(size_of::<Waiting>(), 24);
    }
}
