//! HTML as plain text, and the links in it.
//!
//! Any bytes may come here, and a tree of hostile HTML costs time that grows with the square of its depth. So no tree is
//! built: tags are taken as they come.

mod writer;

use html5gum::{DefaultEmitter, Error, StartTag, Token, Tokenizer};

use self::writer::Writer;

/// What people read of a piece of HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plain {
    /// The text: a blank line between paragraphs, a line per other block, all other white space folded.
    pub text: String,
    /// Where its links lead, in order, once each; `http` and `https` only, as written. At most 500.
    pub links: Vec<String>,
}

/// The text and links of `html`.
///
/// HTML that was escaped twice, so that its tags came out as text, is read once more. What is beyond a mebibyte is not
/// read.
pub fn plain(html: &str) -> Plain {
    let (once, tags) = read(html);
    if tags == 0 && looks_like_markup(&once.text) { read(&once.text).0 } else { once }
}

/// Whether `text` holds tags or character references of HTML, as opposed to a lone `<` or `&`.
pub fn looks_like_markup(text: &str) -> bool {
    let after = |mark: char| text.match_indices(mark).map(move |(at, _)| (at, &text[at + 1..]));
    let last_end = text.rfind('>').unwrap_or(0);
    after('<').any(|(at, tag)| at < last_end && is_known_tag(tag))
        || after('&').any(|(_, name)| is_reference(name))
}

/// The most of a text that is read, in bytes.
const LONGEST: usize = 1 << 20;

/// Elements whose content is no text for people.
const SKIPPED: &[&str] = &["iframe", "noembed", "noframes", "script", "style", "svg", "template", "title"];

const PARAGRAPHS: &[&str] =
    &["blockquote", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "p", "pre", "table"];

const LINES: &[&str] = &[
    "address",
    "article",
    "aside",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "figcaption",
    "footer",
    "form",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "option",
    "section",
    "summary",
    "tr",
    "ul",
];

const INLINE: &[&str] = &[
    "a", "abbr", "b", "br", "center", "cite", "code", "em", "font", "i", "img", "q", "s", "small", "span",
    "strong", "sub", "sup", "td", "th", "u", "wbr",
];

fn is_known_tag(after: &str) -> bool {
    let name = tag_name(after.strip_prefix('/').unwrap_or(after)).to_ascii_lowercase();
    [SKIPPED, PARAGRAPHS, LINES, INLINE].iter().any(|names| names.contains(&name.as_str()))
}

/// The name at the start of a tag; empty if none stands there.
fn tag_name(after: &str) -> &str {
    let end = after.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(after.len());
    let (name, rest) = after.split_at(end);
    let ends = rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/');
    if ends { name } else { "" }
}

fn is_reference(after: &str) -> bool {
    let Some(end) = after.bytes().take(32).position(|byte| byte == b';') else { return false };
    let name = &after[..end];
    let digits = |text: &str, radix| !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
    match name.strip_prefix('#') {
        Some(number) => {
            digits(number, 10) || number.strip_prefix(['x', 'X']).is_some_and(|hex| digits(hex, 16))
        }
        None => name.len() > 1 && name.chars().all(|c| c.is_ascii_alphanumeric()),
    }
}

/// How often reading goes on behind a tag that never ends, so that it hides nothing but itself.
const MOST_TORN: usize = 16;

/// The text of `html`, and how many tags it has.
fn read(html: &str) -> (Plain, usize) {
    let mut reader = Reader::default();
    let mut rest = &html[..html.floor_char_boundary(LONGEST)];
    for _ in 0..MOST_TORN {
        let Some(torn) = reader.read(rest) else { break };
        let Some(end) = rest[torn..].find('>') else { break };
        rest = &rest[torn + end + 1..];
    }
    (reader.writer.finish(), reader.tags)
}

/// Reads tags and text as they come.
#[derive(Debug, Default)]
struct Reader {
    writer: Writer,
    tags: usize,
    /// The element being skipped.
    skipped: Option<Vec<u8>>,
}

impl Reader {
    /// Reads `html`; tells where the tag begins that has no end, if there is one.
    fn read(&mut self, html: &str) -> Option<usize> {
        let mut emitter = DefaultEmitter::<usize>::new_with_span();
        emitter.naively_switch_states(true);
        let (mut end, mut torn) = (0, false);
        for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
            match token {
                Token::StartTag(tag) => {
                    end = tag.span.end;
                    self.start(&tag);
                }
                Token::EndTag(tag) => {
                    end = tag.span.end;
                    self.end(&tag.name);
                }
                Token::String(text) => {
                    end = text.span.end;
                    if self.skipped.is_none() {
                        self.writer.write(&String::from_utf8_lossy(&text));
                    }
                }
                Token::Comment(comment) => end = comment.span.end,
                Token::Doctype(doctype) => end = doctype.span.end,
                Token::Error(error) => torn |= *error == Error::EofInTag,
            }
        }
        torn.then_some(end)
    }

    fn start(&mut self, tag: &StartTag<usize>) {
        self.tags += 1;
        let name = std::str::from_utf8(&tag.name).unwrap_or("");
        if self.skipped.is_none() {
            self.writer.tag(name, false);
            if let ("a" | "area", Some(href)) = (name, tag.attributes.get(&b"href"[..])) {
                self.writer.link(&String::from_utf8_lossy(href));
            }
            self.skipped = (SKIPPED.contains(&name) && !tag.self_closing).then(|| tag.name.to_vec());
        }
    }

    fn end(&mut self, name: &[u8]) {
        self.tags += 1;
        if self.skipped.is_none() {
            self.writer.tag(std::str::from_utf8(name).unwrap_or(""), true);
        } else if self.skipped.as_deref() == Some(name) {
            self.skipped = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(html: &str) -> String {
        plain(html).text
    }

    #[test]
    fn paragraphs_blocks_and_breaks_become_lines() {
        let cases = [
            ("<p>One</p><p>two</p>", "One\n\ntwo"),
            ("a<br>b<br/><br/>c", "a\nb\n\nc"),
            ("<ul><li>x</li><li>y</ul>after", "x\ny\nafter"),
            ("<div>  much \n\t white&nbsp;&nbsp;space </div>", "much white space"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>", "a b\nc"),
            ("<pre>line one\n  line two</pre>", "line one\nline two"),
            ("in<b>si</b>de", "inside"),
            ("", ""),
        ];
        for (html, expected) in cases {
            assert_eq!(text(html), expected, "{html}");
        }
    }

    #[test]
    fn entities_are_decoded_and_scripts_are_not_read() {
        assert_eq!(text("it&#39;s &eacute;t&#xe9; &amp; co &lt;3"), "it's été & co <3");
        let html = "<style>b{}</style>a<script>if (1<2) x('</p>')</script><template><p>no</p></template>b";
        assert_eq!(text(html), "ab");
    }

    #[test]
    fn links_are_collected_by_where_they_lead() {
        let html = "<a href='https://a.example/1?x=1&amp;y=2'>one</a> <a href=' http://b.example '>two</a>\
                    <a href='/relative'>three</a><a href='javascript:alert(1)'>four</a><a href='mailto:x@y'>5</a>\
                    <a href='https://a.example/1?x=1&amp;y=2'>again</a>";
        assert_eq!(plain(html).links, ["https://a.example/1?x=1&y=2", "http://b.example"]);
    }

    #[test]
    fn html_that_was_escaped_twice_is_read_twice() {
        let twice =
            "&lt;p&gt;Arms &amp;amp; men&lt;/p&gt; &lt;a href=\"https://e.example/\"&gt;more&lt;/a&gt;";
        let read = plain(twice);
        assert_eq!(
            (read.text.as_str(), &read.links[..]),
            ("Arms & men\n\nmore", &["https://e.example/".into()][..])
        );
        assert_eq!(text("Tom &amp;amp; Jerry"), "Tom & Jerry");
    }

    #[test]
    fn a_text_about_markup_is_not_taken_for_markup() {
        for same in ["a < b and c > d", "x <y", "AT&T; R&D", "1 <2> 3", "<3"] {
            assert!(!looks_like_markup(same), "{same}");
        }
        assert_eq!(text("<p>Use the &lt;b&gt; tag</p>"), "Use the <b> tag");
    }

    #[test]
    fn hostile_html_costs_neither_the_stack_nor_time() {
        for piece in [
            "<div>",
            "<b>",
            "<p><i>",
            "<div><object></div></object>",
            "<a href=\"",
            "<!--",
            "&lt;b ",
            "<script",
        ] {
            let read = plain(&format!("{} deep", piece.repeat(5_000)));
            assert!(read.text.len() < 50_000, "{piece}");
        }
        assert_eq!(text(&format!("{}deep", "<div>".repeat(25_000))), "deep");
        assert_eq!(plain(&"<a href='https://e.example'>x</a>".repeat(2_000)).links.len(), 1);
    }

    #[test]
    fn broken_tags_are_read_as_browsers_do() {
        let cases = [
            ("a<b title='x>y'>b</b>", "ab"),
            ("a<b title=x'y>b</b>", "ab"),
            ("1 <2 <!-- <p> --> <!DOCTYPE x> <?php ?> 3", "1 <2 3"),
            ("a <b", "a"),
            ("<a href=\"https://e.example>arms</a> and 'men'", "arms and 'men'"),
            ("<SCRIPT>x</Script >y", "y"),
            ("<p>&nbsp;</p><p>a</p><p>&nbsp;</p><p>b&nbsp;&nbsp;c", "a\n\nb c"),
            ("a</p>b", "a\n\nb"),
        ];
        for (html, expected) in cases {
            assert_eq!(text(html), expected, "{html}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(html in "[<>&;/a-z \"'=#!\\-\\[\\]\u{0}é🇧🇫]{0,200}") {
            plain(&html);
        }
    }
}
