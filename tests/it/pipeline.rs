//! From a post to a message and back up after every kind of fall, with fakes and in paused time.

mod leaps;
mod signs;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;
use vigie::alive::Signs;
use vigie::app::App;
use vigie::clock::{Clock, TokioClock};
use vigie::model::delivery::Body;
use vigie::model::post::{Post, Reference};
use vigie::model::spend::{Budget, Money, Price};
use vigie::sink::SendError;
use vigie::source::{Common, Move, SourceError};
use vigie::store::Store;
use vigie::store::memory::MemoryStore;

use crate::fake::{DyingStore, FakeSink, FakeSource, common, config, head, post, start};

/// A daemon over fakes.
pub struct World {
    pub source: Arc<FakeSource>,
    pub sink: Arc<FakeSink>,
    pub operators: Arc<FakeSink>,
    store: Arc<MemoryStore>,
    clock: Arc<dyn Clock>,
    common: Common,
    signs: Option<Signs>,
    folder: tempfile::TempDir,
}

impl World {
    pub fn new(posts: Vec<Post>) -> Self {
        Self {
            source: FakeSource::holding(posts, 3),
            sink: FakeSink::named("desk"),
            operators: FakeSink::named("ops"),
            store: Arc::default(),
            clock: Arc::new(TokioClock::starting_at(start())),
            common: common(),
            signs: None,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn app(&self, store: Arc<dyn Store>) -> App {
        let mut config =
            config(&self.source, self.common.clone(), &[&self.sink, &self.operators], self.folder.path());
        config.signs.clone_from(&self.signs);
        App::new(config, store, self.clock.clone(), 7)
    }

    /// Runs the daemon for a while.
    pub async fn run(&self, time: Duration) {
        let stop = CancellationToken::new();
        let running = self.app(self.store.clone()).run(stop.clone());
        let stopping = async {
            tokio::time::sleep(time).await;
            stop.cancel();
        };
        let (ended, ()) = tokio::join!(running, stopping);
        ended.unwrap();
    }

    /// Runs once and returns what went wrong.
    async fn once(&self) -> Vec<String> {
        self.app(self.store.clone()).once(CancellationToken::new()).await.unwrap().failed
    }

    /// What the next process finds.
    pub fn restart(&mut self) {
        self.store = Arc::new(self.store.reopened(self.clock.now()));
    }
}

pub fn arms(id: &str, minutes: i64) -> Post {
    post(id, &format!("weapons are delivered to unit number {id} today"), minutes)
}

#[tokio::test(start_paused = true)]
async fn every_matched_post_is_heard_once_and_the_rest_never() {
    let mut posts: Vec<_> = (0..10).map(|n| arms(&n.to_string(), -60)).collect();
    posts.insert(4, post("quiet", "bread and milk", -60));
    let world = World::new(posts);
    world.run(Duration::from_mins(10)).await;
    let expected: Vec<_> = (0..10).map(|n| n.to_string()).collect();
    let mut heads = world.sink.heads();
    heads.sort();
    assert_eq!(heads, expected);
    assert_eq!(world.store.archive().len(), 11);
    assert!(world.operators.took().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_run_once_says_nothing_the_second_time() {
    let mut world = World::new(vec![arms("1", -60), arms("2", -60)]);
    world.once().await;
    assert_eq!(world.sink.heads(), ["1", "2"]);
    world.restart();
    world.once().await;
    assert_eq!(world.sink.heads().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_run_once_leaves_a_timeline_that_must_wait_free_for_others() {
    let world = World::new(vec![arms("1", -60)]);
    let later = start() + SignedDuration::from_mins(10);
    world.source.errors.lock().unwrap().push_back(SourceError::Retry(Some(later), "HTTP 429".into()));
    assert_eq!(world.once().await.len(), 1);
    let waits = world.once().await;
    assert!(waits[0].contains("waits until 2025-04-30T20:10:00Z"), "{waits:?}");
    world.run(Duration::from_mins(12)).await;
    assert_eq!(world.sink.heads(), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn a_new_account_never_floods_a_room() {
    let mut posts: Vec<_> = (0..50).map(|n| arms(&n.to_string(), -60 * 48 + n)).collect();
    posts.push(Post { posted_at: None, ..arms("undated", 0) });
    posts.push(arms("today", -60));
    let world = World::new(posts);
    world.run(Duration::from_mins(1)).await;
    assert_eq!(world.sink.heads(), ["today"]);
    assert_eq!(world.store.archive().len(), 52, "what is old is seen all the same");
}

#[tokio::test(start_paused = true)]
async fn catching_up_after_an_outage_always_alerts() {
    let mut world = World::new(vec![arms("1", -60)]);
    world.run(Duration::from_mins(1)).await;
    tokio::time::advance(Duration::from_hours(24 * 5)).await;
    world.source.add(arms("missed", 60 * 24));
    world.restart();
    world.run(Duration::from_mins(1)).await;
    assert_eq!(world.sink.heads(), ["1", "missed"]);
}

#[tokio::test(start_paused = true)]
async fn copies_and_reposts_are_one_alert() {
    let original = arms("1", -60);
    let reposts = (2..20).map(|n| Post {
        author: format!("fan{n}"),
        repost_of: Some(Reference { id: "1".into(), ..Reference::default() }),
        ..post(&n.to_string(), &original.text, -50)
    });
    let mut posts: Vec<_> = reposts.collect();
    posts.insert(5, original.clone());
    let copy = post("copy", &format!("{} https://example.org/x", original.text.to_uppercase()), -40);
    posts.push(copy);
    let world = World::new(posts);
    world.run(Duration::from_mins(2)).await;
    assert_eq!(world.sink.took().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_edit_speaks_only_for_a_rule_that_no_revision_met() {
    let world = World::new(vec![arms("1", -60)]);
    let edited = |text: &str| Post { edited_at: Some(start()), ..post("1", text, -60) };
    world.source.add(edited("weapons are delivered to unit number 1 today, corrected"));
    world.source.add(post("2", "bread", -60));
    world.source.add(Post { edited_at: Some(start()), ..post("2", "bread and weapons", -60) });
    world.run(Duration::from_mins(2)).await;
    assert_eq!(world.sink.heads(), ["1", "2"], "the first edit said nothing new, the second did");
    world.source.add(edited("weapons and missiles are delivered to unit number 1"));
    world.run(Duration::from_mins(2)).await;
    let took = world.sink.took();
    let Some(Body::Alert(alert)) = took.last().map(|delivery| &delivery.body) else { panic!("an alert") };
    assert_eq!((took.len(), alert.excerpts[0].edited), (3, true));
    assert_eq!(
        alert.excerpts[0].matches.iter().map(|found| &*found.rule).collect::<Vec<_>>(),
        ["test/missiles"]
    );
}

#[tokio::test(start_paused = true)]
async fn operators_hear_that_an_account_moved() {
    let world = World::new(Vec::new());
    *world.source.moved.lock().unwrap() = Some(Move::Away("https://new.example/feed".into()));
    world.run(Duration::from_mins(3)).await;
    *world.source.moved.lock().unwrap() = Some(Move::Back);
    world.run(Duration::from_mins(3)).await;
    let told = ["x.hub: hub moved", "x.hub: hub is read at its own address again"];
    assert_eq!(world.operators.notices(), told);
}

#[tokio::test(start_paused = true)]
async fn a_message_in_doubt_is_sent_again_the_same_under_the_same_id() {
    let world = World::new(vec![arms("1", -60)]);
    world.sink.answer([Err(SendError::NotSent("dns".into())), Err(SendError::Ambiguous("timeout".into()))]);
    world.run(Duration::from_mins(10)).await;
    let took = world.sink.took();
    assert_eq!(took.len(), 2);
    assert_eq!((&took[0].id, &took[0].body), (&took[1].id, &took[1].body));
    assert!(!took[0].uncertain && took[1].uncertain);
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_asks_for_patience_gets_it_even_over_a_restart() {
    let mut world = World::new(vec![arms("1", -60), arms("2", -60)]);
    let later = start() + SignedDuration::from_mins(10);
    world.sink.answer([Err(SendError::Throttled(later, "429".into()))]);
    world.run(Duration::from_mins(1)).await;
    world.restart();
    world.run(Duration::from_mins(8)).await;
    assert_eq!(world.sink.heads(), [""; 0]);
    world.run(Duration::from_mins(2)).await;
    assert_eq!(world.sink.heads(), ["1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_message_does_not_stand_in_the_way_and_is_kept() {
    let world = World::new(vec![arms("1", -60), arms("2", -60)]);
    // Also its plainer form is refused.
    world.sink.answer([0, 1].map(|_| Err(SendError::Refused("invalid_blocks".into()))));
    world.run(Duration::from_mins(1)).await;
    assert_eq!(world.sink.heads(), ["2"]);
    let outbox = world.store.outbox().await.unwrap();
    assert_eq!(outbox.iter().filter_map(head).collect::<Vec<_>>(), ["1"]);
    assert_eq!(world.operators.notices().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_broken_sink_is_told_elsewhere_once_and_loses_nothing() {
    let world = World::new(vec![arms("1", -60), arms("2", -60)]);
    world.sink.answer((0..4).map(|_| Err(SendError::SinkBroken("revoked".into()))));
    world.run(Duration::from_hours(3)).await;
    assert_eq!(world.sink.heads(), ["1", "2"]);
    assert_eq!(world.operators.notices(), ["fake.desk is broken", "fake.desk works again"]);
}

#[tokio::test(start_paused = true)]
async fn a_sink_out_of_reach_is_told_elsewhere_once_and_a_short_failure_is_not() {
    for (failures, expected) in
        [(7, &[][..]), (40, &["fake.desk is out of reach", "fake.desk works again"][..])]
    {
        let world = World::new(vec![arms("1", -60)]);
        world.sink.answer((0..failures).map(|_| Err(SendError::NotSent("dns".into()))));
        world.run(Duration::from_hours(48)).await;
        assert_eq!(world.sink.heads(), ["1"]);
        assert_eq!(world.operators.notices(), expected, "{failures}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_for_long_is_told_once_and_once_when_it_is_back() {
    let world = World::new(vec![arms("1", -60)]);
    let errors = (0..9).map(|_| SourceError::Retry(None, "HTTP 500".into()));
    world.source.errors.lock().unwrap().extend(errors);
    world.run(Duration::from_hours(4)).await;
    assert_eq!(world.operators.notices(), ["x.hub cannot read hub", "x.hub reads hub again"]);
    assert_eq!(world.sink.heads(), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn a_source_stops_at_its_daily_bound_and_says_so() {
    let mut world = World::new((0..9).map(|n| arms(&n.to_string(), -60)).collect());
    world.common.budget = Some(budget(6));
    world.run(Duration::from_hours(3)).await;
    assert_eq!(world.sink.heads().len(), 6);
    assert_eq!(
        world.operators.notices(),
        ["x.hub has spent 100 % of 6 posts a day", "x.hub cannot read hub"]
    );
    world.run(Duration::from_hours(2)).await;
    assert_eq!(world.sink.heads().len(), 9, "after midnight it goes on");
    assert_eq!(world.operators.notices()[2..], ["x.hub reads hub again"]);
}

/// A cent a post, and so many posts a day.
fn budget(posts: u32) -> Budget {
    let price = Price { post: Money(10_000), user: Money(10_000) };
    Budget { price, posts_per_day: Some(posts), per_day: None, per_month: None }
}

#[tokio::test(start_paused = true)]
async fn operators_hear_of_the_budget_before_it_stops_and_only_once_a_day() {
    let mut world = World::new((0..8).map(|n| arms(&n.to_string(), -60)).collect());
    world.common.budget = Some(budget(10));
    world.run(Duration::from_mins(30)).await;
    world.source.add(arms("8", 1));
    world.restart();
    world.run(Duration::from_mins(30)).await;
    assert_eq!(world.sink.heads().len(), 9);
    let [Body::Notice(notice)] =
        &world.operators.took().iter().map(|told| told.body.clone()).collect::<Vec<_>>()[..]
    else {
        panic!("one notice")
    };
    assert_eq!(notice.title, "x.hub has spent 80 % of 10 posts a day");
    assert!(notice.text.contains("lasts until 2025-05-01T00:00:00Z"), "{}", notice.text);
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_a_call_and_its_commit_cannot_outspend_the_budget() {
    let world = World::new((0..300).map(|n| arms(&n.to_string(), -60)).collect());
    let (mut store, clock) = (world.store.clone(), world.clock.clone());
    let common = Common { budget: Some(budget(30)), ..world.common.clone() };
    let mut answered = 0;
    for n in 0..200 {
        store = Arc::new(store.reopened(clock.now()));
        let dying = DyingStore::new(store.clone(), n % 13, n % 2 == 0);
        let config =
            config(&world.source, common.clone(), &[&world.sink, &world.operators], world.folder.path());
        let _ = App::new(config, Arc::new(dying), clock.clone(), n).once(CancellationToken::new()).await;
        answered = world.source.answered.load(Ordering::Relaxed);
    }
    assert!((1..=30).contains(&answered), "{answered} posts were paid for");
}

#[tokio::test(start_paused = true)]
async fn an_account_that_cannot_be_found_is_told_once() {
    let mut world = World::new(Vec::new());
    world.source = Arc::new(FakeSource { unknown: true, ..FakeSource::default() });
    world.run(Duration::from_mins(50)).await;
    assert_eq!(world.operators.notices(), ["x.hub cannot read hub"]);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_fetch_does_not_keep_the_daemon_from_stopping() {
    let mut world = World::new(Vec::new());
    world.source = Arc::new(FakeSource { hangs: true, ..FakeSource::default() });
    let begun = tokio::time::Instant::now();
    world.run(Duration::from_secs(30)).await;
    assert!(begun.elapsed() < Duration::from_secs(32));
}

#[tokio::test(start_paused = true)]
async fn a_failing_store_stops_the_daemon() {
    let world = World::new(vec![arms("1", -60)]);
    let store: Arc<dyn Store> = world.store.clone();
    let dying = Arc::new(DyingStore::new(store, 12, false));
    let ended =
        tokio::time::timeout(Duration::from_hours(1), world.app(dying).run(CancellationToken::new())).await;
    let error = format!("{:#}", ended.unwrap().unwrap_err());
    assert!(error.contains("failed") && error.contains("power cut"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_power_cut_before_or_after_any_store_call_loses_and_repeats_nothing() {
    let total = calls_of_a_whole_run().await;
    assert!(total > 25, "{total} calls are too few to mean anything");
    for dies_at in 0..total {
        for after in [false, true] {
            let mut world = World::new((0..7).map(|n| arms(&n.to_string(), -60)).collect());
            let store: Arc<dyn Store> = world.store.clone();
            let dying = Arc::new(DyingStore::new(store, dies_at, after));
            let _ = world.app(dying).once(CancellationToken::new()).await;
            world.restart();
            assert_eq!(world.once().await, [""; 0]);
            let case = format!("power cut at call {dies_at}, after it: {after}");
            let (heads, took) = (world.sink.heads(), world.sink.took());
            let distinct: BTreeSet<_> = heads.iter().collect();
            assert_eq!(distinct.len(), 7, "{case}: {heads:?}");
            let ids: BTreeSet<_> = took.iter().map(|delivery| &delivery.id).collect();
            assert_eq!(ids.len(), 7, "{case}: who honours the id sees each once");
            assert!(took.len() <= 8, "{case}: at most the message under way is repeated");
            assert_eq!(world.store.archive().len(), 7, "{case}");
            assert!(world.store.outbox().await.unwrap().is_empty(), "{case}");
        }
    }
}

/// How many calls to the store a run over seven posts makes.
async fn calls_of_a_whole_run() -> u64 {
    let world = World::new((0..7).map(|n| arms(&n.to_string(), -60)).collect());
    let store: Arc<dyn Store> = world.store.clone();
    let counting = Arc::new(DyingStore::new(store, u64::MAX, false));
    world.app(counting.clone()).once(CancellationToken::new()).await.unwrap();
    counting.calls()
}
