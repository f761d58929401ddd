//! Finding elements of a page by the tokens of their classes. What else a class says changes from year to year.

use scraper::{ElementRef, Html, Node};

/// Tags that never hold anything.
const VOID: &[&str] =
    &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];

/// The deepest page that is read. A tree of hostile HTML costs time that grows with the square of its depth.
const DEEPEST: usize = 1000;

/// The tree of `html`, unless it is deeper than any honest page.
pub fn tree(html: &str) -> Result<Html, &'static str> {
    if is_deep(html) { Err("nests deeper than any page should") } else { Ok(Html::parse_document(html)) }
}

/// The first element within `parent` that has `class`.
pub fn first<'a>(parent: ElementRef<'a>, class: &str) -> Option<ElementRef<'a>> {
    all(parent, class).next()
}

/// The elements within `parent` that have `class`, in order.
pub fn all<'a>(parent: ElementRef<'a>, class: &str) -> impl Iterator<Item = ElementRef<'a>> {
    elements(parent).filter(move |element| has(*element, class))
}

/// The elements within `parent`, in order.
pub fn elements(parent: ElementRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
    parent.descendants().skip(1).filter_map(ElementRef::wrap)
}

/// Whether `class` is among the classes of `element`.
pub fn has(element: ElementRef<'_>, class: &str) -> bool {
    element.value().classes().any(|token| token == class)
}

/// Whether `element` is within one that has `class`.
pub fn is_within(element: ElementRef<'_>, class: &str) -> bool {
    element.ancestors().filter_map(ElementRef::wrap).any(|ancestor| has(ancestor, class))
}

/// What stands in `element`, on one line.
pub fn line(element: ElementRef<'_>) -> String {
    let texts = element.descendants().filter_map(|node| match node.value() {
        Node::Text(text) => Some(&*text.text),
        _ => None,
    });
    texts.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether tags are left open to a great depth. What an end tag closes is only looked for nearby, so that a page seems
/// rather too deep than too flat.
fn is_deep(html: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    for part in html.split('<').skip(1) {
        let (closes, part) = part.strip_prefix('/').map_or((false, part), |part| (true, part));
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(part.len());
        let name = &part[..end];
        if name.is_empty() || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        if closes {
            let near = open.len().saturating_sub(16);
            if let Some(at) = open[near..].iter().rposition(|known| known.eq_ignore_ascii_case(name)) {
                open.truncate(near + at);
            }
        } else if !VOID.contains(&name) {
            open.push(name);
        }
        if open.len() > DEEPEST {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_one_of_their_classes() {
        let html =
            tree("<div class='a b'><p class=\"c  d\">x <b>y</b></p></div><p class='cd'>z</p>").unwrap();
        let root = html.root_element();
        let p = first(root, "d").unwrap();
        assert_eq!((line(p).as_str(), is_within(p, "b"), is_within(p, "d")), ("x y", true, false));
        assert_eq!((all(root, "c").count(), first(root, "e")), (1, None));
    }

    #[test]
    fn a_page_too_deep_is_refused_and_a_long_one_is_not() {
        for deep in ["<div>", "<b><i>", "<div></b>", "<svg><g>", "<x-y>"] {
            assert!(tree(&deep.repeat(2000)).is_err(), "{deep}");
        }
        for flat in
            ["<p>a</p>", "<br>", "< ", "<img src=x>", "<P>a</p>", "<!-- -->", "<div><div>x</div></div>"]
        {
            assert!(tree(&flat.repeat(2000)).is_ok(), "{flat}");
        }
    }
}
