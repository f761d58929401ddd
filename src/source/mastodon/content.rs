//! The HTML of a status, without what only repeats other parts of it.

use crate::text::markup::{Plain, plain};

/// Text and outbound links of a status. Mentions and hashtags stay as words, and the line that stands in for a quote
/// where quotes are not known is left out.
pub fn readable(html: &str) -> Plain {
    plain(&cleaned(html))
}

fn cleaned(html: &str) -> String {
    let mut cleaned = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let Some(length) = rest[start..].find('>').map(|at| at + 1) else { break };
        let (before, after) = rest.split_at(start);
        let (tag, after) = after.split_at(length);
        cleaned.push_str(before);
        rest = after;
        if has_class(tag, &["quote-inline"]) {
            let name = tag[1..].split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
            let close = format!("</{name}>");
            rest = after.find(&close).map_or("", |at| &after[at + close.len()..]);
        } else if tag.starts_with("<a ") && has_class(tag, &["mention", "hashtag"]) {
            cleaned.push_str("<a>");
        } else {
            cleaned.push_str(tag);
        }
    }
    cleaned.push_str(rest);
    cleaned
}

/// Whether a tag has one of these classes.
fn has_class(tag: &str, classes: &[&str]) -> bool {
    ["class=\"", "class='"].iter().any(|start| {
        let quote = start.ends_with('"');
        let value = tag.split_once(start).map_or("", |(_, rest)| rest);
        let value = value.split(if quote { '"' } else { '\'' }).next().unwrap_or("");
        value.split_ascii_whitespace().any(|class| classes.contains(&class))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_makes_it_panic(html in "(<|>|</|a |p |span|class=|\"|'|quote-inline|mention|href=|é|🇧🇫| ){0,60}") {
            readable(&html);
        }
    }

    #[test]
    fn a_link_that_is_shown_cut_is_told_whole_and_mentions_are_no_links() {
        let html = "<p><span class=\"h-card\"><a href=\"https://m.example/@bob\" class=\"u-url mention\">@<span>bob</span></a></span> \
                    it&#39;s at <a href=\"https://e.example/a/long?x=1&amp;y=2\" rel=\"nofollow\"><span class=\"invisible\">https://</span>\
                    <span class=\"ellipsis\">e.example/a/lo</span><span class=\"invisible\">ng?x=1&amp;y=2</span></a></p>\
                    <p>:blob: <a href='https://m.example/tags/mali' class='mention hashtag' rel='tag'>#<span>Mali</span></a><br />end</p>";
        let read = readable(html);
        assert_eq!(read.text, "@bob it's at https://e.example/a/long?x=1&y=2\n\n:blob: #Mali\nend");
        assert_eq!(read.links, ["https://e.example/a/long?x=1&y=2"]);
    }

    #[test]
    fn the_stand_in_for_a_quote_is_left_out() {
        let html = "<p class=\"quote-inline\">RE: <a href=\"https://m.example/1\">https://m.example/1</a></p><p>look</p>";
        let read = readable(html);
        assert_eq!((read.text.as_str(), read.links.len()), ("look", 0));
        assert_eq!(readable("<span class='x quote-inline'><br>RE: y</span>look").text, "look");
    }

    #[test]
    fn markup_that_is_broken_is_still_read() {
        for (html, text) in [
            ("a < b", "a < b"),
            ("<p class=\"quote-inline\">never closed", ""),
            ("<a class=\"mention\" href=\"x", ""),
            ("<", "<"),
            ("", ""),
        ] {
            assert_eq!(readable(html).text, text, "{html}");
        }
    }
}
