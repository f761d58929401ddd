mod outside;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::model::delivery::{Again, Alert, Body, Delivery, DeliveryId, Excerpt, Notice};
use crate::model::matched::{Field, Hit, Match};
use crate::model::post::{Content, Platform, Post, PostKey};
use crate::model::sink::SinkId;
use crate::model::story::StoryId;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An invented post that was found by two words.
pub fn excerpt() -> Excerpt {
    let text = "Partner nation delivers military assistance to Burkina Faso, says @press & <staff>";
    let hit = |concept: &str, form: &str| {
        let start = text.find(form).unwrap();
        let (term, form) = (form.to_lowercase().into(), form.to_owned());
        let end = start + form.len();
        Hit { concept: Some(concept.into()), term, form, field: Field::Text, start, end }
    };
    let found = Match {
        rule: "sahel/arms-delivery".into(),
        severity: Severity::High,
        hits: vec![hit("materiel", "military assistance"), hit("recipient", "Burkina Faso")],
    };
    let post = Post {
        author: "LookoutDaily".into(),
        url: Some("https://x.com/LookoutDaily/status/1".into()),
        lang: Some("en".into()),
        posted_at: Some(at("2025-04-30T20:39:17Z")),
        ..Post::new(Platform::X, "1", text)
    };
    Excerpt::of(&post, &[found], false, at("2025-04-30T20:40:02Z"))
}

/// A delivery of one story with these posts.
pub fn delivery(excerpts: Vec<Excerpt>) -> Delivery {
    let story = StoryId::opened_by(PostKey::of(&Platform::X, "1"), Content([1; 8]));
    let (sink, now) = (SinkId::new("slack", "desk"), at("2025-04-30T20:40:03Z"));
    let posts = excerpts.len() as u32;
    let id = DeliveryId::of_story(&story, &sink, 1);
    let alert = Alert { story, severity: Severity::High, again: None, posts, excerpts };
    Delivery::open(id, sink, Body::Alert(alert), now, now)
}

fn paris() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap()
}

/// A message of a channel that recognises no repeats.
fn message_of(delivery: &Delivery, timezone: TimeZone) -> Message {
    Voice::new(timezone, SignedDuration::ZERO).message(delivery)
}

/// The message of a post that says this, in UTC.
pub fn saying(text: &str) -> Message {
    let post = Excerpt { text: text.to_owned(), matches: Vec::new(), ..excerpt() };
    message_of(&delivery(vec![post]), TimeZone::UTC)
}

fn told(excerpts: Vec<Excerpt>) -> Message {
    message_of(&delivery(excerpts), paris())
}

fn line(message: &Message, label: &str) -> Option<String> {
    message.details.iter().find(|detail| detail.label == label).map(|detail| detail.text.clone())
}

#[test]
fn the_most_important_stands_first_and_the_post_is_marked_as_such() {
    assert_eq!(
        told(vec![excerpt()]).plain(),
        "HIGH · arms-delivery
LookoutDaily on X
> Partner nation delivers military assistance to Burkina Faso, says @press & <staff>
https://x.com/LookoutDaily/status/1
Why: sahel/arms-delivery: “military assistance” (materiel), “Burkina Faso” (recipient)
Time: posted 2025-04-30 22:39:17 → seen 22:40:02 (UTC+02:00)
Language: en
Alert 3"
            .replace("Alert 3", &format!("Alert: {}", &delivery(vec![]).id.as_str()[..8]))
    );
}

#[test]
fn a_repost_tells_both_names_an_edit_is_named_and_a_title_is_the_headline() {
    let mut post = excerpt();
    (post.repost_of, post.edited, post.title) = (Some("Ministry".into()), true, Some("Arms\nfor all".into()));
    let message = told(vec![post]);
    assert_eq!(message.who.as_deref(), Some("LookoutDaily on X, reposting Ministry, edited"));
    assert_eq!(message.heading, "HIGH · Arms for all");
}

#[test]
fn a_nameless_author_is_said_to_be_unknown() {
    let mut post = excerpt();
    (post.author, post.repost_of) = (" \u{202e}".into(), Some("?".into()));
    assert_eq!(told(vec![post]).who.unwrap(), "an unknown author on X, reposting an unknown author");
}

#[test]
fn further_posts_are_counted_and_named_once() {
    let other = |author: &str| Excerpt { author: author.into(), ..excerpt() };
    let mut delivery = delivery(vec![excerpt(), other("B"), other("C"), other("B")]);
    let Body::Alert(alert) = &mut delivery.body else { panic!("an alert") };
    alert.posts = 14;
    alert.excerpts[2].matches[0].rule = "sahel/other".into();
    let message = message_of(&delivery, paris());
    assert_eq!(line(&message, "Further posts").unwrap(), "13 (B on X; C on X; 10 more)");
    assert_eq!(line(&message, "Also met").unwrap(), "sahel/other");
    assert_eq!(line(&told(vec![excerpt()]), "Further posts"), None);
}

#[test]
fn an_alert_without_excerpts_still_says_what_it_knows() {
    let mut delivery = delivery(Vec::new());
    for posts in [0, 1, 3] {
        let Body::Alert(alert) = &mut delivery.body else { panic!("an alert") };
        alert.posts = posts;
        let message = message_of(&delivery, paris());
        assert_eq!((message.heading.as_str(), message.quote.len()), ("HIGH · match", 0));
        assert_eq!(line(&message, "Further posts"), (posts == 3).then(|| "2".to_owned()));
    }
}

#[test]
fn a_repeat_is_marked_only_where_the_channel_does_not_recognise_it() {
    let (never, day) = (SignedDuration::ZERO, SignedDuration::from_hours(24));
    for (uncertain, later, memory, marked) in [
        (false, day, never, false),
        (true, SignedDuration::ZERO, never, true),
        (true, SignedDuration::from_hours(23), day, false),
        (true, day, day, true),
        (false, day, day, false),
    ] {
        let mut delivery = delivery(vec![excerpt()]);
        delivery.uncertain = uncertain;
        delivery.seal(None, at("2025-04-30T20:40:03Z"));
        delivery.seal(None, at("2025-04-30T20:40:03Z") + later);
        let message = Voice::new(paris(), memory).message(&delivery);
        assert_eq!(message.repeat.is_some(), marked, "{uncertain} {later:?} {memory:?}");
        assert_eq!(message.plain().contains("Possible repeat"), marked);
    }
}

#[test]
fn only_what_is_worth_a_sound_makes_one() {
    let wakes = |severity, again| {
        let mut delivery = delivery(vec![excerpt()]);
        let Body::Alert(alert) = &mut delivery.body else { panic!("an alert") };
        (alert.severity, alert.again) = (severity, again);
        message_of(&delivery, paris()).wakes
    };
    assert!(!wakes(Severity::Low, None) && wakes(Severity::Medium, None) && wakes(Severity::High, None));
    assert!(!wakes(Severity::High, Some(Again::Copies)) && wakes(Severity::Medium, Some(Again::Wording)));
}

#[test]
fn times_show_the_date_the_offset_and_how_late() {
    let times = |posted: Option<&str>, seen: &str, zone: &str| {
        let mut post = excerpt();
        (post.posted_at, post.seen_at) = (posted.map(at), at(seen));
        let message = message_of(&delivery(vec![post]), TimeZone::get(zone).unwrap());
        (line(&message, "Time").unwrap(), line(&message, "Late"))
    };
    let late = |text: &str| Some(format!("seen {text} after it was posted"));
    let cases = [
        (
            Some("2025-04-30T23:10:00Z"),
            "2025-04-30T23:40:00Z",
            "UTC",
            "posted 2025-04-30 23:10:00 → seen 23:40:00 (UTC)",
            None,
        ),
        (
            Some("2025-04-30T23:10:00Z"),
            "2025-05-01T00:11:00Z",
            "UTC",
            "posted 2025-04-30 23:10:00 → seen 2025-05-01 00:11:00 (UTC)",
            late("1 h 1 min"),
        ),
        (
            Some("2025-04-30T23:10:00Z"),
            "2025-05-03T01:11:00Z",
            "Asia/Kathmandu",
            "posted 2025-05-01 04:55:00 → seen 2025-05-03 06:56:00 (UTC+05:45)",
            late("2 d 2 h"),
        ),
        (
            Some("2025-10-26T00:30:00Z"),
            "2025-10-26T01:01:00Z",
            "Europe/Paris",
            "posted 2025-10-26 02:30:00 (UTC+02:00) → seen 02:01:00 (UTC+01:00)",
            late("31 min"),
        ),
        (
            Some("2026-01-01T00:00:00Z"),
            "2025-04-30T12:00:00Z",
            "UTC",
            "posted 2026-01-01 00:00:00 → seen 2025-04-30 12:00:00 (UTC)",
            None,
        ),
        (None, "2025-04-30T12:00:00Z", "America/New_York", "seen 2025-04-30 08:00:00 (UTC-04:00)", None),
    ];
    for (posted, seen, zone, time, late) in cases {
        assert_eq!(times(posted, seen, zone), (time.to_owned(), late), "{posted:?} {seen}");
    }
}

#[test]
fn an_alert_tells_when_it_was_sent_and_what_kept_it() {
    let mut delivery = delivery(vec![excerpt()]);
    let times = |delivery: &Delivery| {
        let message = message_of(delivery, paris());
        (line(&message, "Time").unwrap(), line(&message, "Late"))
    };
    delivery.seal(None, at("2025-04-30T20:40:05Z"));
    assert_eq!(
        times(&delivery),
        ("posted 2025-04-30 22:39:17 → seen 22:40:02 → sent 22:40:05 (UTC+02:00)".into(), None)
    );
    delivery.seal(None, at("2025-05-01T05:00:00Z"));
    let (time, late) = times(&delivery);
    assert_eq!(time, "posted 2025-04-30 22:39:17 → seen 22:40:02 → sent 2025-05-01 07:00:00 (UTC+02:00)");
    assert_eq!(late.unwrap(), "sent 8 h 19 min after it was seen");
}

#[test]
fn the_short_form_stays_short() {
    let long = |c: &str| c.repeat(3000);
    for c in ["a", "💣", "\"", "a\n"] {
        let post = Excerpt {
            text: long(c),
            author: long(c),
            title: Some(long(c)),
            repost_of: Some(long(c)),
            url: Some(format!("https://x.com/{}", "a".repeat(1500))),
            ..excerpt()
        };
        let message = told(vec![post]);
        let brief = message.brief();
        assert!(brief.encode_utf16().count() <= 1500 && brief.starts_with("HIGH · "), "{brief}");
        assert!(brief.contains("Alert: "), "{brief}");
        assert!(message.heading.encode_utf16().count() <= 150);
    }
}

#[test]
fn a_notice_says_what_happened_and_when() {
    let at = at("2025-04-30T20:00:00Z");
    let notice = |title: &str, text: &str| Notice { title: title.into(), text: text.into(), at };
    let message = |notice| {
        let sink = SinkId::new("slack", "ops");
        let id = DeliveryId::of_notice("blind", &sink);
        message_of(&Delivery::open(id, sink, Body::Notice(notice), at, at), paris())
    };
    let blind = message(notice("Blind: x.hub", "401 since 21:10.\nRenew the token."));
    let plain = blind.plain();
    let expected =
        "Blind: x.hub\n401 since 21:10.\nRenew the token.\nTime: 2025-04-30 22:00:00 (UTC+02:00)\nNotice: ";
    assert_eq!(plain[..plain.len() - 8], *expected);
    assert_eq!(message(notice("", "")).heading, "vigie");
    assert!(message(notice("t", &"a\n".repeat(9000))).text[0].text.encode_utf16().count() <= 2800);
}
