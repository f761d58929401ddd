//! Feeds, as the web serves them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use vigie::model::post::Post;
use vigie::model::timeline::{Cursor, TimelineId};
use vigie::source::{Move, Page, Source, SourceError};

use super::double::{Double, Reply};
use super::{NOW, again, broken, build, ids, look, suspicious};

fn adapter(double: &Double) -> Arc<dyn Source> {
    let table = format!("feeds = [\"{}/feed.xml\"]", double.url());
    build(vigie::source::feed::read, &table, std::path::Path::new("."))
}

async fn look_at(double: &Double, cursor: Option<&Cursor>) -> Result<Page, SourceError> {
    let source = adapter(double);
    let watched = source.accounts().remove(0);
    let timeline = watched.timeline.expect("a feed's timeline is known");
    look(&*source, &timeline, &watched.account, cursor).await
}

async fn look_once(reply: Reply) -> Result<Page, SourceError> {
    look_at(&Double::saying(reply).await, None).await
}

async fn posts(body: impl Into<Vec<u8>>) -> Vec<Post> {
    let page = look_once(Reply::new(200, body).header("content-type", "application/xml")).await.unwrap();
    assert_eq!(page.unreadable, Vec::<String>::new());
    page.posts
}

fn rss(items: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Ministry</title>{items}</channel></rss>"
    )
}

fn encoded(text: &str, label: &str) -> Vec<u8> {
    encoding_rs::Encoding::for_label(label.as_bytes()).expect("it is known").encode(text).0.into_owned()
}

#[tokio::test]
async fn an_rss_item_is_told_in_full() {
    let feed = r#"<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
        <title>Ministry &amp;amp; Co</title><link>https://m.example/</link><language>fr-FR</language>
        <item><title>Livraison &lt;b&gt;d’armes&lt;/b&gt;</title><link>https://m.example/1</link>
        <guid isPermaLink="false">https://m.example/?p=1</guid><pubDate>Wed, 30 Apr 2025 20:00:00 GMT</pubDate>
        <description>short</description>
        <content:encoded><![CDATA[<p>Armes à <a href="https://e.example/x?a=1&amp;b=2">Ouaga</a></p><p>Fin</p>]]></content:encoded>
        <enclosure url="https://m.example/1.jpg" type="image/jpeg" length="1"/></item></channel></rss>"#;
    let expected = serde_json::json!({
        "id": "https://m.example/?p=1", "platform": "feed", "author": "Ministry & Co", "title": "Livraison d’armes",
        "text": "Armes à Ouaga\n\nFin", "posted_at": "2025-04-30T20:00:00Z", "lang": "fr-fr",
        "url": "https://m.example/1", "links": ["https://e.example/x?a=1&b=2"],
        "media": [{"kind": "image", "url": "https://m.example/1.jpg"}],
    });
    assert_eq!(serde_json::to_value(&posts(feed).await[0]).unwrap(), expected);
}

#[tokio::test]
async fn an_atom_entry_is_told_in_full() {
    let feed = r#"<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/" xml:lang="en"><title>Channel</title>
        <entry><id>yt:video:abc</id><title>A film</title><link rel="alternate" href="/watch?v=abc"/>
        <published>2025-04-30T20:00:00+02:00</published><updated>2025-04-30T19:00:00Z</updated>
        <media:group><media:content url="https://v.example/abc" type="application/x-shockwave-flash"/>
        <media:description>What it shows</media:description></media:group></entry>
        <entry><id>urn:2</id><title type="html">&lt;i&gt;Two&lt;/i&gt;</title><summary>plain &amp; simple</summary>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>x<b>h</b></p></div></content></entry></feed>"#;
    let double = Double::saying(Reply::new(200, feed)).await;
    let page = look_at(&double, None).await.unwrap();
    let [film, two] = &page.posts[..] else { panic!("{page:?}") };
    assert_eq!(
        (film.id.as_str(), film.text.as_str(), film.lang.as_deref()),
        ("yt:video:abc", "What it shows", Some("en"))
    );
    assert_eq!(film.url, Some(format!("{}/watch?v=abc", double.url())));
    assert_eq!(film.posted_at, Some("2025-04-30T18:00:00Z".parse().unwrap()));
    assert_eq!(film.edited_at, Some("2025-04-30T19:00:00Z".parse().unwrap()));
    assert_eq!(film.media[0].alt.as_deref(), Some("What it shows"));
    assert_eq!((two.title.as_deref(), two.text.as_str()), (Some("Two"), "xh"));
}

#[tokio::test]
async fn a_json_feed_may_number_its_ids_and_misshape_the_rest() {
    let feed = serde_json::json!({"version": "https://jsonfeed.org/version/1.1", "title": "Blog", "language": "en",
        "items": [
            {"id": 7, "url": "https://b.example/7", "content_html": "<p>seven</p>", "tags": "x", "author": 3,
                "date_published": "2025-04-30T20:00:00Z", "external_url": "https://o.example/",
                "attachments": [{"url": "https://b.example/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": "big"}, 9]},
            {"id": "https://b.example/8", "content_text": "1 < 2 & 3", "title": null}, 5]});
    let page = look_once(Reply::json(feed)).await.unwrap();
    assert_eq!(ids(&page.posts), ["127.0.0.1/7", "https://b.example/8"]);
    assert_eq!((page.posts[0].text.as_str(), page.posts[1].text.as_str()), ("seven", "1 < 2 & 3"));
    assert_eq!(page.posts[0].links, ["https://o.example/"]);
    assert_eq!(page.posts[0].media[0].kind, "audio");
    assert_eq!(page.unreadable.len(), 1);
}

#[tokio::test]
async fn rss_of_any_version_and_rdf_are_read() {
    let item = "<item><title>t</title><link>https://e.example/1</link></item>";
    for root in [
        "<rss>",
        "<rss version='0.94'>",
        "<rss version=\"2.0.1\">",
        "<!DOCTYPE rss SYSTEM 'x'><rss version=\"0.91\">",
    ] {
        let read = posts(format!("{root}<channel>{item}</channel></rss>")).await;
        assert_eq!(ids(&read), ["https://e.example/1"], "{root}");
        assert_eq!(
            (read[0].author.as_str(), read[0].text.as_str(), &read[0].title),
            ("127.0.0.1", "t", &None)
        );
    }
    let rdf = format!(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'><channel><title>c</title></channel>{item}</rdf:RDF>"
    );
    assert_eq!(posts(rdf).await.len(), 1);
}

#[tokio::test]
async fn letters_of_any_encoding_arrive() {
    let said = "Россия поставит оружие Мали";
    let feed = |label: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"{label}\"?>\n{}",
            rss(&format!("<item><guid>1</guid><title>{said}</title></item>"))
                .replace("<?xml version=\"1.0\"?>", "")
        )
    };
    let text = feed("utf-16");
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let bodies = [
        (encoded(&feed("windows-1251"), "windows-1251"), "text/xml"),
        (encoded(&feed("koi8-r"), "koi8-r"), "text/xml"),
        (
            encoded(&rss(&format!("<item><guid>1</guid><title>{said}</title></item>")), "windows-1251"),
            "text/xml; charset=windows-1251",
        ),
        (
            encoded(&rss(&format!("<item><guid>1</guid><title>{said}</title></item>")), "windows-1251"),
            "text/xml",
        ),
        (feed("iso-8859-1").into_bytes(), "text/xml; charset=iso-8859-1"),
        ([&b"\xff\xfe"[..], &little].concat(), "text/xml"),
        ([&b"\xfe\xff"[..], &big].concat(), "text/xml"),
        (little, "text/xml"),
        (big, "application/xml; charset=utf-16"),
        (["\u{feff}".as_bytes(), feed("utf-8").as_bytes()].concat(), ""),
    ];
    for (at, (body, kind)) in bodies.into_iter().enumerate() {
        let page = look_once(Reply::new(200, body).header("content-type", kind)).await;
        assert_eq!(page.unwrap_or_else(|error| panic!("{at}: {error}")).posts[0].text, said, "{at}");
    }
}

#[tokio::test]
async fn markup_in_any_wrapping_becomes_text() {
    let cases = [
        ("<![CDATA[<p>Arms &amp; men</p>]]>", "Arms & men"),
        ("&lt;p&gt;Arms &amp;amp; men&lt;/p&gt;", "Arms & men"),
        ("&amp;lt;p&amp;gt;Arms &amp;amp;amp; men&amp;lt;/p&amp;gt;", "Arms & men"),
        ("Arms &amp; men, 1 &lt; 2", "Arms & men, 1 < 2"),
    ];
    for (given, expected) in cases {
        let read = posts(rss(&format!(
            "<item><guid>1</guid><title>{given}</title><description>{given}</description></item>"
        )))
        .await;
        assert_eq!((read[0].title.as_deref(), read[0].text.as_str()), (Some(expected), expected), "{given}");
    }
}

#[tokio::test]
async fn an_item_without_an_id_has_the_same_one_at_every_look() {
    let feed = rss("<item><title>no id, no link</title><description>a</description></item>\
        <item><title>no id, no link</title><description>b</description></item>\
        <item><title>link</title><link>https://e.example/a</link></item>\
        <item><guid>tag:e.example,2025:1</guid></item><item><guid>plain 5</guid></item><item><guid>  </guid><title>blank</title></item>");
    let (one, two) = (posts(feed.clone()).await, posts(feed).await);
    assert_eq!(ids(&one), ids(&two));
    assert_eq!(ids(&one)[2..5], ["https://e.example/a", "tag:e.example,2025:1", "127.0.0.1/plain 5"]);
    let mut distinct = ids(&one);
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 6);
}

#[tokio::test]
async fn items_that_share_an_id_do_not_pass_for_edits_of_each_other() {
    let item = |text: &str| format!("<item><guid>same</guid><title>{text}</title></item>");
    let read = posts(rss(&[item("a"), item("b"), item("a")].concat())).await;
    assert_eq!(read.len(), 2);
    assert_ne!(read[0].id, read[1].id);
}

#[tokio::test]
async fn a_feed_that_was_cut_short_keeps_its_whole_items_and_is_read_again() {
    let whole =
        rss("<item><guid>u:1</guid><title>one</title></item><item><guid>u:2</guid><title>two</title></item>");
    let end = whole.find("two").unwrap();
    let page = look_once(Reply::new(200, &whole.as_bytes()[..end]).header("etag", "\"cut\"")).await.unwrap();
    assert_eq!(ids(&page.posts), ["u:1"]);
    assert_eq!((page.unreadable.len(), page.next), (1, None));
    again(look_once(Reply::new(200, whole).cut(20)).await);
}

#[tokio::test]
async fn one_odd_item_does_not_spoil_the_others() {
    let good = |n: u32| format!("<entry><id>u:{n}</id><title>t{n}</title></entry>");
    let odd = "<entry><id>u:9</id><title type=\"text/markdown\">odd</title></entry>";
    let worse = "<entry><id>u:8</id><title>wrong</tilte></entry>";
    let panics = "<entry><id>u:7</id><title>t7</title><m:thumbnail xmlns:m=\"http://search.yahoo.com/mrss/\" url=\"x\" time=\"99999999999999999999999\"/></entry>";
    let feed = format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>c</title>{}{odd}{worse}{panics}{}</feed>",
        good(1),
        good(2)
    );
    let page = look_once(Reply::new(200, feed)).await.unwrap();
    assert_eq!(ids(&page.posts), ["u:1", "u:9", "u:2"]);
    assert_eq!(page.unreadable.len(), 2, "{:?}", page.unreadable);
}

#[tokio::test]
async fn a_feed_of_which_nothing_can_be_read_is_suspicious() {
    let odd = |count| rss(&"<item><title>wrong</tilte></item>".repeat(count));
    assert_eq!(look_once(Reply::new(200, odd(2))).await.unwrap().unreadable.len(), 2);
    suspicious(look_once(Reply::new(200, odd(5))).await);
}

#[tokio::test]
async fn an_ampersand_that_nobody_escaped_is_read_as_one() {
    let read =
        posts(rss("<description>R&D</description><item><guid>u:1</guid><title>AT&T & co&#0;</title></item>"))
            .await;
    assert_eq!(read[0].text, "AT&T & co");
}

#[tokio::test]
async fn validators_are_echoed_byte_for_byte_and_304_is_no_news() {
    let (etag, modified) = ("W/\"a,b  c\"", "wed, 30 apr 2025 20:00:00 +0000");
    let double = Double::start(move |asked| match asked.header("if-none-match") {
        None => Reply::new(200, rss("<item><guid>u:1</guid></item>"))
            .header("etag", etag)
            .header("last-modified", modified),
        Some("\"new\"") => Reply::new(304, ""),
        Some(_) => Reply::new(304, "").header("etag", "\"new\""),
    })
    .await;
    let first = look_at(&double, None).await.unwrap();
    assert_eq!((first.posts.len(), first.more), (1, false));
    let second = look_at(&double, first.next.as_ref()).await.unwrap();
    assert_eq!(second.posts, []);
    let third = look_at(&double, second.next.as_ref()).await.unwrap();
    assert_eq!(third, Page::default(), "nothing to store");
    let asked = double.asked();
    assert_eq!((asked[0].header("if-none-match"), asked[0].header("if-modified-since")), (None, None));
    assert_eq!(
        (asked[1].header("if-none-match"), asked[1].header("if-modified-since")),
        (Some(etag), Some(modified))
    );
    assert_eq!(
        (asked[2].header("if-none-match"), asked[2].header("if-modified-since")),
        (Some("\"new\""), Some(modified))
    );
    assert!(asked[0].header("user-agent").is_some());
}

#[tokio::test]
async fn an_unchanged_answer_without_validators_has_nothing_new_to_store() {
    let double = Double::saying(Reply::new(200, rss("<item><guid>u:1</guid></item>"))).await;
    let first = look_at(&double, None).await.unwrap();
    assert!(first.next.is_some(), "a first look that succeeded is remembered");
    assert_eq!(look_at(&double, first.next.as_ref()).await.unwrap().next, None);
    suspicious(look_once(Reply::new(304, "")).await);
}

#[tokio::test]
async fn a_body_that_is_the_same_as_the_last_one_is_not_read_again_but_another_is() {
    let looks = AtomicUsize::new(0);
    let double = Double::start(move |_| {
        let look = looks.fetch_add(1, Ordering::Relaxed);
        let feed = rss(&format!("<item><guid>u:{}</guid><title>t</title></item>", look / 3));
        Reply::new(200, feed).header("last-modified", look).header("etag", look)
    })
    .await;
    let (mut cursor, mut read) = (None, Vec::new());
    for _ in 0..6 {
        let page = look_at(&double, cursor.as_ref()).await.unwrap();
        read.push(ids(&page.posts).join(" "));
        cursor = page.next.or(cursor);
    }
    assert_eq!(read, ["u:0", "", "", "u:1", "", ""]);
    assert_eq!(double.asked()[2].header("if-none-match"), Some("1"), "what it can be recognised by is new");
}

/// The UTC day so many days before now, from 1970.
fn day(ago: i64) -> i64 {
    NOW.as_second() / 86_400 - ago
}

#[tokio::test]
async fn a_feed_that_has_not_changed_for_a_month_is_read_again_because_posts_that_nothing_shows_are_forgotten()
 {
    let double = Double::start(|asked| match asked.header("if-none-match") {
        None => Reply::new(200, rss("<item><guid>u:1</guid><title>t</title></item>")).header("etag", "e"),
        Some(_) => Reply::new(304, ""),
    })
    .await;
    let first = look_at(&double, None).await.unwrap().next.unwrap();
    let of_day =
        |ago: i64| Cursor(first.0.replace(&format!("\"day\":{}", day(0)), &format!("\"day\":{}", day(ago))));
    for (ago, read) in [(0, 0), (29, 0), (30, 1), (-29, 0), (-30, 1)] {
        let page = look_at(&double, Some(&of_day(ago))).await.unwrap();
        assert_eq!((page.posts.len(), page.next.is_some()), (read, read > 0), "{ago}");
        assert_eq!(page.next.as_ref().unwrap_or(&first), &first);
    }
    let earlier = look_at(&double, Some(&Cursor("{\"etag\":\"e\"}".into()))).await.unwrap();
    assert_eq!((earlier.posts.len(), earlier.next), (1, Some(first)), "an earlier vigie did not say when");
}

#[tokio::test]
async fn a_connection_that_is_not_needed_again_soon_is_closed() {
    let double = Double::saying(Reply::new(200, rss("<item><guid>u:1</guid></item>"))).await;
    for (every, connection) in [("15m", Some("close")), ("1m", None)] {
        let table = format!("feeds = [\"{}/feed.xml\"]\nevery = \"{every}\"", double.url());
        let source = build(vigie::source::feed::read, &table, std::path::Path::new("."));
        let watched = source.accounts().remove(0);
        look(&*source, &watched.timeline.unwrap(), &watched.account, None).await.unwrap();
        assert_eq!(double.asked().last().unwrap().header("connection"), connection, "{every}");
    }
}

#[tokio::test]
async fn every_status_is_classified() {
    for status in [404, 408, 429, 500, 502, 503, 504] {
        assert_eq!(again(look_once(Reply::new(status, "<html>")).await), None, "{status}");
    }
    for status in [429, 503] {
        let at = again(look_once(Reply::new(status, "").header("retry-after", 120)).await).unwrap();
        assert_eq!(at.duration_since(NOW).as_secs(), 120);
    }
    for (status, word) in [(410, "gone"), (401, "401"), (403, "403"), (400, "400"), (451, "451")] {
        let why = broken(look_once(Reply::new(status, "")).await);
        assert!(why.contains(word), "{why}");
    }
}

#[tokio::test]
async fn a_feed_that_moved_is_followed() {
    let feed =
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>u:1</id><link href='1.html'/></entry></feed>";
    let double = Double::start(move |asked| match asked.url.path() {
        "/feed.xml" => Reply::new(301, "").header("location", "/new/feed.xml"),
        _ => Reply::new(200, feed),
    })
    .await;
    let post = look_at(&double, None).await.unwrap().posts.remove(0);
    assert_eq!(post.url, Some(format!("{}/new/1.html", double.url())));
}

#[tokio::test]
async fn a_feed_that_is_led_to_another_host_names_it() {
    let elsewhere = Double::saying(Reply::new(200, rss("<item><guid>1</guid><title>t</title></item>"))).await;
    let to = format!("{}/feed.xml", elsewhere.url());
    let double = Double::start(move |_| Reply::new(302, "").header("location", &to)).await;
    let page = look_at(&double, None).await.unwrap();
    assert_eq!((page.posts.len(), page.host), (1, Some(elsewhere.url())));
    assert_eq!(look_at(&elsewhere, None).await.unwrap().host, None);
}

/// A feed that says it moved to `to`, as its own server is told; at `/new.xml` it is itself, and never quite the same.
async fn moving(to: &'static str, works: Arc<AtomicBool>) -> Double {
    let looks = AtomicUsize::new(0);
    Double::start(move |asked| match asked.url.path() {
        "/feed.xml" => Reply::new(301, "").header("location", to),
        "/new.xml" if works.load(Ordering::Relaxed) => {
            let look = looks.fetch_add(1, Ordering::Relaxed);
            let feed = rss(&format!("<item><guid>1</guid><title>t</title></item><!-- {look} -->"));
            Reply::new(200, feed).header("etag", "\"new\"")
        }
        _ => Reply::new(410, ""),
    })
    .await
}

fn paths(double: &Double) -> Vec<String> {
    double.asked().iter().map(|asked| asked.url.path().to_owned()).collect()
}

#[tokio::test]
async fn a_feed_that_moved_for_good_is_asked_at_its_new_address_after_three_looks_and_told_once() {
    let works = Arc::new(AtomicBool::new(true));
    let double = moving("/new.xml", works.clone()).await;
    let (mut cursor, mut told, mut keys) = (None, Vec::new(), Vec::new());
    for _ in 0..5 {
        let page = look_at(&double, cursor.as_ref()).await.unwrap();
        told.extend(page.moved);
        keys.extend(page.posts.iter().map(Post::key));
        cursor = page.next.or(cursor);
    }
    let (old, new) = ("/feed.xml", "/new.xml");
    assert_eq!(paths(&double), [old, new, old, new, old, new, new, new]);
    assert_eq!(told, [Move::Away(format!("{}/new.xml", double.url()))]);
    assert!(keys.len() == 5 && keys.iter().all(|key| *key == keys[0]), "its posts stay the same posts");
    works.store(false, Ordering::Relaxed);
    let gone = look_at(&double, cursor.as_ref()).await;
    assert!(gone.is_err(), "{gone:?}");
    assert_eq!(paths(&double)[8..], [new, old, new], "the address that people gave is asked again");
}

/// What a cursor says, but for what was read and when.
fn place(cursor: Option<&Cursor>) -> serde_json::Value {
    let mut place: serde_json::Value = serde_json::from_str(&cursor.unwrap().0).unwrap();
    for read in ["body", "day"] {
        place.as_object_mut().unwrap().remove(read);
    }
    place
}

/// A cursor that holds `more`, and that the feed is at `/new.xml`; the address that people gave was asked just now.
fn learnt(double: &Double, more: &str) -> Cursor {
    let moved = format!("{{\"at\":\"{}/new.xml\",\"given_at\":\"{NOW}\"}}", double.url());
    Cursor(format!("{{{more}\"moved\":{moved}}}"))
}

#[tokio::test]
async fn an_address_that_was_learnt_is_forgotten_once_it_fails_and_the_given_one_does_not() {
    let double = Double::start(|asked| match asked.url.path() {
        "/feed.xml" => Reply::new(200, rss("<item><guid>1</guid><title>t</title></item>")),
        _ => Reply::new(404, ""),
    })
    .await;
    let learnt = learnt(&double, &format!("\"etag\":\"e\",\"day\":{},", day(0)));
    let page = look_at(&double, Some(&learnt)).await.unwrap();
    let own = serde_json::json!({});
    assert_eq!((page.posts.len(), page.moved, place(page.next.as_ref())), (1, Some(Move::Back), own));
    assert_eq!(double.asked()[0].header("if-none-match"), Some("e"));
    assert_eq!(double.asked()[1].header("if-none-match"), None, "it is read whole");
    assert_eq!(look_at(&double, page.next.as_ref()).await.unwrap().moved, None, "it is told once");
}

#[tokio::test]
async fn an_address_that_was_learnt_may_fail_for_a_moment_and_is_not_told_again() {
    let failed = AtomicBool::new(false);
    let double = Double::start(move |asked| match asked.url.path() {
        "/feed.xml" => Reply::new(301, "").header("location", "/new.xml"),
        _ if failed.swap(true, Ordering::Relaxed) => {
            Reply::new(200, rss("<item><guid>1</guid><title>t</title></item>"))
        }
        _ => Reply::new(500, ""),
    })
    .await;
    let learnt = learnt(&double, "");
    let page = look_at(&double, Some(&learnt)).await.unwrap();
    assert_eq!((page.posts.len(), page.moved), (1, None));
    assert_eq!(place(page.next.as_ref()), place(Some(&learnt)));
    assert_eq!(paths(&double), ["/new.xml", "/feed.xml", "/new.xml"]);
}

#[tokio::test]
async fn an_address_that_was_learnt_and_asks_to_wait_is_waited_for() {
    let double = Double::start(|_| Reply::new(503, "").header("retry-after", 120)).await;
    let learnt = learnt(&double, "");
    assert!(again(look_at(&double, Some(&learnt)).await).is_some());
    assert_eq!(paths(&double), ["/new.xml"]);
}

#[tokio::test]
async fn the_address_that_people_gave_is_asked_again_after_a_day_though_the_learnt_one_works() {
    let moved_back = Arc::new(AtomicBool::new(false));
    let back = moved_back.clone();
    let double = Double::start(move |asked| match asked.url.path() {
        "/feed.xml" if !back.load(Ordering::Relaxed) => Reply::new(301, "").header("location", "/new.xml"),
        _ if asked.header("if-none-match") == Some("\"e\"") => Reply::new(304, ""),
        _ => Reply::new(200, rss("<item><guid>1</guid><title>t</title></item>")).header("etag", "\"e\""),
    })
    .await;
    let learnt = |given_at: &str| {
        let at = format!("{{\"at\":\"{}/new.xml\",\"given_at\":\"{given_at}\"}}", double.url());
        Cursor(format!("{{\"etag\":\"\\\"e\\\"\",\"day\":{},\"moved\":{at}}}", day(0)))
    };
    let (old, new) = ("2025-04-29T20:00:00Z", "2025-04-30T21:00:00Z");
    assert_eq!(look_at(&double, Some(&learnt(new))).await.unwrap(), Page::default());
    let page = look_at(&double, Some(&learnt(old))).await.unwrap();
    assert_eq!(
        (page.moved, place(page.next.as_ref())),
        (None, place(Some(&learnt(new)))),
        "it leads there still"
    );
    moved_back.store(true, Ordering::Relaxed);
    let page = look_at(&double, Some(&learnt(old))).await.unwrap();
    let own = serde_json::json!({ "etag": "\"e\"" });
    assert_eq!((page.moved, place(page.next.as_ref())), (Some(Move::Back), own));
    assert_eq!(paths(&double), ["/new.xml", "/feed.xml", "/new.xml", "/feed.xml"]);
}

#[tokio::test]
async fn the_address_that_people_gave_may_be_gone_while_the_learnt_one_works() {
    let double = Double::start(|asked| match asked.url.path() {
        "/feed.xml" => Reply::new(410, ""),
        _ => Reply::new(200, rss("<item><guid>1</guid><title>t</title></item>")),
    })
    .await;
    let learnt = |given_at: &str| {
        Cursor(format!("{{\"moved\":{{\"at\":\"{}/new.xml\",\"given_at\":\"{given_at}\"}}}}", double.url()))
    };
    let page = look_at(&double, Some(&learnt("2025-04-29T20:00:00Z"))).await.unwrap();
    assert_eq!(paths(&double), ["/feed.xml", "/new.xml"]);
    let next = page.next.unwrap();
    assert!(next.0.contains("/new.xml") && next.0.contains("2025-04-30T21:00:00Z"), "{next:?}");
}

#[tokio::test]
async fn a_host_that_answers_with_anything_is_told_from_one_that_does_not() {
    let dead = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let location = format!("{dead}/feed.xml");
    let double = Double::start(move |asked| match asked.url.path() {
        "/missing" => Reply::new(404, "no"),
        "/fails" => Reply::new(502, "no"),
        "/cut" => Reply::new(200, rss("<item><guid>1</guid></item>")).cut(20),
        "/large" => Reply::new(200, vec![b' '; 9 << 20]),
        "/led" => Reply::new(302, "").header("location", &location),
        _ => Reply::new(302, "").header("location", "/round"),
    })
    .await;
    let look_at = async |address: String| {
        let source =
            build(vigie::source::feed::read, &format!("feeds = [\"{address}\"]"), std::path::Path::new("."));
        let timeline = source.accounts().remove(0).timeline.unwrap();
        look(&*source, &timeline, &address, None).await.unwrap_err()
    };
    for path in ["missing", "fails", "cut", "large", "led", "round"] {
        let error = look_at(format!("{}/{path}", double.url())).await;
        assert!(matches!(error, SourceError::Retry(None, _)), "{path}: {error:?}");
    }
    let error = look_at(dead).await;
    assert!(matches!(error, SourceError::Unanswered(_)), "{error:?}");
}

#[tokio::test]
async fn a_private_address_that_was_learnt_is_not_called() {
    let (home, given) =
        (Double::saying(Reply::new(200, rss(""))).await, Double::saying(Reply::new(200, rss(""))).await);
    let private = home.url().replace("127.0.0.1", "localhost");
    let at = format!("{{\"at\":\"{private}/feed.xml\",\"given_at\":\"{NOW}\"}}");
    let learnt = Cursor(format!("{{\"moved\":{at}}}"));
    look_at(&given, Some(&learnt)).await.unwrap();
    assert_eq!((home.asked().len(), given.asked().len()), (0, 1));
}

#[tokio::test]
async fn what_is_no_feed_is_suspicious_and_says_why() {
    let bridge = rss("<item><title>Bridge returned error 404! (20208)</title><guid>X_20208</guid></item>");
    let cases = [
        ("<!DOCTYPE html><html><body>log in</body></html>".to_owned(), "web page"),
        ("\n <HTML><head></head></HTML>".to_owned(), "web page"),
        (
            "<!doctype html><link rel=alternate type='application/rss+xml' href='/rss?a=1&amp;b=2'>"
                .to_owned(),
            "/rss as its feed",
        ),
        (String::new(), "empty"),
        ("  \n ".to_owned(), "empty"),
        (bridge, "Bridge returned error 404"),
        ("{\"error\":\"no\"}".to_owned(), "items"),
        ("hello".to_owned(), "no feed"),
        ("<svg/>".to_owned(), "no feed"),
        ("{".to_owned(), "no feed"),
    ];
    for (body, word) in cases {
        let why = suspicious(look_once(Reply::new(200, body.clone())).await);
        assert!(why.contains(word) && why.contains("127.0.0.1"), "{body}: {why}");
    }
}

#[tokio::test]
async fn hostile_feeds_harm_nobody() {
    let open = "<g>".repeat(30_000);
    let group = "<m:group>".repeat(30_000);
    let fooled = "<m:group><!DOCTYPE a [<!-- > </x></x> -->]>".repeat(30_000);
    let mrss = "<rss xmlns:m='http://search.yahoo.com/mrss/'><channel><item>";
    let laughs = "<!DOCTYPE r [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]>";
    for body in [format!("<rss><channel>{open}"), format!("{mrss}{group}"), format!("{mrss}{fooled}")] {
        suspicious(look_once(Reply::new(200, body)).await);
    }
    for deep in ["[".repeat(30_000), "{\"items\":[".repeat(20_000), "\0".repeat(1000), "<".repeat(100_000)] {
        suspicious(look_once(Reply::new(200, deep)).await);
    }
    let laughing = format!(
        "{laughs}{}",
        rss("<item><guid>u:1</guid><title>&c;</title></item>").replace("<?xml version=\"1.0\"?>", "")
    );
    assert_eq!(posts(laughing).await[0].text, "&c;");
    let markup = rss(&format!(
        "<item><guid>u:1</guid><description><![CDATA[{}deep]]></description></item>",
        "<div>".repeat(100_000)
    ));
    assert_eq!(posts(markup).await[0].text, "deep");
    again(look_once(Reply::new(200, vec![b' '; 9 << 20])).await);
}

#[test]
fn a_table_names_its_feeds_and_every_problem() {
    let read = |text: &str| {
        let mut value = toml_span::parse(text).expect("it is TOML");
        vigie::source::feed::read(&mut value).map(|plan| plan.common)
    };
    let common = read("feeds = [\"https://e.example/a\", \"http://127.0.0.1:1/b\"]").unwrap();
    assert_eq!((common.enabled, common.every.as_mins(), common.budget), (true, 15, None));
    for (bad, problems) in [
        ("feeds = []", 1),
        ("", 1),
        ("feeds = \"https://e.example\"", 1),
        ("feeds = [\"file:///etc/passwd\", \"nonsense\"]\nevery = \"soon\"", 3),
        ("feeds = [\"https://E.example\", \"https://e.example/#x\"]", 1),
    ] {
        let Err(error) = read(bad) else { panic!("{bad}") };
        assert_eq!(error.errors.len(), problems, "{bad}: {error}");
    }
}

#[tokio::test]
async fn a_timeline_is_the_address_however_it_is_written() {
    let table = "feeds = [\"HTTPS://E.example:443/a?b=c#d\"]";
    let source = build(vigie::source::feed::read, table, std::path::Path::new("."));
    let watched = source.accounts().remove(0);
    assert_eq!(&*watched.account, "HTTPS://E.example:443/a?b=c#d");
    assert_eq!(watched.timeline, Some(TimelineId::from("feed:https://e.example/a?b=c".to_owned())));
    broken(look(&*source, &TimelineId::from("x:1".to_owned()), "a", None).await);
}
