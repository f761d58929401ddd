//! Words from outside, made fit to stand among vigie's.

use crate::model::delivery::Excerpt;
use crate::model::matched::Field;

/// A piece of a post, either matched or not. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The words.
    pub text: String,
    /// Whether they are what matched.
    pub hit: bool,
}

impl Segment {
    /// One piece in which nothing matched; none if there is no text.
    pub fn plain(text: String) -> Vec<Self> {
        if text.is_empty() { Vec::new() } else { vec![Self { text, hit: false }] }
    }
}

/// Most UTF-16 units of a post that a message shows.
const PASSAGE: usize = 1500;

/// Most lines of a post that a message shows.
const LINES: usize = 30;

/// An excerpt's text in pieces, the matched words apart.
pub fn passage(excerpt: &Excerpt) -> Vec<Segment> {
    let text = &excerpt.text;
    let mut pieces = Vec::new();
    let mut at = 0;
    for (start, end) in marks(excerpt) {
        pieces.push((text.get(at..start).unwrap_or(""), false));
        pieces.push((text.get(start..end).unwrap_or(""), true));
        at = end;
    }
    pieces.push((text.get(at..).unwrap_or(""), false));
    let mut page = Page::default();
    for (piece, hit) in pieces {
        page.add(piece, hit);
    }
    page.finish(excerpt.skipped > 0, excerpt.cut)
}

/// A text of several lines, at most `most` UTF-16 units long.
pub fn paragraphs(text: &str, most: usize) -> String {
    let mut page = Page { lines: usize::MAX, ..Page::default() };
    page.add(text, false);
    let text: String = page.segments.into_iter().map(|segment| segment.text).collect();
    clip(text.trim(), most)
}

/// A text in one line, at most `most` UTF-16 units long.
pub fn one_line(text: &str, most: usize) -> String {
    // Words from outside may be long: look only at as much as may be kept.
    let calm: String = text.chars().take(4 * most).filter_map(calm).collect();
    clip(&calm.split_whitespace().collect::<Vec<_>>().join(" "), most)
}

/// At most `most` UTF-16 units of `text`; an ellipsis stands for what was cut.
pub fn clip(text: &str, most: usize) -> String {
    let mut units = 0;
    let mut end = 0;
    for (at, c) in text.char_indices() {
        units += c.len_utf16();
        if units > most {
            return format!("{}…", text.get(..end).unwrap_or("").trim_end());
        }
        // The ellipsis needs room as well.
        if units < most {
            end = at + c.len_utf8();
        }
    }
    text.to_owned()
}

/// Where the matched words stand in an excerpt: in order, apart from each other, on whole characters.
fn marks(excerpt: &Excerpt) -> Vec<(usize, usize)> {
    let text = &excerpt.text;
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let ceil = |at: usize| (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let hits = excerpt.matches.iter().flat_map(|found| &found.hits).filter(|hit| hit.field == Field::Text);
    // Hits point into the full text, of which the excerpt is a part.
    let mut spans: Vec<(usize, usize)> = hits
        .filter(|hit| hit.end > excerpt.skipped && hit.start < hit.end)
        .map(|hit| (floor(hit.start.saturating_sub(excerpt.skipped)), ceil(hit.end - excerpt.skipped)))
        .filter(|(start, end)| start < end)
        .collect();
    spans.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for (start, end) in spans {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

/// Text on its way to a message: calm, at most one empty line in a row, not too long.
struct Page {
    segments: Vec<Segment>,
    units: usize,
    lines: usize,
    breaks: usize,
}

impl Default for Page {
    fn default() -> Self {
        Self { segments: Vec::new(), units: 0, lines: LINES, breaks: 2 }
    }
}

impl Page {
    fn add(&mut self, text: &str, hit: bool) {
        let mut calmed = String::new();
        for c in text.chars().filter_map(calm) {
            // Blanks between line breaks do not make them fewer.
            let c = match c {
                '\n' if self.breaks >= 2 => continue,
                '\n' if self.lines <= 1 => ' ',
                c if self.breaks > 0 && c.is_whitespace() && c != '\n' => continue,
                c => c,
            };
            (self.breaks, self.lines) =
                if c == '\n' { (self.breaks + 1, self.lines - 1) } else { (0, self.lines) };
            self.units += c.len_utf16();
            calmed.push(c);
        }
        if !calmed.is_empty() {
            self.segments.push(Segment { text: calmed, hit });
        }
    }

    /// The pieces, at most [`PASSAGE`] long, with an ellipsis where something is missing.
    fn finish(mut self, skipped: bool, cut: bool) -> Vec<Segment> {
        let mut left = PASSAGE;
        for segment in &mut self.segments {
            let units = segment.text.encode_utf16().count();
            if left == 0 {
                segment.text.clear();
            } else if units > left {
                segment.text = clip(&segment.text, left);
            }
            left = left.saturating_sub(units);
        }
        self.segments.retain(|segment| !segment.text.is_empty());
        if let Some(last) = self.segments.last_mut() {
            last.text.truncate(last.text.trim_end().len());
        }
        self.segments.retain(|segment| !segment.text.is_empty());
        if skipped {
            self.segments.insert(0, Segment { text: "… ".to_owned(), hit: false });
        }
        let ends = self.segments.last().is_some_and(|last| last.text.ends_with('…'));
        if (cut || self.units > PASSAGE) && !ends {
            self.segments.push(Segment { text: " …".to_owned(), hit: false });
        }
        self.segments
    }
}

/// `c` as it may be shown: no controls, no turns of direction, one kind of line break.
fn calm(c: char) -> Option<char> {
    match c {
        '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
        '\t' | '\u{b}' | '\u{c}' => Some(' '),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{feff}' => None,
        c if c.is_control() || ('\u{fff9}'..='\u{fffb}').contains(&c) => None,
        c => Some(c),
    }
}
