//! What looks bring, as metrics.

use std::sync::Arc;

use super::look::Look;
use super::tally::Counted;
use crate::metrics::Metrics;
use crate::model::coverage::{End, Gap};
use crate::model::matched::Match;
use crate::source::SourceError;

/// What is measured of a look, beside the number of its posts.
#[derive(Default)]
pub(super) struct Measured {
    ended: &'static str,
    calls_left: Option<u64>,
    /// The rules that hold for the posts that are news, post by post.
    met: Vec<Arc<str>>,
}

impl Measured {
    /// Of a look for whose posts these rules hold.
    pub(super) fn of(look: &Look, matches: &[Vec<Match>]) -> Self {
        let calls_left = look.result.as_ref().ok().and_then(|page| page.limit).map(|(left, _)| left);
        let met = matches.iter().flatten().map(|found| found.rule.clone()).collect();
        Self { ended: ended(look), calls_left, met }
    }
}

/// Counts a look, its posts and the rules that hold for those that are news.
pub(super) fn look(metrics: &Metrics, source: &str, measured: &Measured, counted: &Counted) {
    let Counted { new, revised, unreadable, matched: _ } = *counted;
    metrics.looked(source, measured.ended);
    for (news, posts) in [("new", new), ("edited", revised), ("unreadable", unreadable)] {
        metrics.posts(source, news, posts);
    }
    if let Some(left) = measured.calls_left {
        metrics.calls_left(source, left);
    }
    for rule in &measured.met {
        metrics.matched(source, rule);
    }
}

/// Counts gaps that ended.
pub(super) fn gaps(metrics: &Metrics, source: &str, gaps: &[Gap]) {
    for gap in gaps {
        match gap.end {
            End::Open => {}
            End::Filled(_) => metrics.gap(source, "late"),
            End::Lost(_) => metrics.gap(source, "lost"),
        }
    }
}

/// Counts the posts that people hear of, by the rules because of which they do.
pub(super) fn alerts(metrics: &Metrics, source: &str, rules: &[String]) {
    for rule in rules {
        metrics.alerted(source, rule);
    }
}

fn ended(look: &Look) -> &'static str {
    match &look.result {
        Ok(_) => "read",
        Err(SourceError::Retry(..)) => "retry",
        Err(SourceError::Unanswered(_)) => "unanswered",
        Err(SourceError::Later(..)) => "later",
        Err(SourceError::Paused(..)) => "paused",
        Err(SourceError::Broken(_)) => "broken",
        Err(SourceError::Barred(..)) => "barred",
        Err(SourceError::Suspicious(_)) => "suspicious",
    }
}
