//! Mastodon, as its instances answer.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use vigie::model::timeline::{Cursor, TimelineId};
use vigie::source::{Page, Source, SourceError};

use super::double::{Asked, Double, Reply};
use super::{NOW, again, broken, build, ids, look, suspicious};

const TOKEN: &str = "very-secret-mastodon-token";

fn hub() -> TimelineId {
    TimelineId::from("mastodon:m.example/7".to_owned())
}

fn tag() -> TimelineId {
    TimelineId::from("mastodon:m.example/#mali".to_owned())
}

fn adapter(double: &Double) -> Arc<dyn Source> {
    let table = format!(
        "accounts = [\"@Hub@m.example\"]\nhashtags = [\"#Mali@m.example\"]\nbase_url = \"{}\"",
        double.url()
    );
    build(vigie::source::mastodon::read, &table, std::path::Path::new("."))
}

fn with_token(double: &Double) -> Arc<dyn Source> {
    let dir = tempfile::tempdir().expect("there is room for a file");
    std::fs::write(dir.path().join("token"), TOKEN).expect("there is room for a file");
    let table = format!(
        "accounts = [\"hub@m.example\"]\ntoken = {{ file = \"token\" }}\nbase_url = \"{}\"",
        double.url()
    );
    build(vigie::source::mastodon::read, &table, dir.path())
}

async fn look_at(double: &Double, cursor: Option<&Cursor>) -> Result<Page, SourceError> {
    look(&*adapter(double), &hub(), "hub@m.example", cursor).await
}

async fn look_once(reply: Reply) -> Result<Page, SourceError> {
    look_at(&Double::saying(reply).await, None).await
}

/// The id of a post made so many minutes ago.
fn id(minutes: i64) -> u64 {
    let made = NOW - SignedDuration::from_mins(minutes);
    (made.as_millisecond() as u64) << 16
}

fn uri(id: u64) -> String {
    format!("https://m.example/users/hub/statuses/{id}")
}

fn status(id: u64) -> Value {
    let made = Timestamp::from_millisecond((id >> 16) as i64).expect("it is a time");
    json!({"id": id.to_string(), "uri": uri(id), "url": format!("https://m.example/@hub/{id}"), "visibility": "public",
        "created_at": made.to_string(), "content": format!("<p>text of {id}</p>"), "language": "en",
        "account": {"id": "7", "acct": "hub"}, "reblog": null, "edited_at": null})
}

fn uris(minutes: impl IntoIterator<Item = i64>) -> Vec<String> {
    minutes.into_iter().map(|made| uri(id(made))).collect()
}

/// Posts made so many minutes ago, which a test may add to; pages of at most three, newest first.
type History = Arc<Mutex<Vec<i64>>>;

fn history(minutes: impl IntoIterator<Item = i64>) -> History {
    Arc::new(Mutex::new(minutes.into_iter().collect()))
}

fn serve(history: &History) -> impl Fn(&Asked) -> Reply + Send + Sync + 'static {
    let history = history.clone();
    move |asked| {
        let mut ids: Vec<u64> = history.lock().unwrap().iter().map(|made| id(*made)).collect();
        ids.sort_unstable();
        let bound = |name: &str| asked.query(name).map(|id| id.parse::<u64>().expect("it is one of ours"));
        let mut page: Vec<u64> = match (bound("min_id"), bound("max_id")) {
            (Some(floor), None) => ids.into_iter().filter(|id| *id > floor).take(3).collect(),
            (None, ceiling) => {
                let below = ids.into_iter().rev().filter(|id| ceiling.is_none_or(|ceiling| *id < ceiling));
                below.take(3).collect()
            }
            both => panic!("{both:?}"),
        };
        page.sort_unstable_by(|one, other| other.cmp(one));
        Reply::json(page.into_iter().map(status).collect())
    }
}

/// Looks until nothing waits, each time with a new adapter, as after a crash; all posts seen.
async fn walk(
    double: &Double,
    timeline: &TimelineId,
    mut cursor: Option<Cursor>,
) -> (Vec<String>, Option<Cursor>) {
    let mut seen = Vec::new();
    for _ in 0..100 {
        let page = look(&*adapter(double), timeline, "it", cursor.as_ref()).await.expect("a page");
        seen.extend(page.posts.into_iter().map(|post| post.id));
        cursor = page.next.or(cursor);
        if !page.more {
            return (seen, cursor);
        }
    }
    panic!("the walk has no end");
}

/// A cursor after everything up to so many minutes ago, when what is known was read again so many minutes ago.
fn known(newest: i64, looked: i64) -> Cursor {
    let looked = NOW - SignedDuration::from_mins(looked);
    Cursor(json!({"newest": id(newest).to_string(), "looked": looked}).to_string())
}

#[tokio::test]
async fn an_account_is_looked_up_at_its_home_and_a_hashtag_needs_no_look_up() {
    let double = Double::saying(Reply::json(json!({"id": "7", "acct": "hub", "username": "hub"}))).await;
    let source = adapter(&double);
    let watched = source.accounts();
    assert_eq!((&*watched[0].account, &watched[0].timeline), ("hub@m.example", &None));
    assert_eq!((&*watched[1].account, &watched[1].timeline), ("#mali@m.example", &Some(tag())));
    assert_eq!(source.resolve("hub@m.example").await, Ok(hub()));
    let asked = double.asked().remove(0);
    assert_eq!((asked.url.path(), asked.query("acct").as_deref()), ("/api/v1/accounts/lookup", Some("hub")));
}

#[tokio::test]
async fn an_account_that_is_missing_suspended_or_moved_is_not_resolved() {
    let moved = json!({"id": "7", "moved": {"id": "8", "acct": "hub@new.example"}});
    for (reply, word) in [
        (Reply::new(404, json!({"error": "Record not found"}).to_string()), "check its name"),
        (Reply::json(json!({"id": "7", "suspended": true})), "suspended"),
        (Reply::json(moved), "hub@new.example"),
        (Reply::new(301, "").header("location", "https://www.m.example/"), "the host that answers"),
    ] {
        let why = broken(adapter(&Double::saying(reply).await).resolve("hub@m.example").await);
        assert!(why.contains(word) && why.contains("hub@m.example"), "{why}");
    }
    for odd in [json!({}), json!({"id": 7}), json!({"id": "../8"}), json!([])] {
        suspicious(adapter(&Double::saying(Reply::json(odd)).await).resolve("hub@m.example").await);
    }
}

#[tokio::test]
async fn the_first_look_walks_down_from_the_newest_page_as_far_as_it_shall() {
    let posts = history([5, 50, 500, 600, 700, 1300, 1400, 1500, 1600, 2000, 3000, 4000]);
    let double = Double::start(serve(&posts)).await;
    let (seen, cursor) = walk(&double, &hub(), None).await;
    assert_eq!(seen, uris([5, 50, 500, 600, 700, 1300, 1400, 1500, 1600]));
    assert!(cursor.unwrap().0.contains(&id(5).to_string()));
    let asked = double.asked();
    assert_eq!(asked[0].url.path(), "/api/v1/accounts/7/statuses");
    let query = |n: usize| ["limit", "max_id", "min_id"].map(|name| asked[n].query(name));
    assert_eq!(query(0), [Some("40".into()), None, None]);
    assert_eq!(query(1), [Some("40".into()), Some(id(500).to_string()), None]);
}

#[tokio::test]
async fn a_short_page_is_not_the_last_one_and_an_empty_one_may_name_the_next() {
    let double = Double::start(|asked| match asked.query("max_id").as_deref() {
        None => Reply::json(json!([status(id(5))])),
        Some("55") => Reply::json(json!([])),
        Some("77") => {
            Reply::json(json!([])).header("link", "<https://evil.example/?max_id=55>; rel=\"next\"")
        }
        Some(_) => Reply::json(json!([]))
            .header("link", "</x?limit=40&max_id=77>; rel=\"next\", </x?min_id=9>; rel=\"prev\""),
    })
    .await;
    let (seen, cursor) = walk(&double, &hub(), None).await;
    assert_eq!((seen, double.asked().len()), (uris([5]), 4));
    assert!(cursor.unwrap().0.contains("newest"));
}

#[tokio::test]
async fn later_looks_climb_page_by_page_so_that_nothing_is_skipped() {
    let posts = history((0..20).map(|n| n * 10));
    let double = Double::start(serve(&posts)).await;
    let (mut seen, cursor) = walk(&double, &hub(), Some(known(170, 1))).await;
    seen.sort();
    seen.reverse();
    assert_eq!(seen, uris((0..17).map(|n| n * 10)));
    assert!(double.asked().iter().all(|asked| asked.query("min_id").is_some()));
    let quiet = look_at(&double, cursor.as_ref()).await.unwrap();
    assert_eq!(quiet, Page::default(), "nothing to store");
}

#[tokio::test]
async fn a_restart_in_the_middle_of_a_walk_loses_nothing() {
    let posts = history((0..9).map(|n| n * 60));
    let double = Double::start(serve(&posts)).await;
    let first = look_at(&double, None).await.unwrap();
    assert!(first.more && !first.next.as_ref().unwrap().0.contains("\"newest\":null"));
    posts.lock().unwrap().push(-1);
    let (rest, cursor) = walk(&double, &hub(), first.next.clone()).await;
    let seen = [first.posts.into_iter().map(|post| post.id).collect(), rest].concat();
    assert_eq!(seen, uris((0..9).map(|n| n * 60)));
    assert_eq!(walk(&double, &hub(), cursor).await.0, uris([-1]), "it came during the walk");
}

#[tokio::test]
async fn edits_of_known_posts_are_seen_when_the_newest_page_is_read_again() {
    let posts = history([10, 20, 30]);
    let double = Double::start(serve(&posts)).await;
    let page = look_at(&double, Some(&known(10, 10))).await.unwrap();
    assert_eq!((ids(&page.posts).len(), page.more), (3, false));
    assert_eq!(double.asked()[0].query("min_id"), None);
    assert!(page.next.unwrap().0.contains(&NOW.to_string()));
    // More than a page came meanwhile: what is between is climbed through.
    posts.lock().unwrap().extend([9, 8, 7, 6, 5, 4]);
    let (seen, _) = walk(&double, &hub(), Some(known(10, 10))).await;
    assert!(uris([9, 8, 7, 6, 5, 4]).iter().all(|uri| seen.contains(uri)), "{seen:?}");
}

#[tokio::test]
async fn an_account_that_moved_is_told_once_it_is_quiet() {
    let mut last = status(id(10));
    last["account"]["moved"] = json!({"id": "8", "acct": "hub@new.example"});
    let double = Double::saying(Reply::json(json!([last]))).await;
    assert_eq!(look_at(&double, Some(&known(20, 10))).await.unwrap().posts.len(), 1);
    let why = broken(look_at(&double, Some(&known(10, 10))).await);
    assert!(why.contains("hub@new.example"), "{why}");
}

#[tokio::test]
async fn a_post_that_reached_a_hashtag_late_is_found_below_the_newest() {
    let posts = history([5, 100, 200]);
    let double = Double::start(serve(&posts)).await;
    let (seen, _) = walk(&double, &tag(), Some(known(5, 10))).await;
    assert_eq!(seen, uris([5, 100]), "two hours are read again");
    assert_eq!(double.asked()[0].url.path(), "/api/v1/timelines/tag/mali");
    let (seen, _) = walk(&double, &tag(), Some(known(5, 9))).await;
    assert!(seen.is_empty());
}

#[tokio::test]
async fn a_server_that_does_not_climb_is_not_asked_for_ever() {
    let double = Double::saying(Reply::json(json!([status(id(5)), status(id(6))]))).await;
    let (seen, _) = walk(&double, &hub(), Some(known(10, 1))).await;
    assert_eq!((seen.len(), double.asked().len()), (4, 2));
    let circle = Double::saying(Reply::json(json!([status(id(5))]))).await;
    let first = look_at(&circle, None).await.unwrap();
    suspicious(look_at(&circle, first.next.as_ref()).await);
}

#[tokio::test]
async fn a_timeline_that_was_full_and_shows_nothing_is_suspicious() {
    let double = Double::saying(Reply::json(json!([]))).await;
    suspicious(look_at(&double, Some(&known(10, 10))).await);
    assert!(!look_at(&double, None).await.unwrap().more, "a new account may be empty");
    for odd in [json!({}), json!({"error": "no"}), json!("x"), json!(null), json!(7)] {
        suspicious(look_once(Reply::json(odd)).await);
    }
}

#[tokio::test]
async fn one_post_that_cannot_be_read_does_not_spoil_the_page_and_many_are_suspicious() {
    let odd = json!({"id": "8", "uri": "https://m.example/8", "content": {"no": "text"}});
    let body =
        json!([status(id(5)), odd, 7, {"id": "9", "content": "x", "visibility": "direct"}, status(id(6))]);
    let page = look_once(Reply::json(body)).await.unwrap();
    assert_eq!(ids(&page.posts), uris([5, 6]));
    assert!(page.unreadable.len() == 2 && page.unreadable[0].contains("/8"), "{:?}", page.unreadable);
    suspicious(look_once(Reply::json(json!(vec![odd; 5]))).await);
}

#[tokio::test]
async fn every_status_is_classified() {
    let said = |words: &str| json!({"error": words}).to_string();
    for (status, body, word) in [
        (401, said("This API requires an authenticated user"), "`token`"),
        (403, said("This action is not allowed"), "not allowed"),
        (404, said("Record not found"), "check its name"),
        (404, "<!DOCTYPE html>".to_owned(), "HTTP 404"),
        (410, String::new(), "suspended"),
        (422, said("Validation failed"), "Validation failed"),
        (302, String::new(), "redirects"),
        (400, "[".repeat(100_000), "HTTP 400"),
    ] {
        let why = broken(look_once(Reply::new(status, body)).await);
        assert!(why.contains(word) && why.contains("hub@m.example"), "{status}: {why}");
    }
    for status in [408, 500, 502, 503, 504, 530] {
        assert_eq!(again(look_once(Reply::new(status, "<html>maintenance</html>")).await), None, "{status}");
    }
    let at = again(look_once(Reply::new(503, "").header("retry-after", 120)).await).unwrap();
    assert_eq!(at.duration_since(NOW).as_secs(), 120);
}

#[tokio::test]
async fn a_rate_limit_closes_the_host_until_it_starts_anew() {
    let reset = NOW + SignedDuration::from_secs(200);
    let limits = |reply: Reply, left: u32| {
        reply
            .header("x-ratelimit-remaining", left)
            .header("x-ratelimit-reset", reset.strftime("%Y-%m-%dT%H:%M:%S.%6fZ"))
    };
    let double = Double::saying(limits(Reply::new(429, json!({"error": "Throttled"}).to_string()), 0)).await;
    let source = adapter(&double);
    for _ in 0..3 {
        assert_eq!(again(look(&*source, &hub(), "hub", None).await), Some(reset));
    }
    assert_eq!(double.asked().len(), 1, "the host was left alone");
    let page = look_once(limits(Reply::json(json!([])), 299)).await.unwrap();
    assert_eq!(page.limit, Some((299, reset)));
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_tried_again() {
    let whole = json!([status(id(5))]).to_string();
    let half = whole.as_bytes()[..whole.len() / 2].to_vec();
    for body in [Vec::new(), half, b"<html>".to_vec(), vec![0xff, 0xfe, 0x00], b"[".repeat(100_000)] {
        again(look_once(Reply::new(200, body)).await);
    }
    again(look_once(Reply::new(200, whole).cut(10)).await);
}

#[tokio::test]
async fn hostile_html_harms_nobody() {
    let mut post = status(id(5));
    post["content"] = format!("{}deep", "<p class=\"quote-inline\"".repeat(30_000)).into();
    let other = json!({"id": "6", "content": "<a class='mention' href='".repeat(30_000)});
    let page = look_once(Reply::json(json!([post, other]))).await.unwrap();
    assert_eq!(page.posts.len(), 2);
}

#[tokio::test]
async fn a_cursor_or_timeline_of_someone_else_is_refused() {
    let double = Double::saying(Reply::json(json!([]))).await;
    broken(look_at(&double, Some(&Cursor("not ours".into()))).await);
    for timeline in
        ["x:1", "mastodon:m.example", "mastodon:m.example/", "mastodon:m.example/#", "mastodon:m.example/a/b"]
    {
        broken(look(&*adapter(&double), &TimelineId::from(timeline.to_owned()), "h", None).await);
    }
    broken(adapter(&double).resolve("#mali@m.example").await);
    assert!(double.asked().is_empty());
}

#[tokio::test]
async fn a_token_is_sent_and_is_in_no_error() {
    let long = "x".repeat(390);
    for status in [200, 400, 401, 403, 404, 422, 429, 503] {
        let said = json!({"error": format!("{long}{TOKEN} is bad"), "suspended": true});
        let double = Double::saying(Reply::new(status, said.to_string())).await;
        let source = with_token(&double);
        for error in [
            look(&*source, &hub(), "hub@m.example", None).await.unwrap_err(),
            source.resolve("hub@m.example").await.unwrap_err(),
        ] {
            assert!(!format!("{error} {error:?}").contains(&TOKEN[..6]), "{status}: {error}");
        }
        assert_eq!(double.asked()[0].header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    }
}
