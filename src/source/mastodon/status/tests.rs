//! What a status becomes.

use serde_json::json;

use super::*;

fn status(more: Value) -> Value {
    let mut status = json!({"id": "100", "uri": "https://m.example/users/hub/statuses/100",
        "url": "https://m.example/@hub/100", "created_at": "2025-04-30T20:00:00.000Z", "edited_at": null,
        "visibility": "public", "language": "fr", "spoiler_text": "", "content": "<p>Armes &amp; v&eacute;hicules</p>",
        "account": {"id": "7", "acct": "hub", "username": "hub"}, "reblog": null, "media_attachments": [],
        "mentions": [], "quote": null, "card": null, "poll": null, "in_reply_to_id": null});
    for (key, value) in more.as_object().unwrap() {
        status[key] = value.clone();
    }
    status
}

fn post(more: Value) -> Post {
    let statuses = [status(more)];
    Context::new("m.example", &statuses).post(&statuses[0]).unwrap().unwrap()
}

#[test]
fn a_post_carries_what_mastodon_tells_of_it() {
    let told = post(json!({"spoiler_text": "war", "edited_at": "2025-04-30T20:05:00.000Z",
        "media_attachments": [{"type": "gifv", "url": "https://m.example/1.mp4", "description": "a truck"}, {"type": "unknown"}],
        "card": {"url": "https://e.example/", "title": "Arms", "description": "for Mali"}}));
    let expected = json!({
        "id": "https://m.example/users/hub/statuses/100", "platform": "mastodon", "author": "hub@m.example",
        "text": "Armes & véhicules", "posted_at": "2025-04-30T20:00:00Z", "lang": "fr", "warning": "war",
        "url": "https://m.example/@hub/100", "edited_at": "2025-04-30T20:05:00Z",
        "media": [{"kind": "video", "url": "https://m.example/1.mp4", "alt": "a truck"}, {"kind": "file"},
            {"kind": "link", "url": "https://e.example/", "alt": "Arms\nfor Mali"}],
    });
    assert_eq!(serde_json::to_value(told).unwrap(), expected);
}

#[test]
fn the_options_of_a_poll_belong_to_the_text() {
    let poll = json!({"poll": {"options": [{"title": "yes", "votes_count": 3}, {"title": "no"}, {}]}});
    assert_eq!(post(poll).text, "Armes & véhicules\n\nyes\nno");
    let bare = json!({"content": "", "poll": {"options": [{"title": "yes"}]}});
    assert_eq!(post(bare).text, "yes");
}

#[test]
fn a_boost_tells_the_original_under_its_own_id() {
    let mut original = status(
        json!({"content": "<p>whole</p>", "uri": "https://o.example/1", "url": "https://o.example/@o/1"}),
    );
    original["account"]["acct"] = "o@o.example".into();
    let told = post(
        json!({"content": "", "uri": "https://m.example/users/hub/statuses/100/activity", "reblog": original}),
    );
    assert_eq!(
        (told.id.as_str(), told.author.as_str(), told.text.as_str()),
        ("https://m.example/users/hub/statuses/100/activity", "hub@m.example", "whole")
    );
    let of = told.repost_of.unwrap();
    assert_eq!((of.id.as_str(), of.author.as_deref()), ("https://o.example/1", Some("o@o.example")));
    assert_eq!(told.url, of.url);
}

#[test]
fn a_quote_is_told_as_far_as_it_may_be() {
    let quoted = json!({"uri": "https://o.example/1", "url": "https://o.example/@o/1", "content": "<p>said</p>",
        "account": {"acct": "o@o.example"}});
    for quote in [json!({"state": "accepted", "quoted_status": quoted}), quoted.clone()] {
        let quote = post(json!({"quote": quote})).quote_of.unwrap();
        assert_eq!((quote.id.as_str(), quote.text.as_deref()), ("https://o.example/1", Some("said")));
    }
    for quote in [json!({"state": "revoked", "quoted_status": null}), json!(null), json!(7)] {
        assert_eq!(post(json!({"quote": quote})).quote_of, None);
    }
}

#[test]
fn an_answered_post_is_known_by_what_is_told_of_it() {
    let mentions = json!([{"id": "9", "acct": "bob@b.example"}]);
    let reply = |id: &str, account: &str| {
        post(json!({"in_reply_to_id": id, "in_reply_to_account_id": account, "mentions": mentions}))
            .reply_to
            .unwrap()
    };
    assert_eq!(
        (reply("99", "9").id, reply("99", "9").author),
        ("m.example/99".into(), Some("bob@b.example".into()))
    );
    assert_eq!(reply("100", "7").id, "https://m.example/users/hub/statuses/100");
    assert_eq!((reply("99", "7").author, reply("99", "8").author), (Some("hub@m.example".into()), None));
}

#[test]
fn other_software_leaves_things_out() {
    let bare = [
        json!({"id": "9xAbC", "content": "<p>x", "account": {"username": "a"}}),
        json!({"id": "1", "content": "y"}),
    ];
    let context = Context::new("p.example", &bare);
    let read: Vec<_> = bare.iter().map(|status| context.post(status).unwrap().unwrap()).collect();
    assert_eq!(
        (read[0].id.as_str(), read[0].author.as_str(), read[0].text.as_str()),
        ("p.example/9xAbC", "a@p.example", "x")
    );
    assert_eq!((read[1].author.as_str(), read[1].posted_at), ("", None));
    for odd in [
        json!({}),
        json!(3),
        json!({"id": "1"}),
        json!({"id": "1", "content": 7}),
        json!({"id": "1", "reblog": {}}),
    ] {
        assert!(context.post(&odd).is_err(), "{odd}");
    }
    assert_eq!(context.post(&json!({"id": "1", "content": "x", "visibility": "direct"})), Ok(None));
}

#[test]
fn no_shape_makes_it_panic_and_an_odd_part_costs_no_more_than_its_post() {
    let whole =
        status(json!({"quote": {"quoted_status": {"uri": "u", "content": "x"}}, "in_reply_to_id": "1",
        "mentions": [{"id": "1", "acct": "a"}], "media_attachments": [{"type": "image"}],
        "poll": {"options": [{"title": "a"}]}, "card": {"title": "t"}}));
    for (key, inner) in whole.as_object().unwrap() {
        for odd in [
            json!(null),
            json!(-1),
            json!(1.5),
            json!(true),
            json!("<p"),
            json!([[]]),
            json!({"id": []}),
            json!([{"a": null}]),
        ] {
            let mut one = whole.clone();
            one[key] = odd.clone();
            let mut deep = whole.clone();
            for name in
                inner.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>()).unwrap_or_default()
            {
                deep[key][name] = odd.clone();
            }
            for status in [one, deep] {
                let read = Context::new("m.example", std::slice::from_ref(&status)).post(&status);
                assert!(read.is_ok() || ["content", "reblog"].contains(&key.as_str()), "{key}: {odd}");
            }
        }
    }
}
