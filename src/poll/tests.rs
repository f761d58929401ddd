use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use jiff::tz::TimeZone;
use tokio::time::{Instant, sleep};

use super::batch::{Batch, Decided};
use super::measure::Measured;
use super::*;
use crate::clock::TokioClock;
use crate::metrics::{Metrics, Now};
use crate::model::post::{Platform, PostKey};
use crate::model::sink::SinkId;
use crate::model::timeline::TimelineState;
use crate::pulse::Pulse;
use crate::route::Routes;
use crate::source::{Ask, Common, Page, Source, SourceError, Watched};
use crate::store::memory::MemoryStore;
use crate::store::{News, Outcome, Sighted, Sighting};

/// Accounts that show nothing, and how many looks there were at them.
struct Empty {
    accounts: usize,
    looks: AtomicUsize,
}

#[async_trait]
impl Source for Empty {
    fn accounts(&self) -> Vec<Watched> {
        let watched = |account: usize| Watched {
            account: account.to_string().into(),
            timeline: Some(TimelineId::new(&Platform::X, &account.to_string())),
            every: None,
        };
        (0..self.accounts).map(watched).collect()
    }

    async fn fetch(&self, _: Ask<'_>) -> Result<Page, SourceError> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        Ok(Page::default())
    }
}

fn watching(accounts: usize) -> (Arc<Empty>, Watching) {
    let (source, hour) =
        (Arc::new(Empty { accounts, looks: AtomicUsize::new(0) }), SignedDuration::from_hours(1));
    let common = Common {
        enabled: true,
        every: hour,
        slowest: hour,
        canary: None,
        backfill: None,
        budget: None,
        pace: None,
    };
    (source.clone(), Watching { id: "x.hub".into(), platform: Platform::X, common, source })
}

async fn poll_of(watching: Watching) -> Poll {
    let start = "2025-04-30T20:00:00Z".parse().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(TokioClock::starting_at(start));
    let matcher: Matcher = Arc::new(|_: &Post, _: &Origin| Vec::new());
    Poll::new(vec![watching], Arc::new(MemoryStore::default()), matcher, clock).await.unwrap()
}

#[tokio::test]
async fn what_one_look_of_a_batch_shows_is_known_to_the_next() {
    let poll = poll_of(watching(1).1).await;
    let (timeline, watch) = poll.watched[0].clone().unwrap();
    let (post, now) = (Post::new(Platform::X, "1", "text"), Timestamp::UNIX_EPOCH);
    let met = vec!["w/r".to_owned()];
    let shown = (post.key(), post.content());
    let sighted = Sighted { key: shown.0, content: shown.1, archive: Some(post.clone()), met: met.clone() };
    let (posts, turn) = (vec![sighted], Turn { timeline, fence: 1, state: None });
    let (gaps, filings, notices, state) =
        (Vec::new(), Vec::new(), Vec::new(), TimelineState::first(None, now));
    let outcome = Outcome { turn, state, gaps, posts, filings, notices, charge: None, day: 7 };
    let decided = Decided {
        watch,
        counted: Counted::default(),
        measured: Measured::default(),
        rules: Vec::new(),
        gaps: Vec::new(),
        _aside: None,
    };
    let mut batch = Batch::default();
    batch.add(outcome, decided);
    let edited = (shown.0, Post { text: "other".into(), ..post.clone() }.content());
    let other = (PostKey::of(&Platform::X, "2"), shown.1);
    let new = Sighting { news: News::New, day: None, met: Vec::new() };
    let mut before = vec![new.clone(); 4].into_iter();
    for _ in 0..2 {
        let found = batch.sightings(&[shown, edited], &mut before);
        let known = Sighting { news: News::Known, day: Some(7), met: met.clone() };
        let revised = Sighting { news: News::Revised, ..known.clone() };
        assert_eq!(found, [known, revised]);
        // Also once it counts: what the store knew was asked before.
        batch.take();
    }
    assert_eq!(batch.sightings(&[other], &mut vec![new.clone()].into_iter()), [new]);
}

#[tokio::test(start_paused = true)]
async fn without_room_for_looks_the_loop_turns_and_ends_but_begins_no_others() {
    let accounts = 200;
    let (source, watching) = watching(accounts);
    let poll = poll_of(watching).await;
    let ((looks, mut room), (_due, dues)) = (mpsc::channel(1), mpsc::unbounded_channel());
    let (pulse, stop) = (Pulse::default(), CancellationToken::new());
    let running = poll.run(looks, dues, pulse.register("poll", TICK), stop.clone());
    let rest = async {
        sleep(Duration::from_mins(1)).await;
        // 64 hands; all of them were free again, but there was room for one look only.
        assert_eq!((pulse.late(), source.looks.load(Ordering::Relaxed)), (vec![], 64));
        for _ in 2..accounts {
            room.recv().await.unwrap();
        }
        sleep(Duration::from_secs(1)).await;
        assert_eq!(source.looks.load(Ordering::Relaxed), accounts, "nobody is forgotten");
        room.recv().await.unwrap();
        stop.cancel();
        Instant::now()
    };
    let (ended, stopped) = tokio::join!(running, rest);
    ended.unwrap();
    assert!(stopped.elapsed() < Duration::from_secs(1));
    assert!(room.try_recv().is_ok(), "what there is room for is handed over");
}

#[tokio::test]
async fn a_look_is_measured_once_it_counts_and_not_before() {
    let mut poll = poll_of(watching(1).1).await;
    let now = poll.clock.now();
    let (number, turn) = poll.claim(Timestamp::MAX).await.unwrap().remove(0);
    let look = async |turn: Turn| {
        let mut look = poll.look(number, turn, now).unwrap().await;
        let (posts, unreadable) = (vec![Post::new(Platform::X, "1", "text")], vec!["odd".to_owned()]);
        look.result = Ok(Page { posts, unreadable, ..Page::default() });
        look
    };
    let metrics = Metrics::new(now);
    let (routes, operators) = (Routes::default(), SinkId::new("console", "here"));
    let audience = Audience { routes, operators, timezone: TimeZone::UTC };
    let (rng, filed, tally) = (fastrand::Rng::with_seed(1), Arc::default(), Tally::new(metrics.clone()));
    let (store, clock) = (poll.store.clone(), poll.clock.clone());
    let mut committer = Committer::new(store, &[], audience, clock, rng, filed, tally.clone()).await.unwrap();
    let measured = || {
        let text = metrics.text(&Now::default());
        let lines =
            text.lines().filter(|line| line.starts_with("vigie_posts") || line.starts_with("vigie_looks"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let void = Turn { fence: turn.fence + 9, ..turn.clone() };
    assert!(committer.take_all(vec![look(void).await]).await.is_err());
    assert_eq!((measured(), tally.take()), (Vec::new(), Counted::default()));
    committer.take_all(vec![look(turn).await]).await.unwrap();
    let posts = |news: &str, posts| format!("vigie_posts_total{{source=\"x.hub\",news=\"{news}\"}} {posts}");
    let mut counted = measured();
    counted.sort();
    let read = "vigie_looks_total{source=\"x.hub\",result=\"read\"} 1".to_owned();
    assert_eq!(counted, [read, posts("edited", 0), posts("new", 1), posts("unreadable", 1)]);
}
