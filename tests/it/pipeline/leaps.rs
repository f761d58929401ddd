//! A machine whose clock leaps.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use vigie::clock::{Clock, TokioClock};
use vigie::model::post::Post;
use vigie::store::{News, Store};

use super::signs::hourly;
use super::{World, arms};
use crate::fake::{post, start};

/// A clock that is off by so much from given moments on.
struct Leaping {
    clock: TokioClock,
    leaps: Vec<(Timestamp, SignedDuration)>,
}

impl Leaping {
    /// One that shows the right time at first.
    fn by(leaps: &[(SignedDuration, SignedDuration)]) -> Arc<Self> {
        let leaps = leaps.iter().map(|(after, off)| (start() + *after, *off)).collect();
        Arc::new(Self { clock: TokioClock::starting_at(start()), leaps })
    }
}

impl Clock for Leaping {
    fn now(&self) -> Timestamp {
        let now = self.clock.now();
        let last = self.leaps.iter().rev().find(|(at, _)| *at <= now);
        now + last.map_or(SignedDuration::ZERO, |(_, off)| *off)
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_by_a_clock_far_ahead_forgets_no_post() {
    let mut world = World::new(vec![arms("1", -60)]);
    world.run(Duration::from_secs(30)).await;
    for (days, once) in [(200, false), (0, false), (200, true), (0, true)] {
        world.restart();
        world.clock = Arc::new(TokioClock::starting_at(start() + SignedDuration::from_hours(24 * days)));
        if once {
            world.once().await;
        } else {
            world.run(Duration::from_hours(2)).await;
        }
        let seen = arms("1", -60);
        let sightings = world.store.sightings(&[(seen.key(), seen.content())]).await.unwrap();
        assert_eq!(sightings[0].news, News::Known, "{days} days ahead");
    }
    assert_eq!(world.sink.heads(), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn a_clock_far_ahead_for_a_minute_forgets_no_story_whenever_that_is() {
    let (minute, day) = (SignedDuration::from_mins(1), SignedDuration::from_hours(24));
    // It forgets after an hour and then every day; once it did so at every start.
    let moments = [minute * 6, minute * 59, day - minute, day + minute * 59];
    for (at, days) in moments.into_iter().flat_map(|at| [(at, 30), (at, 200)]) {
        let mut world = World::new(Vec::new());
        world.clock = Leaping::by(&[(at, day * days), (at + minute * 2, SignedDuration::ZERO)]);
        let source = world.source.clone();
        let events = async {
            let told = Duration::try_from(at - minute * 5).unwrap();
            tokio::time::sleep(told).await;
            source.add(arms("1", 0));
            tokio::time::sleep(Duration::from_mins(10)).await;
            source.add(Post { author: "other".into(), ..post("2", &arms("1", 0).text, 0) });
        };
        tokio::join!(world.run(Duration::from_hours(27)), events);
        assert_eq!(world.sink.heads(), ["1"], "{days} days ahead at {at:#}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_leaps_does_not_stop_the_watch() {
    for leap in [SignedDuration::from_hours(-24 * 30), SignedDuration::from_hours(24 * 30)] {
        let mut world = World::new(vec![arms("1", -60)]);
        world.clock = Leaping::by(&[(SignedDuration::from_secs(90), leap)]);
        let source = world.source.clone();
        let later = async move {
            tokio::time::sleep(Duration::from_secs(100)).await;
            source.add(arms("2", 1));
        };
        tokio::join!(world.run(Duration::from_mins(5)), later);
        assert_eq!(world.sink.heads(), ["1", "2"], "{leap:#}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_ahead_for_a_while_leaves_the_signs_of_life_as_they_were() {
    let (hour, two_days) = (SignedDuration::from_hours(1), SignedDuration::from_hours(48));
    let mut world = World::new(Vec::new());
    world.signs = Some(hourly());
    world.clock = Leaping::by(&[(hour * 2, two_days), (hour * 3, SignedDuration::ZERO)]);
    world.run(Duration::from_hours(6) + Duration::from_mins(1)).await;
    let beats = world.operators.notices().iter().filter(|title| *title == "vigie is alive").count();
    // The hour in which it leaps may have none, or one more.
    assert!((5..=7).contains(&beats), "one an hour: {beats}");
}
