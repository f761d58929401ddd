//! X, as its API answers.

mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::SignedDuration;
use serde_json::{Value, json};
use vigie::model::coverage::Cause;
use vigie::model::timeline::{Cursor, TimelineId};
use vigie::source::{Ask, Page, Source, SourceError};

use super::double::{Asked, Double, Reply};
use super::{NOW, again, broken, build, ids, look, suspicious};

const TOKEN: &str = "AAAA-very%2Fsecret-token";

fn hub() -> TimelineId {
    TimelineId::from("x:1234567890".to_owned())
}

/// An adapter that asks `double`, with more lines in its table.
fn adapter(double: &Double, more: &str) -> Arc<dyn Source> {
    let dir = tempfile::tempdir().expect("there is room for a file");
    std::fs::write(dir.path().join("token"), TOKEN).expect("there is room for a file");
    let table = format!(
        "accounts = [\"@Hub_\"]\ntoken = {{ file = \"token\" }}\nbase_url = \"{}\"\n{more}",
        double.url()
    );
    build(vigie::source::x::read, &table, dir.path())
}

async fn look_at(double: &Double, cursor: Option<&Cursor>) -> Result<Page, SourceError> {
    look(&*adapter(double, ""), &hub(), "Hub_", cursor).await
}

/// What comes of one look at an account for which X says `reply`.
async fn look_once(reply: Reply) -> Result<Page, SourceError> {
    look_at(&Double::saying(reply).await, None).await
}

fn tweet(id: &str) -> Value {
    json!({"id": id, "text": format!("text of {id}"), "author_id": "1234567890", "edit_history_tweet_ids": [id],
        "created_at": "2025-04-30T20:30:00.000Z", "lang": "en"})
}

fn page(all: &[&str], token: Option<&str>) -> Reply {
    let data: Vec<Value> = all.iter().map(|id| tweet(id)).collect();
    let mut meta = json!({"result_count": all.len()});
    if let Some(token) = token {
        meta["next_token"] = token.into();
    }
    if all.is_empty() {
        Reply::json(json!({"meta": meta}))
    } else {
        Reply::json(json!({"data": data, "meta": meta}))
    }
}

/// A snowflake of so many seconds after [`NOW`].
fn id_after(seconds: i64) -> String {
    let milliseconds = NOW.as_millisecond() + seconds * 1000 - 1_288_834_974_657;
    (milliseconds << 22).to_string()
}

/// A timeline of posts, newest first, in pages of three, none, and one.
fn timeline(all: Vec<String>) -> impl Fn(&Asked) -> Reply + Send + Sync {
    move |asked| {
        let floor: u64 = asked.query("since_id").map_or(0, |id| id.parse().expect("since_id is a number"));
        let newer: Vec<&str> = all
            .iter()
            .map(String::as_str)
            .filter(|id| id.parse::<u64>().is_ok_and(|id| id > floor))
            .collect();
        let token = asked.query("pagination_token").unwrap_or("0-0".into());
        let (from, turn) = token.split_once('-').expect("the token is ours");
        let (from, turn): (usize, usize) = (from.parse().unwrap(), turn.parse().unwrap());
        let end = newer.len().min(from + [3, 0, 1][turn % 3]);
        page(&newer[from..end], (end < newer.len()).then(|| format!("{end}-{}", turn + 1)).as_deref())
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

#[tokio::test]
async fn a_handle_is_resolved_to_the_permanent_id() {
    let double =
        Double::saying(Reply::json(json!({"data": {"id": "1234567890", "name": "Hub", "username": "Hub_"}})))
            .await;
    let source = adapter(&double, "");
    let watched = source.accounts().remove(0);
    assert_eq!((&*watched.account, watched.timeline), ("Hub_", None));
    assert_eq!(source.resolve("Hub_").await, Ok(hub()));
    let asked = double.asked().remove(0);
    assert_eq!(asked.url.path(), "/2/users/by/username/Hub_");
    assert_eq!(asked.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
}

#[tokio::test]
async fn an_account_that_is_missing_or_suspended_is_not_resolved() {
    let problem = |title: &str, detail: &str| {
        json!({"errors": [{"value": "Hub_", "detail": detail, "title": title, "resource_type": "user",
            "parameter": "username", "resource_id": "Hub_", "type": "https://api.twitter.com/2/problems/resource-not-found"}]})
    };
    let missing = problem("Not Found Error", "Could not find user with username: [Hub_].");
    let suspended = problem("Forbidden", "User has been suspended: [Hub_].");
    for (answer, state) in [(missing, "does not exist"), (suspended, "suspended")] {
        let double = Double::saying(Reply::json(answer)).await;
        let why = broken(adapter(&double, "").resolve("Hub_").await);
        assert!(why.contains(state) && why.contains("Hub_"), "{why}");
    }
}

#[tokio::test]
async fn the_first_look_asks_by_time_and_the_next_by_id_never_by_both() {
    let newest = id_after(-30);
    let double = Double::saying(page(&[&newest], None)).await;
    let first = look_at(&double, None).await.unwrap();
    assert!(!first.more);
    look_at(&double, first.next.as_ref()).await.unwrap();
    let asked = double.asked();
    assert_eq!(asked[0].url.path(), "/2/users/1234567890/tweets");
    assert_eq!(asked[0].query("start_time").as_deref(), Some("2025-04-29T21:00:00Z"));
    assert_eq!((asked[0].query("since_id"), asked[1].query("start_time")), (None, None));
    assert_eq!(asked[1].query("since_id"), Some(id_after(-600)), "ten minutes before the last look");
    assert_eq!(asked[0].query("max_results").as_deref(), Some("100"));
}

#[tokio::test]
async fn a_quiet_account_is_asked_after_its_newest_post_and_costs_nothing() {
    let newest = id_after(-3600);
    let double = Double::start(move |asked| {
        if asked.query("since_id").is_some() { page(&[], None) } else { page(&[&newest], None) }
    })
    .await;
    let first = look_at(&double, None).await.unwrap();
    let second = look_at(&double, first.next.as_ref()).await.unwrap();
    assert_eq!(second, Page::default(), "nothing to store");
    assert_eq!(double.asked()[1].query("since_id"), Some(id_after(-3600)));
}

#[tokio::test]
async fn a_short_or_empty_page_is_not_the_last_one() {
    let all: Vec<String> = (0..11).map(|n| id_after(-n * 60)).collect();
    let double = Double::start(timeline(all.clone())).await;
    let (seen, _) = walk(&double, None).await;
    assert_eq!(seen, all);
    let empty = Double::saying(page(&[], Some("t"))).await;
    let page = look_at(&empty, None).await.unwrap();
    assert!(page.more && page.posts.is_empty() && page.next.is_some());
}

#[tokio::test]
async fn what_x_no_longer_shows_of_a_timeline_is_told_as_a_gap_up_to_the_oldest_post_shown() {
    let (known, oldest) = (id_after(-90_000), id_after(-3_600));
    let bottom = oldest.clone();
    // The page behind the last post that X shows is empty.
    let double = Double::start(move |asked| match asked.query("pagination_token").as_deref() {
        Some("last") => page(&[], None),
        _ => page(&[&bottom], Some("last")),
    })
    .await;
    let walk = |shown: u32| {
        let walked = json!({"count": shown, "bottom": id_after(-60)});
        let walk = json!({"token": "t", "begun": NOW.to_string(), "after": &known, "walked": walked});
        Cursor(json!({"newest": &known, "looked": NOW.to_string(), "walk": walk}).to_string())
    };
    for (shown, misses) in [(3_199, true), (40, false)] {
        let first = look_at(&double, Some(&walk(shown))).await.unwrap();
        assert!(first.more && first.missed.is_none(), "the walk goes on");
        let last = look_at(&double, first.next.as_ref()).await.unwrap();
        let until = last.missed.as_ref().map(|missed| (missed.cause, missed.until));
        let oldest = NOW - SignedDuration::from_secs(3_600);
        assert_eq!(until, misses.then_some((Cause::Horizon, Some(oldest))), "after {shown} posts");
    }
}

#[tokio::test]
async fn a_list_that_ends_above_the_last_known_post_is_told_as_a_gap() {
    let newest = id_after(-60);
    let double = Double::start(move |_| page(&[&newest], None)).await;
    let list = TimelineId::from("x:list:7".to_owned());
    let source = adapter(&double, LIST);
    for (known, misses) in [(id_after(-90_000), true), (id_after(-60), false)] {
        let known = Cursor(format!("{{\"newest\":\"{known}\",\"looked\":\"{NOW}\"}}"));
        let page = look(&*source, &list, "list:7", Some(&known)).await.unwrap();
        assert_eq!(page.missed.is_some(), misses, "{known:?}");
    }
}

#[tokio::test]
async fn a_restart_in_the_middle_of_a_walk_loses_nothing_and_moves_no_floor() {
    let old = id_after(-40_000);
    let all: Vec<String> = (0..9).map(|n| id_after(-n * 1000)).chain([old.clone()]).collect();
    let double = Double::start(timeline(all.clone())).await;
    let start = Some(Cursor(format!("{{\"newest\":\"{old}\",\"looked\":\"{NOW}\"}}")));
    let first = look_at(&double, start.as_ref()).await.unwrap();
    assert!(first.more);
    let saved = first.next.clone().unwrap();
    assert!(saved.0.contains(&format!("\"newest\":\"{old}\"")), "{}", saved.0);
    // Nothing but the cursor survives.
    let (rest, end) = walk(&double, Some(saved)).await;
    let seen: Vec<&str> = ids(&first.posts).into_iter().chain(rest.iter().map(String::as_str)).collect();
    assert_eq!(seen, all.iter().map(String::as_str).filter(|id| *id != old).collect::<Vec<_>>());
    let floors: Vec<_> = double.asked().iter().map(|asked| asked.query("since_id")).collect();
    assert!(floors.iter().all(|floor| *floor == Some(old.clone())), "{floors:?}");
    assert!(end.unwrap().0.contains(&format!("\"newest\":\"{}\"", all[0])));
}

#[tokio::test]
async fn a_page_token_that_expired_makes_the_walk_begin_anew() {
    let refusals = Arc::new(AtomicU32::new(0));
    let (newest, counted) = (id_after(-5), refusals.clone());
    let double = Double::start(move |asked| match asked.query("pagination_token") {
        Some(token) => {
            counted.fetch_add(1, Ordering::Relaxed);
            let problem = json!({"errors": [{"parameters": {"pagination_token": [token]}, "message": "expired"}],
                "title": "Invalid Request", "type": "https://api.x.com/2/problems/invalid-request"});
            Reply::new(400, problem.to_string())
        }
        None => page(&[&newest], Some("stale")),
    })
    .await;
    let first = look_at(&double, None).await.unwrap();
    let anew = look_at(&double, first.next.as_ref()).await.unwrap();
    assert!(anew.more && anew.posts.is_empty() && !anew.next.as_ref().unwrap().0.contains("stale"));
    look_at(&double, anew.next.as_ref()).await.unwrap();
    assert_eq!(double.asked()[2].query("pagination_token"), None);
    // It does not go on like that for ever.
    let mut cursor = None;
    for _ in 0..20 {
        match look_at(&double, cursor.as_ref()).await {
            Ok(page) => cursor = page.next,
            Err(error) => {
                assert!(matches!(error, SourceError::Broken(_)), "{error}");
                assert!(refusals.load(Ordering::Relaxed) <= 6);
                return;
            }
        }
    }
    panic!("people are never told");
}

#[tokio::test]
async fn an_id_that_x_finds_too_old_is_replaced_by_its_time() {
    let double = Double::start(|asked| match asked.query("since_id") {
        Some(id) => {
            let problem = json!({"errors": [{"parameters": {"since_id": [id]},
                "message": "'since_id' must be a tweet id created after 2025-04-23T21:00Z"}], "title": "Invalid Request"});
            Reply::new(400, problem.to_string())
        }
        None => page(&[], None),
    })
    .await;
    let week = id_after(-8 * 86_400);
    let cursor = Cursor(format!("{{\"newest\":\"{week}\",\"looked\":\"{NOW}\"}}"));
    look_at(&double, Some(&cursor)).await.unwrap();
    let asked = double.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].query("start_time").as_deref(), Some("2025-04-22T21:00:00Z"));
    assert_eq!(asked[1].query("since_id"), None);
}

#[tokio::test]
async fn the_other_vocabulary_is_tried_once_and_remembered() {
    let double = Double::start(|asked| match asked.query("post.fields") {
        Some(_) => page(&[], None),
        None => Reply::new(400, r#"{"errors":[{"parameters":{"tweet.fields":["x"]},"message":"The query parameter [tweet.fields] is not one of [id]"}],"title":"Invalid Request"}"#),
    })
    .await;
    let source = adapter(&double, "");
    look(&*source, &hub(), "Hub_", None).await.unwrap();
    look(&*source, &hub(), "Hub_", None).await.unwrap();
    assert_eq!(double.asked().len(), 3);
    assert_eq!(
        double.asked()[2].query("expansions").unwrap(),
        "attachments.media_keys,author_id,referenced_posts"
    );
    let stubborn =
        Double::saying(Reply::new(400, r#"{"errors":[{"parameters":{"tweet.fields":[]},"message":"no"}]}"#))
            .await;
    broken(look_at(&stubborn, None).await);
    assert_eq!(stubborn.asked().len(), 2);
    let told = Double::saying(page(&[], None)).await;
    look(&*adapter(&told, "fields = \"post\""), &hub(), "Hub_", None).await.unwrap();
    assert!(told.asked()[0].query("post.fields").is_some());
}

#[tokio::test]
async fn an_allowance_bounds_the_page_down_to_what_x_accepts() {
    let double = Double::saying(page(&[], None)).await;
    let (source, timeline) = (adapter(&double, "page = 20"), hub());
    for (allowance, asked) in [(None, "20"), (Some(500), "20"), (Some(12), "12"), (Some(2), "5")] {
        let ask = Ask { timeline: &timeline, account: "Hub_", cursor: None, since: None, allowance };
        source.fetch(ask).await.unwrap();
        assert_eq!(double.asked().last().unwrap().query("max_results").as_deref(), Some(asked));
    }
    assert_eq!(double.asked()[0].query("start_time"), None);
}

#[tokio::test]
async fn a_cut_repost_is_told_whole_and_a_partial_error_fails_nothing() {
    let answer = json!({
        "data": [{"id": "600", "text": "RT @ministry: Russia has committed more military assis…",
            "author_id": "1234567890", "referenced_tweets": [{"type": "retweeted", "id": "500"}]}],
        "includes": {
            "tweets": [{"id": "500", "author_id": "20", "text": "cut…", "note_tweet": {"text":
                "Russia has committed more military assistance to Burkina Faso &amp; Mali https://t.co/abc",
                "entities": {"urls": [{"start": 73, "end": 89, "url": "https://t.co/abc", "expanded_url": "https://e.example/a"}]}}}],
            "users": [{"id": "20", "username": "ministry"}, {"id": "1234567890", "username": "Hub_"}],
        },
        "errors": [{"parameter": "entities.mentions.username", "resource_id": "gone", "value": "gone",
            "detail": "User has been suspended: [gone].", "title": "Forbidden", "resource_type": "user",
            "type": "https://api.twitter.com/2/problems/resource-not-found"}],
        "meta": {"result_count": 1, "newest_id": "600", "oldest_id": "600"},
    });
    let reset = NOW.as_second() + 600;
    let reply = Reply::json(answer).header("x-rate-limit-remaining", 899).header("x-rate-limit-reset", reset);
    let page = look_once(reply).await.unwrap();
    assert_eq!(page.limit.map(|(left, at)| (left, at.as_second())), Some((899, reset)));
    let post = &page.posts[0];
    assert_eq!(
        post.text,
        "Russia has committed more military assistance to Burkina Faso & Mali https://e.example/a"
    );
    assert_eq!((post.author.as_str(), post.repost_of.as_ref().unwrap().id.as_str()), ("Hub_", "500"));
}

#[tokio::test]
async fn one_post_that_cannot_be_read_does_not_spoil_the_page() {
    let data = json!([tweet("3"), {"id": "2", "text": {"no": "text"}}, 7, {"text": "no id"}, tweet("1")]);
    let page = look_once(Reply::json(json!({"data": data, "meta": {"result_count": 5}}))).await.unwrap();
    assert_eq!(ids(&page.posts), ["3", "1"]);
    assert_eq!(page.unreadable.len(), 3);
    assert!(page.unreadable[0].contains("post 2"), "{:?}", page.unreadable);
}

#[tokio::test]
async fn a_page_of_which_nothing_can_be_read_is_no_page() {
    let odd = |count| json!({"data": vec![json!({"id": "1", "body": "renamed"}); count], "meta": {"result_count": count}});
    assert_eq!(look_once(Reply::json(odd(2))).await.unwrap().unreadable.len(), 2);
    suspicious(look_once(Reply::json(odd(5))).await);
}

#[tokio::test]
async fn a_watched_account_that_is_gone_suspended_or_protected_is_told_as_such() {
    let cases = [
        (
            "Not Found Error",
            "Could not find user with id: [1234567890].",
            "resource-not-found",
            "does not exist",
        ),
        ("Forbidden", "User has been suspended: [1234567890].", "resource-not-found", "is suspended"),
        (
            "Authorization Error",
            "Sorry, you are not authorized to see the user with id: [1234567890].",
            "not-authorized-for-resource",
            "is protected",
        ),
    ];
    for (title, detail, kind, state) in cases {
        let problem = json!({"errors": [{"parameter": "id", "value": "1234567890", "resource_type": "user",
            "title": title, "detail": detail, "type": format!("https://api.x.com/2/problems/{kind}")}]});
        let why = broken(look_once(Reply::json(problem)).await);
        assert!(why.contains(state) && why.contains("Hub_"), "{why}");
    }
}

#[tokio::test]
async fn an_empty_page_is_nothing_new_and_an_answer_without_a_count_is_suspicious() {
    let page = look_once(Reply::json(json!({"meta": {"result_count": 0}}))).await.unwrap();
    assert!(page.posts.is_empty() && !page.more && page.next.is_some());
    for odd in [
        json!({}),
        json!({"meta": {}}),
        json!({"meta": {"result_count": 3}}),
        json!({"data": "x"}),
        json!([]),
        json!({"meta": 7}),
    ] {
        suspicious(look_once(Reply::json(odd)).await);
    }
}

#[tokio::test]
async fn every_status_is_classified() {
    for (status, body, word) in [
        (
            401,
            r#"{"title":"Unauthorized","type":"about:blank","status":401,"detail":"Unauthorized"}"#,
            "credentials",
        ),
        (402, r#"{"title":"CreditsDepleted","detail":"You have no credits left"}"#, "credits depleted"),
        (
            403,
            r#"{"title":"Client Forbidden","reason":"client-not-enrolled","detail":"must be enrolled"}"#,
            "enrolled",
        ),
        (404, "<!DOCTYPE html>\n<html lang=\"en\" class=\"dog\"></html>", "base_url"),
        (
            429,
            r#"{"title":"UsageCapExceeded","period":"Monthly","scope":"Product","type":"https://api.twitter.com/2/problems/usage-capped"}"#,
            "usage cap",
        ),
        (301, "", "base_url"),
    ] {
        let reply =
            Reply::new(status, body).header("location", "/elsewhere").header("x-rate-limit-remaining", 10);
        let why = broken(look_once(reply).await);
        assert!(why.contains(word), "{status}: {why}");
    }
    for status in [500, 502, 503, 504] {
        assert_eq!(again(look_once(Reply::new(status, "<html>over capacity</html>")).await), None);
    }
}

#[tokio::test]
async fn a_rate_limit_closes_the_host_until_it_starts_anew() {
    let reset = NOW.as_second() + 700;
    let reply = Reply::new(429, r#"{"errors":[{"code":88,"message":"Rate limit exceeded"}]}"#)
        .header("x-rate-limit-remaining", 0)
        .header("x-rate-limit-reset", reset);
    let double = Double::saying(reply).await;
    let source = adapter(&double, "");
    for _ in 0..3 {
        let at = again(look(&*source, &hub(), "Hub_", None).await).unwrap();
        assert_eq!(at.as_second(), reset);
    }
    assert_eq!(double.asked().len(), 1, "the host was left alone");
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_tried_again() {
    let whole = json!({"data": [tweet("1")], "meta": {"result_count": 1}}).to_string();
    let half = whole.as_bytes()[..whole.len() / 2].to_vec();
    let bodies = [Vec::new(), half, b"<html>".to_vec(), vec![0xff, 0xfe, 0x00, 0x80], b"[".repeat(100_000)];
    for body in bodies {
        again(look_once(Reply::new(200, body)).await);
    }
    again(look_once(Reply::new(200, whole).cut(10)).await);
}

#[tokio::test]
async fn a_post_cut_within_an_emoji_does_not_hold_up_its_page() {
    let whole = json!({"data": [tweet("2"), tweet("1")], "meta": {"result_count": 2}}).to_string();
    let cut = whole.replacen("\"text\":\"", "\"text\":\"\\ud83d ", 1);
    assert_ne!(cut, whole);
    assert_eq!(look_once(Reply::new(200, cut)).await.unwrap().posts.len(), 2);
}

#[tokio::test]
async fn a_post_with_bytes_that_are_no_text_does_not_hold_up_its_page() {
    let whole = json!({"data": [tweet("2"), tweet("1")], "meta": {"result_count": 2}}).to_string();
    let at = whole.find("\"text\":\"").unwrap() + "\"text\":\"".len();
    let broken = [&whole.as_bytes()[..at], b"\xd0\xbc\xd0 ", &whole.as_bytes()[at..]].concat();
    let posts = look_once(Reply::new(200, broken)).await.unwrap().posts;
    assert_eq!(posts.len(), 2);
    assert_eq!(posts.iter().filter(|post| post.text.starts_with("\u{43C}\u{FFFD} ")).count(), 1);
}

#[tokio::test]
async fn a_cursor_or_timeline_of_someone_else_is_refused() {
    let double = Double::saying(page(&[], None)).await;
    broken(look_at(&double, Some(&Cursor("not ours".into()))).await);
    let source = adapter(&double, "");
    for timeline in ["feed:https://e.example/", "x:", "x:1/../2", "x:abc"] {
        broken(look(&*source, &TimelineId::from(timeline.to_owned()), "Hub_", None).await);
    }
    assert!(double.asked().is_empty());
}

#[tokio::test]
async fn the_token_is_in_no_error_even_if_the_server_repeats_it() {
    let long = "x".repeat(190);
    let says = json!({"title": format!("no {TOKEN}"), "detail": format!("{long} {TOKEN} is bad"),
        "errors": [{"message": format!("{long}{TOKEN}!"), "parameter": "id", "title": TOKEN}]});
    for status in [200, 400, 401, 402, 403, 404, 410, 418, 429, 500, 503] {
        let double = Double::saying(Reply::new(status, says.to_string())).await;
        let source = adapter(&double, "");
        for error in [
            look(&*source, &hub(), "Hub_", None).await.unwrap_err(),
            source.resolve("Hub_").await.unwrap_err(),
        ] {
            for shown in [error.to_string(), format!("{error:?}")] {
                assert!(!shown.contains(&TOKEN[..6]), "{status}: {shown}");
            }
        }
    }
    for body in [json!({"meta": TOKEN}), json!(TOKEN), json!({"data": TOKEN})] {
        let error = look_once(Reply::json(body)).await.unwrap_err();
        assert!(!format!("{error:?} {error}").contains(&TOKEN[..6]), "{error}");
    }
    let unreadable = json!({"data": [{"id": TOKEN, "text": 1}], "meta": {"result_count": 1}});
    let page = look_once(Reply::json(unreadable)).await.unwrap();
    assert!(!format!("{page:?}").contains(&TOKEN[..6]));
}
const LIST: &str = "lists = [\"7\"]\nby = \"search\"\ntimelines_every = \"10m\"";

#[tokio::test]
async fn a_list_is_read_from_its_newest_post_down_to_a_known_one_in_small_pages() {
    let all: Vec<String> = (0..60).map(|n| id_after(-n * 60)).collect();
    let double = Double::start(move |asked| {
        let from: usize = asked.query("pagination_token").map_or(0, |token| token.parse().unwrap());
        let most: usize = asked.query("max_results").unwrap().parse().unwrap();
        let ids: Vec<&str> = all[from..].iter().map(String::as_str).take(most).collect();
        page(&ids, Some(&(from + ids.len()).to_string()))
    })
    .await;
    let list = TimelineId::from("x:list:7".to_owned());
    let known = Cursor(format!("{{\"newest\":\"{}\",\"looked\":\"{NOW}\"}}", id_after(-25 * 60)));
    let source = adapter(&double, LIST);
    let first = look(&*source, &list, "list:7", Some(&known)).await.unwrap();
    assert!(first.more);
    let second = look(&*source, &list, "list:7", first.next.as_ref()).await.unwrap();
    assert!(!second.more, "a known post was reached");
    let third = look(&*source, &list, "list:7", second.next.as_ref()).await.unwrap();
    assert_eq!((third.more, third.next), (false, None), "nothing new, nothing to keep");
    for asked in double.asked() {
        assert_eq!(asked.url.path(), "/2/lists/7/tweets");
        assert_eq!((asked.query("since_id"), asked.query("start_time")), (None, None));
        assert_eq!(asked.query("max_results").as_deref(), Some("20"));
    }
}

#[tokio::test]
async fn a_search_looks_at_all_accounts_at_once_and_no_further_back_than_their_timelines_are_read() {
    let newest = id_after(-30);
    let double = Double::start(move |asked| match asked.query("next_token") {
        None => page(&[&newest], Some("t")),
        Some(_) => page(&[], None),
    })
    .await;
    let source = adapter(&double, LIST);
    let watched = source.accounts();
    let names: Vec<_> = watched.iter().map(|watched| &*watched.account).collect();
    assert_eq!(names, ["search:Hub_", "list:7", "Hub_"]);
    assert_eq!(watched[2].every, Some(jiff::SignedDuration::from_mins(10)));
    let timeline = watched[0].timeline.clone().unwrap();
    let first = look(&*source, &timeline, "search:Hub_", None).await.unwrap();
    look(&*source, &timeline, "search:Hub_", first.next.as_ref()).await.unwrap();
    let asked = double.asked();
    assert_eq!(asked[0].url.path(), "/2/tweets/search/recent");
    assert_eq!(asked[0].query("query").as_deref(), Some("from:Hub_"));
    let since = asked[0].query("since_id").unwrap();
    assert_eq!((since.len(), &since), (19, &id_after(-20 * 60)));
    assert_eq!(asked[1].query("since_id"), Some(since), "every page is asked alike");
    assert_eq!(source.came_by("search:Hub_", &first.posts[0]), "search:Hub_", "it names another author");
    let own = vigie::model::post::Post { author: "hub_".into(), ..first.posts[0].clone() };
    assert_eq!(source.came_by("search:Hub_", &own), "Hub_");
}

#[tokio::test]
async fn after_a_stop_one_call_is_made_for_all_accounts() {
    for (status, body) in [(401, ""), (402, ""), (429, r#"{"title":"UsageCapExceeded"}"#)] {
        let double = Double::saying(Reply::new(status, body)).await;
        let source = adapter(&double, LIST);
        let first = look(&*source, &hub(), "Hub_", None).await.unwrap_err();
        for watched in source.accounts() {
            let timeline = watched.timeline.unwrap_or_else(hub);
            assert_eq!(look(&*source, &timeline, &watched.account, None).await, Err(first.clone()));
        }
        assert_eq!(source.resolve("Other").await, Err(first));
        assert_eq!(double.asked().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_limit_of_one_endpoint_leaves_the_others_open() {
    let reset = NOW.as_second() + 700;
    let double = Double::start(move |asked| match asked.url.path() {
        "/2/lists/7/tweets" => page(&[], None),
        _ => Reply::new(429, "").header("x-rate-limit-remaining", 0).header("x-rate-limit-reset", reset),
    })
    .await;
    let source = adapter(&double, LIST);
    again(look(&*source, &hub(), "Hub_", None).await);
    assert!(look(&*source, &TimelineId::from("x:list:7".to_owned()), "list:7", None).await.is_ok());
}

#[tokio::test]
async fn a_page_tells_how_x_calls_the_account_now_and_what_it_cost() {
    let answer = json!({"data": [tweet("3"), tweet("2")], "meta": {"result_count": 2},
        "includes": {"users": [{"id": "1234567890", "username": "Renamed_"}]}});
    let double = Double::saying(Reply::json(answer)).await;
    let source = adapter(&double, "");
    let first = look(&*source, &hub(), "Hub_", None).await.unwrap();
    assert_eq!((first.name.as_deref(), first.read.posts, first.read.users), (Some("Renamed_"), 2, 0));
    assert_eq!(first.posts[0].author, "Renamed_");
    let second = look(&*source, &hub(), "Hub_", None).await.unwrap();
    assert_eq!(second.read.posts, 0, "X bills a post once a day");
}

#[tokio::test]
async fn the_last_call_of_a_window_closes_the_endpoint_until_the_next_one() {
    let reset = NOW.as_second() + 600;
    let reply = page(&[], None).header("x-rate-limit-remaining", 0).header("x-rate-limit-reset", reset);
    let double = Double::saying(reply).await;
    let source = adapter(&double, "");
    assert!(look(&*source, &hub(), "Hub_", None).await.is_ok());
    let at = again(look(&*source, &hub(), "Hub_", None).await).unwrap();
    assert_eq!((at.as_second(), double.asked().len()), (reset, 1));
}
