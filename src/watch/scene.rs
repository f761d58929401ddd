//! A post as rules see it: its texts, the terms found in them, its fields.

use std::cell::OnceCell;

use super::lexicon::{AtomId, Desk, Findings, Found, Lexicon};
use super::origin::Origin;
use super::sentence::sentences;
use crate::model::matched::Field;
use crate::model::post::Post;
use crate::text::words::Words;

/// A text of a post.
#[derive(Clone, Copy)]
pub struct Part<'p> {
    /// Which one.
    pub field: Field,
    /// What it says.
    pub text: &'p str,
}

/// A post, read.
pub struct Reading<'p> {
    /// The post.
    pub post: &'p Post,
    /// The watched account it came by, where that is known.
    pub origin: Option<&'p Origin<'p>>,
    /// Its texts.
    pub parts: Vec<Part<'p>>,
    /// The terms in them.
    pub findings: Findings,
    sentences: OnceCell<Vec<Stretch>>,
}

/// A stretch of one part: a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    part: usize,
    start: usize,
    end: usize,
}

/// A post, or one sentence of it, while a condition is held against it.
#[derive(Clone, Copy)]
pub struct Scene<'s> {
    /// The post.
    pub reading: &'s Reading<'s>,
    within: Option<Stretch>,
}

impl<'p> Reading<'p> {
    /// Reads a post by the words of `lexicon`.
    pub fn new(post: &'p Post, origin: Option<&'p Origin<'p>>, lexicon: &Lexicon, desk: &mut Desk) -> Self {
        let parts = parts(post);
        let findings = lexicon.search(desk, &parts, Part::read);
        Self { post, origin, parts, findings, sentences: OnceCell::new() }
    }

    /// The whole of it.
    pub fn scene(&self) -> Scene<'_> {
        Scene { reading: self, within: None }
    }

    /// The words of a hit.
    pub fn form(&self, found: &Found) -> Option<&'p str> {
        self.parts.get(found.field)?.text.get(found.start_byte..found.end_byte)
    }
}

impl<'s> Scene<'s> {
    /// The hits of an atom here, with their numbers, in text order.
    pub fn hits(&self, atom: AtomId) -> impl Iterator<Item = (usize, &'s Found)> + use<'s> {
        let (findings, within) = (&self.reading.findings, self.within);
        let mut numbers = findings.of_atom(atom);
        if let Some(stretch) = within {
            let before = |number: usize| {
                findings
                    .hit(number)
                    .is_some_and(|hit| (hit.field, hit.start_byte) < (stretch.part, stretch.start))
            };
            numbers.start += first_that_is_not(numbers.len(), |at| before(numbers.start + at));
        }
        let inside = move |(_, hit): &(usize, &Found)| {
            within.is_none_or(|stretch| hit.field == stretch.part && hit.start_byte < stretch.end)
        };
        let whole =
            move |(_, hit): &(usize, &Found)| within.is_none_or(|stretch| hit.end_byte <= stretch.end);
        numbers.filter_map(|number| Some((number, findings.hit(number)?))).take_while(inside).filter(whole)
    }

    /// The sentences of the post.
    pub fn sentences(&self) -> &'s [Stretch] {
        let reading = self.reading;
        reading.sentences.get_or_init(|| {
            let of_part = |(part, text): (usize, &Part)| {
                let all = sentences(text.text).into_iter();
                all.map(move |range| Stretch { part, start: range.start, end: range.end })
            };
            reading.parts.iter().enumerate().flat_map(of_part).collect()
        })
    }

    /// This post, of which only one sentence is looked at.
    pub fn within(&self, sentence: Stretch) -> Self {
        Self { reading: self.reading, within: Some(sentence) }
    }

    /// The hits with these numbers, each once, in the order of the text.
    pub fn in_text_order(&self, mut numbers: Vec<usize>) -> Vec<usize> {
        let place =
            |number: usize| self.reading.findings.hit(number).map(|hit| (hit.field, hit.first, hit.end));
        numbers.sort_unstable_by_key(|number| (place(*number), *number));
        numbers.dedup();
        numbers
    }
}

/// How many of the first `len` places meet `before`, which holds up to some place and not from there on.
fn first_that_is_not(len: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low.midpoint(high);
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

/// The texts of a post that words are looked for in.
pub fn parts(post: &Post) -> Vec<Part<'_>> {
    let quote = post.quote_of.as_ref().and_then(|quote| quote.text.as_deref());
    let media = post.media.iter().enumerate();
    let media = media.filter_map(|(n, media)| Some((Field::Media(n), media.alt.as_deref()?)));
    let texts = [
        (Field::Title, post.title.as_deref()),
        (Field::Warning, post.warning.as_deref()),
        (Field::Text, Some(&*post.text)),
        (Field::Quote, quote),
    ];
    let texts = texts.into_iter().filter_map(|(field, text)| Some((field, text?))).chain(media);
    let links = post.links.iter().enumerate().map(|(n, link)| (Field::Link(n), &**link));
    texts.chain(links).map(|(field, text)| Part { field, text }).collect()
}

impl Part<'_> {
    /// Reads its words.
    pub fn read(&self, words: &mut Words) {
        match self.field {
            Field::Link(_) => words.read_link(self.text),
            _ => words.read(self.text),
        }
    }
}
