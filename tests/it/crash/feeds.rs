//! Feeds that are written all the time, and a receiver of webhooks; a few calls to each go wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::channels::SECRET;
use super::free_port;
use crate::server::{Call, Reply, Server};

/// Items that a feed shows.
const SHOWN: usize = 20;

/// Words that posts are made of.
const WORDS: usize = 5000;

/// Both as the tests know them.
pub struct World {
    feeds: Vec<Server>,
    hook: Server,
    state: Arc<Mutex<State>>,
}

struct State {
    /// One call in so many goes wrong.
    bad: usize,
    /// Of each feed, its items from the first to the last.
    items: Vec<Vec<Item>>,
    looks: Vec<usize>,
    posts: usize,
    wanted: BTreeSet<String>,
    /// What the receiver took, by its id, and how often.
    took: BTreeMap<String, (Value, usize)>,
    words: Vec<String>,
    rng: fastrand::Rng,
}

struct Item {
    id: String,
    text: String,
    at: Timestamp,
}

/// What was told of posts: those that are named, how often, and how many a digest only counts.
#[derive(Default)]
struct Told {
    named: BTreeMap<String, usize>,
    counted: usize,
}

/// A configuration in `dir` that reads all feeds `every` so often and tells the receiver.
pub fn write_config(dir: &Path, world: &World, every: Duration) -> PathBuf {
    fs::write(dir.join("secret"), SECRET).unwrap();
    fs::create_dir(dir.join("watchlists")).unwrap();
    let watchlist = "title = \"A soak\"\nlanguages = [\"en\"]\n[[rule]]\nname = \"arms\"\nseverity = \"high\"\nwhen = \"weapons\"\n";
    fs::write(dir.join("watchlists/soak.toml"), watchlist).unwrap();
    let config = format!(
        "store = \"data\"\nlisten = \"127.0.0.1:{port}\"\noperators = \"console.log\"\n[source.feed.soak]\nevery = \
         \"{every}ms\"\nfeeds = {feeds:?}\n[sink.webhook.hook]\nurl = \"{hook}\"\nsecret = {{ file = \"secret\" }}\n\
         [sink.console.log]\n[[route]]\nsinks = [\"webhook.hook\"]\n",
        port = free_port(),
        every = every.as_millis(),
        feeds = world.feeds(),
        hook = world.hook(),
    );
    let path = dir.join("vigie.toml");
    fs::write(&path, config).unwrap();
    path
}

impl World {
    /// So many feeds; one call in `bad` goes wrong, to them as to the receiver.
    pub fn start(feeds: usize, bad: usize) -> Self {
        let mut rng = fastrand::Rng::with_seed(50);
        let words = (0..WORDS).map(|_| (0..rng.usize(3..9)).map(|_| rng.lowercase()).collect()).collect();
        let state = State {
            bad,
            items: (0..feeds).map(|_| Vec::new()).collect(),
            looks: vec![0; feeds],
            posts: 0,
            wanted: BTreeSet::new(),
            took: BTreeMap::new(),
            words,
            rng,
        };
        let state = Arc::new(Mutex::new(state));
        (0..feeds).for_each(|feed| state.lock().unwrap().write(feed, false));
        // Each has a port of its own, so that each is a host of its own.
        let feed = |n: usize| {
            let state = state.clone();
            Server::start(move |_, call| state.lock().unwrap().feed(n, call))
        };
        let feeds = (0..feeds).map(feed).collect();
        let taking = state.clone();
        let hook = Server::start(move |_, call| taking.lock().unwrap().take(call));
        Self { feeds, hook, state }
    }

    pub fn feeds(&self) -> Vec<String> {
        self.feeds.iter().map(|feed| feed.url("/feed.xml")).collect()
    }

    pub fn hook(&self) -> String {
        self.hook.url("/hook")
    }

    pub fn all_looked_at(&self) -> bool {
        self.state.lock().unwrap().looks.iter().all(|looks| *looks > 0)
    }

    /// Writes so many posts, one in ten of them for people.
    pub fn publish(&self, count: usize) {
        let mut state = self.state.lock().unwrap();
        for _ in 0..count {
            let feed = state.rng.usize(0..self.feeds.len());
            let matching = state.posts.is_multiple_of(10);
            state.write(feed, matching);
        }
    }

    /// Posts that people were told of.
    pub fn told(&self) -> usize {
        let told = self.state.lock().unwrap().told();
        told.named.len() + told.counted
    }

    /// Posts that nobody was told of yet: empty if those that are not named are as many as digests count.
    pub fn missing(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let told = state.told();
        let unnamed: Vec<_> =
            state.wanted.iter().filter(|id| !told.named.contains_key(*id)).cloned().collect();
        if unnamed.len() == told.counted {
            return Vec::new();
        }
        let shown = |id: &String| {
            let item = state.items.iter().flatten().find(|item| item.id == *id);
            format!("{id}: {}", item.map_or("no longer shown", |item| &item.text))
        };
        unnamed.iter().map(shown).collect()
    }

    /// What happened, in words.
    pub fn counts(&self) -> String {
        let state = self.state.lock().unwrap();
        let (told, took) = (state.told(), &state.took);
        let digests = took.values().filter(|(body, _)| is_digest(body)).count();
        let again = took.values().map(|(_, times)| times - 1).sum::<usize>();
        format!(
            "{} of them for people: {} named, {} counted by {digests} digests, in {} deliveries of which {again} came again \
             under their id; {} looks at feeds",
            state.wanted.len(),
            told.named.len(),
            told.counted,
            took.len(),
            state.looks.iter().sum::<usize>()
        )
    }

    /// Each post for people is named once, or counted once by a digest; no other is.
    pub fn hold_to_account(&self) {
        let state = self.state.lock().unwrap();
        let told = state.told();
        let twice: Vec<_> = told.named.iter().filter(|(_, times)| **times > 1).collect();
        assert!(twice.is_empty(), "told under two ids: {twice:?}");
        let strange: Vec<_> = told.named.keys().filter(|id| !state.wanted.contains(*id)).collect();
        assert!(strange.is_empty(), "told and not for people: {strange:?}");
        assert_eq!(told.named.len() + told.counted, state.wanted.len(), "each is told once");
    }
}

impl State {
    fn write(&mut self, feed: usize, matching: bool) {
        self.posts += 1;
        let id = format!("https://m.example/{}", self.posts);
        let mut words: Vec<&str> = (0..40).map(|_| self.words[self.rng.usize(0..WORDS)].as_str()).collect();
        if matching {
            words[7] = "weapons";
            self.wanted.insert(id.clone());
        }
        let text = words.join(" ");
        let items = &mut self.items[feed];
        items.push(Item { id, text, at: now() });
        if items.len() > SHOWN {
            items.remove(0);
        }
    }

    fn feed(&mut self, n: usize, call: &Call) -> Reply {
        if call.path.is_empty() {
            return Reply::of(200, "");
        }
        self.looks[n] += 1;
        match self.rng.usize(0..self.bad * 2) {
            0 => return Reply::of(503, "later"),
            1 => return Reply::Vanish,
            _ => {}
        }
        let newest = self.items[n].last().map_or("", |item| item.id.as_str());
        let etag = format!("\"{newest}\"");
        if call.header("if-none-match") == etag {
            return Reply::Say(304, vec![("etag", etag)], String::new());
        }
        let mut feed =
            "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>A ministry</title>".to_owned();
        for Item { id, text, at } in self.items[n].iter().rev() {
            let date = at.strftime("%a, %d %b %Y %H:%M:%S GMT");
            let _ = write!(
                feed,
                "<item><guid>{id}</guid><title>News</title><link>{id}</link>\
                 <pubDate>{date}</pubDate><description>{text}</description></item>"
            );
        }
        let headers = vec![("etag", etag), ("content-type", "application/rss+xml".to_owned())];
        Reply::Say(200, headers, feed + "</channel></rss>")
    }

    fn take(&mut self, call: &Call) -> Reply {
        if call.path.is_empty() {
            return Reply::of(200, "");
        }
        let chance = self.rng.usize(0..self.bad * 2);
        if chance == 0 {
            return Reply::of(503, "");
        }
        let took = self.took.entry(call.header("webhook-id").to_owned());
        let (body, times) = took.or_insert_with(|| (call.json(), 0));
        *times += 1;
        assert_eq!(*body, call.json(), "one id, one message");
        if chance == 1 { Reply::Vanish } else { Reply::of(204, "") }
    }

    fn told(&self) -> Told {
        let mut told = Told::default();
        let mut name = |id: &Value| *told.named.entry(id.as_str().unwrap().to_owned()).or_default() += 1;
        for (body, _) in self.took.values() {
            let data = &body["data"];
            let named: Vec<&Value> = if is_digest(body) {
                data["items"].as_array().unwrap().iter().map(|item| &item["first"]["id"]).collect()
            } else {
                data["excerpts"].as_array().unwrap().iter().map(|excerpt| &excerpt["id"]).collect()
            };
            told.counted += data["posts"].as_u64().unwrap() as usize - named.len();
            named.into_iter().for_each(&mut name);
        }
        told
    }
}

fn is_digest(body: &Value) -> bool {
    body["type"] == "vigie.digest.created"
}

pub fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the program under test lives in real time")]
    Timestamp::now()
}
