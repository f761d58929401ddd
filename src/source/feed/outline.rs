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
    /// Items, and what could be taken for one.
    pub items: usize,
}

/// What nests deeper is not followed to its end.
const BOTTOMLESS: usize = 10_000;

/// Scans `xml` as the parser would: comments, CDATA and instructions are skipped, quotes in tags respected.
pub fn outline(xml: &str) -> Outline<'_> {
    let mut outline = Outline::default();
    for tag in tags(xml) {
        let name = tag.name.rsplit(':').next().unwrap_or_default();
        let is_item = tag.kind != Kind::End && matches!(name, "item" | "entry");
        outline.items += usize::from(is_item);
        match tag.kind {
            // A second document type, say: the parser may see other tags from here on.
            _ if tag.name.starts_with('!') => outline.depth = usize::MAX,
            Kind::Start => outline.open.push(tag.name),
            Kind::End => drop(outline.open.pop()),
            Kind::Empty => outline.depth = outline.depth.max(outline.open.len() + 1),
        }
        outline.depth = outline.depth.max(outline.open.len());
        if outline.depth > BOTTOMLESS {
            outline.depth = usize::MAX;
            break;
        }
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

/// A tag and where it stands, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Tag<'a> {
    kind: Kind,
    /// The name of its element.
    pub name: &'a str,
    /// Where it starts.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// All tags of `xml` in order, until something in it has no end.
pub fn tags(xml: &str) -> impl Iterator<Item = Tag<'_>> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_outline_sees_tags_and_nothing_else() {
        let xml = "<?xml v?><a x='>'><!-- <b> --><![CDATA[<c><c>]]><d/><e></e><f>";
        assert_eq!(outline(xml), Outline { depth: 2, open: vec!["a", "f"], items: 0 });
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

    proptest! {
        #[test]
        fn no_text_makes_it_panic(xml in "(<|>|&|;|#|/|!|\\?|\\[|\\]|-|'|\"|=| |é|rss|item|version|DOCTYPE|CDATA|--|<item>|</item>){0,60}") {
            outline(&xml);
            parts(&xml);
        }
    }
}
