//! What asks to wait is obeyed at once, whichever call it answered.

use std::sync::Arc;

use serde_json::json;
use vigie::model::timeline::TimelineId;
use vigie::source::{Read, Source, bluesky, feed, mastodon, telegram, x};

use super::double::{Asked, Double, Reply};
use super::{again, build, look};

/// A call of a source that is told to wait.
struct Case {
    read: Read,
    /// Its table, but for the address of its host.
    table: &'static str,
    /// What names that address in it.
    host: &'static str,
    /// What is looked at; nothing, if the call looks `hub` up.
    timeline: Option<&'static str>,
    /// Where the call goes.
    path: &'static str,
}

const DID: &str = "bluesky:did:plc:abc234";

const BLUESKY: Case = Case {
    read: bluesky::read,
    table: "accounts = [\"hub.example\"]",
    host: "service",
    timeline: Some(DID),
    path: "/xrpc/app.bsky.feed.getAuthorFeed",
};

const WITH_PASSWORD: Case = Case {
    table: "accounts = [\"hub.example\"]\nidentifier = \"desk.example\"\npassword = { file = \"secret\" }",
    host: "pds",
    ..BLUESKY
};

const MASTODON: Case = Case {
    read: mastodon::read,
    table: "accounts = [\"hub@m.example\"]",
    host: "base_url",
    timeline: Some("mastodon:m.example/1"),
    path: "/api/v1/accounts/1/statuses",
};

const TELEGRAM: Case = Case {
    read: telegram::read,
    table: "channels = [\"hub_ru\"]",
    host: "base_url",
    timeline: Some("telegram:hub_ru"),
    path: "/s/hub_ru",
};

const X: Case = Case {
    read: x::read,
    table: "accounts = [\"hub\"]\nlists = [\"7\"]\ntoken = { file = \"secret\" }",
    host: "base_url",
    timeline: Some("x:1"),
    path: "/2/users/1/tweets",
};

const CASES: [Case; 11] = [
    BLUESKY,
    Case { timeline: None, path: "/xrpc/com.atproto.identity.resolveHandle", ..BLUESKY },
    Case { path: "/xrpc/app.bsky.actor.getProfile", ..BLUESKY },
    Case { path: "/xrpc/com.atproto.server.createSession", ..WITH_PASSWORD },
    Case { path: "/xrpc/com.atproto.server.refreshSession", ..WITH_PASSWORD },
    MASTODON,
    Case { timeline: None, path: "/api/v1/accounts/lookup", ..MASTODON },
    TELEGRAM,
    X,
    Case { timeline: Some("x:list:7"), path: "/2/lists/7/tweets", ..X },
    Case { timeline: None, path: "/2/users/by/username/hub", ..X },
];

/// What brings a source to the call in question: a feed that is not found, a token that is too old.
fn before(asked: &Asked) -> Reply {
    match asked.url.path() {
        "/xrpc/com.atproto.server.createSession" => {
            Reply::json(json!({"accessJwt": "access", "refreshJwt": "refresh"}))
        }
        _ if asked.header("authorization") == Some("Bearer access") => {
            Reply::new(401, json!({"error": "ExpiredToken", "message": "Token has expired"}).to_string())
        }
        _ => Reply::new(400, json!({"error": "InvalidRequest", "message": "Profile not found"}).to_string()),
    }
}

fn source(case: &Case, double: &Double) -> Arc<dyn Source> {
    let dir = tempfile::tempdir().expect("there is room for a file");
    std::fs::write(dir.path().join("secret"), "very-secret").expect("there is room for a file");
    build(case.read, &format!("{}\n{} = \"{}\"", case.table, case.host, double.url()), dir.path())
}

async fn call(case: &Case, source: &dyn Source) {
    let account = source.accounts().pop().expect("it watches somebody").account;
    match case.timeline {
        Some(timeline) => drop(look(source, &TimelineId::from(timeline.to_owned()), &account, None).await),
        None => drop(source.resolve(&account).await),
    }
}

#[tokio::test]
async fn whichever_call_is_told_to_wait_is_the_last_one_until_then() {
    let refusals = [
        Reply::new(429, ""),
        Reply::new(429, "").header("retry-after", 120),
        Reply::new(503, "").header("retry-after", 120),
    ];
    for case in &CASES {
        for (n, refusal) in refusals.iter().enumerate() {
            let (path, refusal) = (case.path, refusal.clone());
            let double =
                Double::start(
                    move |asked| {
                        if asked.url.path() == path { refusal.clone() } else { before(asked) }
                    },
                )
                .await;
            let source = source(case, &double);
            call(case, &*source).await;
            let asked = double.asked();
            assert_eq!(asked.last().map(|asked| asked.url.path()), Some(path), "refusal {n}");
            call(case, &*source).await;
            assert_eq!(double.asked().len(), asked.len(), "{path} was called again after refusal {n}");
        }
    }
}

/// Two feeds of one host, which is told of what it is asked.
async fn feeds(double: &Double, paths: [&str; 2]) -> Vec<String> {
    let urls = paths.map(|path| format!("{}{path}", double.url()));
    let source = build(feed::read, &format!("feeds = {urls:?}"), std::path::Path::new("."));
    for url in &urls {
        again(look(&*source, &TimelineId::from(format!("feed:{url}")), url, None).await);
    }
    double.asked().iter().map(|asked| asked.url.path().to_owned()).collect()
}

#[tokio::test]
async fn a_host_of_feeds_that_has_too_many_requests_is_left_alone_but_one_that_fails_a_feed_is_not() {
    for (refusal, paths) in [
        (Reply::new(429, ""), &["/one"][..]),
        (Reply::new(429, "").header("retry-after", 120), &["/one"]),
        (Reply::new(503, "").header("retry-after", 120), &["/one", "/two"]),
        (Reply::new(503, ""), &["/one", "/two"]),
    ] {
        assert_eq!(feeds(&Double::saying(refusal).await, ["/one", "/two"]).await, paths);
    }
}

#[tokio::test]
async fn who_was_led_to_a_host_that_asks_to_wait_leaves_that_one_alone() {
    let other = Double::saying(Reply::new(429, "").header("retry-after", 120)).await;
    let to = other.url();
    let double = Double::start(move |asked| match asked.url.path() {
        "/led" => Reply::new(302, "").header("location", format!("{to}/there")),
        _ => Reply::new(500, ""),
    })
    .await;
    assert_eq!(feeds(&double, ["/led", "/here"]).await, ["/led", "/here"]);
}
