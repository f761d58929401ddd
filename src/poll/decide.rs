//! What a look at a timeline changes: a plain function of what it showed, what is known, and now.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::look::Look;
use crate::model::backoff::{full_jitter, jittered};
use crate::model::calendar::day;
use crate::model::coverage::Cause;
use crate::model::delivery::Excerpt;
use crate::model::look::{Finished, Looked, Missed, Moment, Turned};
use crate::model::matched::Match;
use crate::model::pace::{is_scarce, pause};
use crate::model::post::{Content, Post, PostKey};
use crate::model::story::{Copy, StoryId};
use crate::model::timeline::TimelineState;
use crate::route::{Heard, Routes, Traits};
use crate::source::{Common, Page, SourceError};
use crate::store::{Addressed, Filing, News, Outcome, Sighted, Sighting};
use crate::story::Sketch;
use crate::watch::Origin;

/// The longest back-off after failures.
const LONGEST_BACKOFF: SignedDuration = SignedDuration::from_mins(15);

/// A cursor longer than this is not kept; no honest server needs it.
const CURSOR_BYTES: usize = 2000;

/// What is known of the posts of a page, each in their order.
pub(super) struct Shown {
    pub(super) revisions: Vec<(PostKey, Content)>,
    /// What the store knows of them.
    pub(super) sightings: Vec<Sighting>,
    /// The rules that hold for those that are news.
    pub(super) matches: Vec<Vec<Match>>,
}

/// The revisions of a look, in order, for which the store must be asked.
pub(super) fn revisions(look: &Look) -> Vec<(PostKey, Content)> {
    let posts = look.result.as_ref().map(|page| page.posts.as_slice()).unwrap_or_default();
    posts.iter().map(|post| (post.key(), post.content())).collect()
}

/// What the look changes, what people should hear of the timeline itself, and for each post they hear of, by which rules.
pub(super) fn decide(
    look: Look,
    Shown { revisions, sightings, matches }: Shown,
    routes: &Routes,
    (running_since, now): (Timestamp, Timestamp),
    rng: &mut fastrand::Rng,
) -> (Outcome, Vec<Turned>, Vec<String>) {
    let (of, account) = (look.watch.of.clone(), look.watch.account.clone());
    let common = &of.watching.common;
    let before = look.turn.state.clone().unwrap_or_else(|| first_sight(common, now));
    let (since, first) = (before.since, before.complete_at.is_none());
    let canary = common.canary.as_ref().filter(|canary| *canary.account == *account);
    let moment = Moment {
        asked_at: look.asked_at,
        now,
        running_since,
        pause: wait(&look, &before, now, rng),
        canary_within: canary.map(|canary| canary.within),
    };
    let (looked, posts) = looked(look.result, &before, &sightings, now);
    let Finished { state, turned, gaps } = before.finish(looked, &moment);
    let today = day(now);
    let origin = Origin { platform: &of.watching.platform, account: &account };
    let mut page = PageSoFar {
        now,
        since,
        first,
        origin: &origin,
        routes,
        seen: HashMap::new(),
        posts: Vec::new(),
        filings: Vec::new(),
        rules: Vec::new(),
    };
    let sightings = revisions.into_iter().zip(sightings);
    for ((post, matches), (revision, sighting)) in posts.into_iter().zip(matches).zip(sightings) {
        page.add((post, revision), matches, sighting);
    }
    let (posts, filings, rules) = (page.posts, page.filings, page.rules);
    let (turn, notices) = (look.turn, Vec::new());
    (Outcome { turn, state, gaps, posts, filings, notices, charge: None, day: today }, turned, rules)
}

/// The wait before the next look.
fn wait(look: &Look, before: &TimelineState, now: Timestamp, rng: &mut fastrand::Rng) -> SignedDuration {
    let (common, every) = (&look.watch.watching().common, SignedDuration::from_millis(look.watch.every));
    let Ok(page) = &look.result else {
        let failures = before.failures.saturating_add(1);
        return full_jitter(failures, every, LONGEST_BACKOFF, rng).max(every / 2);
    };
    let scarce = page.limit.is_some_and(|(left, until)| {
        is_scarce(left, until.duration_since(now), look.watch.of.accounts, every)
    });
    jittered(pause(before.cadence.usual(), every, common.slowest, scarce), rng)
}

/// How a look ended, and the posts it brought.
fn looked(
    result: Result<Page, SourceError>,
    before: &TimelineState,
    sightings: &[Sighting],
    now: Timestamp,
) -> (Looked, Vec<Post>) {
    match result {
        Ok(mut page) => {
            let missed = page.missed.take().or_else(|| overrun(&page, before, sightings));
            let posted = posted(&page, sightings, now);
            let cursor = page.next.filter(|cursor| cursor.0.len() <= CURSOR_BYTES);
            (Looked::Page { cursor, more: page.more, missed, posted }, page.posts)
        }
        Err(error) => (failed(error), Vec::new()),
    }
}

/// What a window may have missed: if it shows nothing that is known, more may have passed through it.
fn overrun(page: &Page, before: &TimelineState, sightings: &[Sighting]) -> Option<Missed> {
    let looked = page.window && before.complete_at.is_some() && before.cadence.last.is_some();
    let passed = !sightings.is_empty() && sightings.iter().all(|seen| seen.news == News::New);
    (looked && passed).then(|| Missed {
        cause: Cause::Overrun,
        why: format!("none of the {} posts shown was seen before", page.posts.len()),
        until: page.posts.iter().map(|post| post.posted_at).min().flatten(),
    })
}

/// When the posts of a page that are new were posted.
fn posted(page: &Page, sightings: &[Sighting], now: Timestamp) -> Vec<Timestamp> {
    let seen = page.posts.iter().zip(sightings).filter(|(_, sighting)| sighting.news == News::New);
    seen.map(|(post, _)| post.posted_at.unwrap_or(now).min(now)).collect()
}

fn first_sight(common: &Common, now: Timestamp) -> TimelineState {
    let since = common.backfill.map(|back| now.saturating_sub(back).unwrap_or(Timestamp::MIN));
    TimelineState::first(since, now)
}

fn failed(error: SourceError) -> Looked {
    let cause = error.cause();
    let (why, until, passing) = match error {
        SourceError::Retry(at, why) => (why, at, true),
        SourceError::Unanswered(why) => (why, None, true),
        SourceError::Paused(until, why) => (why, Some(until), false),
        SourceError::Later(until, why) => return Looked::Later { until, why },
        SourceError::Broken(why) | SourceError::Barred(_, why) | SourceError::Suspicious(why) => {
            (why, None, false)
        }
    };
    // What a server says of itself may be long; what is kept of it is not.
    Looked::Failed { cause, why: why.chars().take(400).collect(), until, passing }
}

/// The posts of a page decided so far.
struct PageSoFar<'a> {
    now: Timestamp,
    since: Option<Timestamp>,
    first: bool,
    origin: &'a Origin<'a>,
    routes: &'a Routes,
    /// Revisions that this very page already showed.
    seen: HashMap<PostKey, (Content, Vec<String>)>,
    posts: Vec<Sighted>,
    filings: Vec<Filing>,
    /// The rules because of which people hear of a post, post by post.
    rules: Vec<String>,
}

impl PageSoFar<'_> {
    fn add(
        &mut self,
        (mut post, (key, content)): (Post, (PostKey, Content)),
        matches: Vec<Match>,
        sighting: Sighting,
    ) {
        let (news, mut met) = match self.seen.remove(&key) {
            Some((earlier, met)) if earlier == content => (News::Known, met),
            Some((_, met)) => (News::Revised, met),
            None => (sighting.news, sighting.met),
        };
        if news == News::Known {
            self.keep(key, content, None, met);
            return;
        }
        let old = self.is_old(&post);
        post.seen_at = Some(self.now);
        post.posted_at = post.posted_at.or(Some(self.now));
        let fresh: Vec<Match> =
            matches.into_iter().filter(|found| !met.iter().any(|rule| **rule == *found.rule)).collect();
        let insists = news == News::Revised && !met.is_empty();
        met.extend(fresh.iter().map(|found| found.rule.to_string()));
        if !old && !fresh.is_empty() {
            let story = StoryId::opened_by(key, content);
            self.file((&post, story), &fresh, news == News::Revised, insists);
        }
        self.keep(key, content, Some(post), met);
    }

    /// Whether the post is from before the account was watched; then it is seen and never alerts.
    fn is_old(&self, post: &Post) -> bool {
        match (self.since, post.posted_at) {
            (None, _) => false,
            (Some(since), Some(posted_at)) => posted_at < since,
            // Without a date, what a first look shows counts as old: it may be years of posts.
            (Some(_), None) => self.first,
        }
    }

    fn keep(&mut self, key: PostKey, content: Content, archive: Option<Post>, met: Vec<String>) {
        self.seen.insert(key, (content, met.clone()));
        self.posts.push(Sighted { key, content, archive, met });
    }

    fn file(&mut self, (post, story): (&Post, StoryId), matches: &[Match], edited: bool, insists: bool) {
        let addressed = |heard: Heard| {
            let (severity, due) = (heard.severity(), heard.due(self.now));
            let excerpt = Excerpt::of(post, &heard.matches, edited, self.now);
            Addressed { sink: heard.sink, severity, excerpt, routes: heard.routes, due }
        };
        let heard = self.routes.address(matches, &Traits::of(post, self.origin));
        let mut rules: Vec<_> =
            heard.iter().flat_map(|heard| &heard.matches).map(|found| found.rule.to_string()).collect();
        rules.sort();
        rules.dedup();
        self.rules.extend(rules);
        let to: Vec<_> = heard.into_iter().map(addressed).collect();
        if !to.is_empty() {
            let (sketch, copy) = (Sketch::of(post, matches), Copy::of(post, self.now));
            self.filings.push(Filing { sketch, story, copy, insists, to });
        }
    }
}
