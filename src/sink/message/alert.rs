//! What people are told of a story.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use url::Url;

use super::quote::{clip, one_line, passage};
use super::{Detail, Link, Message, detail, digest, when};
use crate::model::delivery::{Again, Alert, DeliveryId, Excerpt};
use crate::model::matched::{Field, Hit, Match, Severity};
use crate::model::post::Platform;

/// The parts of a message that tells `alert` and goes out at `sent`, if that is known.
pub fn message(alert: &Alert, id: &DeliveryId, sent: Option<Timestamp>, timezone: &TimeZone) -> Message {
    let first = alert.excerpts.first();
    let severity = alert.severity.as_str().to_uppercase();
    let mut details: Vec<Detail> = digest::again(alert).into_iter().collect();
    if let Some(first) = first {
        let reason = loudest(alert, first);
        details.extend(reason.map(why));
        details.extend(also_met(alert, reason));
        details.extend(when::lines(first, sent, timezone));
        details.extend(first.lang.as_deref().map(|lang| detail("Language", one_line(lang, 40))));
    }
    details.extend(further(alert));
    details.retain(|detail| !detail.text.is_empty());
    details.push(detail("Alert", short(id)));
    Message {
        severity: Some(alert.severity),
        // Copies of what was told, and what may be looked at some day, are worth no sound.
        wakes: alert.severity > Severity::Low && alert.again != Some(Again::Copies),
        heading: clip(&format!("{severity} · {}", headline(alert)), 150),
        who: first.map(who),
        quote: first.map(passage).unwrap_or_default(),
        link: first.and_then(|first| link(first.url.as_deref()?)),
        details,
        ..Message::default()
    }
}

/// The first digits of an id: enough to recognise it, few enough to say it.
pub(super) fn short(id: &DeliveryId) -> String {
    id.as_str().chars().take(8).collect()
}

/// The first post's title; where it has none, the rule that speaks loudest.
fn headline(alert: &Alert) -> String {
    let title = alert.excerpts.first().and_then(|first| first.title.as_deref());
    if let Some(title) = title.map(|title| one_line(title, 140)).filter(|title| !title.is_empty()) {
        return title;
    }
    let name = |found: &Match| one_line(found.rule.rsplit('/').next().unwrap_or(""), 140);
    alert.excerpts.first().and_then(|first| loudest(alert, first)).map_or_else(|| "match".to_owned(), name)
}

/// The match that explains the alert best: of the first post if it is as grave as the alert, otherwise of any.
pub(super) fn loudest<'a>(alert: &'a Alert, first: &'a Excerpt) -> Option<&'a Match> {
    let matches = || alert.excerpts.iter().flat_map(|excerpt| &excerpt.matches);
    matches().find(|found| found.severity == alert.severity).or_else(|| first.matches.first())
}

/// Words from outside in one line.
pub(super) fn line(text: &str) -> String {
    one_line(text, 200)
}

fn who(excerpt: &Excerpt) -> String {
    let first = format!("{} {}", author(&excerpt.author), place(&excerpt.platform));
    let original = excerpt.repost_of.as_deref().map(|original| format!("reposting {}", author(original)));
    let edited = excerpt.edited.then(|| "edited".to_owned());
    [Some(first), original, edited].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

pub(super) fn author(name: &str) -> String {
    match one_line(name, 100) {
        name if name.is_empty() || name == "?" => "an unknown author".to_owned(),
        name => name,
    }
}

pub(super) fn place(platform: &Platform) -> String {
    match platform.as_str() {
        "x" => "on X".to_owned(),
        "bluesky" => "on Bluesky".to_owned(),
        "mastodon" => "on Mastodon".to_owned(),
        "telegram" => "on Telegram".to_owned(),
        "feed" => "in a feed".to_owned(),
        "file" => "in a file".to_owned(),
        other => format!("on {other}"),
    }
}

/// A rule and the words that met it: `list/rule: “weapons” (materiel), “Mali” (recipient, in title)`.
fn why(found: &Match) -> Detail {
    let mut told = BTreeSet::new();
    let words: Vec<String> =
        found.hits.iter().map(word).filter(|word| told.insert(word.to_lowercase())).take(8).collect();
    let rule = one_line(&found.rule, 120);
    let text = if words.is_empty() { rule } else { format!("{rule}: {}", words.join(", ")) };
    detail("Why", text)
}

fn word(hit: &Hit) -> String {
    let form = one_line(&hit.form, 60);
    let concept = hit.concept.as_deref().map(|name| one_line(name, 40));
    let field = match hit.field {
        Field::Text => None,
        Field::Title => Some("in title".to_owned()),
        Field::Warning => Some("in warning".to_owned()),
        Field::Quote => Some("in the quoted post".to_owned()),
        Field::Media(_) => Some("in a picture's description".to_owned()),
        Field::Link(_) => Some("in a link".to_owned()),
    };
    let notes: Vec<String> = concept.into_iter().chain(field).collect();
    if notes.is_empty() { format!("“{form}”") } else { format!("“{form}” ({})", notes.join(", ")) }
}

/// The other rules that its posts met.
fn also_met(alert: &Alert, reason: Option<&Match>) -> Option<Detail> {
    let rules: BTreeSet<&str> =
        alert.excerpts.iter().flat_map(|excerpt| &excerpt.matches).map(|found| &*found.rule).collect();
    let others = rules.into_iter().filter(|rule| reason.is_none_or(|reason| *reason.rule != **rule));
    let names: Vec<String> = others.take(5).map(|rule| one_line(rule, 120)).collect();
    (!names.is_empty()).then(|| detail("Also met", names.join(", ")))
}

/// How many more posts tell it, and whose.
fn further(alert: &Alert) -> Option<Detail> {
    let count = alert.posts.saturating_sub(1);
    if count == 0 {
        return None;
    }
    let mut told = BTreeSet::new();
    let others: Vec<String> =
        alert.excerpts.iter().skip(1).map(who).filter(|who| told.insert(who.clone())).collect();
    let hidden = alert.posts as usize - alert.excerpts.len().clamp(1, alert.posts as usize);
    let more = (hidden > 0 && !others.is_empty()).then(|| format!("{hidden} more"));
    let names: Vec<String> = others.into_iter().chain(more).collect();
    let text = if names.is_empty() { count.to_string() } else { format!("{count} ({})", names.join("; ")) };
    Some(detail("Further posts", clip(&text, 1000)))
}

/// The link in `address`, if it is one that people may follow.
pub(super) fn link(address: &str) -> Option<Link> {
    let mut url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    // A name before the host passes for one: https://x.com@elsewhere.example.
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    let host = url.host_str()?;
    let host = host.strip_prefix("www.").unwrap_or(host);
    let label = format!("Read it on {}", clip(host, 80));
    let url = url.as_str().replace('|', "%7C").replace('<', "%3C").replace('>', "%3E").replace(' ', "%20");
    (url.len() <= 2000).then_some(Link { url, label })
}
