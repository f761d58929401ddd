//! An X that holds a history, goes on posting while it is asked, and has bad days; held against what vigie saw of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use serde_json::{Value, json};
use vigie::clock::Clock;
use vigie::model::timeline::{Cursor, TimelineId};
use vigie::remote::Remotes;
use vigie::source::{Ask, Kit, Page, Source, SourceError};

use super::super::double::{Asked, Double, Reply};
use super::super::{NOW, plan};
use super::TOKEN;

/// A clock that the test moves.
struct Moving(AtomicI64);

impl Clock for Moving {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

/// A post as X holds it.
#[derive(Clone)]
struct Posted {
    /// All its versions, the first one first.
    ids: Vec<u64>,
    author: u64,
    at: i64,
    /// When X finds it: late, sometimes.
    indexed: i64,
    repost: bool,
    deleted: bool,
}

struct World {
    posts: Vec<Posted>,
    now: i64,
    last_id: u64,
    rng: fastrand::Rng,
    /// Whether nothing goes wrong any more.
    calm: bool,
}

const AUTHORS: [u64; 3] = [101, 102, 103];
const MINUTE: i64 = 60_000;

impl World {
    fn new(seed: u64) -> Self {
        let now = NOW.as_millisecond();
        Self { posts: Vec::new(), now, last_id: 0, rng: fastrand::Rng::with_seed(seed), calm: false }
    }

    fn id(&mut self, at: i64) -> u64 {
        let least = ((at - 1_288_834_974_657) as u64) << 22;
        self.last_id = least.max(self.last_id + 1);
        // A late one has an id from before others that are known.
        if least < self.last_id { least + self.rng.u64(0..1 << 22) } else { self.last_id }
    }

    /// Lets time pass: people post, edit and delete.
    fn pass(&mut self, minutes: i64) {
        let until = self.now + minutes * MINUTE;
        for _ in 0..self.rng.usize(0..8).min(minutes as usize * 2) {
            let at = self.rng.i64(self.now..until);
            let late = if self.rng.u8(0..4) == 0 { self.rng.i64(0..9 * MINUTE) } else { 0 };
            let id = self.id(at);
            let (author, repost) = (AUTHORS[self.rng.usize(0..3)], self.rng.u8(0..5) == 0);
            self.posts.push(Posted { ids: vec![id], author, at, indexed: at + late, repost, deleted: false });
        }
        self.now = until;
        let recent = self.posts.iter().rposition(|post| post.indexed < self.now - 30 * MINUTE).unwrap_or(0);
        if self.posts.len() > recent + 1 && self.rng.u8(0..4) == 0 {
            let at = self.rng.usize(recent..self.posts.len());
            if self.rng.bool() {
                let edit = self.id(self.now - 1);
                self.posts[at].ids.push(edit);
            } else {
                self.posts[at].deleted = true;
            }
        }
    }

    fn answer(&mut self, asked: &Asked) -> Reply {
        if !self.calm
            && let Some(bad) = self.bad_day()
        {
            return bad;
        }
        let path = asked.url.path().to_owned();
        let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let authors: Vec<u64> = match segments[..] {
            ["2", "users", id, "tweets"] => vec![id.parse().unwrap()],
            ["2", "lists", "7", "tweets"] => AUTHORS[..2].to_vec(),
            ["2", "tweets", "search", "recent"] => AUTHORS.to_vec(),
            _ => return Reply::new(404, "<html>"),
        };
        self.page(asked, &authors, segments[1])
    }

    /// One call in eight goes wrong in some way.
    fn bad_day(&mut self) -> Option<Reply> {
        let reset = self.now / 1000 + 60;
        match self.rng.u8(0..40) {
            0 => Some(Reply::new(503, "<html>over capacity</html>")),
            1 => Some(
                Reply::new(429, r#"{"title":"Too Many Requests","status":429}"#)
                    .header("x-rate-limit-remaining", 0)
                    .header("x-rate-limit-reset", reset),
            ),
            2 => Some(Reply::new(200, r#"{"data": [{"id": "1", "te"#)),
            3 => Some(Reply::new(200, r#"{"data": []}"#).cut(5)),
            4 => Some(Reply::new(401, r#"{"title":"Unauthorized","status":401}"#)),
            _ => None,
        }
    }

    fn page(&mut self, asked: &Asked, authors: &[u64], kind: &str) -> Reply {
        let number = |name: &str| asked.query(name).map(|text| text.parse::<u64>().unwrap());
        let start = asked.query("start_time").map(|at| at.parse::<Timestamp>().unwrap().as_millisecond());
        let since = number("since_id");
        assert!(since.is_none() || start.is_none(), "X refuses both together");
        assert!(kind != "lists" || since.is_none() && start.is_none(), "X knows neither for lists");
        let week = self.now - 7 * 24 * 60 * MINUTE;
        let of_id = |id: u64| (id >> 22) as i64 + 1_288_834_974_657;
        if kind == "tweets" && since.is_some_and(|id| of_id(id) < week) {
            let problem = json!({"errors": [{"parameters": {"since_id": []}, "message": "too old"}]});
            return Reply::new(400, problem.to_string());
        }
        let token = asked.query(if kind == "tweets" { "next_token" } else { "pagination_token" });
        let before = token.map_or(u64::MAX, |token| token.split('-').next().unwrap().parse().unwrap());
        let newest = |post: &Posted| *post.ids.last().unwrap();
        // Search lags behind, and has no reposts.
        let visible = if kind == "tweets" { self.now - MINUTE / 2 } else { self.now };
        let mut found: Vec<Posted> = self
            .posts
            .iter()
            .filter(|post| !post.deleted && post.indexed <= visible && authors.contains(&post.author))
            .filter(|post| newest(post) > since.unwrap_or(0) && newest(post) < before)
            .filter(|post| start.is_none_or(|start| post.at >= start))
            .filter(|post| kind != "tweets" || !post.repost)
            .cloned()
            .collect();
        found.sort_by_key(|post| std::cmp::Reverse(newest(post)));
        let most: usize = asked.query("max_results").unwrap().parse().unwrap();
        let shown = found.len().min(self.rng.usize(0..=most.min(4)));
        let mut meta = json!({"result_count": shown});
        if found.len() > shown {
            // Even a page without posts may lead on.
            let last = if shown > 0 { newest(&found[shown - 1]) } else { newest(&found[0]) + 1 };
            meta["next_token"] = json!(format!("{last}-{}", self.rng.u32(..)));
        }
        let data: Vec<Value> = found[..shown].iter().map(shape).collect();
        let mut answer = json!({"meta": meta, "includes": {"tweets": [{"id": "5", "text": "the original", "author_id": "9"}]}});
        if !data.is_empty() {
            answer["data"] = json!(data);
        }
        Reply::json(answer)
    }
}

fn shape(post: &Posted) -> Value {
    let newest = post.ids.last().unwrap().to_string();
    let history: Vec<String> = post.ids.iter().map(ToString::to_string).collect();
    let mut shape = json!({"id": newest, "text": format!("version {}", post.ids.len()), "author_id": post.author.to_string(),
        "created_at": Timestamp::from_millisecond(post.at).unwrap().to_string(), "edit_history_tweet_ids": history});
    if post.repost {
        shape["referenced_tweets"] = json!([{"type": "retweeted", "id": "5"}]);
    }
    shape
}

/// vigie with a store that keeps cursors and posts, and loses what was not committed.
struct Watcher {
    world: Arc<Mutex<World>>,
    double: Double,
    clock: Arc<Moving>,
    cursors: BTreeMap<TimelineId, Cursor>,
    /// Every post seen, with its last version's text.
    seen: BTreeMap<String, String>,
    rng: fastrand::Rng,
}

impl Watcher {
    async fn new(seed: u64) -> Self {
        let world = Arc::new(Mutex::new(World::new(seed)));
        let asked = world.clone();
        let double = Double::start(move |call| asked.lock().unwrap().answer(call)).await;
        let clock = Arc::new(Moving(AtomicI64::new(NOW.as_millisecond())));
        let (cursors, seen) = (BTreeMap::new(), BTreeMap::new());
        Self { world, double, clock, cursors, seen, rng: fastrand::Rng::with_seed(seed + 1) }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn pass(&self, minutes: i64) {
        let mut world = self.world();
        world.pass(minutes);
        self.clock.0.store(world.now, Ordering::Relaxed);
    }

    /// A new process.
    fn source(&self, more: &str) -> Arc<dyn Source> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("token"), TOKEN).unwrap();
        let table = format!("token = {{ file = \"token\" }}\nbase_url = \"{}\"\n{more}", self.double.url());
        let clock: Arc<dyn Clock> = self.clock.clone();
        let remotes = Remotes::new(clock.clone(), "vigie tests").unwrap();
        let kit = Kit { remotes, clock, dir: dir.path().to_owned() };
        (plan(vigie::source::x::read, &table).build)(&kit).unwrap()
    }

    /// Looks at a timeline to its end, as far as the day allows; one page in ten is lost in a crash.
    async fn look(&mut self, source: &dyn Source, timeline: &str) {
        let timeline = TimelineId::from(timeline.to_owned());
        let since = Timestamp::from_second(NOW.as_second() - 3600).ok();
        for _ in 0..60 {
            let cursor = self.cursors.get(&timeline).cloned();
            let ask =
                Ask { timeline: &timeline, account: "Hub_", cursor: cursor.as_ref(), since, allowance: None };
            match source.fetch(ask).await {
                Ok(_) if self.rng.u8(0..10) == 0 && !self.world().calm => return,
                Ok(page) => {
                    let more = page.more;
                    self.commit(&timeline, page);
                    if !more {
                        return;
                    }
                }
                Err(SourceError::Suspicious(why)) => panic!("{why}"),
                Err(_) => return,
            }
        }
    }

    fn commit(&mut self, timeline: &TimelineId, page: Page) {
        for post in page.posts {
            self.seen.insert(post.id, post.text);
        }
        if let Some(next) = page.next {
            self.cursors.insert(timeline.clone(), next);
        }
    }

    /// Whether everything that X shows was seen in its last version, and nothing that it never showed.
    fn compare(&self, of: impl Fn(&Posted) -> bool) {
        let world = self.world();
        let shown = |post: &&Posted| !post.deleted && of(post);
        for post in world.posts.iter().filter(shown) {
            let version = format!("version {}", post.ids.len());
            let text = if post.repost { "the original".to_owned() } else { version };
            assert_eq!(
                self.seen.get(&post.ids[0].to_string()),
                Some(&text),
                "{:?} {}",
                post.ids,
                post.author
            );
        }
        let all: BTreeSet<String> = world.posts.iter().map(|post| post.ids[0].to_string()).collect();
        assert!(self.seen.keys().all(|id| all.contains(id)), "an edit is the same post");
        assert!(world.posts.len() > 100, "there was something to see");
    }

    /// A calm end: what was late has come, and nothing goes wrong any more.
    async fn settle(&mut self, table: &str, timelines: &[&str]) {
        self.world().calm = true;
        self.world().now += 10 * MINUTE;
        self.pass(0);
        for _ in 0..3 {
            let source = self.source(table);
            for timeline in timelines {
                self.look(source.as_ref(), timeline).await;
            }
        }
    }
}

const ACCOUNTS: [&str; 3] = ["x:101", "x:102", "x:103"];

#[tokio::test]
async fn every_post_of_an_account_is_seen_in_its_last_version_whatever_happens() {
    for seed in 1..=2 {
        let mut watcher = Watcher::new(seed).await;
        let table = "accounts = [\"a\", \"b\", \"c\"]";
        let mut source = watcher.source(table);
        for round in 0..40 {
            if round % 4 == 0 {
                source = watcher.source(table);
            }
            for timeline in ACCOUNTS {
                watcher.look(source.as_ref(), timeline).await;
            }
            // Mostly a few minutes, sometimes a night, once more than X's week.
            let minutes = match round {
                20 => 9 * 24 * 60,
                _ if round % 7 == 0 => 500,
                _ => 3,
            };
            watcher.pass(minutes);
        }
        watcher.settle(table, &ACCOUNTS).await;
        watcher.compare(|_| true);
    }
}

#[tokio::test]
async fn every_post_of_a_lists_members_is_seen() {
    let mut watcher = Watcher::new(7).await;
    let table = "lists = [\"7\"]";
    let mut source = watcher.source(table);
    for round in 0..60 {
        if round % 8 == 0 {
            source = watcher.source(table);
        }
        watcher.look(source.as_ref(), "x:list:7").await;
        watcher.pass(3);
    }
    watcher.settle(table, &["x:list:7"]).await;
    // A late post or an edit is seen as long as it is among the newest; the timelines of accounts see all of them.
    watcher.compare(|post| post.ids.len() == 1 && AUTHORS[..2].contains(&post.author));
}

#[tokio::test]
async fn nothing_is_lost_when_accounts_are_added_and_removed_while_searching() {
    let mut watcher = Watcher::new(11).await;
    let more = "by = \"search\"\ntimelines_every = \"30m\"\naccounts = ";
    let tables = ["[\"a\", \"b\"]", "[\"a\", \"b\", \"c\"]", "[\"b\", \"c\"]", "[\"a\", \"b\", \"c\"]"];
    let mut early = 0;
    let mut source = watcher.source(&format!("{more}{}", tables[0]));
    for round in 0..60 {
        if round % 5 == 0 {
            source = watcher.source(&format!("{more}{}", tables[round / 15]));
        }
        let search = source.accounts()[0].timeline.clone().unwrap();
        let before = watcher.seen.len();
        watcher.look(source.as_ref(), search.as_str()).await;
        early += watcher.seen.len() - before;
        if round % 10 == 9 {
            for timeline in ACCOUNTS {
                watcher.look(source.as_ref(), timeline).await;
            }
        }
        watcher.pass(3);
    }
    watcher.settle(&format!("{more}{}", tables[3]), &ACCOUNTS).await;
    watcher.compare(|_| true);
    assert!(early > watcher.seen.len() / 2, "most posts were seen early: {early} of {}", watcher.seen.len());
}
