//! Stand-ins for the world: a source that holds posts, a sink that remembers, a store that fails.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use vigie::config::{Basics, Config, Configs, Digest};
use vigie::model::coverage::Gap;
use vigie::model::decision::Decision;
use vigie::model::delivery::{Body, Delivery, DeliveryId, Settlement};
use vigie::model::post::{Content, Platform, Post, PostKey};
use vigie::model::retention::Retention;
use vigie::model::silence::Silence;
use vigie::model::sink::{Gate, SinkId};
use vigie::model::spend::{Charge, Portion, Reads, Spending};
use vigie::model::timeline::{Cursor, TimelineId, TimelineState, Turn};
use vigie::poll::Watching;
use vigie::route::{Meters, Routes};
use vigie::setting::{Document, Problem, Size};
use vigie::sink::{Receipt, SendError, Sink};
use vigie::source::{Ask, Common, Move, Page, Source, SourceError, Watched};
use vigie::store::{Outcome, Saved, Sealed, Sighting, Store, StoreError};
use vigie::watch::Watch;

/// An account whose posts are handed out in pages, in order.
#[derive(Default)]
pub struct FakeSource {
    pub posts: Mutex<Vec<Post>>,
    pub page: usize,
    /// What the next looks answer instead of a page.
    pub errors: Mutex<VecDeque<SourceError>>,
    pub looks: AtomicU64,
    /// Posts handed out.
    pub answered: AtomicU64,
    /// How long a look takes.
    pub takes: Duration,
    /// Never answers.
    pub hangs: bool,
    /// Has no such account.
    pub unknown: bool,
    /// So many further accounts, which have the same posts.
    pub more: usize,
    /// Where the next page says that the account is from now on.
    pub moved: Mutex<Option<Move>>,
}

impl FakeSource {
    pub fn holding(posts: Vec<Post>, page: usize) -> Arc<Self> {
        Arc::new(Self { posts: Mutex::new(posts), page, ..Self::default() })
    }

    pub fn add(&self, post: Post) {
        self.posts.lock().unwrap().push(post);
    }
}

#[async_trait]
impl Source for FakeSource {
    fn accounts(&self) -> Vec<Watched> {
        let timeline = |n: usize| (!self.unknown).then(|| TimelineId::new(&Platform::X, &n.to_string()));
        let first = Watched { account: "hub".into(), timeline: timeline(1), every: None };
        let further = (2..self.more + 2).map(|n| Watched {
            account: format!("hub{n}").into(),
            timeline: timeline(n),
            every: None,
        });
        [first].into_iter().chain(further).collect()
    }

    async fn resolve(&self, account: &str) -> Result<TimelineId, SourceError> {
        Err(SourceError::Broken(format!("there is no {account}")))
    }

    fn portion(&self, timeline: Option<&TimelineId>) -> Portion {
        let reads = |posts| Reads { posts, users: u32::from(timeline.is_none()) };
        Portion { least: reads(1), most: reads(self.page as u32) }
    }

    async fn fetch(&self, ask: Ask<'_>) -> Result<Page, SourceError> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(self.takes).await;
        if self.hangs {
            std::future::pending::<()>().await;
        }
        if let Some(error) = self.errors.lock().unwrap().pop_front() {
            return Err(error);
        }
        let from: usize = ask.cursor.map_or(0, |cursor| cursor.0.parse().unwrap());
        let all = self.posts.lock().unwrap();
        let most = ask.allowance.map_or(self.page, |most| self.page.min(most as usize));
        let to = all.len().min(from + most);
        let posts = all[from..to].to_vec();
        let read = Reads { posts: posts.len() as u32, users: 0 };
        self.answered.fetch_add(posts.len() as u64, Ordering::Relaxed);
        let (next, moved) = (Some(Cursor(to.to_string())), self.moved.lock().unwrap().take());
        Ok(Page { posts, next, more: to < all.len(), moved, read, ..Page::default() })
    }
}

/// A channel that remembers what it took.
pub struct FakeSink {
    pub id: SinkId,
    pub took: Mutex<Vec<Delivery>>,
    /// How the next attempts end; `Ok` after the list is used up.
    pub answers: Mutex<VecDeque<Result<(), SendError>>>,
    /// How long an attempt takes.
    pub takes: Mutex<Duration>,
}

impl FakeSink {
    pub fn named(name: &str) -> Arc<Self> {
        let id = SinkId::new("fake", name);
        Arc::new(Self { id, took: Mutex::default(), answers: Mutex::default(), takes: Mutex::default() })
    }

    pub fn answer(&self, answers: impl IntoIterator<Item = Result<(), SendError>>) {
        self.answers.lock().unwrap().extend(answers);
    }

    pub fn took(&self) -> Vec<Delivery> {
        self.took.lock().unwrap().clone()
    }

    /// The first post of every alert taken, in order.
    pub fn heads(&self) -> Vec<String> {
        self.took().iter().filter_map(head).collect()
    }

    /// The titles of every notice taken, in order.
    pub fn notices(&self) -> Vec<String> {
        let title = |delivery: &Delivery| match &delivery.body {
            Body::Notice(notice) => Some(notice.title.clone()),
            Body::Alert(_) | Body::Digest(_) => None,
        };
        self.took().iter().filter_map(title).collect()
    }
}

pub fn head(delivery: &Delivery) -> Option<String> {
    match &delivery.body {
        Body::Alert(alert) => alert.excerpts.first().map(|excerpt| excerpt.id.clone()),
        Body::Digest(_) | Body::Notice(_) => None,
    }
}

#[async_trait]
impl Sink for FakeSink {
    fn id(&self) -> &SinkId {
        &self.id
    }

    async fn send(&self, delivery: &Delivery) -> Result<Receipt, SendError> {
        let takes = *self.takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or(Ok(()));
        // What is in doubt may have arrived: here it always did.
        if matches!(answer, Ok(()) | Err(SendError::Ambiguous(_))) {
            self.took.lock().unwrap().push(delivery.clone());
        }
        answer.map(|()| Receipt::default())
    }

    fn payload(&self, delivery: &Delivery) -> String {
        delivery.id.to_string()
    }

    async fn check(&self) -> Result<Vec<String>, SendError> {
        Ok(Vec::new())
    }
}

/// A store whose n-th call is the last before the power goes, or before its disk is full: before or after it did its work.
pub struct DyingStore {
    store: Arc<dyn Store>,
    calls: AtomicU64,
    dies_at: u64,
    after: bool,
    dead: AtomicBool,
    /// How often opening it anew fails before the disk has room again; `None` after a power cut.
    full: Option<AtomicU64>,
    /// Bytes left on its disk.
    pub room: AtomicU64,
}

impl DyingStore {
    pub fn new(store: Arc<dyn Store>, dies_at: u64, after: bool) -> Self {
        let (calls, dead) = (AtomicU64::new(0), AtomicBool::new(false));
        Self { store, calls, dies_at, after, dead, full: None, room: AtomicU64::new(u64::MAX) }
    }

    /// The same for a disk that has room again after it was opened anew `times` in vain.
    pub fn full(self, times: u64) -> Self {
        Self { full: Some(AtomicU64::new(times)), ..self }
    }

    /// From now on no call succeeds.
    pub fn die(&self) {
        self.dead.store(true, Ordering::Relaxed);
    }

    /// How often it was called.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    fn cut(&self) -> StoreError {
        match self.full {
            Some(_) => StoreError::Full("no space left".into()),
            None => StoreError::Broken("power cut".into()),
        }
    }

    async fn call<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let last = self.calls.fetch_add(1, Ordering::Relaxed) == self.dies_at;
        if self.dead.fetch_or(last, Ordering::Relaxed) || (last && !self.after) {
            return Err(self.cut());
        }
        let result = work.await?;
        if last { Err(self.cut()) } else { Ok(result) }
    }
}

#[async_trait]
impl Store for DyingStore {
    async fn claim(&self, wanted: &[TimelineId], now: Timestamp) -> Result<Vec<Turn>, StoreError> {
        self.call(self.store.claim(wanted, now)).await
    }
    async fn release(&self) -> Result<(), StoreError> {
        self.call(self.store.release()).await
    }
    async fn hasten(&self, timeline: &TimelineId, now: Timestamp) -> Result<(), StoreError> {
        self.call(self.store.hasten(timeline, now)).await
    }
    async fn reopen(&self, now: Timestamp) -> Result<(), StoreError> {
        let fails = |left: &AtomicU64| {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
        };
        if self.full.as_ref().is_none_or(fails) {
            return Err(self.cut());
        }
        self.dead.store(false, Ordering::Relaxed);
        self.store.reopen(now).await
    }
    async fn room(&self) -> Result<u64, StoreError> {
        Ok(self.room.load(Ordering::Relaxed))
    }
    async fn resolved(&self, platform: &Platform, account: &str) -> Result<Option<TimelineId>, StoreError> {
        self.call(self.store.resolved(platform, account)).await
    }
    async fn resolve(&self, platform: &Platform, account: &str, id: &TimelineId) -> Result<(), StoreError> {
        self.call(self.store.resolve(platform, account, id)).await
    }
    async fn sightings(&self, revisions: &[(PostKey, Content)]) -> Result<Vec<Sighting>, StoreError> {
        self.call(self.store.sightings(revisions)).await
    }
    async fn spent(&self, source: &str, days: RangeInclusive<i32>) -> Result<Spending, StoreError> {
        self.call(self.store.spent(source, days)).await
    }
    async fn charge(&self, charge: Charge) -> Result<(), StoreError> {
        self.call(self.store.charge(charge)).await
    }
    async fn commit_all(&self, outcomes: Vec<Outcome>, now: Timestamp) -> Result<(), StoreError> {
        self.call(self.store.commit_all(outcomes, now)).await
    }
    async fn keep(&self) -> Result<(), StoreError> {
        self.call(self.store.keep()).await
    }
    async fn seal(
        &self,
        sink: &SinkId,
        most: usize,
        routes: &Arc<Routes>,
        now: Timestamp,
    ) -> Result<Sealed, StoreError> {
        self.call(self.store.seal(sink, most, routes, now)).await
    }
    async fn pass_on(
        &self,
        from: &SinkId,
        to: &SinkId,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.call(self.store.pass_on(from, to, since, now)).await
    }
    async fn decide(&self, decision: Decision, now: Timestamp) -> Result<Result<(), String>, StoreError> {
        self.call(self.store.decide(decision, now)).await
    }
    async fn silences(&self) -> Result<Vec<Silence>, StoreError> {
        self.call(self.store.silences()).await
    }
    async fn meters(&self) -> Result<Meters, StoreError> {
        self.call(self.store.meters()).await
    }
    async fn close(&self, now: Timestamp) -> Result<(), StoreError> {
        self.call(self.store.close(now)).await
    }
    async fn settle(
        &self,
        id: &DeliveryId,
        settlement: Settlement,
        gate: Gate,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.call(self.store.settle(id, settlement, gate, now)).await
    }
    async fn tell(&self, notices: Vec<Delivery>) -> Result<(), StoreError> {
        self.call(self.store.tell(notices)).await
    }
    async fn hand_over(&self, gone: &SinkId, heir: &SinkId) -> Result<(), StoreError> {
        self.call(self.store.hand_over(gone, heir)).await
    }
    async fn size(&self) -> Result<u64, StoreError> {
        self.call(self.store.size()).await
    }
    async fn check(&self, now: Timestamp) -> Result<(), StoreError> {
        self.call(self.store.check(now)).await
    }
    async fn gate(&self, sink: &SinkId) -> Result<Gate, StoreError> {
        self.call(self.store.gate(sink)).await
    }
    async fn outbox(&self) -> Result<Vec<Delivery>, StoreError> {
        self.call(self.store.outbox()).await
    }
    async fn timeline(&self, id: &TimelineId) -> Result<Option<TimelineState>, StoreError> {
        self.call(self.store.timeline(id)).await
    }
    async fn gaps(&self, id: &TimelineId) -> Result<Vec<Gap>, StoreError> {
        self.call(self.store.gaps(id)).await
    }
    async fn retire(&self, kept: &Retention, now: Timestamp) -> Result<usize, StoreError> {
        self.call(self.store.retire(kept, now)).await
    }
    async fn backup(&self, to: &Path) -> Result<Saved, StoreError> {
        self.call(self.store.backup(to)).await
    }
    async fn newest(&self) -> Result<Option<i32>, StoreError> {
        self.call(self.store.newest()).await
    }
    async fn prune(&self, before: i32, now: Timestamp) -> Result<(), StoreError> {
        self.call(self.store.prune(before, now)).await
    }
}

/// When every test begins.
pub fn start() -> Timestamp {
    "2025-04-30T20:00:00Z".parse().unwrap()
}

/// A post of the watched account, `minutes` after the start.
pub fn post(id: &str, text: &str, minutes: i64) -> Post {
    let posted_at = Some(start() + SignedDuration::from_mins(minutes));
    Post { author: "hub".into(), posted_at, ..Post::new(Platform::X, id, text) }
}

/// What every fake source has: a look a minute, a day back.
pub fn common() -> Common {
    let (minute, day) = (SignedDuration::from_mins(1), SignedDuration::from_hours(24));
    let (budget, canary, pace) = (None, None, None);
    Common { enabled: true, every: minute, backfill: Some(day), budget, slowest: minute, canary, pace }
}

/// Configurations as a test puts them there, one after the other.
pub struct FakeConfigs(Mutex<(u8, Arc<Make>)>);

type Make = dyn Fn() -> Result<Config, Vec<Problem>> + Send + Sync;

impl FakeConfigs {
    pub fn new(make: impl Fn() -> Result<Config, Vec<Problem>> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self(Mutex::new((0, Arc::new(make)))))
    }

    /// From now on, `make` tells what would be loaded.
    pub fn put(&self, make: impl Fn() -> Result<Config, Vec<Problem>> + Send + Sync + 'static) {
        let mut current = self.0.lock().unwrap();
        *current = (current.0 + 1, Arc::new(make));
    }
}

impl Configs for FakeConfigs {
    fn digest(&self) -> Digest {
        Digest([self.0.lock().unwrap().0; 32])
    }

    fn load(&self) -> Result<Config, Vec<Problem>> {
        let make = self.0.lock().unwrap().1.clone();
        make()
    }
}

/// A watchlist with a rule for `weapons`, and a graver one for `missiles`.
pub fn watch() -> Arc<Watch> {
    let text = r#"
title = "A test"
languages = ["en"]

[[rule]]
name = "arms"
severity = "medium"
when = "weapons"

[[rule]]
name = "missiles"
severity = "critical"
when = "missiles"
"#;
    let document = Document::new("test.toml", text);
    Arc::new(Watch::load(&[("test".into(), document)]).unwrap())
}

/// A configuration of these fakes; the last sink is the operators'. The daemon leaves its token in `folder`.
pub fn config<S: Source + 'static>(
    source: &Arc<S>,
    common: Common,
    sinks: &[&Arc<FakeSink>],
    folder: &Path,
) -> Config {
    let source: Arc<dyn Source> = source.clone();
    let watching = Watching { id: "x.hub".into(), platform: Platform::X, common, source };
    let hearing = &sinks[..sinks.len().saturating_sub(1).max(1)];
    Config {
        basics: Basics {
            store: folder.to_owned(),
            listen: "127.0.0.1:0".parse().unwrap(),
            timezone: TimeZone::UTC,
            watchlists: folder.to_owned(),
            open_metrics: false,
            min_free: Size(100_000_000),
        },
        watch: watch(),
        sources: vec![watching],
        routes: Routes {
            routes: Vec::new(),
            gather: SignedDuration::ZERO,
            everywhere: hearing.iter().map(|sink| sink.id.clone()).collect(),
        },
        operators: sinks.last().unwrap().id.clone(),
        fallbacks: Vec::new(),
        sinks: sinks.iter().map(|sink| Arc::clone(*sink) as Arc<dyn Sink>).collect(),
        heirs: BTreeMap::new(),
        disabled: Vec::new(),
        signs: None,
        retention: Retention::default(),
    }
}
