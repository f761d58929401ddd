//! The text of a post as people read it: whole, its links expanded, its escapes undone.

use super::wire::{Link, Tweet};
use crate::source::answer::bounded;

/// Text and links of `tweet`; the whole text if it is an article. Links that only stand for its media are left out of both.
pub fn readable(tweet: &Tweet) -> (String, Vec<String>) {
    let (text, links) = short(tweet);
    let article = tweet.article.as_ref();
    let body = article.and_then(|article| {
        filled(article.plain_text.as_deref()).or(filled(article.preview_text.as_deref()))
    });
    let Some(body) = body else { return (text, links) };
    let only_links = text.split_whitespace().all(|word| word.starts_with("https://"));
    let text = if only_links { body.to_owned() } else { format!("{text}\n\n{body}") };
    (bounded(text), links)
}

/// The title of `tweet`, if it is an article.
pub fn title(tweet: &Tweet) -> Option<String> {
    filled(tweet.article.as_ref()?.title.as_deref()).map(str::to_owned)
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

/// The text that stands in the timeline.
fn short(tweet: &Tweet) -> (String, Vec<String>) {
    let (text, entities) = match &tweet.note_tweet {
        Some(note) if !note.text.is_empty() => (note.text.as_str(), note.entities.as_ref()),
        _ => (tweet.text.as_deref().unwrap_or(""), tweet.entities.as_ref()),
    };
    let links = entities.map_or(&[][..], |entities| &entities.urls);
    (expanded(text, links), destinations(links))
}

/// `text` with every link replaced by where it leads. Offsets fit the escaped text, so escapes are undone after.
fn expanded(text: &str, links: &[Link]) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut places: Vec<_> = links.iter().filter_map(|link| Some((place(&chars, link)?, link))).collect();
    places.sort_by_key(|((start, _), _)| *start);
    let mut read = String::with_capacity(text.len());
    let mut at = 0;
    for ((start, end), link) in places {
        if start < at {
            continue;
        }
        read.push_str(&unescaped(&chars[at..start]));
        if !is_media(link) {
            read.push_str(link.expanded_url.as_deref().unwrap_or(&link.url));
        }
        at = end;
    }
    read.push_str(&unescaped(&chars[at..]));
    read.truncate(read.trim_end().len());
    read
}

/// Where `link` stands: where it says, else wherever its words are; an offset that lies must not cut a text.
fn place(chars: &[char], link: &Link) -> Option<(usize, usize)> {
    let url: Vec<char> = link.url.chars().collect();
    let told = usize::try_from(link.start).ok()?..usize::try_from(link.end).ok()?;
    if !url.is_empty() && chars.get(told.clone()) == Some(&url[..]) {
        return Some((told.start, told.end));
    }
    let found = chars.windows(url.len().max(1)).position(|window| window == url)?;
    Some((found, found + url.len()))
}

fn destinations(links: &[Link]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for link in links.iter().filter(|link| !is_media(link)) {
        let leads = link.unwound_url.as_deref().or(link.expanded_url.as_deref()).unwrap_or(&link.url);
        if !leads.is_empty() && !found.iter().any(|known| known == leads) {
            found.push(leads.to_owned());
        }
    }
    found
}

/// Whether a link only stands for a picture or film of the post, which is told elsewhere.
fn is_media(link: &Link) -> bool {
    let shown = link.display_url.as_deref().unwrap_or("");
    link.media_key.is_some() || shown.starts_with("pic.twitter.com/") || shown.starts_with("pic.x.com/")
}

/// X escapes these three and no others.
fn unescaped(chars: &[char]) -> String {
    let text: String = chars.iter().collect();
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::x::wire::{Article, Entities, Note};

    fn link(text: &str, url: &str, expanded: &str) -> Link {
        let start = text.split(url).next().unwrap().chars().count();
        Link {
            start: start as i64,
            end: (start + url.chars().count()) as i64,
            url: url.into(),
            expanded_url: Some(expanded.into()),
            ..Link::default()
        }
    }

    fn tweet(text: &str, urls: Vec<Link>) -> Tweet {
        Tweet { text: Some(text.into()), entities: Some(Entities { urls }), ..Tweet::default() }
    }

    #[test]
    fn offsets_count_code_points_of_the_escaped_text() {
        let text = "🇧🇫 R&amp;D 🔥 &lt;b&gt; https://t.co/aaaaaaaaaa end &amp;amp;";
        let urls = vec![link(text, "https://t.co/aaaaaaaaaa", "https://e.example/?a=1&amp;b")];
        let (text, links) = readable(&tweet(text, urls));
        assert_eq!(text, "🇧🇫 R&D 🔥 <b> https://e.example/?a=1&amp;b end &amp;");
        assert_eq!(links, ["https://e.example/?a=1&amp;b"]);
    }

    #[test]
    fn a_link_that_stands_for_a_picture_is_dropped() {
        let text = "look https://t.co/aaaaaaaaaa";
        let url = link(text, "https://t.co/aaaaaaaaaa", "https://x.com/a/status/1/photo/1");
        for media in [
            Link { display_url: Some("pic.x.com/aaaa".into()), ..url.clone() },
            Link { media_key: Some("3_1".into()), ..url.clone() },
        ] {
            assert_eq!(readable(&tweet(text, vec![media])), ("look".into(), vec![]));
        }
    }

    #[test]
    fn an_article_is_told_whole_and_the_link_that_carries_it_is_not_its_text() {
        let text = "https://t.co/aaaaaaaaaa";
        let article = |plain: Option<&str>, preview: Option<&str>| Article {
            title: Some("Crates".into()),
            plain_text: plain.map(Into::into),
            preview_text: preview.map(Into::into),
        };
        let carried = |text: &str, article| {
            let urls = vec![link(text, "https://t.co/aaaaaaaaaa", "https://x.com/i/article/9")];
            Tweet { article: Some(article), ..tweet(text, urls) }
        };
        let told = |text: &str, article| readable(&carried(text, article)).0;
        assert_eq!(told(text, article(Some("All of it."), Some("All"))), "All of it.");
        assert_eq!(told(text, article(Some(" "), Some("How it begins"))), "How it begins");
        assert_eq!(told(text, article(None, None)), "https://x.com/i/article/9");
        assert_eq!(
            told(&format!("Read {text}"), article(Some("All of it."), None)),
            "Read https://x.com/i/article/9\n\nAll of it."
        );
        assert_eq!(title(&carried(text, article(None, None))).as_deref(), Some("Crates"));
    }

    #[test]
    fn where_a_shortened_link_leads_in_the_end_is_told() {
        let text = "https://t.co/aaaaaaaaaa";
        let mut url = link(text, "https://t.co/aaaaaaaaaa", "https://bit.example/x");
        url.unwound_url = Some("https://news.example/story".into());
        let (text, links) = readable(&tweet(text, vec![url]));
        assert_eq!(
            (text.as_str(), &links[..]),
            ("https://bit.example/x", &["https://news.example/story".into()][..])
        );
    }

    #[test]
    fn an_offset_that_lies_cuts_nothing() {
        let text = "see https://t.co/aaaaaaaaaa now";
        for (start, end) in [(-5, 3), (0, 3), (900, 920), (20, 4), (i64::MAX, i64::MIN)] {
            let url = Link { start, end, ..link(text, "https://t.co/aaaaaaaaaa", "https://e.example/") };
            let (read, links) = readable(&tweet(text, vec![url]));
            assert!(read == "see https://e.example/ now" || read == text, "{start}..{end}: {read}");
            assert_eq!(links.len(), 1);
        }
        let nowhere = Link { start: 0, end: 3, url: "https://t.co/bbbbbbbbbb".into(), ..Link::default() };
        assert_eq!(readable(&tweet(text, vec![nowhere])).0, text);
        let empty = Link { start: 0, end: 0, ..Link::default() };
        assert_eq!(readable(&tweet(text, vec![empty])).0, text);
    }

    #[test]
    fn the_long_text_wins_over_the_cut_one_with_its_own_links() {
        let long = "a long text https://t.co/bbbbbbbbbb and more";
        let urls = vec![link(long, "https://t.co/bbbbbbbbbb", "https://long.example/")];
        let note = Note { text: long.into(), entities: Some(Entities { urls }) };
        let cut = "a long… https://t.co/cccccccccc";
        let own = vec![link(cut, "https://t.co/cccccccccc", "https://x.com/i/web/status/1")];
        let (text, links) = readable(&Tweet { note_tweet: Some(note), ..tweet(cut, own) });
        assert_eq!(text, "a long text https://long.example/ and more");
        assert_eq!(links, ["https://long.example/"]);
    }
}
