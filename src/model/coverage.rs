//! What was seen of a timeline, and when: everything from its first look to its last complete one, but for its gaps.
//!
//! Only gaps are written down. A timeline that is read as often as it should be costs nothing here.

pub mod span;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::calendar::day;

/// An interval of a timeline that was not seen in time, or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// What was posted from here on was not seen in time.
    pub from: Timestamp,
    /// What was posted from here on was; of an open gap, where the next one begins.
    pub until: Timestamp,
    /// Why.
    pub cause: Cause,
    /// Why, in words; at most [`WHY_BYTES`] long.
    pub why: String,
    /// What became of it.
    pub end: End,
}

/// What became of a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// A later look may still fill it.
    Open,
    /// A look that reached back over it was complete at this instant: its posts were seen, but late.
    Filled(Timestamp),
    /// It stays: the platform shows no more of it, for this reason.
    Lost(String),
}

/// Why a timeline was not seen in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The platform asked vigie to wait.
    RateLimit,
    /// The platform refuses vigie's credentials.
    Credentials,
    /// There is no credit left, or the bound set in the configuration is reached.
    Credit,
    /// The platform failed, or was not reached.
    Outage,
    /// The platform does not show this account: it is gone, closed, renamed or not what was configured.
    Refusal,
    /// The platform's answers cannot be true, or are no longer understood.
    Doubt,
    /// More was posted between two looks than the platform shows at once.
    Overrun,
    /// What was missed is older than what the platform still shows.
    Horizon,
    /// vigie did not run, or did not watch the timeline.
    Restart,
    /// vigie ran, but looked later than it should have.
    Delay,
}

/// The longest `why` that is kept of a gap, in bytes.
pub const WHY_BYTES: usize = 80;

/// The gaps that are kept of one day; of more, those nearest to each other are taken for one.
const MOST: usize = 10;

impl Gap {
    /// A gap that began at `from` and may still be filled.
    pub fn open(from: Timestamp, cause: Cause, why: &str) -> Self {
        Self { from, until: from, cause, why: short(why), end: End::Open }
    }

    /// The UTC day, from 1970, that the gap is kept with: the one on which it ended.
    pub fn day(&self) -> i32 {
        day(self.until)
    }

    /// Whether posts of it may be missing for good.
    pub fn is_lost(&self) -> bool {
        matches!(self.end, End::Lost(_))
    }

    /// This gap and a later one as one that claims no more than both. What may be missing stays missing.
    fn joined(self, later: Self) -> Self {
        let end = match (self.end, later.end) {
            (End::Lost(why), _) | (_, End::Lost(why)) => End::Lost(why),
            (End::Open, _) | (_, End::Open) => End::Open,
            (End::Filled(one), End::Filled(other)) => End::Filled(one.max(other)),
        };
        Self { until: self.until.max(later.until), end, ..self }
    }

    /// Whether `later` only goes on with it.
    fn goes_on_in(&self, later: &Self) -> bool {
        let alike = matches!(
            (&self.end, &later.end),
            (End::Filled(_), End::Filled(_)) | (End::Lost(_), End::Lost(_)) | (End::Open, End::Open)
        );
        alike && self.cause == later.cause && self.until >= later.from
    }
}

/// What is kept of a reason: one line, without what JSON would have to escape.
pub fn short(why: &str) -> String {
    let plain = |c: char| match c {
        '"' => '\'',
        '\\' => '/',
        c if c.is_control() => ' ',
        c => c,
    };
    let mut line: String = why.chars().map(plain).collect();
    if line.len() > WHY_BYTES {
        line.truncate(line.floor_char_boundary(WHY_BYTES - '…'.len_utf8()));
        line.push('…');
    }
    line
}

/// Puts a gap that ended to those kept of its day, which stay few and in order.
pub fn keep(gaps: &mut Vec<Gap>, gap: Gap) {
    gaps.push(gap);
    gaps.sort_by_key(|gap| gap.from);
    let mut kept: Vec<Gap> = Vec::with_capacity(gaps.len());
    for gap in gaps.drain(..) {
        match kept.pop() {
            Some(last) if last.goes_on_in(&gap) => kept.push(last.joined(gap)),
            last => kept.extend(last.into_iter().chain([gap])),
        }
    }
    while kept.len() > MOST {
        let near = |at: &usize| kept[*at].from.duration_since(kept[*at - 1].until);
        let Some(at) = (1..kept.len()).min_by_key(near) else { break };
        let later = kept.remove(at);
        let earlier = kept.remove(at - 1);
        kept.insert(at - 1, earlier.joined(later));
    }
    *gaps = kept;
}

impl Cause {
    /// In a few words, as people read it.
    pub fn words(self) -> &'static str {
        match self {
            Self::RateLimit => "rate limit",
            Self::Credentials => "credentials refused",
            Self::Credit => "out of credit or budget",
            Self::Outage => "outage",
            Self::Refusal => "not shown by the platform",
            Self::Doubt => "answers that cannot be true",
            Self::Overrun => "more posts than the platform shows at once",
            Self::Horizon => "older than the platform shows",
            Self::Restart => "vigie did not run",
            Self::Delay => "looked late",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An instant with as many digits as one can have.
    fn at(minute: i64) -> Timestamp {
        Timestamp::new(1_750_000_000 + minute * 60, 123_456_789).unwrap()
    }

    fn gap(from: i64, until: i64, end: End) -> Gap {
        Gap { until: at(until), end, ..Gap::open(at(from), Cause::Outage, "HTTP 500") }
    }

    fn filled(from: i64, until: i64) -> Gap {
        gap(from, until, End::Filled(at(until)))
    }

    fn kept(gaps: impl IntoIterator<Item = Gap>) -> Vec<Gap> {
        let mut kept = Vec::new();
        gaps.into_iter().for_each(|gap| keep(&mut kept, gap));
        kept
    }

    #[test]
    fn gaps_that_go_on_in_each_other_are_one() {
        assert_eq!(kept([filled(0, 15), filled(15, 30)]), [gap(0, 30, End::Filled(at(30)))]);
        assert_eq!(kept([filled(15, 30), filled(0, 15)]), [gap(0, 30, End::Filled(at(30)))]);
        assert_eq!(kept([filled(0, 15), filled(16, 30)]).len(), 2, "something was seen between them");
        let lost = gap(15, 30, End::Lost("window".into()));
        assert_eq!(kept([filled(0, 15), lost.clone()]), [filled(0, 15), lost]);
        let other = Gap { cause: Cause::Credit, ..filled(15, 30) };
        assert_eq!(kept([filled(0, 15), other]).len(), 2);
    }

    #[test]
    fn a_day_of_many_gaps_stays_small_and_never_claims_more_than_was_seen() {
        let why = "\"\\".repeat(WHY_BYTES);
        let lost =
            |n: i64| Gap { why: short(&why), ..gap(n * 10, n * 10 + 1 + n % 7, End::Lost(short(&why))) };
        let many: Vec<_> = (0..140).map(lost).collect();
        let few = kept(many.clone());
        assert_eq!(few.len(), MOST);
        let bytes = serde_json::to_vec(&few).unwrap().len();
        assert!(bytes <= 4096, "{bytes} bytes are too many for a store");
        for gap in many {
            assert!(few.iter().any(|kept| kept.from <= gap.from && gap.until <= kept.until), "{gap:?}");
        }
    }

    #[test]
    fn what_may_be_missing_stays_missing_when_gaps_are_joined() {
        let lost = || gap(20, 30, End::Lost("window".into()));
        assert!(filled(0, 10).joined(lost()).is_lost());
        assert!(lost().joined(filled(40, 50)).is_lost());
        assert_eq!(filled(0, 10).joined(gap(20, 30, End::Open)).end, End::Open);
        assert_eq!(filled(0, 10).joined(filled(20, 30)), gap(0, 30, End::Filled(at(30))));
    }

    #[test]
    fn a_reason_is_kept_short_and_on_one_line() {
        assert_eq!(short("a\nb"), "a b");
        let (long, whole) = (short(&"é".repeat(100)), "x".repeat(WHY_BYTES));
        assert!(long.len() <= WHY_BYTES && long.ends_with("é…"), "what is cut shows that it is: {long}");
        assert_eq!(short(&whole), whole);
    }
}
