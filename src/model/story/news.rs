//! Whether one more post of a story speaks at a sink.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::Story;
use crate::model::delivery::Again;
use crate::model::matched::Severity;
use crate::model::sink::SinkId;

/// What a sink was told of a story. Kept as an array, as [`Story`] is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// How many deliveries it got.
    pub deliveries: u32,
    /// The highest severity in them.
    pub severity: Severity,
    /// What the sink calls the first of them that it took; further ones answer there.
    #[serde(default)]
    pub receipt: Option<String>,
    /// Posts since the last of them, which the next one counts.
    #[serde(default)]
    pub counted: u32,
    /// Whether it heard of a second source.
    #[serde(default)]
    pub second: bool,
    /// Whether a silence kept the first message from it: then the next one is a first.
    #[serde(default)]
    pub silenced: bool,
}

/// What one more matched post brings to a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    /// The highest severity among the matches meant for the sink.
    pub severity: Severity,
    /// Whether an edit met a rule that no earlier revision of the post met.
    pub insists: bool,
    /// Whether it is another author's, in words of their own.
    pub second: bool,
}

/// What one more matched post of a story does at one sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filed {
    /// It opens a delivery.
    Opens {
        /// The sink's n-th of the story.
        n: u32,
        /// Why the story speaks again, if it does.
        again: Option<Again>,
        /// Earlier posts that no delivery told.
        counted: u32,
    },
    /// It joins the delivery that is still open.
    Joins(Again),
    /// It is counted; the next delivery tells of it.
    Counted,
}

impl Story {
    /// What the post does at `sink`; the story remembers it as told. `open` tells whether the sink's last delivery still
    /// gathers.
    ///
    /// A story speaks again if it got graver, if an edit of a post met a rule that none of its revisions had met, or at
    /// its first second source. Further copies are answers where the sink knows threads; elsewhere the next message
    /// counts them.
    pub fn file(&mut self, sink: &SinkId, news: News, open: bool) -> Filed {
        let News { severity, insists, second } = news;
        let Some(told) = self.told.get_mut(sink) else {
            let told = Told { deliveries: 1, severity, receipt: None, counted: 0, second, silenced: false };
            self.told.insert(sink.clone(), told);
            return Filed::Opens { n: 1, again: None, counted: 0 };
        };
        if told.silenced {
            told.deliveries += 1;
            let counted = std::mem::take(&mut told.counted);
            (told.severity, told.second, told.silenced) = (severity, second, false);
            return Filed::Opens { n: told.deliveries, again: None, counted };
        }
        let again = if severity > told.severity {
            Again::Raised { from: told.severity }
        } else if insists {
            Again::Edit
        } else if second && !told.second {
            Again::Wording
        } else {
            Again::Copies
        };
        told.severity = told.severity.max(severity);
        told.second |= second;
        if open {
            Filed::Joins(again)
        } else if again > Again::Copies || told.receipt.is_some() {
            told.deliveries += 1;
            let counted = std::mem::take(&mut told.counted);
            Filed::Opens { n: told.deliveries, again: Some(again), counted }
        } else {
            told.counted = told.counted.saturating_add(1);
            Filed::Counted
        }
    }
}

/// How long the n-th message of a story at a sink gathers copies before it answers in the thread: ever longer.
pub fn answers_after(n: u32) -> SignedDuration {
    SignedDuration::from_mins(5 << n.saturating_sub(2).min(4)).min(SignedDuration::from_hours(1))
}

#[cfg(test)]
mod tests {
    use super::super::tests::story;
    use super::*;

    fn opens(n: u32, again: Again, counted: u32) -> Filed {
        Filed::Opens { n, again: Some(again), counted }
    }

    #[test]
    fn one_story_speaks_once_unless_it_gets_graver_an_edit_insists_or_a_second_source_tells_it() {
        use Severity::{High, Low, Medium};
        let mut story = story();
        let sink = SinkId::new("slack", "desk");
        let raised = |from| Again::Raised { from };
        let steps = [
            (Medium, false, false, false, Filed::Opens { n: 1, again: None, counted: 0 }),
            (Low, false, false, true, Filed::Joins(Again::Copies)),
            (Medium, false, false, false, Filed::Counted),
            (High, false, false, false, opens(2, raised(Medium), 1)),
            (High, false, false, true, Filed::Joins(Again::Copies)),
            (High, false, false, false, Filed::Counted),
            (Low, false, false, false, Filed::Counted),
            (Low, true, false, false, opens(3, Again::Edit, 2)),
            (Low, false, true, false, opens(4, Again::Wording, 0)),
            (Low, false, true, false, Filed::Counted),
        ];
        for (step, (severity, insists, second, open, filed)) in steps.into_iter().enumerate() {
            let news = News { severity, insists, second };
            assert_eq!(story.file(&sink, news, open), filed, "step {step}");
        }
        let first = News { severity: Low, insists: false, second: false };
        let elsewhere = story.file(&SinkId::new("matrix", "room"), first, false);
        assert_eq!(elsewhere, Filed::Opens { n: 1, again: None, counted: 0 });
    }

    #[test]
    fn copies_answer_in_the_thread_once_there_is_one() {
        let mut story = story();
        let sink = SinkId::new("matrix", "room");
        let copy = News { severity: Severity::Low, insists: false, second: false };
        story.file(&sink, copy, false);
        assert_eq!(story.file(&sink, copy, false), Filed::Counted, "the first message is under way");
        story.heard(&sink, Some("$a"));
        assert_eq!(story.file(&sink, copy, false), opens(2, Again::Copies, 1));
        assert_eq!(story.file(&sink, copy, true), Filed::Joins(Again::Copies));
        let minutes = [2, 3, 4, 5, 6, 99].map(|n| answers_after(n).as_mins());
        assert_eq!(minutes, [5, 10, 20, 40, 60, 60]);
    }

    #[test]
    fn what_a_silence_kept_from_a_sink_was_never_told() {
        let mut story = story();
        let sink = SinkId::new("slack", "desk");
        let news = |severity| News { severity, insists: false, second: false };
        story.file(&sink, news(Severity::High), false);
        assert!(story.silenced(&sink) && !story.silenced(&SinkId::new("matrix", "room")));
        let first = Filed::Opens { n: 2, again: None, counted: 0 };
        assert_eq!(story.file(&sink, news(Severity::Low), false), first);
        assert_eq!(story.file(&sink, news(Severity::Low), false), Filed::Counted);
    }
}
