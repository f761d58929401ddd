//! Another configuration while the daemon runs, with fakes and in paused time.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;
use vigie::app::App;
use vigie::clock::{Clock, TokioClock};
use vigie::config::Config;
use vigie::model::delivery::Delivery;
use vigie::model::post::Post;
use vigie::model::retention::Retention;
use vigie::setting::Problem;
use vigie::sink::SendError;
use vigie::store::Store;
use vigie::store::memory::MemoryStore;

use crate::fake::{FakeConfigs, FakeSink, FakeSource, common, config, head, post, start};

/// What configurations are made of.
#[derive(Clone)]
struct Parts {
    source: Arc<FakeSource>,
    desk: Arc<FakeSink>,
    operators: Arc<FakeSink>,
    folder: PathBuf,
}

impl Parts {
    fn new(posts: Vec<Post>, folder: &Path) -> Self {
        let source = FakeSource { takes: Duration::from_millis(700), page: 3, ..FakeSource::default() };
        source.posts.lock().unwrap().extend(posts);
        let (desk, operators) = (FakeSink::named("desk"), FakeSink::named("ops"));
        *desk.takes.lock().unwrap() = Duration::from_millis(300);
        Self { source: Arc::new(source), desk, operators, folder: folder.to_owned() }
    }

    /// The configuration whose alerts go to `sinks`.
    fn config(&self, sinks: &[&Arc<FakeSink>]) -> Config {
        let sinks: Vec<_> = sinks.iter().copied().chain([&self.operators]).collect();
        config(&self.source, common(), &sinks, &self.folder)
    }

    /// The same where the source is called otherwise.
    fn named(&self, id: &str) -> Config {
        let mut config = self.config(&[&self.desk]);
        id.clone_into(&mut config.sources[0].id);
        config
    }
}

/// Runs the daemon while `events` happen.
async fn run(parts: &Parts, store: &Arc<MemoryStore>, configs: Arc<FakeConfigs>, events: impl Future) {
    let clock: Arc<dyn Clock> = Arc::new(TokioClock::starting_at(start()));
    let app = App::new(parts.named("x.hub"), store.clone(), clock, 7).following(configs);
    let stop = CancellationToken::new();
    let happening = async {
        events.await;
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(app.run(stop.clone()), happening);
    ended.unwrap();
}

async fn seconds(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

fn arms(n: u64) -> Post {
    post(&n.to_string(), &format!("weapons are delivered to unit number {n} today"), -60)
}

fn unchanged(parts: &Parts) -> Arc<FakeConfigs> {
    let parts = parts.clone();
    FakeConfigs::new(move || Ok(parts.named("x.hub")))
}

#[tokio::test(start_paused = true)]
async fn reloads_in_the_middle_of_everything_lose_and_repeat_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (parts, store) = (Parts::new((0..30).map(arms).collect(), folder.path()), Arc::default());
    let configs = unchanged(&parts);
    let events = async {
        for n in 30..60 {
            let renamed = parts.clone();
            configs.put(move || Ok(renamed.named(&format!("x.hub{n}"))));
            parts.source.add(arms(n));
            tokio::time::sleep(Duration::from_millis(4130)).await;
        }
        seconds(300).await;
    };
    run(&parts, &store, configs.clone(), events).await;
    let took = parts.desk.took();
    let heads: BTreeSet<_> = took.iter().filter_map(head).collect();
    let ids: BTreeSet<_> = took.iter().map(|delivery| &delivery.id).collect();
    assert_eq!(heads, (0..60).map(|n| n.to_string()).collect());
    assert_eq!((ids.len(), took.len()), (60, 60), "each once");
    assert_eq!(store.archive().len(), 60);
    assert!(store.outbox().await.unwrap().is_empty() && parts.operators.took().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_changes_nothing_and_is_told_once_until_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let (parts, store) = (Parts::new(vec![arms(1)], folder.path()), Arc::default());
    let configs = unchanged(&parts);
    let events = async {
        seconds(10).await;
        let problem = |line: &str| Problem { file: "vigie.toml".into(), at: None, message: line.to_owned() };
        configs.put(move || Err(vec![problem("no sink is named `desc`"), problem("unknown key `stor`")]));
        seconds(120).await;
        parts.source.add(arms(2));
        seconds(120).await;
        assert_eq!(parts.desk.heads(), ["1", "2"]);
        assert_eq!(parts.operators.notices(), ["a changed configuration was refused"]);
        let told = format!("{:?}", parts.operators.took());
        assert!(told.contains("no sink is named `desc`") && told.contains("unknown key `stor`"), "{told}");
        let mended = parts.clone();
        configs.put(move || Ok(mended.named("x.hub")));
        seconds(10).await;
        assert_eq!(parts.operators.notices().last().unwrap(), "the configuration is accepted");
    };
    run(&parts, &store, configs.clone(), events).await;
    assert_eq!(parts.desk.heads().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_a_restart_must_change_is_refused_with_why() {
    let folder = tempfile::tempdir().unwrap();
    let (parts, store) = (Parts::new(vec![arms(1)], folder.path()), Arc::default());
    let configs = unchanged(&parts);
    let events = async {
        let moved = parts.clone();
        configs.put(move || {
            let mut config = moved.named("x.hub");
            config.basics.listen = "127.0.0.1:1".parse().unwrap();
            config.basics.store = "elsewhere".into();
            Ok(config)
        });
        seconds(30).await;
    };
    run(&parts, &store, configs.clone(), events).await;
    let told = format!("{:?}", parts.operators.took());
    assert!(
        told.contains("`listen` cannot change while vigie runs") && told.contains("`store` cannot change"),
        "{told}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_sink_for_which_deliveries_wait_leaves_only_when_another_takes_them_over() {
    let folder = tempfile::tempdir().unwrap();
    let (parts, store) = (Parts::new((0..4).map(arms).collect(), folder.path()), Arc::default());
    let (configs, heir) = (unchanged(&parts), FakeSink::named("heir"));
    parts.desk.answer((0..500).map(|_| Err(SendError::NotSent("down".into()))));
    let events = async {
        seconds(30).await;
        let (without, to) = (parts.clone(), heir.clone());
        configs.put(move || Ok(without.config(&[&to])));
        seconds(30).await;
        let told = format!("{:?}", parts.operators.took());
        assert!(told.contains("4 deliveries wait for fake.desk"), "{told}");
        assert!(heir.took().is_empty());
        let (with, to) = (parts.clone(), heir.clone());
        configs.put(move || {
            let mut config = with.config(&[&to]);
            config.heirs.insert(with.desk.id.clone(), to.id.clone());
            Ok(config)
        });
        // What was tried already waits for its back-off.
        seconds(600).await;
    };
    run(&parts, &store, configs.clone(), events).await;
    let heads: BTreeSet<_> = heir.heads().into_iter().collect();
    assert_eq!((heads.len(), heir.took().len()), (4, 4));
    assert!(parts.desk.took().is_empty() && store.outbox().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn deliveries_for_a_sink_that_was_removed_while_nothing_ran_are_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let (parts, store) = (Parts::new(vec![arms(1)], folder.path()), Arc::<MemoryStore>::default());
    let orphan = Delivery { sink: FakeSink::named("gone").id.clone(), ..delivery(&parts) };
    store.tell(vec![orphan]).await.unwrap();
    run(&parts, &store, unchanged(&parts), seconds(30)).await;
    assert_eq!(parts.operators.notices(), ["deliveries wait for fake.gone, which is gone"]);
    assert_eq!(store.outbox().await.unwrap().len(), 1, "it is kept");
}

#[tokio::test(start_paused = true)]
async fn a_changed_retention_is_taken_over_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (parts, store) = (Parts::new(vec![arms(1)], folder.path()), Arc::<MemoryStore>::default());
    let configs = unchanged(&parts);
    let events = async {
        seconds(3 * 86_400).await;
        assert_eq!(store.archive().len(), 1, "nothing says how long it is kept");
        let shorter = parts.clone();
        configs.put(move || {
            let posts = Some(SignedDuration::from_hours(24));
            Ok(Config { retention: Retention { posts, ..Retention::default() }, ..shorter.named("x.hub") })
        });
        seconds(30).await;
        assert!(store.archive().is_empty());
    };
    run(&parts, &store, configs.clone(), events).await;
}

fn delivery(parts: &Parts) -> Delivery {
    use vigie::model::delivery::{Body, DeliveryId, Notice};
    let body = Body::Notice(Notice { title: "t".into(), text: "t".into(), at: start() });
    Delivery::open(DeliveryId::of_notice("k", &parts.desk.id), parts.desk.id.clone(), body, start(), start())
}

#[tokio::test(start_paused = true)]
async fn a_new_sink_hears_what_comes_after_the_reload_and_a_parked_one_is_tried_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (parts, store) = (Parts::new(vec![arms(1)], folder.path()), Arc::default());
    let (configs, second) = (unchanged(&parts), FakeSink::named("second"));
    parts.desk.answer([Err(SendError::SinkBroken("revoked".into()))]);
    let events = async {
        seconds(20).await;
        assert!(parts.desk.took().is_empty());
        let (both, to) = (parts.clone(), second.clone());
        configs.put(move || Ok(both.config(&[&both.desk, &to])));
        seconds(10).await;
        assert_eq!(parts.desk.heads(), ["1"], "it would have been tried after five minutes");
        parts.source.add(arms(2));
        seconds(120).await;
    };
    run(&parts, &store, configs.clone(), events).await;
    assert_eq!((parts.desk.heads(), second.heads()), (vec!["1".into(), "2".into()], vec!["2".into()]));
}
