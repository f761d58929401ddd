//! What was seen of a timeline between two instants, as people ask for it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Cause, End, Gap};
use crate::model::timeline::TimelineState;

/// A part of the time that was asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Where it begins.
    pub from: Timestamp,
    /// Where it ends.
    pub until: Timestamp,
    /// What was seen of it.
    pub seen: Extent,
    /// The gap it is, or is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
}

/// How far a span was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// All of it, in time.
    InTime,
    /// It is so young that the next look has not come yet.
    Awaited,
    /// All of it, but late.
    Late,
    /// Nothing: nobody watched yet.
    Unwatched,
    /// Nothing yet: a later look may still see it.
    Blind,
    /// Posts of it may be missing for good.
    Missing,
}

/// What was seen between `from` and `until` of the timeline that is in `state` at `now` and had the gaps `ended`.
///
/// `unfinished` is why nothing was seen lately if no look says why. The spans touch, and together are what was asked for,
/// up to `now`.
pub fn spans(
    state: Option<&TimelineState>,
    ended: &[Gap],
    (from, until): (Timestamp, Timestamp),
    unfinished: Cause,
    now: Timestamp,
) -> Vec<Span> {
    let mut line = Line { at: from, until: until.min(now), spans: Vec::new() };
    let Some((state, watched)) = state.and_then(|state| Some((state, state.watched_since?))) else {
        line.reach(until, Extent::Unwatched);
        return line.spans;
    };
    line.reach(watched, Extent::Unwatched);
    let seen = state.seen_until().unwrap_or(watched);
    let mut gaps: Vec<Gap> = ended.iter().cloned().chain(open(state, unfinished, now)).collect();
    gaps.sort_by_key(|gap| gap.from);
    for gap in gaps {
        line.reach(gap.from.min(seen), Extent::InTime);
        line.cross(gap);
    }
    line.reach(seen, Extent::InTime);
    line.reach(until, Extent::Awaited);
    line.spans
}

/// The gaps that no look has ended yet.
fn open(state: &TimelineState, unfinished: Cause, now: Timestamp) -> Vec<Gap> {
    let mut open = state.open.clone();
    if let (true, true, Some(seen)) = (open.is_empty(), state.is_late(now), state.seen_until()) {
        open.push(Gap::open(seen, unfinished, ""));
    }
    let ends: Vec<_> = open.iter().skip(1).map(|gap| gap.from).chain([now]).collect();
    open.into_iter().zip(ends).map(|(gap, until)| Gap { until, ..gap }).collect()
}

/// The spans so far, from left to right.
struct Line {
    at: Timestamp,
    until: Timestamp,
    spans: Vec<Span>,
}

impl Line {
    /// Goes on to `to`.
    fn reach(&mut self, to: Timestamp, seen: Extent) {
        self.push(to, seen, None);
    }

    /// Goes on to the end of `gap`, from where the line is.
    fn cross(&mut self, gap: Gap) {
        let extent = match gap.end {
            End::Open => Extent::Blind,
            End::Filled(_) => Extent::Late,
            End::Lost(_) => Extent::Missing,
        };
        self.push(gap.until, extent, Some(gap));
    }

    fn push(&mut self, to: Timestamp, seen: Extent, gap: Option<Gap>) {
        let to = to.min(self.until);
        if to > self.at {
            self.spans.push(Span { from: self.at, until: to, seen, gap });
            self.at = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_750_000_000 + minute * 60).unwrap()
    }

    /// A timeline watched from the minute 0, once a minute, and seen up to `seen`.
    fn state(seen: i64) -> TimelineState {
        let pause = SignedDuration::from_mins(1);
        let (watched_since, complete_at) = (Some(at(0)), Some(at(seen)));
        TimelineState { pause, watched_since, complete_at, ..TimelineState::first(None, at(0)) }
    }

    fn ended(from: i64, until: i64, end: End) -> Gap {
        Gap { until: at(until), end, ..Gap::open(at(from), Cause::Outage, "") }
    }

    /// The spans as minutes and extents.
    fn found(
        state: Option<&TimelineState>,
        gaps: &[Gap],
        from: i64,
        until: i64,
        now: i64,
    ) -> Vec<(i64, i64, Extent)> {
        let minute = |at: Timestamp| (at.as_second() - 1_750_000_000) / 60;
        let spans = spans(state, gaps, (at(from), at(until)), Cause::Restart, at(now));
        spans.into_iter().map(|span| (minute(span.from), minute(span.until), span.seen)).collect()
    }

    #[test]
    fn what_was_asked_about_is_covered_by_spans_that_touch() {
        use Extent::{Awaited, InTime, Late, Missing, Unwatched};
        let gaps = [ended(20, 30, End::Filled(at(31))), ended(40, 45, End::Lost("window".into()))];
        let state = state(60);
        let whole = [
            (-10, 0, Unwatched),
            (0, 20, InTime),
            (20, 30, Late),
            (30, 40, InTime),
            (40, 45, Missing),
            (45, 60, InTime),
            (60, 61, Awaited),
        ];
        assert_eq!(found(Some(&state), &gaps, -10, 99, 61), whole);
        assert_eq!(
            found(Some(&state), &gaps, 25, 42, 61),
            [(25, 30, Late), (30, 40, InTime), (40, 42, Missing)]
        );
        assert_eq!(found(Some(&state), &gaps, 46, 50, 61), [(46, 50, InTime)]);
        assert_eq!(found(Some(&state), &gaps, 70, 80, 61), []);
    }

    #[test]
    fn what_no_look_has_seen_yet_is_blind() {
        use Extent::{Blind, InTime};
        let late = state(60);
        assert_eq!(found(Some(&late), &[], 50, 99, 90), [(50, 60, InTime), (60, 90, Blind)]);
        let open = vec![Gap::open(at(60), Cause::Outage, ""), Gap::open(at(70), Cause::Credit, "")];
        let failing = TimelineState { open, ..late };
        assert_eq!(
            found(Some(&failing), &[], 50, 99, 90),
            [(50, 60, InTime), (60, 70, Blind), (70, 90, Blind)]
        );
    }

    #[test]
    fn what_nobody_watched_was_not_seen() {
        assert_eq!(found(None, &[], 0, 10, 20), [(0, 10, Extent::Unwatched)]);
        assert_eq!(
            found(Some(&TimelineState::first(None, at(0))), &[], 0, 10, 5),
            [(0, 5, Extent::Unwatched)]
        );
    }
}
