//! A backup made while the store is in use, and the store made of it.

use std::fs;

use jiff::SignedDuration;
use vigie::model::post::Platform;
use vigie::model::retention::Retention;
use vigie::store::sled::SledStore;
use vigie::store::{News, OpenError, Store};

use super::{at, commit, open, outbox, post, sink, timeline};

#[tokio::test]
async fn a_store_made_of_a_backup_knows_all_that_the_first_one_knew_then() {
    let dir = tempfile::tempdir().unwrap();
    let (first, saved, second) = (dir.path().join("a"), dir.path().join("saved"), dir.path().join("b"));
    let store = open(&first, at(0)).unwrap();
    let posts: Vec<_> = (0..120)
        .map(|n| post(&n.to_string(), &format!("depot{n} yard{n} gate{n} truck{n} crane{n}")))
        .collect();
    for (n, page) in posts.chunks(20).enumerate() {
        commit(store.as_ref(), at(n as i64), page).await;
    }
    // So many at once are first gathered into a digest, step by step.
    let mut sent = Vec::new();
    while sent.is_empty() {
        sent = store.seal(&sink(), 3, &std::sync::Arc::default(), at(9)).await.unwrap().deliveries;
    }
    let told = store.outbox().await.unwrap();
    let made = store.backup(&saved).await.unwrap();
    assert!(made.days == 1 && made.bytes > 10_000, "{made:?}");
    commit(store.as_ref(), at(10), &[post("later", "after the backup was made")]).await;
    SledStore::restore(&saved, &second).unwrap();
    let copy = open(&second, at(11)).unwrap();
    let revisions: Vec<_> = posts.iter().map(|post| (post.key(), post.content())).collect();
    assert!(copy.sightings(&revisions).await.unwrap().iter().all(|sighting| sighting.news == News::Known));
    let later = post("later", "after the backup was made");
    assert_eq!(copy.sightings(&[(later.key(), later.content())]).await.unwrap()[0].news, News::New);
    let again = copy.outbox().await.unwrap();
    assert_eq!(
        again.iter().map(|delivery| &delivery.id).collect::<Vec<_>>(),
        told.iter().map(|delivery| &delivery.id).collect::<Vec<_>>()
    );
    assert_eq!(
        again.iter().filter(|delivery| delivery.uncertain).count(),
        sent.len(),
        "what was being sent may have arrived"
    );
    assert!(copy.timeline(&timeline()).await.unwrap().is_some());
    let read =
        |folder: &std::path::Path| fs::read_to_string(folder.join("archive/x/2025-06-15.jsonl")).unwrap();
    assert_eq!(read(&second), read(&saved));
    assert!(read(&first).starts_with(&read(&saved)) && !read(&saved).contains("later"));
    commit(copy.as_ref(), at(12), &[post("copy", "depot7 yard7 gate7 truck7 crane7")]).await;
    assert_eq!(
        outbox(copy.as_ref()).await.iter().map(|(posts, _)| posts).sum::<u32>(),
        120,
        "its stories go on: a copy of one that was told opens nothing"
    );
}

#[tokio::test]
async fn a_backup_that_is_damaged_or_in_the_way_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (first, saved) = (dir.path().join("a"), dir.path().join("saved"));
    let store = open(&first, at(0)).unwrap();
    commit(store.as_ref(), at(0), &[post("1", "weapons")]).await;
    store.backup(&saved).await.unwrap();
    assert!(matches!(SledStore::restore(&saved, &first), Err(OpenError::Occupied { .. })));
    let state = saved.join("state.export");
    let bytes = fs::read(&state).unwrap();
    for at in [0, bytes.len() / 2, bytes.len() - 1] {
        let mut harmed = bytes.clone();
        harmed[at] ^= 1;
        fs::write(&state, harmed).unwrap();
        let error = SledStore::restore(&saved, &dir.path().join("b")).unwrap_err();
        assert!(matches!(error, OpenError::Backup { .. }), "byte {at}: {error}");
    }
    fs::write(&state, &bytes[..bytes.len() - 40]).unwrap();
    assert!(SledStore::restore(&saved, &dir.path().join("b")).is_err());
    fs::write(&state, &bytes).unwrap();
    fs::remove_file(saved.join("FORMAT")).unwrap();
    assert!(SledStore::restore(&saved, &dir.path().join("b")).is_err(), "it was never finished");
    assert!(!dir.path().join("b").exists(), "nothing is left of the attempts");
}

#[tokio::test]
async fn days_that_are_kept_no_longer_are_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), at(0)).unwrap();
    let day = 86_400;
    for n in 0..30 {
        commit(store.as_ref(), at(n * day), &[post(&n.to_string(), &format!("text {n}"))]).await;
    }
    let days = || fs::read_dir(dir.path().join("archive/x")).unwrap().count();
    assert_eq!(days(), 30);
    let kept = Retention { posts: Some(SignedDuration::from_hours(24 * 10)), ..Retention::default() };
    assert_eq!(store.retire(&Retention::default(), at(29 * day)).await.unwrap(), 0);
    assert_eq!(store.retire(&kept, at(29 * day)).await.unwrap(), 19);
    assert_eq!(store.retire(&kept, at(29 * day)).await.unwrap(), 0);
    assert_eq!(days(), 11);
    let longer = [(Platform::X, SignedDuration::from_hours(24 * 20))].into();
    let kept = Retention { posts: Some(SignedDuration::ZERO), platforms: longer };
    assert_eq!(store.retire(&kept, at(29 * day)).await.unwrap(), 0, "a platform's own time goes first");
    drop(store);
    assert!(open(dir.path(), at(30 * day)).is_ok(), "the state forgot them as well");
}
