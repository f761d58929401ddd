//! A page as a tree of elements, found by the tokens of their classes. What else a class says changes from year to year.

use std::collections::BTreeMap;
use std::ops::Range;

use html5gum::{DefaultEmitter, HtmlString, Spanned, StartTag, Token, Tokenizer};

/// A page, its nodes in the order of its text.
pub struct Page<'h> {
    html: &'h str,
    nodes: Vec<Node>,
}

/// An element of a page.
#[derive(Clone, Copy)]
pub struct Element<'p> {
    page: &'p Page<'p>,
    at: usize,
}

struct Node {
    parent: usize,
    /// Behind the last node within it.
    end: usize,
    what: What,
}

enum What {
    Text(String),
    Element {
        name: String,
        attributes: BTreeMap<HtmlString, Spanned<HtmlString, usize>>,
        inner: Range<usize>,
    },
}

/// Tags that never hold anything.
const VOID: &[&str] =
    &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];

/// The deepest page that is read.
const DEEPEST: usize = 1000;

impl<'h> Page<'h> {
    /// The tree of `html`, unless it is deeper than any honest page.
    pub fn read(html: &'h str) -> Result<Self, &'static str> {
        let root = What::Element { name: String::new(), attributes: BTreeMap::new(), inner: 0..html.len() };
        let mut page = Self { html, nodes: vec![Node { parent: 0, end: 0, what: root }] };
        let mut open = vec![0];
        let mut emitter = DefaultEmitter::<usize>::new_with_span();
        emitter.naively_switch_states(true);
        for token in Tokenizer::new_with_emitter(html, emitter) {
            let Ok(token) = token;
            match token {
                Token::StartTag(tag) => page.open(tag, &mut open),
                Token::EndTag(tag) => page.close(&text(&tag.name), tag.span.start, &mut open),
                Token::String(string) => drop(page.put(What::Text(text(&string)), &open)),
                _ => {}
            }
            if open.len() > DEEPEST {
                return Err("nests deeper than any page should");
            }
        }
        while let Some(at) = open.pop() {
            page.end(at, html.len());
        }
        Ok(page)
    }

    /// What everything is within.
    pub fn root(&self) -> Element<'_> {
        Element { page: self, at: 0 }
    }

    fn put(&mut self, what: What, open: &[usize]) -> usize {
        let at = self.nodes.len();
        self.nodes.push(Node { parent: open.last().copied().unwrap_or(0), end: at + 1, what });
        at
    }

    fn open(&mut self, tag: StartTag<usize>, open: &mut Vec<usize>) {
        let StartTag { self_closing, name, attributes, span } = tag;
        let name = text(&name);
        let holds = !self_closing && !VOID.contains(&name.as_str());
        let at = self.put(What::Element { name, attributes, inner: span.end..span.end }, open);
        if holds {
            open.push(at);
        }
    }

    /// Closes the innermost open element of that name and what was left open within it; an end without a start is nothing.
    fn close(&mut self, name: &str, place: usize, open: &mut Vec<usize>) {
        let is_it =
            |at: &usize| matches!(&self.nodes[*at].what, What::Element { name: own, .. } if own == name);
        let Some(found) = open.iter().rposition(is_it) else { return };
        for at in open.split_off(found) {
            self.end(at, place);
        }
    }

    fn end(&mut self, at: usize, place: usize) {
        let behind = self.nodes.len();
        if let Some(Node { end, what: What::Element { inner, .. }, .. }) = self.nodes.get_mut(at) {
            (*end, inner.end) = (behind, place);
        }
    }
}

impl<'p> Element<'p> {
    /// The name of its tag, in lower case.
    pub fn name(self) -> &'p str {
        match self.what() {
            What::Element { name, .. } => name,
            What::Text(_) => "",
        }
    }

    /// An attribute.
    pub fn attr(self, name: &str) -> Option<&'p str> {
        let What::Element { attributes, .. } = self.what() else { return None };
        std::str::from_utf8(attributes.get(name.as_bytes())?).ok()
    }

    /// The HTML within it.
    pub fn inner(self) -> &'p str {
        match self.what() {
            What::Element { inner, .. } => self.page.html.get(inner.clone()).unwrap_or(""),
            What::Text(_) => "",
        }
    }

    /// The elements within it, in order.
    pub fn elements(self) -> impl Iterator<Item = Self> {
        self.within().filter(|node| matches!(node.what(), What::Element { .. }))
    }

    /// The elements within it that have `class`, in order.
    pub fn all(self, class: &str) -> impl Iterator<Item = Self> {
        self.elements().filter(move |element| element.has(class))
    }

    /// The first element within it that has `class`.
    pub fn first(self, class: &str) -> Option<Self> {
        self.all(class).next()
    }

    /// Whether `class` is among its classes.
    pub fn has(self, class: &str) -> bool {
        self.attr("class").is_some_and(|classes| classes.split_ascii_whitespace().any(|token| token == class))
    }

    /// Whether it is within an element that has `class`.
    pub fn is_within(self, class: &str) -> bool {
        let parent = |element: &Self| {
            let at = self.page.nodes.get(element.at)?.parent;
            (element.at != 0).then_some(Self { at, ..self })
        };
        std::iter::successors(parent(&self), parent).any(|ancestor| ancestor.has(class))
    }

    /// What stands in it, on one line.
    pub fn line(self) -> String {
        let texts = self.within().filter_map(|node| match node.what() {
            What::Text(text) => Some(text.as_str()),
            What::Element { .. } => None,
        });
        texts.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn what(self) -> &'p What {
        &self.page.nodes[self.at].what
    }

    /// Every node within it.
    fn within(self) -> impl Iterator<Item = Self> {
        (self.at + 1..self.page.nodes[self.at].end).map(move |at| Self { at, ..self })
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_one_of_their_classes() {
        let page =
            Page::read("<div class='a b'><p class=\"c  d\">x <b>y</b></p></div><p class='cd'>z</p>").unwrap();
        let p = page.root().first("d").unwrap();
        assert_eq!((p.line().as_str(), p.is_within("b"), p.is_within("d")), ("x y", true, false));
        assert_eq!((p.name(), p.inner()), ("p", "x <b>y</b>"));
        assert_eq!((page.root().all("c").count(), page.root().first("e").is_none()), (1, true));
    }

    #[test]
    fn what_is_left_open_ends_with_what_it_is_in() {
        let page = Page::read("<div class=a><p><i>x</div></b><p class=b>y<br>z<svg/>").unwrap();
        let line = |class| page.root().first(class).unwrap().line();
        assert_eq!((line("a"), line("b")), ("x".into(), "yz".into()));
        assert_eq!(page.root().line(), "xyz");
    }

    #[test]
    fn a_page_too_deep_is_refused_and_a_long_one_is_not() {
        for deep in ["<div>", "<b><i>", "<div></b>", "<svg><g>", "<x-y>"] {
            assert!(Page::read(&deep.repeat(2000)).is_err(), "{deep}");
        }
        for flat in
            ["<p>a</p>", "<br>", "< ", "<img src=x>", "<P>a</p>", "<!-- -->", "<div><div>x</div></div>"]
        {
            assert!(Page::read(&flat.repeat(2000)).is_ok(), "{flat}");
        }
    }
}
