//! What a webhook's receiver gets: the same bytes on every attempt.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::delivery::{Again, Alert, Body, Delivery, Digest, Excerpt, Item, Notice, Occasion};
use crate::model::matched::{Match, Severity};
use crate::model::story::StoryId;

/// The largest body, in bytes.
const MOST: usize = 20_000;

/// The largest body for a receiver that refused a larger one, in bytes.
const LEAST: usize = 4_000;

fn most(delivery: &Delivery) -> usize {
    if delivery.plain { LEAST } else { MOST }
}

#[derive(Serialize)]
struct Payload<'a, D> {
    r#type: &'static str,
    timestamp: Timestamp,
    data: &'a D,
}

#[derive(Serialize)]
struct AlertData<'a> {
    delivery: &'a str,
    story: StoryId,
    severity: Severity,
    /// Why the story speaks again, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    again: Option<Again>,
    /// All posts of the story so far; those without an excerpt are only counted.
    posts: u32,
    excerpts: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct DigestData<'a> {
    delivery: &'a str,
    why: Occasion,
    severity: Severity,
    from: Timestamp,
    until: Timestamp,
    /// All stories and all their posts; those that are not among the items are only counted.
    stories: u32,
    posts: u32,
    items: Vec<Listed<'a>>,
}

#[derive(Serialize)]
struct Listed<'a> {
    story: StoryId,
    severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    again: Option<Again>,
    posts: u32,
    first: Told<'a>,
}

#[derive(Serialize)]
struct Told<'a> {
    id: &'a str,
    platform: &'a str,
    author: &'a str,
    text: &'a str,
    /// Bytes of the post's text before `text`: offsets of hits count from the post's beginning.
    skipped: usize,
    cut: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    posted_at: Option<Timestamp>,
    seen_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    lang: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repost_of: Option<Original<'a>>,
    edited: bool,
    matches: &'a [Match],
}

#[derive(Serialize)]
struct Original<'a> {
    author: &'a str,
}

#[derive(Serialize)]
struct NoticeData<'a> {
    delivery: &'a str,
    title: &'a str,
    text: &'a str,
    at: Timestamp,
}

/// The body of a delivery, below 20 kB. It says nothing of attempts, so that it never changes.
pub fn of(delivery: &Delivery) -> Vec<u8> {
    match &delivery.body {
        Body::Alert(alert) => of_alert(alert, delivery),
        Body::Digest(digest) => of_digest(digest, delivery),
        Body::Notice(notice) => of_notice(notice, delivery),
    }
}

/// As many excerpts as fit; the others are in the count.
fn of_alert(alert: &Alert, delivery: &Delivery) -> Vec<u8> {
    fitting(alert.excerpts.len(), delivery, |told| {
        let data = AlertData {
            delivery: delivery.id.as_str(),
            story: alert.story,
            severity: alert.severity,
            again: alert.again,
            posts: alert.posts,
            excerpts: alert.excerpts.iter().take(told).map(Told::of).collect(),
        };
        bytes("vigie.alert.created", delivery.created_at, &data)
    })
}

/// As many items as fit; the others are in the count.
fn of_digest(digest: &Digest, delivery: &Delivery) -> Vec<u8> {
    fitting(digest.items.len(), delivery, |told| {
        let data = DigestData {
            delivery: delivery.id.as_str(),
            why: digest.occasion,
            severity: digest.severity,
            from: digest.from,
            until: digest.until,
            stories: digest.stories,
            posts: digest.posts,
            items: digest.items.iter().take(told).map(Listed::of).collect(),
        };
        bytes("vigie.digest.created", delivery.created_at, &data)
    })
}

/// The body with as many of `all` parts as fit.
fn fitting(all: usize, delivery: &Delivery, body: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
    (1..=all).rev().map(&body).find(|body| body.len() < most(delivery)).unwrap_or_else(|| body(0))
}

/// As much of the text as fits.
fn of_notice(notice: &Notice, delivery: &Delivery) -> Vec<u8> {
    let mut text = notice.text.as_str();
    loop {
        let data = NoticeData { delivery: delivery.id.as_str(), title: &notice.title, text, at: notice.at };
        let body = bytes("vigie.notice.created", delivery.created_at, &data);
        if body.len() < most(delivery) || text.is_empty() {
            return body;
        }
        let end = text.len() * 3 / 4;
        let end = (0..=end).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text = text.get(..end).unwrap_or("");
    }
}

fn bytes<D: Serialize>(r#type: &'static str, timestamp: Timestamp, data: &D) -> Vec<u8> {
    // Nothing in it can fail to be JSON.
    serde_json::to_vec(&Payload { r#type, timestamp, data }).unwrap_or_default()
}

impl<'a> Listed<'a> {
    fn of(item: &'a Item) -> Self {
        let Item { story, severity, again, posts, excerpt } = item;
        Self { story: *story, severity: *severity, again: *again, posts: *posts, first: Told::of(excerpt) }
    }
}

impl<'a> Told<'a> {
    fn of(excerpt: &'a Excerpt) -> Self {
        Self {
            id: &excerpt.id,
            platform: excerpt.platform.as_str(),
            author: &excerpt.author,
            text: &excerpt.text,
            skipped: excerpt.skipped,
            cut: excerpt.cut,
            posted_at: excerpt.posted_at,
            seen_at: excerpt.seen_at,
            lang: excerpt.lang.as_deref(),
            url: excerpt.url.as_deref(),
            title: excerpt.title.as_deref(),
            repost_of: excerpt.repost_of.as_deref().map(|author| Original { author }),
            edited: excerpt.edited,
            matches: &excerpt.matches,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::model::delivery::{DeliveryId, EXCERPTS};
    use crate::model::sink::SinkId;
    use crate::sink::message::tests::{delivery, excerpt};

    #[test]
    fn a_full_alert_stays_below_20_kb_and_counts_all_posts() {
        let mut long = excerpt();
        long.text = "\"".repeat(1500);
        let delivery = delivery(vec![long; EXCERPTS]);
        let body = of(&delivery);
        let json: Json = serde_json::from_slice(&body).unwrap();
        let told = json["data"]["excerpts"].as_array().unwrap().len();
        assert!(body.len() < MOST && (1..EXCERPTS).contains(&told), "{} {told}", body.len());
        assert_eq!(json["data"]["posts"], EXCERPTS);
    }

    #[test]
    fn what_was_refused_once_is_told_in_fewer_words() {
        let mut long = excerpt();
        long.text = "word ".repeat(300);
        let mut delivery = delivery(vec![long; EXCERPTS]);
        delivery.plain = true;
        let body = of(&delivery);
        let json: Json = serde_json::from_slice(&body).unwrap();
        assert!(body.len() < LEAST && !json["data"]["excerpts"].as_array().unwrap().is_empty());
    }

    #[test]
    fn an_attempt_leaves_no_trace_in_the_body() {
        let first = delivery(vec![excerpt()]);
        let mut second = first.clone();
        second.seal(None, first.created_at);
        (second.uncertain, second.last_error) = (true, Some("503".into()));
        assert_eq!(of(&first), of(&second));
    }

    #[test]
    fn a_digest_tells_its_items_and_counts_all_stories() {
        let first = delivery(vec![excerpt()]);
        let Body::Alert(alert) = &first.body else { panic!("an alert") };
        let mut digest = Digest::empty(Occasion::Outage, first.created_at);
        (0..30).for_each(|_| digest.absorb(alert.clone(), first.created_at));
        let body = of(&Delivery { body: Body::Digest(digest), ..first });
        let json: Json = serde_json::from_slice(&body).unwrap();
        let (data, kind) = (&json["data"], &json["type"]);
        assert_eq!((kind, &data["why"]), (&Json::from("vigie.digest.created"), &Json::from("outage")));
        assert_eq!((&data["stories"], &data["posts"]), (&Json::from(30), &Json::from(30)));
        let items = data["items"].as_array().unwrap();
        assert!(body.len() < MOST && items.len() == 10, "{} {}", body.len(), items.len());
        assert_eq!(items[0]["first"]["author"], "LookoutDaily");
    }

    #[test]
    fn a_notice_of_any_length_fits() {
        let at = Timestamp::UNIX_EPOCH;
        let notice = Notice { title: "Blind".into(), text: "\u{1}é".repeat(50_000), at };
        let sink = SinkId::new("webhook", "w");
        let id = DeliveryId::of_notice("blind", &sink);
        let body = of(&Delivery::open(id, sink, Body::Notice(notice), at, at));
        let json: Json = serde_json::from_slice(&body).unwrap();
        assert!(body.len() < MOST && json["data"]["text"].as_str().unwrap().len() > 1000);
    }
}
