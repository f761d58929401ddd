//! A disk that is full, or nearly, while the daemon runs, with fakes and in paused time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vigie::app::App;
use vigie::clock::{Clock, TokioClock};
use vigie::errand::{Desk, STATUS};
use vigie::pulse::{Pause, Pulse};
use vigie::sink::SendError;
use vigie::store::Store;
use vigie::store::memory::MemoryStore;

use crate::fake::{DyingStore, FakeSink, FakeSource, common, config, head, post, start};

/// A daemon that watches an account with three posts, and what it leaves.
struct World {
    source: Arc<FakeSource>,
    desk: Arc<FakeSink>,
    operators: Arc<FakeSink>,
    store: Arc<MemoryStore>,
}

impl World {
    fn new() -> Self {
        let source = FakeSource { page: 2, ..FakeSource::default() };
        let world = Self {
            source: Arc::new(source),
            desk: FakeSink::named("desk"),
            operators: FakeSink::named("ops"),
            store: Arc::default(),
        };
        (0..3).for_each(|n| world.add(n));
        world
    }

    fn add(&self, n: u64) {
        self.source.add(post(
            &n.to_string(),
            &format!("weapons are delivered to unit number {n} today"),
            -60,
        ));
    }

    /// The posts that were told, each as often as it was.
    fn heads(&self) -> Vec<String> {
        let mut heads = self.desk.heads();
        heads.sort();
        heads
    }

    /// A store that is full from a call on, until it was opened anew `times` in vain.
    fn full(&self, at: u64, after: bool, times: u64) -> Arc<DyingStore> {
        let store: Arc<dyn Store> = self.store.clone();
        Arc::new(DyingStore::new(store, at, after).full(times))
    }

    /// Runs the daemon over `store` while `events` happen.
    async fn run(&self, store: Arc<DyingStore>, events: impl Future) -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let clock: Arc<dyn Clock> = Arc::new(TokioClock::starting_at(start()));
        let config = config(&self.source, common(), &[&self.desk, &self.operators], folder.path());
        let app = App::new(config, store, clock, 7);
        let stop = CancellationToken::new();
        let happening = async {
            events.await;
            stop.cancel();
        };
        tokio::join!(app.run(stop.clone()), happening).0
    }
}

async fn seconds(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

const PAUSES: &str = "vigie pauses: its store cannot be written";
const GOES_ON: &str = "vigie goes on: its store can be written again";

#[tokio::test(start_paused = true)]
async fn a_disk_that_is_full_at_any_call_pauses_the_daemon_and_nothing_is_lost() {
    let whole = World::new();
    let counting = whole.full(u64::MAX, false, 0);
    whole.run(counting.clone(), seconds(30)).await.unwrap();
    let calls = counting.calls();
    assert!(calls > 25 && whole.operators.took().is_empty(), "{calls}");
    for at in 0..calls {
        for after in [false, true] {
            let (world, case) = (World::new(), format!("full at call {at}, after it: {after}"));
            let events = async {
                // Four times in vain take fifteen seconds.
                seconds(20).await;
                (3..5).for_each(|n| world.add(n));
                seconds(150).await;
            };
            world.run(world.full(at, after, 4), events).await.unwrap();
            let took = world.desk.took();
            let heads: BTreeSet<_> = took.iter().filter_map(head).collect();
            let ids: BTreeSet<_> = took.iter().map(|delivery| &delivery.id).collect();
            assert_eq!((heads.len(), ids.len()), (5, 5), "{case}: who honours the id sees each once");
            assert!(took.len() <= 6, "{case}: at most the message under way is repeated");
            assert_eq!(world.store.archive().len(), 5, "{case}");
            assert!(world.store.outbox().await.unwrap().is_empty(), "{case}");
            assert_eq!(world.operators.notices(), [PAUSES, GOES_ON], "{case}: each is told once");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_full_nothing_is_polled_and_a_stop_is_obeyed() {
    let world = World::new();
    let begun = tokio::time::Instant::now();
    let events = async {
        seconds(60).await;
        let looks = world.source.looks.load(Ordering::Relaxed);
        seconds(3600).await;
        assert_eq!(world.source.looks.load(Ordering::Relaxed), looks);
    };
    world.run(world.full(9, false, u64::MAX), events).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(3670), "it stops at once");
    assert_eq!(world.operators.notices(), [PAUSES], "it is told once, however long it lasts");
}

#[tokio::test(start_paused = true)]
async fn who_is_to_be_told_of_a_full_disk_is_told_once_that_is_possible() {
    let world = World::new();
    world.operators.answer((0..5).map(|_| Err(SendError::NotSent("down".into()))));
    world.run(world.full(9, false, u64::MAX), seconds(600)).await.unwrap();
    assert_eq!(world.operators.notices(), [PAUSES]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_full_from_the_start_is_waited_for() {
    let world = World::new();
    world.run(world.full(0, false, 3), seconds(120)).await.unwrap();
    assert_eq!(world.heads(), ["0", "1", "2"]);
    assert_eq!(world.operators.notices(), [PAUSES, GOES_ON]);
}

#[tokio::test(start_paused = true)]
async fn below_min_free_nothing_is_polled_and_what_was_found_is_delivered() {
    let world = World::new();
    world.desk.answer((0..6).map(|_| Err(SendError::NotSent("down".into()))));
    let store = world.full(u64::MAX, false, 0);
    let events = async {
        seconds(5).await;
        assert!(world.desk.took().is_empty(), "it is not to be reached yet");
        store.room.store(99_000_000, Ordering::Relaxed);
        seconds(11).await;
        let looks = world.source.looks.load(Ordering::Relaxed);
        world.add(3);
        seconds(1200).await;
        assert_eq!(world.source.looks.load(Ordering::Relaxed), looks);
        assert_eq!(world.heads(), ["0", "1", "2"]);
        assert_eq!(world.operators.notices(), ["too little room: vigie looks at nothing"]);
        store.room.store(200_000_000, Ordering::Relaxed);
        seconds(60).await;
    };
    world.run(store.clone(), events).await.unwrap();
    assert_eq!(world.heads(), ["0", "1", "2", "3"]);
    let told = ["too little room: vigie looks at nothing", "there is room again: vigie goes on"];
    assert_eq!(world.operators.notices(), told);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_trusted_ends_the_daemon_and_the_operators_are_told() {
    let world = World::new();
    let store: Arc<dyn Store> = world.store.clone();
    let ended = world.run(Arc::new(DyingStore::new(store, 12, false)), seconds(60)).await;
    assert!(format!("{:#}", ended.unwrap_err()).contains("power cut"));
    assert_eq!(world.operators.notices(), ["vigie ends: it cannot go on"]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_was_asked_for_alarms_nobody_even_if_the_store_fails_in_it() {
    for full in [false, true] {
        let world = World::new();
        *world.desk.takes.lock().unwrap() = Duration::from_secs(3);
        let store = DyingStore::new(world.store.clone(), u64::MAX, false);
        let store = Arc::new(if full { store.full(u64::MAX) } else { store });
        let events = async {
            seconds(1).await;
            store.die();
        };
        let ended = world.run(store.clone(), events).await;
        assert!(ended.is_err(), "it says that it did not stop well");
        assert_eq!(world.operators.notices(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn status_says_that_vigie_pauses_even_while_its_store_cannot_be_read() {
    let (world, folder, pulse) = (World::new(), tempfile::tempdir().unwrap(), Pulse::default());
    let config = config(&world.source, common(), &[&world.desk, &world.operators], folder.path());
    let roster = config.roster();
    let desk = Desk {
        store: world.full(0, false, u64::MAX),
        clock: Arc::new(TokioClock::starting_at(start())),
        filed: Arc::default(),
        roster: Box::new(move || Ok(roster.clone())),
        since: Some(start()),
        tally: None,
        pulse: Some(pulse.clone()),
        reloads: None,
    };
    assert!(STATUS.run(&desk, ()).await.is_err(), "it is not known yet that vigie pauses");
    pulse.pause(Some(Pause::Store("no space".into())));
    let status = STATUS.run(&desk, ()).await.unwrap();
    assert_eq!((status.paused.as_deref(), status.since), (Some("no space"), Some(start())));
    assert!(!status.is_well());
}
