use vigie::model::delivery::Again;

use super::*;

pub const WEBHOOK: Channel = Channel {
    kind: "slack",
    table: |_| "url = { file = \"secret\" }".into(),
    secret: |url| url(&format!("/services/T000/B000/{MARKER}")),
    beside: |_| None,
    taken: || Reply::of(200, "ok"),
    id: |_| None,
    gone: &[410],
};

pub const APP: Channel = Channel {
    kind: "slack",
    table: |url| {
        let api = url("/api/");
        format!("token = {{ file = \"secret\" }}\nchannel = \"C024BE91L\"\napi = \"{api}\"")
    },
    secret: |_| format!("xoxb-{MARKER}\n"),
    beside: |call| match call.path.as_str() {
        "/api/auth.test" => Some(Reply::of(200, r#"{"ok":true,"team":"T<b>","user":"vigie"}"#)),
        "/api/conversations.info" => Some(Reply::of(200, r#"{"ok":true,"channel":{"is_member":true}}"#)),
        _ => None,
    },
    taken: || Reply::of(200, r#"{"ok":true,"channel":"C024BE91L","ts":"1700000000.000001"}"#),
    id: |_| None,
    gone: &[410],
};

fn text(call: &Call) -> String {
    call.json()["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_page_that_answers_in_slacks_stead_is_no_success() {
    for body in ["<html>Sign in</html>", "", "OK", r#"{"ok":true}"#] {
        let (_double, sink, _dir) = WEBHOOK.double(move |_, _| Reply::of(200, body));
        assert_eq!(kind(&send(&sink, &alert()).await), "ambiguous", "{body}");
    }
}

#[tokio::test]
async fn what_slack_refused_goes_as_text() {
    let (double, sink, _dir) = WEBHOOK.double(|_, _| Reply::of(200, "ok"));
    for plain in [false, true] {
        send(&sink, &Delivery { plain, ..alert() }).await.unwrap();
    }
    let calls = double.calls();
    assert!(calls[0].json()["blocks"].is_array() && calls[1].json()["blocks"].is_null());
    assert!(text(&calls[1]).contains("weapons and gear") && text(&calls[1]).contains("https://x.com/"));
}

#[tokio::test]
async fn an_app_posts_to_its_channel_with_its_token_and_learns_what_the_message_is_called() {
    let (double, sink, _dir) = APP.double(|_, _| (APP.taken)());
    let receipt = send(&sink, &alert()).await.unwrap();
    assert_eq!(receipt.id.as_deref(), Some("1700000000.000001"));
    let call = &double.calls()[0];
    assert_eq!(call.path, "/api/chat.postMessage");
    assert_eq!(call.header("authorization"), format!("Bearer xoxb-{MARKER}"));
    assert_eq!(call.json()["channel"], "C024BE91L");
}

#[tokio::test]
async fn what_a_story_says_again_answers_in_its_thread_and_beside_one_that_takes_no_answer() {
    let locked = r#"{"ok":false,"error":"restricted_action_thread_locked"}"#;
    let (double, sink, _dir) =
        APP.double(move |n, _| if n == 2 { Reply::of(200, locked) } else { (APP.taken)() });
    for again in [Again::Copies, Again::Wording, Again::Wording] {
        send(&sink, &posts::again(again, "1700000000.000001")).await.unwrap();
    }
    send(&sink, &posts::again(Again::Copies, "$not-of-slack")).await.unwrap();
    let calls: Vec<_> = double.calls().iter().map(Call::json).collect();
    let thread: serde_json::Value = "1700000000.000001".into();
    assert_eq!((&calls[0]["thread_ts"], &calls[0]["reply_broadcast"]), (&thread, &false.into()));
    assert_eq!((&calls[1]["thread_ts"], &calls[1]["reply_broadcast"]), (&thread, &true.into()));
    assert!(calls[3]["thread_ts"].is_null() && calls[3]["blocks"] == calls[2]["blocks"]);
    assert!(calls[4]["thread_ts"].is_null(), "another channel's name");
}

#[tokio::test]
async fn a_look_tells_what_is_wrong_with_the_token_or_the_channel() {
    let refused = |word: &str| Reply::of(200, &format!(r#"{{"ok":false,"error":"{word}"}}"#));
    let seen = |channel: &str| Reply::of(200, &format!(r#"{{"ok":true,"channel":{{{channel}}}}}"#));
    let cases = [
        ("auth.test", refused("token_revoked"), Err("token_revoked")),
        ("conversations.info", refused("channel_not_found"), Err("channel_not_found")),
        ("conversations.info", seen(r#""is_archived":true"#), Err("archived")),
        ("conversations.info", seen(r#""is_member":false"#), Ok("not in it")),
        ("conversations.info", refused("missing_scope"), Ok("channels:read")),
        ("conversations.info", seen(r#""is_member":true"#), Ok("takes messages")),
    ];
    for (method, reply, expected) in cases {
        let double = Server::start(move |_, call| {
            if call.path.ends_with(method) {
                reply.clone()
            } else {
                (APP.beside)(call).unwrap_or_else(APP.taken)
            }
        });
        let (sink, _dir) = APP.sink(&|path| double.url(path));
        match (sink.check().await, expected) {
            (Ok(lines), Ok(part)) => assert!(lines.join("\n").contains(part), "{lines:?}"),
            (Err(SendError::SinkBroken(why)), Err(part)) => assert!(why.contains(part), "{why}"),
            (other, expected) => panic!("{other:?}, not {expected:?}"),
        }
    }
}

#[tokio::test]
async fn a_retry_after_an_open_outcome_is_marked() {
    let (double, sink, _dir) = WEBHOOK.double(|_, _| Reply::of(200, "ok"));
    let mut delivery = alert();
    send(&sink, &delivery).await.unwrap();
    delivery.uncertain = true;
    send(&sink, &delivery).await.unwrap();
    let marked: Vec<bool> =
        double.calls().iter().map(|call| text(call).contains("Possible repeat")).collect();
    assert_eq!(marked, [false, true]);
}

#[tokio::test]
async fn nothing_in_a_post_mentions_formats_or_unfurls() {
    let (double, _, _dir) = WEBHOOK.double(|_, _| Reply::of(200, "ok"));
    for delivery in hostile() {
        let (sink, _dir) = WEBHOOK.sink(&|path| double.url(path));
        send(&sink, &delivery).await.unwrap();
    }
    for call in double.calls() {
        assert!(!text(&call).contains('<'), "{}", text(&call));
        let payload = call.json();
        assert_eq!((&payload["unfurl_links"], &payload["unfurl_media"]), (&false.into(), &false.into()));
        assert!(!payload["blocks"].to_string().contains("mrkdwn"));
        let body = String::from_utf8(call.body.clone()).unwrap();
        assert!(
            !body.contains("\\u0000") && !body.contains('\u{202e}') && !body.contains("javascript:alert")
        );
    }
}

#[tokio::test]
async fn the_address_of_a_workflow_is_refused_with_an_explanation() {
    let dir = tempfile::tempdir().unwrap();
    for (address, why) in [
        (format!("https://hooks.slack.com/triggers/T/1/{MARKER}"), "workflow"),
        (format!("http://hooks.slack.com/services/T/B/{MARKER}"), "https://"),
        (format!("ftp://{MARKER}"), "https://"),
        (MARKER.to_owned(), "no address"),
    ] {
        std::fs::write(dir.path().join("secret"), &address).unwrap();
        let build = plan("slack", "url = { file = \"secret\" }").unwrap().build;
        let error = build(SinkId::new("slack", "it"), &kit(dir.path())).err().unwrap();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(why) && !shown.contains(MARKER), "{shown}");
    }
}
