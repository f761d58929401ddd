//! What is read of an answer: the posts of a feed, or why it is none.

use html5gum::{Token, Tokenizer};
use url::Url;

use super::{decode, entry, parse};
use crate::model::post::Post;
use crate::remote::Answer;

/// Items without a readable one among them that a feed may lose before it counts as unread.
const MOST_LOST: usize = 4;

/// What was read of an answer.
#[derive(Debug)]
pub struct Read {
    /// Its posts.
    pub posts: Vec<Post>,
    /// What could not be read, a line each.
    pub unreadable: Vec<String>,
    /// Whether it ends too soon.
    pub cut: bool,
}

/// The posts in `answer`. Ids stay those of the configured address `url`, whoever answered in the end.
pub fn posts(answer: &Answer, url: &Url) -> Result<Read, String> {
    let content_type = answer.header("content-type").unwrap_or("");
    let text = decode::decode(&answer.body, decode::charset(content_type));
    if text.trim().is_empty() {
        return Err("the answer is empty".into());
    }
    if is_web_page(&text) {
        let hint = linked_feed(&text, &answer.url).map_or_else(
            || "look in it for the address of its RSS or Atom feed".to_owned(),
            |feed| format!("it names {feed} as its feed"),
        );
        return Err(format!("this is a web page, not a feed; {hint}"));
    }
    let parsed =
        parse::parse(&text, &answer.url).map_err(|why| format!("this is no feed that can be read: {why}"))?;
    let posts = entry::posts(parsed.feed, url);
    if let (true, Some(why)) = (posts.is_empty(), parsed.unreadable.get(MOST_LOST)) {
        return Err(format!("none of its items can be read ({why})"));
    }
    if let Some(post) = posts.iter().find(|post| is_bridge_error(post)) {
        let said = post.title.as_deref().unwrap_or(&post.text);
        return Err(format!(
            "the bridge behind this feed fails: {}",
            said.chars().take(200).collect::<String>()
        ));
    }
    Ok(Read { posts, unreadable: parsed.unreadable, cut: parsed.cut })
}

fn is_web_page(text: &str) -> bool {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let starts = |with: &str| start.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    starts("<!doctype html") || starts("<html") || starts("<head")
}

/// The feed that a web page names in its head, which is in its first 64 KiB; without a query, which may hold a secret.
fn linked_feed(html: &str, base: &Url) -> Option<String> {
    let head = &html[..html.floor_char_boundary(64 << 10)];
    Tokenizer::new(head).take(10_000).find_map(|Ok(token)| {
        let Token::StartTag(tag) = token else { return None };
        let attribute = |name: &[u8]| std::str::from_utf8(tag.attributes.get(name)?).ok();
        let is_feed = ["application/rss+xml", "application/atom+xml", "application/feed+json"]
            .contains(&attribute(b"type").unwrap_or(""));
        if *tag.name != b"link"[..] || !is_feed {
            return None;
        }
        let feed = base.join(attribute(b"href")?).ok()?;
        matches!(feed.scheme(), "http" | "https").then(|| shown(&feed))
    })
}

/// RSS-Bridge tells its failures as items of a feed that is fine.
fn is_bridge_error(post: &Post) -> bool {
    post.title.as_deref().unwrap_or(&post.text).contains("Bridge returned error")
}

/// An address as people are told it: without a query, which may hold a secret.
pub fn shown(url: &Url) -> String {
    url.as_str().split(['?', '#']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEEDS: [&str; 3] = [
        "<rss version='2.0'><channel><title>c</title><item><guid>u:1</guid><title>t</title><description>&lt;p&gt;x\
         </description></item></channel></rss>",
        "<?xml version='1.0' encoding='utf-8'?><feed xmlns='http://www.w3.org/2005/Atom'><title>c</title><entry>\
         <id>u:1</id><content type='html'><![CDATA[<a href='https://e.example'>x</a>]]></content></entry></feed>",
        r#"{"version":"https://jsonfeed.org/version/1.1","title":"c","items":[{"id":"1","content_html":"<b>x"}]}"#,
    ];

    fn read_bytes(body: &[u8]) -> Result<Read, String> {
        let url = Url::parse("https://e.example/feed").unwrap();
        let answer = Answer {
            status: 200,
            headers: reqwest::header::HeaderMap::new(),
            body: body.into(),
            url: url.clone(),
            moved: None,
            room: crate::remote::Room::default(),
        };
        posts(&answer, &url)
    }

    #[test]
    fn damaged_bytes_are_read_or_refused_but_never_a_panic_nor_a_flood() {
        let mut rng = fastrand::Rng::with_seed(7);
        let mut refused = 0;
        for feed in FEEDS {
            assert_eq!(read_bytes(feed.as_bytes()).unwrap().posts.len(), 1);
            for _ in 0..300 {
                let mut bytes = feed.as_bytes().to_vec();
                for _ in 0..rng.usize(1..6) {
                    let at = rng.usize(0..bytes.len());
                    bytes[at] = if rng.bool() { rng.u8(..) } else { b"<>&;/\"'[]{}"[rng.usize(0..11)] };
                }
                bytes.truncate(rng.usize(bytes.len() / 2..=bytes.len()));
                match read_bytes(&bytes) {
                    Ok(read) => assert!(read.posts.len() <= 1),
                    Err(_) => refused += 1,
                }
            }
        }
        assert!(refused > 100);
    }

    #[test]
    fn of_a_feed_with_more_items_than_anybody_writes_the_first_are_read_or_none_before_it_swells() {
        let rss = |item: &str| format!("<rss version='2.0'><channel>{}</channel></rss>", item.repeat(10_001));
        let atom = |entry: &str| {
            format!("<feed xmlns='http://www.w3.org/2005/Atom'>{}</feed>", entry.repeat(10_001))
        };
        let json = format!("{{\"items\":[{}{{}}]}}", "{},".repeat(10_000));
        for body in [rss("<item/>"), rss("<x:item>"), atom("<entry/>"), json] {
            let refused = read_bytes(body.as_bytes()).unwrap_err();
            assert!(refused.contains("more than 10000 items") || refused.contains("nests"), "{refused}");
        }
        let first = read_bytes(atom("<entry><id>u:1</id></entry>").as_bytes()).unwrap();
        assert_eq!(first.unreadable, ["9001 items beyond the first 1000"]);
        assert_eq!(read_bytes(rss("<item/>").replacen("<item/>", "", 1).as_bytes()).unwrap().posts.len(), 1);
    }
}
