use super::*;
use crate::model::post::{Media, Platform, Reference};

fn fact(written: &str) -> Fact {
    let (name, value) = written.split_once(':').unwrap();
    Fact::parse(name, value).unwrap()
}

fn full() -> Post {
    Post {
        author: "AfricanHub_".into(),
        lang: Some("pt-BR".into()),
        links: vec!["https://m.rt.com/a?b".into(), "not an address".into()],
        media: vec![Media::default()],
        quote_of: Some(Reference::default()),
        repost_of: Some(Reference::default()),
        reply_to: Some(Reference::default()),
        edited_at: Some(jiff::Timestamp::UNIX_EPOCH),
        ..Post::new(Platform::X, "1", "")
    }
}

#[test]
fn each_field_asks_for_what_its_name_says() {
    let (full, empty) = (full(), Post::new(Platform::FEED, "1", ""));
    let of_full = [
        "from:africanhub_",
        "from:@AfricanHub_",
        "from:x:AfricanHub_",
        "by:africanhub_",
        "by:@AfricanHub_",
        "platform:x",
        "lang:pt",
        "lang:pt-BR",
        "lang:pt-br",
        "has:media",
        "has:link",
        "has:quote",
        "is:repost",
        "is:reply",
        "is:edit",
        "link:rt.com",
        "link:m.rt.com",
        "link:RT.com",
        "link:com.",
    ];
    for written in of_full.into_iter().filter(|written| *written != "link:com.") {
        assert!(fact(written).holds(&full, None), "{written}");
        assert!(!fact(written).holds(&empty, None), "{written}");
    }
    for written in [
        "from:African",
        "from:feed:AfricanHub_",
        "platform:feed",
        "lang:es",
        "lang:pt-PT",
        "link:t.com",
        "link:www.rt.com",
        "by:Hub",
    ] {
        assert!(!fact(written).holds(&full, None), "{written}");
    }
    assert!(fact("platform:feed").holds(&empty, None));
}

#[test]
fn from_asks_for_the_watched_account_where_it_is_known() {
    let origin = Origin { platform: &Platform::X, account: "ministries" };
    assert!(fact("from:Ministries").holds(&full(), Some(&origin)));
    assert!(!fact("from:AfricanHub_").holds(&full(), Some(&origin)));
    assert!(fact("by:AfricanHub_").holds(&full(), Some(&origin)));
}

#[test]
fn what_no_source_fills_is_refused_with_a_suggestion() {
    let table = [
        ("platform", "twitter", "did you mean `platform:x`?"),
        ("platform", "mastodn", "did you mean `platform:mastodon`?"),
        ("platform", "usenet", "platforms are x,"),
        ("lang", "french", "no language code"),
        ("lang", "FR", "no language code"),
        ("has", "medai", "did you mean `has:media`?"),
        ("has", "poll", "write `has:media`, `has:link` or `has:quote`"),
        ("has", "media|link", "write (has:media OR has:link)"),
        ("is", "retweet", "write `is:repost`"),
        ("link", "https://www.rt.com/a", "write `link:www.rt.com`"),
        ("link", "rt.com/news", "write `link:rt.com`"),
        ("link", "*.rt.com", "write `link:rt.com`"),
        ("link", "rt", "no domain"),
        ("link", "rt.com:80", "no domain"),
        ("from", "@", "the name of an account is missing"),
    ];
    for (name, value, message) in table {
        let found = Fact::parse(name, value).unwrap_err();
        assert!(found.contains(message), "{name}:{value}: {found}");
    }
}

#[test]
fn facts_that_no_post_has_together_are_known() {
    let apart = [
        ("platform:x", "platform:feed"),
        ("by:a", "by:b"),
        ("lang:fr", "lang:en"),
        ("from:x:a", "platform:feed"),
        ("platform:feed", "is:repost"),
        ("has:quote", "platform:feed"),
        ("from:a", "from:b"),
    ];
    let together = [
        ("platform:x", "platform:x"),
        ("by:a", "by:@A"),
        ("lang:pt", "lang:pt-BR"),
        ("from:x:a", "platform:x"),
        ("platform:feed", "is:edit"),
        ("has:quote", "has:link"),
        ("from:a", "from:x:a"),
        ("from:a", "by:b"),
    ];
    for (one, other) in apart {
        assert!(fact(one).excludes(&fact(other)).is_some(), "{one} {other}");
        assert!(fact(other).excludes(&fact(one)).is_some(), "{other} {one}");
    }
    for (one, other) in together {
        assert_eq!(fact(one).excludes(&fact(other)), None, "{one} {other}");
    }
}

#[test]
fn a_fact_is_shown_as_it_is_written() {
    for written in
        ["from:x:AfricanHub_", "by:A", "platform:x", "lang:fr", "has:link", "is:edit", "link:rt.com"]
    {
        assert_eq!(fact(written).to_string(), written);
    }
    assert_eq!(fact("by:African Hub").to_string(), "by:\"African Hub\"");
}
