//! A stand-in for X: timelines in short pages, reposts cut with an ellipsis, a suspended account, and bad days.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::server::{Call, Reply, Server};

/// X as the tests know it. Posts may be published while it is asked.
pub struct XServer {
    server: Server,
    world: Arc<Mutex<World>>,
}

struct World {
    posts: Vec<Posted>,
    rng: fastrand::Rng,
    last_id: u64,
}

/// A post on one of the two timelines.
#[derive(Clone)]
struct Posted {
    id: u64,
    account: usize,
    text: String,
    at: Timestamp,
    /// The post it repeats, and that one's full text.
    original: Option<(u64, String)>,
}

const ACCOUNTS: [(&str, &str); 2] = [("hub_one", "1001"), ("hub_two", "1002")];

/// Milliseconds since 1970 at which X's ids begin.
const SNOWFLAKE_EPOCH: i64 = 1_288_834_974_657;

impl XServer {
    pub fn start() -> Self {
        let world = World { posts: Vec::new(), rng: fastrand::Rng::with_seed(1), last_id: 0 };
        let world = Arc::new(Mutex::new(world));
        let asked = world.clone();
        let server = Server::start(move |_, call| {
            if call.path.is_empty() { Reply::of(200, "") } else { asked.lock().unwrap().answer(call) }
        });
        Self { server, world }
    }

    pub fn url(&self) -> String {
        self.server.url("")
    }

    /// Puts `count` posts on each timeline: matching ones, quiet ones and reposts.
    pub fn publish(&self, count: usize, what: &str) {
        let mut world = self.world.lock().unwrap();
        for n in 0..count {
            for account in 0..ACCOUNTS.len() {
                let id = world.next_id();
                // Each tells of another event, so that each is a story of its own.
                let name = format!("{what}, case {id}");
                let text = match n % 3 {
                    0 => format!("Breaking: weapons are delivered, {name}"),
                    1 => format!("A quiet morning at the market, {name}"),
                    _ => format!(
                        "It was a long speech about roads and schools and rain before weapons came up, {name}"
                    ),
                };
                let original = (n % 3 == 2).then(|| (id - 1, text.clone()));
                let at = now();
                world.posts.push(Posted { id, account, text, at, original });
            }
        }
    }

    /// The ids of all posts that match.
    pub fn matching(&self) -> BTreeSet<String> {
        let world = self.world.lock().unwrap();
        world
            .posts
            .iter()
            .filter(|post| post.text.contains("weapons"))
            .map(|post| post.id.to_string())
            .collect()
    }

    /// The ids of all posts.
    pub fn everything(&self) -> BTreeSet<String> {
        self.world.lock().unwrap().posts.iter().map(|post| post.id.to_string()).collect()
    }
}

fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the program under test lives in real time")]
    Timestamp::now()
}

impl World {
    /// Ids as X makes them: milliseconds, then a number.
    fn next_id(&mut self) -> u64 {
        let id = ((now().as_millisecond() - SNOWFLAKE_EPOCH) as u64) << 22;
        self.last_id = id.max(self.last_id + 2);
        self.last_id
    }

    fn answer(&mut self, call: &Call) -> Reply {
        assert_eq!(call.header("authorization"), "Bearer crash-test-token");
        let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
        if let Some(bad) = self.bad_day() {
            return bad;
        }
        if let Some(name) = path.strip_prefix("/2/users/by/username/") {
            let known = ACCOUNTS.iter().find(|(handle, _)| *handle == name);
            return known.map_or_else(suspended, |(handle, id)| {
                say(&json!({"data": {"id": id, "username": handle}}))
            });
        }
        let id = path.strip_prefix("/2/users/").and_then(|rest| rest.strip_suffix("/tweets"));
        let account = ACCOUNTS.iter().position(|(_, known)| Some(*known) == id);
        account
            .map_or_else(|| Reply::of(404, "<html>Not here</html>"), |account| self.timeline(account, query))
    }

    /// One call in ten goes wrong.
    fn bad_day(&mut self) -> Option<Reply> {
        let soon = (now().as_second() + 1).to_string();
        match self.rng.u8(0..40) {
            0 => Some(Reply::of(500, "<html>oops</html>")),
            1 => {
                let headers = vec![("x-rate-limit-remaining", "0".into()), ("x-rate-limit-reset", soon)];
                Some(Reply::Say(429, headers, r#"{"title":"Too Many Requests","status":429}"#.into()))
            }
            // The body is shorter than the headers say.
            2 => Some(Reply::Say(
                200,
                vec![("x-truncated", "yes".into())],
                r#"{"data": [{"id": "1", "te"#.into(),
            )),
            3 => Some(Reply::Vanish),
            _ => None,
        }
    }

    fn timeline(&mut self, account: usize, query: &str) -> Reply {
        let query: Vec<(String, String)> =
            url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let get = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let since: u64 = get("since_id").map_or(0, |id| id.parse().unwrap());
        let start: Option<Timestamp> = get("start_time").map(|time| time.parse().unwrap());
        assert!(since == 0 || start.is_none(), "X refuses both together");
        let before: u64 = get("pagination_token").map_or(u64::MAX, |token| token.parse().unwrap());
        let most: usize = get("max_results").unwrap().parse().unwrap();
        let mut found: Vec<Posted> =
            self.posts.iter().filter(|post| post.account == account).cloned().collect();
        found
            .retain(|post| post.id > since && post.id < before && start.is_none_or(|start| post.at >= start));
        found.sort_by_key(|post| std::cmp::Reverse(post.id));
        // Short pages lie: fewer posts than asked for, and yet there are more.
        let shown = found.len().min(self.rng.usize(1..=most));
        let more = found.len() > shown;
        let mut meta = json!({"result_count": shown});
        if more {
            meta["next_token"] = json!(found[shown - 1].id.to_string());
        }
        if shown == 0 {
            return say(&json!({"meta": meta}));
        }
        found.truncate(shown);
        meta["newest_id"] = json!(found[0].id.to_string());
        let originals: Vec<Value> = found.iter().filter_map(original).collect();
        let data: Vec<Value> = found.iter().map(shape).collect();
        let users = json!([{"id": ACCOUNTS[account].1, "username": ACCOUNTS[account].0, "name": "Hub"}]);
        let errors = json!([{"title": "Not Found Error", "resource_type": "tweet", "parameter": "referenced_tweets.id",
            "value": "1", "type": "https://api.twitter.com/2/problems/resource-not-found"}]);
        say(
            &json!({"data": data, "includes": {"users": users, "tweets": originals}, "errors": errors, "meta": meta}),
        )
    }
}

fn shape(post: &Posted) -> Value {
    let mut shape = json!({
        "id": post.id.to_string(),
        "text": post.text,
        "author_id": ACCOUNTS[post.account].1,
        "created_at": post.at.to_string(),
        "edit_history_tweet_ids": [post.id.to_string()],
    });
    if let Some((original, text)) = &post.original {
        let cut: String = text.chars().take(30).collect();
        shape["text"] = json!(format!("RT @press: {cut}…"));
        shape["referenced_tweets"] = json!([{"type": "retweeted", "id": original.to_string()}]);
    }
    shape
}

fn original(post: &Posted) -> Option<Value> {
    let (id, text) = post.original.as_ref()?;
    Some(json!({"id": id.to_string(), "text": text, "author_id": "77", "created_at": post.at.to_string()}))
}

fn suspended() -> Reply {
    say(
        &json!({"errors": [{"value": "gone", "detail": "User has been suspended: [gone].", "title": "Forbidden",
        "resource_type": "user", "parameter": "username", "resource_id": "gone",
        "type": "https://api.twitter.com/2/problems/resource-not-found"}]}),
    )
}

fn say(body: &Value) -> Reply {
    Reply::of(200, &body.to_string())
}
