//! Markup as the parser of feeds wants it, and mended where people err.

use super::outline::tags;

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
            prepared(&xml);
            mended(&xml);
        }
    }
}
