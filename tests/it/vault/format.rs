//! Stores that another version wrote.

use std::fs;
use std::path::Path;

use serde_json::json;
use vigie::model::matched::Severity;
use vigie::story::{Kept, Sketch};

use super::{at, commit, hours, open, outbox, post, sink};
use vigie::model::post::Platform;
use vigie::model::story::StoryId;
use vigie::model::timeline::TimelineId;
use vigie::store::{OpenError, Store};

/// What story number `n` tells.
fn text(n: u32) -> String {
    format!("Depot{n} yard{n} opens gate{n} for truck{n} and crane{n} near river{n}")
}

/// A store as version 1 left it: `stories` told an hour ago, a value for each, for its wordings, and for each key.
fn written_by_version_1(dir: &Path, stories: u32) {
    fs::create_dir_all(dir.join("archive")).unwrap();
    fs::write(dir.join("FORMAT"), "1\n").unwrap();
    let db = state(dir);
    let put = |tree: &str, key: &[u8], value: String| {
        db.open_tree(tree).unwrap().insert(key, value.as_bytes()).unwrap();
    };
    put("meta", b"format", "1".into());
    for n in 0..stories {
        let first = post(&n.to_string(), &text(n));
        let id = StoryId::opened_by(first.key(), first.content()).to_string();
        let copy = json!({"platform": "x", "author": "hub", "posted_at": at(0), "seen_at": at(0), "own_words": true});
        let told = json!({sink().to_string(): {"deliveries": 1, "severity": Severity::High}});
        let story =
            json!({"id": id, "last_at": at(0), "posts": 1, "wordings": 1, "copies": [copy], "told": told});
        put("story", id.as_bytes(), story.to_string());
        let mut kept = Kept::default();
        for key in kept.add(Sketch::of(&first, &[])) {
            put("story_index", &key.0, json!([id]).to_string());
        }
        put("story_kept", id.as_bytes(), serde_json::to_string(&kept).unwrap());
    }
    db.flush().unwrap();
}

#[tokio::test]
async fn a_store_of_version_1_keeps_its_stories() {
    let dir = tempfile::tempdir().unwrap();
    written_by_version_1(dir.path(), 120);
    let store = open(dir.path(), at(3600)).unwrap();
    let copies: Vec<_> = (0..120).map(|n| post(&format!("copy {n}"), &text(n))).collect();
    for page in copies.chunks(50) {
        commit(store.as_ref(), at(3600), page).await;
    }
    assert_eq!(outbox(store.as_ref()).await, [], "they were told and say nothing new");
    commit(store.as_ref(), at(3601), &[post("other", &text(121))]).await;
    assert_eq!(outbox(store.as_ref()).await.len(), 1);
    drop(store);
    assert_eq!(fs::read_to_string(dir.path().join("FORMAT")).unwrap().trim(), "3");
    let store = open(dir.path(), at(3602)).unwrap();
    commit(store.as_ref(), at(3602), &[post("third", &text(0))]).await;
    assert_eq!(outbox(store.as_ref()).await.len(), 1, "also after reopening");
    drop(store);
    let later = at(3602) + hours(60);
    let store = open(dir.path(), later).unwrap();
    commit(store.as_ref(), later, &[post("again", &text(0))]).await;
    assert_eq!(outbox(store.as_ref()).await.len(), 2, "a story that is over is told again");
}

#[tokio::test]
async fn a_store_of_version_2_keeps_its_timelines() {
    let dir = tempfile::tempdir().unwrap();
    let of_version_2 = json!({
        "cursor": "{\"etag\":\"\\\"1\\\"\"}", "since": null, "due": "2025-06-15T15:07:40Z",
        "set_at": "2025-06-15T15:06:40.123456789Z", "pause": "PT60S", "failures": 1,
        "watched_since": "2025-06-15T15:00:00Z", "begun_at": null, "complete_at": "2025-06-15T15:06:40.1Z",
        "trouble": {"since": "2025-06-15T15:06:41Z", "cause": "outage", "why": "it fails"}, "missed_at": null,
        "cadence": {"since": "2025-06-15T14:00:00Z", "last": "2025-06-15T15:00:00Z", "usual": 600, "longest": 900,
            "learned": 6},
        "silence": null
    });
    drop(open(dir.path(), at(0)).unwrap());
    fs::write(dir.path().join("FORMAT"), "2\n").unwrap();
    {
        let db = state(dir.path());
        db.open_tree("meta").unwrap().insert("format", "2").unwrap();
        let timelines = db.open_tree("timeline").unwrap();
        for n in 0..120 {
            timelines.insert(format!("x:{n}"), of_version_2.to_string().as_bytes()).unwrap();
        }
        db.flush().unwrap();
    }
    let store = open(dir.path(), at(1)).unwrap();
    for n in 0..120 {
        let state = store.timeline(&TimelineId::new(&Platform::X, &n.to_string())).await.unwrap().unwrap();
        assert_eq!(state, serde_json::from_value(of_version_2.clone()).unwrap());
    }
    drop(store);
    let packed = state(dir.path()).open_tree("timeline").unwrap().get("x:0").unwrap().unwrap();
    assert!(!packed.starts_with(b"{") && packed.len() < of_version_2.to_string().len());
}

#[test]
fn a_lift_that_was_cut_off_begins_again() {
    let dir = tempfile::tempdir().unwrap();
    written_by_version_1(dir.path(), 40);
    {
        let db = state(dir.path());
        for n in 1_u64..90 {
            db.open_tree("stories").unwrap().insert(n.to_be_bytes(), b"left by an attempt").unwrap();
        }
        db.flush().unwrap();
    }
    drop(open(dir.path(), at(1)).unwrap());
    let store = open(dir.path(), at(2));
    assert!(store.is_ok());
    drop(store);
    let names = state(dir.path()).tree_names();
    assert!(!names.iter().any(|name| name == b"story_index"), "what version 1 kept is dropped");
}

#[test]
fn a_store_of_a_later_version_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    written_by_version_1(dir.path(), 1);
    {
        let db = state(dir.path());
        db.open_tree("meta").unwrap().insert("format", "9").unwrap();
        db.flush().unwrap();
    }
    for _ in 0..2 {
        let error = open(dir.path(), at(1)).unwrap_err();
        assert!(matches!(error, OpenError::Newer { found: 9, known: 3, .. }), "{error}");
        assert!(error.to_string().contains("Use the vigie that wrote it"), "{error}");
    }
}

/// The state in `dir`, as soon as sled's threads of an earlier opening let go of it.
fn state(dir: &Path) -> sled::Db {
    let open = |_| {
        std::thread::sleep(std::time::Duration::from_millis(2));
        sled::open(dir.join("state")).ok()
    };
    (0..2_500).find_map(open).unwrap()
}
