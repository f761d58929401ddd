//! Discord, Telegram, ntfy and Teams.

use vigie::model::delivery::Again;

use super::*;

pub const DISCORD: Channel = Channel {
    kind: "discord",
    table: |_| "url = { file = \"secret\" }".into(),
    secret: |url| url(&format!("/api/webhooks/1/{MARKER}")),
    beside: |call| (call.method == "GET").then(|| Reply::of(200, r#"{"id":"1","type":1}"#)),
    taken: || Reply::of(200, r#"{"id":"1234567890"}"#),
    id: |_| None,
    gone: &[404, 410],
};

pub const TELEGRAM: Channel = Channel {
    kind: "telegram",
    table: |url| {
        let api = url("/");
        format!("token = {{ file = \"secret\" }}\nchat = \"-1001234567890\"\napi = \"{api}\"")
    },
    secret: |_| format!("42:{MARKER}"),
    beside: |call| call.path.contains("/get").then(|| Reply::of(200, r#"{"ok":true,"result":{}}"#)),
    taken: || Reply::of(200, r#"{"ok":true,"result":{"message_id":7}}"#),
    id: |_| None,
    gone: &[410],
};

pub const NTFY: Channel = Channel {
    kind: "ntfy",
    table: |url| format!("server = \"{}\"\ntopic = \"desk\"\ntoken = {{ file = \"secret\" }}", url("/")),
    secret: |_| format!("tk_{MARKER}"),
    beside: |call| call.path.ends_with("/auth").then(|| Reply::of(200, r#"{"success":true}"#)),
    taken: || Reply::of(200, r#"{"id":"hwQ2YpKdmg"}"#),
    id: |_| None,
    gone: &[410],
};

pub const TEAMS: Channel = Channel {
    kind: "teams",
    table: |_| "url = { file = \"secret\" }".into(),
    secret: |url| url(&format!("/workflows/1/triggers/manual/paths/invoke?sig={MARKER}")),
    beside: |_| None,
    taken: || Reply::of(202, ""),
    id: |_| None,
    gone: &[410],
};

/// What each channel was sent for hostile posts, one text per message.
async fn texts(channel: &Channel, key: &str) -> Vec<String> {
    let double = Server::start({
        let (beside, taken) = (channel.beside, channel.taken);
        move |_, call| beside(call).unwrap_or_else(taken)
    });
    for delivery in hostile() {
        for plain in [false, true] {
            let (sink, _dir) = channel.sink(&|path| double.url(path));
            send(&sink, &Delivery { plain, ..delivery.clone() }).await.unwrap();
        }
    }
    let text = |call: &Call| call.json()[key].as_str().unwrap().to_owned();
    channel.messages(&double).iter().map(text).collect()
}

#[tokio::test]
async fn discord_gets_at_most_2000_characters_in_which_nothing_is_markup_or_a_mention() {
    for text in texts(&DISCORD, "content").await {
        assert!(text.encode_utf16().count() <= 2000, "{text}");
        for mark in ['@', '`', '_', '[', '#'] {
            let outside: String = text.lines().filter(|line| !line.starts_with("<https://")).collect();
            assert_eq!(
                outside.matches(mark).count(),
                outside.matches(&format!("\\{mark}")).count(),
                "{text}"
            );
        }
    }
    let (double, sink, _dir) = DISCORD.double(|_, _| (DISCORD.taken)());
    send(&sink, &alert()).await.unwrap();
    let call = &double.calls()[0];
    assert!(call.path.ends_with("?wait=true"), "{}", call.path);
    assert_eq!(call.json()["allowed_mentions"], serde_json::json!({"parse": []}));
    assert!(
        call.json()["content"].as_str().unwrap().contains("\n> Our partners brought **weapons** and gear")
    );
}

#[tokio::test]
async fn telegram_gets_at_most_4096_characters_with_our_tags_only() {
    for text in texts(&TELEGRAM, "text").await {
        assert!(text.encode_utf16().count() <= 4096 && !text.is_empty(), "{text}");
        assert_eq!(text.matches('@').count(), text.matches("@\u{2060}").count(), "{text}");
    }
    let (double, sink, _dir) = TELEGRAM.double(|_, _| (TELEGRAM.taken)());
    send(&sink, &alert()).await.unwrap();
    let payload = double.calls()[0].json();
    assert_eq!(payload["parse_mode"], "HTML");
    let text = payload["text"].as_str().unwrap();
    assert!(text.starts_with("<b>HIGH · arms-delivery</b>\n") && text.contains("<b>weapons</b>"), "{text}");
    for tag in text.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
        assert!(["b", "/b", "i", "/i"].contains(&tag), "{tag}");
    }
}

#[tokio::test]
async fn a_telegram_group_that_became_a_supergroup_is_followed_and_people_are_told() {
    let moved = r#"{"ok":false,"parameters":{"migrate_to_chat_id":-1009}}"#;
    let (double, sink, _dir) =
        TELEGRAM.double(move |n, _| if n == 0 { Reply::of(400, moved) } else { (TELEGRAM.taken)() });
    let receipt = send(&sink, &alert()).await.unwrap();
    assert!(receipt.remark.unwrap().contains("-1009"));
    assert_eq!(double.calls()[1].json()["chat_id"], -1009);
}

#[tokio::test]
async fn telegram_answers_the_first_message_of_a_story_and_copies_make_no_sound() {
    let (double, sink, _dir) = TELEGRAM.double(|_, _| (TELEGRAM.taken)());
    send(&sink, &posts::again(Again::Copies, "7")).await.unwrap();
    let payload = double.calls()[0].json();
    assert_eq!(payload["reply_parameters"]["message_id"], 7);
    assert_eq!(payload["disable_notification"], true);
}

#[tokio::test]
async fn ntfy_gets_at_most_4000_bytes_and_a_priority() {
    for text in texts(&NTFY, "message").await {
        assert!(text.len() <= 4000, "{}", text.len());
    }
    let (double, sink, _dir) = NTFY.double(|_, _| (NTFY.taken)());
    for delivery in [alert(), notice()] {
        send(&sink, &delivery).await.unwrap();
    }
    let [first, second] = [&double.calls()[0], &double.calls()[1]].map(Call::json);
    assert_eq!((&first["priority"], &second["priority"]), (&4.into(), &2.into()));
    assert_eq!(first["click"], "https://x.com/LookoutDaily/status/1");
    assert_eq!(double.calls()[0].header("authorization"), format!("Bearer tk_{MARKER}"));
}

#[tokio::test]
async fn teams_gets_a_card_of_text_that_is_not_parsed() {
    let (double, sink, _dir) = TEAMS.double(|_, _| (TEAMS.taken)());
    send(&sink, &alert()).await.unwrap();
    let card = double.calls()[0].json()["attachments"][0]["content"].clone();
    assert_eq!(card["actions"][0]["url"], "https://x.com/LookoutDaily/status/1");
    let body = card["body"].to_string();
    assert!(
        !body.contains(r#""type":"TextBlock""#)
            && body.contains(r#"{"text":"weapons","type":"TextRun","weight":"Bolder"}"#),
        "{body}"
    );
}

#[tokio::test]
async fn a_chat_address_of_another_product_is_refused_without_repeating_it() {
    let dir = tempfile::tempdir().unwrap();
    for (kind, table, secret, why) in [
        (
            "discord",
            "url = { file = \"secret\" }",
            format!("https://discord.com/channels/{MARKER}"),
            "webhooks",
        ),
        (
            "teams",
            "url = { file = \"secret\" }",
            format!("https://x.webhook.office.com/{MARKER}"),
            "workflow",
        ),
        ("telegram", "token = { file = \"secret\" }\nchat = \"@desk\"", MARKER.to_owned(), "@BotFather"),
    ] {
        std::fs::write(dir.path().join("secret"), secret).unwrap();
        let built = (plan(kind, table).unwrap().build)(SinkId::new(kind, "it"), &kit(dir.path()));
        let shown = built.err().unwrap().to_string();
        assert!(shown.contains(why) && !shown.contains(MARKER), "{shown}");
    }
    assert!(plan("telegram", "token = { file = \"s\" }\nchat = \"desk\"").is_err());
    assert!(plan("ntfy", "server = \"https://ntfy.sh\"\ntopic = \"a/b\"").is_err());
}
