//! What is not told at once: held back, gathered, counted.

use jiff::civil::time;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use vigie::model::decision::Decision;
use vigie::model::delivery::{Again, Digest, Occasion};
use vigie::model::silence::{Covers, Silence};
use vigie::route::{Only, Quiet, Route, Routes};

use super::*;

/// A single route, which leads to everything that these tests file.
fn routes(most_per_hour: Option<u32>, quiet: Vec<Quiet>) -> Arc<Routes> {
    let route = Route {
        name: "desk".into(),
        only: Only::default(),
        sinks: vec![sink()],
        gather: SignedDuration::ZERO,
        quiet,
        most_per_hour,
    };
    Arc::new(Routes { routes: vec![route], ..Routes::default() })
}

/// Quiet from 15:00 to 16:00 UTC; the tests begin at 15:06:40.
fn quiet() -> Vec<Quiet> {
    let (from, to) = (time(15, 0, 0, 0), time(16, 0, 0, 0));
    vec![Quiet { from, to, days: Vec::new(), timezone: TimeZone::UTC, through: Severity::Critical }]
}

/// When the hour of the tests is over.
const HOUR: i64 = 3200;

/// Everything that the store hands out now to a sink, one by one, each delivered.
pub async fn all_told(
    store: &Arc<dyn Store>,
    sink: &SinkId,
    routes: &Arc<Routes>,
    now: Timestamp,
) -> Vec<Delivery> {
    let mut told = Vec::new();
    loop {
        let sealed = store.seal(sink, 1, routes, now).await.unwrap();
        for delivery in sealed.deliveries {
            let receipt = Some(format!("receipt {}", told.len()));
            let delivered = Settlement::Delivered { receipt };
            store.settle(&delivery.id, delivered, Gate::passed(), now).await.unwrap();
            told.push(delivery);
        }
        if sealed.next.is_none_or(|next| next > now) {
            return told;
        }
    }
}

fn digest(delivery: &Delivery) -> &Digest {
    let Body::Digest(digest) = &delivery.body else { panic!("a digest, not {:?}", delivery.body) };
    digest
}

async fn commit_many(
    store: &Arc<dyn Store>,
    now: Timestamp,
    stories: std::ops::Range<u8>,
    severity: Severity,
) {
    let posts: Vec<_> = stories.map(|n| (n, post(&n.to_string(), "text"))).collect();
    for page in posts.chunks(20) {
        let matched: Vec<_> = page.iter().map(|(n, post)| (post, *n, severity)).collect();
        commit(store, now, &matched).await;
    }
}

pub async fn what_a_route_keeps_back_waits_and_comes_as_a_digest<K: Kind>() {
    let mut kind = K::found();
    let routes = routes(None, quiet());
    commit_many(&kind.store(), at(0), 0..3, Severity::High).await;
    commit_many(&kind.store(), at(1), 9..10, Severity::Critical).await;
    let passed = all_told(&kind.store(), &sink(), &routes, at(1)).await;
    assert_eq!(passed.iter().map(alert).collect::<Vec<_>>(), [(1, 1, Severity::Critical)]);
    kind = kind.reopened(at(2));
    let store = kind.store();
    commit(&store, at(2), &[(&post("copy", "text"), 1, Severity::High)]).await;
    assert!(all_told(&store, &sink(), &routes, at(3)).await.is_empty());
    let outbox = store.outbox().await.unwrap();
    let held: Vec<_> = outbox.iter().map(|delivery| (delivery.held, delivery.due)).collect();
    assert_eq!(held, [(Some(Occasion::Quiet), at(HOUR)); 3]);
    let told = all_told(&store, &sink(), &routes, at(HOUR)).await;
    assert_eq!(told.len(), 1);
    let digest = digest(&told[0]);
    assert_eq!((digest.occasion, digest.stories, digest.posts), (Occasion::Quiet, 3, 4));
    assert_eq!((digest.from, digest.until, digest.items.len()), (at(0), at(0), 3));
    assert_eq!(digest.items[0].posts, 2, "the story with most posts stands first");
    assert!(store.outbox().await.unwrap().is_empty());
}

pub async fn a_limit_counts_what_went_also_after_reopening<K: Kind>() {
    let mut kind = K::found();
    let routes = routes(Some(4), Vec::new());
    commit_many(&kind.store(), at(0), 0..3, Severity::High).await;
    assert_eq!(all_told(&kind.store(), &sink(), &routes, at(0)).await.len(), 3);
    kind = kind.reopened(at(1));
    let store = kind.store();
    commit_many(&store, at(1), 3..8, Severity::High).await;
    assert_eq!(all_told(&store, &sink(), &routes, at(1)).await.len(), 1, "four in an hour");
    let next = store.seal(&sink(), 1, &routes, at(2)).await.unwrap().next;
    assert_eq!(next, Some(at(HOUR)));
    let rest = all_told(&store, &sink(), &routes, at(HOUR)).await;
    assert_eq!(rest.len(), 1);
    assert_eq!((digest(&rest[0]).occasion, digest(&rest[0]).stories), (Occasion::Limit, 4));
    commit_many(&store, at(HOUR), 8..10, Severity::High).await;
    assert_eq!(
        all_told(&store, &sink(), &routes, at(HOUR)).await.len(),
        2,
        "the next hour has its own count"
    );
}

pub async fn a_backlog_of_any_size_becomes_one_digest_that_counts_everything<K: Kind>() {
    let mut kind = K::found();
    commit_many(&kind.store(), at(0), 0..120, Severity::Medium).await;
    let routes = Arc::default();
    // It grows in steps, and a restart between two of them loses nothing.
    let first = kind.store().seal(&sink(), 1, &routes, at(60)).await.unwrap();
    assert_eq!((first.deliveries.len(), first.next), (0, Some(at(60))));
    kind = kind.reopened(at(61));
    let store = kind.store();
    let told = all_told(&store, &sink(), &routes, at(61)).await;
    assert_eq!(told.len(), 1);
    let told = digest(&told[0]);
    assert_eq!((told.occasion, told.stories, told.posts, told.items.len()), (Occasion::Burst, 120, 120, 10));
    assert!(store.outbox().await.unwrap().is_empty());
}

pub async fn closing_makes_due_what_only_gathers<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let turn = claim(&store, "1", at(0)).await;
    let filings = (0..130)
        .map(|n| filing(&post(&n.to_string(), "a"), n, Severity::Low, at(900)))
        .chain([filing(&post("held", "a"), 200, Severity::Low, at(0))])
        .collect();
    store.commit(Outcome { filings, ..outcome(turn, at(0)) }, at(0)).await.unwrap();
    assert!(all_told(&store, &sink(), &routes(None, quiet()), at(0)).await.is_empty());
    store.close(at(1)).await.unwrap();
    let outbox = store.outbox().await.unwrap();
    let due = outbox.iter().filter(|delivery| delivery.due <= at(1)).count();
    assert_eq!((outbox.len(), due), (131, 130), "what people want quiet stays quiet");
}

pub async fn late_copies_are_counted_by_the_next_message_or_answer_in_the_thread<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let routes = Arc::default();
    commit(&store, at(0), &[(&post("1", "a"), 1, Severity::Low)]).await;
    let first = seal(&store, at(0)).await.deliveries.remove(0);
    commit(&store, at(1), &[(&post("2", "a"), 1, Severity::Low)]).await;
    assert_eq!(store.outbox().await.unwrap().len(), 1, "nothing to answer to yet");
    let delivered = Settlement::Delivered { receipt: Some("$first".into()) };
    store.settle(&first.id, delivered, Gate::passed(), at(2)).await.unwrap();
    commit(&store, at(3), &[(&post("3", "a"), 1, Severity::Low)]).await;
    commit(&store, at(4), &[(&post("4", "a"), 1, Severity::Low)]).await;
    assert!(all_told(&store, &sink(), &routes, at(300)).await.is_empty(), "copies gather for five minutes");
    let answer = all_told(&store, &sink(), &routes, at(303)).await.remove(0);
    assert_eq!(alert(&answer), (3, 2, Severity::Low), "the one that was only counted is told as well");
    let Body::Alert(told_again) = &answer.body else { panic!("an alert") };
    assert_eq!((told_again.again, answer.thread.as_deref()), (Some(Again::Copies), Some("$first")));
}

fn silence(words: &str, until: Timestamp) -> Silence {
    let covers = Covers { words: Some(words.into()), ..Covers::default() };
    let (reason, by, from) = ("drill".into(), "ann".into(), at(0));
    Silence { id: 0, covers, reason, by, from, until, alerts: 0, posts: 0, told: false }
}

fn notice(key: &str, now: Timestamp) -> Delivery {
    let body = Body::Notice(Notice { title: key.into(), text: String::new(), at: now });
    Delivery::open(DeliveryId::of_notice(key, &sink()), sink(), body, now, now)
}

pub async fn a_silence_ends_what_it_holds_and_counts_it<K: Kind>() {
    let mut kind = K::found();
    let store = kind.store();
    for words in ["drill", "nothing"] {
        store.decide(Decision::Silence(silence(words, at(100))), at(0)).await.unwrap().unwrap();
    }
    let (drill, copy, other) = (post("1", "A DRILL"), post("2", "a drill"), post("3", "no joke"));
    let severity = Severity::Critical;
    commit(&store, at(1), &[(&drill, 1, severity), (&copy, 1, severity), (&other, 2, severity)]).await;
    let told = all_told(&store, &sink(), &Arc::default(), at(1)).await;
    assert_eq!(told.iter().map(alert).collect::<Vec<_>>(), [(1, 1, severity)]);
    drop(store);
    kind = kind.reopened(at(2));
    let store = kind.store();
    let counts = |silences: Vec<Silence>| {
        silences.iter().map(|silence| (silence.id, silence.alerts, silence.posts)).collect::<Vec<_>>()
    };
    assert_eq!(counts(store.silences().await.unwrap()), [(1, 1, 2), (2, 0, 0)]);
    store.decide(Decision::Speak(1), at(50)).await.unwrap().unwrap();
    store.decide(Decision::Speak(9), at(50)).await.unwrap().unwrap_err();
    commit(&store, at(51), &[(&post("4", "a drill"), 1, Severity::Low)]).await;
    let told = all_told(&store, &sink(), &Arc::default(), at(51)).await;
    let Body::Alert(first) = &told[0].body else { panic!("an alert") };
    assert_eq!((first.again, first.posts), (None, 1), "nobody heard of the story yet");
    for _ in 0..2 {
        let ended = Decision::Told(1, Box::new(notice("ended", at(52))));
        store.decide(ended, at(52)).await.unwrap().unwrap();
    }
    assert_eq!(store.outbox().await.unwrap().len(), 1);
    let month = SignedDuration::from_hours(24 * 31);
    store.prune(0, at(52) + month).await.unwrap();
    assert_eq!(counts(store.silences().await.unwrap()), [(2, 0, 0)], "whose end nobody was told stays");
}

pub async fn people_decide_about_what_waits<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let decide = async |decision, now| store.decide(decision, now).await.unwrap();
    commit(&store, at(0), &[(&post("1", "a"), 1, Severity::Low)]).await;
    let sent = seal(&store, at(0)).await.deliveries.remove(0);
    decide(Decision::Retry(sent.id.clone()), at(0)).await.unwrap_err();
    decide(Decision::Drop(sent.id.clone()), at(0)).await.unwrap_err();
    let gate = Gate::default().park("revoked".into(), at(0));
    store.settle(&sent.id, Settlement::Dead { why: "400".into() }, gate, at(0)).await.unwrap();
    assert!(seal(&store, at(9)).await.deliveries.is_empty());
    decide(Decision::Retry(sent.id.clone()), at(9)).await.unwrap();
    let again = seal(&store, at(9)).await.deliveries.remove(0);
    assert_eq!((&again.id, &again.body, again.attempts), (&sent.id, &sent.body, 2));
    let parked = store.gate(&sink()).await.unwrap();
    store.settle(&sent.id, Settlement::Dead { why: "400".into() }, parked, at(9)).await.unwrap();
    decide(Decision::Drop(sent.id.clone()), at(10)).await.unwrap();
    decide(Decision::Drop(sent.id.clone()), at(10)).await.unwrap_err();
    decide(Decision::Resume(sink()), at(10)).await.unwrap();
    let gate = store.gate(&sink()).await.unwrap();
    assert_eq!((gate.opens(at(10)), gate.parked.as_deref()), (at(10), Some("revoked")));
    drop(store);
    let store = kind.reopened(at(11)).store();
    assert!(store.outbox().await.unwrap().is_empty());
}

pub async fn notices_that_a_sink_does_not_take_go_to_another_and_alerts_stay<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let other = SinkId::new("email", "ops");
    commit(&store, at(0), &[(&post("1", "a"), 1, Severity::Low)]).await;
    // The clock was ahead when one of them was filed.
    let filed = [("old", 0), ("new", 500), ("ahead", 90_000)];
    store.tell(filed.map(|(key, second)| notice(key, at(second))).to_vec()).await.unwrap();
    assert_eq!(store.pass_on(&sink(), &other, at(100), at(700)).await.unwrap(), 2);
    assert_eq!(store.pass_on(&sink(), &other, at(100), at(700)).await.unwrap(), 0);
    drop(store);
    let store = kind.reopened(at(700)).store();
    let passed = store.seal(&other, 9, &Arc::default(), at(700)).await.unwrap().deliveries;
    let passed: BTreeSet<_> = passed.iter().map(|delivery| (&delivery.id, delivery.created_at)).collect();
    let expected = [notice("old", at(0)), notice("ahead", at(90_000))];
    assert_eq!(passed, expected.iter().map(|notice| (&notice.id, at(700))).collect());
    assert_eq!(seal(&store, at(700)).await.deliveries.len(), 2);
}
