//! A week of everything that goes wrong, in paused time: sinks out of reach, quiet hours across a change of the clocks,
//! storms, silences, restarts. Every matched post must end in exactly one place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::civil::time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;
use vigie::app::App;
use vigie::clock::{Clock, TokioClock};
use vigie::config::Config;
use vigie::model::decision::Decision;
use vigie::model::delivery::{Body, Delivery, State};
use vigie::model::matched::Severity;
use vigie::model::post::{Post, Reference};
use vigie::model::silence::{Covers, Silence};
use vigie::model::sink::SinkId;
use vigie::route::{Only, Quiet, Route, Routes};
use vigie::sink::{Receipt, SendError, Sink};
use vigie::store::Store;
use vigie::store::memory::MemoryStore;

use crate::fake::{FakeSink, FakeSource, common, config};

/// Thursday noon in Paris; the clocks change in the night to Sunday.
const START: &str = "2025-03-27T11:00:00Z";

const HOURS: u64 = 24 * 7;

/// A channel that is out of reach for hours, refuses some messages for good, and remembers what it took.
struct WeekSink {
    id: SinkId,
    clock: Arc<dyn Clock>,
    threads: bool,
    /// When it is out of reach, in hours after the start, and whether it says that it is broken.
    outages: Vec<(i64, i64, bool)>,
    took: Mutex<BTreeMap<String, (Timestamp, Delivery)>>,
    rng: Mutex<fastrand::Rng>,
}

impl WeekSink {
    fn new(name: &str, threads: bool, outages: &[(i64, i64, bool)], clock: &Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            id: SinkId::new("fake", name),
            clock: clock.clone(),
            threads,
            outages: outages.to_vec(),
            took: Mutex::default(),
            rng: Mutex::new(fastrand::Rng::with_seed(3)),
        })
    }

    /// Posts in the messages it took, each message once.
    fn told(&self) -> u32 {
        self.took.lock().unwrap().values().map(|(_, delivery)| posts(delivery)).sum()
    }

    fn count(&self, fits: impl Fn(&Delivery) -> bool) -> usize {
        self.took.lock().unwrap().values().filter(|(_, delivery)| fits(delivery)).count()
    }
}

#[async_trait]
impl Sink for WeekSink {
    fn id(&self) -> &SinkId {
        &self.id
    }

    async fn check(&self) -> Result<Vec<String>, SendError> {
        Ok(Vec::new())
    }

    fn payload(&self, delivery: &Delivery) -> String {
        delivery.id.to_string()
    }

    async fn send(&self, delivery: &Delivery) -> Result<Receipt, SendError> {
        let now = self.clock.now();
        let hour = now.duration_since(START.parse().unwrap()).as_hours();
        let outage = self.outages.iter().find(|(from, to, _)| (*from..*to).contains(&hour));
        let chance = self.rng.lock().unwrap().u8(..100);
        match outage {
            Some((.., true)) => return Err(SendError::SinkBroken("revoked".into())),
            Some(_) if chance < 50 => return Err(SendError::NotSent("dns".into())),
            Some(_) => return Err(SendError::Ambiguous("timeout".into())),
            // Some messages it never takes, not even plainer.
            None if delivery.id.as_str() < "08" => return Err(SendError::Refused("invalid_blocks".into())),
            None => {}
        }
        let id = delivery.id.to_string();
        self.took.lock().unwrap().insert(id.clone(), (now, delivery.clone()));
        Ok(Receipt { id: self.threads.then_some(id), remark: None })
    }
}

fn posts(delivery: &Delivery) -> u32 {
    match &delivery.body {
        Body::Alert(alert) => alert.posts,
        Body::Digest(digest) => digest.posts,
        Body::Notice(_) => 0,
    }
}

struct Week {
    clock: Arc<dyn Clock>,
    store: Arc<MemoryStore>,
    source: Arc<FakeSource>,
    desk: Arc<WeekSink>,
    wall: Arc<WeekSink>,
    operators: Arc<FakeSink>,
    folder: tempfile::TempDir,
    rng: fastrand::Rng,
    added: u32,
    /// Posts that no message told yet, by sink and story, as last seen.
    counted: BTreeMap<(SinkId, String), u32>,
}

impl Week {
    fn new() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(TokioClock::starting_at(START.parse().unwrap()));
        Self {
            store: Arc::default(),
            source: FakeSource::holding(Vec::new(), 500),
            desk: WeekSink::new("desk", false, &[(20, 27, true), (60, 64, false), (120, 121, false)], &clock),
            wall: WeekSink::new("wall", true, &[(30, 33, false), (100, 110, true)], &clock),
            operators: FakeSink::named("ops"),
            folder: tempfile::tempdir().unwrap(),
            rng: fastrand::Rng::with_seed(11),
            added: 0,
            counted: BTreeMap::new(),
            clock,
        }
    }

    fn config(&self) -> Config {
        let every = SignedDuration::from_mins(5);
        let mut config = config(
            &self.source,
            vigie::source::Common { every, ..common() },
            &[&self.operators],
            self.folder.path(),
        );
        let (desk, wall): (Arc<dyn Sink>, Arc<dyn Sink>) = (self.desk.clone(), self.wall.clone());
        let route = |name: &str, quiet, most_per_hour| Route {
            name: name.into(),
            only: Only::default(),
            sinks: vec![SinkId::new("fake", name)],
            gather: SignedDuration::from_secs(30),
            quiet,
            most_per_hour,
        };
        config.routes = Routes {
            routes: vec![route("desk", vec![nights()], Some(8)), route("wall", Vec::new(), None)],
            ..Routes::default()
        };
        config.sinks.extend([desk, wall]);
        config
    }

    /// What an hour brings: a few stories, some copies of them, now and then a storm.
    fn hour(&mut self, hour: u64) {
        let stories = if matches!(hour, 33 | 62 | 90 | 104 | 140) { 70 } else { self.rng.u32(0..3) };
        for _ in 0..stories {
            let critical = self.rng.u8(..40) == 0;
            let number = 1000 + self.added;
            let what = if critical { "missiles" } else { "weapons" };
            let drill = if self.rng.u8(..10) == 0 { " in a drill" } else { "" };
            let text = format!("{what} are delivered to unit number {number}{drill} today");
            let first = self.add(&text, None);
            for _ in 0..self.rng.u32(0..3) {
                self.add(&text, Some(first.clone()));
            }
        }
    }

    fn add(&mut self, text: &str, repost_of: Option<String>) -> String {
        self.added += 1;
        let id = self.added.to_string();
        let repost_of = repost_of.map(|id| Reference { id, ..Reference::default() });
        let author = if repost_of.is_some() { "fan" } else { "hub" }.to_owned();
        let posted_at = Some(self.clock.now());
        let post = Post { author, posted_at, repost_of, ..crate::fake::post(&id, text, 0) };
        self.source.add(post);
        id
    }

    /// Runs the daemon for so many hours, then ends it as a crash would find it.
    async fn run(&mut self, hours: std::ops::Range<u64>) {
        let stop = CancellationToken::new();
        let app = App::new(self.config(), self.store.clone(), self.clock.clone(), hours.start);
        let living = async {
            for hour in hours {
                self.hour(hour);
                tokio::time::sleep(Duration::from_hours(1)).await;
                self.count();
            }
            stop.cancel();
        };
        let (ended, ()) = tokio::join!(app.run(stop.clone()), living);
        ended.unwrap();
        self.store = Arc::new(self.store.reopened(self.clock.now()));
    }

    /// Remembers what is counted in stories, before they are forgotten.
    fn count(&mut self) {
        for sink in [&self.desk.id, &self.wall.id] {
            for (story, told) in self.store.told(sink) {
                self.counted.insert((sink.clone(), story.to_string()), told.counted);
            }
        }
    }

    async fn silence(&self, words: &str, hours: i64) {
        let now = self.clock.now();
        let silence = Silence {
            id: 0,
            covers: Covers { words: Some(words.into()), ..Covers::default() },
            reason: "drill".into(),
            by: "ann".into(),
            from: now,
            until: now + SignedDuration::from_hours(hours),
            alerts: 0,
            posts: 0,
            told: false,
        };
        self.store.decide(Decision::Silence(silence), now).await.unwrap().unwrap();
    }
}

fn nights() -> Quiet {
    let timezone = TimeZone::get("Europe/Paris").unwrap();
    let (from, to) = (time(22, 0, 0, 0), time(7, 0, 0, 0));
    Quiet { from, to, days: Vec::new(), timezone, through: Severity::Critical }
}

/// Whether it is quiet at the desk by the clocks in Paris.
fn is_night(at: Timestamp) -> bool {
    let hour = at.to_zoned(TimeZone::get("Europe/Paris").unwrap()).hour();
    !(7..22).contains(&hour)
}

#[tokio::test(start_paused = true)]
async fn in_a_week_of_trouble_every_match_ends_in_exactly_one_place() {
    let mut week = Week::new();
    for hours in [0..9, 9..25, 25..40, 40..63, 63..64, 64..101, 101..119, 119..HOURS] {
        if hours.start == 40 {
            week.silence("in a drill", 48).await;
        }
        week.run(hours).await;
    }
    let outbox = week.store.outbox().await.unwrap();
    let silences = week.store.silences().await.unwrap();
    let silenced: u32 = silences.iter().map(|silence| silence.posts).sum();
    let mut left = silenced;
    for sink in [&week.desk, &week.wall] {
        let mine = || outbox.iter().filter(|delivery| delivery.sink == sink.id);
        let is_dead = |delivery: &&Delivery| matches!(delivery.state, State::Dead { .. });
        let dead: u32 = mine().filter(is_dead).map(posts).sum();
        let held: u32 = mine().filter(|delivery| !is_dead(delivery)).map(posts).sum();
        let counted: u32 =
            week.counted.iter().filter(|((of, _), _)| *of == sink.id).map(|(_, posts)| posts).sum();
        let told = sink.told();
        let messages = sink.took.lock().unwrap().len();
        let digests = sink.count(|delivery| matches!(delivery.body, Body::Digest(_)));
        println!(
            "{}: {} matched posts, {messages} messages ({digests} digests); {told} told, {counted} counted in told \
             stories, {held} held, {dead} in dead letters",
            sink.id, week.added
        );
        let rest = week.added.checked_sub(told + held + dead + counted).expect("nothing is told twice");
        left = left.checked_sub(rest).expect("nothing is lost");
        assert!(messages > 50 && messages < week.added as usize / 3, "{messages} messages are for people");
        assert!(digests >= 5 && dead > 0, "{digests} digests, {dead} dead");
    }
    println!(
        "{silenced} silenced in {} silences; operators heard {}",
        silences.len(),
        week.operators.took().len()
    );
    assert_eq!(left, 0, "what is in no message, outbox or count is in a silence");
    assert!(silenced > 0);
    let heard: BTreeSet<String> = week.operators.notices().into_iter().collect();
    assert!(heard.contains("fake.desk is broken") && heard.contains("fake.wall works again"), "{heard:?}");
    assert!(heard.iter().any(|title| title.starts_with("silence 1 ended: it held ")), "{heard:?}");
    for (at, delivery) in week.desk.took.lock().unwrap().values() {
        let critical = match &delivery.body {
            Body::Alert(alert) => alert.severity == Severity::Critical,
            Body::Digest(digest) => digest.severity == Severity::Critical,
            Body::Notice(_) => true,
        };
        assert!(critical || !is_night(*at), "at {at} people slept: {delivery:?}");
    }
}
