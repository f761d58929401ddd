//! What looks that bring nothing leave behind.

use super::*;

/// A state as the one before, after a look at `now` without news.
fn later(turn: &Turn, now: Timestamp) -> TimelineState {
    let before = turn.state.clone().unwrap();
    TimelineState { due: now + SignedDuration::from_secs(60), set_at: now, complete_at: Some(now), ..before }
}

pub async fn a_look_that_brought_nothing_counts_at_once_and_survives_once_it_is_kept<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let turn = claim(&store, "1", at(0)).await;
    store.commit(outcome(turn, at(0)), at(0)).await.unwrap();
    let mut now = at(0);
    for _ in 0..3 {
        now += SignedDuration::from_secs(60);
        let turn = claim(&store, "1", now).await;
        let (state, void) = (later(&turn, now), turn.clone());
        store.commit(Outcome { state: state.clone(), ..outcome(turn, now) }, now).await.unwrap();
        assert_eq!(store.timeline(&timeline("1")).await.unwrap().as_ref(), Some(&state));
        assert_eq!(store.claim(&[timeline("1")], now).await.unwrap().len(), 0, "it is not due");
        let again = store.commit(Outcome { state, ..outcome(void, now) }, now).await;
        assert!(matches!(again, Err(StoreError::Broken(_))), "a turn commits once");
    }
    store.keep().await.unwrap();
    drop(store);
    let kind = kind.reopened(now);
    assert_eq!(kind.store().timeline(&timeline("1")).await.unwrap().unwrap().complete_at, Some(now));
    // What brought something goes on from there.
    let store = kind.store();
    now += SignedDuration::from_secs(60);
    let turn = claim(&store, "1", now).await;
    let state = TimelineState { cursor: Some(Cursor("d".into())), ..later(&turn, now) };
    store.commit(Outcome { state, ..outcome(turn, now) }, now).await.unwrap();
    store.keep().await.unwrap();
    drop(store);
    let state = kind.reopened(now).store().timeline(&timeline("1")).await.unwrap().unwrap();
    assert_eq!((state.cursor, state.complete_at), (Some(Cursor("d".into())), Some(now)));
}

pub async fn looks_count_together_or_not_at_all<K: Kind>() {
    let kind = K::found();
    let store = kind.store();
    let (one, two) = (claim(&store, "1", at(0)).await, claim(&store, "2", at(0)).await);
    let posts = [post("1", "text"), post("2", "other text")];
    let outcome = |turn: &Turn, post: &Post| {
        let filings = vec![told(post, at(0))];
        Outcome { posts: vec![sighted(post, &["w/r"])], filings, ..outcome(turn.clone(), at(0)) }
    };
    let both = vec![outcome(&one, &posts[0]), outcome(&two, &posts[1])];
    let void = Turn { fence: two.fence + 9, ..two.clone() };
    let refused = store.commit_all(vec![both[0].clone(), outcome(&void, &posts[1])], at(0)).await;
    assert!(matches!(refused, Err(StoreError::Broken(_))));
    assert_eq!(store.timeline(&timeline("1")).await.unwrap(), None);
    store.commit_all(both, at(0)).await.unwrap();
    drop(store);
    let store = kind.reopened(at(1)).store();
    let revisions = posts.each_ref().map(|post| (post.key(), post.content()));
    for (known, name) in store.sightings(&revisions).await.unwrap().iter().zip(["1", "2"]) {
        assert_eq!((known.news, known.met.as_slice()), (News::Known, &["w/r".to_owned()][..]));
        assert!(store.timeline(&timeline(name)).await.unwrap().is_some());
    }
    assert_eq!(gathered(&store).await, [1, 1], "each told its own story");
}
