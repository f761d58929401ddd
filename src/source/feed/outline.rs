//! The outline of an XML text: how deep it nests, what is still open at its end, where its items are.
//!
//! The parser recurses over nested media groups and gives up a whole feed for one odd item. So depth is measured before
//! it reads anything, and what it refuses is handed to it again item by item.

/// What a scan found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outline<'a> {
    /// The deepest nesting; `usize::MAX` if it cannot be told.
    pub depth: usize,
    /// The elements that are open at the end, outermost first.
    pub open: Vec<&'a str>,
}

/// Scans `xml` as the parser would: comments, CDATA and instructions are skipped, quotes in tags respected.
pub fn outline(xml: &str) -> Outline<'_> {
    let mut outline = Outline::default();
    for tag in tags(xml) {
        match tag.kind {
            // A second document type, say: the parser may see other tags from here on.
            _ if tag.name.starts_with('!') => outline.depth = usize::MAX,
            Kind::Start => outline.open.push(tag.name),
            Kind::End => drop(outline.open.pop()),
            Kind::Empty => outline.depth = outline.depth.max(outline.open.len() + 1),
        }
        outline.depth = outline.depth.max(outline.open.len());
    }
    outline
}

/// A feed taken apart: what comes before its first item, its whole items, and whether it ends within one.
#[derive(Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// All before the first item.
    pub head: &'a str,
    /// The items that have an end.
    pub items: Vec<&'a str>,
    /// The end tags of what the head leaves open.
    pub tail: String,
    /// Whether the text ends before the feed does.
    pub cut: bool,
}

/// Takes `xml` apart; `None` if there is no item.
pub fn parts(xml: &str) -> Option<Parts<'_>> {
    let (mut items, mut first, mut started) = (Vec::new(), None, None);
    for tag in tags(xml).filter(|tag| matches!(tag.name, "item" | "entry")) {
        match (tag.kind, started) {
            (Kind::Start, None) => {
                first = first.or(Some(tag.start));
                started = Some(tag.start);
            }
            (Kind::End, Some(start)) => {
                items.push(xml.get(start..tag.end)?);
                started = None;
            }
            _ => {}
        }
    }
    let head = xml.get(..first?)?;
    let open = outline(head).open;
    let tail = open.iter().rev().flat_map(|name| ["</", *name, ">"]).collect();
    let ended =
        open.first().is_some_and(|root| tags(xml).any(|tag| tag.kind == Kind::End && tag.name == *root));
    Some(Parts { head, items, tail, cut: started.is_some() || !ended })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Start,
    End,
    Empty,
}

#[derive(Clone, Copy, Debug)]
struct Tag<'a> {
    kind: Kind,
    name: &'a str,
    start: usize,
    end: usize,
}

/// All tags of `xml` in order, until something in it has no end.
fn tags(xml: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + xml.get(at..)?.find('<')?;
            let rest = xml.get(start..)?;
            let skip = |begin: &str, end: &str| {
                rest.strip_prefix(begin)
                    .map(|inner| inner.find(end).map(|found| begin.len() + found + end.len()))
            };
            let skipped =
                skip("<!--", "-->").or_else(|| skip("<![CDATA[", "]]>")).or_else(|| skip("<?", "?>"));
            if let Some(length) = skipped {
                at = start + length?;
                continue;
            }
            let length = tag_length(rest)?;
            at = start + length;
            let inner = &rest[1..length - 1];
            let (kind, inner) = match inner.strip_prefix('/') {
                Some(name) => (Kind::End, name),
                None if inner.ends_with('/') => (Kind::Empty, inner),
                None => (Kind::Start, inner),
            };
            let name = inner.split(|c: char| c.is_ascii_whitespace() || c == '/').next().unwrap_or("");
            return Some(Tag { kind, name, start, end: at });
        }
    })
}

/// How long the tag at the start of `text` is, up to the `>` that is not in quotes.
fn tag_length(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, quote) {
            (b'>', None) => return Some(at + 1),
            (b'"' | b'\'', None) => quote = Some(byte),
            (byte, Some(open)) if byte == open => quote = None,
            _ => {}
        }
    }
    None
}

/// `xml` as the parser wants it: no declaration, which would name an encoding that is no longer true; no document type,
/// which may define entities; `<rss>` with a version that it knows.
pub fn prepared(xml: &str) -> Option<String> {
    let mut text = xml.trim_start_matches('\u{feff}').trim_start();
    if text.strip_prefix("<?xml").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_whitespace())) {
        text = text.get(text.find("?>")? + 2..)?;
    }
    let mut prepared = String::with_capacity(text.len() + 16);
    while let Some(at) = find_doctype(text) {
        prepared.push_str(text.get(..at)?);
        text = text.get(at + doctype_length(text.get(at..)?)?..)?;
    }
    prepared.push_str(text);
    Some(with_version(prepared))
}

/// `xml` with every `&` escaped that begins no reference, as people forget to, and references to no character dropped.
pub fn mended(xml: &str) -> String {
    let mut mended = String::with_capacity(xml.len() + 64);
    let mut rest = xml;
    while let Some(at) = rest.find(['&', '<']) {
        mended.push_str(&rest[..at]);
        rest = &rest[at..];
        let (instead, length) = match rest.strip_prefix("<![CDATA[") {
            Some(raw) => (None, rest.len() - raw.len() + raw.find("]]>").unwrap_or(raw.len())),
            None if rest.starts_with('<') => (None, 1),
            None => match reference(rest) {
                Some((length, real)) => (Some("").filter(|_| !real), length),
                None => (Some("&amp;"), 1),
            },
        };
        let (kept, left) = rest.split_at(length);
        mended.push_str(instead.unwrap_or(kept));
        rest = left;
    }
    mended.push_str(rest);
    mended
}

/// How long the reference is that `text` starts with, and whether it leads to a character.
fn reference(text: &str) -> Option<(usize, bool)> {
    let end = text.bytes().take(34).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let Some(number) = name.strip_prefix('#') else {
        let fits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        return fits.then_some((end + 1, true));
    };
    let code = match number.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    let real = code.ok().filter(|code| *code > 0).and_then(char::from_u32).is_some();
    Some((end + 1, real))
}

/// Where a document type stands before the root element.
fn find_doctype(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        at += text.get(at..)?.find('<')?;
        let rest = text.get(at..)?;
        let end = match rest {
            rest if rest.starts_with("<!--") => "-->",
            rest if rest.starts_with("<?") => "?>",
            rest => return rest.get(..9)?.eq_ignore_ascii_case("<!doctype").then_some(at),
        };
        at += rest.find(end)? + end.len();
    }
}

fn doctype_length(text: &str) -> Option<usize> {
    let (mut quote, mut brackets) = (None, 0usize);
    for (at, byte) in text.bytes().enumerate() {
        match (byte, quote) {
            (b'>', None) if brackets == 0 => return Some(at + 1),
            (b'[', None) => brackets += 1,
            (b']', None) => brackets = brackets.saturating_sub(1),
            (b'"' | b'\'', None) => quote = Some(byte),
            (byte, Some(open)) if byte == open => quote = None,
            _ => {}
        }
    }
    None
}

/// RSS is read as 2.0 whatever it says: 0.9x has no other elements, and some say nothing or nonsense.
fn with_version(mut xml: String) -> String {
    let Some(root) = tags(&xml).next().filter(|tag| tag.name == "rss") else { return xml };
    let (start, end) = (root.start, root.end);
    let mut tag = xml[start..end].to_owned();
    if let Some(at) = tag.find("version") {
        let value = &tag[at + "version".len()..];
        let quoted = value.trim_start().strip_prefix('=').map(str::trim_start);
        let quote = quoted.and_then(|rest| rest.chars().next()).filter(|c| matches!(c, '"' | '\''));
        let close = quote.and_then(|quote| quoted?.get(1..)?.find(quote));
        if let (Some(quoted), Some(close)) = (quoted, close) {
            let length = tag.len() - at - quoted.len() + close + 2;
            tag.replace_range(at..at + length, "");
        }
    }
    tag.insert_str("<rss".len(), " version=\"2.0\"");
    xml.replace_range(start..end, &tag);
    xml
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_outline_sees_tags_and_nothing_else() {
        let xml = "<?xml v?><a x='>'><!-- <b> --><![CDATA[<c><c>]]><d/><e></e><f>";
        assert_eq!(outline(xml), Outline { depth: 2, open: vec!["a", "f"] });
        assert_eq!(outline("<a><b").open, ["a"]);
        assert_eq!(outline("</a></a>").depth, 0);
    }

    #[test]
    fn a_feed_comes_apart_into_head_items_and_tail() {
        let xml = "<rss><channel><title>t</title><item>1</item> <item a='>'>2</item></channel></rss>";
        let found = parts(xml).unwrap();
        assert_eq!((found.head, found.tail.as_str()), ("<rss><channel><title>t</title>", "</channel></rss>"));
        assert_eq!((found.items, found.cut), (vec!["<item>1</item>", "<item a='>'>2</item>"], false));
        assert_eq!(parts("<rss><channel></channel></rss>"), None);
    }

    #[test]
    fn a_feed_that_ends_too_early_keeps_its_whole_items() {
        for end in ["<item>2</it", "<item>2", "<item><![CDATA[2", "", "<ite"] {
            let xml = format!("<feed><entry>1</entry>{}", end.replace("item", "entry"));
            let found = parts(&xml).unwrap();
            assert_eq!((found.items, found.cut), (vec!["<entry>1</entry>"], true), "{end}");
        }
    }

    #[test]
    fn items_after_the_channel_keep_the_outer_root() {
        let found = parts("<rdf:RDF><channel></channel><item r='1'>x</item></rdf:RDF>").unwrap();
        assert_eq!((found.tail.as_str(), found.cut), ("</rdf:RDF>", false));
    }

    #[test]
    fn rss_gets_a_version_that_is_known() {
        let cases = [
            ("<rss>x</rss>", "<rss version=\"2.0\">x</rss>"),
            (
                "<?xml version='1.0' encoding='utf-16'?>\n<rss version = '0.94' a=\"b\">x</rss>",
                "\n<rss version=\"2.0\"  a=\"b\">x</rss>",
            ),
            ("<rss version=>x</rss>", "<rss version=\"2.0\" version=>x</rss>"),
            ("<!-- hi --><rss>", "<!-- hi --><rss version=\"2.0\">"),
            ("<feed version='0.3'/>", "<feed version='0.3'/>"),
        ];
        for (given, expected) in cases {
            assert_eq!(prepared(given).unwrap(), expected);
        }
    }

    #[test]
    fn a_document_type_is_dropped_with_all_it_defines() {
        let cases = [
            ("<!DOCTYPE rss PUBLIC \"-//N//DTD RSS 0.91//EN\" \"x>y\"><rss>", "<rss version=\"2.0\">"),
            ("<!DOCTYPE a [<!ENTITY l \"ha>\"><!ENTITY m '&l;&l;']><feed/>", "<feed/>"),
            ("<!doctype a><!-- c --><feed/>", "<!-- c --><feed/>"),
        ];
        for (given, expected) in cases {
            assert_eq!(prepared(given).unwrap(), expected, "{given}");
        }
    }

    #[test]
    fn ampersands_that_begin_nothing_are_escaped_but_not_in_cdata() {
        let cases = [
            (
                "<a x='1&y=2'>R&D & co &amp; &eacute; &#233; &#xE9;</a>",
                "<a x='1&amp;y=2'>R&amp;D &amp; co &amp; &eacute; &#233; &#xE9;</a>",
            ),
            ("a&#0;b&#xFFFFFFFF;c&#xD800;d", "abcd"),
            ("<![CDATA[R&D]]>&", "<![CDATA[R&D]]>&amp;"),
            ("<![CDATA[&", "<![CDATA[&"),
            ("&é;&;", "&amp;é;&amp;;"),
        ];
        for (given, expected) in cases {
            assert_eq!(mended(given), expected);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(xml in "(<|>|&|;|#|/|!|\\?|\\[|\\]|-|'|\"|=| |é|rss|item|version|DOCTYPE|CDATA|--|<item>|</item>){0,60}") {
            outline(&xml);
            parts(&xml);
            prepared(&xml);
            mended(&xml);
        }
    }
}
