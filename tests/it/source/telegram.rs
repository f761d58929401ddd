//! Telegram, as its preview pages show channels.

use std::fmt::Write;
use std::sync::Arc;

use jiff::SignedDuration;
use vigie::model::timeline::{Cursor, TimelineId};
use vigie::source::{Page, Source, SourceError};

use super::double::{Asked, Double, Reply};
use super::{NOW, again, broken, build, ids, look, suspicious};

fn hub() -> TimelineId {
    TimelineId::from("telegram:hub_ru".to_owned())
}

fn adapter(double: &Double) -> Arc<dyn Source> {
    let table = format!("channels = [\"https://t.me/Hub_Ru\"]\nbase_url = \"{}\"", double.url());
    build(vigie::source::telegram::read, &table, std::path::Path::new("."))
}

async fn look_at(double: &Double, cursor: Option<&Cursor>) -> Result<Page, SourceError> {
    look(&*adapter(double), &hub(), "hub_ru", cursor).await
}

async fn look_once(reply: Reply) -> Result<Page, SourceError> {
    look_at(&Double::saying(reply).await, None).await
}

/// A page with these messages, each with the minutes since it was posted.
fn page(messages: &[(u64, i64)], older: bool) -> String {
    let mut html = "<!DOCTYPE html><html><head><title>Hub – Telegram</title></head><body>\
                    <div class=\"tgme_channel_info\"></div><section class=\"tgme_channel_history js-message_history\">"
        .to_owned();
    if let (true, Some((first, _))) = (older, messages.first()) {
        let _ = write!(html, "<a class=\"tme_messages_more js-messages_more\" data-before=\"{first}\"></a>");
    }
    for (id, minutes) in messages {
        let posted = (NOW - SignedDuration::from_mins(*minutes)).strftime("%Y-%m-%dT%H:%M:%S+00:00");
        let _ = write!(
            html,
            "<div class=\"tgme_widget_message_wrap\"><div class=\"tgme_widget_message text_not_supported_wrap js-widget_message\" \
             data-post=\"Hub_Ru/{id}\"><div class=\"tgme_widget_message_text js-message_text\">text of {id}</div>\
             <a class=\"tgme_widget_message_date\" href=\"https://t.me/Hub_Ru/{id}\"><time datetime=\"{posted}\"></time></a>\
             </div></div>"
        );
    }
    html + "</section></body></html>"
}

/// Messages by number and age, in pages of at most three, the oldest first.
fn channel(messages: Vec<(u64, i64)>) -> impl Fn(&Asked) -> Reply + Send + Sync {
    move |asked| {
        let before =
            asked.query("before").map_or(u64::MAX, |before| before.parse().expect("it is one of ours"));
        let below: Vec<_> = messages.iter().copied().filter(|(id, _)| *id < before).collect();
        let from = below.len().saturating_sub(3);
        Reply::new(200, page(&below[from..], from > 0)).header("content-type", "text/html; charset=utf-8")
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
            seen.sort();
            return (seen, cursor);
        }
    }
    panic!("the walk has no end");
}

fn known(last: u64) -> Cursor {
    Cursor(format!("{{\"last\":{last}}}"))
}

fn messages(all: impl IntoIterator<Item = u64>) -> Vec<String> {
    all.into_iter().map(|id| format!("hub_ru/{id}")).collect()
}

#[tokio::test]
async fn a_channel_is_known_however_it_is_written() {
    let table = "channels = [\"durov\", \"@Hub_Ru\", \"https://t.me/s/other/\", \"t.me/fourth\"]";
    let source = build(vigie::source::telegram::read, table, std::path::Path::new("."));
    let names: Vec<_> = source.accounts().into_iter().map(|watched| watched.account).collect();
    assert_eq!(names, ["durov", "hub_ru", "other", "fourth"].map(Into::into));
    assert_eq!(source.accounts()[1].timeline, Some(hub()));
    let read = |text: &str| {
        let mut value = toml_span::parse(text).expect("it is TOML");
        vigie::source::telegram::read(&mut value).map(|plan| plan.common)
    };
    assert_eq!(read("channels = [\"durov\"]").unwrap().every.as_secs(), 90);
    for (bad, problems) in [
        ("channels = []", 1),
        ("", 1),
        ("channels = [\"a b\", \"https://e.example/x\", \"durov\", \"@Durov\", \"+123\"]", 4),
        ("channels = [\"durov\"]\nbase_url = \"http://e.example\"\nevry = 1", 2),
    ] {
        let Err(error) = read(bad) else { panic!("{bad}") };
        assert_eq!(error.errors.len(), problems, "{bad}: {error}");
    }
}

#[tokio::test]
async fn the_first_look_walks_back_a_day_and_no_further() {
    let double =
        Double::start(channel((1..=12).map(|id| (id, (13 - i64::try_from(id).unwrap()) * 300)).collect()))
            .await;
    let (seen, cursor) = walk(&double, None).await;
    assert_eq!(seen, messages([10, 11, 12, 7, 8, 9]), "the page that reaches below the day is the last");
    assert_eq!(cursor, Some(known(12)));
    let asked = double.asked();
    assert_eq!((asked[0].url.path(), asked[0].query("before")), ("/s/hub_ru", None));
    assert_eq!(asked[1].query("before").as_deref(), Some("10"));
}

#[tokio::test]
async fn a_later_look_pages_back_to_the_last_seen_post_over_holes() {
    let double =
        Double::start(channel([1, 2, 3, 5, 6, 9, 13, 14, 20, 21, 22].map(|id| (id, 5)).to_vec())).await;
    let (seen, cursor) = walk(&double, Some(known(7))).await;
    assert_eq!(seen, messages([13, 14, 20, 21, 22, 3, 5, 6, 9]));
    let quiet = look_at(&double, cursor.as_ref()).await.unwrap();
    assert_eq!((quiet.next, quiet.more, quiet.posts.len()), (None, false, 3));
}

#[tokio::test]
async fn a_restart_in_the_middle_of_a_walk_loses_nothing_and_moves_no_floor() {
    let double = Double::start(channel((1..=12).map(|id| (id, 5)).collect())).await;
    let first = look_at(&double, Some(&known(2))).await.unwrap();
    assert!(first.more && first.next.as_ref().unwrap().0.contains("\"last\":2"));
    let (rest, cursor) = walk(&double, first.next).await;
    assert_eq!((rest, cursor), (messages([1, 2, 3, 4, 5, 6, 7, 8, 9]), Some(known(12))));
}

#[tokio::test]
async fn a_short_page_is_not_the_last_one() {
    let double = Double::start(|asked| match asked.query("before").as_deref() {
        None => Reply::new(200, page(&[(9, 1)], true)),
        Some("9") => Reply::new(200, page(&[(7, 1)], true)),
        Some(_) => Reply::new(200, page(&[(5, 1), (6, 1)], true)),
    })
    .await;
    assert_eq!(walk(&double, Some(known(5))).await.0, messages([5, 6, 7, 9]));
}

#[tokio::test]
async fn an_empty_page_is_suspicious_once_posts_were_seen() {
    let none = "<div class=\"tgme_channel_info\"></div><section class=\"tgme_channel_history\">\
                <div class=\"tme_no_messages_found\">No posts found</div></section>";
    let double = Double::saying(Reply::new(200, none)).await;
    assert_eq!(look_at(&double, None).await.unwrap().posts, []);
    for cursor in [known(7), Cursor("{\"walk\":{\"before\":9,\"top\":12}}".into())] {
        let why = suspicious(look_at(&double, Some(&cursor)).await);
        assert!(why.contains("hub_ru") && why.contains("`every`"), "{why}");
    }
    let circle = Double::saying(Reply::new(200, page(&[(9, 1)], true))).await;
    let first = look_at(&circle, None).await.unwrap();
    suspicious(look_at(&circle, first.next.as_ref()).await);
}

#[tokio::test]
async fn a_page_whose_markup_changed_is_suspicious_and_moves_nothing() {
    let changed = page(&[(9, 1)], true).replace("tgme_widget_message ", "tg_message ");
    let why = suspicious(look_once(Reply::new(200, changed)).await);
    assert!(why.contains("did Telegram change"), "{why}");
    let history = "<section class=\"tgme_channel_history\"><article>new</article></section>";
    suspicious(look_once(Reply::new(200, history)).await);
    for deep in ["<div>".repeat(100_000), "<b><i>".repeat(100_000)] {
        suspicious(look_once(Reply::new(200, deep)).await);
    }
}

#[tokio::test]
async fn a_channel_without_preview_and_an_unknown_one_are_told_apart() {
    let double = Double::saying(Reply::new(302, "").header("location", "https://t.me/hub_ru")).await;
    let why = broken(look_at(&double, None).await);
    assert!(why.contains("no public preview") && why.contains("hub_ru"), "{why}");
    assert_eq!(double.asked().len(), 1, "a redirect is not followed");
    let generic = "<html><body><div class=\"tgme_page\">If you have Telegram, you can contact @hub_ru</div></body></html>";
    for body in [generic, "", "{}", "\0\0"] {
        let why = broken(look_once(Reply::new(200, body)).await);
        assert!(why.contains("no public channel hub_ru"), "{why}");
    }
}

#[tokio::test]
async fn a_name_that_passed_to_another_channel_is_told() {
    let of =
        |view: &str| page(&[(9, 1)], false).replace("data-post", &format!("data-view=\"{view}\" data-post"));
    // {"c":-7,"p":1} and {"c":-8,"p":1}
    let first = look_once(Reply::new(200, of("eyJjIjotNywicCI6MX0"))).await.unwrap();
    let double = Double::saying(Reply::new(200, of("eyJjIjotOCwicCI6MX0"))).await;
    let why = suspicious(look_at(&double, first.next.as_ref()).await);
    assert!(why.contains("another channel"), "{why}");
}

#[tokio::test]
async fn what_only_the_app_shows_is_told_when_it_is_new() {
    let body = page(&[(8, 1), (9, 1)], false).replace(
        "<div class=\"tgme_widget_message_text js-message_text\">text of 9</div>",
        "<div class=\"message_media_not_supported\">Please open Telegram</div>",
    );
    let double = Double::saying(Reply::new(200, body)).await;
    let first = look_at(&double, None).await.unwrap();
    assert_eq!((ids(&first.posts), first.unreadable.len()), (vec!["hub_ru/8"], 1));
    assert!(first.unreadable[0].contains("Hub_Ru/9"), "{:?}", first.unreadable);
    assert_eq!(look_at(&double, first.next.as_ref()).await.unwrap().unreadable.len(), 0);
}

#[tokio::test]
async fn every_status_is_classified() {
    for status in [400, 401, 403, 404, 410, 451] {
        let why = broken(look_once(Reply::new(status, "<html>")).await);
        assert!(why.contains(&status.to_string()), "{why}");
    }
    for status in [408, 500, 502, 503, 504] {
        assert_eq!(again(look_once(Reply::new(status, "<html>")).await), None, "{status}");
    }
    for (reply, seconds) in [(Reply::new(429, ""), 600), (Reply::new(429, "").header("retry-after", 35), 35)]
    {
        let double = Double::saying(reply).await;
        let source = adapter(&double);
        for _ in 0..2 {
            let at = again(look(&*source, &hub(), "hub_ru", None).await).unwrap();
            assert_eq!(at.duration_since(NOW).as_secs(), seconds);
        }
        assert_eq!(double.asked().len(), 1, "the host was left alone");
    }
    again(look_once(Reply::new(200, page(&[(9, 1)], false)).cut(10)).await);
}

#[tokio::test]
async fn a_cursor_or_timeline_of_someone_else_is_refused() {
    let double = Double::saying(Reply::new(200, page(&[(9, 1)], false))).await;
    broken(look_at(&double, Some(&Cursor("not ours".into()))).await);
    for timeline in ["x:1", "telegram:", "telegram:a/b", "telegram:../x", "telegram:Hub"] {
        broken(look(&*adapter(&double), &TimelineId::from(timeline.to_owned()), "h", None).await);
    }
    assert!(double.asked().is_empty());
}
