use jiff::SignedDuration;

use super::*;
use crate::model::post::Platform;

fn outcome(turn: Turn, state: TimelineState) -> Outcome {
    let (gaps, posts, filings, notices) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    Outcome { turn, state, gaps, posts, filings, notices, charge: None, day: 0 }
}

/// Timelines as `trees` has them.
fn loaded(trees: &Trees) -> Timelines {
    let mut timelines = Timelines::default();
    timelines.load(trees).unwrap();
    timelines
}

fn trees() -> Trees {
    Trees::of(&sled::Config::new().temporary(true).open().unwrap()).unwrap()
}

fn id(number: usize) -> TimelineId {
    TimelineId::new(&Platform::X, &number.to_string())
}

/// Writes a state as a look that brought something does.
fn write(trees: &Trees, timelines: &mut Timelines, id: &TimelineId, state: &TimelineState) {
    let written = encode(state, timelines.next_version()).unwrap();
    trees.note(Tree::Timeline, id.as_str().as_bytes(), &written).unwrap();
    timelines.put(id.clone(), state, false).unwrap();
}

/// Writes what looks that brought nothing left; tells how many records that took.
fn keep(trees: &Trees, timelines: &mut Timelines, most: usize) -> usize {
    let unkept = timelines.unkept(most).unwrap();
    for (group, record) in &unkept {
        trees.note(Tree::Times, &group.to_be_bytes(), record).unwrap();
    }
    unkept.len()
}

#[test]
fn only_looks_that_brought_nothing_are_noted_and_each_is_kept_once() {
    let (id, now, trees) = (id(1), Timestamp::UNIX_EPOCH, trees());
    let mut timelines = loaded(&trees);
    let look = |timelines: &mut Timelines, state: &TimelineState| {
        let turn = timelines.claim(std::slice::from_ref(&id), now).unwrap().remove(0);
        timelines.note(vec![outcome(turn, state.clone())]).unwrap()
    };
    let first = TimelineState { complete_at: Some(now), ..TimelineState::first(None, now) };
    assert!(!look(&mut timelines, &first).is_empty(), "a first look is news");
    write(&trees, &mut timelines, &id, &first);
    assert_eq!(keep(&trees, &mut timelines, 9), 0);
    let seen = TimelineState { complete_at: Some(now + SignedDuration::from_secs(1)), ..first };
    assert!(look(&mut timelines, &seen).is_empty());
    assert_eq!(timelines.state(&id).unwrap(), Some(seen.clone()));
    assert_eq!([0, 9, 9].map(|most| keep(&trees, &mut timelines, most)), [0, 1, 0]);
    assert_eq!(loaded(&trees).state(&id).unwrap(), Some(seen.clone()));
    let failed = TimelineState { failures: 1, ..seen };
    assert!(!look(&mut timelines, &failed).is_empty());
}

#[test]
fn what_was_written_last_counts_whatever_the_clock_said_and_however_often_vigie_starts() {
    let (trees, at) = (trees(), |second| Timestamp::from_second(second).unwrap());
    let (mut rng, mut timelines) = (fastrand::Rng::with_seed(7), loaded(&trees));
    let mut expected = HashMap::new();
    for round in 0..300 {
        for _ in 0..rng.usize(0..40) {
            let id = id(rng.usize(0..100));
            // A clock that jumps.
            let now = at(rng.i64(0..1000));
            let known: Option<TimelineState> = timelines.state(&id).unwrap();
            let state = match known.filter(|_| rng.bool()) {
                Some(known) => TimelineState { due: now, set_at: now, complete_at: Some(now), ..known },
                None => TimelineState { failures: round, ..TimelineState::first(None, now) },
            };
            if state.failures == round {
                write(&trees, &mut timelines, &id, &state);
            } else {
                timelines.put(id.clone(), &state, true).unwrap();
            }
            expected.insert(id, state);
        }
        if rng.bool() {
            let most = rng.usize(1..4);
            while keep(&trees, &mut timelines, most) == most {}
            timelines = loaded(&trees);
            for (id, state) in &expected {
                assert_eq!(timelines.state(id).unwrap().as_ref(), Some(state), "{round} {id}");
            }
        }
    }
    let records = trees.entries(Tree::Times, b"").count();
    assert!((4..=8).contains(&records), "{records}");
}

#[test]
fn a_state_without_a_version_is_older_than_every_record() {
    let (trees, now) = (trees(), Timestamp::UNIX_EPOCH);
    let old = TimelineState::first(None, now);
    let written = rmp_serde::to_vec_named(&old).unwrap();
    trees.note(Tree::Timeline, id(1).as_str().as_bytes(), &written).unwrap();
    let mut timelines = loaded(&trees);
    assert_eq!(timelines.state(&id(1)).unwrap(), Some(old.clone()));
    timelines.hasten(&id(1), Timestamp::MAX).unwrap();
    keep(&trees, &mut timelines, 9);
    let hastened = TimelineState { due: Timestamp::MAX, ..old };
    assert_eq!(loaded(&trees).state(&id(1)).unwrap(), Some(hastened));
}

#[test]
fn a_store_that_is_shut_hands_out_and_takes_nothing_but_tells_what_it_knows() {
    let (id, now) = (TimelineId::new(&Platform::X, "1"), Timestamp::UNIX_EPOCH);
    let mut timelines = Timelines { opened: true, ..Timelines::default() };
    let state = TimelineState::first(None, now);
    timelines.put(id.clone(), &state, false).unwrap();
    let turn = timelines.claim(std::slice::from_ref(&id), now).unwrap().remove(0);
    timelines.shut(StoreError::Full("no space".into()));
    assert!(timelines.claim(std::slice::from_ref(&id), now).is_err());
    assert!(timelines.note(vec![outcome(turn, state.clone())]).is_err());
    assert_eq!(timelines.state(&id).unwrap(), Some(state));
    let mut never = Timelines::default();
    never.shut(StoreError::Full("no space".into()));
    assert!(never.state(&id).is_err());
}
