//! The real program for as long as one likes under many times the load it is made for: what it takes does not grow, and
//! nothing is lost, repeated or missed. On Linux; `docs/soak.md` says how it is run and what came of it.
//!
//! A real load is taken to be 200 feeds, each looked at every 15 minutes, which bring 10 posts a minute together, one in
//! ten of them for people. `VIGIE_TEST_SOAK_TIMES` is how many times of that: 50, unless it is set.

mod plot;
pub mod samples;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use self::samples::{Sample, Samples};
use super::feeds::{World, now, write_config};
use super::{holds_within, log, start, stop};
use crate::program::program;

/// Feeds of a real load.
const FEEDS: usize = 200;

/// Seconds between two looks at a feed of a real load.
const EVERY: f64 = 900.0;

/// Posts a minute of a real load, of all feeds together.
const POSTS: f64 = 10.0;

/// One call in so many goes wrong.
const BAD: usize = 100;

/// Memory that may come and go without being a leak, in KiB: the allocator's, what work under way holds, and the room that
/// maps make when they double.
const UNREST: f64 = 4.0 * 1024.0;

/// Memory that a post may add, in bytes. It is 40 in the map of what was seen, and for each that is for people about 600
/// more while its story lasts.
const PER_POST: f64 = 160.0;

/// What is asked of the trial, from the environment.
struct Trial {
    length: Duration,
    times: f64,
    restarts: u32,
    sample: Duration,
    csv: Option<PathBuf>,
}

impl Trial {
    fn asked() -> Self {
        let number = |name: &str, otherwise: f64| {
            let text = std::env::var_os(name);
            text.map_or(otherwise, |text| text.to_str().unwrap().parse().unwrap())
        };
        Self {
            length: Duration::from_secs_f64(number("VIGIE_TEST_SOAK_SECONDS", 60.0)),
            times: number("VIGIE_TEST_SOAK_TIMES", 50.0),
            restarts: number("VIGIE_TEST_SOAK_RESTARTS", 0.0) as u32,
            sample: Duration::from_secs_f64(number("VIGIE_TEST_SOAK_SAMPLE", 5.0)),
            csv: std::env::var_os("VIGIE_TEST_SOAK_CSV").map(PathBuf::from),
        }
    }
}

#[test]
#[ignore = "it takes as long as it is told to; see docs/soak.md"]
fn under_many_times_a_real_load_it_loses_nothing_repeats_nothing_and_does_not_grow() {
    let trial = Trial::asked();
    let world = World::start(FEEDS, BAD);
    let dir = tempfile::tempdir().unwrap();
    let config = write_config(dir.path(), &world, Duration::from_secs_f64(EVERY / trial.times));
    let mut vigie = start(&config);
    let looked = holds_within(Duration::from_mins(2), || world.all_looked_at());
    assert!(looked, "not every feed was looked at: {}", log(&config));
    let watched_since = now();
    let (begun, mut samples) = (Instant::now(), Samples::default());
    let (mut published, mut restarted, mut slowest_stop) = (0, 0, Duration::ZERO);
    while begun.elapsed() < trial.length {
        std::thread::sleep(Duration::from_millis(250));
        let since = begun.elapsed();
        let due = (since.as_secs_f64() * POSTS * trial.times / 60.0) as usize;
        world.publish(due.saturating_sub(published));
        published = published.max(due);
        if since > trial.length * (restarted + 1) / (trial.restarts + 1) && restarted < trial.restarts {
            let asked = Instant::now();
            assert!(stop(&mut vigie).success(), "a stop by signal is clean");
            slowest_stop = slowest_stop.max(asked.elapsed());
            vigie = start(&config);
            restarted += 1;
        }
        assert!(vigie.try_wait().unwrap().is_none(), "vigie ended by itself: {}", log(&config));
        if samples.last() + trial.sample < since {
            let sample = Sample::of(vigie.id(), &dir.path().join("data"), since, published, world.told());
            samples.add(sample, trial.csv.as_deref());
        }
    }
    if let Some(csv) = &trial.csv {
        fs::write(csv.with_extension("svg"), plot::svg(&samples)).unwrap();
    }
    println!("{}", samples.summary());
    let told = holds_within(Duration::from_mins(1), || world.missing().is_empty());
    assert!(told, "not told: {:?}; {}; {}", world.missing(), world.counts(), log(&config));
    // A look that failed a moment ago is made up for by the next.
    let seen = holds_within(Duration::from_mins(1), || unseen(&config, watched_since).is_empty());
    assert!(seen, "gaps: {:?}", unseen(&config, watched_since));
    assert!(stop(&mut vigie).success(), "a stop by signal is clean");
    let counts = world.counts();
    println!(
        "{} s at {} times a real load: {published} posts, {counts}; {restarted} stops, the slowest within {slowest_stop:?}",
        trial.length.as_secs(),
        trial.times
    );
    let [memory, fds, threads] = [|s: &Sample| s.rss, |s: &Sample| s.fds, |s: &Sample| s.threads];
    world.hold_to_account();
    let [_, middle, last] = samples.thirds();
    let posts = samples::median(last, |s| s.posts) - samples::median(middle, |s| s.posts);
    let grown = samples::median(last, memory) - samples::median(middle, memory);
    let allowed = UNREST + posts * PER_POST / 1024.0;
    assert!(grown <= allowed, "memory grew by {grown} KiB in {posts} posts, and may by {allowed}");
    // A few come and go with connections and with work that is handed to threads.
    for (what, count, few) in [("file descriptors", fds, 8.0), ("threads", threads, 4.0)] {
        let (before, after) = (samples::median(middle, count), samples::median(last, count));
        assert!(after <= before + few, "{what} grew from {before} to {after}");
    }
}

/// What is not seen, or was seen later than the failures of its server explain, since an instant: a line for each feed.
fn unseen(config: &Path, since: Timestamp) -> Vec<String> {
    let asked = Command::new(program())
        .args(["coverage", "--json", "--since", &since.to_string(), "--config"])
        .arg(config)
        .output()
        .unwrap();
    let told = String::from_utf8(asked.stdout).unwrap();
    let feeds: Vec<&str> = told.lines().collect();
    assert_eq!(feeds.len(), FEEDS, "{told}");
    let odd = |line: &&&str| {
        let seen: serde_json::Value = serde_json::from_str(line).unwrap();
        let spans = seen["spans"].as_array().unwrap();
        !spans.iter().all(|span| match span["seen"].as_str().unwrap() {
            "in_time" | "awaited" => true,
            "late" => span["gap"]["cause"] == "outage",
            _ => false,
        })
    };
    feeds.iter().filter(odd).map(ToString::to_string).collect()
}
