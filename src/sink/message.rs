//! What people read: all of vigie's own words to them, in neutral parts that every channel lays out its own way.
//!
//! A phone shows the first lines only, so the most important stands first and lines are short. Text from outside is
//! bounded, freed of controls and kept apart from vigie's words; escaping it is the channel's part.

mod alert;
mod digest;
pub mod html;
mod notice;
mod quote;
pub mod sample;
mod template;
mod voice;
mod when;

pub use quote::{Segment, clip};
pub use voice::{Voice, Wording};

use crate::model::matched::Severity;

/// A message's parts, the most important first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// How much it matters; none of a notice.
    pub severity: Option<Severity>,
    /// Whether it is worth a sound, where a channel has silent messages.
    pub wakes: bool,
    /// Severity and headline, one line of at most 150 UTF-16 units.
    pub heading: String,
    /// That it may have been read before.
    pub repeat: Option<&'static str>,
    /// Who and where, one line; none of a notice.
    pub who: Option<String>,
    /// A notice's text, or what a template made of an alert.
    pub text: Vec<Segment>,
    /// The post's own words; empty for a notice.
    pub quote: Vec<Segment>,
    /// The stories of a digest.
    pub entries: Vec<Entry>,
    /// Where to read the post.
    pub link: Option<Link>,
    /// Why, when and what else, a line each.
    pub details: Vec<Detail>,
    /// What went wrong in the making, for the operators; not shown.
    pub remark: Option<String>,
}

/// A link fit to be followed: `http` or `https`, without credentials, percent-encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The address.
    pub url: String,
    /// What to call it; names the host, so that nobody follows it blindly.
    pub label: String,
}

/// A story of a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Severity and rule.
    pub label: String,
    /// Who said what, in one line; holds words from outside.
    pub text: String,
    /// Where to read its first post.
    pub link: Option<Link>,
}

/// A line of explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// vigie's word for it.
    pub label: &'static str,
    /// What it says, in one line; may hold words from outside.
    pub text: String,
}

fn detail(label: &'static str, text: String) -> Detail {
    Detail { label, text }
}

/// What a piece of a laid-out message is, for a channel that colours it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The first line.
    Heading,
    /// vigie's own words beside the matter.
    Label,
    /// Whatever else.
    Plain,
    /// Words that matched.
    Hit,
    /// An address.
    Link,
}

impl Message {
    /// The message with every line of the post marked by `>`, so that no post passes its words off as vigie's.
    pub fn plain(&self) -> String {
        self.layout(|_, text| text.to_owned())
    }

    /// The plain message, each piece as `paint` makes it.
    pub fn layout(&self, paint: impl Fn(Role, &str) -> String) -> String {
        let mut lines = vec![paint(Role::Heading, &self.heading)];
        lines.extend(self.repeat.map(|repeat| paint(Role::Label, repeat)));
        lines.extend(self.who.as_deref().map(|who| paint(Role::Plain, who)));
        lines.extend((!self.text.is_empty()).then(|| marked(&self.text, "", &paint)));
        lines.extend((!self.quote.is_empty()).then(|| marked(&self.quote, "> ", &paint)));
        for Entry { label, text, link } in &self.entries {
            lines.push(format!(
                "{} {}",
                paint(Role::Label, &format!("• {label} ·")),
                paint(Role::Plain, text)
            ));
            lines.extend(link.as_ref().map(|link| format!("  {}", paint(Role::Link, &link.url))));
        }
        lines.extend(self.link.as_ref().map(|link| paint(Role::Link, &link.url)));
        let detail = |detail: &Detail| {
            format!(
                "{} {}",
                paint(Role::Label, &format!("{}:", detail.label)),
                paint(Role::Plain, &detail.text)
            )
        };
        lines.extend(self.details.iter().map(detail));
        lines.join("\n")
    }

    /// The bare minimum, for a channel that refused the whole: at most 1500 UTF-16 units, no markup, nothing rare.
    pub fn brief(&self) -> String {
        let short = Self {
            who: self.who.as_deref().map(|who| clip(who, 150)),
            link: self.link.clone().filter(|link| link.url.len() <= 400),
            entries: self.entries.iter().map(|entry| entry.shortened(80)).collect(),
            details: self.details.last().cloned().into_iter().collect(),
            ..self.shortened(600)
        };
        clip(&short.plain(), 1500)
    }

    /// The same with texts and lines of at most `most` UTF-16 units each.
    pub fn shortened(&self, most: usize) -> Self {
        let bare = |segments: &[Segment]| {
            let all: String = segments.iter().map(|segment| segment.text.as_str()).collect();
            // Marks are worth less than words where room is scarce.
            if all.encode_utf16().count() <= most {
                segments.to_vec()
            } else {
                Segment::plain(clip(&all, most))
            }
        };
        let entry = |entry: &Entry| if most < 300 { entry.shortened(most) } else { entry.clone() };
        let line = |detail: &Detail| Detail { text: clip(&detail.text, most), ..detail.clone() };
        Self {
            who: self.who.as_deref().map(|who| clip(who, most)),
            text: bare(&self.text),
            quote: bare(&self.quote),
            entries: self.entries.iter().map(entry).collect(),
            details: self.details.iter().map(line).collect(),
            ..self.clone()
        }
    }

    /// What `render` makes of the longest form that `fits`; the brief one, cut by `render`, if none does.
    pub fn fitting(&self, render: impl Fn(&Self) -> String, fits: impl Fn(&str) -> bool) -> String {
        let shorter = [1000, 600, 300, 150, 60].map(|most| self.shortened(most));
        let bare = Self { details: Vec::new(), link: None, entries: Vec::new(), ..self.shortened(60) };
        let mut forms = std::iter::once(self).chain(&shorter).map(&render);
        forms.find(|text| fits(text)).unwrap_or_else(|| render(&bare))
    }
}

impl Entry {
    /// The same in at most `most` UTF-16 units, without the link.
    fn shortened(&self, most: usize) -> Self {
        Self { label: self.label.clone(), text: clip(&self.text, most), link: None }
    }
}

/// Words of which every line starts with `start`.
fn marked(segments: &[Segment], start: &str, paint: &impl Fn(Role, &str) -> String) -> String {
    let begin = || if start.is_empty() { String::new() } else { paint(Role::Label, start) };
    let mut text = begin();
    for segment in segments {
        let role = if segment.hit { Role::Hit } else { Role::Plain };
        for (n, line) in segment.text.split('\n').enumerate() {
            if n > 0 {
                text.push('\n');
                text += &begin();
            }
            if !line.is_empty() {
                text += &paint(role, line);
            }
        }
    }
    text
}

#[cfg(test)]
pub(super) mod tests;
