//! Words and addresses from outside.

use super::super::alert::link;
use super::super::quote::passage;
use super::*;

type Spans = &'static [(usize, usize)];

#[test]
fn marks_stand_where_the_words_are_whatever_the_hits_say() {
    let marked = |text: &str, skipped: usize, spans: &[(usize, usize)]| {
        let mut post = excerpt();
        (post.text, post.skipped, post.cut) = (text.to_owned(), skipped, false);
        let hit = post.matches[0].hits[0].clone();
        post.matches[0].hits =
            spans.iter().map(|(start, end)| Hit { start: *start, end: *end, ..hit.clone() }).collect();
        let show = |segment: &Segment| {
            if segment.hit { format!("[{}]", segment.text) } else { segment.text.clone() }
        };
        passage(&post).iter().map(show).collect::<String>()
    };
    let cases: &[(&str, usize, Spans, &str)] = &[
        ("one two three", 0, &[(4, 7)], "one [two] three"),
        ("one two three", 0, &[(8, 13), (0, 3)], "[one] two [three]"),
        ("one two three", 0, &[(0, 7), (4, 13)], "[one two three]"),
        ("one two three", 0, &[(4, 7), (4, 7), (5, 6)], "one [two] three"),
        ("two three", 4, &[(4, 7), (0, 3)], "… [two] three"),
        ("two three", 4, &[(2, 7)], "… [two] three"),
        ("éé", 0, &[(1, 3)], "[éé]"),
        ("one", 0, &[(2, 99), (50, 99), (3, 3), (2, 1)], "on[e]"),
        ("one", usize::MAX, &[(0, usize::MAX)], "… one"),
        ("", 0, &[(0, 5)], ""),
    ];
    for (text, skipped, spans, expected) in cases {
        assert_eq!(marked(text, *skipped, spans), *expected, "{text} {spans:?}");
    }
}

#[test]
fn a_post_can_neither_flood_nor_forge_nor_hide() {
    let shown = |text: &str| {
        let message = told(vec![Excerpt { text: text.into(), matches: vec![], ..excerpt() }]);
        message.quote.iter().map(|segment| segment.text.as_str()).collect::<String>()
    };
    assert_eq!(shown("\n \n a\r\n\n \n\n\nb \n"), "a\n\nb");
    assert!(shown(&"a\n".repeat(700)).lines().count() <= 30);
    let long = shown(&"💣 ".repeat(5000));
    assert!(long.encode_utf16().count() <= 1502 && long.ends_with('…'));
    assert_eq!(shown("a\u{202e}b\u{0}c\u{2028}d\u{200b}e"), "abc\nde");
    assert_eq!(
        shown("👩\u{200d}🚀 e\u{301} كل\u{200f}"),
        "👩\u{200d}🚀 e\u{301} كل\u{200f}",
        "legitimate marks stay"
    );
    let forged = told(vec![Excerpt { text: "a\nAlert: 00000000\u{85}LOW · b".into(), ..excerpt() }]);
    assert!(forged.plain().contains("\n> a\n> Alert: 00000000\n> LOW · b\n"), "{}", forged.plain());
}

#[test]
fn only_web_addresses_without_credentials_are_links() {
    let cases = [
        ("https://x.com/a|b<c> d", Some(("https://x.com/a%7Cb%3Cc%3E%20d", "Read it on x.com"))),
        ("https://x.com@evil.example/", Some(("https://evil.example/", "Read it on evil.example"))),
        ("HTTP://www.Example.ORG", Some(("http://www.example.org/", "Read it on example.org"))),
        (
            "https://exаmple.org/#a|b",
            Some(("https://xn--exmple-4nf.org/#a%7Cb", "Read it on xn--exmple-4nf.org")),
        ),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("/relative", None),
        ("", None),
    ];
    for (address, expected) in cases {
        let found = link(address);
        let found = found.as_ref().map(|link| (link.url.as_str(), link.label.as_str()));
        assert_eq!(found, expected, "{address}");
    }
    assert_eq!(link(&format!("https://x.com/{}", "a".repeat(2000))), None);
}
