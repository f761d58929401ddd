//! The store's long life: older layouts, newer ones, damage, backups.

mod backup;
mod damage;
mod format;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use vigie::model::delivery::{Body, Delivery, Excerpt};
use vigie::model::matched::Severity;
use vigie::model::post::{Platform, Post};
use vigie::model::sink::SinkId;
use vigie::model::story::{Copy, StoryId};
use vigie::model::timeline::{Cursor, TimelineId, TimelineState};
use vigie::store::sled::SledStore;
use vigie::store::{Addressed, Filing, OpenError, Outcome, Sighted, Store};
use vigie::story::Sketch;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + second).unwrap()
}

fn sink() -> SinkId {
    SinkId::new("slack", "desk")
}

fn timeline() -> TimelineId {
    TimelineId::new(&Platform::X, "1")
}

fn post(id: &str, text: &str) -> Post {
    Post { author: "hub".into(), posted_at: Some(at(0)), ..Post::new(Platform::X, id, text) }
}

/// Opens the store in `dir`; the thread of the one before may still be letting go.
fn open(dir: &Path, now: Timestamp) -> Result<Arc<SledStore>, OpenError> {
    loop {
        match SledStore::open(dir, "a test", now) {
            Err(OpenError::InUse { .. }) => std::thread::sleep(Duration::from_millis(1)),
            other => return other.map(Arc::new),
        }
    }
}

/// Commits posts as matched, as a look at the timeline at `now`.
async fn commit(store: &dyn Store, now: Timestamp, posts: &[Post]) {
    let turn = store.claim(&[timeline()], now).await.unwrap().pop().expect("the timeline is due");
    let filing = |post: &Post| Filing {
        sketch: Sketch::of(post, &[]),
        copy: Copy::of(post, now),
        story: StoryId::opened_by(post.key(), post.content()),
        insists: false,
        to: vec![Addressed {
            sink: sink(),
            severity: Severity::High,
            excerpt: Excerpt::of(post, &[], false, now),
            routes: Vec::new(),
            due: now,
        }],
    };
    let sighted = |post: &Post| Sighted {
        key: post.key(),
        content: post.content(),
        archive: Some(Post { seen_at: Some(now), ..post.clone() }),
        met: vec!["w/r".into()],
    };
    let state = TimelineState { cursor: Some(Cursor(now.to_string())), ..TimelineState::first(None, now) };
    let (filings, posts) = (posts.iter().map(filing).collect(), posts.iter().map(sighted).collect());
    let day = (now.as_second() / 86_400) as i32;
    let outcome =
        Outcome { turn, state, posts, filings, notices: Vec::new(), charge: None, gaps: Vec::new(), day };
    store.commit(outcome, now).await.unwrap();
}

/// How many posts each alert in the outbox has, with the text of its first.
async fn outbox(store: &dyn Store) -> Vec<(u32, String)> {
    let told = |delivery: Delivery| match delivery.body {
        Body::Alert(alert) => (alert.posts, alert.excerpts[0].text.clone()),
        Body::Notice(notice) => (0, notice.title),
        Body::Digest(digest) => (digest.posts, "a digest".into()),
    };
    store.outbox().await.unwrap().into_iter().map(told).collect()
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}
