use jiff::civil::time;
use jiff::tz::TimeZone;

use super::*;
use crate::model::delivery::{Excerpt, Joining};
use crate::model::post::{Content, Platform, Post, PostKey};
use crate::model::silence::Covers;
use crate::model::sink::SinkId;
use crate::model::story::StoryId;
use crate::route::{Only, Quiet, Route};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + second).unwrap()
}

fn delivery(n: i64, severity: Severity) -> Delivery {
    let post = Post::new(Platform::X, n.to_string(), "text");
    let story = StoryId::opened_by(PostKey::of(&Platform::X, &post.id), Content([1; 8]));
    let sink = SinkId::new("slack", "desk");
    let id = DeliveryId::of_story(&story, &sink, 1);
    let alert = Alert { story, severity, again: None, posts: 0, excerpts: Vec::new() };
    let mut delivery = Delivery::open(id, sink, Body::Alert(alert), at(n), at(n));
    let excerpt = Excerpt::of(&post, &[], false, at(n));
    let routes = vec!["desk".to_owned()];
    delivery.absorb(Joining { excerpt, severity, again: None, routes, due: at(n) }, at(n));
    delivery
}

fn held(n: i64, severity: Severity, why: Occasion) -> Delivery {
    let mut delivery = delivery(n, severity);
    delivery.wait(at(500), why, at(n));
    delivery
}

fn many(count: i64, severity: Severity) -> Vec<Delivery> {
    (0..count).map(|n| delivery(n, severity)).collect()
}

fn seal(ready: Vec<Delivery>, now: Timestamp) -> Sealing {
    sealing(ready, 1, &Routes::default(), &[], |_| 0, now)
}

fn digest(sealing: &Sealing) -> Option<(Occasion, u32)> {
    sealing.changed.iter().find_map(|delivery| match &delivery.body {
        Body::Digest(digest) => Some((digest.occasion, digest.stories)),
        _ => None,
    })
}

#[test]
fn a_few_go_one_by_one_and_a_backlog_together() {
    let later = at(0) + SignedDuration::from_mins(20);
    let cases = [
        (many(20, Severity::High), at(20), None),
        (many(21, Severity::High), at(21), Some((Occasion::Burst, 21))),
        (many(21, Severity::High), later, Some((Occasion::Outage, 21))),
        (many(20, Severity::Critical), at(20), None),
        (many(21, Severity::Critical), at(21), Some((Occasion::Burst, 21))),
    ];
    for (ready, now, expected) in cases {
        let sealing = seal(ready, now);
        assert_eq!(digest(&sealing), expected);
        assert_eq!(sealing.goes.len(), usize::from(expected.is_none()));
        assert_eq!(sealing.absorbed.len() as u32, expected.map_or(0, |(_, stories)| stories));
    }
}

#[test]
fn what_is_critical_is_not_lost_among_a_backlog() {
    let mut ready = many(30, Severity::Low);
    ready.push(delivery(99, Severity::Critical));
    let sealing = seal(ready, at(100));
    assert_eq!(digest(&sealing), Some((Occasion::Burst, 30)));
}

#[test]
fn what_is_critical_goes_before_all_that_waits() {
    let backlog = seal(many(30, Severity::High), at(30)).changed.remove(0);
    let mut few = many(20, Severity::High);
    few.push(delivery(99, Severity::Critical));
    for ready in [few, vec![backlog, delivery(99, Severity::Critical)]] {
        let sealing = sealing(ready, 2, &Routes::default(), &[], |_| 0, at(100));
        let grave: Vec<_> = sealing.goes.iter().map(is_grave).collect();
        assert_eq!(grave, [true, false]);
    }
}

#[test]
fn what_was_held_comes_together_but_one_alone_as_itself() {
    let one = seal(vec![held(1, Severity::Low, Occasion::Quiet), delivery(2, Severity::Low)], at(500));
    assert_eq!((digest(&one), one.goes.len()), (None, 1));
    let ready = vec![
        held(1, Severity::Low, Occasion::Limit),
        delivery(2, Severity::Low),
        held(3, Severity::Low, Occasion::Quiet),
    ];
    let two = seal(ready, at(500));
    assert_eq!(digest(&two), Some((Occasion::Limit, 2)), "what was not held is no part of it");
}

#[test]
fn a_digest_grows_until_nothing_is_left_and_goes_first() {
    let mut first = seal(many(21, Severity::High), at(21));
    let open = first.changed.remove(0);
    let second = seal(vec![open.clone(), delivery(30, Severity::Low)], at(30));
    assert_eq!(digest(&second), Some((Occasion::Burst, 22)));
    assert_eq!(second.changed[0].id, open.id);
    let tried = {
        let mut tried = delivery(31, Severity::Low);
        tried.seal(None, at(31));
        tried
    };
    let third = seal(vec![open.clone(), tried], at(31));
    assert!(!third.is_unfinished() && third.goes[0].id == open.id, "what was tried stays itself");
}

#[test]
fn what_a_silence_holds_ends_there_and_the_rest_is_told() {
    let words = Some("text".to_owned());
    let silence = |from, until| Silence {
        id: 7,
        covers: Covers { words: words.clone(), ..Covers::default() },
        reason: "drill".into(),
        by: "ann".into(),
        from,
        until,
        alerts: 0,
        posts: 0,
        told: false,
    };
    let now = at(9);
    for (silence, silenced) in [(silence(at(0), at(10)), 2), (silence(at(0), at(9)), 0)] {
        let sealing = sealing(many(2, Severity::Critical), 1, &Routes::default(), &[silence], |_| 0, now);
        assert_eq!(sealing.silenced.len(), silenced);
        assert!(sealing.silenced.iter().all(|(id, _)| *id == 7));
        assert_eq!((sealing.goes.len(), sealing.is_unfinished()), (usize::from(silenced == 0), silenced > 0));
    }
}

#[test]
fn a_route_keeps_back_what_it_must_and_counts_what_it_lets_go() {
    let route = |most_per_hour, quiet| Route {
        name: "desk".into(),
        only: Only::default(),
        sinks: Vec::new(),
        gather: SignedDuration::ZERO,
        quiet,
        most_per_hour,
    };
    let routes = |route| Routes { routes: vec![route], ..Routes::default() };
    let midnight = time(0, 0, 0, 0);
    let always = Quiet {
        from: midnight,
        to: midnight,
        days: Vec::new(),
        timezone: TimeZone::UTC,
        through: Severity::Critical,
    };
    let ready = || vec![delivery(1, Severity::High), delivery(2, Severity::High)];
    let quiet = sealing(ready(), 9, &routes(route(None, vec![always])), &[], |_| 0, at(9));
    assert_eq!((quiet.changed.len(), quiet.is_unfinished()), (2, true));
    assert!(quiet.changed.iter().all(|delivery| delivery.held == Some(Occasion::Quiet)));
    let limited = routes(route(Some(5), Vec::new()));
    let room = sealing(ready(), 9, &limited, &[], |_| 4, at(9));
    assert_eq!((room.goes.len(), room.metered.len()), (1, 1), "the next is judged by what this one counts");
    let full = sealing(ready(), 9, &limited, &[], |_| 5, at(9));
    assert!(full.changed.iter().all(|delivery| delivery.held == Some(Occasion::Limit)));
}
