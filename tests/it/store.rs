//! What every store does, held against each of them.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use vigie::model::coverage::{Cause, End, Gap};
use vigie::model::delivery::{Body, Delivery, DeliveryId, Excerpt, Notice, Settlement, State};
use vigie::model::matched::Severity;
use vigie::model::post::{Platform, Post, Reference};
use vigie::model::sink::{Gate, SinkId};
use vigie::model::spend::{Charge, Money, Reads, Spending};
use vigie::model::story::{Copy, StoryId};
use vigie::model::timeline::{Cursor, TimelineId, TimelineState, Turn};
use vigie::store::memory::MemoryStore;
use vigie::store::sled::SledStore;
use vigie::store::{Addressed, Filing, News, OpenError, Outcome, Sealed, Sighted, Store, StoreError};
use vigie::story::Sketch;

mod held;
mod looks;

use held::*;
use looks::*;

/// A kind of store: how it begins, and how it looks to the next process.
trait Kind {
    fn found() -> Self;
    fn store(&self) -> Arc<dyn Store>;
    fn reopened(self, now: Timestamp) -> Self;
}

struct Memory(Arc<MemoryStore>);

impl Kind for Memory {
    fn found() -> Self {
        Self(Arc::default())
    }

    fn store(&self) -> Arc<dyn Store> {
        self.0.clone()
    }

    fn reopened(self, now: Timestamp) -> Self {
        Self(Arc::new(self.0.reopened(now)))
    }
}

struct Sled {
    dir: tempfile::TempDir,
    store: Arc<SledStore>,
}

impl Sled {
    fn open(dir: tempfile::TempDir, now: Timestamp) -> Self {
        // The thread of the store before may still be letting go.
        for _ in 0..5000 {
            match SledStore::open(dir.path(), "a test", now) {
                Ok(store) => return Self { dir, store: Arc::new(store) },
                Err(OpenError::InUse { .. }) => std::thread::sleep(Duration::from_millis(1)),
                Err(error) => panic!("{error}"),
            }
        }
        panic!("the store was never let go")
    }
}

impl Kind for Sled {
    fn found() -> Self {
        Self::open(tempfile::tempdir().unwrap(), at(0))
    }

    fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    fn reopened(self, now: Timestamp) -> Self {
        drop(self.store);
        let files = self.dir.path().join("state/blobs");
        assert_eq!(files.read_dir().map_or(0, Iterator::count), 0, "sled never syncs side files");
        Self::open(self.dir, now)
    }
}

/// Runs each rule against each kind.
macro_rules! contract {
    ($($rule:ident)*) => {
        mod memory {
            $(#[tokio::test] async fn $rule() { super::$rule::<super::Memory>().await })*
        }
        mod sled {
            $(#[tokio::test] async fn $rule() { super::$rule::<super::Sled>().await })*
        }
    };
}

contract! {
    an_unknown_timeline_is_due_and_held_until_it_is_committed
    a_hastened_timeline_is_due_and_otherwise_as_it_was
    a_held_timeline_is_free_after_reopening
    a_released_timeline_is_free_and_its_old_turn_void
    a_turn_commits_once
    what_a_commit_says_is_there_after_reopening
    what_is_due_is_handed_out_and_nothing_else
    looks_count_together_or_not_at_all
    a_look_that_brought_nothing_counts_at_once_and_survives_once_it_is_kept
    a_post_is_new_then_known_then_revised
    a_story_gathers_while_it_is_open_and_speaks_once
    a_page_full_of_copies_is_one_delivery
    a_delivery_is_handed_out_once_and_when_due
    a_delivered_delivery_is_gone_and_a_dead_one_stays
    an_attempt_cut_by_reopening_is_uncertain
    a_story_answers_where_its_sink_heard_of_it_first
    a_gate_outlives_reopening
    what_waits_for_a_sink_that_is_gone_goes_to_its_heir
    what_a_route_keeps_back_waits_and_comes_as_a_digest
    a_limit_counts_what_went_also_after_reopening
    a_backlog_of_any_size_becomes_one_digest_that_counts_everything
    closing_makes_due_what_only_gathers
    a_silence_ends_what_it_holds_and_counts_it
    people_decide_about_what_waits
    notices_that_a_sink_does_not_take_go_to_another_and_alerts_stay
    late_copies_are_counted_by_the_next_message_or_answer_in_the_thread
    a_notice_is_filed_once
    pruning_forgets_what_is_no_longer_answered
    money_set_aside_is_given_back_and_counted_by_source_and_day
    what_was_set_aside_counts_as_spent_after_reopening
    gaps_are_kept_in_order_also_after_reopening_and_forgotten_with_their_day
    a_story_outlasts_a_clock_that_is_off_for_a_while
    a_copy_in_other_words_joins_its_story_also_after_reopening
    a_story_that_is_over_is_found_no_more
    many_stories_that_are_over_are_all_forgotten
    a_story_that_goes_on_for_days_is_known_after_reopening
    the_longest_story_can_be_kept
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + second).unwrap()
}

fn timeline(name: &str) -> TimelineId {
    TimelineId::new(&Platform::X, name)
}

fn sink() -> SinkId {
    SinkId::new("slack", "desk")
}

fn post(id: &str, text: &str) -> Post {
    Post { posted_at: Some(at(0)), ..Post::new(Platform::X, id, text) }
}

fn sighted(post: &Post, met: &[&str]) -> Sighted {
    let met = met.iter().map(ToString::to_string).collect();
    Sighted { key: post.key(), content: post.content(), archive: Some(post.clone()), met }
}

fn filing(post: &Post, story: u8, severity: Severity, due: Timestamp) -> Filing {
    let excerpt = Excerpt::of(post, &[], false, at(0));
    let original = Reference { id: format!("story {story}"), ..Reference::default() };
    let copy = Post { repost_of: Some(original), ..post.clone() };
    Filing {
        sketch: Sketch::of(&copy, &[]),
        copy: Copy::of(post, at(0)),
        story: StoryId::opened_by(post.key(), post.content()),
        insists: false,
        to: vec![Addressed { sink: sink(), severity, excerpt, routes: vec!["desk".into()], due }],
    }
}

/// Hands out what is due and held back by nothing.
async fn seal(store: &Arc<dyn Store>, now: Timestamp) -> Sealed {
    store.seal(&sink(), 9, &Arc::default(), now).await.unwrap()
}

/// The filing of a post by its own words.
fn told(post: &Post, now: Timestamp) -> Filing {
    let sketch = Sketch::of(post, &[]);
    Filing { sketch, ..filing(post, 0, Severity::Low, now) }
}

/// Commits posts as matched, each as its words tell.
async fn tell(store: &Arc<dyn Store>, now: Timestamp, posts: &[Post]) {
    let turn = claim(store, "1", now).await;
    let filings = posts.iter().map(|post| told(post, now)).collect();
    let posts = posts.iter().map(|post| sighted(post, &["w/r"])).collect();
    let mut outcome = Outcome { posts, filings, ..outcome(turn, now) };
    outcome.state.due = now;
    store.commit(outcome, now).await.unwrap();
}

/// How many posts each alert in the outbox has.
async fn gathered(store: &Arc<dyn Store>) -> Vec<u32> {
    let mut posts: Vec<u32> =
        store.outbox().await.unwrap().iter().map(|delivery| alert(delivery).0).collect();
    posts.sort_unstable();
    posts
}

async fn claim(store: &Arc<dyn Store>, name: &str, now: Timestamp) -> Turn {
    store.claim(&[timeline(name)], now).await.unwrap().pop().expect("the timeline is due")
}

fn outcome(turn: Turn, now: Timestamp) -> Outcome {
    let due = now + SignedDuration::from_secs(60);
    let state = TimelineState {
        cursor: Some(Cursor("c".into())),
        due,
        set_at: now,
        complete_at: Some(now),
        ..TimelineState::first(None, now)
    };
    let (gaps, posts, filings, notices) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    Outcome { turn, state, gaps, posts, filings, notices, charge: None, day: 20_000 }
}

/// Commits posts as matched, each of the story it names.
async fn commit(store: &Arc<dyn Store>, now: Timestamp, matched: &[(&Post, u8, Severity)]) {
    let turn = claim(store, "1", now).await;
    let posts = matched.iter().map(|(post, ..)| sighted(post, &["w/r"])).collect();
    let filings =
        matched.iter().map(|(post, story, severity)| filing(post, *story, *severity, now)).collect();
    let mut outcome = Outcome { posts, filings, ..outcome(turn, now) };
    outcome.state.due = now;
    store.commit(outcome, now).await.unwrap();
}

fn alert(delivery: &Delivery) -> (u32, usize, Severity) {
    let Body::Alert(alert) = &delivery.body else { panic!("an alert") };
    (alert.posts, alert.excerpts.len(), alert.severity)
}

async fn an_unknown_timeline_is_due_and_held_until_it_is_committed<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let turn = claim(&store, "1", at(0)).await;
    assert!(turn.state.is_none());
    assert!(store.claim(&[timeline("1")], at(60)).await.unwrap().is_empty(), "somebody holds it");
    store.commit(outcome(turn, at(0)), at(0)).await.unwrap();
    assert!(store.claim(&[timeline("1")], at(59)).await.unwrap().is_empty(), "it is not due");
    assert_eq!(claim(&store, "1", at(60)).await.state.unwrap().cursor, Some(Cursor("c".into())));
}

async fn a_hastened_timeline_is_due_and_otherwise_as_it_was<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    store.hasten(&timeline("1"), at(0)).await.unwrap();
    assert!(store.timeline(&timeline("1")).await.unwrap().is_none(), "nobody looked yet");
    let turn = claim(&store, "1", at(0)).await;
    store.commit(outcome(turn, at(0)), at(0)).await.unwrap();
    let before = store.timeline(&timeline("1")).await.unwrap().unwrap();
    store.hasten(&timeline("1"), at(30)).await.unwrap();
    let state = claim(&store, "1", at(30)).await.state.unwrap();
    assert_eq!(state, TimelineState { due: at(30), ..before });
}

async fn a_held_timeline_is_free_after_reopening<K: Kind>() {
    let kind = K::found();
    let old = claim(&kind.store(), "1", at(0)).await;
    let kind = kind.reopened(at(1));
    let turn = claim(&kind.store(), "1", at(1)).await;
    assert!(turn.state.is_none());
    assert_eq!(old.timeline, turn.timeline);
}

async fn a_released_timeline_is_free_and_its_old_turn_void<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let old = claim(&store, "1", at(0)).await;
    store.release().await.unwrap();
    let newer = claim(&store, "1", at(0)).await;
    let late = store.commit(outcome(old, at(0)), at(0)).await;
    assert!(matches!(late, Err(StoreError::Broken(_))));
    store.commit(outcome(newer, at(0)), at(0)).await.unwrap();
}

async fn a_turn_commits_once<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let turn = claim(&store, "1", at(0)).await;
    store.commit(outcome(turn.clone(), at(0)), at(0)).await.unwrap();
    let again = store.commit(outcome(turn.clone(), at(0)), at(0)).await;
    assert!(matches!(again, Err(StoreError::Broken(_))));
    let newer = claim(&store, "1", at(60)).await;
    let late = store.commit(outcome(turn, at(60)), at(60)).await;
    assert!(matches!(late, Err(StoreError::Broken(_))), "a turn that was handed on is void");
    store.commit(outcome(newer, at(60)), at(60)).await.unwrap();
}

async fn what_a_commit_says_is_there_after_reopening<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let first = post("1", "text");
    commit(&store, at(0), &[(&first, 1, Severity::High)]).await;
    store.resolve(&Platform::X, "hub", &timeline("1")).await.unwrap();
    let before = store.outbox().await.unwrap();
    drop(store);
    let kind = kind.reopened(at(1));
    let store = kind.store();
    let sightings = store.sightings(&[(first.key(), first.content())]).await.unwrap();
    assert_eq!((sightings[0].news, sightings[0].met.clone()), (News::Known, vec!["w/r".to_owned()]));
    assert_eq!(store.timeline(&timeline("1")).await.unwrap().unwrap().cursor, Some(Cursor("c".into())));
    assert_eq!(store.resolved(&Platform::X, "hub").await.unwrap(), Some(timeline("1")));
    assert_eq!(store.resolved(&Platform::X, "other").await.unwrap(), None);
    assert_eq!(store.outbox().await.unwrap(), before);
}

async fn what_is_due_is_handed_out_and_nothing_else<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    for (name, now) in [("b", at(10)), ("a", at(20)), ("c", at(0))] {
        let turn = claim(&store, name, now).await;
        store.commit(outcome(turn, now), now).await.unwrap();
    }
    let wanted = ["a", "b", "c"].map(timeline);
    let claimed = store.claim(&wanted, at(75)).await.unwrap();
    let names: Vec<_> = claimed.into_iter().map(|turn| turn.timeline).collect();
    assert_eq!(names, [timeline("b"), timeline("c")]);
}

async fn a_post_is_new_then_known_then_revised<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let (first, edit) = (post("1", "text"), post("1", "another text"));
    let news = async |post: &Post| store.sightings(&[(post.key(), post.content())]).await.unwrap()[0].news;
    assert_eq!(news(&first).await, News::New);
    commit(&store, at(0), &[(&first, 1, Severity::Low)]).await;
    assert_eq!(news(&first).await, News::Known);
    assert_eq!(news(&edit).await, News::Revised);
    commit(&store, at(1), &[(&edit, 1, Severity::Low)]).await;
    assert_eq!(news(&edit).await, News::Known);
    assert_eq!(news(&first).await, News::Revised, "the newest revision counts");
}

async fn a_story_gathers_while_it_is_open_and_speaks_once<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    commit(&store, at(0), &[(&post("1", "a"), 1, Severity::Medium)]).await;
    commit(&store, at(1), &[(&post("2", "b"), 1, Severity::Low)]).await;
    let sealed = seal(&store, at(1)).await.deliveries;
    assert_eq!(sealed.iter().map(alert).collect::<Vec<_>>(), [(2, 2, Severity::Medium)]);
    commit(&store, at(2), &[(&post("3", "c"), 1, Severity::Medium)]).await;
    assert_eq!(store.outbox().await.unwrap().len(), 1, "a late copy is counted, not told");
    commit(&store, at(3), &[(&post("4", "d"), 1, Severity::High)]).await;
    let graver = seal(&store, at(3)).await.deliveries;
    assert_eq!(
        graver.iter().map(alert).collect::<Vec<_>>(),
        [(2, 1, Severity::High)],
        "and told by the next"
    );
    assert_ne!(graver[0].id, sealed[0].id);
    commit(&store, at(4), &[(&post("5", "e"), 2, Severity::Low)]).await;
    assert_eq!(seal(&store, at(4)).await.deliveries.len(), 1, "another story");
}

async fn a_page_full_of_copies_is_one_delivery<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let copies: Vec<_> = (0..40).map(|n| post(&n.to_string(), "the same")).collect();
    let matched: Vec<_> = copies.iter().map(|copy| (copy, 1, Severity::High)).collect();
    commit(&store, at(0), &matched).await;
    let outbox = store.outbox().await.unwrap();
    assert_eq!(outbox.iter().map(alert).collect::<Vec<_>>(), [(40, 10, Severity::High)]);
}

async fn a_delivery_is_handed_out_once_and_when_due<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let turn = claim(&store, "1", at(0)).await;
    let posts = [post("1", "a"), post("2", "b")];
    let filings =
        vec![filing(&posts[0], 1, Severity::Low, at(10)), filing(&posts[1], 2, Severity::Low, at(30))];
    let outcome = Outcome { filings, ..outcome(turn, at(0)) };
    store.commit(outcome, at(0)).await.unwrap();
    let early = seal(&store, at(5)).await;
    assert!(early.deliveries.is_empty());
    assert_eq!(early.next, Some(at(10)));
    let sealed = seal(&store, at(10)).await;
    assert_eq!((sealed.deliveries.len(), sealed.next), (1, Some(at(30))));
    assert_eq!(sealed.deliveries[0].state, State::Sending);
    assert!(seal(&store, at(10)).await.deliveries.is_empty());
    assert!(
        store
            .seal(&SinkId::new("matrix", "room"), 9, &Arc::default(), at(99))
            .await
            .unwrap()
            .deliveries
            .is_empty()
    );
    let why = "503".to_owned();
    let retry = Settlement::Retry { at: at(50), uncertain: true, counts: true, why };
    store.settle(&sealed.deliveries[0].id, retry, Gate::default(), at(11)).await.unwrap();
    let sealed = seal(&store, at(60)).await.deliveries;
    assert_eq!(
        sealed.iter().map(|delivery| (delivery.attempts, delivery.uncertain)).collect::<Vec<_>>(),
        [(2, true), (1, false)]
    );
}

async fn a_delivered_delivery_is_gone_and_a_dead_one_stays<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    commit(&store, at(0), &[(&post("1", "a"), 1, Severity::Low), (&post("2", "b"), 2, Severity::Low)]).await;
    let sealed = seal(&store, at(0)).await.deliveries;
    let delivered = Settlement::Delivered { receipt: None };
    store.settle(&sealed[0].id, delivered.clone(), Gate::passed(), at(1)).await.unwrap();
    let dead = Settlement::Dead { why: "refused".into() };
    store.settle(&sealed[1].id, dead, Gate::passed(), at(1)).await.unwrap();
    drop(store);
    let kind = kind.reopened(at(2));
    let store = kind.store();
    let outbox = store.outbox().await.unwrap();
    assert_eq!(outbox.len(), 1);
    assert_eq!(outbox[0].state, State::Dead { at: at(1), why: "refused".into() });
    assert_eq!(alert(&outbox[0]), (1, 1, Severity::Low), "people can still read what was refused");
    assert!(seal(&store, at(1_000_000)).await.deliveries.is_empty());
    let twice = store.settle(&sealed[0].id, delivered, Gate::passed(), at(3)).await;
    assert!(matches!(twice, Err(StoreError::Broken(_))));
}

async fn an_attempt_cut_by_reopening_is_uncertain<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    commit(&store, at(0), &[(&post("1", "a"), 1, Severity::Low)]).await;
    let first = seal(&store, at(0)).await.deliveries.remove(0);
    drop(store);
    let kind = kind.reopened(at(9));
    let store = kind.store();
    commit(&store, at(9), &[(&post("2", "b"), 1, Severity::Low)]).await;
    let again = seal(&store, at(9)).await.deliveries.remove(0);
    assert_eq!((again.id, again.body), (first.id, first.body), "the same under the same id");
    assert_eq!((again.uncertain, again.attempts), (true, 2));
}

async fn a_story_answers_where_its_sink_heard_of_it_first<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    for (n, severity) in [Severity::Low, Severity::Medium, Severity::High].into_iter().enumerate() {
        let now = at(n as i64);
        commit(&store, now, &[(&post(&n.to_string(), "a"), 1, severity)]).await;
        let sealed = seal(&store, now).await.deliveries.remove(0);
        assert_eq!(sealed.thread.as_deref(), (n > 0).then_some("receipt 0"));
        let delivered = Settlement::Delivered { receipt: Some(format!("receipt {n}")) };
        store.settle(&sealed.id, delivered, Gate::passed(), now).await.unwrap();
    }
    drop(store);
    let kind = kind.reopened(at(9));
    let store = kind.store();
    commit(&store, at(9), &[(&post("9", "a"), 1, Severity::Critical)]).await;
    let sealed = seal(&store, at(9)).await.deliveries.remove(0);
    assert_eq!(sealed.thread.as_deref(), Some("receipt 0"));
    assert_eq!(store.outbox().await.unwrap()[0].thread, sealed.thread, "a retry answers there as well");
}

async fn a_gate_outlives_reopening<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    commit(&store, at(0), &[(&post("1", "a"), 1, Severity::Low)]).await;
    let id = seal(&store, at(0)).await.deliveries[0].id.clone();
    let gate = Gate::default().throttled(at(300), at(1));
    let retry = Settlement::Retry { at: at(300), uncertain: false, counts: false, why: "429".into() };
    store.settle(&id, retry, gate.clone(), at(1)).await.unwrap();
    drop(store);
    let kind = kind.reopened(at(2));
    let store = kind.store();
    assert_eq!(store.gate(&sink()).await.unwrap(), gate);
    assert_eq!(seal(&store, at(2)).await.next, Some(at(300)));
    assert_eq!(store.gate(&SinkId::new("matrix", "room")).await.unwrap(), Gate::default());
}

async fn what_waits_for_a_sink_that_is_gone_goes_to_its_heir<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let posts: Vec<_> = (0..120u8).map(|n| post(&n.to_string(), &format!("text {n}"))).collect();
    let matched: Vec<_> = posts.iter().zip(0..).map(|(post, n)| (post, n, Severity::Low)).collect();
    commit(&store, at(0), &matched[..2]).await;
    let retried = store.seal(&sink(), 1, &Arc::default(), at(0)).await.unwrap().deliveries.remove(0);
    let later = Settlement::Retry { at: at(60), uncertain: true, counts: true, why: "down".into() };
    store.settle(&retried.id, later, Gate::default(), at(1)).await.unwrap();
    let dead = store.seal(&sink(), 1, &Arc::default(), at(1)).await.unwrap().deliveries.remove(0);
    let refused = Settlement::Dead { why: "refused".into() };
    store.settle(&dead.id, refused, Gate::default(), at(1)).await.unwrap();
    commit(&store, at(1), &matched[2..]).await;
    let heir = SinkId::new("matrix", "room");
    store.hand_over(&sink(), &heir).await.unwrap();
    store.hand_over(&sink(), &heir).await.unwrap();
    drop(store);
    let kind = kind.reopened(at(2));
    let store = kind.store();
    let outbox = store.outbox().await.unwrap();
    assert!(outbox.len() == 120 && outbox.iter().all(|delivery| delivery.sink == heir));
    assert!(seal(&store, at(100)).await.deliveries.is_empty());
    let sealed = all_told(&store, &heir, &Arc::default(), at(100)).await;
    assert_eq!(sealed.len(), 2, "a dead letter changes hands too, and stays one");
    assert!(
        sealed.iter().any(|delivery| matches!(&delivery.body, Body::Digest(digest) if digest.stories == 118))
    );
    let again = sealed.iter().find(|delivery| delivery.id == retried.id).unwrap();
    assert_eq!((&again.body, again.uncertain, again.attempts), (&retried.body, true, 2));
}

async fn a_notice_is_filed_once<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let notice = || {
        let body = Body::Notice(Notice { title: "blind".into(), text: "401".into(), at: at(0) });
        Delivery::open(DeliveryId::of_notice("x:1 blind", &sink()), sink(), body, at(0), at(0))
    };
    for now in [at(0), at(60)] {
        let turn = claim(&store, "1", now).await;
        let outcome = Outcome { notices: vec![notice()], ..outcome(turn, now) };
        store.commit(outcome, now).await.unwrap();
        store.tell(vec![notice()]).await.unwrap();
    }
    assert_eq!(store.outbox().await.unwrap(), [notice()]);
}

async fn pruning_forgets_what_is_no_longer_answered<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let (old, new) = (post("1", "a"), post("2", "b"));
    for (day, post) in [(20_000, &old), (20_100, &new)] {
        let turn = claim(&store, "1", at(i64::from(day))).await;
        let posts = vec![sighted(post, &[])];
        let now = at(i64::from(day));
        let mut outcome = Outcome { posts, day, ..outcome(turn, now) };
        outcome.filings = vec![filing(post, 1, Severity::Low, now)];
        outcome.charge = Some(charge(day, 0, 1));
        store.commit(outcome, now).await.unwrap();
    }
    let later = at(20_100) + SignedDuration::from_hours(25);
    store.prune(20_050, later).await.unwrap();
    let revisions = [(old.key(), old.content()), (new.key(), new.content())];
    let news: Vec<_> = store.sightings(&revisions).await.unwrap().into_iter().map(|seen| seen.news).collect();
    assert_eq!(news, [News::New, News::Known]);
    assert_eq!(store.spent("x.hub", 20_000..=20_000).await.unwrap(), Spending::default());
    assert_eq!(store.spent("x.hub", 20_000..=20_100).await.unwrap(), spending(1));
    assert_eq!(store.outbox().await.unwrap().len(), 1, "what waits is never forgotten");
}

fn spending(posts: u32) -> Spending {
    Spending { reads: Reads { posts, users: 0 }, money: Money(posts.into()), ..Spending::default() }
}

fn charge(day: i32, back: u32, spent: u32) -> Charge {
    Charge { source: "x.hub".into(), day, back: spending(back), spent: spending(spent) }
}

async fn money_set_aside_is_given_back_and_counted_by_source_and_day<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    for (n, (day, posts)) in [(1, 10), (1, 5), (2, 7)].into_iter().enumerate() {
        store.charge(charge(day, 0, 100)).await.unwrap();
        let turn = claim(&store, "1", at(n as i64 * 1000)).await;
        let outcome = Outcome { charge: Some(charge(day, 100, posts)), ..outcome(turn, at(-10_000)) };
        store.commit(outcome, at(0)).await.unwrap();
    }
    let mut told = charge(2, 0, 0);
    told.spent.month_told = true;
    store.charge(told).await.unwrap();
    assert_eq!(store.spent("x.hub", 1..=1).await.unwrap(), spending(15));
    assert_eq!(store.spent("x.hub", 0..=3).await.unwrap(), Spending { month_told: true, ..spending(22) });
    assert_eq!(store.spent("x.other", 0..=3).await.unwrap(), Spending::default());
}

async fn what_was_set_aside_counts_as_spent_after_reopening<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    store.charge(charge(1, 0, 100)).await.unwrap();
    drop(store);
    let kind = kind.reopened(at(0));
    assert_eq!(kind.store().spent("x.hub", 1..=1).await.unwrap(), spending(100));
}

async fn gaps_are_kept_in_order_also_after_reopening_and_forgotten_with_their_day<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let hour = 3600;
    let gap = |from: i64, until: i64| Gap {
        until: at(until),
        end: End::Filled(at(until)),
        ..Gap::open(at(from), Cause::Outage, "HTTP 500")
    };
    let gaps = [gap(0, hour), gap(2 * hour, 40 * hour), gap(41 * hour, 42 * hour)];
    for (name, gaps) in [("1", &gaps[1..]), ("1", &gaps[..1]), ("11", &gaps[..1])] {
        let turn = claim(&store, name, at(100 * hour)).await;
        let outcome = Outcome { gaps: gaps.to_vec(), ..outcome(turn, at(-hour)) };
        store.commit(outcome, at(100 * hour)).await.unwrap();
    }
    drop(store);
    let kind = kind.reopened(at(0));
    let store = kind.store();
    assert_eq!(store.gaps(&timeline("1")).await.unwrap(), gaps);
    assert_eq!(store.gaps(&timeline("11")).await.unwrap(), gaps[..1]);
    assert_eq!(store.gaps(&timeline("2")).await.unwrap(), []);
    store.prune(gaps[1].day(), at(0)).await.unwrap();
    assert_eq!(store.gaps(&timeline("1")).await.unwrap(), gaps[1..], "a gap is as old as its end");
    assert_eq!(store.gaps(&timeline("11")).await.unwrap(), []);
}

async fn a_copy_in_other_words_joins_its_story_also_after_reopening<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let text =
        "Oman hands the Malawi coast guard 7 rubber boats and radios at Monkey Bay, the navy chief says";
    let first = post("1", text);
    let copy =
        post("2", "RT @lake: OMAN hands the Malawi coast guard 7 rubber boats and radios at Monkey Bay…");
    tell(&store, at(0), &[first, copy]).await;
    assert_eq!(gathered(&store).await, [2]);
    drop(store);
    let kind = kind.reopened(at(1));
    let store = kind.store();
    let edited = post("3", &text.replace("hands", "has given").replace('7', "seven"));
    let quoted = Reference { id: "2".into(), ..Reference::default() };
    let quote = Post { quote_of: Some(quoted), ..post("4", "Who pays for the fuel?") };
    tell(&store, at(2), &[edited, quote]).await;
    assert_eq!(gathered(&store).await, [4]);
    let other = post("5", &text.replace('7', "9"));
    let elsewhere = post("6", &text.replace("Malawi", "Ghana"));
    tell(&store, at(3), &[other, elsewhere]).await;
    assert_eq!(gathered(&store).await, [1, 1, 4], "another number and another state are other stories");
}

async fn a_story_that_is_over_is_found_no_more<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let text = "Oman hands the Malawi coast guard rubber boats and radios at Monkey Bay";
    tell(&store, at(0), &[post("1", text)]).await;
    let later = at(0) + SignedDuration::from_hours(25);
    tell(&store, later, &[post("2", text)]).await;
    assert_eq!(gathered(&store).await, [1, 1]);
    store.prune(0, later).await.unwrap();
    tell(&store, later, &[post("3", text)]).await;
    assert_eq!(gathered(&store).await, [1, 2], "pruning the old one leaves the new one");
}

async fn a_story_outlasts_a_clock_that_is_off_for_a_while<K: Kind>() {
    let text = "Oman hands the Malawi coast guard rubber boats and radios at Monkey Bay";
    let other = "Depot yard opens its gate for 40 trucks and a crane near the river";
    let hours = SignedDuration::from_hours;
    for off in [hours(24 * 200), hours(24 * 30), hours(-24 * 30), hours(-24 * 365 * 40)] {
        let mut kind = K::found();
        tell(&kind.store(), at(0), &[post("1", text)]).await;
        // A process that starts meanwhile, forgets, and only then finds something.
        kind = kind.reopened(at(0) + off);
        kind.store().prune(0, at(0) + off).await.unwrap();
        tell(&kind.store(), at(0) + off, &[post("off", other)]).await;
        kind.store().prune(0, at(3600)).await.unwrap();
        kind = kind.reopened(at(3600));
        kind.store().prune(0, at(3600)).await.unwrap();
        tell(&kind.store(), at(3600), &[post("2", text)]).await;
        assert_eq!(gathered(&kind.store()).await, [1, 2], "{off:#}");
        // Once it is over it is forgotten all the same.
        let later = at(3600) + hours(40);
        tell(&kind.store(), later, &[post("later", "Nothing else was heard of the missing ferry")]).await;
        kind.store().prune(0, later).await.unwrap();
        kind = kind.reopened(later);
        tell(&kind.store(), later, &[post("3", text)]).await;
        assert_eq!(gathered(&kind.store()).await, [1, 1, 1, 2], "{off:#}");
    }
}

async fn many_stories_that_are_over_are_all_forgotten<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let texts = |n: usize| format!("Depot{n} yard{n} opens gate{n} for truck{n} and crane{n} near river{n}");
    let posts: Vec<_> = (0..60).map(|n| post(&n.to_string(), &texts(n))).collect();
    for page in posts.chunks(20) {
        tell(&store, at(0), page).await;
    }
    assert_eq!(gathered(&store).await.len(), 60);
    let later = at(0) + SignedDuration::from_hours(23);
    tell(&store, later, &posts[59..]).await;
    let later = later + SignedDuration::from_hours(2);
    store.prune(0, later).await.unwrap();
    let again: Vec<_> = posts.iter().map(|old| post(&format!("again {}", old.id), &old.text)).collect();
    for page in again.chunks(20) {
        tell(&store, later, page).await;
    }
    let gathered = gathered(&store).await;
    assert_eq!((gathered.len(), gathered.last()), (119, Some(&3)), "only the last one was still told");
}

async fn a_story_that_goes_on_for_days_is_known_after_reopening<K: Kind>() {
    let mut kind = K::found();
    let text = "Oman hands the Malawi coast guard rubber boats and radios at Monkey Bay";
    for n in 0..9 {
        let now = at(0) + SignedDuration::from_hours(n * 23);
        tell(&kind.store(), now, &[post(&n.to_string(), text)]).await;
        kind.store().prune(0, now).await.unwrap();
        kind = kind.reopened(now);
    }
    assert_eq!(gathered(&kind.store()).await, [9]);
    let Body::Alert(alert) = kind.store().outbox().await.unwrap().remove(0).body else { panic!("an alert") };
    assert_eq!(alert.excerpts.len(), 9);
}

async fn the_longest_story_can_be_kept<K: Kind>() {
    let mut kind = K::found();
    for n in 0..60 {
        let words: Vec<String> = (0..90).map(|word| format!("Ж{n}x{word}")).collect();
        let links = (0..9).map(|link| format!("https://e.example/{n}/{link}")).collect();
        let quote_of = Some(Reference { id: "0".into(), ..Reference::default() });
        let long =
            Post { links, quote_of, author: "ж".repeat(60), ..post(&n.to_string(), &words.join(" ")) };
        let now = at(0) + SignedDuration::from_hours(n);
        let mut filing = told(&long, now);
        filing.to[0].sink = SinkId::new("matrix", &format!("a-room-with-a-long-name-{n}"));
        let turn = claim(&kind.store(), "1", now).await;
        let mut outcome =
            Outcome { posts: vec![sighted(&long, &[])], filings: vec![filing], ..outcome(turn, now) };
        outcome.state.due = now;
        kind.store().commit(outcome, now).await.unwrap();
        if n % 20 == 0 {
            kind = kind.reopened(now);
        }
    }
    assert!(!gathered(&kind.store()).await.is_empty());
}
