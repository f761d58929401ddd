//! A host that does not answer keeps nobody waiting but itself, in paused time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use vigie::app::App;
use vigie::clock::{Clock, TokioClock};
use vigie::model::post::Platform;
use vigie::model::timeline::TimelineId;
use vigie::source::{Ask, Page, Source, SourceError, Watched};
use vigie::store::memory::MemoryStore;

use crate::fake::{FakeSink, common, config, start};

/// Accounts on two hosts, of which one takes every call and answers none; a call gives up after half a minute.
struct TwoHosts {
    dead: usize,
    clock: Arc<dyn Clock>,
    under_way: AtomicUsize,
    /// The most looks at the dead host under way at the same time, by the minute since the start.
    most: Mutex<BTreeMap<i64, usize>>,
    /// When the account on the other host was looked at.
    well: Mutex<Vec<Timestamp>>,
}

impl TwoHosts {
    fn with_dead(dead: usize, clock: &Arc<dyn Clock>) -> Arc<Self> {
        let (under_way, most, well) = (AtomicUsize::new(0), Mutex::default(), Mutex::default());
        Arc::new(Self { dead, clock: clock.clone(), under_way, most, well })
    }

    fn note(&self, minute: i64, under_way: usize) {
        let mut most = self.most.lock().unwrap();
        let before = most.entry(minute).or_default();
        *before = under_way.max(*before);
    }
}

#[async_trait]
impl Source for TwoHosts {
    fn accounts(&self) -> Vec<Watched> {
        let dead = (0..self.dead).map(|n| format!("{n}@dead.example"));
        let watched = |account: String| Watched {
            timeline: Some(TimelineId::new(&Platform::X, &account)),
            account: account.into(),
            every: None,
        };
        // What is asked for last waits longest.
        dead.chain(["me@well.example".to_owned()]).map(watched).collect()
    }

    fn host(&self, account: &str) -> Option<String> {
        account.split_once('@').map(|(_, host)| host.to_owned())
    }

    async fn fetch(&self, ask: Ask<'_>) -> Result<Page, SourceError> {
        let now = self.clock.now();
        if ask.account.ends_with("@well.example") {
            self.well.lock().unwrap().push(now);
            return Ok(Page::default());
        }
        let under_way = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.note(now.duration_since(start()).as_mins(), under_way);
        tokio::time::sleep(Duration::from_secs(30)).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        Err(SourceError::Unanswered("dead.example: no answer within 30s".into()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_never_answers_keeps_no_other_waiting_and_is_asked_by_one_look_at_a_time() {
    let clock: Arc<dyn Clock> = Arc::new(TokioClock::starting_at(start()));
    let source = TwoHosts::with_dead(500, &clock);
    let (sink, folder) = (FakeSink::named("ops"), tempfile::tempdir().unwrap());
    let config = config(&source, common(), &[&sink], folder.path());
    let app = App::new(config, Arc::new(MemoryStore::default()), clock, 7);
    let stop = CancellationToken::new();
    let stopping = async {
        tokio::time::sleep(Duration::from_mins(10)).await;
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(app.run(stop.clone()), stopping);
    ended.unwrap();
    let well = source.well.lock().unwrap().clone();
    let since = [vec![start()], well.clone()].concat();
    let waits = since.iter().zip(&well).map(|(last, next)| next.duration_since(*last).as_secs());
    let waits: Vec<_> = waits.collect();
    assert!(well.len() >= 9 && waits.iter().all(|wait| *wait <= 70), "{waits:?}");
    let most = source.most.lock().unwrap().clone();
    assert!(most[&0] <= 8, "{most:?}");
    assert!(most.range(1..).all(|(_, most)| *most == 1), "{most:?}");
}
