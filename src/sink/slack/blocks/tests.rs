use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::*;
use crate::model::delivery::EXCERPTS;
use crate::sink::message::Voice;
use crate::sink::message::tests::{delivery, excerpt};

fn voice() -> Voice {
    Voice::new(TimeZone::UTC, SignedDuration::ZERO)
}

fn payload() -> Json {
    full(&voice().message(&delivery(vec![excerpt()])))
}

#[test]
fn an_alert_is_laid_out_in_blocks_that_parse_nothing() {
    let payload = payload();
    let text = |text: &str| json!({"type": "text", "text": text});
    let bold = |text: &str| json!({"type": "text", "text": text, "style": {"bold": true}});
    assert_eq!(payload["blocks"][0]["text"]["text"], "HIGH · arms-delivery");
    let parts = &payload["blocks"][1]["elements"];
    assert_eq!(parts[0]["elements"], json!([text("LookoutDaily on X")]));
    assert_eq!(
        parts[1],
        json!({"type": "rich_text_quote", "elements": [
            text("Partner nation delivers "),
            bold("military assistance"),
            text(" to "),
            bold("Burkina Faso"),
            text(", says @press & <staff>"),
        ]})
    );
    let link = json!({
        "type": "link", "url": "https://x.com/LookoutDaily/status/1", "text": "Read it on x.com"
    });
    assert_eq!(parts[2]["elements"], json!([link]));
    assert_eq!(parts[3]["elements"][0]["text"], "Why: ");
    assert_eq!((&payload["unfurl_links"], &payload["unfurl_media"]), (&json!(false), &json!(false)));
    assert!(payload["text"].as_str().unwrap().contains("\n&gt; Partner nation delivers"));
    assert!(payload["text"].as_str().unwrap().contains("@press &amp; &lt;staff&gt;"));
}

/// All strings that Slack counts as text.
fn texts(json: &Json, found: &mut Vec<String>) {
    match json {
        Json::Object(fields) => fields.iter().for_each(|(key, value)| match value {
            Json::String(text) if key == "text" => found.push(text.clone()),
            value => texts(value, found),
        }),
        Json::Array(all) => all.iter().for_each(|value| texts(value, found)),
        _ => {}
    }
}

#[test]
fn no_post_exceeds_slacks_limits_or_leaves_an_empty_text() {
    for c in ["&", "<!channel> ", "💣", "\n", "\u{1}", "字", "é\u{301}", "\u{202e}", ""] {
        let long = c.repeat(100_000 / c.len().max(1));
        let mut post = excerpt();
        post.url = Some(format!("https://x.com/{}", "|".repeat(300)));
        (post.text, post.author) = (long.clone(), long.clone());
        (post.title, post.lang, post.repost_of) =
            (Some(long.clone()), Some(long.clone()), Some(long.clone()));
        for found in &mut post.matches {
            found.rule = long.clone().into();
            found.hits[0].form = long.clone();
        }
        let mut delivery = delivery(vec![post; EXCERPTS]);
        delivery.uncertain = true;
        let message = voice().message(&delivery);
        let payload = full(&message);
        let fallback = payload["text"].as_str().unwrap();
        assert!(fallback.encode_utf16().count() <= 3900);
        assert!(!fallback.contains("<!"), "{fallback}");
        let mut found = Vec::new();
        texts(&payload["blocks"], &mut found);
        assert!(found.iter().all(|text| !text.is_empty()), "{c:?}: {found:?}");
        let all: String = found.concat();
        assert!(escaped(&all, usize::MAX).encode_utf16().count() <= 12_000, "{c:?}");
        assert!(payload["blocks"][0]["text"]["text"].as_str().unwrap().encode_utf16().count() <= 150);
        assert!(!brief(&message)["text"].as_str().unwrap().contains("<!"));
    }
}

#[test]
fn only_three_characters_are_escaped_and_the_limit_counts_the_escapes() {
    assert_eq!(escaped("<@U1> & \"x\" 'y'", 100), "&lt;@U1&gt; &amp; \"x\" 'y'");
    assert_eq!(escaped("a&b", 7), "a&amp;…");
    assert_eq!(escaped("a&b", 8), "a&amp;b");
    assert_eq!(escaped("💣💣", 4), "💣…");
}
