use super::*;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + minute * 60).unwrap()
}

fn page(more: bool) -> Looked {
    Looked::Page { cursor: Some(Cursor("c".into())), more, missed: None, posted: Vec::new() }
}

fn missed(until: Option<Timestamp>) -> Looked {
    let missed = Missed { cause: Cause::Overrun, why: "20 items".into(), until };
    Looked::Page { cursor: None, more: false, missed: Some(missed), posted: Vec::new() }
}

fn failed(cause: Cause, passing: bool) -> Looked {
    Looked::Failed { cause, why: format!("{cause:?}"), until: None, passing }
}

/// A look at a minute, by a vigie that runs since another one, whose pause is a minute.
fn look(state: TimelineState, looked: Looked, minute: i64, running_since: i64) -> Finished {
    let pause = SignedDuration::from_mins(1);
    let moment = Moment {
        asked_at: at(minute),
        now: at(minute),
        running_since: at(running_since),
        pause,
        canary_within: None,
    };
    state.finish(looked, &moment)
}

/// A timeline that was seen up to the minute 0.
fn seen() -> TimelineState {
    look(TimelineState::first(None, at(0)), page(false), 0, 0).state
}

fn gap(from: i64, until: i64, cause: Cause, end: End) -> (Timestamp, Timestamp, Cause, End) {
    (at(from), at(until), cause, end)
}

fn told(gaps: Vec<Gap>) -> Vec<(Timestamp, Timestamp, Cause, End)> {
    gaps.into_iter().map(|gap| (gap.from, gap.until, gap.cause, gap.end)).collect()
}

#[test]
fn a_last_page_is_due_again_after_the_pause_and_a_middle_one_at_once() {
    let first = TimelineState::first(None, at(0));
    let middle = look(first.clone(), page(true), 1, 0).state;
    assert_eq!((middle.due, middle.complete_at), (at(1), None));
    let last = look(first, page(false), 1, 0).state;
    assert_eq!((last.due, last.complete_at), (at(2), Some(at(1))));
}

#[test]
fn a_look_of_many_pages_saw_what_was_posted_before_it_began() {
    let walking = look(seen(), page(true), 1, 0).state;
    let done = look(look(walking, page(true), 2, 0).state, page(false), 3, 0);
    assert_eq!((done.state.complete_at, done.gaps), (Some(at(1)), Vec::new()));
}

#[test]
fn a_failure_keeps_the_cursor_and_obeys_the_server() {
    let looked =
        Looked::Failed { cause: Cause::RateLimit, why: "429".into(), until: Some(at(15)), passing: true };
    let after = look(seen(), looked, 1, 0).state;
    assert_eq!((after.cursor, after.due, after.failures), (Some(Cursor("c".into())), at(15), 1));
}

#[test]
fn a_passing_failure_is_told_once_when_it_lasts_and_once_when_it_is_over() {
    let (mut state, mut heard) = (seen(), Vec::new());
    for minute in 1..=8 {
        let finished = look(state, failed(Cause::Outage, true), minute, 0);
        heard.extend(finished.turned.into_iter().map(|turned| (minute, turned)));
        state = finished.state;
    }
    let trouble = Trouble { since: at(0), cause: Cause::Outage, why: "Outage".into() };
    assert_eq!(heard, [(5, Turned::Blind(trouble.clone()))]);
    let middle = look(state, page(true), 9, 0);
    assert_eq!(
        (middle.turned, middle.state.failures),
        (Vec::new(), 0),
        "it is not over before all was caught up"
    );
    let last = look(middle.state, page(false), 10, 0);
    let filled = gap(0, 9, Cause::Outage, End::Filled(at(10)));
    assert_eq!(told(last.gaps.clone()), [filled]);
    assert_eq!(last.turned, [Turned::Back { trouble, gaps: last.gaps }]);
    assert_eq!(look(last.state, page(false), 11, 0).turned, []);
}

#[test]
fn a_failure_that_needs_a_person_is_told_at_once_and_another_one_again() {
    let mut state = seen();
    let blind = |finished: &Finished| match finished.turned.as_slice() {
        [Turned::Blind(trouble)] => Some(trouble.cause),
        _ => None,
    };
    for (cause, passing, heard) in [
        (Cause::Credentials, false, Some(Cause::Credentials)),
        (Cause::Credentials, false, None),
        (Cause::Outage, true, None),
        (Cause::Credentials, false, None),
        (Cause::Credit, false, Some(Cause::Credit)),
    ] {
        let finished = look(state, failed(cause, passing), 1, 0);
        assert_eq!(blind(&finished), heard, "{cause:?}");
        state = finished.state;
    }
    assert_eq!(state.trouble.map(|trouble| trouble.since), Some(at(0)));
}

#[test]
fn a_failure_that_passes_within_the_usual_wait_leaves_no_gap() {
    let one = look(seen(), failed(Cause::Outage, true), 1, 0).state;
    assert_eq!(one.open.len(), 1);
    let over = look(one, page(false), 2, 0);
    assert_eq!((over.gaps, over.state.open), (Vec::new(), Vec::new()));
}

#[test]
fn a_gap_is_told_apart_by_its_causes() {
    let mut state = seen();
    for (cause, minute) in [(Cause::RateLimit, 2), (Cause::RateLimit, 5), (Cause::Credentials, 8)] {
        state = look(state, failed(cause, true), minute, 0).state;
    }
    let finished = look(state, page(false), 12, 0);
    let end = End::Filled(at(12));
    let expected = [gap(0, 8, Cause::RateLimit, end.clone()), gap(8, 12, Cause::Credentials, end)];
    assert_eq!(told(finished.gaps), expected);
}

#[test]
fn time_in_which_vigie_did_not_run_is_a_gap_of_its_own() {
    let quick = look(seen(), page(false), 2, 1);
    assert_eq!(quick.gaps, [], "a quick restart is no gap");
    let filled = |from, until, cause| gap(from, until, cause, End::Filled(at(until)));
    let finished = look(seen(), page(false), 240, 239);
    assert_eq!(told(finished.gaps), [filled(0, 240, Cause::Restart)]);
    let finished = look(seen(), page(false), 240, 0);
    assert_eq!(told(finished.gaps), [filled(0, 240, Cause::Delay)], "it ran, but did not look");
    let failing = look(seen(), failed(Cause::Outage, true), 1, 0).state;
    let finished = look(failing, page(false), 240, 239);
    let expected = [gap(0, 1, Cause::Outage, End::Filled(at(240))), filled(1, 240, Cause::Restart)];
    assert_eq!(told(finished.gaps), expected);
}

#[test]
fn what_the_platform_no_longer_shows_stays_a_gap_and_is_told_once_a_day() {
    let lost = |from, until, cause| gap(from, until, cause, End::Lost("20 items".into()));
    let finished = look(seen(), missed(None), 1, 0);
    assert_eq!(told(finished.gaps.clone()), [lost(0, 1, Cause::Overrun)]);
    assert_eq!(finished.turned, [Turned::Missed(finished.gaps[0].clone())]);
    let again = look(finished.state, missed(None), 2, 0);
    assert_eq!((again.gaps.len(), again.turned), (1, Vec::new()));
    let tomorrow = look(again.state, missed(None), 2 + 24 * 60, 0);
    assert_eq!(tomorrow.turned.len(), 1);
}

#[test]
fn a_gap_is_lost_only_as_far_as_the_oldest_post_that_is_shown() {
    let finished = look(seen(), missed(Some(at(1))), 2, 0);
    let lost = |from, until, cause| gap(from, until, cause, End::Lost("20 items".into()));
    assert_eq!(told(finished.gaps), [lost(0, 1, Cause::Overrun)], "the rest is seen in time");
    let finished = look(seen(), missed(Some(at(200))), 240, 239);
    let expected = [lost(0, 200, Cause::Restart), gap(200, 240, Cause::Restart, End::Filled(at(240)))];
    assert_eq!(told(finished.gaps), expected);
    let finished = look(seen(), missed(Some(at(-60))), 2, 0);
    assert_eq!(finished.gaps, [], "nothing is missing if what is shown is older");
}

#[test]
fn what_is_missed_by_a_first_look_is_no_gap() {
    let first = look(TimelineState::first(None, at(0)), missed(None), 1, 0);
    assert_eq!((first.gaps, first.state.watched_since), (Vec::new(), Some(at(1))));
}

#[test]
fn an_account_that_failed_from_the_first_look_on_is_blind_since_then() {
    let failing = look(TimelineState::first(None, at(0)), failed(Cause::Credentials, false), 3, 0);
    assert_eq!(failing.state.trouble.as_ref().map(|trouble| trouble.since), Some(at(3)));
    let finished = look(failing.state, page(false), 4, 0);
    assert_eq!(told(finished.gaps), [gap(3, 4, Cause::Credentials, End::Filled(at(4)))]);
}

#[test]
fn a_clock_that_jumps_back_ends_no_gap_before_it_began() {
    let failing = look(seen(), failed(Cause::Outage, true), 9, 0).state;
    let finished = look(failing, page(false), -600, 0);
    assert!(finished.gaps.iter().all(|gap| gap.from < gap.until), "{:?}", finished.gaps);
    assert_eq!(finished.state.complete_at, Some(at(-600)));
}

fn posts(minutes: impl IntoIterator<Item = i64>) -> Looked {
    Looked::Page { cursor: None, more: false, missed: None, posted: minutes.into_iter().map(at).collect() }
}

#[test]
fn a_silence_that_is_unusual_is_told_once_and_once_when_it_is_over() {
    let hour = 60;
    let mut state = look(seen(), posts((-100..0).map(|n| n * hour)), 0, 0).state;
    let mut heard = Vec::new();
    for n in 1..20 {
        let finished = look(state, posts([]), n * hour, 0);
        heard.extend(finished.turned.into_iter().map(|turned| (n, turned)));
        state = finished.state;
    }
    let usual = Some(SignedDuration::from_hours(1));
    assert_eq!(heard, [(10, Turned::Quiet { since: at(-hour), usual, canary: false })]);
    let finished = look(state, posts([20 * hour]), 20 * hour, 0);
    assert_eq!((finished.turned, finished.state.silence), (vec![Turned::Heard { since: at(-hour) }], None));
}

#[test]
fn a_silence_that_a_first_look_finds_is_no_news() {
    let old = look(TimelineState::first(None, at(0)), posts((-900..-800).map(|n| n * 60)), 0, 0);
    assert_eq!((old.turned, old.state.silence.map(|silence| silence.told)), (Vec::new(), Some(false)));
    let again = look(old.state, posts([1]), 1, 0);
    assert_eq!((again.turned, again.state.silence), (Vec::new(), None));
}

#[test]
fn a_canary_must_post_within_its_time_however_often_it_did() {
    let within = SignedDuration::from_hours(6);
    let look = |state: TimelineState, looked, minute| {
        let pause = SignedDuration::from_mins(1);
        let (asked_at, now, running_since) = (at(minute), at(minute), at(0));
        state.finish(looked, &Moment { asked_at, now, running_since, pause, canary_within: Some(within) })
    };
    let state = look(TimelineState::first(None, at(0)), posts([]), 0).state;
    let state = look(state, posts([]), 360).state;
    let silent = look(state, posts([]), 361);
    assert_eq!(silent.turned, [Turned::Quiet { since: at(0), usual: None, canary: true }]);
    let state = look(silent.state, posts([362]), 363).state;
    assert_eq!(look(state, posts([]), 363 + 359).turned, []);
}
