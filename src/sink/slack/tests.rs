use super::*;
use crate::model::delivery::EXCERPTS;
use crate::sink::classify::tests::{answer, kind};
use crate::sink::message::tests::{delivery, excerpt};

fn payload() -> Json {
    full(&Message::of(&delivery(vec![excerpt()]), &TimeZone::UTC, Repeats::Shown))
}

#[test]
fn every_answer_has_one_meaning() {
    let cases: &[(u16, Option<&str>, &str, &str)] = &[
        (200, None, "ok", "sent"),
        (200, None, "ok\n", "sent"),
        (200, None, "<html>Sign in to the airport</html>", "ambiguous"),
        (200, None, "", "ambiguous"),
        (200, None, r#"{"ok":true}"#, "ambiguous"),
        (200, None, r#"{"ok":false,"error":"no_service"}"#, "broken"),
        (200, None, r#"{"ok":false,"error":"ratelimited"}"#, "wait 5"),
        (202, None, "ok", "ambiguous"),
        (204, None, "", "ambiguous"),
        (302, None, "", "broken"),
        (400, None, "invalid_payload", "refused"),
        (400, None, "invalid_blocks", "refused"),
        (400, None, "invalid_blocks_format", "refused"),
        (400, None, "msg_blocks_too_long", "refused"),
        (400, None, "no_text", "refused"),
        (400, None, "too_many_attachments", "refused"),
        (400, None, "user_not_found", "broken"),
        (400, None, "something_new", "refused"),
        (403, None, "action_prohibited", "broken"),
        (403, None, "posting_to_general_channel_denied", "broken"),
        (403, None, "invalid_token", "broken"),
        (403, None, "team_disabled", "broken"),
        (404, None, "channel_not_found", "broken"),
        (404, None, "no_service", "broken"),
        (404, None, "no_service_id", "broken"),
        (404, None, "no_team", "broken"),
        (404, None, "no_active_hooks", "broken"),
        (404, None, "", "broken"),
        (410, None, "channel_is_archived", "broken"),
        (413, None, "", "refused"),
        (429, Some("30"), r#"{"retry_after":1,"ok":false,"error":"rate_limited"}"#, "wait 30"),
        (429, None, r#"{"retry_after":7,"ok":false,"error":"rate_limited"}"#, "wait 7"),
        (429, None, "", "wait 5"),
        (429, None, "invalid_token", "wait 5"),
        (500, None, "rollup_error", "ambiguous"),
        (500, None, "", "ambiguous"),
        (503, Some("9"), "", "wait 9"),
        (503, None, "service_unavailable", "ambiguous"),
        (418, None, "", "ambiguous"),
    ];
    for (status, wait, body, expected) in cases {
        let verdict = judge(&answer(*status, *wait, body), Timestamp::UNIX_EPOCH);
        assert_eq!(kind(&verdict), *expected, "{status} {body}");
    }
}

#[test]
fn an_answer_is_never_repeated_in_an_error() {
    for status in [200, 302, 400, 403, 404, 418, 429, 500] {
        let error = judge(&answer(status, None, "hunter2 <!channel>"), Timestamp::UNIX_EPOCH).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
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
            found.rule = long.clone();
            found.hits[0].form = long.clone();
        }
        let mut delivery = delivery(vec![post; EXCERPTS]);
        delivery.uncertain = true;
        let message = Message::of(&delivery, &TimeZone::UTC, Repeats::Shown);
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

#[test]
fn only_an_incoming_webhook_is_an_address() {
    for good in ["https://hooks.slack.com/services/T/B/x", "http://127.0.0.1:9/services/a", "http://[::1]/a"]
    {
        assert_eq!(check(&good.parse().unwrap()), Ok(()), "{good}");
    }
    let why = |text: &str| check(&text.parse().unwrap()).unwrap_err();
    assert!(why("https://hooks.slack.com/triggers/T/1/x").contains("workflow"));
    assert!(why("https://hooks.slack.com/workflows/T/1/x").contains("workflow"));
    assert!(why("http://hooks.slack.com/services/T/B/x").contains("https"));
    assert!(why("http://127.0.0.1.example.org/services/T/B/x").contains("https"));
}
