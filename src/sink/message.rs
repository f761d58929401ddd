//! What people read: all of vigie's own words to them, in neutral parts that every channel lays out its own way.
//!
//! A phone shows the first lines only, so the most important stands first and lines are short. Text from outside is
//! bounded, freed of controls and kept apart from vigie's words; escaping it is the channel's part.

mod digest;
mod quote;
mod when;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use url::Url;

pub use quote::Segment;
use quote::{clip, one_line, passage};

use crate::model::delivery::{Alert, Body, Delivery, DeliveryId, Excerpt, Notice};
use crate::model::matched::{Field, Hit, Match, Severity};
use crate::model::post::Platform;

/// A message's parts, the most important first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How much it matters; none of a notice.
    pub severity: Option<Severity>,
    /// Severity and headline, one line of at most 150 UTF-16 units.
    pub heading: String,
    /// That it may have been read before.
    pub repeat: Option<&'static str>,
    /// Who and where, one line; none of a notice.
    pub who: Option<String>,
    /// The post's own words; empty for a notice.
    pub quote: Vec<Segment>,
    /// A notice's text.
    pub text: Option<String>,
    /// Where to read the post.
    pub link: Option<Link>,
    /// Why, when and what else, a line each.
    pub details: Vec<Detail>,
}

/// A link fit to be followed: `http` or `https`, without credentials, percent-encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The address.
    pub url: String,
    /// What to call it; names the host, so that nobody follows it blindly.
    pub label: String,
}

/// A line of explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// vigie's word for it.
    pub label: &'static str,
    /// What it says, in one line; may hold words from outside.
    pub text: String,
}

/// Whether the channel recognises a delivery that comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// It does, for so long; then people are told where one may come twice.
    RecognisedFor(SignedDuration),
    /// It does not; people are told where one may come twice.
    Shown,
}

/// What a piece of a laid-out message is, for a channel that colours it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The first line.
    Heading,
    /// vigie's own words beside the matter.
    Label,
    /// Whatever else.
    Plain,
    /// Words that matched.
    Hit,
    /// An address.
    Link,
}

impl Message {
    /// What `delivery` says to people who live in `timezone`.
    pub fn of(delivery: &Delivery, timezone: &TimeZone, repeats: Repeats) -> Self {
        let mut message = match &delivery.body {
            Body::Alert(alert) => Self::of_alert(alert, &delivery.id, timezone),
            Body::Digest(digest) => digest::message(digest, &delivery.id, timezone),
            Body::Notice(notice) => Self::of_notice(notice, &delivery.id, timezone),
        };
        let repeats = match repeats {
            Repeats::RecognisedFor(memory) => delivery.may_repeat(memory),
            Repeats::Shown => delivery.uncertain,
        };
        if repeats {
            message.repeat = Some("Possible repeat: an earlier attempt may have arrived.");
        }
        message
    }

    fn of_alert(alert: &Alert, id: &DeliveryId, timezone: &TimeZone) -> Self {
        let first = alert.excerpts.first();
        let severity = alert.severity.as_str().to_uppercase();
        let mut details: Vec<Detail> = digest::again(alert).into_iter().collect();
        if let Some(first) = first {
            let reason = loudest(alert, first);
            details.extend(reason.map(why));
            details.extend(also_met(alert, reason));
            details.extend(when::lines(first, timezone));
            details.extend(first.lang.as_deref().map(|lang| detail("Language", one_line(lang, 40))));
        }
        details.extend(further(alert));
        details.retain(|detail| !detail.text.is_empty());
        details.push(detail("Alert", short(id)));
        Self {
            severity: Some(alert.severity),
            heading: clip(&format!("{severity} · {}", headline(alert)), 150),
            repeat: None,
            who: first.map(who),
            quote: first.map(passage).unwrap_or_default(),
            text: None,
            link: first.and_then(|first| link(first.url.as_deref()?)),
            details,
        }
    }

    fn of_notice(notice: &Notice, id: &DeliveryId, timezone: &TimeZone) -> Self {
        let title = one_line(&notice.title, 150);
        Self {
            severity: None,
            heading: if title.is_empty() { "vigie".to_owned() } else { title },
            repeat: None,
            who: None,
            quote: Vec::new(),
            text: Some(quote::paragraphs(&notice.text, 2800)),
            link: None,
            details: vec![detail("Time", when::full(notice.at, timezone)), detail("Notice", short(id))],
        }
    }

    /// The message with every line of the post marked by `>`, so that no post passes its words off as vigie's.
    pub fn plain(&self) -> String {
        self.layout(|_, text| text.to_owned())
    }

    /// The plain message, each piece as `paint` makes it.
    pub fn layout(&self, paint: impl Fn(Role, &str) -> String) -> String {
        let mut lines = vec![paint(Role::Heading, &self.heading)];
        lines.extend(self.repeat.map(|repeat| paint(Role::Label, repeat)));
        lines.extend(self.who.as_deref().map(|who| paint(Role::Plain, who)));
        lines.extend(self.text.as_deref().map(|text| paint(Role::Plain, text)));
        if !self.quote.is_empty() {
            lines.push(quoted(&self.quote, &paint));
        }
        lines.extend(self.link.as_ref().map(|link| paint(Role::Link, &link.url)));
        let detail = |detail: &Detail| {
            format!(
                "{} {}",
                paint(Role::Label, &format!("{}:", detail.label)),
                paint(Role::Plain, &detail.text)
            )
        };
        lines.extend(self.details.iter().map(detail));
        lines.join("\n")
    }

    /// The bare minimum, for a channel that refused the whole: at most 1500 UTF-16 units, no markup, nothing rare.
    pub fn brief(&self) -> String {
        let said: String = self.quote.iter().map(|segment| segment.text.as_str()).collect();
        let short = Self {
            who: self.who.as_deref().map(|who| clip(who, 150)),
            text: self.text.as_deref().map(|text| clip(text, 600)),
            quote: Segment::plain(clip(&said, 600)),
            link: self.link.clone().filter(|link| link.url.len() <= 400),
            details: self.details.last().cloned().into_iter().collect(),
            ..self.clone()
        };
        clip(&short.plain(), 1500)
    }
}

/// The post's words with every line marked.
fn quoted(segments: &[Segment], paint: &impl Fn(Role, &str) -> String) -> String {
    let mut text = paint(Role::Label, "> ");
    for segment in segments {
        let role = if segment.hit { Role::Hit } else { Role::Plain };
        for (n, line) in segment.text.split('\n').enumerate() {
            if n > 0 {
                text.push('\n');
                text += &paint(Role::Label, "> ");
            }
            if !line.is_empty() {
                text += &paint(role, line);
            }
        }
    }
    text
}

fn detail(label: &'static str, text: String) -> Detail {
    Detail { label, text }
}

/// The first digits of an id: enough to recognise it, few enough to say it.
fn short(id: &DeliveryId) -> String {
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
fn loudest<'a>(alert: &'a Alert, first: &'a Excerpt) -> Option<&'a Match> {
    let matches = || alert.excerpts.iter().flat_map(|excerpt| &excerpt.matches);
    matches().find(|found| found.severity == alert.severity).or_else(|| first.matches.first())
}

fn who(excerpt: &Excerpt) -> String {
    let first = format!("{} {}", author(&excerpt.author), place(&excerpt.platform));
    let original = excerpt.repost_of.as_deref().map(|original| format!("reposting {}", author(original)));
    let edited = excerpt.edited.then(|| "edited".to_owned());
    [Some(first), original, edited].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn author(name: &str) -> String {
    match one_line(name, 100) {
        name if name.is_empty() || name == "?" => "an unknown author".to_owned(),
        name => name,
    }
}

fn place(platform: &Platform) -> String {
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
        alert.excerpts.iter().flat_map(|excerpt| &excerpt.matches).map(|found| found.rule.as_str()).collect();
    let others = rules.into_iter().filter(|rule| reason.is_none_or(|reason| reason.rule != *rule));
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
fn link(address: &str) -> Option<Link> {
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

#[cfg(test)]
pub(super) mod tests;
