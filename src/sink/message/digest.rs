//! Many stories in one message.

use jiff::tz::TimeZone;

use super::alert::{author, link, place, short};
use super::quote::{clip, one_line};
use super::{Detail, Entry, Message, detail, when};
use crate::model::delivery::{Again, Alert, DeliveryId, Digest, Item, Occasion};
use crate::model::matched::Severity;

/// The parts of a message that tells `digest`.
pub fn message(digest: &Digest, id: &DeliveryId, timezone: &TimeZone) -> Message {
    let severity = digest.severity.as_str().to_uppercase();
    let (stories, posts) = (count(digest.stories, "story", "stories"), count(digest.posts, "post", "posts"));
    let occasion = occasion(digest.occasion);
    let span = format!("{} → {}", when::full(digest.from, timezone), when::full(digest.until, timezone));
    let more = digest.stories.saturating_sub(digest.items.len() as u32);
    let more = (more > 0).then(|| detail("Not shown", count(more, "more story", "more stories")));
    let details = [more, Some(detail("Filed", span)), Some(detail("Digest", short(id)))];
    Message {
        severity: Some(digest.severity),
        wakes: digest.severity >= Severity::High,
        heading: clip(&format!("{severity} · digest: {stories}, {posts} {occasion}"), 150),
        entries: digest.items.iter().map(entry).collect(),
        details: details.into_iter().flatten().collect(),
        ..Message::default()
    }
}

/// Why an alert's story speaks again.
pub fn again(alert: &Alert) -> Option<Detail> {
    Some(detail("News", told_again(alert.again?, alert.severity.as_str())))
}

fn told_again(again: Again, severity: &str) -> String {
    match again {
        Again::Copies => "further posts of a story told before".to_owned(),
        Again::Wording => "a second source, in other words".to_owned(),
        Again::Edit => "an edit says more than before".to_owned(),
        Again::Raised { from } => format!("raised from {from} to {severity}"),
    }
}

fn occasion(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Quiet => "during quiet hours",
        Occasion::Limit => "beyond the hour's limit",
        Occasion::Burst => "at once",
        Occasion::Outage => "after an outage of this channel",
    }
}

fn count(n: u32, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

fn entry(item: &Item) -> Entry {
    let Item { severity, again, posts, excerpt, .. } = item;
    let rule = excerpt.matches.first().map(|found| found.rule.rsplit('/').next().unwrap_or(""));
    let words = excerpt.title.as_deref().filter(|title| !title.is_empty()).unwrap_or(&excerpt.text);
    let notes = again.map(|again| told_again(again, severity.as_str())).into_iter();
    let notes: Vec<String> = notes.chain((*posts > 1).then(|| format!("{posts} posts"))).collect();
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    let (author, place) = (author(&excerpt.author), place(&excerpt.platform));
    Entry {
        label: format!("{} · {}", severity.as_str().to_uppercase(), one_line(rule.unwrap_or("match"), 60)),
        text: format!("{author} {place}: {}{notes}", one_line(words, 140)),
        // A link cut short leads nowhere; better none.
        link: excerpt.url.as_deref().and_then(link).filter(|link| link.url.len() <= 300),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::model::delivery::{Body, Delivery};
    use crate::sink::message::Voice;
    use crate::sink::message::tests::{delivery, excerpt};

    #[test]
    fn a_digest_says_why_and_how_many_and_shows_the_top_ones() {
        let mut first = delivery(vec![excerpt(), excerpt()]);
        let Body::Alert(alert) = &mut first.body else { panic!("an alert") };
        alert.again = Some(Again::Raised { from: Severity::Low });
        let mut digest = Digest::empty(Occasion::Quiet, first.created_at);
        (0..12).for_each(|_| digest.absorb(alert.clone(), first.created_at));
        let digest = Delivery { body: Body::Digest(digest), ..first };
        let message = Voice::new(TimeZone::UTC, SignedDuration::ZERO).message(&digest);
        assert_eq!(message.heading, "HIGH · digest: 12 stories, 24 posts during quiet hours");
        let plain = message.plain();
        assert_eq!(
            plain.lines().skip(1).take(2).collect::<Vec<_>>(),
            [
                "• HIGH · arms-delivery · LookoutDaily on X: Partner nation delivers military assistance to Burkina \
                 Faso, says @press & <staff> (raised from low to high, 2 posts)",
                "  https://x.com/LookoutDaily/status/1"
            ]
        );
        assert!(plain.contains("\nNot shown: 2 more stories\nFiled: "), "{plain}");
        assert!(message.brief().encode_utf16().count() <= 1500);
    }
}
