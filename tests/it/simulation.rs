//! Days of a world that keeps posting while its platforms fail and vigie falls and is started again, by seeds: at the end
//! vigie holds every post exactly once, or names the gap that it lies in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;
use vigie::app::App;
use vigie::clock::{Clock, TokioClock};
use vigie::ledger::{Coverage, Question, look_up};
use vigie::model::coverage::Cause;
use vigie::model::coverage::span::Extent;
use vigie::model::look::Missed;
use vigie::model::post::{Platform, Post};
use vigie::model::timeline::{Cursor, TimelineId};
use vigie::source::{Ask, Common, Page, Source, SourceError, Watched};
use vigie::store::Store;
use vigie::store::memory::MemoryStore;

use crate::fake::{DyingStore, FakeSink, common, config, start};

/// How long the world posts, in minutes; then it is silent for [`TAIL`], so that the last posts can be seen.
const DAYS: i64 = 2 * 24 * 60;

/// Minutes.
const TAIL: i64 = 180;

/// Posts may become visible this much later than they were posted, in minutes.
const LATE: i64 = 8;

/// How a platform hands out an account's posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The page right above an id, as Mastodon does.
    Climbs,
    /// From the newest page down to what is known, as X, Bluesky and Telegram do.
    Walks,
    /// As `Walks`, but no deeper than [`DEPTH`] posts, as X does.
    Shallow,
    /// Its newest posts only, as feeds do.
    Window,
}

/// Posts that a shallow walk can reach.
const DEPTH: usize = 40;

/// Posts that a window shows.
const WINDOW: usize = 12;

const KINDS: [Kind; 4] = [Kind::Climbs, Kind::Walks, Kind::Shallow, Kind::Window];

/// A post and what becomes of it.
#[derive(Clone, Debug)]
struct Story {
    id: String,
    posted_at: Timestamp,
    visible_at: Timestamp,
    edited_at: Option<Timestamp>,
    deleted_at: Option<Timestamp>,
}

impl Story {
    fn is_visible(&self, now: Timestamp) -> bool {
        self.visible_at <= now && self.deleted_at.is_none_or(|deleted| now < deleted)
    }

    fn post(&self, now: Timestamp) -> Post {
        let edited = self.edited_at.is_some_and(|edited| edited <= now);
        let text = format!("{}{}", self.id, if edited { ", corrected" } else { "" });
        Post {
            author: "hub".into(),
            posted_at: Some(self.posted_at),
            ..Post::new(Platform::X, &self.id, &text)
        }
    }
}

/// A time in which a platform does not answer as it should.
#[derive(Clone, Copy, Debug)]
struct Trouble {
    from: Timestamp,
    until: Timestamp,
    what: u8,
}

/// A platform with one account of each kind.
struct World {
    stories: HashMap<Kind, Vec<Story>>,
    troubles: Vec<Trouble>,
    clock: Arc<dyn Clock>,
    rng: Mutex<Rng>,
}

fn at(minute: i64) -> Timestamp {
    start() + SignedDuration::from_mins(minute)
}

impl std::hash::Hash for Kind {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (*self as u8).hash(state);
    }
}

fn stories(kind: Kind, rng: &mut Rng) -> Vec<Story> {
    let (mut stories, mut minute) = (Vec::new(), 1);
    while minute < DAYS {
        // Now and then an account posts in a burst.
        minute += if rng.u8(..8) == 0 { rng.i64(0..2) } else { rng.i64(1..40) };
        let chance = |rng: &mut Rng, of: u8| rng.u8(..of) == 0;
        // Only a walk that overlaps the one before can find what comes late.
        let late = if kind == Kind::Walks && chance(rng, 10) { rng.i64(1..LATE) } else { 0 };
        let after = |minutes: i64| Some(at(minute + late + minutes));
        stories.push(Story {
            id: format!("{kind:?} {:06}", stories.len()),
            posted_at: at(minute),
            visible_at: at(minute + late),
            edited_at: if chance(rng, 12) { after(rng.i64(1..5)) } else { None },
            deleted_at: if chance(rng, 15) { after(rng.i64(1..2000)) } else { None },
        });
    }
    stories
}

impl World {
    fn new(rng: &mut Rng, clock: Arc<dyn Clock>) -> Arc<Self> {
        let stories = KINDS.into_iter().map(|kind| (kind, stories(kind, rng))).collect();
        let (mut troubles, mut minute) = (Vec::new(), 0);
        while minute < DAYS {
            minute += rng.i64(60..900);
            let lasts = if rng.u8(..4) == 0 { rng.i64(60..600) } else { rng.i64(1..60) };
            let until = at((minute + lasts).min(DAYS));
            troubles.push(Trouble { from: at(minute), until, what: rng.u8(..4) });
            minute += lasts;
        }
        Arc::new(Self { stories, troubles, clock, rng: Mutex::new(rng.fork()) })
    }

    /// How the platform fails now, if it does.
    fn trouble(&self, now: Timestamp) -> Option<SourceError> {
        let trouble = self.troubles.iter().find(|trouble| trouble.from <= now && now < trouble.until)?;
        Some(match trouble.what {
            0 => SourceError::Retry(None, "HTTP 503".into()),
            1 => SourceError::Retry(Some(trouble.until), "HTTP 429".into()),
            2 => SourceError::Barred(Cause::Credentials, "HTTP 401".into()),
            _ => SourceError::Suspicious("it shows nothing where posts were before".into()),
        })
    }

    /// A page of at most `most` posts; short pages lie.
    fn short(&self, most: usize) -> usize {
        self.rng.lock().unwrap().usize(1..=most)
    }

    /// The page right above the cursor, which is a number of posts.
    fn climb(&self, visible: &[&Story], ask: Ask<'_>, now: Timestamp) -> Page {
        let from = ask.cursor.map_or("", |cursor| &cursor.0);
        let above: Vec<_> = visible.iter().filter(|story| story.id.as_str() > from).collect();
        let shown = &above[..above.len().min(self.short(5))];
        let next = shown.last().map(|story| Cursor(story.id.clone()));
        let posts = shown.iter().map(|story| story.post(now)).collect();
        Page { posts, next, more: !shown.is_empty(), ..Page::default() }
    }

    /// A page of a walk down. The cursor says how new what is known is, where the walk is, and how new its top is.
    fn walk(&self, visible: &[&Story], ask: Ask<'_>, depth: usize, now: Timestamp) -> Page {
        let place = ask.cursor.map_or("", |cursor| cursor.0.as_str());
        let mut parts = place.split('|').map(|part| part.parse::<Timestamp>().ok());
        let (floor, before, top) = (parts.next().flatten(), parts.next().flatten(), parts.next().flatten());
        let reach = floor.unwrap_or(start()) - SignedDuration::from_mins(LATE);
        let within = &visible[visible.len().saturating_sub(depth)..];
        let below: Vec<_> = within
            .iter()
            .rev()
            .filter(|story| before.is_none_or(|before| story.posted_at < before))
            .collect();
        let mut count = below.len().min(self.short(6));
        // Posts of the same minute stay together, because the walk goes on below a time.
        while count > 0 && count < below.len() && below[count].posted_at == below[count - 1].posted_at {
            count += 1;
        }
        let shown = &below[..count];
        let top = top.max(shown.first().map(|story| story.posted_at));
        let oldest = shown.last().map(|story| story.posted_at);
        let (reached, ended) = (oldest.is_some_and(|oldest| oldest < reach), count == below.len());
        let posts = shown.iter().map(|story| story.post(now)).collect();
        let said = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        if !reached && !ended {
            let next = Some(Cursor(format!("{}|{}|{}", said(floor), said(oldest), said(top))));
            return Page { posts, next, more: true, ..Page::default() };
        }
        let cut = !reached && visible.len() > depth && floor.is_some();
        let missed = cut.then(|| Missed {
            cause: Cause::Horizon,
            why: format!("only the newest {depth} are shown"),
            until: within.first().map(|story| story.posted_at),
        });
        let next = Some(Cursor(format!("{}||", said(floor.max(top)))));
        Page { posts, next, missed, ..Page::default() }
    }
}

#[async_trait]
impl Source for World {
    fn accounts(&self) -> Vec<Watched> {
        let watched = |kind: Kind| Watched {
            account: format!("{kind:?}").into(),
            timeline: Some(TimelineId::new(&Platform::X, &format!("{kind:?}"))),
            every: None,
        };
        KINDS.into_iter().map(watched).collect()
    }

    async fn fetch(&self, ask: Ask<'_>) -> Result<Page, SourceError> {
        let now = self.clock.now();
        if let Some(error) = self.trouble(now) {
            return Err(error);
        }
        let kind = KINDS.into_iter().find(|kind| ask.account == format!("{kind:?}")).unwrap();
        let visible: Vec<_> = self.stories[&kind].iter().filter(|story| story.is_visible(now)).collect();
        Ok(match kind {
            Kind::Climbs => self.climb(&visible, ask, now),
            Kind::Walks => self.walk(&visible, ask, usize::MAX, now),
            Kind::Shallow => self.walk(&visible, ask, DEPTH, now),
            Kind::Window => {
                let shown = &visible[visible.len().saturating_sub(WINDOW)..];
                let posts = shown.iter().map(|story| story.post(now)).collect();
                Page { posts, window: true, ..Page::default() }
            }
        })
    }
}

/// Lives through the days of a seed. vigie looks every five minutes, now and then rests for hours, and now and then the
/// power is cut before or after a call to its store. Gives what it holds and what it says of its coverage.
async fn live(seed: u64) -> (Arc<World>, Vec<Post>, Coverage) {
    let mut rng = Rng::with_seed(seed);
    let clock: Arc<dyn Clock> = Arc::new(TokioClock::starting_at(start()));
    let world = World::new(&mut rng, clock.clone());
    let (sink, operators) = (FakeSink::named("desk"), FakeSink::named("ops"));
    let (mut store, folder) = (Arc::new(MemoryStore::default()), tempfile::tempdir().unwrap());
    let every = SignedDuration::from_mins(5);
    let common = Common { every, slowest: every, ..common() };
    let config = || config(&world, common.clone(), &[&sink, &operators], folder.path());
    while clock.now() < at(DAYS + TAIL) {
        // In the end nothing happens any more, so that vigie can see what there is.
        let calm = clock.now() > at(DAYS);
        let dies_at = if !calm && rng.u8(..6) == 0 { rng.u64(1..40) } else { u64::MAX };
        let dying = DyingStore::new(store.clone(), dies_at, rng.bool());
        let app = App::new(config(), Arc::new(dying), clock.clone(), rng.u64(..));
        let ended = app.once(CancellationToken::new()).await;
        assert!(ended.is_ok() || dies_at < u64::MAX, "{:?}", ended.err());
        store = Arc::new(store.reopened(clock.now()));
        let rest = if !calm && rng.u8(..80) == 0 { rng.u64(600..8 * 3600) } else { 300 };
        tokio::time::advance(Duration::from_secs(rest)).await;
    }
    let question = Question { whom: None, since: start(), until: clock.now(), running: true };
    let asked: Arc<dyn Store> = store.clone();
    let coverage = look_up(&question, &config().sources, &asked, clock.now()).await.unwrap().unwrap();
    (world, store.archive(), coverage)
}

#[tokio::test(start_paused = true)]
async fn every_post_of_days_with_failures_and_restarts_is_held_once_or_lies_in_a_named_gap() {
    let (mut held, mut missing) = (0, 0);
    for seed in 0..3 {
        let (world, archive, coverage) = live(seed).await;
        let mut times: HashMap<(&str, &str), usize> = HashMap::new();
        for post in &archive {
            *times.entry((&post.id, &post.text)).or_default() += 1;
        }
        for (kind, stories) in &world.stories {
            let seen = coverage.accounts.iter().find(|seen| seen.account == format!("{kind:?}")).unwrap();
            assert!(
                seen.spans.iter().all(|span| span.seen != Extent::Blind),
                "{seed} {kind:?}: all has an end"
            );
            let named = |at: Timestamp| {
                seen.spans.iter().any(|span| {
                    span.from <= at
                        && at <= span.until
                        && matches!(span.seen, Extent::Missing | Extent::Unwatched)
                })
            };
            for story in stories {
                let revisions = archive.iter().filter(|post| post.id == story.id).count();
                if revisions == 0 {
                    let gone = story.deleted_at.is_some();
                    assert!(
                        gone || named(story.posted_at),
                        "{seed}: {story:?} is silently missing: {:#?}",
                        seen.spans
                    );
                    missing += 1;
                } else {
                    held += 1;
                }
                assert!(revisions <= 1 + usize::from(story.edited_at.is_some()), "{seed}: {story:?}");
            }
        }
        assert!(times.values().all(|times| *times == 1), "{seed}: no revision is held twice");
    }
    assert!(held > 1000 && missing > 10, "{held} held and {missing} missing prove too little");
}
