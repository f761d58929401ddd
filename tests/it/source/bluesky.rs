//! Bluesky, as its AppView and its servers answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use vigie::model::timeline::{Cursor, TimelineId};
use vigie::source::{Page, Source, SourceError};

use super::double::{Asked, Double, Reply};
use super::{NOW, again, barred, broken, build, ids, look, suspicious};

const DID: &str = "did:plc:abc234";

const PASSWORD: &str = "abcd-very-secret-pass";

fn hub() -> TimelineId {
    TimelineId::from(format!("bluesky:{DID}"))
}

fn adapter(double: &Double) -> Arc<dyn Source> {
    let table = format!("accounts = [\"hub.example\"]\nservice = \"{}\"", double.url());
    build(vigie::source::bluesky::read, &table, std::path::Path::new("."))
}

/// An adapter that reads with an app password.
fn with_password(double: &Double) -> Arc<dyn Source> {
    let dir = tempfile::tempdir().expect("there is room for a file");
    std::fs::write(dir.path().join("password"), PASSWORD).expect("there is room for a file");
    let table = format!(
        "accounts = [\"hub.example\"]\nidentifier = \"desk.example\"\npassword = {{ file = \"password\" }}\npds = \"{}\"",
        double.url()
    );
    build(vigie::source::bluesky::read, &table, dir.path())
}

async fn look_at(double: &Double, cursor: Option<&Cursor>) -> Result<Page, SourceError> {
    look(&*adapter(double), &hub(), "hub.example", cursor).await
}

async fn look_once(reply: Reply) -> Result<Page, SourceError> {
    look_at(&Double::saying(reply).await, None).await
}

fn uri(key: &str) -> String {
    format!("at://{DID}/app.bsky.feed.post/{key}")
}

fn before(minutes: i64) -> Timestamp {
    NOW - SignedDuration::from_mins(minutes)
}

/// A post that was made and indexed so many minutes ago.
fn item(key: &str, created: i64, indexed: i64) -> Value {
    json!({"post": {"uri": uri(key), "cid": format!("bafy{key}"), "author": {"did": DID, "handle": "hub.example", "labels": []},
        "record": {"$type": "app.bsky.feed.post", "text": format!("text of {key}"), "langs": ["en"],
            "createdAt": before(created).to_string()},
        "indexedAt": before(indexed).to_string(), "labels": [], "likeCount": 1}})
}

fn feed(items: &[Value], cursor: Option<&str>) -> Reply {
    let mut body = json!({"feed": items});
    if let Some(cursor) = cursor {
        body["cursor"] = cursor.into();
    }
    Reply::json(body)
}

/// A history of posts made so many minutes ago, by Bluesky's order, in pages of three, none, and one. The cursor is
/// told as long as a page holds something.
fn history(mut minutes: Vec<i64>) -> impl Fn(&Asked) -> Reply + Send + Sync {
    minutes.sort_unstable();
    move |asked| {
        let token = asked.query("cursor").unwrap_or("0_0".into());
        let (from, turn) = token.split_once('_').expect("the cursor is ours");
        let (from, turn): (usize, usize) = (from.parse().unwrap(), turn.parse().unwrap());
        let end = minutes.len().min(from + [3, 0, 1][turn % 3]);
        let items: Vec<Value> =
            minutes[from..end].iter().map(|made| item(&made.to_string(), *made, *made)).collect();
        feed(&items, (end < minutes.len()).then(|| format!("{end}_{}", turn + 1)).as_deref())
    }
}

/// Looks until nothing waits, each time with a new adapter, as after a crash; all posts seen.
async fn walk(double: &Double, mut cursor: Option<Cursor>) -> (Vec<String>, Option<Cursor>) {
    let mut seen = Vec::new();
    for _ in 0..100 {
        let page = look_at(double, cursor.as_ref()).await.expect("a page");
        seen.extend(page.posts.into_iter().map(|post| post.id));
        cursor = page.next.or(cursor);
        if !page.more {
            return (seen, cursor);
        }
    }
    panic!("the walk has no end");
}

fn uris(minutes: impl IntoIterator<Item = i64>) -> Vec<String> {
    minutes.into_iter().map(|made| uri(&made.to_string())).collect()
}

#[tokio::test]
async fn a_handle_is_resolved_to_the_permanent_id_and_a_did_needs_no_look_up() {
    let double = Double::saying(Reply::json(json!({"did": DID}))).await;
    let source = adapter(&double);
    assert_eq!(source.accounts()[0].timeline, None);
    assert_eq!(source.resolve("hub.example").await, Ok(hub()));
    let asked = double.asked().remove(0);
    assert_eq!(asked.url.path(), "/xrpc/com.atproto.identity.resolveHandle");
    assert_eq!(asked.query("handle").as_deref(), Some("hub.example"));
    let known =
        build(vigie::source::bluesky::read, &format!("accounts = [\"{DID}\"]"), std::path::Path::new("."));
    assert_eq!(known.accounts()[0].timeline, Some(hub()));
}

#[tokio::test]
async fn a_handle_that_leads_nowhere_is_not_resolved() {
    let said = json!({"error": "InvalidRequest", "message": "Unable to resolve handle"});
    let double = Double::saying(Reply::new(400, said.to_string())).await;
    let why = broken(adapter(&double).resolve("hub.example").await);
    assert!(why.contains("hub.example") && why.contains("does not exist"), "{why}");
    for odd in [json!({}), json!({"did": "x"}), json!({"did": "did:plc:a/../b"})] {
        suspicious(adapter(&Double::saying(Reply::json(odd)).await).resolve("hub.example").await);
    }
}

#[tokio::test]
async fn a_feed_is_asked_for_whole_with_replies_and_without_pins() {
    let double = Double::saying(feed(&[item("1", 30, 30)], None)).await;
    let page = look_at(&double, None).await.unwrap();
    assert_eq!((ids(&page.posts), page.more), (vec![uri("1").as_str()], false));
    let asked = double.asked().remove(0);
    assert_eq!(asked.url.path(), "/xrpc/app.bsky.feed.getAuthorFeed");
    let query: Vec<_> =
        ["actor", "limit", "filter", "includePins", "cursor"].map(|name| asked.query(name)).into();
    let expected = [Some(DID), Some("100"), Some("posts_with_replies"), Some("false"), None];
    assert_eq!(query, expected.map(|value| value.map(str::to_owned)));
    assert_eq!(asked.header("authorization"), None);
}

#[tokio::test]
async fn a_short_or_empty_page_is_not_the_last_one() {
    let double = Double::start(history((0..11).collect())).await;
    let (seen, cursor) = walk(&double, None).await;
    assert_eq!(seen, uris(0..11));
    assert!(cursor.unwrap().0.contains(&NOW.to_string()));
}

#[tokio::test]
async fn the_first_look_goes_back_a_day_and_no_further() {
    let double = Double::start(history(vec![10, 600, 1200, 1500, 1600, 1700, 1800, 1900, 2000])).await;
    let (seen, _) = walk(&double, None).await;
    assert_eq!(seen, uris([10, 600, 1200, 1500]), "the page that reaches below the day is the last");
}

#[tokio::test]
async fn a_later_look_goes_down_to_an_hour_before_the_newest_known_post() {
    let old: Vec<i64> = (0..40).map(|n| 300 + n * 10).collect();
    let double = Double::start(history([vec![5, 15, 25, 35], old].concat())).await;
    let known = Cursor(json!({"newest": before(300)}).to_string());
    let (seen, cursor) = walk(&double, Some(known)).await;
    assert!(uris([5, 15, 25, 35]).iter().all(|id| seen.contains(id)));
    assert_eq!(seen.last(), Some(&uri("370")), "{seen:?}");
    assert!(cursor.unwrap().0.contains(&before(5).to_string()));
}

#[tokio::test]
async fn a_quiet_account_changes_nothing() {
    let double = Double::saying(feed(&[item("1", 30, 30), item("2", 4000, 4000)], Some("c"))).await;
    let first = look_at(&double, None).await.unwrap();
    assert!(!first.more);
    let second = look_at(&double, first.next.as_ref()).await.unwrap();
    assert_eq!((second.next, second.more, second.posts), (None, false, first.posts));
}

#[tokio::test]
async fn a_post_that_claims_to_be_older_is_found_among_those_around_it() {
    let double =
        Double::saying(feed(&[item("new", 10, 10), item("back", 50, 5), item("old", 600, 600)], None)).await;
    let known = Cursor(json!({"newest": before(10)}).to_string());
    let page = look_at(&double, Some(&known)).await.unwrap();
    assert_eq!(page.posts[1].posted_at, Some(before(50)));
    assert!(page.next.unwrap().0.contains(&before(5).to_string()));
    // It is no reason to stop: what it hides below it may be new.
    let double = Double::saying(feed(&[item("back", 9000, 5)], Some("c"))).await;
    assert!(look_at(&double, Some(&known)).await.unwrap().more);
}

#[tokio::test]
async fn a_restart_in_the_middle_of_a_walk_loses_nothing_and_moves_no_floor() {
    let double = Double::start(history((0..20).map(|n| n * 20).collect())).await;
    let start = Cursor(json!({"newest": before(300)}).to_string());
    let first = look_at(&double, Some(&start)).await.unwrap();
    let saved = first.next.unwrap();
    assert!(first.more && saved.0.contains(&format!("\"newest\":\"{}\"", before(300))), "{}", saved.0);
    let (rest, _) = walk(&double, Some(saved)).await;
    let seen = [first.posts.into_iter().map(|post| post.id).collect(), rest].concat();
    assert_eq!(seen[..16], uris((0..16).map(|n| n * 20))[..]);
}

#[tokio::test]
async fn a_cursor_that_is_refused_makes_the_walk_begin_anew_but_not_for_ever() {
    let refused = json!({"error": "InvalidRequest", "message": "Malformed cursor"}).to_string();
    let double = Double::start(move |asked| match asked.query("cursor") {
        Some(_) => Reply::new(400, refused.clone()),
        None => feed(&[item("1", 5, 5)], Some("stale")),
    })
    .await;
    let mut cursor = None;
    for looks in 1..20 {
        match look_at(&double, cursor.as_ref()).await {
            Ok(page) => cursor = page.next,
            Err(error) => {
                assert!(matches!(error, SourceError::Broken(_)), "{error}");
                assert_eq!(looks, 8);
                return;
            }
        }
    }
    panic!("people are never told");
}

#[tokio::test]
async fn a_feed_that_cannot_be_true_is_suspicious() {
    let known = Cursor(json!({"newest": before(300)}).to_string());
    let empty = Double::saying(feed(&[], None)).await;
    let why = suspicious(look_at(&empty, Some(&known)).await);
    assert!(why.contains("nothing where posts were"), "{why}");
    assert!(look_at(&empty, None).await.unwrap().posts.is_empty(), "a new account may be empty");
    let circle = Double::saying(feed(&[item("1", 5, 5)], Some("same"))).await;
    let first = look_at(&circle, None).await.unwrap();
    suspicious(look_at(&circle, first.next.as_ref()).await);
    for odd in [json!({}), json!([]), json!({"feed": 7}), json!("x"), json!(null)] {
        suspicious(look_once(Reply::json(odd)).await);
    }
}

#[tokio::test]
async fn one_post_that_cannot_be_read_does_not_spoil_the_page_and_many_are_suspicious() {
    let odd = json!({"post": {"uri": uri("2"), "record": {"text": {"no": "text"}}}});
    let page =
        look_once(feed(&[item("3", 1, 1), odd.clone(), json!(7), item("1", 2, 2)], None)).await.unwrap();
    assert_eq!(ids(&page.posts), [uri("3"), uri("1")]);
    assert!(page.unreadable.len() == 2 && page.unreadable[0].contains("/2"), "{:?}", page.unreadable);
    suspicious(look_once(feed(&vec![odd; 5], None)).await);
}

#[tokio::test]
async fn who_asks_not_to_be_shown_to_the_public_is_counted_and_a_watched_one_is_told() {
    let label = json!([{"val": "!no-unauthenticated"}]);
    let mut other = item("2", 2, 2);
    other["post"]["author"] = json!({"did": "did:plc:other", "handle": "o.example", "labels": label});
    other["reason"] = json!({"$type": "app.bsky.feed.defs#reasonRepost", "by": {"did": DID}, "indexedAt": before(2).to_string()});
    let page = look_once(feed(&[item("1", 1, 1), other], None)).await.unwrap();
    assert_eq!(page.posts.len(), 1);
    assert!(page.unreadable[0].starts_with("1 left out"), "{:?}", page.unreadable);
    let mut own = item("1", 1, 1);
    own["post"]["author"]["labels"] = label;
    let why = broken(look_once(feed(&[own], None)).await);
    assert!(why.contains("hub.example") && why.contains("password"), "{why}");
}

#[tokio::test]
async fn every_status_is_classified() {
    let said = |error: &str, message: &str| json!({"error": error, "message": message}).to_string();
    for (status, body, word) in [
        (400, said("InvalidRequest", "Profile not found"), "does not exist"),
        (400, said("InvalidRequest", "Could not find user: Account has been suspended"), "suspended"),
        (400, said("AccountTakedown", "Account has been taken down"), "taken down"),
        (400, said("AccountDeactivated", "Account is deactivated"), "deactivated"),
        (400, said("BlockedByActor", "Requester is blocked"), "block"),
        (400, said("InvalidRequest", "nonsense"), "nonsense"),
        (400, "[".repeat(100_000), "HTTP 400"),
        (401, said("AuthMissing", "Authentication Required"), "password"),
        (403, "<html>".to_owned(), "HTTP 403"),
        (404, "<html>".to_owned(), "`service`"),
        (501, said("MethodNotImplemented", "Method Not Implemented"), "`service`"),
        (302, String::new(), "redirects"),
        (418, String::new(), "HTTP 418"),
    ] {
        let why = broken(look_once(Reply::new(status, body)).await);
        assert!(why.contains(word), "{status}: {why}");
    }
    for status in [408, 500, 502, 503, 504] {
        assert_eq!(again(look_once(Reply::new(status, "<html>")).await), None, "{status}");
    }
}

#[tokio::test]
async fn a_feed_that_is_not_found_is_told_by_what_its_account_says() {
    let said = |error: &str, message: &str| json!({"error": error, "message": message}).to_string();
    for (status, profile, word) in [
        (400, said("AccountDeactivated", "Account is deactivated"), "was deactivated by its owner"),
        (400, said("AccountTakedown", "Account has been suspended"), "was taken down"),
        (400, said("InvalidRequest", "Profile not found"), "does not exist, or was renamed or deleted"),
        (200, json!({"did": DID}).to_string(), "does not exist"),
        (404, "<html>".to_owned(), "does not exist"),
        (503, "<html>".to_owned(), "does not exist"),
    ] {
        let double = Double::start(move |asked| match asked.url.path() {
            "/xrpc/app.bsky.actor.getProfile" => Reply::new(status, profile.clone()),
            _ => Reply::new(400, said("InvalidRequest", "Profile not found")),
        })
        .await;
        let why = broken(look_at(&double, None).await);
        assert!(why.contains("hub.example") && why.contains(word), "{status}: {why}");
        assert_eq!(double.asked()[1].query("actor").as_deref(), Some(DID));
    }
}

#[tokio::test]
async fn a_page_tells_how_the_account_calls_itself_now() {
    let mut renamed = item("1", 1, 1);
    renamed["post"]["author"]["handle"] = "new.example".into();
    assert_eq!(look_once(feed(&[renamed], None)).await.unwrap().name.as_deref(), Some("new.example"));
    assert_eq!(look_once(feed(&[], None)).await.unwrap().name, None);
}

#[tokio::test]
async fn a_rate_limit_closes_the_host_until_it_starts_anew() {
    let reset = NOW.as_second() + 200;
    let limited =
        Reply::new(429, json!({"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}).to_string())
            .header("ratelimit-limit", 3000)
            .header("ratelimit-remaining", 0)
            .header("ratelimit-reset", reset)
            .header("ratelimit-policy", "3000;w=300");
    let double = Double::saying(limited).await;
    let source = adapter(&double);
    for _ in 0..3 {
        let at = again(look(&*source, &hub(), "hub.example", None).await).unwrap();
        assert_eq!(at.as_second(), reset);
    }
    assert_eq!(double.asked().len(), 1, "the host was left alone");
    let fine = feed(&[], None).header("ratelimit-remaining", 2999).header("ratelimit-reset", reset);
    let page = look_once(fine).await.unwrap();
    assert_eq!(page.limit.map(|(left, at)| (left, at.as_second())), Some((2999, reset)));
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_tried_again() {
    let whole = json!({"feed": [item("1", 1, 1)]}).to_string();
    let half = whole.as_bytes()[..whole.len() / 2].to_vec();
    for body in [Vec::new(), half, b"<html>".to_vec(), vec![0xff, 0xfe, 0x00], b"[".repeat(100_000)] {
        again(look_once(Reply::new(200, body)).await);
    }
    again(look_once(Reply::new(200, whole).cut(10)).await);
}

#[tokio::test]
async fn a_cursor_or_timeline_of_someone_else_is_refused() {
    let double = Double::saying(feed(&[], None)).await;
    broken(look_at(&double, Some(&Cursor("not ours".into()))).await);
    for timeline in ["x:1", "bluesky:", "bluesky:hub.example", "bluesky:did:plc:a/b"] {
        broken(look(&*adapter(&double), &TimelineId::from(timeline.to_owned()), "h", None).await);
    }
    assert!(double.asked().is_empty());
}

/// A server with sessions: each access token is good for one call, and a refresh token for one renewal.
fn sessions(begun: Arc<AtomicU32>, renewable: bool) -> impl Fn(&Asked) -> Reply + Send + Sync {
    let turn = AtomicU32::new(0);
    let used = std::sync::Mutex::new(std::collections::HashSet::new());
    move |asked| {
        let bearer = asked.header("authorization").unwrap_or("").to_owned();
        let tokens = |n: u32| {
            Reply::json(json!({"accessJwt": format!("access-{n}"), "refreshJwt": format!("refresh-{n}"),
            "did": "did:plc:desk", "handle": "desk.example", "active": true}))
        };
        let expired = json!({"error": "ExpiredToken", "message": "Token has expired"}).to_string();
        let fresh = used.lock().unwrap().insert(bearer.clone());
        match asked.url.path() {
            "/xrpc/com.atproto.server.createSession" => {
                begun.fetch_add(1, Ordering::Relaxed);
                let login: Value = serde_json::from_slice(&asked.body).unwrap();
                assert_eq!(login, json!({"identifier": "desk.example", "password": PASSWORD}));
                tokens(turn.fetch_add(1, Ordering::Relaxed))
            }
            "/xrpc/com.atproto.server.refreshSession"
                if renewable && fresh && bearer.starts_with("Bearer refresh-") =>
            {
                tokens(turn.fetch_add(1, Ordering::Relaxed))
            }
            "/xrpc/app.bsky.feed.getAuthorFeed" if fresh && bearer.starts_with("Bearer access-") => {
                let mut private = item("1", 1, 1);
                private["post"]["author"]["labels"] = json!([{"val": "!no-unauthenticated"}]);
                feed(&[private], None)
            }
            _ => Reply::new(400, expired),
        }
    }
}

#[tokio::test]
async fn a_session_is_begun_once_renewed_when_it_expires_and_sees_what_the_public_does_not() {
    let begun = Arc::new(AtomicU32::new(0));
    let double = Double::start(sessions(begun.clone(), true)).await;
    let source = with_password(&double);
    for _ in 0..4 {
        let page = look(&*source, &hub(), "hub.example", None).await.unwrap();
        assert_eq!(page.posts.len(), 1);
    }
    assert_eq!(begun.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn sessions_are_not_begun_again_and_again() {
    let begun = Arc::new(AtomicU32::new(0));
    let double = Double::start(sessions(begun.clone(), false)).await;
    let source = with_password(&double);
    look(&*source, &hub(), "hub.example", None).await.unwrap();
    for _ in 0..3 {
        let at = again(look(&*source, &hub(), "hub.example", None).await).unwrap();
        assert_eq!(at.duration_since(NOW).as_mins(), 5);
    }
    assert_eq!(begun.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_refused_password_is_told_once_asked_and_in_no_error() {
    let said = json!({"error": "AuthenticationRequired", "message": format!("Invalid identifier or password {PASSWORD}")});
    let double = Double::saying(Reply::new(401, said.to_string())).await;
    let source = with_password(&double);
    for _ in 0..3 {
        let why = barred(look(&*source, &hub(), "hub.example", None).await);
        assert!(why.contains("app password") && !why.contains(&PASSWORD[..8]), "{why}");
    }
    assert_eq!(double.asked().len(), 1);
    let double = Double::start(|asked| match asked.url.path() {
        "/xrpc/com.atproto.server.createSession" => {
            Reply::json(json!({"accessJwt": "tok-access", "refreshJwt": "tok-refresh"}))
        }
        _ => Reply::new(
            403,
            json!({"error": "No", "message": "tok-access tok-refresh abcd-very-secret-pass"}).to_string(),
        ),
    })
    .await;
    let why = broken(look(&*with_password(&double), &hub(), "hub.example", None).await);
    assert!(!why.contains("tok-") && !why.contains(PASSWORD), "{why}");
    for odd in [json!({}), json!({"accessJwt": 3})] {
        suspicious(look(&*with_password(&Double::saying(Reply::json(odd)).await), &hub(), "h", None).await);
    }
}
