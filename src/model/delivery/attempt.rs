//! Attempts to send a delivery: how each begins, and what it leaves.

use jiff::{SignedDuration, Timestamp};

use super::{Delivery, State};

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The sink has it.
    Delivered {
        /// What the sink calls it.
        receipt: Option<String>,
    },
    /// Try again.
    Retry {
        /// Not before.
        at: Timestamp,
        /// Whether the sink may have it all the same.
        uncertain: bool,
        /// Whether this counts as an attempt: a sink that asked to wait, or is broken as a whole, made none.
        counts: bool,
        /// What happened.
        why: String,
    },
    /// Refused in full; the same goes again at once under the same id, plainer.
    Plainer {
        /// What was refused.
        why: String,
    },
    /// It will never be accepted.
    Dead {
        /// Why.
        why: String,
    },
}

impl Delivery {
    /// Closes it for an attempt. `thread` is where the sink heard of its story first; what was sealed before stays in
    /// the thread it had.
    pub fn seal(&mut self, thread: Option<&str>, now: Timestamp) {
        if self.first_tried_at.is_none() {
            self.thread = thread.map(str::to_owned);
        }
        self.state = State::Sending;
        self.attempts = self.attempts.saturating_add(1);
        self.first_tried_at = self.first_tried_at.or(Some(now));
        self.tried_at = Some(now);
    }

    /// Whether people may read it twice although the channel recognises what comes again within `memory`.
    pub fn may_repeat(&self, memory: SignedDuration) -> bool {
        let age = self.first_tried_at.zip(self.tried_at).map(|(first, last)| last.duration_since(first));
        self.uncertain && age.is_none_or(|age| age >= memory)
    }

    /// What is left of it after an attempt; `None` once it is delivered.
    pub fn settle(mut self, settlement: Settlement, now: Timestamp) -> Option<Self> {
        match settlement {
            Settlement::Delivered { .. } => return None,
            Settlement::Retry { at, uncertain, counts, why } => {
                self.state = State::Sealed;
                self.due = at;
                self.set_at = now;
                self.uncertain |= uncertain;
                self.attempts = self.attempts.saturating_sub(u32::from(!counts));
                self.last_error = Some(why);
            }
            Settlement::Plainer { why } => {
                (self.state, self.plain, self.last_error) = (State::Sealed, true, Some(why));
                (self.due, self.set_at) = (now, now);
            }
            Settlement::Dead { why } => {
                self.last_error = Some(why.clone());
                self.state = State::Dead { at: now, why };
            }
        }
        Some(self)
    }

    /// What a restart makes of it: an attempt that was under way may have arrived.
    pub fn restarted(mut self, now: Timestamp) -> Self {
        if self.state == State::Sending {
            self.state = State::Sealed;
            self.uncertain = true;
            (self.due, self.set_at) = (now, now);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::delivery::tests::{at, delivery};

    #[test]
    fn a_dead_letter_goes_again_under_its_id_but_nothing_goes_twice_at_once() {
        let mut dead = delivery();
        dead.seal(None, at(0));
        assert!(dead.clone().again(at(5)).is_none(), "it is being sent");
        let dead = dead.settle(Settlement::Dead { why: "400".into() }, at(1)).unwrap();
        let again = dead.clone().again(at(5)).unwrap();
        assert_eq!((&again.id, again.due(at(5)), &again.state), (&dead.id, Some(at(5)), &State::Sealed));
    }

    #[test]
    fn an_answer_stays_in_the_thread_it_had_when_it_was_first_tried() {
        for (threads, expected) in [([None, Some("b")], None), ([Some("a"), Some("b")], Some("a"))] {
            let mut delivery = delivery();
            for (n, thread) in threads.into_iter().enumerate() {
                delivery.seal(thread, at(n as i64));
            }
            assert_eq!(delivery.thread.as_deref(), expected);
            assert_eq!((delivery.first_tried_at, delivery.tried_at), (Some(at(0)), Some(at(1))));
        }
    }

    #[test]
    fn what_was_in_doubt_may_repeat_once_the_channel_forgot_it() {
        let memory = SignedDuration::from_secs(100);
        for (uncertain, last, expected) in [(false, 200, false), (true, 99, false), (true, 100, true)] {
            let mut delivery = delivery();
            delivery.seal(None, at(0));
            delivery.uncertain = uncertain;
            delivery.seal(None, at(last));
            assert_eq!(delivery.may_repeat(memory), expected, "{uncertain} {last}");
        }
    }

    #[test]
    fn an_attempt_cut_by_a_restart_may_have_arrived() {
        let mut delivery = delivery();
        delivery.seal(None, at(0));
        assert_eq!(delivery.due(at(5)), None);
        let delivery = delivery.restarted(at(5));
        assert_eq!((delivery.uncertain, delivery.due(at(5))), (true, Some(at(5))));
    }

    #[test]
    fn a_retry_waits_and_a_refusal_is_kept_for_people() {
        let mut first = delivery();
        first.seal(None, at(0));
        let retry = Settlement::Retry { at: at(60), uncertain: true, counts: false, why: "503".into() };
        let waiting = first.clone().settle(retry, at(1)).unwrap();
        assert_eq!((waiting.due(at(2)), waiting.uncertain, waiting.attempts), (Some(at(60)), true, 0));
        assert_eq!(waiting.due(at(0)), Some(at(0)), "a clock that jumped back");
        let dead = first.clone().settle(Settlement::Dead { why: "400".into() }, at(1)).unwrap();
        assert_eq!((dead.due(at(2)), dead.state), (None, State::Dead { at: at(1), why: "400".into() }));
        let plainer = first.clone().settle(Settlement::Plainer { why: "400".into() }, at(1)).unwrap();
        assert_eq!((plainer.due(at(1)), plainer.plain, plainer.id), (Some(at(1)), true, first.id.clone()));
        assert_eq!(first.settle(Settlement::Delivered { receipt: None }, at(1)), None);
    }
}
