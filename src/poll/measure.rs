//! What looks bring, as metrics.

use super::look::Look;
use crate::metrics::Metrics;
use crate::model::coverage::{End, Gap};
use crate::model::matched::Match;
use crate::source::SourceError;
use crate::store::{News, Sighting};

/// Counts a look, its posts and the rules that hold for those that are news.
pub(super) fn look(metrics: &Metrics, look: &Look, sightings: &[Sighting], matches: &[Vec<Match>]) {
    let source = &look.watch.watching().id;
    metrics.looked(source, ended(look));
    let Ok(page) = &look.result else { return };
    metrics.posts(source, "unreadable", page.unreadable.len() as u64);
    if let Some((left, _)) = page.limit {
        metrics.calls_left(source, left);
    }
    for (sighting, matches) in sightings.iter().zip(matches) {
        match sighting.news {
            News::New => metrics.posts(source, "new", 1),
            News::Revised => metrics.posts(source, "edited", 1),
            News::Known => continue,
        }
        for found in matches {
            metrics.matched(source, &found.rule);
        }
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
