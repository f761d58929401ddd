//! Stand-ins for Slack, a Matrix homeserver and a webhook receiver that remember what they took.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::server::{Call, Reply, Server};

/// The webhook's signing secret.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Three channels.
pub struct Channels {
    slack: Channel,
    matrix: Channel,
    webhook: Channel,
}

struct Channel {
    name: &'static str,
    server: Server,
    took: Arc<Mutex<Vec<Message>>>,
}

/// What a channel took: under which id (Slack knows none), and the whole body.
#[derive(Clone)]
struct Message {
    id: String,
    body: String,
}

impl Channels {
    pub fn start() -> Self {
        Self {
            slack: Channel::start("slack", 11, |_| Some(String::new()), |_| Reply::of(200, "ok")),
            matrix: Channel::start("matrix", 12, txn, matrix),
            webhook: Channel::start("webhook", 13, |call| Some(verified(call)), |_| Reply::of(204, "")),
        }
    }

    pub fn slack_url(&self) -> String {
        self.slack.server.url("/services/T0/B0/crash")
    }

    pub fn matrix_url(&self) -> String {
        self.matrix.server.url("")
    }

    pub fn webhook_url(&self) -> String {
        self.webhook.server.url("/hook")
    }

    /// For each channel the numbers that stand in what it took: the ids of posts among them.
    pub fn heads(&self) -> Vec<(&'static str, BTreeSet<String>)> {
        let numbers = |body: &String| {
            let words = body.split(|c: char| !c.is_ascii_digit()).filter(|word| word.len() > 15);
            words.map(str::to_owned).collect::<Vec<_>>()
        };
        [&self.slack, &self.matrix, &self.webhook]
            .map(|channel| {
                let took = channel.took.lock().unwrap();
                (channel.name, took.iter().flat_map(|message| numbers(&message.body)).collect())
            })
            .into()
    }

    /// For each channel how many posts its digests count beside those that they name.
    pub fn counted(&self) -> Vec<(&'static str, usize)> {
        let counted = |channel: &Channel| {
            let took = channel.took.lock().unwrap();
            let digests = took.iter().filter(|message| message.body.contains("digest"));
            // A repeat counts nothing twice: a digest is known by the first post that it names.
            let distinct: BTreeMap<_, _> =
                digests.map(|message| (link(&message.body), unnamed(&message.body))).collect();
            distinct.values().sum()
        };
        [&self.slack, &self.matrix, &self.webhook].map(|channel| (channel.name, counted(channel))).into()
    }

    /// What each took, in words.
    pub fn counts(&self) -> String {
        let count = |channel: &Channel| {
            let took = channel.took.lock().unwrap();
            let distinct: BTreeSet<_> = took.iter().map(|message| link(&message.body)).collect();
            let digests = took.iter().filter(|message| message.body.contains("digest")).count();
            let (name, again) = (channel.name, took.len() - distinct.len());
            format!(
                "{name} took {} messages, {digests} of them digests and {again} of them repeats",
                took.len()
            )
        };
        [&self.slack, &self.matrix, &self.webhook].map(count).join("; ")
    }

    /// The same id always came with the same message; where there is no id, a repeat was marked as such.
    pub fn hold_to_their_promises(&self) {
        for channel in [&self.matrix, &self.webhook] {
            let mut bodies: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for message in channel.took.lock().unwrap().iter() {
                bodies.entry(message.id.clone()).or_default().insert(message.body.clone());
            }
            assert!(bodies.values().all(|bodies| bodies.len() == 1), "{}: one id, one message", channel.name);
            let distinct: BTreeSet<_> = bodies.values().flatten().map(|body| link(body)).collect();
            assert_eq!(distinct.len(), bodies.len(), "{}: one message, one id", channel.name);
        }
        let mut seen = BTreeSet::new();
        for message in self.slack.took.lock().unwrap().iter() {
            let first = seen.insert(link(&message.body));
            assert!(first || message.body.contains("ossible repeat"), "an unmarked repeat: {}", message.body);
        }
    }
}

/// How many posts a digest counts and does not name; each is in a story of its own here.
fn unnamed(digest: &str) -> usize {
    // Programs are told in numbers, people in words, with ten posts at most.
    if let Some(data) = serde_json::from_str::<Value>(digest).ok().and_then(|body| body.get("data").cloned())
    {
        let (posts, items) = (data["posts"].as_u64().unwrap() as usize, data["items"].as_array().unwrap());
        return posts - items.len();
    }
    let before = digest.split(" posts at once").next().unwrap_or("");
    let count = before.rsplit(' ').next().and_then(|count| count.parse::<usize>().ok());
    count.map_or(0, |count| count.saturating_sub(10))
}

/// The address of the post a message is about.
fn link(body: &str) -> String {
    let from = body.find("/status/").unwrap();
    body[from..].chars().skip(8).take_while(char::is_ascii_digit).collect()
}

impl Channel {
    /// `take` says under which id a call is taken, if it is a message; `answer` answers it. One call in ten goes
    /// wrong, before or after it was taken.
    fn start(
        name: &'static str,
        seed: u64,
        take: impl Fn(&Call) -> Option<String> + Send + 'static,
        answer: impl Fn(&Call) -> Reply + Send + 'static,
    ) -> Self {
        let took: Arc<Mutex<Vec<Message>>> = Arc::default();
        let (taking, rng) = (took.clone(), Mutex::new(fastrand::Rng::with_seed(seed)));
        let server = Server::start(move |_, call| {
            if call.path.is_empty() {
                return Reply::of(200, "");
            }
            let chance = rng.lock().unwrap().u8(0..40);
            if chance == 0 {
                return Reply::of(503, "");
            }
            if chance == 1 {
                return Reply::Say(429, vec![("retry-after", "1".into())], "{}".into());
            }
            if let Some(id) = take(call) {
                let body = String::from_utf8(call.body.clone()).unwrap();
                taking.lock().unwrap().push(Message { id, body });
            }
            if chance == 2 { Reply::Vanish } else { answer(call) }
        });
        Self { name, server, took }
    }
}

fn txn(call: &Call) -> Option<String> {
    call.path.split("/send/m.room.message/").nth(1).map(str::to_owned)
}

fn matrix(call: &Call) -> Reply {
    if call.path.contains("/state/") {
        return Reply::of(404, r#"{"errcode":"M_NOT_FOUND","error":"Event not found."}"#);
    }
    Reply::of(200, r#"{"event_id":"$taken","room_id":"!room","user_id":"@vigie:test"}"#)
}

/// The id of a call whose signature an independent library finds good.
fn verified(call: &Call) -> String {
    let mut headers = reqwest::header::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, call.header(name).parse().unwrap());
    }
    let verifier = standardwebhooks::Webhook::new(SECRET).unwrap();
    verifier.verify(&call.body, &headers).unwrap();
    call.header("webhook-id").to_owned()
}
