//! From the pieces of a document to its text.

use url::Url;

use super::{LINES, PARAGRAPHS, Plain};

/// Gathers text and links.
#[derive(Debug, Default)]
pub(super) struct Writer {
    text: String,
    links: Vec<String>,
    gap: Gap,
    preformatted: usize,
}

impl Writer {
    pub(super) fn tag(&mut self, name: &str, closes: bool) {
        match name {
            "br" => self.line(),
            "pre" if closes => self.preformatted = self.preformatted.saturating_sub(1),
            "pre" => self.preformatted += 1,
            _ => {}
        }
        let gap = match name {
            name if PARAGRAPHS.contains(&name) => Gap::Paragraph,
            name if LINES.contains(&name) => Gap::Line,
            "td" | "th" => Gap::Space,
            _ => Gap::None,
        };
        self.gap = self.gap.max(gap);
    }

    fn line(&mut self) {
        self.gap = if self.gap >= Gap::Line { Gap::Paragraph } else { Gap::Line };
    }

    pub(super) fn write(&mut self, text: &str) {
        for char in text.chars() {
            if self.preformatted > 0 && char == '\n' {
                self.line();
            } else if char.is_whitespace() {
                self.gap = self.gap.max(Gap::Space);
            } else {
                self.text.push_str(match std::mem::take(&mut self.gap) {
                    _ if self.text.is_empty() => "",
                    Gap::None => "",
                    Gap::Space => " ",
                    Gap::Line => "\n",
                    Gap::Paragraph => "\n\n",
                });
                self.text.push(char);
            }
        }
    }

    pub(super) fn link(&mut self, href: &str) {
        let href = href.trim();
        let web =
            Url::parse(href).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if web && self.links.len() < MOST_LINKS && !self.links.iter().any(|link| link == href) {
            self.links.push(href.to_owned());
        }
    }

    pub(super) fn finish(self) -> Plain {
        Plain { text: self.text, links: self.links }
    }
}

/// What separates two words of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    #[default]
    None,
    Space,
    Line,
    Paragraph,
}

/// The most links that are read.
const MOST_LINKS: usize = 500;
