//! What a look at a timeline changes.

use jiff::{SignedDuration, Timestamp};

use super::coverage::{Cause, End, Gap, short};
use super::timeline::{Cursor, Silence, TimelineState, Trouble};

/// How a look at a timeline ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked {
    /// A page was read.
    Page {
        /// Where to resume.
        cursor: Option<Cursor>,
        /// Whether more pages wait, so that the look is not complete yet.
        more: bool,
        /// What a complete look could not reach.
        missed: Option<Missed>,
        /// When its new posts were posted.
        posted: Vec<Timestamp>,
    },
    /// Nothing was read, because others go first; nobody needs to hear of it.
    Later {
        /// When it may go on.
        until: Timestamp,
        /// Why it is not its turn.
        why: String,
    },
    /// Nothing was read.
    Failed {
        /// What kind of failure.
        cause: Cause,
        /// What happened and what to do.
        why: String,
        /// Not to be tried again before.
        until: Option<Timestamp>,
        /// Whether it may pass by itself: then it is told only when it lasts.
        passing: bool,
    },
}

/// Posts between the last complete look and this one that the platform no longer shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// Why.
    pub cause: Cause,
    /// Why, in words, and what to do.
    pub why: String,
    /// The oldest post that is shown: what was posted from then on is not missed.
    pub until: Option<Timestamp>,
}

/// When a look was made.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// When it was asked for: what was posted later it may not have shown.
    pub asked_at: Timestamp,
    /// When it counts.
    pub now: Timestamp,
    /// Since when vigie runs.
    pub running_since: Timestamp,
    /// The wait before the next look: the timeline's pace after success, a back-off after failure.
    pub pause: SignedDuration,
    /// The longest silence that a canary is allowed; of any other account it is learned.
    pub canary_within: Option<SignedDuration>,
}

/// What a look changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The timeline from now on.
    pub state: TimelineState,
    /// What people should hear of it.
    pub turned: Vec<Turned>,
    /// The gaps that ended.
    pub gaps: Vec<Gap>,
}

/// A change of a timeline that people are told about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turned {
    /// It can no longer be read.
    Blind(Trouble),
    /// It is read again, from its newest post back to what was known.
    Back {
        /// Why it could not be read.
        trouble: Trouble,
        /// What was not seen meanwhile, and what became of it.
        gaps: Vec<Gap>,
    },
    /// It is read, but posts may be missing for good.
    Missed(Gap),
    /// It is read, but silent for unusually long.
    Quiet {
        /// When it last posted.
        since: Timestamp,
        /// The wait that is usual between two posts; none is known of a canary that never posted.
        usual: Option<SignedDuration>,
        /// Whether it is known to post, so that its silence is an alarm and no question.
        canary: bool,
    },
    /// It posts again.
    Heard {
        /// When it had last posted.
        since: Timestamp,
    },
}

/// Failed looks in a row after which a passing failure is told.
pub const FAILURES_TOLD: u32 = 5;

/// Posts that may be missing are told once in this time: where it happens, it happens again and again.
const MISSED_TOLD_IN: SignedDuration = SignedDuration::from_hours(24);

/// Causes that an open gap is told apart by; of more, the last one goes on.
const MOST_OPEN: usize = 4;

impl TimelineState {
    /// The state after a look, and what that means for people and for the ledger.
    pub fn finish(self, looked: Looked, moment: &Moment) -> Finished {
        let mut state = self.resumed(moment);
        match looked {
            Looked::Page { cursor, more, missed, posted } => {
                state.cursor = cursor.or(state.cursor);
                state.failures = 0;
                state.begun_at.get_or_insert(moment.asked_at);
                let heard = state.heard(&posted);
                let mut finished =
                    if more { state.goes_on(moment) } else { state.completed(missed.as_ref(), moment) };
                finished.turned.extend(heard);
                finished
            }
            Looked::Later { until, why } => {
                state.due = until.max(moment.now);
                state.missing(Cause::Credit, &why, moment);
                Finished { state, turned: Vec::new(), gaps: Vec::new() }
            }
            Looked::Failed { cause, why, until, passing } => {
                state.due = until.unwrap_or(moment.now).max(after(moment));
                state.failed(cause, why, passing, moment)
            }
        }
    }

    /// The state as a look finds it. If the look came later than meant, that is a gap of its own.
    fn resumed(mut self, moment: &Moment) -> Self {
        let overdue = moment.asked_at.duration_since(self.due(moment.asked_at)) > self.patience();
        if let (true, Some(seen)) = (overdue, self.seen_until()) {
            let cause = if self.set_at < moment.running_since { Cause::Restart } else { Cause::Delay };
            let from = if self.open.is_empty() { seen } else { self.set_at };
            self.opened(Gap::open(from, cause, ""));
        }
        self.watched_since.get_or_insert(moment.asked_at);
        self.set_at = moment.now;
        self
    }

    /// Notes that what is posted now is not seen now; tells since when nothing is.
    fn missing(&mut self, cause: Cause, why: &str, moment: &Moment) -> Timestamp {
        let seen = self.seen_until().unwrap_or(moment.asked_at);
        let from = if self.open.is_empty() { seen } else { moment.asked_at };
        self.opened(Gap::open(from, cause, why));
        seen
    }

    fn opened(&mut self, gap: Gap) {
        let goes_on = self.open.last().is_some_and(|last| last.cause == gap.cause);
        if !goes_on && self.open.len() < MOST_OPEN {
            self.open.push(gap);
        }
    }

    /// Learns from new posts; tells if they end a silence that was told.
    fn heard(&mut self, posted: &[Timestamp]) -> Option<Turned> {
        let before = self.cadence.last;
        self.cadence = self.cadence.heard(posted);
        let over = self.silence.take_if(|_| self.cadence.last > before)?;
        over.told.then_some(Turned::Heard { since: over.since })
    }

    /// Looks out for an unusual silence.
    fn listened(&mut self, first: bool, moment: &Moment) -> Option<Turned> {
        let patience = moment.canary_within.or_else(|| self.cadence.patience())?;
        let since = self.cadence.last.or(self.watched_since)?;
        if self.silence.is_some() || moment.asked_at.duration_since(since) <= patience {
            return None;
        }
        let canary = moment.canary_within.is_some();
        let told = canary || !first;
        self.silence = Some(Silence { since, told });
        told.then_some(Turned::Quiet { since, usual: self.cadence.usual(), canary })
    }

    fn goes_on(mut self, moment: &Moment) -> Finished {
        self.due = moment.now;
        Finished { state: self, turned: Vec::new(), gaps: Vec::new() }
    }

    fn completed(mut self, missed: Option<&Missed>, moment: &Moment) -> Finished {
        let (first, begun) = (self.complete_at.is_none(), self.begun_at.take().unwrap_or(moment.asked_at));
        let gaps = self.closed(missed, begun, moment.now);
        self.complete_at = Some(begun);
        self.due = after(moment);
        self.pause = moment.pause;
        let lost = gaps.iter().find(|gap| gap.is_lost()).cloned();
        let mut turned = Vec::new();
        if let Some(trouble) = self.trouble.take() {
            turned.push(Turned::Back { trouble, gaps: gaps.clone() });
        } else if let Some(lost) = lost
            && self.missed_at.is_none_or(|told| moment.now.duration_since(told).abs() > MISSED_TOLD_IN)
        {
            self.missed_at = Some(moment.now);
            turned.push(Turned::Missed(lost));
        }
        turned.extend(self.listened(first, moment));
        Finished { state: self, turned, gaps }
    }

    /// The gaps that end with a complete look which began at `begun`; none if nothing is seen later than it should be.
    fn closed(&mut self, missed: Option<&Missed>, begun: Timestamp, now: Timestamp) -> Vec<Gap> {
        let Some(from) = self.seen_until() else { return Vec::new() };
        let late = self.trouble.is_some() || begun.duration_since(from) > self.patience();
        let mut open = std::mem::take(&mut self.open);
        if open.is_empty() {
            let (cause, why) = missed.map_or((Cause::Delay, ""), |missed| (missed.cause, &missed.why));
            open.push(Gap::open(from, cause, why));
        }
        let ends: Vec<_> = open.iter().skip(1).map(|gap| gap.from).chain([begun]).collect();
        let mut gaps = Vec::new();
        for (gap, until) in open.into_iter().zip(ends) {
            let split = missed
                .map_or(gap.from, |missed| missed.until.unwrap_or(until))
                .clamp(gap.from, until.max(gap.from));
            if let Some(missed) = missed {
                gaps.push(Gap { until: split, end: End::Lost(short(&missed.why)), ..gap.clone() });
            }
            if late {
                gaps.push(Gap { from: split, until, end: End::Filled(now), ..gap });
            }
        }
        gaps.retain(|gap| gap.from < gap.until);
        gaps
    }

    fn failed(mut self, cause: Cause, why: String, passing: bool, moment: &Moment) -> Finished {
        let seen = self.missing(cause, &why, moment);
        self.failures = self.failures.saturating_add(1);
        let worse = match &self.trouble {
            None => !passing || self.failures >= FAILURES_TOLD,
            Some(told) => !passing && told.cause != cause,
        };
        let mut turned = Vec::new();
        if worse {
            let trouble = Trouble { since: seen, cause, why };
            self.trouble = Some(trouble.clone());
            turned.push(Turned::Blind(trouble));
        }
        Finished { state: self, turned, gaps: Vec::new() }
    }
}

fn after(moment: &Moment) -> Timestamp {
    moment.now.saturating_add(moment.pause).unwrap_or(moment.now)
}

#[cfg(test)]
mod tests;
